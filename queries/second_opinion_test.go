package queries_test

import (
	"flag"
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

// companies is how many random companies the naive implementation is asked about.
var companies = flag.Int("companies", 2, "random companies that TestSecondOpinion compares; each has its seed")

// opinion holds the views of a day against the naive implementation.
type opinion struct {
	t     testing.TB
	c     driver.Conn
	from  func(view string) string
	naive *naive
}

// Values that a view is to have: a decimal.Decimal must be equal, a ratio nearly so, an int64 and a string equal.
type (
	nearest    struct{ decimal.Decimal } // the float next to a decimal
	ratio      float64                   // a quotient of floats
	thousandth float64                   // rounded to thousandths
	undefined  struct{}                  // null
)

// divided is a ratio of decimals, undefined where there is nothing to divide by.
func divided(a, b decimal.Decimal) any {
	if b.IsZero() {
		return undefined{}
	}
	return ratio(quotient(a, b))
}

// agrees reports whether a cell, as text, has the value.
func agrees(got string, want any) bool {
	switch want := want.(type) {
	case decimal.Decimal:
		d, err := decimal.NewFromString(got)
		return err == nil && d.Equal(want)
	case nearest:
		f, err := strconv.ParseFloat(got, 64)
		return err == nil && f == want.InexactFloat64()
	case ratio:
		f, err := strconv.ParseFloat(got, 64)
		return err == nil && math.Abs(f-float64(want)) <= 1e-12*max(1, math.Abs(float64(want)))
	case thousandth:
		f, err := strconv.ParseFloat(got, 64)
		return err == nil && math.Abs(f-float64(want)) <= 2e-3
	case int64:
		return got == strconv.FormatInt(want, 10)
	case string:
		return got == want
	case undefined:
		return got == "null"
	}
	return false
}

// compare holds a view's rows against those wanted, by their keys: keys and values are columns or expressions, and the
// keys of a wanted row are joined by spaces. A row that one side lacks must be all zero or undefined on the other.
func (o opinion) compare(view, keys, values string, want map[string][]any) {
	o.t.Helper()
	keyColumns, valueColumns := strings.Fields(keys), strings.Fields(values)
	from := o.from(view)
	if strings.Contains(values, "sum(") {
		from += " group by " + strings.Join(keyColumns, ", ")
	}
	seen := map[string]bool{}
	complaints := 0
	complain := func(key, format string, args ...any) {
		if complaints++; complaints > 3 {
			return
		}
		o.t.Errorf("%s [%s]: "+format+"%s", slices.Concat([]any{view, key}, args, []any{o.story(key)})...)
	}
	for _, cells := range table(o.t, o.c, slices.Concat(keyColumns, valueColumns), from) {
		key, got := strings.Join(cells[:len(keyColumns)], " "), cells[len(keyColumns):]
		if seen[key] {
			complain(key, "two rows")
		}
		seen[key] = true
		wanted, found := want[key]
		if !found {
			for i, cell := range got {
				if cell != "0" && cell != "null" {
					complain(key, "%s is %s, but no such row is wanted", valueColumns[i], cell)
				}
			}
			continue
		}
		for i, cell := range got {
			if !agrees(cell, wanted[i]) {
				complain(key, "%s is %s, want %v", valueColumns[i], cell, wanted[i])
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if !seen[key] && slices.ContainsFunc(want[key], func(v any) bool { return !agrees("0", v) && !agrees("null", v) }) {
			complain(key, "no row, want %v", want[key])
		}
	}
	if complaints > 3 {
		o.t.Errorf("%s: %d further differences", view, complaints-3)
	}
}

// story are the contracts of the account that a key names.
func (o opinion) story(key string) string {
	var b strings.Builder
	for word := range strings.FieldsSeq(key) {
		for _, c := range o.naive.contracts[word] {
			fmt.Fprintf(&b, "\n\t%s/%s %s [%s, %s) %s %s %q/%q %s", c.source, c.id, word, c.startsOn, text(c.endsBefore), c.acv, c.currency, c.product, c.department, c.kind)
			for name, d := range map[string]day{"replaced": c.replacedOn, "notice": c.noticeOn} {
				if d != never {
					fmt.Fprintf(&b, " %s %s", name, d)
				}
			}
			if c.isTrial {
				b.WriteString(" trial")
			}
			if c.cancelReason != "" {
				b.WriteString(" reason " + c.cancelReason)
			}
		}
	}
	return b.String()
}

func text(d day) string {
	if d == never {
		return "open"
	}
	return d.String()
}

var segments = []string{"high", "low", "tech"}

// states compares arr.
func (o opinion) states() {
	o.t.Helper()
	detail, kpi := map[string][]any{}, map[string][]any{}
	for _, segment := range segments {
		var amount, contracted decimal.Decimal
		var accounts, seats int64
		for _, s := range o.naive.states() {
			if s.segment == segment {
				detail[s.account+" "+segment] = []any{s.amount, s.contracted, int64(1), s.seats}
				amount, contracted = amount.Add(s.amount), contracted.Add(s.contracted)
				accounts++
				seats += s.seats
			}
		}
		kpi[segment] = []any{nearest{amount}, nearest{contracted}, accounts, seats}
	}
	o.compare("arr_detail", "account_id segment", "sum(amount) sum(contracted_amount) sum(accounts) sum(seats)", detail)
	o.compare("arr", "segment", "amount contracted_amount accounts seats", kpi)
}

// windows compares what is counted over the trailing windows.
func (o opinion) windows() {
	o.t.Helper()
	type rows = map[string][]any
	movementsDetail, movements, expansionDetail, bridge := rows{}, rows{}, rows{}, rows{}
	accounts, nrr, grr, logos, revenue, migrations, efficiency := rows{}, rows{}, rows{}, rows{}, rows{}, rows{}, rows{}
	for _, window := range o.naive.windows() {
		changes := o.naive.changes(window)
		var reported, closing decimal.Decimal
		for _, c := range changes {
			key := strings.Join([]string{c.segment, window.name, c.account}, " ")
			accounts[key] = []any{c.opening, c.closing, c.reported}
			reported, closing = reported.Add(c.reported), closing.Add(c.closing)
			for movement, amount := range c.movements {
				lines := c.lines
				if movement == "currency" {
					lines = c.currency
				}
				for l, amount := range lines {
					if !amount.IsZero() {
						movementsDetail[strings.Join([]string{c.segment, window.name, movement, c.account, l.product, l.department}, " ")] = []any{amount}
					}
				}
				if movement == "expansion" {
					expansionDetail[key] = []any{amount}
				}
			}
			if to := o.naive.segment(c.closing); c.paidAtStart && c.pays && to != c.segment {
				k := c.segment + " " + to + " " + window.name
				if migrations[k] == nil {
					migrations[k] = []any{int64(0), nearest{}, nearest{}}
				}
				m := migrations[k]
				migrations[k] = []any{m[0].(int64) + 1, nearest{m[1].(nearest).Add(c.opening)}, nearest{m[2].(nearest).Add(c.closing)}}
			}
		}
		// The opening is what was said on its day, by that day's grace; policy_change is what a change of it since makes, and nothing remains.
		var opening decimal.Decimal
		for _, s := range newNaive(o.naive.world, window.opens).states() {
			opening = opening.Add(s.amount)
		}
		bridge[window.name] = []any{nearest{opening}, nearest{closing}, nearest{opening.Sub(reported)}, int64(0), int64(0)}
		for _, segment := range segments {
			key := segment + " " + window.name
			var r retention
			sums, counts := map[string]decimal.Decimal{}, map[string]int64{}
			for _, c := range changes {
				if c.segment != segment {
					continue
				}
				r.add(c)
				for movement, amount := range c.movements {
					sums[movement] = sums[movement].Add(amount)
					counts[movement]++
				}
			}
			for _, movement := range []string{"new", "expansion", "contraction", "churn", "reactivation", "currency"} {
				movements[key+" "+movement] = []any{nearest{sums[movement]}, counts[movement]}
			}
			nrr[key] = []any{divided(r.closing, r.opening), nearest{r.opening}, nearest{r.closing}, r.accounts}
			grr[key] = []any{divided(r.retained, r.opening), nearest{r.opening}, nearest{r.retained}}
			logos[key] = []any{undefined{}, undefined{}, undefined{}, r.accounts, r.lost}
			if r.accounts > 0 {
				lower, upper := wilson(r.lost, r.accounts)
				logos[key] = []any{ratio(float64(r.lost) / float64(r.accounts)), ratio(lower), ratio(upper), r.accounts, r.lost}
			}
			revenue[key] = []any{
				divided(r.churned.Add(r.downsold), r.opening), divided(r.opening.Sub(r.closing), r.opening),
				nearest{r.opening}, nearest{r.churned}, nearest{r.downsold}, nearest{r.closing.Sub(r.retained)},
			}
		}
		if window.months == 12 {
			var gained, lost, opening decimal.Decimal
			var r retention
			paying := int64(0)
			for _, c := range changes {
				r.add(c)
				opening = opening.Add(c.opening)
				if c.pays {
					paying++
				}
				gained = gained.Add(c.movements["new"]).Add(c.movements["expansion"]).Add(c.movements["reactivation"])
				lost = lost.Sub(c.movements["contraction"]).Sub(c.movements["churn"])
			}
			// ARR per account over annual logo churn.
			lifetime := divided(closing.Mul(decimal.NewFromInt(r.accounts)), decimal.NewFromInt(paying*r.lost))
			efficiency[""] = []any{
				divided(gained, lost), lifetime, divided(closing.Sub(opening), opening),
				nearest{gained}, nearest{lost}, nearest{opening}, nearest{closing}, r.accounts, r.lost, paying,
			}
		}
	}
	o.compare("account_windows", "segment window account_id", "opening closing reported", accounts)
	o.compare("arr_movements_detail", "segment window movement account_id product department", "amount", movementsDetail)
	o.compare("arr_movements", "segment window movement", "amount accounts", movements)
	o.compare("arr_bridge", "window", "opening closing policy_change unvalued residual", bridge)
	o.compare("expansion_detail", "segment window account_id", "sum(amount)", expansionDetail)
	o.compare("nrr", "segment window", "ratio opening_arr closing_arr accounts", nrr)
	o.compare("grr", "segment window", "ratio opening_arr retained_arr", grr)
	o.compare("logo_churn", "segment window", "ratio ratio_lower ratio_upper opening_accounts lost_accounts", logos)
	o.compare("revenue_churn", "segment window", "gross_ratio net_ratio opening_arr lost_arr contracted_arr expanded_arr", revenue)
	o.compare("segment_migrations", "segment to_segment window", "accounts opening_arr closing_arr", migrations)
	o.compare("efficiency", "", "quick_ratio lifetime_value arr_growth_ratio gained_arr lost_arr opening_arr closing_arr opening_accounts lost_accounts accounts", efficiency)
}

// definitions compares the three definitions of net revenue retention.
func (o opinion) definitions() {
	o.t.Helper()
	want := map[string][]any{}
	for _, window := range o.naive.windows()[:3] {
		var r retention
		var reported, moved decimal.Decimal
		for _, c := range o.naive.changes(window) {
			r.add(c)
			reported = reported.Add(c.reported)
			moved = moved.Add(c.reported)
			for movement, amount := range c.movements {
				if movement != "new" {
					moved = moved.Add(amount)
				}
			}
		}
		want[window.name+" cohort"] = []any{divided(r.closing, r.opening), nearest{r.opening}}
		want[window.name+" movement"] = []any{divided(moved, reported), nearest{reported}}
		want[window.name+" chained"] = []any{undefined{}, nearest{r.opening}}
		if chained, defined := o.naive.chained(window.months); defined {
			want[window.name+" chained"][0] = ratio(chained)
		}
	}
	o.compare("nrr_definitions", "window definition", "ratio opening_arr", want)
}

// churn compares when accounts left and why.
func (o opinion) churn() {
	o.t.Helper()
	events, reasons := map[string][]any{}, map[string][]any{}
	type left struct {
		accounts int64
		arr      decimal.Decimal
	}
	sums := map[string]left{}
	_, current := o.naive.fiscalYear(o.naive.asOf)
	for _, e := range o.naive.churnEvents() {
		year := fmt.Sprintf("FY%02d", e.fiscalYear%100)
		events[e.account+" "+e.on.String()] = []any{year, e.reason, e.arr, int64(1)}
		if e.fiscalYear > current-5 {
			key := year + " " + e.reason
			sums[key] = left{sums[key].accounts + 1, sums[key].arr.Add(e.arr)}
		}
	}
	for key, s := range sums {
		reasons[key] = []any{s.accounts, nearest{s.arr}}
	}
	o.compare("churn_events", "account_id churned_on", "fiscal_year reason arr accounts", events)
	o.compare("churn_reasons", "fiscal_year reason", "accounts arr", reasons)
}

// cohorts compares what is left of each quarter's new accounts.
func (o opinion) cohorts() {
	o.t.Helper()
	want := map[string][]any{}
	for _, c := range o.naive.cohorts() {
		want[fmt.Sprint(c.name, " ", c.age)] = []any{
			ratio(float64(c.remaining) / float64(c.accounts)), divided(c.left, c.opening), c.accounts, c.remaining, nearest{c.opening}, nearest{c.left},
		}
	}
	o.compare("cohorts", "cohort age_months", "logo_ratio arr_ratio accounts remaining_accounts opening_arr remaining_arr", want)
}

// TestNearestFloat: cs_float gives the float next to a decimal or an integer, whatever its digits.
func TestNearestFloat(t *testing.T) {
	c, _ := installed(t)
	d := newDice(8)
	for _, kind := range []struct {
		name   string
		digits int32
	}{{"Decimal(18, 4)", 4}, {"Decimal(38, 12)", 12}, {"Decimal(76, 12)", 12}, {"Int64", 0}} {
		var texts []string
		var want []float64
		for range 5000 {
			x := decimal.New(d.Int64N(1<<d.between(1, 59)), -kind.digits)
			if d.chance(50) {
				x = x.Truncate(kind.digits / 2).Neg()
			}
			texts = append(texts, "'"+x.String()+"'")
			want = append(want, nearest{x}.InexactFloat64())
		}
		var got []float64
		sql := "select arrayMap(x -> assumeNotNull(cs_float(cast(x, '" + kind.name + "'))), [" + strings.Join(texts, ", ") + "])"
		if err := c.QueryRow(t.Context(), sql).Scan(&got); err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if got[i] != want[i] {
				t.Errorf("cs_float of the %s %s is %v", kind.name, texts[i], got[i])
			}
		}
	}
}

// viewOf is the view of a KPI, whose name a table of facts may have.
func viewOf(layout queries.Layout, name string) string {
	if layout.SQL(name+"_kpi") != "" {
		return name + "_kpi"
	}
	return name
}

// opinionOf computes what some views need for a day, and asks the naive implementation about the same world.
func opinionOf(t testing.TB, c driver.Conn, layout queries.Layout, w world, asOf day, views string) opinion {
	t.Helper()
	naive := newNaive(w, asOf)
	naive.byDay = true
	for view := range strings.FieldsSeq(views) {
		if layout.SQL(viewOf(layout, view)) == "" {
			t.Fatalf("there is no view %s", view)
		}
		views += " " + viewOf(layout, view)
	}
	newComputer(c, layout).Compute(t, views, []time.Time{asOf.time()}, asOf.time())
	from := func(view string) string {
		return "(select * from " + viewOf(layout, view) + " where day = '" + asOf.String() + "')"
	}
	return opinion{t, c, from, naive}
}

// TestSecondOpinion compares what the views say of random companies with what the naive implementation says: decimals exactly, by
// account where there is a detail; the KPIs' floats with the float next to the exact number.
//
//	go test ./queries -run SecondOpinion -companies 50 -timeout 2h
func TestSecondOpinion(t *testing.T) {
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
	storeFacts(t, c, w.facts(), 1000)
	o := opinionOf(t, c, layout, w, asOf, "arr arr_movements expansion arr_bridge nrr grr logo_churn revenue_churn segment_migrations efficiency nrr_definitions churn_reasons cohorts")
	o.states()
	o.windows()
	o.definitions()
	o.churn()
	o.cohorts()
}

// TestSecondOpinionOnGrowth compares pipeline, surveys and tickets of random companies with the naive implementation.
func TestSecondOpinionOnGrowth(t *testing.T) {
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
	storeFacts(t, c, append(w.facts(), g.facts()...), 1000)
	rollUp(t, c)
	o := opinionOf(t, c, layout, w, asOf, "pipegen pipegen_by_csm pipeline_quality nps csat tickets")
	o.pipeline(g)
	o.voice(g)
	o.support(g)
}

// TestCustomersSecondOpinion compares coverage, onboarding and time to use of random companies with the naive implementation.
func TestCustomersSecondOpinion(t *testing.T) {
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
	storeFacts(t, c, slices.Concat(w.facts(), facts.facts()), 1000)
	exec(t, c, "insert into stored_"+facts.usageRows())
	o := opinionOf(t, c, layout, w, asOf, "coverage onboarding time_to_use time_to_event survival onboarding_cohorts onboarding_completion onboarding_steps")
	o.coverage(facts)
	o.onboarding(facts)
	o.survival(facts)
}

// TestHealthSecondOpinion compares health, risk and the backtest of random companies with the naive implementation.
func TestHealthSecondOpinion(t *testing.T) {
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
	storeFacts(t, c, slices.Concat(w.facts(), b.facts()), 2000)
	exec(t, c, "insert into stored_"+b.settingRows())
	rollUp(t, c)
	o := opinionOf(t, c, layout, w, asOf, "health account_health_drivers health_changes usage_quantities risk risk_accounts csm_load health_backtest health_backtest_bands")
	o.health(b)
	o.backtest(b)
}

// TestRestrictedMean holds the naive restricted mean to a published one: seven after 10, 15, 23, 30, 35 and 52, and one censored at 100, as Stata's
// stci and R's survfit print it.
func TestRestrictedMean(t *testing.T) {
	mean, err := restrictedMean(productLimit([]spell{{10, true}, {15, true}, {23, true}, {30, true}, {35, true}, {52, true}, {100, false}}), 100)
	const z = 1.959963984540054
	for i, got := range []float64{mean, err, mean - z*err, mean + z*err} {
		if want := []float64{37.85714, 10.73888, 16.80932, 58.90497}[i]; math.Abs(got-want) > 5.1e-6 {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

// TestKaplanMeier compares time to use with published examples, with accounts for patients and days for weeks.
func TestKaplanMeier(t *testing.T) {
	t.Parallel()
	c, layout := database(t)
	asOf := date(2024, 12, 31)
	for _, examples := range publishedExamples {
		empty(t, c)
		contracts, milestones, usage := factsOfExamples(examples, asOf)
		exec(t, c, "insert into stored_contracts (contract_id, account_id, acv, starts_on, ends_before) values "+contracts)
		exec(t, c, "insert into stored_milestones (account_id, milestone, reached_on) values "+milestones)
		exec(t, c, "insert into stored_usage_account_days (account_id, day, active_users, version) values "+usage)
		o := opinionOf(t, c, layout, world{}, asOf, "time_to_use time_to_use_curve survival survival_curve")
		compareWithPublished(t, c, examples, o.from)
	}
}
