package queries_test

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"

	"cskpi/queries"
)

// views are all views of the catalogue, KPIs and models.
func views(catalogue queries.Catalogue) []queries.Query {
	return slices.DeleteFunc(slices.Clone(catalogue), func(q queries.Query) bool { return q.Function })
}

// answersOf are the rows of all views as of a day, as sorted lines of text.
func answersOf(t *testing.T, c driver.Conn, catalogue queries.Catalogue, asOf day) map[string][]string {
	t.Helper()
	from, done := reading(t, c, catalogue, asOf)
	defer done()
	var (
		mu      sync.Mutex
		wg      sync.WaitGroup
		rows    = map[string][]string{}
		errs    []error
		pending = make(chan queries.Query)
	)
	for range 2 {
		wg.Go(func() {
			for q := range pending {
				var lines []string
				names := make([]string, len(q.Columns))
				for i, column := range q.Columns {
					names[i] = column.Name
				}
				err := c.QueryRow(t.Context(), "select arraySort(groupArray(formatRowNoNewline('TabSeparated', "+strings.Join(names, ", ")+"))) from "+from(q.Name)).Scan(&lines)
				mu.Lock()
				rows[q.Name] = lines
				if err != nil {
					errs = append(errs, fmt.Errorf("%s: %w", q.Name, err))
				}
				mu.Unlock()
			}
		})
	}
	for _, q := range views(catalogue) {
		pending <- q
	}
	close(pending)
	wg.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	return rows
}

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

// TestLawsOfFacts: every view is a function of the facts up to as_of, however and however often they came in, and whether merged or not.
func TestLawsOfFacts(t *testing.T) {
	c, catalogue := installed(t)
	asOf := date(2024, 8, 31)
	w := randomWorld(3, 4)
	all := slices.Concat(w.facts(), w.otherFacts(3))
	var known, later []fact
	tables := map[string]bool{}
	for _, f := range all {
		if f.on <= asOf {
			known = append(known, f)
		} else {
			later = append(later, f)
			tables[f.table] = true
		}
	}
	for table := range columns {
		if !tables[table] {
			t.Errorf("there is no later fact of %s", table)
		}
	}
	store(t, c, known, 1000)
	mergeAll(t, c)
	before := answersOf(t, c, catalogue, asOf)
	for _, q := range catalogue.KPIs() {
		if len(before[q.Name]) == 0 {
			t.Errorf("%s has no rows: the laws say nothing of it", q.Name)
		}
	}
	finite(t, catalogue, before)

	// All at once, since each look costs much: later facts, another order, many inserts, everything again, and nothing merged.
	empty(t, c)
	exec(t, c, "system stop merges")
	defer exec(t, c, "system start merges")
	newDice(4).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	store(t, c, all, 400)
	importAgain(t, c)
	if merged := table(t, c, []string{"count() = uniqExact(response_id)"}, "cs.surveys")[0][0]; merged != "0" {
		t.Error("the engine has merged what was imported again")
	}
	same(t, "a fact dated after as_of, the order of rows, the split of inserts, importing everything twice or a merge", before, answersOf(t, c, catalogue, asOf))
	// Beside it a day before all facts, the next one, and one a year later.
	many := answersOver(t, c, catalogue, date(2019, 1, 1), asOf, asOf+1, asOf+365)
	kpis := map[string][]string{}
	for _, q := range catalogue.KPIs() {
		kpis[q.Name] = before[q.Name]
	}
	same(t, "computing many days at once", kpis, many[asOf])
	if !t.Failed() {
		return
	}

	// Which of them it was.
	for what, step := range map[string]func(){
		"a fact dated after as_of":                               func() { store(t, c, known, 1000); store(t, c, later, 1000) },
		"importing everything twice":                             func() { store(t, c, known, 1000); importAgain(t, c) },
		"the order of rows, the split of inserts or not merging": func() { store(t, c, slices.DeleteFunc(all, func(f fact) bool { return f.on > asOf }), 400) },
	} {
		empty(t, c)
		step()
		same(t, what+", alone,", before, answersOf(t, c, catalogue, asOf))
	}
}

// mergeAll leaves of each fact only its last version.
func mergeAll(t *testing.T, c driver.Conn) {
	t.Helper()
	for _, cells := range table(t, c, []string{"name"}, "system.tables where database = 'cs' and engine = 'ReplacingMergeTree' and total_rows > 0") {
		exec(t, c, "optimize table cs."+cells[0]+" final")
	}
}

