package history_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/history"
	"cskpi/exporter/store"
	"cskpi/queries"
)

// company is a small one in 2024, whose facts were stored long ago.
func (f *fixture) company() {
	f.t.Helper()
	f.store(`insert into stored_accounts (account_id, name, csm, created_on, updated_at, ingested_at) values
		('acme', 'Acme', 'kim', '2023-01-01', '2023-01-01 00:00:00', '2024-01-01 00:00:00'), ('birch', 'Birch', 'lee', '2023-01-01', '2023-01-01 00:00:00', '2024-01-01 00:00:00')`)
	f.store(`insert into stored_contracts (contract_id, account_id, product, seats, acv, starts_on, ends_before, ingested_at) values
		('c1', 'acme', 'core', 100, 120000, '2023-01-01', null, '2024-01-01 00:00:00'), ('c2', 'birch', 'core', 10, 20000, '2023-08-01', null, '2024-01-01 00:00:00')`)
	f.store(`insert into stored_milestones (account_id, milestone, due_on, reached_on, updated_at, ingested_at) values
		('acme', 'time_to_use', '2023-02-01', '2023-01-20', '2023-01-20 00:00:00', '2024-01-01 00:00:00')`)
}

// TestLateCorrection: a contract that is corrected after its days were told moves them; both versions stay, and what moved and why can be
// told, and what was known before.
func TestLateCorrection(t *testing.T) {
	f := newFixture(t)
	f.company()
	r := history.Request{From: day("2024-06-21"), To: day("2024-06-30"), KPIs: []string{"arr", "time_to_use"}}
	f.equal("first", said(f.fill(r)), "computed=20 held=0 restated=0 series=0 reasons=map[first:20]")
	f.equal("again", said(f.fill(r)), "computed=0 held=20 restated=0 series=0 reasons=map[]")
	known := f.dbNow()

	// It starts later, and is worth more.
	f.store("insert into stored_contracts (contract_id, account_id, product, seats, acv, starts_on, updated_at) values ('c2', 'birch', 'core', 10, 26000, '2024-06-25', now64(3))")
	f.equal("corrected", said(f.fill(r)), "computed=20 held=0 restated=20 series=42 reasons=map[facts:20]")
	f.settle()
	f.equal("and again", said(f.fill(r)), "computed=0 held=20 restated=0 series=0 reasons=map[]")
	f.equal("versions", f.rows("as_of, labels, value", "kpi_daily where view = 'arr' and column = 'amount' and as_of in ('2024-06-24', '2024-06-30') order by as_of, labels, computed_at"),
		`2024-06-24|{'segment':'high'}|120000
2024-06-24|{'segment':'low'}|20000
2024-06-24|{'segment':'low'}|0
2024-06-24|{'segment':'tech'}|0
2024-06-30|{'segment':'high'}|120000
2024-06-30|{'segment':'low'}|20000
2024-06-30|{'segment':'low'}|26000
2024-06-30|{'segment':'tech'}|0`)
	f.equal("runs", f.rows("view, as_of, reason, changed, facts", "kpi_runs where as_of in ('2024-06-24', '2024-06-30') order by view, as_of, computed_at"),
		`arr|2024-06-24|first|12|[]
arr|2024-06-24|facts|4|[('contracts',1,'2023-08-01','2024-06-25')]
arr|2024-06-30|first|12|[]
arr|2024-06-30|facts|2|[('contracts',1,'2023-08-01','2024-06-25')]
time_to_use|2024-06-24|first|14|[]
time_to_use|2024-06-24|facts|2|[('contracts',1,'2023-08-01','2024-06-25')]
time_to_use|2024-06-30|first|14|[]
time_to_use|2024-06-30|facts|1|[('contracts',1,'2023-08-01','2024-06-25')]`)

	q := f.kpi("arr")
	then, err := f.Known(t.Context(), q, day("2024-06-24"), day("2024-06-24"), known)
	if err != nil {
		t.Fatal(err)
	}
	now, err := f.Known(t.Context(), q, day("2024-06-24"), day("2024-06-24"), time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	f.equal("known then", amounts(q, then[0].Day), "high=120000 low=20000 tech=0")
	f.equal("known now", amounts(q, now[0].Day), "high=120000 low=0 tech=0")
	if _, err := f.Known(t.Context(), q, day("2024-06-24"), day("2024-06-24"), known.Add(-time.Hour)); !errors.Is(err, history.ErrUnknown) {
		t.Errorf("before anything was computed, the error is %v", err)
	}
}

// TestChanges: which past days changes of facts touch, beyond what rows say of themselves.
func TestChanges(t *testing.T) {
	f := newFixture(t)
	f.company()
	r := history.Request{From: day("2024-06-27"), To: day("2024-06-30"), KPIs: []string{"arr"}}
	f.fill(r)
	check := func(what, sql, want string) {
		t.Helper()
		if strings.HasPrefix(sql, "insert into stored_") {
			f.store(sql)
		} else {
			f.exec(sql)
		}
		s := f.fill(r)
		f.equal(what, fmt.Sprint(s.Computed), want)
	}
	check("an account's new owner", "insert into stored_accounts (account_id, name, csm, created_on, updated_at) values ('acme', 'Acme', 'ada', '2023-01-01', '2024-06-29 10:00:00')", "2")
	f.settle()
	check("an account that turns out to be a test", "insert into stored_accounts (account_id, name, csm, created_on, updated_at, is_test) values ('birch', 'Birch', 'lee', '2023-01-01', '2024-06-29 10:00:00', true)", "4")
	f.settle()
	check("a new account", "insert into stored_accounts (account_id, name, csm, created_on, updated_at) values ('cedar', 'Cedar', 'lee', '2024-06-30', now64(3))", "1")
	f.settle()
	check("a contract", "insert into stored_contracts (contract_id, account_id, acv, starts_on) values ('c5', 'dune', 5000, '2024-06-29')", "2")
	f.settle()
	check("a new account with an older contract", "insert into stored_accounts (account_id, name, csm, created_on, updated_at) values ('dune', 'Dune', 'lee', '2024-06-30', now64(3))", "2")
	f.settle()
	check("a new account of which nobody knows since when it is", "insert into stored_accounts (account_id, name, csm, updated_at) values ('elm', 'Elm', 'lee', now64(3))", "4")
	f.settle()
	check("a rate that a KPI of one currency reads all the same", "insert into stored_fx_rates (currency, day, rate) values ('EUR', '2024-06-28', 1.1)", "3")
	f.settle()
	check("a touchpoint, which it does not read", "insert into stored_touchpoints (touchpoint_id, account_id, kind, happened_at) values ('t', 'acme', 'call', '2024-06-28 10:00:00')", "0")
	check("a fact of today", "insert into stored_contracts (contract_id, account_id, acv, starts_on) values ('c9', 'acme', 5, today())", "0")
	check("late usage, of which it reads nothing", "insert into fact_changes (table, changed_at, first_on, last_on, rows) select 'usage_events', now64(3), toDate('2024-06-28'), toDate('2024-06-28'), 1", "0")
	check("what a contract said before", "insert into fact_changes (table, changed_at, first_on, last_on, rows) select 'contracts', now64(3), toDate('2024-06-30'), toDate('2024-06-30'), 0", "1")
	f.settle()
	check("an erasure", "insert into erasures (erasure_id, kind, id_hash, requested_at, finished_at, rows, first_on, last_on) select 'x', 'account', '', now64(3), now64(3), map('contracts', 1), toDate('2024-06-29'), toDate('2024-06-29')", "2")
	f.settle()
	check("a setting from a day on", "insert into stored_settings (name, starts_on, value) values ('grace_days', '2024-06-29', '20')", "2")
	f.settle()
	check("the same setting again", "insert into stored_settings (name, starts_on, value) values ('grace_days', '2024-06-29', '20')", "0")
}

// own is a catalogue with a KPI of one's own.
func (f *fixture) own(body string) queries.Catalogue {
	f.t.Helper()
	text := "-- Own.\n--\n-- Contracts that have started.\n--\n-- Columns:\n--   day key Day.\n--   segment label Segment.\n--   contracts gauge Contracts.\n--\n-- Group: Own\n\n" + body
	c, err := queries.Load(fstest.MapFS{"own.sql": {Data: []byte(text)}})
	if err != nil {
		f.t.Fatal(err)
	}
	return c
}

// TestDefinitions: a KPI whose text is another one, here or in what it calls, is computed again; one whose comments are is not.
func TestDefinitions(t *testing.T) {
	f := newFixture(t)
	f.company()
	r := history.Request{From: day("2024-06-28"), To: day("2024-06-30"), KPIs: []string{"own"}}
	const body = "select p.day as day, cs_segment(toDecimal64(count(), 4), toDecimal64(2, 4), toDecimal64(1, 4)) as segment, count() as contracts from policy_days as p cross join contracts as c where c.starts_on <= p.day group by p.day"
	f.use(f.own(body), 7)
	f.equal("first", said(f.fill(r)), "computed=3 held=0 restated=0 series=0 reasons=map[first:3]")
	f.settle()
	f.use(f.own("-- A comment.\n"+strings.ReplaceAll(body, " from", "\nfrom")), 7)
	f.equal("another comment", said(f.fill(r)), "computed=0 held=3 restated=0 series=0 reasons=map[]")
	f.use(f.own(strings.Replace(body, "count() as contracts", "count() + 1 as contracts", 1)), 7)
	f.equal("another text", said(f.fill(r)), "computed=3 held=0 restated=3 series=3 reasons=map[definition:3]")
	f.settle()
	f.equal("annotation", f.rows("kind, text", "annotations where kind = 'definition'"), "definition|own is computed by another definition")

	f.store("insert into stored_settings (name, starts_on, value) values ('segment_low_arr', '2024-06-30', '5')")
	f.equal("a setting from the last day on", said(f.fill(r)), "computed=1 held=2 restated=0 series=0 reasons=map[settings:1]")
	r.Recompute = true
	f.equal("asked", said(f.fill(r)), "computed=3 held=0 restated=0 series=0 reasons=map[asked:3]")
}

// TestFailure: what cannot be computed is told, and keeps nothing else away; it is tried again.
func TestFailure(t *testing.T) {
	f := newFixture(t)
	f.company()
	r := history.Request{From: day("2024-06-21"), To: day("2024-06-30"), KPIs: []string{"arr", "own"}}
	const body = "select day, 'a' as segment, count() + throwIf(day in (toDate('2024-06-24'), toDate('2024-06-25')), 'no such day') as contracts from policy_days group by day"
	f.use(f.own(body), 7)
	s, err := f.Fill(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	f.equal("filled", said(s), "computed=18 held=0 restated=0 series=0 reasons=map[first:18]")
	if len(s.Failed) != 1 || s.Failed[0].KPI != "own" || s.Failed[0].Days != 2 || !s.Failed[0].From.Equal(day("2024-06-24")) || !s.Failed[0].To.Equal(day("2024-06-25")) {
		t.Errorf("failed: %+v", s.Failed)
	}
	if err := s.Err(); err == nil || !strings.Contains(err.Error(), "2 days of KPIs could not be computed") || !strings.Contains(err.Error(), "no such day") {
		t.Errorf("the error is %v", err)
	}
	f.use(f.own(strings.ReplaceAll(body, "toDate('2024-06-25')", "toDate('2024-06-24')")), 7)
	s, err = f.Fill(t.Context(), r)
	if err != nil || s.Computed != 9 || len(s.Failed) != 1 || s.Failed[0].Days != 1 {
		t.Errorf("with another definition: %s, failed %+v, %v", said(s), s.Failed, err)
	}
	// Rows that the exporter would refuse are not kept, and counted.
	f.use(f.own("select day, arrayJoin(['a', 'b', 'b']) as segment, 1. as contracts from policy_days"), 7)
	s = f.fill(history.Request{From: day("2024-06-30"), To: day("2024-06-30"), KPIs: []string{"own"}})
	f.equal("refused", fmt.Sprint(s.Refused, " ", f.rows("rows, refused", "kpi_runs where view = 'own' and as_of = '2024-06-30' order by computed_at desc limit 1")), "2 1|2")

	if _, err := f.Fill(t.Context(), history.Request{From: f.now, To: f.now}); err == nil || !strings.Contains(err.Error(), "has not closed yet") {
		t.Errorf("today: %v", err)
	}
	if _, err := f.Fill(t.Context(), history.Request{From: day("2024-06-30"), To: day("2024-06-30"), KPIs: []string{"nothing"}}); err == nil || !strings.Contains(err.Error(), `no KPI "nothing"`) {
		t.Errorf("no such KPI: %v", err)
	}
}

// breaking is a connection that breaks when a table is to be written so many times.
type breaking struct {
	driver.Conn
	table string
	left  int
}

var errBroken = errors.New("the machine has stopped")

func (b *breaking) PrepareBatch(ctx context.Context, query string, o ...driver.PrepareBatchOption) (driver.Batch, error) {
	if strings.Contains(query, b.table) {
		if b.left--; b.left < 0 {
			return nil, errBroken
		}
	}
	return b.Conn.PrepareBatch(ctx, query, o...)
}

// TestCutShort: a fill that is cut short wherever, also between the rows of a day and the note that it was computed, is made up for by the
// next, with the same values and no restatement; what was done is not done again.
func TestCutShort(t *testing.T) {
	f := newFixture(t)
	f.company()
	r := history.Request{From: day("2024-06-17"), To: day("2024-06-30"), KPIs: []string{"arr", "nrr", "time_to_use"}}
	f.fill(r)
	all := "view, column, labels, day, value, distribution"
	of := "kpi_history order by all"
	want := f.rows(all, of)
	for _, b := range []*breaking{{table: "kpi_runs", left: 4}, {table: "kpi_runs", left: 0}, {table: "kpi_daily", left: 3}, {table: "kpi_daily", left: 0}} {
		f.exec("truncate table kpi_daily")
		f.exec("truncate table kpi_runs")
		b.Conn = f.conn
		done := b.left
		o := f.options
		o.Conn = b
		h := history.New(o)
		if _, err := h.Fill(t.Context(), r); !errors.Is(err, errBroken) {
			t.Errorf("cut short: %v", err)
		}
		s := f.fill(r)
		f.equal("resumed after "+fmt.Sprint(b.table, " ", done), said(s), fmt.Sprintf("computed=%d held=%d restated=0 series=0 reasons=map[first:%[1]d]", 42-7*done, 7*done))
		f.equal("values", f.rows(all, of), want)
		f.equal("restatements", f.rows("count()", "kpi_restatements"), "0")
	}

	// Told to stop, it does.
	ctx, cancel := context.WithCancel(t.Context())
	n := 0
	r.Recompute, r.Before = true, func(context.Context) error {
		if n++; n == 3 {
			cancel()
		}
		return nil
	}
	if s, err := f.Fill(ctx, r); !errors.Is(err, context.Canceled) || s.Computed >= 42 {
		t.Errorf("stopped: %v, %s", err, said(s))
	}
}

// TestTurns: of several at a time none does what another one has done, and each waits for one in another process.
func TestTurns(t *testing.T) {
	f := newFixture(t)
	f.company()
	f.exec("insert into history_claims (process, step, is_over, seen_at) select 'another', 1, 0, now64(3)")
	r := history.Request{From: day("2024-06-10"), To: day("2024-06-30"), KPIs: []string{"arr"}}
	short, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if _, err := f.Fill(short, r); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("while another process is at it: %v", err)
	}
	f.equal("computed meanwhile", f.rows("count()", "kpi_runs"), "0")
	f.exec("insert into history_claims (process, step, is_over, seen_at) select 'another', 2, 1, now64(3)")
	var wg sync.WaitGroup
	var computed atomic.Int64
	for range 3 {
		wg.Go(func() {
			s, err := f.Fill(t.Context(), r)
			if err != nil {
				t.Error(err)
			}
			computed.Add(int64(s.Computed))
		})
	}
	wg.Wait()
	if n := computed.Load(); n != 21 {
		t.Errorf("three at once computed %d days, want 21", n)
	}
	f.equal("runs", f.rows("count(), uniqExact(as_of)", "kpi_runs"), "21|21")
}

// TestLateUsage: usage that arrives late restates the days from its own on, as soon as it is rolled up; that of today restates none.
func TestLateUsage(t *testing.T) {
	f := newFixture(t)
	f.company()
	f.exec("insert into stored_usage_events (event_id, account_id, user_id, event, ts) values ('e1', 'acme', 'amy', 'login', '2024-06-20 10:00:00'), ('e2', 'acme', 'amy', 'login', now64(3))")
	r := history.Request{From: day("2024-06-26"), To: day("2024-06-30"), KPIs: []string{"usage", "arr"}}
	rolled := func() {
		t.Helper()
		if err := store.RollUp(t.Context(), f.conn, nil); err != nil {
			t.Fatal(err)
		}
	}
	rolled()
	f.fill(r)
	f.settle()
	f.exec("insert into stored_usage_events (event_id, account_id, user_id, event, ts) values ('e3', 'acme', 'bob', 'login', now64(3))")
	rolled()
	f.equal("of today", said(f.fill(r)), "computed=0 held=10 restated=0 series=0 reasons=map[]")
	f.exec("insert into stored_usage_events (event_id, account_id, user_id, event, ts) values ('e4', 'acme', 'bob', 'login', '2024-06-29 10:00:00')")
	f.equal("not rolled up yet", said(f.fill(r)), "computed=0 held=10 restated=0 series=0 reasons=map[]")
	rolled()
	s := f.fill(r)
	f.equal("late", fmt.Sprint(s.Computed, s.Held, s.Restated, s.Reasons), "2 8 2 map[facts:2]")
	f.equal("why", f.rows("view, as_of, facts", "kpi_runs where reason = 'facts' order by as_of"),
		"usage|2024-06-29|[('usage_events',1,'2024-06-29','2024-06-29')]\nusage|2024-06-30|[('usage_events',1,'2024-06-29','2024-06-29')]")
}
