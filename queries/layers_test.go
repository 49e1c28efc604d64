package queries_test

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/refresh"
	"cskpi/queries"
)

// layerRows are the rows of the layers on some days, and of those without a day all, as sorted lines of text.
func layerRows(t *testing.T, c driver.Conn, layout queries.Layout) map[string][]string {
	t.Helper()
	rows := map[string][]string{}
	for _, layer := range layout.Layers {
		var lines []string
		if err := c.QueryRow(t.Context(), "select arraySort(groupArray(formatRowNoNewline('TabSeparated', *))) from "+layer.View()).Scan(&lines); err != nil {
			t.Fatalf("%s: %v", layer.View(), err)
		}
		rows[layer.View()] = lines
	}
	return rows
}

// TestLawsOfLayers: what is computed for many days at once is what is computed for each alone, in any order; for all accounts at once, what
// is computed for some after the others.
func TestLawsOfLayers(t *testing.T) {
	t.Parallel()
	w := randomWorld(5, 1)
	facts := slices.Concat(w.facts(), w.otherFacts(5), w.moves(5, true), namesWithIDs(date(2024, 2, 20)), mistakes(), ownPeople())
	// From the last day of December the backtest looks back on 2 October, 90 days before, and changes of health on the third of December.
	days := []day{date(2023, 3, 31), date(2024, 2, 29), date(2024, 3, 1), date(2024, 10, 2), date(2024, 12, 3), date(2024, 12, 31), date(2025, 1, 1)}
	whole := days[len(days)-2].time()
	c, layout, r := laidOut(t, facts, days[:2], "Asia/Tokyo")
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
		if len(all[layer.View()]) == 0 && layer.View() != "unvalued_days" && layer.View() != "arr_residuals" { // exceptions that a sound company has none of
			t.Errorf("the layer %s has no rows: the laws say nothing of it", layer.View())
		}
	}
	other, _ := withFacts(t, facts)
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

// TestMissingRate: an account with a contract in a currency that has no rate is left out and reported, and so is an opportunity with such an
// amount; the others are as they were.
func TestMissingRate(t *testing.T) {
	t.Parallel()
	c, layout := database(t)
	for _, sql := range []string{
		// What short paid in pounds lies between the starts of all windows.
		"insert into stored_contracts (contract_id, account_id, acv, currency, starts_on, ends_before, is_land) values ('c1', 'usual', 1000, 'USD', '2024-01-10', null, true), ('c2', 'both', 500, '', '2024-01-10', null, true), " +
			"('c3', 'both', 700, 'usd', '2024-01-10', null, false), ('c4', 'was', 300, 'CHF', '2023-02-01', null, true), ('c5', 'left', 400, 'XAU', '2023-03-01', '2024-03-01', false), " +
			"('c6', 'short', 2000, 'USD', '2024-01-10', null, false), ('c7', 'short', 50, 'GBP', '2024-10-05', '2024-10-20', false)",
		"insert into stored_fx_rates (currency, day, rate) values ('CHF', '2024-01-01', 1.1)", // none for the year before
		"insert into stored_opportunities (opportunity_id, account_id, kind, originated_by, amount, currency, created_on, updated_at) values ('o1', 'usual', 'upsell', 'cs', 100, 'USD', '2025-01-20', '2025-01-20 00:00:00'), " +
			"('o2', 'usual', 'upsell', 'cs', 200, 'GBP', '2025-01-20', '2025-01-20 00:00:00'), ('o3', 'both', 'upsell', 'cs', 300, 'GBP', '2025-01-20', '2025-01-20 00:00:00'), " +
			"('o4', 'usual', 'upsell', 'cs', null, 'GBP', '2025-01-20', '2025-01-20 00:00:00')",
		"insert into stored_targets (kpi, segment, starts_on, target, warning, critical) values ('grr.ratio', 'tech', '2020-01-01', 0.9, 0.8, 0.7)",
	} {
		exec(t, c, sql)
	}
	r := &refresh.Refresher{Conn: c, Layout: layout}
	days := []time.Time{date(2024, 6, 30).time(), date(2024, 12, 31).time(), date(2025, 2, 1).time()}
	if err := r.Days(t.Context(), days, nil, "UTC", days[2]); err != nil {
		t.Fatal(err)
	}
	for _, c2 := range []struct {
		columns, from string
		want          []string
	}{
		{"account_id, arr", "account_days where day = '2024-06-30'", []string{"short\t2000", "usual\t1000"}},
		{"account_id, arr", "account_days where day = '2025-02-01'", []string{"short\t2000", "usual\t1000"}},
		{"sum(amount)", "arr where day = '2025-02-01'", []string{"3000"}},
		{"sum(closing_arr)", "nrr where day = '2025-02-01' and window = '12m'", []string{"3000"}},
		{"contract_id", "contract_days where day = '2025-02-01' and is_active", []string{"c1", "c6"}},
		{"account_id, opening_91d", "budget_days where day = '2025-02-01'", []string{"short\t2000", "usual\t1000"}},
		{"account_id", "churn_events where day in ('2024-06-30', '2025-02-01')", nil},
		// In June 2024 there is a rate for CHF, but none for the year before.
		{"account_id", "cohorts_detail where day = '2024-06-30' and age_months = '0'", []string{"usual", "short"}},
		{"cohort, accounts, opening_arr", "cohorts where day = '2024-06-30' and age_months = '0'", []string{"2024-Q1\t2\t3000"}},
		{"account_id", "cohorts_detail where day = '2025-02-01' and age_months = '0'", []string{"usual", "short"}},
		{"cohort, accounts, opening_arr", "cohorts where day = '2025-02-01' and age_months = '0'", []string{"2024-Q1\t2\t3000"}},
		{"account_id, land_arr", "land_accounts_detail where day in ('2024-06-30', '2025-02-01')", []string{"usual\t1000", "usual\t1000"}},
		{"day, totals[1]", "nrr_months", []string{"2024-06-30\t3000", "2024-12-31\t1000", "2025-02-01\t1000"}},
		{"day, account_id, arr[1]", "account_months", []string{"2024-06-30\tshort\t2000", "2024-06-30\tusual\t1000", "2024-12-31\tusual\t1000", "2025-02-01\tusual\t1000"}},
		{"contract_id", "renewal_terms", nil},
		{"opportunity_id, value", "opportunity_states where day = '2025-02-01'", []string{"o1\t100", "o4\t0"}},
		// In June 2024 the year before has no rate for CHF, in which the account paid 12 months ago; in 2025 the year has none.
		{"kind, currency, accounts, opportunities, amount", "unvalued where day = '2024-06-30'", []string{"account\tCHF\t1\t0\t300", "account\tXAU\t1\t0\t0", "account\tusd\t1\t0\t700"}},
		{"kind, currency, accounts, opportunities, amount", "unvalued where day = '2025-02-01'",
			[]string{"account\tCHF\t1\t0\t300", "account\tXAU\t1\t0\t0", "account\tusd\t1\t0\t700", "opportunity\tGBP\t0\t1\t200"}},
	} {
		linesAre(t, c, c2.columns, c2.from, c2.want)
	}
}