// importAgain stores all rows of all fact tables once more: as they are, as of files that say when a row was changed, and
// the last versions as changed later, as of files that do not.
func importAgain(t *testing.T, c driver.Conn) {
	t.Helper()
	tables := table(t, c, []string{"name", "sorting_key"}, "system.tables where database = 'cs' and engine = 'ReplacingMergeTree' and name in (select table from system.columns where database = 'cs' and name = 'ingested_at') and total_rows > 0")
	if hold := len(slices.DeleteFunc(slices.Collect(maps.Keys(columns)), isKept)); len(tables) < hold {
		t.Errorf("only %d tables hold facts, of %d", len(tables), len(columns))
	}
	for _, cells := range tables {
		name, key := cells[0], strings.TrimSuffix(cells[1], ", updated_at")
		exec(t, c, fmt.Sprintf("insert into cs.%[1]s select * replace (ingested_at + interval 1 day as ingested_at) from cs.%[1]s", name))
		exec(t, c, fmt.Sprintf("insert into cs.%[1]s select * replace (ingested_at + interval 2 day as ingested_at, updated_at + interval 2 year as updated_at) from (select * from cs.%[1]s order by updated_at desc limit 1 by %[2]s)", name, key))
	}
}

// finite complains of numbers that are none. What is undefined is null.
func finite(t *testing.T, catalogue queries.Catalogue, rows map[string][]string) {
	t.Helper()
	for _, q := range views(catalogue) {
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

// TestLawsOfLittle: every view answers without facts and on a single contract that has ended, with numbers or null. (On the first day of
// one, the exporter's TestTheProductsKPIs has the KPIs answer.)
func TestLawsOfLittle(t *testing.T) {
	c, catalogue := installed(t)
	rows := answersOf(t, c, catalogue, date(2024, 2, 29))
	finite(t, catalogue, rows)
	for _, q := range views(catalogue) {
		if strings.HasSuffix(q.Name, "_detail") && len(rows[q.Name]) > 0 {
			t.Errorf("%s has rows without facts: %s", q.Name, rows[q.Name][0])
		}
	}
	exec(t, c, "insert into cs.contracts (contract_id, account_id, acv, starts_on, ends_before) values ('c', 'a', 1000, '2023-02-01', '2024-02-01')")
	finite(t, catalogue, answersOf(t, c, catalogue, date(2024, 2, 1))) // the first day without it
}

// TestLawsOfSums: details add up to their KPIs, ratios are of their parts, movements to what they moved, and the definitions to one another.
//
//	go test ./queries -run LawsOfSums -companies 20 -timeout 2h
func TestLawsOfSums(t *testing.T) {
	c, catalogue := installed(t)
	for i := range uint64(max(1, *companies-1)) {
		seed, asOf := 5+i, []day{date(2024, 12, 31), date(2025, 4, 1)}[i%2]
		empty(t, c)
		w := randomWorld(seed, 4)
		store(t, c, slices.Concat(w.facts(), w.otherFacts(seed)), 1000)
		t.Run(fmt.Sprintf("seed=%d,as_of=%s", seed, asOf), func(t *testing.T) {
			from, done := reading(t, c, catalogue, asOf)
			t.Cleanup(done)
			for _, q := range catalogue.KPIs() {
				if detail, found := catalogue.Get(q.Name + "_detail"); found { // TestExplained wants one of every KPI
					t.Run(q.Name, func(t *testing.T) {
						t.Parallel()
						labels, gauges := q.Of(queries.Label), q.Of(queries.Gauge)
						var names []string
						for _, column := range slices.Concat(labels, gauges) {
							names = append(names, column.Name)
						}
						rows := table(t, c, names, from(q.Name))
						addsUp(t, c, q, detail, rows, from)
						ratiosAreOfParts(t, c, q, rows, from)
					})
				}
			}
			for name, law := range map[string]func(*testing.T, driver.Conn, func(string) string){
				"movements": movementsAddUp, "retention": retentionAgrees, "definitions": definitionsAgree,
			} {
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					law(t, c, from)
				})
			}
		})
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

// TestLawOfMerge: when two accounts become one, by contracts pointed to the other, nobody has left or joined for it.
func TestLawOfMerge(t *testing.T) {
	c, _ := installed(t)
	asOf := date(2025, 2, 28)
	w := randomWorld(7, 1)
	w.accounts = slices.DeleteFunc(w.accounts, func(a account) bool { return a.isTest }) // moving contracts out of a test account is another matter
	store(t, c, w.facts(), 1000)
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
	from := func(view string) string { return "cs." + view + "(as_of = '" + asOf.String() + "')" }
	look := func() (total string, joinedOrLeft map[string]bool) {
		joinedOrLeft = map[string]bool{}
		for _, cells := range table(t, c, []string{"movement", "window", "account_id"}, from("account_movements")+" where movement in ('new', 'churn')") {
			joinedOrLeft[cells[0]+" over "+cells[1]+" "+target(cells[2])] = true
		}
		for _, cells := range table(t, c, []string{"churned_on", "account_id"}, from("churn_events")) {
			joinedOrLeft["churn on "+cells[0]+" "+target(cells[1])] = true
		}
		return table(t, c, []string{"sum(amount)"}, from("arr_detail"))[0][0], joinedOrLeft
	}
	totalBefore, before := look()
	var moved []fact
	for _, contract := range w.contracts {
		if other, moves := into[contract.account]; moves {
			contract.account, contract.updatedAt = other, contract.updatedAt.Add(30*time.Second)
			moved = append(moved, contractFact(contract))
		}
	}
	store(t, c, moved, 1000)
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
