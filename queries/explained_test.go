package queries_test

import (
	"fmt"
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/queries"
)

// isRatio finds ratios and their bounds, which are no sums: they are held to their parts instead.
var isRatio = regexp.MustCompile(`(^|_)ratio(_lower|_upper)?$`)

// isQuantile finds quantiles, which are no sums either: a detail has the values as facts.
var isQuantile = regexp.MustCompile(`(^|_)p\d\d(_|$)`)

// noSums are the other gauges that no rows can add up to, and why.
var noSums = map[string]string{
	"churn_reasons.lost_accounts":                "all that left in the year, for every reason the same",
	"csm_capacity.max_accounts":                  "the largest of the rows' accounts",
	"efficiency.lifetime_value":                  "a quotient of two ratios, whose parts are all there",
	"freshness.latest_timestamp_seconds":         "the latest of the rows' latest_at",
	"features.eligible_accounts":                 "the paying accounts, for every feature the same",
	"features.eligible_users":                    "their users, for every feature the same",
	"health_backtest.auc":                        "a share of pairs of rows; TestHealthSecondOpinion counts them",
	"health_backtest.auc_lower":                  "as the AUC",
	"health_backtest.auc_upper":                  "as the AUC",
	"health_backtest.worst_decile_lift":          "of the rows with the lowest scores; TestHealthSecondOpinion counts them",
	"health_dimensions.mean_score":               "the mean of the rows' scores",
	"health_score.mean_score":                    "the mean of the rows' scores",
	"usage_quantities.mean_value":                "value over events, which are both there",
	"usage_quantities.largest_value":             "the largest of the rows'",
	"coverage_gaps.left_seconds":                 "that of the one row of a named account",
	"health_declines.points":                     "that of the one row of a named account",
	"health_declines.score":                      "that of the one row of a named account",
	"power_user_curve.mau_users":                 "the users on any number of days, for every number the same",
	"risk_accounts.renewal_seconds":              "that of the one row of a named account",
	"risk_accounts.score":                        "that of the one row of a named account",
	"tickets.accounts":                           "the paying accounts, for every severity the same",
	"onboarding_cohorts.reached_mean_seconds":    "the mean of the rows' seconds",
	"onboarding_cohorts.restricted_mean_seconds": "an estimate; TestCustomersSecondOpinion has it",
	"onboarding_steps.oldest_seconds":            "the largest of the rows' seconds",
	"survival.ratio":                             "an estimate, no quotient; TestCustomersSecondOpinion and TestKaplanMeier have it",
	"survival.restricted_mean_seconds":           "an estimate; TestCustomersSecondOpinion has it",
	"survival.restricted_mean_lower_seconds":     "as that",
	"survival.restricted_mean_upper_seconds":     "as that",
}

// parts are what a ratio is of. It is null where the whole is zero.
type parts struct{ part, whole string }

// ratios are the gauges that are not one gauge of their KPI over another: what they are instead.
var ratios = map[string]parts{
	"csm_capacity.accounts_per_csm":     {"accounts", "csms"},
	"csm_capacity.arr_per_csm":          {"arr", "csms"},
	"efficiency.arr_growth_ratio":       {"closing_arr - opening_arr", "opening_arr"},
	"nps.score":                         {"100 * (toInt64(promoters) - toInt64(detractors))", "responses"},
	"pipeline_quality.win_ratio":        {"won", "won + lost"},
	"pipeline_quality_by_csm.win_ratio": {"won", "won + lost"},
	"revenue_churn.gross_ratio":         {"lost_arr + contracted_arr", "opening_arr"},
	"revenue_churn.net_ratio":           {"lost_arr + contracted_arr - expanded_arr", "opening_arr"},
	"usage.stickiness_ratio":            {"daily_users", "28 * mau_users"},
}

// ratiosAreOfParts: every ratio is one gauge of its KPI over another on all rows, or what ratios says, but for estimates in noSums; it is null where
// and only where the whole is zero; and its bounds are the Wilson bounds of the same two. A row is the KPI's labels and gauges.
func ratiosAreOfParts(t *testing.T, c driver.Conn, kpi queries.Query, rows [][]string, from func(string) string) {
	var names []string
	for _, g := range kpi.Of(queries.Gauge) {
		names = append(names, g.Name)
	}
	labels := len(kpi.Of(queries.Label))
	gauges := make([][]string, len(rows))
	for i, row := range rows {
		gauges[i] = row[labels:]
	}
	var pairs []string // a column, and the formula that it is to be
	for i, name := range names {
		q, made := ratios[kpi.Name+"."+name]
		if !made && (!strings.HasSuffix(name, "ratio") || isQuantile.MatchString(name) || noSums[kpi.Name+"."+name] != "") {
			continue
		}
		if !slices.ContainsFunc(gauges, func(row []string) bool { return row[i] != "null" }) {
			t.Errorf("%s.%s is undefined everywhere: the law says nothing", kpi.Name, name)
			continue
		}
		if !made {
			var found bool
			if q, found = partsOf(t, names, gauges, i); !found {
				t.Errorf("%s.%s is no quotient of two of its gauges %v; if it is made of them otherwise, say how in ratios", kpi.Name, name, names)
				continue
			}
		}
		for column, formula := range map[string]string{name: "cs_ratio", name + "_lower": "cs_wilson_lower", name + "_upper": "cs_wilson_upper"} {
			if slices.Contains(names, column) {
				pairs = append(pairs, column, formula+"("+q.part+", "+q.whole+")")
			}
		}
	}
	if len(pairs) == 0 {
		return
	}
	for _, cells := range table(t, c, pairs, from(kpi.Name)) {
		for i := 0; i < len(pairs); i += 2 {
			if !near(cells[i], number64(t, cells[i+1])) {
				t.Errorf("%s.%s is %s, but %s is %s", kpi.Name, pairs[i], cells[i], pairs[i+1], cells[i+1])
			}
		}
	}
}

// near reports whether a cell is a number, but for the last digits of a float; null is NaN.
func near(cell string, want float64) bool {
	if cell == "null" || math.IsNaN(want) {
		return cell == "null" && math.IsNaN(want)
	}
	var got float64
	if _, err := fmt.Sscan(cell, &got); err != nil {
		return false
	}
	return math.Abs(got-want) <= 1e-12*max(1, math.Abs(want))
}

// partsOf finds the two columns of which column i is the ratio in each row.
func partsOf(t *testing.T, names []string, rows [][]string, i int) (q parts, found bool) {
	for p := range names {
		for w := range names {
			if p == w || isRatio.MatchString(names[p]) || isRatio.MatchString(names[w]) {
				continue
			}
			fits := true
			for _, row := range rows {
				ratio := math.NaN()
				if whole := number64(t, row[w]); whole != 0 {
					ratio = number64(t, row[p]) / whole
				}
				fits = fits && near(row[i], ratio)
			}
			if fits {
				return parts{names[p], names[w]}, true
			}
		}
	}
	return parts{}, false
}
