package queries_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/refresh"
	"cskpi/queries"
)

// layerRows are the rows of the layers on some days, and of those without a day all, as sorted lines of text.
func layerRows(t *testing.T, c driver.Conn, layout queries.Layout) map[string][]string {
	t.Helper()
	rows := map[string][]string{}
	for _, layer := range layout.Layers {
		var lines []string
		if err := c.QueryRow(t.Context(), "select arraySort(groupArray(formatRowNoNewline('TabSeparated', *))) from "+layer.Name).Scan(&lines); err != nil {
			t.Fatalf("%s: %v", layer.Name, err)
		}
		rows[layer.Name] = lines
	}
	return rows
}

// TestLawsOfLayers: what is computed for many days at once is what is computed for each alone, in any order; for all accounts at once, what
// is computed for some after the others.
func TestLawsOfLayers(t *testing.T) {
	old, _ := installed(t)
	w := randomWorld(5, 1)
	store(t, old, slices.Concat(w.facts(), w.otherFacts(5), namesWithIDs(date(2024, 2, 20))), 1000)
	rollUp(t, old)
	// The backtest of the last day of December looks back on 2 October, 90 days before.
	days := []day{date(2023, 3, 31), date(2024, 2, 29), date(2024, 3, 1), date(2024, 10, 2), date(2024, 11, 15), date(2024, 12, 31), date(2025, 1, 1)}
	whole := days[len(days)-2].time()
	c, layout, r := laidOut(t, days[:2], "Asia/Tokyo")
	compute := func(accounts []string, days ...day) {
		t.Helper()
		var times []time.Time
		for _, d := range days {
			times = append(times, d.time())
		}
		if err := r.Days(t.Context(), times, accounts, "Asia/Tokyo", whole); err != nil {
			t.Fatal(err)
		}
	}
	compute(nil, days...)
	all := layerRows(t, c, layout)
	for _, layer := range layout.Layers {
		if len(all[layer.Name]) == 0 && layer.Name != "unvalued_days" && layer.Name != "arr_residuals" { // exceptions that a sound company has none of
			t.Errorf("the layer %s has no rows: the laws say nothing of it", layer.Name)
		}
	}
	other := enginetest.Database(t)
	if err := layout.Install(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	copyFacts(t, other)
	r = &refresh.Refresher{Conn: other, Layout: layout}
	compute(nil, days[4])
	compute(nil, days[6], days[0])
	compute(nil, days[3])
	compute(nil, days[1], days[5], days[2])
	same(t, "computing days alone or in another order", all, layerRows(t, other, layout))

	names := slices.Sorted(maps.Keys(accountNames(t, c)))
	for chunk := range slices.Chunk(names, len(names)/2+1) {
		compute(chunk, days...)
	}
	same(t, "computing some accounts after the others", all, layerRows(t, other, layout))
}

func accountNames(t *testing.T, c driver.Conn) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	for _, row := range table(t, c, []string{"account_id"}, "(select account_id from stored_accounts union distinct select account_id from stored_contracts union distinct select account_id from stored_touchpoints)") {
		names[row[0]] = true
	}
	return names
}

