package demo

import (
	"context"
	"math"
	"strconv"
	"time"
)

// dollars is roughly what one unit of a currency is worth; a currency that is not listed counts as a dollar.
var dollars = map[string]float64{
	"USD": 1, "EUR": 1.08, "GBP": 1.26, "CHF": 1.13, "JPY": 0.0068, "CAD": 0.73, "AUD": 0.66, "SGD": 0.75,
	"INR": 0.012, "CNY": 0.14, "KRW": 0.00073, "SEK": 0.095, "BRL": 0.19,
}

// money knows the three currencies of the company: the reporting currency and two that customers pay in.
type money struct {
	currencies [3]string
	scale      float64 // What a dollar's worth of price tag is in the reporting currency, rounded to a power of ten.
	start      day     // First day with a rate.
	rates      [3][]float64
}

func dollarsOf(currency string) float64 {
	if d, ok := dollars[currency]; ok {
		return d
	}
	return 1
}

// newMoney lets the two foreign rates drift by some 2 % a month around their base, from a year before the first
// contract, so that the first day of every fiscal year has a rate.
func newMoney(o Options, founding, last day) money {
	m := money{currencies: [3]string{o.Currency, "EUR", "JPY"}}
	for i := 1; i < 3; i++ {
		if m.currencies[i] == o.Currency {
			m.currencies[i] = "USD"
		}
	}
	m.scale = math.Pow(10, math.Round(math.Log10(1/dollarsOf(o.Currency))))
	y, month, _ := founding.addMonths(-13).time().Date()
	m.start = civil(y, month, 1)
	for i := 1; i < 3; i++ {
		chance := newDice(o.Seed, "fx "+m.currencies[i], 0)
		base, drift := m.base(i), 0.0
		for d := m.start; d <= last; d = d.addMonths(1) {
			m.rates[i] = append(m.rates[i], base*math.Exp(drift))
			drift = 0.985*drift + chance.normal(0, 0.018)
		}
	}
	return m
}

// base is the undrifted rate of the i-th currency. Prices are set by it, so that drift is never a price change.
func (m money) base(i int) float64 {
	return dollarsOf(m.currencies[i]) / dollarsOf(m.currencies[0])
}

// tag makes a price in hundredths of the i-th currency: whole yen, but cents.
func (m money) tag(i int, price float64) int64 {
	if dollarsOf(m.currencies[i]) < 0.05 {
		return max(100, 100*int64(math.Round(price)))
	}
	return max(100, int64(math.Round(100*price)))
}

// paidIn is the currency in which a region pays: Japan in yen, EMEA in euro, the rest in dollars, where those are
// among the three; else in the reporting currency.
func (m money) paidIn(geo string) int {
	want := map[string]string{"japan": "JPY", "emea": "EUR"}[geo]
	if want == "" {
		want = "USD"
	}
	for i, currency := range m.currencies {
		if currency == want {
			return i
		}
	}
	return 0
}

func (c *Company) writeRates(ctx context.Context, r *rows) error {
	for i := 1; i < 3; i++ {
		d := c.money.start
		for _, rate := range c.money.rates[i] {
			r.text("currency", c.money.currencies[i])
			r.day("day", d)
			r.decimal("rate", rate, 8)
			r.end(c.calendar.at(max(d, c.calendar.from), 6*3600))
			d = d.addMonths(1)
		}
	}
	return ctx.Err()
}

// thresholds of the touch model in the reporting currency: 100000 and 10000 dollars or euros, 10 and 1 million yen.
func (m money) thresholds() (high, low float64) { return 100_000 * m.scale, 10_000 * m.scale }

func (c *Company) writeSettings(ctx context.Context, r *rows) error {
	high, low := c.money.thresholds()
	whole := func(x float64) string { return strconv.FormatFloat(x, 'f', 0, 64) }
	for _, s := range []struct{ name, value string }{
		{"segment_high_arr", whole(high)}, {"segment_low_arr", whole(low)}, {"event_quantities", "records=records,errors=errors"},
	} {
		r.text("name", s.name)
		r.text("segment", "")
		r.text("phase", "")
		r.text("starts_on", "1970-01-01")
		r.text("value", s.value)
		r.end(c.calendar.at(c.founding, 9*3600))
	}
	return ctx.Err()
}

