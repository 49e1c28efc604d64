package history_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"cskpi/exporter/history"
)

// company is a small one in 2024, whose facts were stored long ago.
func (f *fixture) company() {
	f.t.Helper()
	f.exec(`insert into cs.accounts (account_id, name, csm, created_on, updated_at, ingested_at) values
		('acme', 'Acme', 'kim', '2023-01-01', '2023-01-01 00:00:00', '2024-01-01 00:00:00'), ('birch', 'Birch', 'lee', '2023-01-01', '2023-01-01 00:00:00', '2024-01-01 00:00:00')`)
	f.exec(`insert into cs.contracts (contract_id, account_id, product, seats, acv, starts_on, ends_before, ingested_at) values
		('c1', 'acme', 'core', 100, 120000, '2023-01-01', null, '2024-01-01 00:00:00'), ('c2', 'birch', 'core', 10, 20000, '2023-08-01', null, '2024-01-01 00:00:00')`)
	f.exec(`insert into cs.milestones (account_id, milestone, due_on, reached_on, updated_at, ingested_at) values
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
	f.exec("insert into cs.contracts (contract_id, account_id, product, seats, acv, starts_on, updated_at) values ('c2', 'birch', 'core', 10, 26000, '2024-06-25', now64(3))")
	f.equal("corrected", said(f.fill(r)), "computed=20 held=0 restated=14 series=32 reasons=map[facts:20]")
	f.settle()
	f.equal("and again", said(f.fill(r)), "computed=0 held=20 restated=0 series=0 reasons=map[]")
	f.equal("versions", f.rows("as_of, labels, value", "cs.kpi_daily where view = 'arr' and column = 'amount' and as_of in ('2024-06-24', '2024-06-30') order by as_of, labels, computed_at"),
		`2024-06-24|{'segment':'high'}|120000
2024-06-24|{'segment':'low'}|20000
2024-06-24|{'segment':'low'}|0
2024-06-24|{'segment':'tech'}|0
2024-06-30|{'segment':'high'}|120000
2024-06-30|{'segment':'low'}|20000
2024-06-30|{'segment':'low'}|26000
2024-06-30|{'segment':'tech'}|0`)
	f.equal("runs", f.rows("view, as_of, reason, changed, facts", "cs.kpi_runs where as_of in ('2024-06-24', '2024-06-30') order by view, as_of, computed_at"),
		`arr|2024-06-24|first|12|[]
arr|2024-06-24|facts|4|[('contracts',1,'2023-08-01','2024-06-25')]
arr|2024-06-30|first|12|[]
arr|2024-06-30|facts|2|[('contracts',1,'2023-08-01','2024-06-25')]
time_to_use|2024-06-24|first|12|[]
time_to_use|2024-06-24|facts|1|[('contracts',1,'2023-08-01','2024-06-25')]
time_to_use|2024-06-30|first|12|[]
time_to_use|2024-06-30|facts|0|[('contracts',1,'2023-08-01','2024-06-25')]`)

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
		f.exec(sql)
		s := f.fill(r)
		f.equal(what, fmt.Sprint(s.Computed), want)
	}
	check("an account's new owner", "insert into cs.accounts (account_id, name, csm, created_on, updated_at) values ('acme', 'Acme', 'ada', '2023-01-01', '2024-06-29 10:00:00')", "2")
	f.settle()
	check("an account that turns out to be a test", "insert into cs.accounts (account_id, name, csm, created_on, updated_at, is_test) values ('birch', 'Birch', 'lee', '2023-01-01', '2024-06-29 10:00:00', true)", "4")
	f.settle()
	check("a new account", "insert into cs.accounts (account_id, name, csm, created_on, updated_at) values ('cedar', 'Cedar', 'lee', '2024-06-30', now64(3))", "1")
	f.settle()
	check("a contract", "insert into cs.contracts (contract_id, account_id, acv, starts_on) values ('c5', 'dune', 5000, '2024-06-29')", "2")
	f.settle()
	check("a new account with an older contract", "insert into cs.accounts (account_id, name, csm, created_on, updated_at) values ('dune', 'Dune', 'lee', '2024-06-30', now64(3))", "2")
	f.settle()
	check("a new account of which nobody knows since when it is", "insert into cs.accounts (account_id, name, csm, updated_at) values ('elm', 'Elm', 'lee', now64(3))", "4")
	f.settle()
	check("a rate that a KPI of one currency reads all the same", "insert into cs.fx_rates (currency, day, rate) values ('EUR', '2024-06-28', 1.1)", "3")
	f.settle()
	check("a touchpoint, which it does not read", "insert into cs.touchpoints (touchpoint_id, account_id, kind, happened_at) values ('t', 'acme', 'call', '2024-06-28 10:00:00')", "0")
	check("a fact of today", "insert into cs.contracts (contract_id, account_id, acv, starts_on) values ('c9', 'acme', 5, today())", "0")
	check("late usage, of which it reads nothing", "insert into cs.fact_changes (table, changed_at, first_on, last_on, rows) select 'usage_events', now64(3), toDate('2024-06-28'), toDate('2024-06-28'), 1", "0")
	check("what a contract said before", "insert into cs.fact_changes (table, changed_at, first_on, last_on, rows) select 'contracts', now64(3), toDate('2024-06-30'), toDate('2024-06-30'), 0", "1")
	f.settle()
	check("an erasure", "insert into cs.erasures (erasure_id, kind, id_hash, requested_at, finished_at, rows, first_on, last_on) select 'x', 'account', '', now64(3), now64(3), map('contracts', 1), toDate('2024-06-29'), toDate('2024-06-29')", "2")
	f.settle()
	check("a setting from a day on", "insert into cs.settings (name, starts_on, value) values ('grace_days', '2024-06-29', '20')", "2")
	f.settle()
	check("the same setting again", "insert into cs.settings (name, starts_on, value) values ('grace_days', '2024-06-29', '20')", "0")
}
