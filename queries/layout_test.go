package queries_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"

	"cskpi/exporter/refresh"
	"cskpi/queries"
)

// withFacts is a database with these facts, and usage rolled up.
func withFacts(t *testing.T, facts []fact) (driver.Conn, queries.Layout) {
	t.Helper()
	c, layout := database(t)
	storeFacts(t, c, facts, 1000)
	rollUp(t, c)
	return c, layout
}

// laidOut is one in which some days are computed.
func laidOut(t *testing.T, facts []fact, days []day, zone string) (driver.Conn, queries.Layout, *refresh.Refresher) {
	t.Helper()
	c, layout := withFacts(t, facts)
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

// storedFact is a table of facts, or of usage rolled up: its name without stored_, and its columns.
type storedFact struct{ name, columns string }

func storedFacts(t *testing.T, c driver.Conn) (all []storedFact) {
	t.Helper()
	for _, row := range table(t, c, []string{"substring(table, 8)", "arrayStringConcat(groupArray(name), ', ')"}, `(
		select table, name
		from system.columns
		where database = currentDatabase() and startsWith(table, 'stored_') and default_kind != 'MATERIALIZED'
			and (table in (select table from system.columns where database = currentDatabase() and name = 'ingested_at') or match(table, '^stored_usage_(user_days|account_days|accounts|totals|conflicts|ahead|people)$'))
		order by table, position) group by table order by table`) {
		all = append(all, storedFact{row[0], row[1]})
	}
	return all
}

// ownPeople are the CSMs of a world: one who leaves, one whose name changes, one who is called by an address, and two of one name.
func ownPeople() []fact {
	said := func(id, name, email, other string, until, on day) fact {
		return newFact("staff", on, id, name, email, other, until, "hr", on.time().Add(9*time.Hour))
	}
	return []fact{
		said("1", "Kim", "", "", never, date(2023, 1, 1)), said("1", "Kim", "", "", date(2024, 3, 1), date(2024, 2, 20)),
		said("2", "Lee", "", "", never, date(2023, 1, 1)), said("2", "Moss", "", "", never, date(2024, 2, 25)),
		said("3", "Ada Hill", "ada", "", never, date(2024, 3, 5)),
		said("4", "Zoe", "", "", never, date(2023, 1, 1)), said("5", "Zoe", "", "", never, date(2024, 3, 2)),
	}
}

// ofTheirDays are the views whose day is the one that a row is about, rather than the one by which it was known.
var ofTheirDays = []string{"account_timeline", "annotations", "kpi_history", "kpi_restatements", "kpi_told"}

// namesWithIDs are usage events with an id in their names, as the check ids_in_event_names looks for.
func namesWithIDs(on day) []fact {
	var facts []fact
	at := on.time().Add(3 * time.Hour)
	for i := range 60 {
		facts = append(facts, newFact("usage_events", on, fmt.Sprint("named", i), "a01", "u1", fmt.Sprint("open report ", i), at, "{}", false, "app", at))
	}
	return facts
}

// mistakes are what the checks of imports look for, with facts dated from autumn 2024 on that show some of it to be right.
func mistakes() []fact {
	named := func(id, name string, on day) fact {
		return accountFact(account{id: id, name: name, createdOn: date(2023, 1, 1), source: "import", updatedAt: on.time()})
	}
	sold := func(id, product, acv string, startsOn, endsBefore day, renewedFrom string) contract {
		return contract{id: id, account: "twin-1", product: product, acv: decimal.RequireFromString(acv), startsOn: startsOn, endsBefore: endsBefore, renewedFrom: renewedFrom, noticeOn: never, source: "import", updatedAt: epoch}
	}
	free := sold("m5", "d", "0", date(2024, 5, 1), never, "m4")
	changed := sold("m6", "e", "0", date(2024, 4, 1), date(2025, 3, 31), "")
	changed.validFrom = date(2024, 10, 1)
	cancelled := sold("m4", "d", "1000", date(2024, 1, 1), never, "")
	cancelled.noticeOn, cancelled.updatedAt = date(2024, 12, 1), epoch.Add(time.Hour)
	facts := []fact{
		newFact("settings", 0, "arr_jump_ratio", "", day(0), "0.01", "import", epoch),
		named("twin-1", "Twin Inc.", date(2023, 1, 1)), named("twin-2", "twin inc", date(2024, 2, 1)), named("twin-2", "Other", date(2024, 11, 1)),
	}
	for _, c := range []contract{
		sold("m1", "a", "1000", date(2022, 2, 1), date(2023, 1, 31), ""), sold("m2", "a", "1000", date(2023, 2, 1), never, "m1"),
		sold("m3", "b", "1000", date(2024, 3, 1), date(2025, 2, 28), ""), sold("m7", "b", "1000", date(2025, 2, 28), never, "m3"),
		sold("m4", "d", "1000", date(2024, 1, 1), never, ""), free, cancelled,
		sold("m6", "e", "1000", date(2024, 4, 1), date(2025, 3, 31), ""), changed,
	} {
		facts = append(facts, contractFact(c))
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
			add("surveys", id, a, "u9", "nps", d.IntN(13), first.time(), 0)
			add("value_reviews", id, a, first, "better", 0.25, true)
		}
	}
	return facts
}

