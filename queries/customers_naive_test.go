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
	churned, valued            day // the first time that it left, and the first value point; never: not
	step                       string
	stepDue, stepSince         day // of the milestone that comes next
}

// live tells the life of an account; false: it never paid by as_of.
func (n *naive) live(c customers, account string) (life, bool) {
	l := life{left: never, onboarded: never, used: never, churned: never, valued: never}
	for d := date(2020, 12, 1); d <= n.asOf; d++ {
		switch {
		case n.pays(account, d):
			if l.first == 0 {
				l.first, l.segment = d, n.segmentOn(account, d)
			}
			l.left = never
		case l.first != 0 && l.left == never:
			l.left = d
			l.churned = min(l.churned, d)
		}
	}
	if l.first == 0 {
		return l, false
	}
	states, entered := map[string]life{}, map[string]bool{}
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
		entered[name] = versions[0].updatedAt.Before(end) || versions[0].dueOn <= n.asOf
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
	if s, found := states["value_point_1"]; found {
		l.valued = s.onboarded
	}
	// What is late first comes next, of equals what comes first in a plan.
	l.step, l.stepDue, l.stepSince = "onboarded", l.due, l.first
	for _, name := range []string{"value_point_3", "value_point_2", "value_point_1", "time_to_use"} {
		s, found := states[name]
		switch due := s.due; {
		case !found:
		case s.onboarded != never:
			l.stepSince = max(l.stepSince, s.onboarded)
		case entered[name]:
			if due == never {
				due = l.due
			}
			if due <= l.stepDue {
				l.step, l.stepDue = name, due
			}
		}
	}
	return l, true
}

// watched is the time until something happened, if that was while the account was watched, which is until a day.
func (l life) watched(happened, until day) spell {
	return spell{max(0, int(min(happened, until)-l.first)), happened <= until}
}

// point is what is left after a time, exactly, with Greenwood's sum, and the area under the curve up to it.
type point struct {
	days, atRisk, events int
	survival, sum, area  *big.Rat
	sumIsFinite          bool
	lower, upper         float64 // NaN: undefined
}

// productLimit is the curve of some spells: a point for each time of an event.
func productLimit(spells []spell) (curve []point) {
	last := point{survival: big.NewRat(1, 1), sum: new(big.Rat), area: new(big.Rat), sumIsFinite: true}
	for days := range 10_000 {
		p := point{days: days, sumIsFinite: true}
		for _, s := range spells {
			if s.days >= days {
				p.atRisk++
			}
			if s.days == days && s.reached {
				p.events++
			}
		}
		if p.events == 0 {
			continue
		}
		left := int64(p.atRisk - p.events)
		p.area = new(big.Rat).Add(last.area, new(big.Rat).Mul(last.survival, big.NewRat(int64(days-last.days), 1)))
		p.survival = new(big.Rat).Mul(last.survival, big.NewRat(left, int64(p.atRisk)))
		p.lower, p.upper = math.NaN(), math.NaN()
		if left == 0 {
			p.sum, p.sumIsFinite = last.sum, false
		} else {
			p.sum = new(big.Rat).Add(last.sum, big.NewRat(int64(p.events), int64(p.atRisk)*left))
			s, _ := p.survival.Float64()
			variance, _ := p.sum.Float64()
			// The bounds of log(-log S), brought back.
			middle, half := math.Log(-math.Log(s)), 1.959963984540054*math.Sqrt(variance)/-math.Log(s)
			p.lower, p.upper = math.Exp(-math.Exp(middle+half)), math.Exp(-math.Exp(middle-half))
		}
		curve, last = append(curve, p), p
	}
	return curve
}

// restrictedMean is the area under a curve up to a number of days, in days, and its standard error.
func restrictedMean(curve []point, days int) (mean, err float64) {
	last := point{survival: big.NewRat(1, 1), area: new(big.Rat)}
	for _, p := range curve {
		if p.days <= days {
			last = p
		}
	}
	area := new(big.Rat).Add(last.area, new(big.Rat).Mul(last.survival, big.NewRat(int64(days-last.days), 1)))
	variance := new(big.Rat)
	for _, p := range curve {
		if p.days <= days && p.sumIsFinite {
			rest := new(big.Rat).Sub(area, p.area)
			variance.Add(variance, rest.Mul(rest, rest).Mul(rest, big.NewRat(int64(p.events), int64(p.atRisk)*int64(p.atRisk-p.events))))
		}
	}
	mean, _ = area.Float64()
	v, _ := variance.Float64()
	return mean, math.Sqrt(v)
}

