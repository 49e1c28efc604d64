package queries_test

import (
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// touch, milestone and usageDay are facts of customers, for the naive implementation and as rows.
type touch struct {
	account, kind string
	at            time.Time
}

type milestone struct {
	account, name    string
	dueOn, reachedOn day // never: null
	updatedAt        time.Time
}

type usageDay struct {
	account string
	day     day
	active  int
}

// customers are what happens to the accounts of a world, in a zone where a day begins nine hours early.
type customers struct {
	touches    []touch
	milestones []milestone
	usage      []usageDay
}

var tokyo = time.FixedZone("Asia/Tokyo", 9*3600)

var (
	coverageDays   = map[string]day{"high": 30, "low": 90, "tech": 180}
	onboardingDays = map[string]day{"high": 90, "low": 90, "tech": 45}
	firstUseUsers  = map[string]int{"high": 1, "low": 2, "tech": 1}
)

// randomCustomers makes all of it denser around asOf, where the edges are.
func randomCustomers(d dice, w world, asOf day) customers {
	var c customers
	for _, a := range w.accounts {
		for range d.IntN(3) {
			on := asOf - day(pick(d, d.IntN(190), 29, 30, 30, 31, 89, 90, 90, 91, 179, 180, 180, 181, 0, -1))
			c.touches = append(c.touches, touch{a.id, pick(d, "meeting", "call", "visit", "email", "webinar", "review"), d.instant(on)})
		}
	}
	starts := map[string]day{}
	for _, contract := range w.contracts {
		if s, found := starts[contract.account]; !found || contract.startsOn < s {
			starts[contract.account] = contract.startsOn
		}
	}
	for _, a := range w.accounts {
		start := starts[a.id]
		for _, name := range []string{"time_to_use", "value_point_1", "value_point_2", "value_point_3", "onboarded"} {
			if d.chance(50) {
				continue
			}
			m := milestone{a.id, name, pick(d, never, start+day(d.IntN(120)), asOf-day(d.IntN(370)), asOf-1, asOf, asOf.monthsBefore(12), asOf.monthsBefore(12)+1), never, d.instant(start)}
			for range d.between(1, 3) {
				if d.chance(60) {
					m.reachedOn = start + day(d.between(-5, 150))
				}
				if m.dueOn != never && d.chance(40) {
					m.reachedOn = m.dueOn + day(d.IntN(2))
				}
				c.milestones = append(c.milestones, m)
				m.updatedAt = m.updatedAt.Add(time.Duration(d.between(1, 4000)) * time.Hour)
				m.dueOn = pick(d, m.dueOn, never, start+day(d.IntN(200)))
			}
		}
		days := map[day]bool{}
		for range d.IntN(6) {
			on := start + day(d.between(-20, 200))
			if !days[on] {
				days[on] = true
				c.usage = append(c.usage, usageDay{a.id, on, d.IntN(4)})
			}
		}
	}
	return c
}

// facts are the rows of touches and milestones, with settings.
func (c customers) facts() []fact {
	facts := []fact{
		newFact("settings", 0, "first_use_users", "low", day(0), "2", "import", epoch),
		newFact("settings", 0, "onboarding_days", "tech", day(0), "45", "import", epoch),
	}
	for i, t := range c.touches {
		facts = append(facts, newFact("touchpoints", dayOf(t.at), fmt.Sprint("t", i), t.account, "kim", t.kind, t.at, false, "", "crm", t.at))
	}
	for _, m := range c.milestones {
		facts = append(facts, newFact("milestones", dayOf(m.updatedAt), m.account, m.name, m.dueOn, m.reachedOn, "crm", m.updatedAt))
	}
	return facts
}

// usageRows is what to insert of the rolled-up days: the table and the rows.
func (c customers) usageRows() string {
	rows := make([]string, len(c.usage))
	for i, u := range c.usage {
		rows[i] = fmt.Sprintf("('%s', '%s', %d, 1)", u.account, u.day, u.active)
	}
	return "usage_account_days (account_id, day, active_users, version) values " + strings.Join(rows, ", ")
}

// segmentOn is the segment by the ARR of a day; empty where nothing was paid.
func (n *naive) segmentOn(account string, d day) string {
	if !n.pays(account, d) {
		return ""
	}
	return n.segment(n.arr(account, d, n.asOf))
}

// cadence is the segment whose cadence an account that pays is held to, and whether it paid on all of its days.
func (n *naive) cadence(account string) (segment string, eligible bool) {
	segment = n.segmentOn(account, n.asOf)
	for _, g := range segments {
		start := n.asOf - coverageDays[g]
		at := n.segmentOn(account, start)
		if at == "" {
			at = n.segmentOn(account, start+1)
		}
		if at == g {
			segment = g
			break
		}
	}
	for d := n.asOf - coverageDays[segment] + 1; d <= n.asOf; d++ {
		if !n.pays(account, d) {
			return segment, false
		}
	}
	return segment, true
}

// covered reports whether there was a touch that counts in the cadence of a segment.
func (n *naive) covered(c customers, account, segment string) bool {
	for _, t := range c.touches {
		local := t.at.In(tokyo)
		on := date(local.Year(), local.Month(), local.Day())
		if t.account == account && on <= n.asOf && on > n.asOf-coverageDays[segment] &&
			(segment == "tech" || t.kind != "email" && t.kind != "webinar") {
			return true
		}
	}
	return false
}

// life is an account's onboarding.
type life struct {
	segment                    string
	first, left, due, planned  day
	onboarded, used, usedUntil day // never: not; usedUntil: how long its use was watched
}

// live tells the life of an account; false: it never paid by as_of.
func (n *naive) live(c customers, account string) (life, bool) {
	l := life{left: never, onboarded: never, used: never}
	for d := date(2020, 12, 1); d <= n.asOf; d++ {
		switch {
		case n.pays(account, d):
			if l.first == 0 {
				l.first, l.segment = d, n.segmentOn(account, d)
			}
			l.left = never
		case l.first != 0 && l.left == never:
			l.left = d
		}
	}
	if l.first == 0 {
		return l, false
	}
	states := map[string]life{}
	for _, name := range []string{"time_to_use", "value_point_1", "value_point_2", "value_point_3", "onboarded"} {
		var versions, known []milestone
		for _, m := range c.milestones {
			if m.account == account && m.name == name {
				versions = append(versions, m)
			}
		}
		if len(versions) == 0 {
			continue
		}
		slices.SortFunc(versions, func(a, b milestone) int { return a.updatedAt.Compare(b.updatedAt) })
		end := time.Date(1970, 1, 1+int(n.asOf)+1, 0, 0, 0, 0, tokyo)
		for i, m := range versions {
			if i == 0 || m.updatedAt.Before(end) {
				known = append(known, m)
			}
		}
		s := life{due: never, planned: known[len(known)-1].dueOn, onboarded: never}
		for _, m := range known {
			if s.due == never {
				s.due = m.dueOn
			}
		}
		// What was known then goes before what was entered later.
		if on := known[len(known)-1].reachedOn; on <= n.asOf {
			s.onboarded = on
		} else if on := versions[len(versions)-1].reachedOn; on <= n.asOf {
			s.onboarded = on
		}
		states[name] = s
	}
	l.due = l.first + onboardingDays[l.segment]
	l.planned = l.due
	if s, found := states["onboarded"]; found {
		l.onboarded = s.onboarded
		if s.due != never {
			l.due, l.planned = s.due, s.planned
		}
	} else {
		last, reached := day(0), 0
		for _, name := range []string{"value_point_1", "value_point_2", "value_point_3"} {
			if s, found := states[name]; found && s.onboarded != never {
				last = max(last, s.onboarded)
				reached++
			}
		}
		if reached == 3 {
			l.onboarded = last
		}
	}
	if s, found := states["time_to_use"]; found && s.onboarded != never {
		l.used = max(s.onboarded, l.first)
	} else {
		for _, u := range c.usage {
			if u.account == account && u.day >= l.first && u.day <= n.asOf && u.active >= firstUseUsers[l.segment] {
				l.used = min(l.used, u.day)
			}
		}
	}
	l.usedUntil = min(l.left, n.asOf)
	return l, true
}

// spell is a time until an event, or until nobody looked any more.
type spell struct {
	days    int
	reached bool
}

// kaplanMeier is the first time by which the exact product-limit estimate has fallen to 1 - p; -1: never.
func kaplanMeier(spells []spell, p *big.Rat) int {
	var times []int
	for _, s := range spells {
		if s.reached {
			times = append(times, s.days)
		}
	}
	slices.Sort(times)
	survival := big.NewRat(1, 1)
	for _, t := range slices.Compact(times) {
		var atRisk, events int64
		for _, s := range spells {
			if s.days >= t {
				atRisk++
			}
			if s.days == t && s.reached {
				events++
			}
		}
		survival.Mul(survival, big.NewRat(atRisk-events, atRisk))
		if survival.Cmp(new(big.Rat).Sub(big.NewRat(1, 1), p)) <= 0 {
			return t
		}
	}
	return -1
}

// shares are a ratio with Wilson's bounds and its parts.
func shares(k, n int64) []any {
	if n == 0 {
		return []any{undefined{}, undefined{}, undefined{}, k, n}
	}
	lower, upper := wilson(k, n)
	return []any{ratio(float64(k) / float64(n)), ratio(lower), ratio(upper), k, n}
}

func (o opinion) coverage(c customers) {
	o.t.Helper()
	detail, kpi := map[string][]any{}, map[string][]any{}
	covered, eligible := map[string]int64{}, map[string]int64{}
	for _, account := range o.naive.accounts {
		if !o.naive.pays(account, o.naive.asOf) {
			continue
		}
		segment, isEligible := o.naive.cadence(account)
		row := []any{int64(0), int64(0)}
		if isEligible {
			row[1] = int64(1)
			eligible[segment]++
			if o.naive.covered(c, account, segment) {
				row[0] = int64(1)
				covered[segment]++
			}
		}
		detail[segment+" "+account] = row
	}
	for _, segment := range segments {
		kpi[segment] = shares(covered[segment], eligible[segment])
	}
	if some := covered["high"] + covered["low"] + covered["tech"]; some == 0 {
		o.t.Error("no account is covered: the comparison says nothing")
	}
	o.compare("coverage_detail", "segment account_id", "covered_accounts eligible_accounts", detail)
	o.compare("coverage", "segment", "ratio ratio_lower ratio_upper covered_accounts eligible_accounts", kpi)
}

func (o opinion) onboarding(c customers) {
	o.t.Helper()
	one := func(yes bool) int64 {
		if yes {
			return 1
		}
		return 0
	}
	asOf := o.naive.asOf
	onboarding, use := map[string][]any{}, map[string][]any{}
	sums, spells := map[string][7]int64{}, map[string][]spell{}
	for _, account := range o.naive.accounts {
		l, paid := o.naive.live(c, account)
		if !paid {
			continue
		}
		due := l.due > o.naive.monthsAgo(12) && l.due <= asOf
		open := l.left == never && l.onboarded == never
		row := []int64{
			one(open), one(open && l.due < asOf), one(due), one(due && l.onboarded <= l.due),
			one(due && l.onboarded > l.due && l.onboarded != never), one(due && l.planned > l.due),
		}
		key := l.segment + " " + account
		for i, n := range row {
			onboarding[key] = append(onboarding[key], n)
			s := sums[l.segment]
			s[i] += n
			sums[l.segment] = s
		}
		s := spell{int(min(l.used, l.usedUntil) - l.first), l.used <= l.usedUntil}
		spells[l.segment] = append(spells[l.segment], s)
		use[key] = []any{one(s.reached), one(!s.reached), int64(s.days) * 86400}
	}
	kpi, times := map[string][]any{}, map[string][]any{}
	for _, segment := range segments {
		s := sums[segment]
		kpi[segment] = []any{s[0], s[1], shares(s[3], s[2])[0], s[2], s[3], s[4], s[5]}
		var row []any
		for _, p := range []*big.Rat{big.NewRat(1, 4), big.NewRat(1, 2), big.NewRat(3, 4)} {
			if days := kaplanMeier(spells[segment], p); days >= 0 {
				row = append(row, int64(days)*86400)
			} else {
				row = append(row, undefined{})
			}
		}
		bounds := []int{7, 14, 30, 60, 90, 120, 180, 365, math.MaxInt}
		counts, total, reached := make([]string, len(bounds)), 0, int64(0)
		for i, bound := range bounds {
			n := 0
			for _, s := range spells[segment] {
				n += int(one(s.reached && s.days <= bound))
			}
			counts[i] = fmt.Sprint(n)
		}
		for _, s := range spells[segment] {
			if s.reached {
				total += s.days * 86400
				reached++
			}
		}
		times[segment] = append(row, "["+strings.Join(counts, ",")+"]", int64(total), reached, int64(len(spells[segment]))-reached)
	}
	o.compare("onboarding_detail", "segment account_id", "in_progress overdue due_accounts on_time_accounts late_accounts extended_accounts", onboarding)
	o.compare("onboarding", "segment", "in_progress overdue on_time_ratio due_accounts on_time_accounts late_accounts extended_accounts", kpi)
	o.compare("time_to_use_detail", "segment account_id", "reached_accounts censored_accounts seconds", use)
	o.compare("time_to_use", "segment", "p25_seconds p50_seconds p75_seconds duration.2 duration.3 reached_accounts censored_accounts", times)
}

// published is a data set of survival analysis: how many had the event and how many were censored at each time, and
// what is published of its Kaplan-Meier curve.
type published struct {
	name             string
	events, censored map[int]int
	survival         map[int]float64 // to the digits given
	digits           int
	quantiles        map[string]any // of p25_seconds and so on, in days; undefined: the curve does not fall that low
}

// Miller (1997), Survival Analysis, and R's package survival, data set aml: quantile(survfit(Surv(time, status) ~ x, aml)).
var amlMaintained = published{
	name:      "aml, maintained",
	events:    map[int]int{9: 1, 13: 1, 18: 1, 23: 1, 31: 1, 34: 1, 48: 1},
	censored:  map[int]int{13: 1, 28: 1, 45: 1, 161: 1},
	survival:  map[int]float64{9: 0.909, 13: 0.818, 18: 0.716, 23: 0.614, 31: 0.491, 34: 0.368, 48: 0.184},
	digits:    3,
	quantiles: map[string]any{"p25_seconds": 18, "p50_seconds": 31, "p75_seconds": 48},
}

var amlNonmaintained = published{
	name:      "aml, not maintained",
	events:    map[int]int{5: 2, 8: 2, 12: 1, 23: 1, 27: 1, 30: 1, 33: 1, 43: 1, 45: 1},
	censored:  map[int]int{16: 1},
	survival:  map[int]float64{5: 0.8333, 8: 0.6667, 12: 0.5833, 23: 0.4861, 27: 0.3889, 30: 0.2917, 33: 0.1944, 43: 0.0972, 45: 0},
	digits:    4,
	quantiles: map[string]any{"p25_seconds": 8, "p50_seconds": 23, "p75_seconds": 33},
}

// Freireich and others (1963), the most printed example: remission of leukaemia under 6-mercaptopurine and placebo.
var freireichDrug = published{
	name:      "6-MP",
	events:    map[int]int{6: 3, 7: 1, 10: 1, 13: 1, 16: 1, 22: 1, 23: 1},
	censored:  map[int]int{6: 1, 9: 1, 10: 1, 11: 1, 17: 1, 19: 1, 20: 1, 25: 1, 32: 2, 34: 1, 35: 1},
	survival:  map[int]float64{6: 0.857, 7: 0.807, 10: 0.753, 13: 0.690, 16: 0.627, 22: 0.538, 23: 0.448},
	digits:    3,
	quantiles: map[string]any{"p25_seconds": 13, "p50_seconds": 23, "p75_seconds": undefined{}},
}

var freireichPlacebo = published{
	name:      "placebo",
	events:    map[int]int{1: 2, 2: 2, 3: 1, 4: 2, 5: 2, 8: 4, 11: 2, 12: 2, 15: 1, 17: 1, 22: 1, 23: 1},
	survival:  map[int]float64{1: 0.905, 2: 0.810, 3: 0.762, 4: 0.667, 5: 0.571, 8: 0.381, 11: 0.286, 12: 0.190, 15: 0.143, 17: 0.095, 22: 0.048, 23: 0},
	digits:    3,
	quantiles: map[string]any{"p25_seconds": 4, "p50_seconds": 8, "p75_seconds": 12},
}

// The data set waltons of lifelines, with the median and the head of the curve from its documentation.
var waltons = published{
	name: "waltons",
	events: map[int]int{
		6: 1, 7: 1, 9: 3, 13: 3, 15: 2, 17: 1, 19: 3, 22: 4, 26: 5, 29: 5, 32: 1, 33: 3, 36: 2, 38: 2, 41: 7, 43: 1, 45: 9, 47: 1, 48: 8, 51: 3,
		53: 7, 54: 2, 56: 18, 58: 4, 60: 15, 61: 9, 62: 2, 63: 9, 66: 3, 68: 9, 69: 12, 75: 1,
	},
	censored:  map[int]int{7: 1, 45: 1, 60: 1, 61: 2, 68: 1, 69: 1},
	survival:  map[int]float64{6: 0.993865, 7: 0.987730, 9: 0.969210, 13: 0.950690, 15: 0.938344, 17: 0.932170},
	digits:    6,
	quantiles: map[string]any{"p50_seconds": 56},
}

// Half of the accounts exactly: the first time by which it is reached, as lifelines has it, and not the middle of the flat
// part, as R has it (2.5 here).
var half = published{
	name:      "half",
	events:    map[int]int{1: 1, 2: 2, 3: 3},
	survival:  map[int]float64{1: 0.8333, 2: 0.5, 3: 0},
	digits:    4,
	quantiles: map[string]any{"p25_seconds": 2, "p50_seconds": 2, "p75_seconds": 3},
}

// Ten with a factor each: what the floats multiply to is not exactly a half.
var tenths = published{
	name:      "tenths",
	events:    map[int]int{1: 1, 2: 1, 3: 1, 4: 1, 5: 1, 6: 1, 7: 1, 8: 1, 9: 1, 10: 1},
	quantiles: map[string]any{"p25_seconds": 3, "p50_seconds": 5, "p75_seconds": 8},
}

// publishedExamples are compared by segment.
var publishedExamples = []map[string]published{
	{"high": amlMaintained, "low": amlNonmaintained, "tech": freireichDrug},
	{"high": freireichPlacebo, "low": waltons, "tech": half},
	{"high": tenths},
}

// factsOfExamples are rows of contracts, milestones and days of usage.
func factsOfExamples(examples map[string]published, asOf day) (contracts, milestones, usage string) {
	acv := map[string]string{"high": "200000", "low": "20000", "tech": "1000"}
	var bought, reached, used []string
	account := func(segment string, start, end day) string {
		id := fmt.Sprint("a", len(bought))
		bought = append(bought, fmt.Sprintf("('%s', '%s', %s, %s, %s)", id, id, acv[segment], literal(start), literal(end)))
		return id
	}
	for segment, example := range examples {
		for days, n := range example.events {
			for i := range n {
				start := asOf - 200
				id := account(segment, start, never)
				if i%2 == 0 { // either fact is enough
					reached = append(reached, fmt.Sprintf("('%s', 'time_to_use', '%s')", id, start+day(days)))
				} else {
					used = append(used, fmt.Sprintf("('%s', '%s', 1, 1)", id, start+day(days)))
				}
			}
		}
		for days, n := range example.censored {
			for i := range n {
				if (days+i)%2 == 0 { // left, or began so many days ago
					account(segment, asOf-200, asOf-200+day(days))
				} else {
					account(segment, asOf-day(days), never)
				}
			}
		}
	}
	return strings.Join(bought, ", "), strings.Join(reached, ", "), strings.Join(used, ", ")
}

func compareWithPublished(t *testing.T, c driver.Conn, examples map[string]published, from func(view string) string) {
	t.Helper()
	curves := map[string]float64{}
	for _, cells := range table(t, c, []string{"segment", "intDiv(seconds, 86400)", "survival"}, from("time_to_use_curve")) {
		curves[cells[0]+" "+cells[1]] = number64(t, cells[2])
	}
	columns := []string{"p25_seconds", "p50_seconds", "p75_seconds"}
	for _, cells := range table(t, c, append([]string{"segment", "reached_accounts", "censored_accounts"}, columns...), from("time_to_use")) {
		example := examples[cells[0]]
		var events, censored int
		for _, n := range example.events {
			events += n
		}
		for _, n := range example.censored {
			censored += n
		}
		if cells[1] != fmt.Sprint(events) || cells[2] != fmt.Sprint(censored) {
			t.Errorf("%s: %s reached and %s censored, want %d and %d", example.name, cells[1], cells[2], events, censored)
		}
		for days, want := range example.survival {
			got, found := curves[fmt.Sprint(cells[0], " ", days)]
			if !found || math.Abs(got-want) > 0.5000001*math.Pow10(-example.digits) {
				t.Errorf("%s: the curve is %v after %d, want %v", example.name, got, days, want)
			}
		}
		for i, column := range columns {
			want, found := example.quantiles[column]
			if days, ok := want.(int); ok {
				want = int64(days) * 86400
			}
			if found && !agrees(cells[3+i], want) {
				t.Errorf("%s: %s is %s, want %v", example.name, column, cells[3+i], want)
			}
		}
	}
}