// linesAre compares rows, as lines of text in any order, with those wanted.
func linesAre(t *testing.T, c driver.Conn, columns, from string, want []string) {
	t.Helper()
	var got []string
	for _, row := range table(t, c, []string{"formatRowNoNewline('TabSeparated', " + columns + ")"}, from) {
		got = append(got, row[0])
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s from %s: got %q, want %q", columns, from, got, want)
	}
}

// TestRenewalsInPlace: a contract whose terms change so that it ends later is renewed by that; one may take over what is another account's, and a contract
// may move to another account. For some accounts at a time the layer says what it says for all.
func TestRenewalsInPlace(t *testing.T) {
	t.Parallel()
	c, layout := database(t)
	exec(t, c, "insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before, renewed_from, cancel_reason, valid_from) values "+
		// Dearer from July on, and renewed for more in January.
		"('same', 'a', 1000, '2024-01-01', '2025-01-01', '', '', '1970-01-01'), ('same', 'a', 1200, '2024-01-01', '2025-01-01', '', '', '2024-07-01'), ('same', 'a', 1500, '2024-01-01', '2026-01-01', '', '', '2025-01-01'), "+
		// Ended early.
		"('ended', 'b', 700, '2024-01-01', '2025-01-01', '', '', '1970-01-01'), ('ended', 'b', 700, '2024-01-01', '2024-06-01', '', 'price', '2024-06-01'), "+
		// Renewed by another account; what the same contract takes over of its own account comes after that.
		"('old', 'c', 1000, '2024-01-01', '2025-01-01', '', '', '1970-01-01'), ('new', 'd', 1300, '2025-01-01', '2026-01-01', 'old', '', '1970-01-01'), ('small', 'd', 500, '2024-01-01', '2024-12-20', '', '', '1970-01-01'), "+
		// Another account's from October on.
		"('moved', 'e', 300, '2024-01-01', '2025-01-15', '', '', '1970-01-01'), ('moved', 'f', 300, '2024-01-01', '2025-01-15', '', '', '2024-10-01')")
	r := &refresh.Refresher{Conn: c, Layout: layout}
	days := []time.Time{date(2024, 5, 15).time(), date(2024, 6, 15).time(), date(2024, 12, 1).time(), date(2025, 1, 31).time()}
	if err := r.Days(t.Context(), days, nil, "UTC", days[3]); err != nil {
		t.Fatal(err)
	}
	terms := "account_id, contract_id, due_on, outcome, is_active, arr, renewed_arr, uplift_arr"
	for _, c2 := range []struct {
		columns, from string
		want          []string
	}{
		{terms, "renewal_terms where day = '2024-05-15' and account_id in ('a', 'b', 'e', 'f')", []string{
			"a\tsame\t2025-01-01\topen\t1\t1000\t0\t0", "b\tended\t2025-01-01\topen\t1\t700\t0\t0", "e\tmoved\t2025-01-15\topen\t1\t300\t0\t0"}},
		{terms, "renewal_terms where day = '2024-06-15' and account_id = 'b'", []string{"b\tended\t2024-06-01\tlost\t0\t700\t0\t0"}},
		{terms, "renewal_terms where day = '2024-12-01' and account_id in ('a', 'e', 'f')", []string{"a\tsame\t2025-01-01\topen\t1\t1200\t0\t0", "f\tmoved\t2025-01-15\topen\t1\t300\t0\t0"}},
		{terms, "renewal_terms where day = '2025-01-31' and account_id in ('a', 'c', 'd', 'f')", []string{
			"a\tsame\t2025-01-01\trenewed\t0\t1200\t1200\t300", "a\tsame\t2026-01-01\topen\t1\t1500\t0\t0",
			"c\told\t2025-01-01\trenewed\t0\t1000\t1000\t0", "d\tsmall\t2024-12-20\trenewed\t0\t500\t300\t0", "d\tnew\t2026-01-01\topen\t1\t1300\t0\t0",
			"f\tmoved\t2025-01-15\tundecided\t0\t300\t0\t0"}},
		{"month, sum(due_arr), sum(due_contracts), sum(renewed_arr), sum(notice_arr)", "renewals_calendar where day = '2024-12-01' and due_contracts > 0 group by month",
			[]string{"2024-12\t500\t1\t0\t0", "2025-01\t2500\t3\t0\t0"}},
		{"count(), uniqExact(month)", "renewals_calendar where day = '2024-12-01'", []string{"39\t13"}},
	} {
		linesAre(t, c, c2.columns, c2.from, c2.want)
	}
	all := layerRows(t, c, layout)["renewal_spans"]
	for _, account := range []string{"a", "b", "c", "d", "e", "f"} {
		if err := r.Days(t.Context(), days, []string{account}, "UTC", days[3]); err != nil {
			t.Fatal(err)
		}
		same(t, "computing the account "+account, map[string][]string{"renewal_spans": all}, map[string][]string{"renewal_spans": layerRows(t, c, layout)["renewal_spans"]})
	}
}

