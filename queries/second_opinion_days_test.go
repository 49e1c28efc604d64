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

// viewOf is the view of a KPI, whose name a table of facts may have.
func viewOf(layout queries.Layout, name string) string {
	if layout.SQL(name+"_kpi") != "" {
		return name + "_kpi"
	}
	return name
}

// opinionByDay computes what some views need for a day, and asks the naive implementation about the same world.
func opinionByDay(t testing.TB, c driver.Conn, layout queries.Layout, w world, asOf day, views string) opinion {
	t.Helper()
	naive := newNaive(w, asOf)
	naive.byDay = true
	for view := range strings.FieldsSeq(views) {
		if layout.SQL(viewOf(layout, view)) == "" {
			t.Fatalf("there is no view %s", view)
		}
		views += " " + viewOf(layout, view)
	}
	newComputer(c, layout).compute(t, views, []time.Time{asOf.time()}, asOf.time())
	from := func(view string) string {
		return "(select * from " + viewOf(layout, view) + " where day = '" + asOf.String() + "')"
	}
	return opinion{t, c, from, naive}
}

// TestSecondOpinionByDay compares what the views say of random companies with what the naive implementation says: decimals exactly, by
// account where there is a detail; the KPIs' floats with the float next to the exact number.
//
//	go test ./queries -run SecondOpinionByDay -companies 50 -timeout 2h
func TestSecondOpinionByDay(t *testing.T) {
	days := map[time.Month][]day{
		time.January: {date(2024, 2, 29), date(2025, 1, 1), date(2022, 3, 31), date(2025, 8, 17), date(2024, 12, 31)},
		time.April:   {date(2025, 2, 28), date(2024, 4, 1), date(2025, 3, 30), date(2024, 3, 31), date(2023, 5, 31)},
	}
	for seed := range *companies {
		start := []time.Month{1, 4}[seed%2]
		for i := range 2 {
			asOf := days[start][(seed/2*3%5+i)%5]
			t.Run(fmt.Sprintf("seed=%d/%s", seed, asOf), func(t *testing.T) {
				t.Parallel()
				c, layout := database(t)
				opinionOnRevenue(t, c, layout, uint64(seed), start, asOf)
			})
		}
	}
}

func opinionOnRevenue(t testing.TB, c driver.Conn, layout queries.Layout, seed uint64, start time.Month, asOf day) {
	t.Helper()
	w := randomWorld(seed, start).withChanges(seed)
	storeByDay(t, c, w.facts(), 1000)
	o := opinionByDay(t, c, layout, w, asOf, "arr arr_movements expansion arr_bridge nrr grr logo_churn revenue_churn segment_migrations efficiency nrr_definitions churn_reasons cohorts")
	o.states()
	o.windows()
	o.definitions()
	o.churn()
	o.cohorts()
}

// TestSecondOpinionOnGrowthByDay compares pipeline, surveys and tickets of random companies with the naive implementation.
func TestSecondOpinionOnGrowthByDay(t *testing.T) {
	for seed, asOf := range []day{date(2024, 8, 31), date(2025, 2, 28)} {
		t.Run(fmt.Sprintf("seed=%d/%s", seed, asOf), func(t *testing.T) {
			t.Parallel()
			c, layout := database(t)
			opinionOnGrowth(t, c, layout, uint64(seed), asOf)
		})
	}
}

func opinionOnGrowth(t testing.TB, c driver.Conn, layout queries.Layout, seed uint64, asOf day) {
	t.Helper()
	w := randomWorld(seed, 4).withChanges(seed)
	g := randomGrowth(w, seed)
	storeByDay(t, c, append(w.facts(), g.facts()...), 1000)
	o := opinionByDay(t, c, layout, w, asOf, "pipegen pipegen_by_csm pipeline_quality nps csat tickets")
	o.pipeline(g)
	o.voice(g)
	o.support(g)
}

// TestCustomersSecondOpinionByDay compares coverage, onboarding and time to use of random companies with the naive implementation.
func TestCustomersSecondOpinionByDay(t *testing.T) {
	for seed := range uint64(max(2, *companies)) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			c, layout := database(t)
			opinionOnCustomers(t, c, layout, seed)
		})
	}
}

func opinionOnCustomers(t testing.TB, c driver.Conn, layout queries.Layout, seed uint64) {
	t.Helper()
	asOf := pick(newDice(seed+100), date(2024, 2, 29), date(2024, 12, 31), date(2023, 6, 30), date(2025, 3, 31))
	w := randomWorld(seed+20, time.April).withChanges(seed)
	facts := randomCustomers(newDice(seed+40), w, asOf)
	storeByDay(t, c, slices.Concat(w.facts(), facts.facts()), 1000)
	exec(t, c, "insert into stored_"+facts.usageRows())
	o := opinionByDay(t, c, layout, w, asOf, "coverage onboarding time_to_use")
	o.coverage(facts)
	o.onboarding(facts)
}

// TestHealthSecondOpinionByDay compares health, risk and the backtest of random companies with the naive implementation.
func TestHealthSecondOpinionByDay(t *testing.T) {
	for seed := range uint64(max(1, *companies/2)) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			c, layout := database(t)
			opinionOnHealth(t, c, layout, seed)
		})
	}
}

func opinionOnHealth(t testing.TB, c driver.Conn, layout queries.Layout, seed uint64) {
	t.Helper()
	d := newDice(seed + 200)
	asOf := pick(d, date(2024, 12, 31), date(2024, 9, 30), date(2025, 3, 31), date(2024, 7, 1))
	w := randomWorld(seed+60, time.April)
	b := randomWellbeing(d, w, asOf)
	storeByDay(t, c, slices.Concat(w.facts(), b.facts()), 2000)
	exec(t, c, "insert into stored_"+b.settingRows())
	rollUpStored(t, c)
	o := opinionByDay(t, c, layout, w, asOf, "health account_health_drivers health_changes risk risk_accounts csm_load health_backtest health_backtest_bands")
	o.health(b)
	o.backtest(b)
}

// TestKaplanMeierByDay compares time to use with published examples, with accounts for patients and days for weeks.
func TestKaplanMeierByDay(t *testing.T) {
	t.Parallel()
	c, layout := database(t)
	asOf := date(2024, 12, 31)
	for _, examples := range publishedExamples {
		truncateAll(t, c)
		contracts, milestones, usage := factsOfExamples(examples, asOf)
		exec(t, c, "insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values "+contracts)
		exec(t, c, "insert into stored_milestones (account_id, milestone, reached_on) values "+milestones)
		exec(t, c, "insert into stored_usage_account_days (account_id, day, active_users, version) values "+usage)
		o := opinionByDay(t, c, layout, world{}, asOf, "time_to_use time_to_use_curve")
		compareWithPublished(t, c, examples, o.from)
	}
}
