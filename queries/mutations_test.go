package queries_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/queries"
)

// mutations are small faults, each of which a quick test catches: a reference case, by its name, or a second opinion. Faster tests must not be weaker
// tests.
var mutations = []struct{ file, old, new, caughtBy string }{
	// A bound that is a day off.
	{"layers/account_days", "l.looked_on < s.before", "l.looked_on <= s.before", "grace"},
	{"layers/account_days", "where s.since <= l.looked_on and", "where s.since < l.looked_on and", "month_ends"},
	{"layers/policy_days", "where s.starts_on <= c.day", "where s.starts_on < c.day", "policy"},
	{"layers/policy_days", "where f.d <= p.day", "where f.d <= p.day + 1", "valuation"},
	{"layers/policy_days", "countIf(d between this_year - max_age and this_year) > 0", "countIf(d between this_year - max_age - 1 and this_year) > 0", "valuation"},
	{"layers/usage_days", "arrayMap(d -> (d + 7, -1, 0, 0)", "arrayMap(d -> (d + 8, -1, 0, 0)", "usage"},
	{"layers/usage_days", "where u.day > first_day - 28 and u.day <= last_day", "where u.day > first_day - 27 and u.day <= last_day", "usage"},
	{"layers/touch_days", "(touched_on + 90, -1)", "(touched_on + 89, -1)", "touch_volume"},
	{"layers/engagement_days", "(greatest(reacted_on + 90, first_day), -1, 0)", "(greatest(reacted_on + 91, first_day), -1, 0)", "health second opinion"},
	{"layers/survey_answers", "least(since + 90, next_on) as before", "least(since + 91, next_on) as before", "growth second opinion"},
	{"views/tickets_by_day", "t.opened_on > p.day - 28) as opened", "t.opened_on >= p.day - 28) as opened", "growth second opinion"},
	{"views/health_changes_detail", "select day + 28 as day", "select day + 29 as day", "health_changes"},
	{"layers/user_state_days", "countIf(was_active and not is_active)", "countIf(was_active)", "user_states"},
	{"layers/last_periods", "toMonday(least(day, {whole:Date}) + 1) - 7", "toMonday(least(day, {whole:Date})) - 7", "user_states"},
	{"layers/use_counts", "a <= d and a > d - 28", "a <= d and a >= d - 28", "power_user_curve"},
	{"views/user_retention", "bitShiftRight(active, n) > 0", "bitShiftRight(active, n + 1) > 0", "user_retention"},
	{"views/first_core_event_detail", "u.1 > w.used_until - 365", "u.1 >= w.used_until - 365", "first_core_event"},
	{"views/cohorts", "addMonths(addMonths(c.quarter, 3) - 1, c.age) <= p.day", "addMonths(addMonths(c.quarter, 3) - 1, c.age) < p.day", "cohorts"},
	{"layers/renewals_ahead", "due_on <= day + 90", "due_on <= day + 91", "renewals"},
	{"views/renewal_terms", "t.day - t.due_on > t.overdue_days", "t.day - t.due_on >= t.overdue_days", "renewals"},
	{"layers/renewal_spans", "x.1 >= due_on and x.1 <= due_on + overdue_days", "x.1 >= due_on", "renewal_rate"},
	{"layers/renewal_spans", "counts and due_on > due_before as is_longer", "due_before = toDate(0) as is_longer", "renewals_calendar"},
	{"views/targets_detail", "t.ends_before > p.day)", "t.ends_before >= p.day)", "targets"},
	{"views/onboarding_detail", "o.due_on < o.day) as overdue", "o.due_on <= o.day) as overdue", "onboarding"},

	// The end or the beginning of a window.
	{"views/windows", "('12m', if(day = toLastDayOfMonth(day), toLastDayOfMonth(addMonths(day, -12)), addMonths(day, -12)))", "('12m', addMonths(day, -12))", "month_ends"},
	{"views/windows", "('mtd', toStartOfMonth(day) - 1)", "('mtd', toStartOfMonth(day))", "windows"},
	{"views/windows", "intDiv(dateDiff('month', fiscal_year_starts_on, day), 3) * 3) - 1", "intDiv(dateDiff('month', fiscal_year_starts_on, day), 3) * 3 + 1) - 1", "windows"},
	{"layers/usage_days", "arrayMap(d -> least(d, {whole:Date}), {days:Array(Date)}) as stand", "{days:Array(Date)} as stand", "running_day"},

	// A filter that is missing.
	{"layers/contract_terms", "where not v.is_gone and (empty", "where (empty", "withdrawn"},
	{"layers/contract_terms", "where not is_gone and renewed_from not in ('', contract_id) and not is_trial", "where renewed_from not in ('', contract_id) and not is_trial", "withdrawn"},
	{"layers/contract_terms", "contract_id) and not is_trial\n", "contract_id)\n", "revenue second opinion"},
	{"layers/contract_terms", "where c.account_id not in (select account_id from test_accounts)\n", "\n", "usage"},
	{"layers/unvalued_days", "having countIf(not has(l.known, t.currency)) > 0", "having countIf(not has(l.known, t.currency)) > 1000", "missing_rate"},
	{"views/pipegen_detail", "where o.originated_by = 'cs' and", "where", "growth second opinion"},
	{"views/usage_detail", "where s.is_paying", "where true", "usage"},
	{"layers/user_histories", "arrayFilter(d -> d >= p.first_paid_on, active_days)", "active_days", "user_retention"},
	{"views/user_retention", "bitAnd(c.active, toUInt16(bitShiftLeft(toUInt32(1), oldest + 1) - 1)) as active", "c.active as active", "users second opinion"},
	{"views/logo_churn", "where a.opening > 0", "where a.opening >= 0", "revenue second opinion"},

	// One thing in place of another.
	{"layers/contract_terms", "greatest(v.starts_on, v.valid_from) as counts_from", "v.starts_on as counts_from", "valid_from"},
	{"layers/contract_terms", "least(due_on, replaced_on) as covered_before", "due_on as covered_before", "withdrawn"},
	{"layers/contract_terms", "arrayPushBack(f.starts, p.valid_before)", "arrayPushBack(f.starts, never)", "valid_from"},
	{"layers/account_days", "if(is_this_year, rate, previous_rates[currency]) as reported_rate", "rate as reported_rate", "currency"},
	{"layers/policy_days", "arrayReverseSort(h -> 2", "arraySort(h -> 2", "health_settings"},
	{"views/grr", "sum(least(a.opening, a.closing)) as retained", "sum(a.closing) as retained", "grr"},
	{"views/nrr", "where opening > 0", "where closing > 0", "nrr"},
	{"views/account_movements", "a.first_paid_on > w.opens_on, 'new'", "a.first_paid_on > a.day, 'new'", "arr_movements"},
	{"views/nps_detail", "toUInt8(r.score <= 6) as detractors", "toUInt8(r.score <= 7) as detractors", "nps"},
	{"layers/window_sums", "1 + (opening_3m >= p.low)", "1 + (arr >= p.low)", "nrr"},
	{"layers/backtest_days", "ceil(any(r.n_all) / 10) as worst", "floor(any(r.n_all) / 10) as worst", "health second opinion"},
	{"layers/churns", "arrayReverseSort(t -> (t.1 != '', t.3, t.4)", "arraySort(t -> (t.1 != '', t.3, t.4)", "churn_reasons"},
	{"layers/coverage_days", "if(kind in ('email', 'webinar'), [toUInt8(1)], [toUInt8(0), 1])", "[toUInt8(0), 1]", "coverage"},
}

