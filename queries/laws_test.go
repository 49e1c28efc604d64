package queries_test

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"

	"cskpi/queries"
)

// same complains of every view whose rows are other ones now, with the first that differ.
func same(t *testing.T, what string, before, after map[string][]string) {
	t.Helper()
	for _, view := range slices.Sorted(maps.Keys(before)) {
		gone := slices.DeleteFunc(slices.Clone(before[view]), func(row string) bool { return slices.Contains(after[view], row) })
		come := slices.DeleteFunc(slices.Clone(after[view]), func(row string) bool { return slices.Contains(before[view], row) })
		switch {
		case len(gone) > 0 || len(come) > 0:
			t.Errorf("%s changes %s: of %d rows %d are gone and %d new\n\t- %s\n\t+ %s", what, view, len(before[view]), len(gone), len(come),
				strings.Join(gone[:min(3, len(gone))], "\n\t- "), strings.Join(come[:min(3, len(come))], "\n\t+ "))
		case len(before[view]) != len(after[view]):
			t.Errorf("%s changes %s from %d rows to %d", what, view, len(before[view]), len(after[view]))
		}
	}
}

// addsUp complains where the parts of a detail, summed by the KPI's labels, are not the KPI, whose rows are labels and gauges.
func addsUp(t *testing.T, c driver.Conn, kpi, detail queries.Query, rows [][]string, from func(string) string) {
	var labels, sums []string
	var gauges []int // by part, its place in a row
	for _, column := range kpi.Of(queries.Label) {
		labels = append(labels, column.Name)
	}
	for _, part := range detail.Of(queries.Part) {
		// As the KPIs convert: to the nearest float.
		sums = append(sums, "cs_float(sum("+part.Name+"))")
		at := slices.IndexFunc(kpi.Of(queries.Gauge), func(g queries.Column) bool { return g.Name == part.Name })
		if at < 0 {
			t.Errorf("the part %s.%s is no gauge of %s", detail.Name, part.Name, kpi.Name)
			return
		}
		gauges = append(gauges, len(labels)+at)
	}
	if len(sums) == 0 {
		t.Fatalf("%s has no parts", detail.Name)
	}
	by := ""
	if len(labels) > 0 {
		by = " group by " + strings.Join(labels, ", ")
	}
	want := map[string][]string{}
	for _, cells := range table(t, c, slices.Concat(labels, sums), from(detail.Name)+by) {
		want[strings.Join(cells[:len(labels)], " ")] = cells[len(labels):]
	}
	some := false
	for _, cells := range rows {
		key := strings.Join(cells[:len(labels)], " ")
		parts, found := want[key]
		delete(want, key)
		for i, at := range gauges {
			part := "0"
			if found {
				part = parts[i]
			}
			if number64(t, cells[at]) != number64(t, part) {
				t.Errorf("%s [%s]: %s is %s, but the parts of %s add up to %s", kpi.Name, key, detail.Of(queries.Part)[i].Name, cells[at], detail.Name, part)
			}
			some = some || cells[at] != "0"
		}
	}
	for key, parts := range want {
		t.Errorf("%s has no row [%s], but the parts of %s add up to %v", kpi.Name, key, detail.Name, parts)
	}
	if !some {
		t.Errorf("%s is zero everywhere: the law says nothing", kpi.Name)
	}
}