// TestFactViews: the plain name of a fact has one row for each id, as it is now.
func TestFactViews(t *testing.T) {
	t.Parallel()
	c, layout := database(t)
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
	t.Parallel()
	w := randomWorld(9, 4)
	var wanted []time.Time
	for d := date(2024, 2, 20); d <= date(2024, 3, 10); d++ {
		wanted = append(wanted, d.time())
	}
	// From two of them health_backtest looks back on the first of March.
	wanted = append(wanted, date(2023, 6, 30).time(), (date(2024, 3, 1) + 90).time(), (date(2024, 3, 1) + 180).time(), date(2025, 1, 31).time())
	whole := date(2025, 1, 30).time()
	const zone = "Asia/Tokyo"

	c, layout := withFacts(t, slices.Concat(w.facts(), w.otherFacts(9), w.moves(9, true), ownPeople()))
	if err := (&refresh.Refresher{Conn: c, Layout: layout}).Days(t.Context(), wanted, nil, zone, whole); err != nil {
		t.Fatal(err)
	}
	want := layerRows(t, c, layout)

	own, _ := database(t)
	r := &refresh.Refresher{Conn: own, Layout: layout}
	refreshed := func(wanted ...time.Time) refresh.Report {
		t.Helper()
		report, err := r.Refresh(t.Context(), refresh.Everything(layout, wanted...), zone, whole)
		if err != nil {
			t.Fatal(err)
		}
		return report
	}
	const rounds = 3
	for round := range rounds {
		for _, f := range storedFacts(t, own) {
			name, from, shared := f.name, f.name, f.columns
			if strings.HasPrefix(name, "usage_") {
				from += " final" // versions of the roll-up are as good as each other
			}
			stage := "stage_" + name
			exec(t, own, "drop table if exists "+stage+" sync")
			exec(t, own, "create table "+stage+" as stored_"+name+" engine = Memory")
			exec(t, own, fmt.Sprintf("insert into %[1]s (%[2]s) select %[2]s from %[6]s.stored_%[3]s where cityHash64(formatRowNoNewline('TabSeparated', %[2]s)) %% %[4]d = %[5]d", stage, shared, from, rounds, round, scalar(t, c, "select currentDatabase()")))
			batch := uint64(len(name)*1000 + round*100_000)
			if name == "usage_people" { // which only the roll-up writes, and announces
				exec(t, own, fmt.Sprintf("insert into stored_%s (%s) select %[2]s from %s", name, shared, stage))
				text, err := fs.ReadFile(queries.Builtin(), "rollup/people_changes.sql")
				if err != nil {
					t.Fatal(err)
				}
				exec(t, own, strings.NewReplacer("{batch:UInt64}", fmt.Sprint(batch), "{changed}", "user_id in (select user_id from "+stage+")").Replace(string(text)))
				continue
			}
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
				_, err := r.Refresh(ctx, refresh.Everything(layout, wanted...), zone, whole)
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
	t.Parallel()
	c, layout := database(t)
	exec(t, c, "insert into stored_contracts (contract_id, account_id, acv, starts_on) values ('c', 'a', 50000, '2024-01-10')")
	wanted := []time.Time{date(2024, 6, 30).time()}
	refreshed := func(layout queries.Layout) error {
		_, err := (&refresh.Refresher{Conn: c, Layout: layout}).Refresh(t.Context(), refresh.Everything(layout, wanted...), "UTC", wanted[0])
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

// TestRefreshOfWholeDays: a layer without days that covers facts up to the last whole day is not computed again for what arrives about the running day,
// and is once that is over; late facts reach it at once.
func TestRefreshOfWholeDays(t *testing.T) {
	t.Parallel()
	c, layout := database(t)
	for _, name := range []string{"user_histories", "user_cohorts", "user_cohort_sums"} {
		if !layout.IsUntilLast(name) {
			t.Errorf("%s does not cover facts up to the last whole day", name)
		}
	}
	for _, name := range []string{"first_uses", "usage_days", "user_state_days"} {
		if layout.IsUntilLast(name) {
			t.Errorf("%s covers facts up to the last whole day", name)
		}
	}
	exec(t, c, "insert into stored_contracts (contract_id, account_id, acv, starts_on) values ('c', 'a', 50000, '2024-01-10')")
	sunday := date(2024, 6, 30)
	batch := uint64(0)
	arrives := func(user string, on day) {
		t.Helper()
		batch++
		exec(t, c, "drop table if exists stage sync")
		exec(t, c, "create table stage as stored_usage_user_days engine = Memory")
		exec(t, c, fmt.Sprintf("insert into stage (day, account_id, user_id, events, core_events, last_at, version) values ('%[1]s', 'a', '%[2]s', 1, 1, '%[1]s 12:00:00', %[3]d)", on, user, batch))
		if err := refresh.Announce(t.Context(), c, batch, "usage_user_days", "stage", "UTC"); err != nil {
			t.Fatal(err)
		}
		exec(t, c, "insert into stored_usage_user_days select * from stage")
		if err := refresh.Stored(t.Context(), c, batch); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = c.Exec(context.Background(), "drop table if exists stage sync") }) // tests share databases
	r := &refresh.Refresher{Conn: c, Layout: layout}
	last := "0"
	want := func(what string, whole day, users string, computed bool) {
		t.Helper()
		if _, err := r.Refresh(t.Context(), refresh.Everything(layout, (whole+1).time()), "UTC", whole.time()); err != nil {
			t.Fatal(err)
		}
		if got := scalar(t, c, "select toString(sum(length(first_on))) from user_histories"); got != users {
			t.Errorf("%s: %s users, want %s", what, got, users)
		}
		version := scalar(t, c, "select toString(max(version)) from stored_user_histories")
		if got := version != last; got != computed {
			t.Errorf("%s: it was computed: %t, want %t", what, got, computed)
		}
		last = version
	}
	arrives("ann", sunday-20)
	want("at first", sunday-1, "1", true)
	arrives("bob", sunday)
	want("an event of the running day", sunday-1, "1", false)
	want("when the day is over", sunday, "2", true)
	want("nothing new", sunday, "2", false)
	arrives("cyd", sunday-10)
	want("a late event", sunday, "3", true)
}