// TestMutations makes each fault in turn, and the test that is to catch it must fail.
//
//	make mutations
func TestMutations(t *testing.T) {
	layout := builtinLayout(t)
	for _, m := range mutations {
		if n := strings.Count(layout.SQL(nameOf(m.file)), m.old); n != 1 {
			t.Errorf("%s.sql has %d times %q: change the fault along with the SQL", m.file, n, m.old)
		}
	}
	if os.Getenv("CSKPI_TEST_MUTATIONS") == "" {
		t.Skip("it takes minutes: make mutations")
	}
	for _, m := range mutations {
		t.Run(fmt.Sprintf("%s: %.60s", m.file, m.new), func(t *testing.T) {
			t.Parallel()
			c, layout := database(t)
			name := nameOf(m.file)
			mutated := mutate(t, c, layout, name, m.old, m.new)
			defer mutate(t, c, layout, name, "", "")
			if caught := fails(t, func(t testing.TB) { runQuick(t, c, mutated, m.caughtBy) }); caught == "" {
				t.Errorf("%s does not notice it:\n\t- %s\n\t+ %s", m.caughtBy, m.old, m.new)
			} else {
				t.Logf("%.300s", caught)
			}
		})
	}
}

// mutate is the layout with another text in the body of a layer or view. A view is made anew in the database.
func mutate(t testing.TB, c driver.Conn, l queries.Layout, name, old, replacement string) queries.Layout {
	t.Helper()
	l.Layers, l.Views = slices.Clone(l.Layers), slices.Clone(l.Views)
	for _, all := range [][]queries.Query{l.Layers, l.Views} {
		for i, q := range all {
			if q.View() != name {
				continue
			}
			all[i].SQL = strings.Replace(q.SQL, old, replacement, 1)
			if !q.Layer {
				exec(t, c, "create or replace view "+name+" as (\n"+all[i].SQL+"\n)")
			}
		}
	}
	return l
}

// nameOf is the layer or view of a file.
func nameOf(file string) string { return file[strings.Index(file, "/")+1:] }

// runQuick runs a test by its name in mutations.
func runQuick(t testing.TB, c driver.Conn, layout queries.Layout, name string) {
	switch name {
	case "revenue second opinion":
		opinionOnRevenue(t, c, layout, 1, time.April, date(2025, 2, 28))
	case "growth second opinion":
		opinionOnGrowth(t, c, layout, 0, date(2024, 8, 31))
	case "customers second opinion":
		opinionOnCustomers(t, c, layout, 0)
	case "users second opinion":
		opinionOnUsers(t, c, layout, 0)
	case "health second opinion":
		opinionOnHealth(t, c, layout, 0)
	default:
		want, err := os.ReadFile(strings.TrimSuffix(caseFile(name), ".sql") + ".reference")
		if err != nil {
			panic(err)
		}
		got, err := tell(t, c, layout, caseFile(name))
		if err != nil {
			t.Fatal(err)
		}
		if diff := difference(string(want), got.text); diff != "" {
			t.Error(diff)
		}
	}
}

// complaining is a test that may fail without failing the one that runs it.
type complaining struct {
	testing.TB
	first string
}

func (c *complaining) Error(args ...any)                 { c.complain(fmt.Sprint(args...)) }
func (c *complaining) Errorf(format string, args ...any) { c.complain(fmt.Sprintf(format, args...)) }
func (c *complaining) Fatal(args ...any)                 { c.Error(args...); panic(c) }
func (c *complaining) Fatalf(format string, args ...any) { c.Errorf(format, args...); panic(c) }

func (c *complaining) complain(text string) {
	if c.first == "" {
		c.first = text
	}
}

// fails returns the first complaint of a test; empty: it has none.
func fails(t testing.TB, test func(testing.TB)) string {
	c := &complaining{TB: t}
	func() {
		defer func() {
			if r := recover(); r != nil && r != any(c) {
				panic(r)
			}
		}()
		test(c)
	}()
	return c.first
}