// movementsAddUp: what was reported at the start of a window plus all movements is the ARR of as_of, by account; and the
// kinds of expansion are the movement expansion.
func movementsAddUp(t *testing.T, c driver.Conn, from func(string) string) {
	detail := table(t, c, []string{"window", "account_id", "segment", "movement", "amount"}, from("arr_movements_detail"))
	moved, expanded := map[string]decimal.Decimal{}, map[string]decimal.Decimal{}
	for _, cells := range detail {
		key, amount := cells[0]+" "+cells[1], decimal.RequireFromString(cells[4])
		moved[key] = moved[key].Add(amount)
		if cells[3] == "expansion" {
			expanded[key+" "+cells[2]] = expanded[key+" "+cells[2]].Add(amount)
		}
	}
	for _, cells := range table(t, c, []string{"window", "account_id", "reported", "closing"}, from("account_windows")) {
		key, reported, closing := cells[0]+" "+cells[1], decimal.RequireFromString(cells[2]), decimal.RequireFromString(cells[3])
		if !reported.Add(moved[key]).Equal(closing) {
			t.Errorf("%s: reported %s and movements of %s are not the closing %s", key, reported, moved[key], closing)
		}
		delete(moved, key)
	}
	for key, amount := range moved {
		t.Errorf("%s: moved by %s, but it is not in account_windows", key, amount)
	}
	for _, cells := range table(t, c, []string{"window", "account_id", "segment", "sum(amount)"}, from("expansion_detail")+" group by window, account_id, segment") {
		key, amount := strings.Join(cells[:3], " "), decimal.RequireFromString(cells[3])
		if !amount.Equal(expanded[key]) {
			t.Errorf("%s: the kinds of expansion add up to %s, the movement is %s", key, amount, expanded[key])
		}
		delete(expanded, key)
	}
	for key, amount := range expanded {
		t.Errorf("%s: expansion of %s is of no kind", key, amount)
	}
	for _, cells := range table(t, c, []string{"window", "residual"}, from("arr_bridge")) {
		if cells[1] != "0" {
			t.Errorf("arr_bridge leaves %s over %s", cells[1], cells[0])
		}
	}
}