// first is the first time from which on something holds of a curve, in seconds.
func first(curve []point, holds func(point) bool) any {
	if i := slices.IndexFunc(curve, holds); i >= 0 {
		return int64(curve[i].days) * 86400
	}
	return undefined{}
}

// falls is where a curve has fallen to a share.
func falls(to *big.Rat) func(point) bool {
	return func(p point) bool { return p.survival.Cmp(to) <= 0 }
}

// ages are the months at which curves are read, with the most days that they can have.
var ages = []struct {
	months string
	days   int
}{{"1", 31}, {"3", 92}, {"6", 184}, {"12", 366}, {"24", 731}, {"36", 1096}}

// survival compares the curves of all events, and onboarding by month, window and step.
func (o opinion) survival(c customers) {
	o.t.Helper()
	one := func(yes bool) int64 {
		if yes {
			return 1
		}
		return 0
	}
	asOf := o.naive.asOf
	number := func(f float64) any {
		if math.IsNaN(f) {
			return undefined{}
		}
		return ratio(f)
	}
	detail, completionDetail, stepsDetail := map[string][]any{}, map[string][]any{}, map[string][]any{}
	spells, open := map[string][]spell{}, map[string]int64{}
	completion, steps := map[string][4]int64{}, map[string][3]int64{}
	opens := map[string]day{"1m": o.naive.monthsAgo(1), "3m": o.naive.monthsAgo(3), "12m": o.naive.monthsAgo(12)}
	months := map[string]bool{}
	for i := range 12 {
		months[date(asOf.time().Year(), asOf.time().Month()-time.Month(i), 1).time().Format("2006-01")] = true
	}
	for _, account := range o.naive.accounts {
		l, paid := o.naive.live(c, account)
		if !paid {
			continue
		}
		isDone, pays := l.onboarded != never, l.left == never
		for event, s := range map[string]spell{
			"churn": l.watched(l.churned, asOf), "time_to_use": l.watched(l.used, l.usedUntil),
			"value_point_1": l.watched(l.valued, l.usedUntil), "onboarded": l.watched(l.onboarded, l.usedUntil),
		} {
			detail[event+" "+l.segment+" "+account] = []any{one(s.reached), one(!s.reached), int64(s.days) * 86400}
			spells[event+" "+l.segment] = append(spells[event+" "+l.segment], s)
			if month := l.first.time().Format("2006-01"); months[month] && event != "churn" {
				key := month + " " + event
				spells[key] = append(spells[key], s)
				open[key] += one(!s.reached && pays)
			}
		}
		for name, opensOn := range opens {
			if l.first <= opensOn {
				continue
			}
			row := [4]int64{1, one(isDone), one(!isDone && pays), one(!isDone && !pays)}
			completionDetail[l.segment+" "+name+" "+account] = []any{row[0], row[1], row[2], row[3]}
			sums := completion[l.segment+" "+name]
			for i := range row {
				sums[i] += row[i]
			}
			completion[l.segment+" "+name] = sums
		}
		if pays && !isDone {
			stuck, seconds := one(l.stepDue < asOf), int64(asOf-l.stepSince)*86400
			stepsDetail[l.segment+" "+l.step+" "+account] = []any{int64(1), stuck, l.stepSince.String(), seconds, l.stepDue.String(), int64(max(0, asOf-l.stepDue))}
			s := steps[l.segment+" "+l.step]
			steps[l.segment+" "+l.step] = [3]int64{s[0] + 1, s[1] + stuck, max(s[2], seconds)}
		}
	}
	survival, times, cohorts := map[string][]any{}, map[string][]any{}, map[string][]any{}
	half, fifth := big.NewRat(1, 2), big.NewRat(1, 5)
	for key, all := range spells {
		curve := productLimit(all)
		var reached []spell
		total, longest := 0, 0
		for _, s := range all {
			longest = max(longest, s.days)
			if s.reached {
				reached = append(reached, s)
				total += s.days
			}
		}
		events := int64(len(reached))
		// at is what the curve says of an age, and the mean with its bounds.
		at := func(days int) (values []any) {
			last := point{survival: big.NewRat(1, 1), lower: math.NaN(), upper: math.NaN()}
			for _, p := range curve {
				if p.days <= days {
					last = p
				}
			}
			if longest < days && last.survival.Sign() > 0 {
				return []any{undefined{}, undefined{}, undefined{}, undefined{}, undefined{}, undefined{}}
			}
			share, _ := last.survival.Float64()
			mean, err := restrictedMean(curve, days)
			values = []any{ratio(share), number(last.lower), number(last.upper), thousandth(mean * 86400), undefined{}, undefined{}}
			if err > 0 {
				values[4] = thousandth(max(0, mean-1.959963984540054*err) * 86400)
				values[5] = thousandth(min(float64(days), mean+1.959963984540054*err) * 86400)
			}
			return values
		}
		if strings.HasPrefix(key, "20") {
			ofReached := productLimit(reached)
			mean := any(undefined{})
			if events > 0 {
				mean = ratio(float64(total) * 86400 / float64(events))
			}
			cohorts[key] = []any{
				first(curve, falls(half)), first(curve, falls(fifth)), at(92)[3], first(ofReached, falls(half)), first(ofReached, falls(fifth)), mean,
				events, open[key], int64(len(all)) - events - open[key],
			}
			continue
		}
		times[key] = []any{
			first(curve, falls(half)), first(curve, func(p point) bool { return p.lower <= 0.5 }), first(curve, func(p point) bool { return p.upper <= 0.5 }),
			events, int64(len(all)) - events,
		}
		for _, age := range ages {
			var atRisk, by int64
			for _, s := range all {
				atRisk += one(s.days >= age.days)
				by += one(s.reached && s.days <= age.days)
			}
			survival[key+" "+age.months] = append(at(age.days), int64(len(all)), atRisk, by)
		}
	}
	kpi := map[string][]any{}
	for key, s := range completion {
		kpi[key] = []any{shares(s[1], s[0])[0], s[0], s[1], s[2], s[3]}
	}
	byStep := map[string][]any{}
	for key, s := range steps {
		byStep[key] = []any{s[0], s[1], s[2]}
	}
	if len(byStep) < 3 || len(cohorts) < 6 {
		o.t.Errorf("%d steps and %d cohorts: the comparison says little", len(byStep), len(cohorts))
	}
	o.compare("time_to_event_detail", "event segment account_id", "event_accounts censored_accounts seconds", detail)
	o.compare("time_to_event", "event segment", "p50_seconds p50_lower_seconds p50_upper_seconds event_accounts censored_accounts", times)
	o.compare("survival", "event segment age_months",
		"ratio ratio_lower ratio_upper restricted_mean_seconds restricted_mean_lower_seconds restricted_mean_upper_seconds accounts at_risk_accounts event_accounts", survival)
	o.compare("onboarding_cohorts", "cohort milestone",
		"p50_seconds p80_seconds restricted_mean_seconds reached_p50_seconds reached_p80_seconds reached_mean_seconds reached_accounts open_accounts left_accounts", cohorts)
	o.compare("onboarding_completion_detail", "segment window account_id", "started_accounts completed_accounts open_accounts left_accounts", completionDetail)
	o.compare("onboarding_completion", "segment window", "ratio started_accounts completed_accounts open_accounts left_accounts", kpi)
	o.compare("onboarding_steps_detail", "segment step account_id", "in_progress_accounts stuck_accounts since_on seconds due_on late_days", stepsDetail)
	o.compare("onboarding_steps", "segment step", "in_progress_accounts stuck_accounts oldest_seconds", byStep)
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
	quantiles        map[string]any     // of p25_seconds and so on, in days; undefined: the curve does not fall that low
	errors           map[int]float64    // standard errors by Greenwood's formula, to four digits
	bounds           map[int][2]float64 // log-log bounds, to three digits
	mean             float64            // the restricted mean of 92 days
}

