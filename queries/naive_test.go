package queries_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// The naive implementation: revenue KPIs by loops over days and contracts, with exact decimals. It is a second reading
// of what the KPIs mean, so it shares nothing with the SQL and prefers being obvious to being fast.

// day counts from 1970-01-01.
type day int

// never is later than any day: the end of an open contract, a notice that nobody gave.
const never day = math.MaxInt32

func date(year int, month time.Month, dayOfMonth int) day {
	return day(time.Date(year, month, dayOfMonth, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

func (d day) time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

func (d day) String() string { return d.time().Format(time.DateOnly) }

// monthsBefore goes back n months, or on if n is negative; month ends clamp: 31 March less one month is the last day of February.
func (d day) monthsBefore(n int) day {
	t := d.time()
	first := time.Date(t.Year(), t.Month()-time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return date(first.Year(), first.Month(), min(t.Day(), last))
}

type account struct {
	id, name, csm string
	isTest        bool
	createdOn     day
	source        string
	updatedAt     time.Time
}

type contract struct {
	id, source, account, product, department, kind string
	seats                                          uint32
	acv                                            decimal.Decimal
	currency                                       string
	startsOn, endsBefore, noticeOn                 day
	renewedFrom, cancelReason                      string
	isTrial, isOneOff                              bool
	validFrom                                      day // 0: since ever
	isWithdrawn                                    bool
	updatedAt                                      time.Time
	replacedOn, countsFrom, countsBefore           day // found by newNaive; not facts
	seatsBefore                                    day // countsBefore without grace
}

type rate struct {
	currency  string
	day       day
	rate      decimal.Decimal
	updatedAt time.Time
}

// thresholds are the ARR from which on an account is high or low touch, and the days of grace, in force from a day on.
type thresholds struct {
	startsOn  day
	high, low decimal.Decimal
	grace     day
}

// world is a company's facts.
type world struct {
	fiscalYearStart time.Month
	reporting       string
	accounts        []account
	contracts       []contract
	rates           []rate
	thresholds      []thresholds
}

// naive answers at the end of a day.
type naive struct {
	world
	byDay     bool // as the views by day, which have windows that the others do not have
	asOf      day
	contracts map[string][]contract // by account: the last version of each, of accounts that are no test accounts
	accounts  []string              // those that have contracts
	policy    thresholds            // those of asOf, which hold for both ends of a window
}

func newNaive(w world, asOf day) *naive {
	n := &naive{world: w, asOf: asOf, contracts: map[string][]contract{}}
	// is_test accounts are in no KPI, by the last version of the account. Accounts that nobody described still count.
	described := map[string]account{}
	for _, a := range w.accounts {
		if b, known := described[a.id]; !known || a.updatedAt.After(b.updatedAt) {
			described[a.id] = a
		}
	}
	for _, t := range w.thresholds {
		if t.startsOn <= asOf && t.startsOn >= n.policy.startsOn {
			n.policy = t
		}
	}
	// Rows are upserts by (source, id, valid_from); the last updated_at wins. A row holds from valid_from until the next one
	// does, the first one for all days before. A contract that was withdrawn last never was.
	var last []contract
	until := map[int]day{}
	for _, c := range w.contracts {
		isLast, isGone, next := true, c.isWithdrawn, never
		latest := c.updatedAt
		for _, d := range w.contracts {
			if d.id != c.id || d.source != c.source {
				continue
			}
			if d.validFrom == c.validFrom && d.updatedAt.After(c.updatedAt) {
				isLast = false
			}
			if d.validFrom > c.validFrom {
				next = min(next, d.validFrom)
			}
			if d.updatedAt.After(latest) {
				latest, isGone = d.updatedAt, d.isWithdrawn
			}
		}
		if isLast && !isGone {
			until[len(last)] = next
			last = append(last, c)
		}
	}
	for i, c := range last {
		// A contract with renewed_from replaces its predecessor, of the same source, from its own start. It must have
		// begun by as_of, be no trial and cover a day at all.
		c.replacedOn = never
		for _, s := range last {
			if s.renewedFrom == c.id && s.source == c.source && s.startsOn <= asOf && !s.isTrial && !s.isOneOff && s.startsOn < s.endsBefore {
				c.replacedOn = min(c.replacedOn, s.startsOn)
			}
		}
		covered := min(c.endsBefore, c.replacedOn)
		c.countsFrom, c.countsBefore = max(c.startsOn, c.validFrom), min(covered, until[i])
		c.seatsBefore = c.countsBefore
		// Grace goes on from the end of what the contract covers, day by day, until notice is given, the account's next contract begins
		// to count, or the contract itself goes on.
		begins := func(s contract) day { return max(s.startsOn, s.validFrom) }
		isSame := func(a, b contract) bool { return a.id == b.id && a.source == b.source }
		pays := func(s contract) bool {
			return s.account == c.account && s.acv.IsPositive() && !s.isTrial && !s.isOneOff
		}
		if c.countsBefore == covered && c.countsFrom < c.countsBefore && covered != never {
			for d := covered; d < covered+n.policy.grace && d < until[i] && c.noticeOn > d; d++ {
				if slices.ContainsFunc(last, func(s contract) bool {
					return pays(s) && covered <= begins(s) && begins(s) <= d &&
						!slices.ContainsFunc(last, func(r contract) bool { return isSame(r, s) && pays(r) && begins(r) < begins(s) })
				}) {
					break
				}
				c.countsBefore = d + 1
			}
		}
		if !described[c.account].isTest {
			n.contracts[c.account] = append(n.contracts[c.account], c)
		}
	}
	for a, cs := range n.contracts {
		n.accounts = append(n.accounts, a)
		slices.SortStableFunc(cs, func(a, b contract) int { return cmp.Compare(a.countsFrom, b.countsFrom) })
	}
	slices.Sort(n.accounts)
	return n
}

// active: it counts on d; not a trial, ACV > 0.
func active(c contract, d day) bool {
	return c.countsFrom <= d && d < c.countsBefore && !c.isTrial && !c.isOneOff && c.acv.IsPositive()
}

// sold: its seats count on d, whatever they cost.
func sold(c contract, d day) bool {
	return active(c, d) || c.countsFrom <= d && d < c.seatsBefore && !c.isTrial && !c.acv.IsNegative()
}

// fiscalYear is the first day of the fiscal year that d is in, and its name: the year in which it ends.
func (n *naive) fiscalYear(d day) (first day, name int) {
	year := d.time().Year()
	if d.time().Month() < n.fiscalYearStart {
		year--
	}
	first = date(year, n.fiscalYearStart, 1)
	return first, date(year+1, n.fiscalYearStart, 0).time().Year()
}

// rateIn is the one rate of a currency in the fiscal year of d: the latest on or before its first day, not older than
// 31 days, else the first one inside. What is dated after as_of is not known yet. False: there is none.
func (n *naive) rateIn(currency string, d day) (decimal.Decimal, bool) {
	if currency == "" || currency == n.reporting {
		return decimal.NewFromInt(1), true
	}
	first, name := n.fiscalYear(d)
	var before, inside *rate
	for _, r := range n.rates {
		_, in := n.fiscalYear(r.day)
		switch {
		case r.currency != currency || r.day > n.asOf:
		case r.day <= first && r.day >= first-31:
			if before == nil || r.day > before.day || r.day == before.day && r.updatedAt.After(before.updatedAt) {
				before = &r
			}
		case r.day > first && in == name:
			if inside == nil || r.day < inside.day || r.day == inside.day && r.updatedAt.After(inside.updatedAt) {
				inside = &r
			}
		}
	}
	switch {
	case before != nil:
		return before.rate, true
	case inside != nil:
		return inside.rate, true
	}
	return decimal.Zero, false
}

// line is a product in a department.
type line struct{ product, department string }

// arr is an account's ARR on day d: the sum of its active contracts' ACV, at the rates of the fiscal year of rateDay. Of
// lines, if any are given, else of all.
func (n *naive) arr(account string, d, rateDay day, lines ...line) decimal.Decimal {
	sum := decimal.Zero
	for _, c := range n.contracts[account] {
		if active(c, d) && (len(lines) == 0 || slices.Contains(lines, line{c.product, c.department})) {
			r, known := n.rateIn(c.currency, rateDay)
			if !known {
				panic("no rate of " + c.currency + " in the fiscal year of " + rateDay.String())
			}
			sum = sum.Add(c.acv.Mul(r))
		}
	}
	return sum
}

// pays tells whether an account has ARR on day d.
func (n *naive) pays(account string, d day) bool {
	return slices.ContainsFunc(n.contracts[account], func(c contract) bool { return active(c, d) })
}

// paidBy tells whether an account had ARR on day d or on any day before.
func (n *naive) paidBy(account string, d day) bool {
	_, paid := n.firstPaid(account, d)
	return paid
}

// firstPaid is the first day up to d on which the account had ARR.
func (n *naive) firstPaid(account string, d day) (day, bool) {
	for _, c := range n.contracts[account] {
		// ARR can begin only where a contract begins.
		if c.countsFrom <= d && n.pays(account, c.countsFrom) {
			return c.countsFrom, true
		}
	}
	return 0, false
}

// segment is the touch model by an account's ARR.
func (n *naive) segment(arr decimal.Decimal) string {
	switch {
	case arr.GreaterThanOrEqual(n.policy.high):
		return "high"
	case arr.GreaterThanOrEqual(n.policy.low):
		return "low"
	}
	return "tech"
}

// state is an account at as_of.
type state struct {
	account, segment   string
	amount, contracted decimal.Decimal
	seats              int64
}

// states are the accounts that pay at as_of.
func (n *naive) states() []state {
	var states []state
	for _, a := range n.accounts {
		s := state{account: a, amount: n.arr(a, n.asOf, n.asOf)}
		if s.amount.IsZero() {
			continue
		}
		s.segment = n.segment(s.amount)
		for _, c := range n.contracts[a] {
			if sold(c, n.asOf) {
				s.seats += int64(c.seats)
			}
			if !active(c, n.asOf) {
				continue
			}
			// Contracted ARR: ARR less what has given notice.
			if c.noticeOn > n.asOf {
				r, _ := n.rateIn(c.currency, n.asOf)
				s.contracted = s.contracted.Add(c.acv.Mul(r))
			}
		}
		states = append(states, s)
	}
	return states
}

// window is half-open, (opens, as_of].
type window struct {
	name   string
	opens  day
	months int // of a trailing one
}

// monthsAgo is the end at which a trailing window opens: on the last day of a month, the last day of one.
func (n *naive) monthsAgo(months int) day {
	if next := n.asOf + 1; n.byDay && next.time().Day() == 1 {
		return next.monthsBefore(months) - 1
	}
	return n.asOf.monthsBefore(months)
}

// windows are the trailing ones, and the month, fiscal quarter and fiscal year to date.
func (n *naive) windows() []window {
	windows := []window{{"1m", n.monthsAgo(1), 1}, {"3m", n.monthsAgo(3), 3}, {"12m", n.monthsAgo(12), 12}}
	if !n.byDay {
		return windows
	}
	year, _ := n.fiscalYear(n.asOf)
	quarter := year
	for quarter.monthsBefore(-3) <= n.asOf {
		quarter = quarter.monthsBefore(-3)
	}
	month := n.asOf - day(n.asOf.time().Day()-1)
	return append(windows, window{"mtd", month - 1, 0}, window{"qtd", quarter - 1, 0}, window{"ytd", year - 1, 0})
}

// change is an account over a window.
type change struct {
	account, segment  string
	reported          decimal.Decimal // ARR at the start, at the rates of the start's fiscal year
	opening, closing  decimal.Decimal // ARR at the start and at as_of, both at the rates of as_of's fiscal year
	movements         map[string]decimal.Decimal
	lines             map[line]decimal.Decimal // what the lines add to the movement that is not currency
	currency          map[line]decimal.Decimal // and to currency
	paidAtStart, pays bool
}

// changes are the accounts that paid at the start of a window or pay at its end.
func (n *naive) changes(w window) []change {
	start := w.opens
	var changes []change
	for _, a := range n.accounts {
		c := change{
			account: a, reported: n.arr(a, start, start), opening: n.arr(a, start, n.asOf), closing: n.arr(a, n.asOf, n.asOf),
			paidAtStart: n.pays(a, start), pays: n.pays(a, n.asOf), movements: map[string]decimal.Decimal{},
			lines: map[line]decimal.Decimal{}, currency: map[line]decimal.Decimal{},
		}
		if !c.paidAtStart && !c.pays {
			continue
		}
		// The segment at the start of the window; of accounts that did not pay then, the one at its end.
		c.segment = n.segment(c.opening)
		if !c.paidAtStart {
			c.segment = n.segment(c.closing)
		}
		move := func(movement string, amount decimal.Decimal) {
			if !amount.IsZero() {
				c.movements[movement] = amount
			}
		}
		// The bridge from the opening as it was reported carries the difference of rates as movement currency.
		move("currency", c.opening.Sub(c.reported))
		delta := c.closing.Sub(c.opening)
		switch {
		case !c.paidAtStart && n.paidBy(a, start): // zero before, paid earlier: never new
			move("reactivation", delta)
		case !c.paidAtStart:
			move("new", delta)
		case !c.pays: // the account's ARR is zero: churn; cancelling one of several is contraction
			move("churn", delta)
		case delta.IsPositive(): // up and down in one window: net per account
			move("expansion", delta)
		default:
			move("contraction", delta)
		}
		// Up and down in one window: gross per product and department in the detail; both sum to the same change.
		for _, contract := range n.contracts[a] {
			l := line{contract.product, contract.department}
			opening := n.arr(a, start, n.asOf, l)
			c.lines[l] = n.arr(a, n.asOf, n.asOf, l).Sub(opening)
			c.currency[l] = opening.Sub(n.arr(a, start, start, l))
		}
		changes = append(changes, c)
	}
	return changes
}

// retention is what NRR, GRR, logo and revenue churn are made of, over the accounts that paid at the start.
type retention struct {
	opening, closing, retained, churned, downsold decimal.Decimal
	accounts, lost                                int64
}

func (r *retention) add(c change) {
	if !c.paidAtStart {
		return // new accounts are excluded
	}
	r.accounts++
	r.opening = r.opening.Add(c.opening)
	r.closing = r.closing.Add(c.closing) // churned ones stay with 0
	r.retained = r.retained.Add(decimal.Min(c.opening, c.closing))
	switch {
	case !c.pays:
		r.lost++
		r.churned = r.churned.Add(c.opening)
	case c.closing.LessThan(c.opening):
		r.downsold = r.downsold.Add(c.opening.Sub(c.closing))
	}
}

// chained is the product of the monthly cohort NRRs of a window, all at the rates of as_of's fiscal year. False: in a
// month nobody paid.
func (n *naive) chained(months int) (float64, bool) {
	product := 1.0
	for m := months; m > 0; m-- {
		from, to := n.monthsAgo(m), n.monthsAgo(m-1)
		opening, closing := decimal.Zero, decimal.Zero
		for _, a := range n.accounts {
			if n.pays(a, from) {
				opening = opening.Add(n.arr(a, from, n.asOf))
				closing = closing.Add(n.arr(a, to, n.asOf))
			}
		}
		if opening.IsZero() {
			return 0, false
		}
		product *= quotient(closing, opening)
	}
	return product, true
}

// wilson are the bounds of the Wilson score interval at 95 %.
func wilson(k, n int64) (lower, upper float64) {
	const z = 1.959963984540054
	p, N := float64(k)/float64(n), float64(n)
	centre := (p + z*z/(2*N)) / (1 + z*z/N)
	half := z / (1 + z*z/N) * math.Sqrt(p*(1-p)/N+z*z/(4*N*N))
	return centre - half, centre + half
}

func quotient(a, b decimal.Decimal) float64 { return a.DivRound(b, 30).InexactFloat64() }

// churnEvent is a day on which an account's ARR reached zero.
type churnEvent struct {
	account, reason string
	on              day
	fiscalYear      int
	arr             decimal.Decimal // ARR of the day before
}

// churnEvents happen when the ARR reaches zero: on the contract's end, not on the notice.
func (n *naive) churnEvents() []churnEvent {
	var events []churnEvent
	for _, a := range n.accounts {
		cs := n.contracts[a]
		for d := cs[0].countsFrom + 1; d <= n.asOf; d++ {
			if !n.pays(a, d-1) || n.pays(a, d) {
				continue
			}
			e := churnEvent{account: a, on: d, arr: n.arr(a, d-1, n.asOf), reason: n.reason(cs, d)}
			_, e.fiscalYear = n.fiscalYear(d)
			events = append(events, e)
		}
	}
	return events
}

// reason is the primary reason of a churn on day d: that of the largest contract that ended then and has one.
func (n *naive) reason(cs []contract, d day) string {
	reason, largest := "unknown", decimal.Zero
	for _, c := range cs {
		r, _ := n.rateIn(c.currency, n.asOf)
		if value := c.acv.Mul(r); active(c, d-1) && c.cancelReason != "" && value.GreaterThan(largest) {
			reason, largest = c.cancelReason, value
		}
	}
	return reason
}

// cohort is a quarter's new accounts at an age.
type cohort struct {
	name                string
	age                 int
	accounts, remaining int64
	opening, left       decimal.Decimal
}

// cohorts are by the calendar quarter of an account's first day with ARR; the ages, 0 to 12 months and by threes to 60,
// are counted from that day. They are shown once every account of the quarter has reached them, those of its last day
// included, whether or not there is one. The last twenty quarters.
func (n *naive) cohorts() []cohort {
	members := map[string][]string{}
	born := map[string]day{}
	for _, a := range n.accounts {
		if first, paid := n.firstPaid(a, n.asOf); paid {
			born[a] = first
			quarter := fmt.Sprintf("%d-Q%d", first.time().Year(), (first.time().Month()+2)/3)
			members[quarter] = append(members[quarter], a)
		}
	}
	oldest := n.asOf.time().Year()*4 + int(n.asOf.time().Month()+2)/3 - 1 - 19
	var cohorts []cohort
	for quarter, accounts := range members {
		var year, q int
		fmt.Sscanf(quarter, "%d-Q%d", &year, &q)
		if year*4+q-1 < oldest {
			continue
		}
		for age := 0; age <= 60; age++ {
			if age > 12 && age%3 != 0 {
				continue
			}
			if (date(year, time.Month(3*q+1), 1) - 1).monthsBefore(-age) > n.asOf {
				continue
			}
			c := cohort{name: quarter, age: age}
			for _, a := range accounts {
				at := born[a].monthsBefore(-age)
				c.accounts++
				c.opening = c.opening.Add(n.arr(a, born[a], n.asOf))
				if n.pays(a, at) {
					c.remaining++
					c.left = c.left.Add(n.arr(a, at, n.asOf))
				}
			}
			cohorts = append(cohorts, c)
		}
	}
	return cohorts
}