// number64 reads a cell; null is not a number.
func number64(t *testing.T, cell string) float64 {
	t.Helper()
	if cell == "null" {
		return math.NaN()
	}
	f, err := strconv.ParseFloat(cell, 64)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// retentionAgrees: the retention and churn KPIs keep to their bounds and to one another.
func retentionAgrees(t *testing.T, c driver.Conn, from func(string) string) {
	values := map[string]map[string]float64{}
	for view, names := range map[string][]string{
		"nrr": {"ratio"}, "grr": {"ratio"}, "revenue_churn": {"gross_ratio", "net_ratio"}, "logo_churn": {"ratio", "ratio_lower", "ratio_upper"},
	} {
		for _, cells := range table(t, c, slices.Concat([]string{"segment", "window"}, names), from(view)) {
			key := cells[0] + " " + cells[1]
			if values[key] == nil {
				values[key] = map[string]float64{}
			}
			for i, name := range names {
				values[key][view+"."+name] = number64(t, cells[2+i])
			}
		}
	}
	same := func(a, b float64) bool { return math.Abs(a-b) <= 1e-12*max(1, math.Abs(b)) }
	defined := 0
	for key, v := range values {
		if len(v) != 7 {
			t.Errorf("%s: only some views have it: %v", key, v)
			continue
		}
		undefined := 0
		for _, f := range v {
			if math.IsNaN(f) {
				undefined++
			}
		}
		switch {
		case undefined == len(v):
			continue
		case undefined > 0:
			t.Errorf("%s: only some ratios are defined: %v", key, v)
			continue
		}
		defined++
		if v["grr.ratio"] > 1 || v["grr.ratio"] < 0 || v["grr.ratio"] > v["nrr.ratio"] {
			t.Errorf("%s: GRR is neither up to 1 nor up to NRR: %v", key, v)
		}
		if !same(v["revenue_churn.gross_ratio"], 1-v["grr.ratio"]) || !same(v["revenue_churn.net_ratio"], 1-v["nrr.ratio"]) {
			t.Errorf("%s: churn is not 1 less retention: %v", key, v)
		}
		if bounds := []float64{0, v["logo_churn.ratio_lower"], v["logo_churn.ratio"], v["logo_churn.ratio_upper"], 1}; !slices.IsSorted(bounds) {
			t.Errorf("%s: the bounds of logo churn are not in order: %v", key, bounds)
		}
	}
	if defined < 6 {
		t.Errorf("only %d segments and windows have ratios", defined)
	}
}

// definitionsAgree: what the accounts contribute to a definition of NRR adds up to its ratio less 1.
func definitionsAgree(t *testing.T, c driver.Conn, from func(string) string) {
	sums := map[string]float64{}
	for _, cells := range table(t, c, []string{"window", "sum(cohort)", "sum(chained)", "sum(movement)"}, from("nrr_definition_bridge")+" group by window") {
		sums[cells[0]+" cohort"], sums[cells[0]+" chained"], sums[cells[0]+" movement"] = number64(t, cells[1]), number64(t, cells[2]), number64(t, cells[3])
	}
	rows := table(t, c, []string{"window", "definition", "ratio"}, from("nrr_definitions"))
	if len(rows) != 9 {
		t.Errorf("nrr_definitions has %d rows", len(rows))
	}
	for _, cells := range rows {
		key, ratio := cells[0]+" "+cells[1], number64(t, cells[2])
		if sum, found := sums[key]; !found || !(math.Abs(sum-(ratio-1)) <= 1e-12*max(1, math.Abs(ratio))) {
			t.Errorf("%s: the accounts contribute %v to a ratio of %v", key, sum, ratio)
		}
	}
}

// namesOf are the columns of a view.
func namesOf(columns []queries.Column) (names []string) {
	for _, column := range columns {
		names = append(names, column.Name)
	}
	return names
}

// viewsOf are those with a row for each day on which something is known, rather than for the day on which it was.
func viewsOf(layout queries.Layout) []queries.Query {
	return slices.DeleteFunc(slices.Concat(layout.Layers, layout.Views), func(q queries.Query) bool {
		return q.Day.Name == "" || len(q.Columns) == 0 || slices.Contains(ofTheirDays, q.Name)
	})
}

// answersOn computes all that the views need for a day, and returns their rows, as sorted lines of text.
func answersOn(t *testing.T, c driver.Conn, layout queries.Layout, asOf day) map[string][]string {
	t.Helper()
	rollUp(t, c)
	views := viewsOf(layout)
	all := ""
	for _, q := range views {
		all += q.View() + " "
	}
	newComputer(c, layout).Compute(t, all, []time.Time{asOf.time()}, asOf.time())
	rows := map[string][]string{}
	for _, q := range views {
		rows[q.Name] = column(t, c, "select formatRowNoNewline('TabSeparated', "+strings.Join(namesOf(q.Columns), ", ")+") as line from "+q.View()+" where day = '"+asOf.String()+"' order by line")
	}
	return rows
}

// factTables are the stored tables of facts, with what orders them.
func factTables(t *testing.T, c driver.Conn) [][]string {
	t.Helper()
	return table(t, c, []string{"name", "sorting_key", "toString(name in (select table from system.columns where database = currentDatabase() and name = 'is_withdrawn'))"},
		"system.tables where database = currentDatabase() and name in (select table from system.columns where database = currentDatabase() and name = 'ingested_at') and total_rows > 0")
}

// TestLawsOfFacts: every view is, for a day, a function of the facts up to that day, however and however often they came in, whether
// they are merged or not, and without what was taken back.
func TestLawsOfFacts(t *testing.T) {
	t.Parallel()
	c, layout := database(t)
	asOf := date(2024, 8, 31)
	w := randomWorld(3, 4).withChanges(3)
	all := slices.Concat(w.facts(), w.otherFacts(3), mistakes(), []fact{ // of an owner who leaves after the day
		newFact("staff", date(2024, 3, 1), "1", "kim", "", "", never, "hr", date(2024, 3, 1).time()),
		newFact("staff", date(2024, 10, 1), "1", "kim", "", "", date(2024, 11, 1), "hr", date(2024, 10, 1).time()),
	})
	var known []fact
	later := map[string]bool{}
	for _, f := range all {
		if f.on <= asOf {
			known = append(known, f)
		} else {
			later[f.table] = true
		}
	}
	for table := range columns {
		if !later[table] {
			t.Errorf("there is no later fact of %s", table)
		}
	}
	storeFacts(t, c, known, 1000)
	for _, table := range factTables(t, c) {
		exec(t, c, "optimize table "+table[0]+" final")
	}
	before := answersOn(t, c, layout, asOf)
	for _, q := range layout.KPIs() {
		if len(before[q.Name]) == 0 && q.Name != "unvalued" { // of which a sound company has no row
			t.Errorf("%s has no rows: the laws say nothing of it", q.Name)
		}
	}
	finite(t, layout, before)

	// All at once, since each look costs much.
	empty(t, c)
	newDice(4).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	storeFacts(t, c, all, 400)
	for _, table := range factTables(t, c) {
		name, key, canWithdraw := table[0], table[1], table[2] == "1"
		exec(t, c, "system stop merges "+name)
		defer exec(t, c, "system start merges "+name)
		// As they are, as of files that say when a row was changed, and the last versions as changed later, as of files that do not.
		exec(t, c, fmt.Sprintf("insert into %[1]s select * replace (ingested_at + interval 1 day as ingested_at) from %[1]s", name))
		if name != "stored_user_aliases" && name != "stored_users" { // which are dated by nothing but their last change
			exec(t, c, fmt.Sprintf("insert into %[1]s select * replace (ingested_at + interval 2 day as ingested_at, updated_at + interval 2 year as updated_at) from (select * from %[1]s order by updated_at desc limit 1 by %[2]s)", name, key))
		}
		if canWithdraw && name != "stored_settings" { // the roll-up reads them as they are
			// Of a source that takes everything back.
			mistaken := "'mistaken' as source"
			if name == "stored_accounts" {
				mistaken += ", not is_test as is_test"
			}
			exec(t, c, fmt.Sprintf("insert into %[1]s select * replace (%[2]s) from %[1]s", name, mistaken))
			exec(t, c, fmt.Sprintf("insert into %[1]s select * replace (updated_at + interval 3 year as updated_at, 1 as is_withdrawn) from %[1]s where source = 'mistaken'", name))
		}
	}
	same(t, "a fact dated after the day, the order of rows, the split of inserts, importing everything twice, a fact that was taken back or a merge", before, answersOn(t, c, layout, asOf))
}

// finite complains of numbers that are none. What is undefined is null.
func finite(t *testing.T, layout queries.Layout, rows map[string][]string) {
	t.Helper()
	for _, q := range viewsOf(layout) {
		for _, row := range rows[q.Name] {
			for i, cell := range strings.Split(row, "\t") {
				kind := q.Columns[i].Kind
				if (kind == queries.Gauge || kind == queries.Part) && slices.Contains([]string{"nan", "inf", "-inf"}, cell) {
					t.Errorf("%s.%s is %s in row %s", q.Name, q.Columns[i].Name, cell, row)
				}
				if kind == queries.Label && cell == "\\N" {
					t.Errorf("%s.%s is null in row %s", q.Name, q.Columns[i].Name, row)
				}
			}
		}
	}
}

// TestLawsOfLittle: every view answers without facts and on a single contract that has ended, with numbers or null.
func TestLawsOfLittle(t *testing.T) {
	t.Parallel()
	c, layout := database(t)
	rows := answersOn(t, c, layout, date(2024, 2, 29))
	finite(t, layout, rows)
	for _, q := range viewsOf(layout) {
		if strings.HasSuffix(q.Name, "_detail") && len(rows[q.Name]) > 0 {
			t.Errorf("%s has rows without facts: %s", q.Name, rows[q.Name][0])
		}
	}
	exec(t, c, "insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values ('c', 'a', 1000, '2023-02-01', '2024-02-01')")
	finite(t, layout, answersOn(t, c, layout, date(2024, 2, 1))) // the first day without it
}

// TestLawsOfSums: details add up to their KPIs, ratios are of their parts, movements add up to what they moved, and the definitions to one another.
//
//	go test ./queries -run LawsOfSumsByDay -companies 20 -timeout 2h
func TestLawsOfSums(t *testing.T) {
	for i := range uint64(max(1, *companies-1)) {
		seed, asOf := 5+i, []day{date(2024, 12, 31), date(2025, 4, 1)}[i%2]
		t.Run(fmt.Sprintf("seed=%d,day=%s", seed, asOf), func(t *testing.T) {
			t.Parallel()
			c, layout := database(t)
			w := randomWorld(seed, 4).withChanges(seed)
			w.thresholds[0].grace = w.thresholds[1].grace // a change of it shows as the residual of the bridge
			storeFacts(t, c, slices.Concat(w.facts(), w.otherFacts(seed)), 1000)
			rollUp(t, c)
			all := "account_windows nrr_definition_bridge "
			for _, q := range layout.KPIs() {
				all += q.View() + " " + detailOf(layout, q).Name + " "
			}
			o := opinionOf(t, c, layout, w, asOf, all)
			for _, q := range layout.KPIs() {
				if q.Name == "unvalued" {
					continue // of which a sound company has no row
				}
				rows := table(t, c, namesOf(slices.Concat(q.Of(queries.Label), q.Of(queries.Gauge))), o.from(q.Name))
				addsUp(t, c, q, detailOf(layout, q), rows, o.from)
				ratiosAreOfParts(t, c, q, rows, o.from)
			}
			movementsAddUp(t, c, o.from)
			retentionAgrees(t, c, o.from)
			definitionsAgree(t, c, o.from)
		})
	}
}

// detailOf is the detail of a KPI.
func detailOf(layout queries.Layout, kpi queries.Query) queries.Query {
	name := strings.TrimSuffix(kpi.Name, "_kpi") + "_detail"
	if i := slices.IndexFunc(layout.Views, func(q queries.Query) bool { return q.Name == name }); i >= 0 {
		return layout.Views[i]
	}
	return queries.Query{}
}

// TestExplained: every KPI has a detail, and every gauge that is a count or an amount is a part of it.
func TestExplained(t *testing.T) {
	layout := builtinLayout(t)
	for _, q := range layout.KPIs() {
		kpi, detail := strings.TrimSuffix(q.Name, "_kpi"), detailOf(layout, q)
		switch {
		case detail.Name == "":
			t.Errorf("%s: views/%s_detail.sql is missing: the accounts or facts behind the KPI", q.File, kpi)
			continue
		case len(detail.Of(queries.Part)) == 0:
			t.Errorf("%s has no part, so it adds up to nothing", detail.File)
		}
		for _, g := range q.Of(queries.Gauge) {
			name := kpi + "." + g.Name
			if isRatio.MatchString(g.Name) || isQuantile.MatchString(g.Name) || noSums[name] != "" || ratios[name] != (parts{}) {
				continue
			}
			if !slices.ContainsFunc(detail.Of(queries.Part), func(p queries.Column) bool { return p.Name == g.Name }) {
				t.Errorf("%s: no part %s adds up to the gauge of that name; if no sum can, say why in noSums", detail.File, g.Name)
			}
		}
	}
}

// TestLawOfMerge: when two accounts become one, by contracts pointed to the other, nobody has left or joined for it.
func TestLawOfMerge(t *testing.T) {
	t.Parallel()
	c, layout := database(t)
	asOf := date(2025, 2, 28)
	w := randomWorld(7, 1)
	w.accounts = slices.DeleteFunc(w.accounts, func(a account) bool { return a.isTest }) // moving contracts out of a test account is another matter
	storeFacts(t, c, w.facts(), 1000)
	into := map[string]string{}
	for i := 0; i < 60; i += 2 {
		into[fmt.Sprintf("a%02d", i+1)] = fmt.Sprintf("a%02d", i)
	}
	target := func(account string) string {
		if other, moved := into[account]; moved {
			return other
		}
		return account
	}
	look := func() (total string, joinedOrLeft map[string]bool) {
		o := opinionOf(t, c, layout, w, asOf, "arr_detail account_movements churn_events")
		joinedOrLeft = map[string]bool{}
		for _, cells := range table(t, c, []string{"movement", "window", "account_id"}, o.from("account_movements")+" where movement in ('new', 'churn')") {
			joinedOrLeft[cells[0]+" over "+cells[1]+" "+target(cells[2])] = true
		}
		for _, cells := range table(t, c, []string{"churned_on", "account_id"}, o.from("churn_events")) {
			joinedOrLeft["churn on "+cells[0]+" "+target(cells[1])] = true
		}
		return table(t, c, []string{"sum(amount)"}, o.from("arr_detail"))[0][0], joinedOrLeft
	}
	totalBefore, before := look()
	var moved []fact
	for _, contract := range w.contracts {
		if other, moves := into[contract.account]; moves {
			contract.account, contract.updatedAt = other, contract.updatedAt.Add(30*time.Second)
			moved = append(moved, contractFact(contract))
		}
	}
	storeFacts(t, c, moved, 1000)
	totalAfter, after := look()
	if totalBefore != totalAfter {
		t.Errorf("the merge makes an ARR of %s of %s", totalAfter, totalBefore)
	}
	for what := range after {
		if !before[what] {
			t.Errorf("the merge makes a %s", what)
		}
	}
	if len(after) == 0 || len(after) == len(before) {
		t.Errorf("of %d joined or left before the merge there are %d after it: the law says nothing", len(before), len(after))
	}
}
