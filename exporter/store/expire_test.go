package store_test

import (
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/store"
)

// expiring is a company in Tokyo whose events were stored in spring 2024, and the first day that it keeps.
func expiring(t *testing.T) (driver.Conn, time.Time) {
	c, _ := database(t)
	exec(t, c, "insert into stored_settings (name, value, starts_on) values ('timezone', 'Asia/Tokyo', '1970-01-01')")
	exec(t, c, `insert into stored_usage_events (event_id, account_id, user_id, event, ts, ingested_at)
		select concat('e', toString(number)), if(number % 3 = 0, 'acme', 'bolt'), concat('u', toString(number % 7)), if(number % 2 = 0, 'report', 'login'),
			toDateTime64('2024-01-01 03:00:00', 3, 'UTC') + interval number * 7 hour, toDateTime64('2024-06-01 00:00:00', 3, 'UTC')
		from numbers(500)`)
	rollUp(t, c)
	return c, time.Date(2024, 4, 15, 0, 0, 0, 0, time.UTC)
}

func expire(t *testing.T, c driver.Conn, oldest time.Time) uint64 {
	t.Helper()
	deleted, err := store.Expire(t.Context(), c, oldest)
	if err != nil {
		t.Fatal(err)
	}
	return deleted
}

// aDayLater is as if what was recorded of the horizon had been recorded a day earlier.
func aDayLater(t *testing.T, c driver.Conn) {
	t.Helper()
	exec(t, c, "create table earlier engine = Memory as select refused_before, kept_from, recorded_at - interval 1 day as recorded_at from stored_usage_horizon")
	exec(t, c, "truncate table stored_usage_horizon")
	exec(t, c, "insert into stored_usage_horizon (refused_before, kept_from, recorded_at) select refused_before, kept_from, recorded_at from earlier")
	exec(t, c, "drop table earlier")
}

// rolledUp is all that usage is rolled up to, without the roll-ups that wrote it.
func rolledUp(t *testing.T, c driver.Conn) string {
	t.Helper()
	return scalar(t, c, `select toString((
		(select groupArray(r) from (select (day, account_id, user_id, d.events, d.core_events, features, d.last_at) as r from stored_usage_user_days as d final order by r)),
		(select groupArray(r) from (select (day, account_id, users, active_users, d.events, d.core_events, features, d.last_at) as r from stored_usage_account_days as d final order by r)),
		(select groupArray(r) from (select (account_id, first_on) as r from stored_usage_accounts final order by r)),
		(select groupArray(r) from (select (day, d.events) as r from stored_usage_totals as d final where d.events > 0 order by r))))`)
}

