package queries_test

import (
	"errors"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/refresh"
	"cskpi/exporter/store/storetest"
	"cskpi/queries"
)

// TestBrokenLayer: a layer that cannot be computed stops what stands on it, and nothing else; when it can be computed again, it has what changed meanwhile.
func TestBrokenLayer(t *testing.T) {
	t.Parallel()
	c, layout := database(t)
	exec(t, c, "insert into stored_contracts (contract_id, account_id, acv, starts_on) values ('c', 'a', 50000, '2024-01-10')")
	day := date(2024, 6, 30).time()
	failing := layout
	failing.Layers = slices.Clone(layout.Layers)
	i := slices.IndexFunc(failing.Layers, func(q queries.Query) bool { return q.Name == "health_days" })
	failing.Layers[i].SQL = "select throwIf(1, 'no health today')"
	_, err := (&refresh.Refresher{Conn: c, Layout: failing}).Refresh(t.Context(), refresh.Everything(layout, day), "UTC", day)
	broken, is := errors.AsType[refresh.Broken](err)
	if !is || broken["health_days"] == nil || broken["risk_days"] == nil || broken["account_days"] != nil || broken["touch_days"] != nil {
		t.Fatalf("got the error %v", err)
	}
	if got := table(t, c, []string{"toString(arr)"}, "account_days"); len(got) != 1 || got[0][0] != "50000" {
		t.Errorf("account_days: got %v", got)
	}
	if got := table(t, c, []string{"count()"}, "health_days"); got[0][0] != "0" {
		t.Errorf("health_days has %s rows", got[0][0])
	}
	if _, err := (&refresh.Refresher{Conn: c, Layout: layout}).Refresh(t.Context(), refresh.Everything(layout, day), "UTC", day); err != nil {
		t.Fatal(err)
	}
	if got := table(t, c, []string{"band"}, "health_days"); len(got) != 1 {
		t.Errorf("health_days: got %v", got)
	}
}

// TestStoredKPI: the result of a KPI is computed once for each day. What changes of a past day waits until that is needed, and not so today. Rows with the
// same labels, of which the table would lose one, are an error. When a KPI is stored no longer, its table is gone.
func TestStoredKPI(t *testing.T) {
	t.Parallel()
	kpi := func(rows, stored string) fstest.MapFS {
		return fstest.MapFS{"doubled.sql": {Data: []byte(`-- Twice the accounts.
--
-- Columns:
--   day      key   Day.
--   segment  label Segment.
--   accounts gauge Accounts.
--
` + stored + `
select day, segment, toUInt64(2 * count()) as accounts from account_days where is_paying group by day, ` + rows)}}
	}
	c := enginetest.Database(t)
	install := func(files fstest.MapFS) queries.Layout {
		t.Helper()
		catalogue, err := queries.Load(files)
		if err != nil {
			t.Fatal(err)
		}
		storetest.Install(t, c, catalogue)
		return catalogue.Layout()
	}
	const stored = "-- Stored: by day\n"
	layout := install(kpi("segment", stored))
	past, today := date(2024, 6, 30).time(), date(2024, 12, 31).time()
	contract := func(batch uint64, id string) {
		t.Helper()
		exec(t, c, "create table stage as stored_contracts engine = Memory")
		exec(t, c, "insert into stage (contract_id, account_id, acv, starts_on) values ('"+id+"', '"+id+"', 50000, '2024-01-10')")
		if err := refresh.Announce(t.Context(), c, batch, "contracts", "stage", "UTC"); err != nil {
			t.Fatal(err)
		}
		exec(t, c, "insert into stored_contracts select * from stage")
		exec(t, c, "drop table stage")
		if err := refresh.Stored(t.Context(), c, batch); err != nil {
			t.Fatal(err)
		}
	}
	refreshed := func(layout queries.Layout, days ...time.Time) (refresh.Report, error) {
		t.Helper()
		return (&refresh.Refresher{Conn: c, Layout: layout, Later: map[time.Time]bool{past: true, today: true}}).Refresh(t.Context(), refresh.Everything(layout, days...), "UTC", today)
	}
	want := func(want ...string) {
		t.Helper()
		if got := column(t, c, "select concat(toString(day), ' ', toString(accounts)) from doubled order by day"); !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	contract(1, "a")
	if report, err := refreshed(layout, past, today); err != nil || len(report.Later) > 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	want("2024-06-30 2", "2024-12-31 2")
	contract(2, "b")
	report, err := refreshed(layout, today)
	if err != nil || !report.Later["doubled"][past] || report.Later["doubled"][today] || report.Later["account_days"] != nil {
		t.Fatalf("%+v, %v", report.Later, err)
	}
	want("2024-06-30 2", "2024-12-31 4")
	if report, err := refreshed(layout, past); err != nil || len(report.Later) > 0 {
		t.Fatalf("%+v, %v", report, err)
	}
	want("2024-06-30 4", "2024-12-31 4")

	twice := install(kpi("segment, account_id", stored))
	_, err = refreshed(twice, today)
	if broken, is := errors.AsType[refresh.Broken](err); !is || len(broken) != 1 {
		t.Errorf("got the error %v", err)
	}
	wantError(t, err, "two rows of a day have the same labels")
	exec(t, c, "insert into stored_days (day, is_support, at) values ('2024-12-31', 0, now64(6))")
	if state := column(t, c, "select state from days where day = '2024-12-31'"); !slices.Equal(state, []string{"stored"}) {
		t.Errorf("because of one KPI a day is %q", state)
	}

	install(kpi("segment", ""))
	want("2024-06-30 4", "2024-12-31 4")
	if tables := column(t, c, "select name from system.tables where database = currentDatabase() and name = 'stored_doubled'"); len(tables) > 0 {
		t.Errorf("the table of what is not stored is still there")
	}
}