// Miller (1997), Survival Analysis, and R's package survival, data set aml: quantile(survfit(Surv(time, status) ~ x, aml)).
var amlMaintained = published{
	name:      "aml, maintained",
	events:    map[int]int{9: 1, 13: 1, 18: 1, 23: 1, 31: 1, 34: 1, 48: 1},
	censored:  map[int]int{13: 1, 28: 1, 45: 1, 161: 1},
	survival:  map[int]float64{9: 0.909, 13: 0.818, 18: 0.716, 23: 0.614, 31: 0.491, 34: 0.368, 48: 0.184},
	digits:    3,
	quantiles: map[string]any{"p25_seconds": 18, "p50_seconds": 31, "p75_seconds": 48},
	errors:    map[int]float64{9: 0.0867, 13: 0.1163, 18: 0.1397, 23: 0.1526, 31: 0.1642, 34: 0.1627, 48: 0.1535},
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
	errors:    map[int]float64{6: 0.0764, 7: 0.0869, 10: 0.0963, 13: 0.1068}, // as SAS's LIFETEST prints them
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

// The control group of the data set g3, with the bounds of R (conf.type = "log-log") to which the tests of lifelines hold its own.
var g3 = published{
	name:     "g3, control",
	events:   map[int]int{9: 1, 19: 1, 32: 1, 34: 1},
	censored: map[int]int{48: 1, 50: 1},
	survival: map[int]float64{9: 0.833, 19: 0.667, 32: 0.5, 34: 0.333},
	digits:   3,
	bounds:   map[int][2]float64{9: {0.273, 0.975}, 19: {0.195, 0.904}, 32: {0.111, 0.804}, 34: {0.046, 0.676}},
}

// Five after 1, 2, 3, 4 and 10, of which the tests of lifelines have the restricted mean of the first 4: 2.8. Here 23 days stand for one.
var fives = published{
	name:     "1, 2, 3, 4, 10",
	events:   map[int]int{23: 1, 46: 1, 69: 1, 92: 1, 230: 1},
	survival: map[int]float64{23: 0.8, 46: 0.6, 69: 0.4, 92: 0.2, 230: 0},
	digits:   3,
	mean:     23 * 2.8,
}

// publishedExamples are compared by segment.
var publishedExamples = []map[string]published{
	{"high": amlMaintained, "low": amlNonmaintained, "tech": freireichDrug},
	{"high": freireichPlacebo, "low": waltons, "tech": half},
	{"high": tenths, "low": g3, "tech": fives},
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
				start := asOf - 300
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
					account(segment, asOf-300, asOf-300+day(days))
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
	bounds := map[string][2]float64{}
	for _, cells := range table(t, c, []string{"member", "intDiv(seconds, 86400)", "lower", "upper"}, from("survival_curve")+" where event = 'time_to_use' and breakdown = 'segment'") {
		bounds[cells[0]+" "+cells[1]] = [2]float64{number64(t, cells[2]), number64(t, cells[3])}
	}
	means := map[string]float64{}
	for _, cells := range table(t, c, []string{"segment", "restricted_mean_seconds / 86400"}, from("survival")+" where event = 'time_to_use' and age_months = '3'") {
		means[cells[0]] = number64(t, cells[1])
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
		for days, want := range example.bounds {
			for i, got := range bounds[fmt.Sprint(cells[0], " ", days)] {
				if !(math.Abs(got-want[i]) <= 0.0005000001) {
					t.Errorf("%s: a bound of the curve is %v after %d, want %v", example.name, got, days, want[i])
				}
			}
		}
		for days, want := range example.errors {
			key := fmt.Sprint(cells[0], " ", days)
			// The bound is S to the power of exp(z err / (S log S)).
			got := curves[key] * math.Abs(math.Log(curves[key])) * math.Log(math.Log(bounds[key][0])/math.Log(curves[key])) / 1.959963984540054
			if !(math.Abs(got-want) <= 0.000050001) {
				t.Errorf("%s: the standard error is %v after %d, want %v", example.name, got, days, want)
			}
		}
		if got := means[cells[0]]; example.mean > 0 && !(math.Abs(got-example.mean) <= 1e-6) {
			t.Errorf("%s: the restricted mean is %v, want %v", example.name, got, example.mean)
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