// TestExpire: events are refused first, and deleted a day later; what they were rolled up to stays, whatever arrives, is set or is lost afterwards.
func TestExpire(t *testing.T) {
	c, oldest := expiring(t)
	before := rolledUp(t, c)
	count := func(where string) string {
		t.Helper()
		return scalar(t, c, "select toString(count()) from stored_usage_events where "+where)
	}
	same := func(when string) {
		t.Helper()
		rollUp(t, c)
		if got := rolledUp(t, c); got != before {
			t.Errorf("%s, usage is rolled up to\n%s\nwant\n%s", when, got, before)
		}
	}
	for range 2 {
		if deleted := expire(t, c, oldest); deleted != 0 {
			t.Errorf("%d events were deleted before anybody can have heard that they are refused", deleted)
		}
	}
	if h, err := store.ReadHorizon(t.Context(), c); err != nil || h.RefusedBefore.Format(time.DateOnly) != "2024-04-01" || h.KeptFrom.Unix() != 0 {
		t.Errorf("got %+v, %v", h, err)
	}
	aDayLater(t, c)
	// Stored before it was refused, and not rolled up yet.
	exec(t, c, "insert into stored_usage_events (event_id, account_id, user_id, event, ts, ingested_at) values ('late', 'acme', 'late', 'report', '2024-02-03 04:05:06', '2024-06-01 00:00:00')")
	if deleted, want := expire(t, c, oldest), uint64(306); deleted != want { // until 30 March; a day before the first one that is taken
		t.Errorf("%d events were deleted, want %d", deleted, want)
	}
	if got := count("toDate(ts) < '2024-03-30'"); got != "0" {
		t.Errorf("%s events are left", got)
	}
	if got := scalar(t, c, "select toString(groupArray((account_id, day, d.events))) from stored_usage_user_days as d final where user_id = 'late'"); got != "[('acme','2024-02-03',1)]" {
		t.Errorf("of the event that was not rolled up there is %s", got)
	}
	before = rolledUp(t, c)
	same("after that")
	if deleted := expire(t, c, oldest); deleted != 0 {
		t.Errorf("%d events were deleted again", deleted)
	}

	exec(t, c, "insert into stored_usage_events (event_id, account_id, user_id, event, ts) values ('slipped in', 'acme', 'u1', 'report', '2024-02-03 04:05:06'), ('e0', 'acme', 'u0', 'report', '2024-01-01 03:00:00')")
	same("with events that nobody should have taken")
	exec(t, c, "insert into stored_usage_events (event_id, account_id, user_id, event, ts) values ('e3', 'acme', 'u3', 'report', '2024-05-06 07:08:09')")
	same("with the id of an event that is deleted")
	if got := scalar(t, c, "select toString(groupArray((event_id, is_kept))) from stored_usage_conflicts final"); got != "[('e3',0)]" {
		t.Errorf("the conflict is %s", got)
	}
	exec(t, c, "insert into stored_usage_events (event_id, account_id, user_id, event, ts) values ('e3', 'acme', 'u4', 'report', '2024-05-07 07:08:09')")
	same("with the id once more")
	exec(t, c, "truncate table stored_usage_progress")
	same("after the loss of how far it was rolled up")

	// Only days whose events are there can follow other settings.
	exec(t, c, "insert into stored_settings (name, value, starts_on) values ('core_events', 'report', '1970-01-01')")
	rollUp(t, c)
	if got := scalar(t, c, "select toString((max(day), countIf(d.core_events = d.events) = count())) from stored_usage_account_days as d final where day <= '2024-03-30'"); got != "('2024-03-30',1)" {
		t.Errorf("of days whose events are deleted: %s", got)
	}
	if got := scalar(t, c, "select toString((min(day), sum(d.core_events) = (select uniqExact(event_id) from stored_usage_events where toDate(ts, 'Asia/Tokyo') > '2024-03-30' and event = 'report' and event_id != 'e3'))) from stored_usage_account_days as d final where day > '2024-03-30'"); got != "('2024-03-31',1)" {
		t.Errorf("of days whose events are there: %s", got)
	}
}

// TestExpireWaits: events that were just imported are not deleted, so that a company that brings its past can do so in pieces.
func TestExpireWaits(t *testing.T) {
	c, oldest := expiring(t)
	exec(t, c, "truncate table stored_usage_events")
	exec(t, c, "insert into stored_usage_events (event_id, account_id, user_id, event, ts) values ('e', 'acme', 'u', 'report', '2024-01-01 00:00:00')")
	expire(t, c, oldest)
	if h, err := store.ReadHorizon(t.Context(), c); err != nil || h.RefusedBefore.Unix() != 0 {
		t.Errorf("got %+v, %v", h, err)
	}
}

// TestExpireWaiting: an event that still waits for the account of its user goes when such events are refused.
func TestExpireWaiting(t *testing.T) {
	c, oldest := expiring(t)
	exec(t, c, "insert into stored_unattributed_events (event_id, user_id, event, ts) values ('old', 'visitor', 'report', '2024-02-01 00:00:00'), ('new', 'visitor', 'report', '2024-05-01 00:00:00')")
	for range 2 {
		expire(t, c, oldest)
	}
	if got := scalar(t, c, "select toString(groupArray(event_id)) from stored_unattributed_events final"); got != "['new']" {
		t.Errorf("waiting are %s", got)
	}
}