// TestLayoutReads: a column that array join unfolds is no table, even if one has its name, as days and features have.
func TestLayoutReads(t *testing.T) {
	layout := builtinLayout(t)
	if facts := layout.Facts("usage_days"); !slices.Equal(facts, []string{"usage_account_days", "usage_accounts", "usage_user_days"}) {
		t.Errorf("usage_days stands on %q", facts)
	}
	if next := layout.Next("freshness_days"); len(next) > 0 {
		t.Errorf("freshness_days reads %v", next)
	}
	if next := layout.Next("signal_days"); !slices.Equal(next["usage_days"], []int{0, 28, 29}) || !slices.Equal(next["opportunity_spans"], []int{0}) {
		t.Errorf("signal_days reads %v", next)
	}
}

// TestLayoutLooksBack: distances are those of the layer that is read, by way of views too, and tell on which day a fact counts first.
func TestLayoutLooksBack(t *testing.T) {
	layout := builtinLayout(t)
	next := layout.Next("backtest_days")
	if !slices.Equal(next["health_days"], []int{90, 180}) || !slices.Equal(next["account_days"], []int{0, 90, 180}) || !slices.Equal(next["policy_days"], []int{0}) {
		t.Errorf("backtest_days reads %v", next)
	}
	if all := layout.Distances("health_backtest"); !slices.Equal(all["touch_days"], []int{90, 180}) {
		t.Errorf("health_backtest stands on touch_days of %v days before", all["touch_days"])
	}
	for fact, want := range map[string]int{"touchpoints": 90, "contracts": 0} {
		if days, found := layout.Lag("backtest_days", fact); !found || days != want {
			t.Errorf("%s count in backtest_days %d days later (%v), want %d", fact, days, found, want)
		}
	}
	if days, found := layout.Lag("account_days", "tickets"); found {
		t.Errorf("account_days stands on tickets, %d days later", days)
	}
}

// TestBackIsComplete: a view that reads another one some days earlier says so, and also where it reads it on the same day besides; else those days would
// not be computed, and the view would read them as days without rows.
func TestBackIsComplete(t *testing.T) {
	layout := builtinLayout(t)
	shifted := regexp.MustCompile(`(?s)select day \+ (\d+) as day\b.*?\bfrom (\w+)`)
	named := regexp.MustCompile(`\b(?:from|join) (\w+)`)
	views := 0
	for _, v := range layout.Views {
		reads := map[string][]int{}
		for _, m := range shifted.FindAllStringSubmatch(v.SQL, -1) {
			days, _ := strconv.Atoi(m[1])
			reads[m[2]] = append(reads[m[2]], days)
		}
		if len(reads) > 0 {
			views++
		}
		for _, m := range named.FindAllStringSubmatch(shifted.ReplaceAllString(v.SQL, ""), -1) {
			reads[m[1]] = append(reads[m[1]], 0)
		}
		for name, days := range reads {
			said := v.Back[name]
			if said == nil {
				said = []int{0}
			}
			slices.Sort(days)
			if days = slices.Compact(days); layout.SQL(name) != "" && !slices.Equal(days, slices.Sorted(slices.Values(said))) {
				t.Errorf("%s reads %s %v days before, and Back: says %v", v.File, name, days, said)
			}
		}
	}
	if views < 4 {
		t.Errorf("%d views look back; the test does not see them", views)
	}
}

// TestNobodyReadsEvents: the cost of a query must not grow with the number of events, so only the roll-up reads them.
func TestNobodyReadsEvents(t *testing.T) {
	catalogue, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range catalogue {
		if !q.Function && q.Reads("stored_usage_events") {
			t.Errorf("%s reads stored_usage_events, itself or through what it stands on; read what queries/rollup makes of them", q.File)
		}
	}
	for name, want := range map[string]bool{"usage": true, "freshness": true, "arr": false} {
		if q, _ := catalogue.Get(name); q.Reads("stored_usage_account") != want {
			t.Errorf("%s reads usage: got %v", name, !want)
		}
	}
}
