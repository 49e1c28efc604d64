package store_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/store"
	"cskpi/queries"
)

// states is the mechanism that usage was not built on: states that take the same event again without harm, kept current by
// views that see each insert. Which payload of an id came first, a state cannot tell.
var states = []string{
	`create table cs.alt_user_days (
		day Date, account_id String, user_id String,
		events AggregateFunction(uniqExact, LowCardinality(String), String),
		core_events AggregateFunction(uniqExactIf, LowCardinality(String), String, UInt8),
		features AggregateFunction(groupUniqArray, LowCardinality(String)),
		last_at SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
	) engine = AggregatingMergeTree partition by toYYYYMM(day) order by (day, account_id, user_id) settings fsync_after_insert = 1`,
	`create table cs.alt_account_days (
		account_id String, day Date,
		users AggregateFunction(groupUniqArrayIf, String, UInt8),
		active_users AggregateFunction(groupUniqArrayIf, String, UInt8),
		events AggregateFunction(uniqExact, LowCardinality(String), String),
		features AggregateFunction(uniqExact, LowCardinality(String)),
		last_at SimpleAggregateFunction(max, DateTime64(3, 'UTC'))
	) engine = AggregatingMergeTree partition by toYear(day) order by (account_id, day) settings fsync_after_insert = 1`,
	`create materialized view cs.alt_to_user_days to cs.alt_user_days as
	select toDate(ts, 'Asia/Tokyo') as day, account_id, user_id,
		uniqExactState(source, event_id) as events,
		uniqExactIfState(source, event_id, toUInt8(event in ('report', 'export'))) as core_events,
		groupUniqArrayState(event) as features,
		max(ts) as last_at
	from cs.alt_events group by day, account_id, user_id`,
	`create materialized view cs.alt_to_account_days to cs.alt_account_days as
	select account_id, toDate(ts, 'Asia/Tokyo') as day,
		groupUniqArrayIfState(user_id, toUInt8(user_id != '')) as users,
		groupUniqArrayIfState(user_id, toUInt8(user_id != '' and event in ('report', 'export'))) as active_users,
		uniqExactState(source, event_id) as events,
		uniqExactState(event) as features,
		max(ts) as last_at
	from cs.alt_events group by account_id, day`,
}

// BenchmarkUsage loads events, 100,000 at a time, a tenth of them again a batch later, and keeps the daily numbers current
// after each, by the roll-up and by states; then it asks both for the users of 28 days of every account. The ratios are
// of the roll-up to the states, and of each to raw events that nothing is made of.
func BenchmarkUsage(b *testing.B) {
	const batch, batches, fresh = 100_000, 14, 90_000
	catalogue, err := queries.Load()
	if err != nil {
		b.Fatal(err)
	}
	ctx := b.Context()
	c := conn(b)
	run := func(sql string) time.Duration {
		b.Helper()
		begin := time.Now()
		if err := c.Exec(ctx, sql); err != nil {
			b.Fatalf("%s: %v", sql, err)
		}
		return time.Since(begin)
	}
	insert := func(table string, n int) time.Duration {
		// 2000 accounts with 20 users each; a batch is two days, and all are 28.
		return run(fmt.Sprintf(`insert into cs.%s (event_id, account_id, user_id, event, ts)
			select toString(n), concat('account-', toString(cityHash64(n) %% 2000)), concat('user-', toString(cityHash64(n, 1) %% 20)),
				['login', 'report', 'export', 'share', 'search'][1 + cityHash64(n, 2) %% 5], toDateTime64('2024-01-01 00:00:00', 3, 'UTC') + interval intDiv(n * 48, 25) second
			from (select toUInt64(number + %d) as n from numbers(%d))`, table, max(0, (n*fresh)-(batch-fresh)), batch))
	}
	for b.Loop() {
		c = conn(b)
		if err := store.Migrate(ctx, c); err != nil {
			b.Fatal(err)
		}
		if err := store.Install(ctx, c, catalogue); err != nil {
			b.Fatal(err)
		}
		run("insert into stored_settings (name, value) values ('timezone', 'Asia/Tokyo'), ('core_events', 'report,export')")
		run("create table cs.alt_events as stored_usage_events")
		for _, statement := range states {
			run(statement)
		}
		run("create table cs.alt_alone as stored_usage_events")
		var rolled, kept, alone time.Duration
		for n := range batches {
			alone += insert("alt_alone", n)
			kept += insert("alt_events", n)
			rolled += insert("stored_usage_events", n)
			begin := time.Now()
			if err := store.RollUp(ctx, c, nil); err != nil {
				b.Fatal(err)
			}
			rolled += time.Since(begin)
		}
		for _, table := range []string{"stored_usage_events", "stored_usage_user_days", "stored_usage_account_days", "stored_usage_accounts", "stored_usage_identities", "alt_events", "alt_user_days", "alt_account_days"} {
			run("optimize table " + table + " final")
		}
		b.ReportMetric(float64(rolled)/float64(kept), "load/states")
		b.ReportMetric(float64(rolled)/float64(alone), "load/raw")
		b.ReportMetric(float64(kept)/float64(alone), "states/raw")
		own := bytesOf(b, c, "stored_usage_user_days", "stored_usage_account_days", "stored_usage_accounts", "stored_usage_identities", "stored_usage_conflicts", "stored_usage_progress", "stored_usage_totals")
		b.ReportMetric(own/bytesOf(b, c, "alt_user_days", "alt_account_days"), "bytes/states")
		b.ReportMetric(own/bytesOf(b, c, "stored_usage_events"), "bytes/raw")

		const own28 = `select sum(mau) from (
			select account_id, uniqExactIf(user_id, user_id != '' and core_events > 0) as mau
			from stored_usage_user_days final where day > toDate('2024-01-28') - 28 and day <= '2024-01-28' group by account_id) as m`
		const states28 = `select sum(mau) from (
			select account_id, length(groupUniqArrayIfMerge(active_users)) as mau
			from cs.alt_account_days where day > toDate('2024-01-28') - 28 and day <= '2024-01-28' group by account_id) as m`
		var a, s uint64
		ask := func(sql string, to *uint64) time.Duration {
			best := time.Hour
			for range 5 {
				begin := time.Now()
				if err := c.QueryRow(ctx, sql).Scan(to); err != nil {
					b.Fatal(err)
				}
				best = min(best, time.Since(begin))
			}
			return best
		}
		b.ReportMetric(float64(ask(own28, &a))/float64(ask(states28, &s)), "query/states")
		if a != s || a == 0 {
			b.Errorf("the roll-up has %d users, the states have %d", a, s)
		}
		b.ReportMetric(rolled.Seconds()/batches, "s/batch")
	}
}

// bytesOf is the size of tables on disk.
func bytesOf(b *testing.B, c driver.Conn, tables ...string) float64 {
	b.Helper()
	var n uint64
	for _, table := range tables {
		var of uint64
		if err := c.QueryRow(b.Context(), "select sum(bytes_on_disk) from system.parts where database = currentDatabase() and active and table = '"+table+"'").Scan(&of); err != nil {
			b.Fatal(err)
		}
		n += of
	}
	return float64(n)
}
