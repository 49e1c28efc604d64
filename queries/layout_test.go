package queries_test

import (
	"cmp"
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

// withFacts is a database with the facts of cs.
func withFacts(t *testing.T) (driver.Conn, queries.Layout) {
	t.Helper()
	layout, err := queries.LoadLayout()
	if err != nil {
		t.Fatal(err)
	}
	c := enginetest.Database(t)
	if err := layout.Install(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	copyFacts(t, c)
	return c, layout
}

// laidOut is one in which some days are computed.
func laidOut(t *testing.T, days []day, zone string) (driver.Conn, queries.Layout, *refresh.Refresher) {
	t.Helper()
	c, layout := withFacts(t)
	r := &refresh.Refresher{Conn: c, Layout: layout}
	var times []time.Time
	for _, d := range days {
		times = append(times, d.time())
	}
	if err := r.Days(t.Context(), times, nil, zone, slices.MaxFunc(times, time.Time.Compare)); err != nil {
		t.Fatal(err)
	}
	return c, layout, r
}

// copyFacts copies what counts in cs.
func copyFacts(t *testing.T, c driver.Conn) {
	t.Helper()
	for _, f := range storedFacts(t, c) {
		exec(t, c, "insert into stored_"+f.name+" ("+f.columns+") select "+f.columns+" from cs."+f.from+" final")
	}
}

// storedFact is a table of facts, or of usage rolled up: its name without stored_, the table of cs that it corresponds to, and the columns that both have.
type storedFact struct{ name, from, columns string }

func storedFacts(t *testing.T, c driver.Conn) (all []storedFact) {
	t.Helper()
	for _, row := range table(t, c, []string{"substring(table, 8)", "arrayStringConcat(groupArray(name), ', ')"}, `(
		select table, name
		from system.columns
		where database = currentDatabase() and default_kind != 'MATERIALIZED'
			and (table in (select table from system.columns where database = currentDatabase() and name = 'ingested_at') or match(table, '^stored_usage_(user_days|account_days|accounts|totals|conflicts|ahead)$'))
			and (replace(substring(table, 8), 'usage_totals', 'usage_days'), name) in (select table, name from system.columns where database = 'cs' and default_kind != 'MATERIALIZED')
		order by table, position) group by table order by table`) {
		all = append(all, storedFact{row[0], strings.ReplaceAll(row[0], "usage_totals", "usage_days"), row[1]})
	}
	return all
}

// ofTheirDays are the views whose day is the one that a row is about, rather than the one by which it was known.
var ofTheirDays = []string{"account_timeline", "annotations", "kpi_history", "kpi_restatements", "kpi_told"}

// nowNamed has the columns that had the name day before there was a column for it.
var nowNamed = map[string]map[string]string{"restatement_detail": {"day": "closed_on"}}

// copyHistory copies the values of past days.
func copyHistory(t *testing.T, c driver.Conn) {
	t.Helper()
	for _, name := range []string{"kpi_daily", "kpi_runs"} {
		exec(t, c, "insert into "+name+" select * from cs."+name)
	}
}

// namesWithIDs are usage events with an id in their names, as the check ids_in_event_names looks for.
func namesWithIDs(on day) []fact {
	var facts []fact
	at := on.time().Add(3 * time.Hour)
	for i := range 60 {
		facts = append(facts, newFact("usage_events", on, fmt.Sprint("named", i), "a01", "u1", fmt.Sprint("open report ", i), at, "{}", "app", at))
	}
	return facts
}

// moves are contracts that renew those of other accounts, and facts that were entered for one account and moved to another later: anywhere, or among
// accounts that are described and no test, since of others the views with a parameter look at each version for itself.
func (w world) moves(seed uint64, anywhere bool) []fact {
	d := newDice(seed + 700)
	var facts []fact
	tests := map[string]bool{"a07": true}
	for _, a := range w.accounts {
		tests[a.id] = tests[a.id] || a.isTest
	}
	account := func() string {
		for {
			if a := fmt.Sprintf("a%02d", d.IntN(60)); anywhere || !tests[a] {
				return a
			}
		}
	}
	for i, c := range w.contracts {
		if c.isTrial || c.endsBefore == never || c.endsBefore <= c.startsOn || !d.chance(12) {
			continue
		}
		heir := c
		heir.id, heir.account, heir.renewedFrom, heir.noticeOn, heir.cancelReason = fmt.Sprint("moved", i), account(), c.id, never, ""
		heir.acv = d.scaled(c.acv)
		heir.startsOn = max(c.startsOn+1, c.endsBefore-day(d.IntN(60)))
		heir.endsBefore = heir.startsOn.monthsBefore(-12)
		facts = append(facts, contractFact(heir))
		if d.chance(50) { // until somebody finds that it is another account's
			heir.account, heir.updatedAt = account(), heir.updatedAt.Add(-time.Hour)
			facts = append(facts, contractFact(heir))
		}
	}
	for i := range 40 {
		id := fmt.Sprint("moved", i)
		on := date(2023, 1, 1) + day(d.IntN(700))
		later := on + day(d.between(1, 90))
		for _, on := range []day{on, later} {
			at := d.instant(on)
			add := func(table string, values ...any) {
				facts = append(facts, newFact(table, on, append(values, "crm", at)...))
			}
			a := account()
			if anywhere && d.chance(10) {
				a = "nobody"
			}
			first := later - 100
			add("opportunities", id, a, "upsell", "cs", "", "1000.5", "EUR", "open", first, never, never, nil)
			add("action_items", id, a, "", "do", first+60, never)
			add("tickets", id, a, "1", true, first.time(), time.Time{}, pick(d, time.Time{}, (first-1).time()))
			add("risks", id, a, "kim", "budget", d.between(2, 4), first, never)
			add("touchpoints", id, a, "kim", "call", first.time(), false, "neutral")
			add("surveys", id, a, "u9", "nps", d.IntN(13), first.time())
			add("value_reviews", id, a, first, "better", 0.25, true)
		}
	}
	return facts
}

// TestLayoutAgrees: what the views by day say is what the views with a parameter say.
func TestLayoutAgrees(t *testing.T) {
	old, catalogue := installed(t)
	w := randomWorld(3, 4)
	store(t, old, slices.Concat(w.facts(), w.otherFacts(3), w.moves(3, false), namesWithIDs(date(2024, 8, 20))), 1000)
	rollUp(t, old)
	days := []day{date(2024, 8, 30), date(2025, 4, 15)} // second opinions ask for many more
	computed := map[day]bool{}
	for _, d := range days {
		for _, before := range []int{0, 28, 90, 180} { // what views and layers look back on
			computed[d-day(before)] = true
		}
	}
	for _, months := range []int{1, 3, 12} { // on these days the windows of the last day open
		computed[days[len(days)-1].monthsBefore(months)] = true
	}
	c, layout, _ := laidOut(t, slices.Sorted(maps.Keys(computed)), "Asia/Tokyo")
	copyHistory(t, c)
	for _, d := range days {
		from, done := reading(t, old, catalogue, d)
		for _, v := range layout.Views {
			q, found := catalogue.Get(strings.TrimSuffix(v.Name, "_kpi"))
			if !found || v.Columns[0].Name != "day" || slices.Contains(ofTheirDays, v.Name) {
				continue
			}
			rows := func(c driver.Conn, source string, renamed map[string]string) (lines []string) {
				names := make([]string, len(q.Columns))
				for i, column := range q.Columns {
					names[i] = cmp.Or(renamed[column.Name], column.Name)
				}
				line := "formatRowNoNewline('TabSeparated', " + strings.Join(names, ", ") + ")"
				if err := c.QueryRow(t.Context(), "select arraySort(groupArray("+line+")) from "+source).Scan(&lines); err != nil {
					t.Fatalf("%s on %s: %v", v.Name, d, err)
				}
				return lines
			}
			where := " where day = '" + d.String() + "'"
			if slices.ContainsFunc(q.Columns, func(c queries.Column) bool { return c.Name == "window" }) {
				where += " and window not in ('mtd', 'qtd', 'ytd')" // these are new
			}
			t.Run(d.String()+"/"+v.Name, func(t *testing.T) {
				what := v.Name + " on " + d.String()
				same(t, "the day as a column", map[string][]string{what: rows(old, from(q.Name), nil)}, map[string][]string{what: rows(c, v.Name+where, nowNamed[v.Name])})
			})
		}
		done()
	}
	for _, c2 := range []struct {
		view, where, old string
		known            day // by which the old one tells it
	}{
		{"kpi_told", "", "", date(2027, 1, 1)},
		{"kpi_history", "", "", date(2027, 1, 1)},
		{"kpi_restatements", "", "", date(2027, 1, 1)},
		// Of quarters, those of five years are there, by another year than that of the day.
		{"annotations", " where day between '2022-01-01' and '2025-04-15' and kind != 'definition'", " where day >= '2022-01-01' and kind != 'definition'", days[3]},
		// The old one has milestones of accounts that have paid only.
		{"account_timeline", " where not startsWith(kind, 'milestone') or account_id in (select account_id from account_days where day = '2025-04-15')", "", days[3]},
	} {
		t.Run(c2.view, func(t *testing.T) {
			from, done := reading(t, old, catalogue, c2.known)
			defer done()
			q, _ := catalogue.Get(c2.view)
			names := make([]string, len(q.Columns))
			for i, column := range q.Columns {
				names[i] = column.Name
			}
			rows := func(c driver.Conn, source string) (lines []string) {
				if err := c.QueryRow(t.Context(), "select arraySort(groupArray(formatRowNoNewline('TabSeparated', "+strings.Join(names, ", ")+"))) from "+source).Scan(&lines); err != nil {
					t.Fatal(err)
				}
				return lines
			}
			same(t, "the day as a column", map[string][]string{c2.view: rows(old, from(c2.view)+c2.old)}, map[string][]string{c2.view: rows(c, c2.view+c2.where)})
		})
	}
}
