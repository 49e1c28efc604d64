package queries_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/queries"
)

// namesOf are the columns of a view.
func namesOf(columns []queries.Column) (names []string) {
	for _, column := range columns {
		names = append(names, column.Name)
	}
	return names
}

// viewsByDay are those with a row for each day on which something is known, rather than for the day on which it was.
func viewsByDay(layout queries.Layout) []queries.Query {
	return slices.DeleteFunc(slices.Clone(layout.Views), func(q queries.Query) bool {
		return q.Columns[0].Name != "day" || slices.Contains(ofTheirDays, q.Name)
	})
}

// answersByDay computes all that the views need for a day, and returns their rows, as sorted lines of text.
func answersByDay(t *testing.T, c driver.Conn, layout queries.Layout, asOf day) map[string][]string {
	t.Helper()
	rollUpStored(t, c)
	views := viewsByDay(layout)
	all := ""
	for _, q := range views {
		all += q.Name + " "
	}
	newComputer(c, layout).compute(t, all, []time.Time{asOf.time()}, asOf.time())
	rows := map[string][]string{}
	for _, q := range views {
		rows[q.Name] = column(t, c, "select formatRowNoNewline('TabSeparated', "+strings.Join(namesOf(q.Columns), ", ")+") as line from "+q.Name+" where day = '"+asOf.String()+"' order by line")
	}
	return rows
}

// factTables are the stored tables of facts, with what orders them.
func factTables(t *testing.T, c driver.Conn) [][]string {
	t.Helper()
	return table(t, c, []string{"name", "sorting_key", "toString(name in (select table from system.columns where database = currentDatabase() and name = 'is_withdrawn'))"},
		"system.tables where database = currentDatabase() and name in (select table from system.columns where database = currentDatabase() and name = 'ingested_at') and total_rows > 0")
}

// TestLawsOfFactsByDay: every view is, for a day, a function of the facts up to that day, however and however often they came in, whether
// they are merged or not, and without what was taken back.
func TestLawsOfFactsByDay(t *testing.T) {
	t.Parallel()
	c, layout := database(t)
	asOf := date(2024, 8, 31)
	w := randomWorld(3, 4).withChanges(3)
	all := slices.Concat(w.facts(), w.otherFacts(3))
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
	storeByDay(t, c, known, 1000)
	for _, table := range factTables(t, c) {
		exec(t, c, "optimize table "+table[0]+" final")
	}
	before := answersByDay(t, c, layout, asOf)
	for _, q := range layout.KPIs() {
		if len(before[q.Name]) == 0 && q.Name != "unvalued" { // of which a sound company has no row
			t.Errorf("%s has no rows: the laws say nothing of it", q.Name)
		}
	}
	finiteByDay(t, layout, before)

	// All at once, since each look costs much.
	truncateAll(t, c)
	newDice(4).Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	storeByDay(t, c, all, 400)
	for _, table := range factTables(t, c) {
		name, key, canWithdraw := table[0], table[1], table[2] == "1"
		exec(t, c, "system stop merges "+name)
		defer exec(t, c, "system start merges "+name)
		// As they are, as of files that say when a row was changed, and the last versions as changed later, as of files that do not.
		exec(t, c, fmt.Sprintf("insert into %[1]s select * replace (ingested_at + interval 1 day as ingested_at) from %[1]s", name))
		exec(t, c, fmt.Sprintf("insert into %[1]s select * replace (ingested_at + interval 2 day as ingested_at, updated_at + interval 2 year as updated_at) from (select * from %[1]s order by updated_at desc limit 1 by %[2]s)", name, key))
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
	same(t, "a fact dated after the day, the order of rows, the split of inserts, importing everything twice, a fact that was taken back or a merge", before, answersByDay(t, c, layout, asOf))
}

// finiteByDay complains of numbers that are none. What is undefined is null.
func finiteByDay(t *testing.T, layout queries.Layout, rows map[string][]string) {
	t.Helper()
	for _, q := range viewsByDay(layout) {
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

// TestLawsOfLittleByDay: every view answers without facts and on a single contract that has ended, with numbers or null.
func TestLawsOfLittleByDay(t *testing.T) {
	t.Parallel()
	c, layout := database(t)
	rows := answersByDay(t, c, layout, date(2024, 2, 29))
	finiteByDay(t, layout, rows)
	for _, q := range viewsByDay(layout) {
		if strings.HasSuffix(q.Name, "_detail") && len(rows[q.Name]) > 0 {
			t.Errorf("%s has rows without facts: %s", q.Name, rows[q.Name][0])
		}
	}
	exec(t, c, "insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values ('c', 'a', 1000, '2023-02-01', '2024-02-01')")
	finiteByDay(t, layout, answersByDay(t, c, layout, date(2024, 2, 1))) // the first day without it
}

// TestLawsOfSumsByDay: details add up to their KPIs, ratios are of their parts, movements add up to what they moved, and the definitions to one another.
//
//	go test ./queries -run LawsOfSumsByDay -companies 20 -timeout 2h
func TestLawsOfSumsByDay(t *testing.T) {
	for i := range uint64(max(1, *companies-1)) {
		seed, asOf := 5+i, []day{date(2024, 12, 31), date(2025, 4, 1)}[i%2]
		t.Run(fmt.Sprintf("seed=%d,day=%s", seed, asOf), func(t *testing.T) {
			t.Parallel()
			c, layout := database(t)
			w := randomWorld(seed, 4).withChanges(seed)
			w.thresholds[0].grace = w.thresholds[1].grace // a change of it shows as the residual of the bridge
			storeByDay(t, c, slices.Concat(w.facts(), w.otherFacts(seed)), 1000)
			rollUpStored(t, c)
			all := "account_windows nrr_definition_bridge "
			for _, q := range layout.KPIs() {
				all += q.Name + " " + detailOf(layout, q).Name + " "
			}
			o := opinionByDay(t, c, layout, w, asOf, all)
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

// TestExplainedByDay: every KPI has a detail, and every gauge that is a count or an amount is a part of it.
func TestExplainedByDay(t *testing.T) {
	layout, err := builtinLayout()
	if err != nil {
		t.Fatal(err)
	}
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

// TestLawOfMergeByDay: when two accounts become one, by contracts pointed to the other, nobody has left or joined for it.
func TestLawOfMergeByDay(t *testing.T) {
	t.Parallel()
	c, layout := database(t)
	asOf := date(2025, 2, 28)
	w := randomWorld(7, 1)
	w.accounts = slices.DeleteFunc(w.accounts, func(a account) bool { return a.isTest }) // moving contracts out of a test account is another matter
	storeByDay(t, c, w.facts(), 1000)
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
		o := opinionByDay(t, c, layout, w, asOf, "arr_detail account_movements churn_events")
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
	storeByDay(t, c, moved, 1000)
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