// TestMissingRate: an account with a contract in a currency that has no rate is left out and reported; the others are as they were.
func TestMissingRate(t *testing.T) {
	layout, err := queries.LoadLayout()
	if err != nil {
		t.Fatal(err)
	}
	c := enginetest.Database(t)
	if err := layout.Install(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		"insert into stored_contracts (contract_id, account_id, acv, currency, starts_on) values ('c1', 'usual', 1000, 'USD', '2024-01-10'), ('c2', 'both', 500, '', '2024-01-10'), ('c3', 'both', 700, 'usd', '2024-01-10'), ('c4', 'was', 300, 'CHF', '2023-02-01')",
		"insert into stored_fx_rates (currency, day, rate) values ('CHF', '2024-01-01', 1.1)", // none for the year before
	} {
		exec(t, c, sql)
	}
	r := &refresh.Refresher{Conn: c, Layout: layout}
	days := []time.Time{date(2024, 6, 30).time(), date(2024, 12, 31).time(), date(2025, 2, 1).time()}
	if err := r.Days(t.Context(), days, nil, "UTC", days[2]); err != nil {
		t.Fatal(err)
	}
	for what, want := range map[string][][]string{
		"account_days where day = '2024-06-30' order by account_id": {{"usual", "1000"}},
		"account_days where day = '2025-02-01' order by account_id": {{"usual", "1000"}},
	} {
		if got := table(t, c, []string{"account_id", "toString(arr)"}, what); !slices.EqualFunc(got, want, slices.Equal[[]string]) {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
	for _, kpi := range []string{"arr", "nrr"} {
		if got := table(t, c, []string{"toString(sum(" + map[string]string{"arr": "amount", "nrr": "closing_arr"}[kpi] + "))"}, kpi+" where day = '2025-02-01'"+map[string]string{"nrr": " and window = '12m'"}[kpi])[0][0]; got != "1000" {
			t.Errorf("%s: got %s, want 1000", kpi, got)
		}
	}
	if got := table(t, c, []string{"account_id"}, "contract_days where day = '2025-02-01'"); len(got) != 1 {
		t.Errorf("contract_days: got %v, want one contract", got)
	}
	for what, want := range map[string][][]string{
		// In June 2024 the year before has no rate for CHF, in which the account paid 12 months ago; in 2025 the year has none.
		"unvalued where day = '2024-06-30' order by currency": {{"CHF", "1", "300"}, {"usd", "1", "700"}},
		"unvalued where day = '2025-02-01' order by currency": {{"CHF", "1", "300"}, {"usd", "1", "700"}},
	} {
		if got := table(t, c, []string{"currency", "toString(accounts)", "toString(amount)"}, what); !slices.EqualFunc(got, want, slices.Equal[[]string]) {
			t.Errorf("%s: got %v, want %v", what, got, want)
		}
	}
}

// TestFactViews: the plain name of a fact has one row for each id, as it is now.
func TestFactViews(t *testing.T) {
	layout, err := queries.LoadLayout()
	if err != nil {
		t.Fatal(err)
	}
	c := enginetest.Database(t)
	if err := layout.Install(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	for _, sql := range []string{
		// An owner who changed, in another source; one who will; and an account that was withdrawn.
		"insert into stored_accounts (account_id, csm, created_on, source, updated_at) values ('a', 'kim', '2024-01-01', 'crm', '2024-01-01 00:00:00'), ('a', 'lee', null, 'cs', '2024-06-01 00:00:00'), ('b', 'kim', null, 'crm', '2024-01-01 00:00:00')",
		"insert into stored_accounts (account_id, csm, source, valid_from, updated_at) values ('a', 'zoe', 'crm', now() + interval 30 day, '2024-07-01 00:00:00')",
		"insert into stored_accounts (account_id, source, updated_at, is_withdrawn) values ('b', 'crm', '2024-02-01 00:00:00', 1)",
		// A price that changed in place, with a correction of the first one; the same id in another source; a withdrawn contract.
		"insert into stored_contracts (contract_id, account_id, acv, starts_on, valid_from, source, updated_at) values ('c', 'a', 900, '2024-01-01', '1970-01-01', 'billing', '2024-01-01 00:00:00'), ('c', 'a', 1000, '2024-01-01', '1970-01-01', 'billing', '2024-01-02 00:00:00'), ('c', 'a', 1500, '2024-01-01', '2024-05-01', 'billing', '2024-05-01 00:00:00'), ('c', 'a', 7, '2024-01-01', '1970-01-01', 'crm', '2024-01-01 00:00:00'), ('d', 'a', 5, '2024-01-01', '1970-01-01', 'crm', '2024-01-01 00:00:00')",
		"insert into stored_contracts (contract_id, account_id, acv, starts_on, source, updated_at, is_withdrawn) values ('d', 'a', 5, '2024-01-01', 'crm', '2024-01-02 00:00:00', 1)",
		"insert into stored_touchpoints (touchpoint_id, account_id, kind, happened_at, source, updated_at) values ('t', 'a', 'call', '2024-01-01 00:00:00', 'crm', '2024-01-01 00:00:00'), ('u', 'a', 'call', '2024-01-01 00:00:00', 'crm', '2024-01-01 00:00:00')",
		"insert into stored_touchpoints (touchpoint_id, account_id, kind, happened_at, source, updated_at, is_withdrawn) values ('u', 'a', 'call', '2024-01-01 00:00:00', 'crm', '2024-01-02 00:00:00', 1)",
	} {
		exec(t, c, sql)
	}
	for from, want := range map[string][][]string{
		"accounts order by account_id":           {{"a", "lee"}},
		"contracts order by contract_id, source": {{"c", "1500"}, {"c", "7"}},
		"touchpoints":                            {{"t", "call"}},
	} {
		columns := map[string][]string{"a": {"account_id", "csm"}, "c": {"contract_id", "toString(acv)"}, "t": {"touchpoint_id", "toString(kind)"}}[from[:1]]
		if got := table(t, c, columns, from); !slices.EqualFunc(got, want, slices.Equal[[]string]) {
			t.Errorf("%s: got %v, want %v", from, got, want)
		}
	}
	if n := table(t, c, []string{"toString(countIf(comment = ''))"}, "system.columns where database = currentDatabase() and table = 'contracts'")[0][0]; n != "0" {
		t.Errorf("%s columns of contracts have no comment", n)
	}

	// The price of January is what it was then, and the change is a movement of May.
	r := &refresh.Refresher{Conn: c, Layout: layout}
	days := []time.Time{date(2024, 4, 30).time(), date(2024, 5, 31).time()}
	if err := r.Days(t.Context(), days, nil, "UTC", days[1]); err != nil {
		t.Fatal(err)
	}
	got := table(t, c, []string{"toString(day)", "toString(arr)", "toString(opening_1m)", "toString(first_paid_on)"}, "account_days where account_id = 'a' order by day")
	if want := [][]string{{"2024-04-30", "1007", "1007", "2024-01-01"}, {"2024-05-31", "1507", "1007", "2024-01-01"}}; !slices.EqualFunc(got, want, slices.Equal[[]string]) {
		t.Errorf("account_days: got %v, want %v", got, want)
	}
}

// TestRefresh: what a refresh makes of facts that arrive is what a rebuild from nothing makes of all; also where it is cut short.
func TestRefresh(t *testing.T) {
	old, _ := installed(t)
	w := randomWorld(9, 4)
	store(t, old, slices.Concat(w.facts(), w.otherFacts(9)), 1000)
	rollUp(t, old)
	var wanted []time.Time
	for d := date(2024, 2, 20); d <= date(2024, 3, 10); d++ {
		wanted = append(wanted, d.time())
	}
	wanted = append(wanted, date(2023, 6, 30).time(), date(2025, 1, 31).time())
	whole := date(2025, 1, 30).time()
	const zone = "Asia/Tokyo"

	c, layout := withFacts(t)
	if err := (&refresh.Refresher{Conn: c, Layout: layout}).Days(t.Context(), wanted, nil, zone, whole); err != nil {
		t.Fatal(err)
	}
	want := layerRows(t, c, layout)

	own := enginetest.Database(t)
	if err := layout.Install(t.Context(), own); err != nil {
		t.Fatal(err)
	}
	r := &refresh.Refresher{Conn: own, Layout: layout}
	refreshed := func(wanted ...time.Time) refresh.Report {
		t.Helper()
		report, err := r.Refresh(t.Context(), wanted, zone, whole)
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	const rounds = 3
	for round := range rounds {
		for _, f := range storedFacts(t, own) {
			name, from, shared := f.name, f.from, f.columns
			if strings.HasPrefix(name, "usage_") {
				from += " final" // versions of the roll-up are as good as each other
			}
			stage := "stage_" + name
			exec(t, own, "drop table if exists "+stage+" sync")
			exec(t, own, "create table "+stage+" as stored_"+name+" engine = Memory")
			exec(t, own, fmt.Sprintf("insert into %[1]s (%[2]s) select %[2]s from cs.%[3]s where cityHash64(formatRowNoNewline('TabSeparated', %[2]s)) %% %[4]d = %[5]d", stage, shared, from, rounds, round))
			batch := uint64(len(name)*1000 + round*100_000)
			if err := refresh.Announce(t.Context(), own, batch, name, stage, zone); err != nil {
				t.Fatal(err)
			}
			exec(t, own, fmt.Sprintf("insert into stored_%s (%s) select %[2]s from %s", name, shared, stage))
			if err := refresh.Stored(t.Context(), own, batch); err != nil {
				t.Fatal(err)
			}
		}
		if round == 1 {
			for after := 200 * time.Millisecond; ; after *= 2 { // interrupted again and again, until it succeeds
				ctx, cancel := context.WithTimeout(t.Context(), after)
				_, err := r.Refresh(ctx, wanted, zone, whole)
				cancel()
				if err == nil {
					break
				}
			}
		}
		report := refreshed(wanted...)
		t.Logf("round %d: %+v", round, report)
	}
	same(t, "processing facts as they arrive", want, layerRows(t, own, layout))
	if again := refreshed(wanted...); again.Whole != 0 || again.Accounts != 0 || again.Changes != 0 {
		t.Errorf("nothing has changed, and the refresh did %+v", again)
	}
}

// TestRefreshResumes: what the whole company's layers said before is compared with what the last complete refresh saw, so that a refresh that
// fails after it computed them leaves nothing stale behind.
func TestRefreshResumes(t *testing.T) {
	layout, err := queries.LoadLayout()
	if err != nil {
		t.Fatal(err)
	}
	c := enginetest.Database(t)
	if err := layout.Install(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	exec(t, c, "insert into stored_contracts (contract_id, account_id, acv, starts_on) values ('c', 'a', 50000, '2024-01-10')")
	wanted := []time.Time{date(2024, 6, 30).time()}
	refreshed := func(layout queries.Layout) error {
		_, err := (&refresh.Refresher{Conn: c, Layout: layout}).Refresh(t.Context(), wanted, "UTC", wanted[0])
		return err
	}
	segment := func() string { return table(t, c, []string{"segment"}, "account_days")[0][0] }
	if err := refreshed(layout); err != nil || segment() != "low" {
		t.Fatalf("got %s, %v", segment(), err)
	}

	exec(t, c, "create table stage as stored_settings engine = Memory")
	exec(t, c, "insert into stage (name, starts_on, value) values ('segment_high_arr', '2024-01-01', '40000')")
	if err := refresh.Announce(t.Context(), c, 1, "settings", "stage", "UTC"); err != nil {
		t.Fatal(err)
	}
	exec(t, c, "insert into stored_settings select * from stage")
	if err := refresh.Stored(t.Context(), c, 1); err != nil {
		t.Fatal(err)
	}
	failing := layout
	failing.Layers = slices.Clone(layout.Layers)
	i := slices.IndexFunc(failing.Layers, func(q queries.Query) bool { return q.Name == "policy_days" })
	for n := range failing.Layers[i+1:] {
		failing.Layers[i+1+n].SQL = "select throwIf(1)"
	}
	if err := refreshed(failing); err == nil {
		t.Fatal("the refresh did not fail")
	}
	if err := refreshed(layout); err != nil || segment() != "high" {
		t.Errorf("after the refresh that failed: got %s, %v; want high", segment(), err)
	}
}