// targets are what the board asks for: target, warning and critical of each KPI by segment ("" is the whole
// company), and how much better it wants each of them every further year.
var targets = []struct {
	kpi, segment              string
	target, warning, critical float64
	perYear                   float64
}{
	{"nrr.ratio", "", 1.10, 1.05, 1.00, 0.01},
	{"nrr.ratio", "high", 1.15, 1.08, 1.00, 0.01},
	{"nrr.ratio", "low", 1.08, 1.02, 0.97, 0.01},
	{"nrr.ratio", "tech", 0.95, 0.90, 0.82, 0.01},
	{"grr.ratio", "", 0.91, 0.89, 0.86, 0.005},
	{"grr.ratio", "high", 0.94, 0.92, 0.89, 0.005},
	{"grr.ratio", "low", 0.89, 0.86, 0.83, 0.005},
	{"grr.ratio", "tech", 0.78, 0.74, 0.70, 0.005},
	{"logo_churn.ratio", "", 0.15, 0.17, 0.20, -0.005},
	{"logo_churn.ratio", "high", 0.04, 0.06, 0.10, -0.002},
	{"logo_churn.ratio", "low", 0.09, 0.11, 0.14, -0.005},
	{"logo_churn.ratio", "tech", 0.20, 0.24, 0.28, -0.005},
	{"renewal_rate.ratio", "", 0.90, 0.87, 0.83, 0.005},
	{"renewal_readiness.ratio", "high", 0.90, 0.75, 0.60, 0},
	{"renewal_readiness.ratio", "low", 0.60, 0.45, 0.30, 0},
	{"coverage.ratio", "high", 0.95, 0.90, 0.80, 0},
	{"coverage.ratio", "low", 0.90, 0.80, 0.70, 0},
	{"coverage.ratio", "tech", 0.70, 0.60, 0.50, 0},
	{"onboarding.on_time_ratio", "", 0.75, 0.65, 0.50, 0.02},
	{"time_to_use.p50_seconds", "", 30 * 86400, 40 * 86400, 60 * 86400, -2 * 86400},
	{"usage.stickiness_ratio", "", 0.25, 0.20, 0.15, 0},
	{"action_items.on_time_ratio", "", 0.80, 0.70, 0.60, 0},
	{"roi.verified_ratio", "high", 0.60, 0.45, 0.30, 0.02},
	{"pipeline_quality.win_ratio", "", 0.45, 0.35, 0.25, 0},
	{"land_expand.ratio", "", 0.60, 0.50, 0.35, 0},
	{"nps.score", "", 20, 10, 0, 2},
	{"csat.ratio", "", 0.80, 0.70, 0.60, 0},
	{"efficiency.arr_growth_ratio", "", 0.40, 0.30, 0.20, 0},
	{"efficiency.quick_ratio", "", 4, 3, 2, 0},
	{"retention_budget.burn_ratio", "", 1, 2, 4, 0},
	{"risk_accounts.renewal_seconds", "", 120 * 86400, 90 * 86400, 30 * 86400, 0},
	{"health_declines.points", "high", 5, 20, 35, 0},
	{"health_declines.points", "low", 5, 30, 45, 0},
	{"coverage_by_csm.ratio", "", 0.85, 0.70, 0.50, 0},
	{"onboarding_by_csm.overdue", "", 0, 4, 8, 0},
	{"time_to_use.p50_seconds", "high", 35 * 86400, 50 * 86400, 70 * 86400, 0},
	{"time_to_use.p50_seconds", "low", 30 * 86400, 40 * 86400, 60 * 86400, 0},
	{"time_to_use.p50_seconds", "tech", 30 * 86400, 40 * 86400, 60 * 86400, 0},
	{"freshness.age_seconds", "usage_events", 86400, 2 * 86400, 4 * 86400, 0}, // the segment is a table
	{"restatement.ratio", "", 0, 0.01, 0.05, 0},
	{"quality.violations", "", 0, 0, 100, 0},
}

// amounts are the targets in money, for a company that reports in dollars, and in numbers that grow with the company, for one of 400 accounts.
var amounts = []struct {
	kpi, segment              string
	target, warning, critical float64
	inMoney, ofSize           bool
}{
	{"risk.arr", "", 0, 2_500_000, 4_000_000, true, true},
	{"risk.arr", "high", 0, 1_500_000, 2_500_000, true, true},
	{"risk_accounts.arr", "high", 0, 50_000, 200_000, true, false},
	{"risk_accounts.arr", "low", 0, 25_000, 75_000, true, false},
	{"pipegen.amount", "", 2_000_000, 1_200_000, 600_000, true, true},
	{"tickets.complaints", "", 20, 40, 60, false, true},
}

// writeTargets writes a row per KPI, segment and fiscal year of the history; the board decides in the last month
// of the year before.
func (c *Company) writeTargets(ctx context.Context, r *rows) error {
	firstYear := c.fiscalYear(c.first)
	for start, year := firstYear, 0; start <= c.last; start, year = start.addMonths(12), year+1 {
		for _, t := range targets {
			shift := t.perYear * float64(year)
			r.text("kpi", t.kpi)
			r.text("segment", t.segment)
			r.day("starts_on", start)
			r.day("ends_before", start.addMonths(12))
			r.decimal("target", t.target+shift, 4)
			r.decimal("warning", t.warning+shift, 4)
			r.decimal("critical", t.critical+shift, 4)
			r.end(c.calendar.at(start-20, 15*3600))
		}
		for _, a := range amounts {
			scale := 1.0
			if a.inMoney {
				scale *= c.money.scale
			}
			if a.ofSize {
				scale *= float64(c.o.Accounts) / 400
			}
			r.text("kpi", a.kpi)
			r.text("segment", a.segment)
			r.day("starts_on", start)
			r.day("ends_before", start.addMonths(12))
			r.decimal("target", a.target*scale, 4)
			r.decimal("warning", a.warning*scale, 4)
			r.decimal("critical", a.critical*scale, 4)
			r.end(c.calendar.at(start-20, 15*3600))
		}
	}
	return ctx.Err()
}

// fiscalYear is the first day of the fiscal year that d lies in.
func (c *Company) fiscalYear(d day) day {
	y, m, _ := d.time().Date()
	if int(m) < c.o.FiscalYearStart {
		y--
	}
	return civil(y, time.Month(c.o.FiscalYearStart), 1)
}
