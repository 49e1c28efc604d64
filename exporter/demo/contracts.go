package demo

import (
	"context"
	"fmt"
	"math"
)

var (
	products    = []string{"Visit", "Insight", "Connect"}
	departments = []string{"sales", "field_service", "operations", "customer_support", "marketing"}
)

// line is what a customer buys for one department: a product under a chain of contracts.
type line struct {
	product    string
	department string
	current    int // Index of the newest contract.
	over       bool
}

type contract struct {
	line       int // Index of the account's line; -1: a trial, which no line goes on from.
	product    string
	department string
	kind       string
	seats      int
	price      int64   // For one seat and year, in hundredths of the contract currency.
	worth      float64 // Annual value in the reporting currency at undrifted rates.
	starts     day
	ends       day // never: open, from month to month.
	from       int // Index of the contract that it replaces; -1: none.
	replaced   day // First day of the contract that replaces it; never: none does.
	signed     day
	changed    day // Day on which notice or end were entered; never: unchanged.
	notice     day
	reason     string
	decided    bool
	lead       day // How long before its end the customer decides.
	monthly    bool
	trial      bool
	land       bool
}

func (k *contract) acv() int64 { return int64(k.seats) * k.price }

// covers tells whether the contract is in force: from its start to its end, or to the start of its successor.
func (k *contract) covers(d day) bool {
	return k.starts <= d && (k.ends == never || d < k.ends) && (k.replaced == never || d < k.replaced)
}

// value is the annual value of what is signed and not over.
func (c *Company) value(a *account) float64 {
	var sum float64
	for _, l := range a.lines {
		if !l.over {
			sum += a.contracts[l.current].worth
		}
	}
	return sum
}

func (a *account) seats() int {
	n := 0
	for _, l := range a.lines {
		if !l.over {
			n += a.contracts[l.current].seats
		}
	}
	return max(n, 1)
}

func (a *account) customerOn(d day) bool {
	for i := range a.contracts {
		if a.contracts[i].covers(d) {
			return true
		}
	}
	return false
}

// seatPrice is what a seat costs a customer of this size, in hundredths of its currency: larger ones buy the
// larger edition, from 500 dollars a year to 5000.
func (c *Company) seatPrice(a *account, size float64) int64 {
	dollar := c.money.scale
	price := clamp(1300*math.Pow(size/dollar/5000, 0.35), 500, 5000) * dollar * math.Exp(a.dice.normal(0, 0.12))
	return c.money.tag(a.currency, price/c.money.base(a.currency))
}

// sign adds a contract to its line. The worth follows from seats and price.
func (c *Company) sign(a *account, k contract) {
	k.worth = float64(k.acv()) / 100 * c.money.base(a.currency)
	k.monthly = k.ends == never
	l := &a.lines[max(k.line, 0)]
	k.product, k.department = l.product, l.department
	a.contracts = append(a.contracts, k)
	if k.from >= 0 {
		a.contracts[k.from].replaced = k.starts
	}
	if k.line >= 0 {
		l.current = len(a.contracts) - 1
	}
}

// term draws a length: mostly a year; large customers commit for two or three, small ones pay by the month.
func (c *Company) term(a *account, s segment) (months int, lead day) {
	switch s {
	case high:
		return []int{12, 24, 36}[a.dice.one(64, 18, 18)], a.dice.days(90, 150)
	case low:
		return []int{12, 24, 36}[a.dice.one(82, 11, 7)], a.dice.days(60, 105)
	}
	return []int{12, 24, 0}[a.dice.one(72, 3, 25)], a.dice.days(32, 70)
}

func endOf(starts day, months int) day {
	if months == 0 {
		return never
	}
	return starts.addMonths(months)
}

// open begins the life of an account: perhaps a trial, then the first contract, perhaps a small one that is meant
// to be expanded, and onboarding.
func (c *Company) open(a *account) {
	a.waiting = false
	product, department := products[a.dice.one(70, 18, 12)], departments[a.dice.one(60, 20, 10, 5, 5)]
	a.lines = []line{{product: product, department: department}}
	price := c.seatPrice(a, a.size)
	seats := max(1, int(math.Round(a.size/(float64(price)/100*c.money.base(a.currency)))))

	if a.role == trialOnly || a.size < 40_000*c.money.scale && a.dice.chance(0.22) {
		length := a.dice.days(14, 35)
		trial := contract{line: -1, seats: max(2, seats/3), starts: a.start - length, ends: a.start, from: -1, trial: true, decided: true}
		if a.role == trialOnly { // Nothing follows, so that its days need not lie in the past.
			trial.starts, trial.ends = a.start, a.start+length
		}
		trial.signed = trial.starts
		a.created = min(a.created, trial.starts)
		c.sign(a, trial)
		if a.role == trialOnly {
			return
		}
	}
	first := contract{kind: "new", seats: seats, price: price, starts: a.start, from: -1, signed: a.start - a.dice.days(0, 13)}
	if a.size > 30_000*c.money.scale && a.dice.chance(0.24) {
		first.land = true
		first.seats = max(2, int(float64(seats)*a.dice.within(0.22, 0.45)))
	}
	months, lead := c.term(a, c.segmentOf(float64(first.acv())/100*c.money.base(a.currency)))
	if first.land {
		months = 12
	}
	first.ends, first.lead = endOf(first.starts, months), lead
	c.sign(a, first)
	c.onboard(a)
	c.start(a, a.start)
	if first.land {
		c.planExpansion(a, seats-first.seats)
	}
}

// start makes the account a customer from d on.
func (c *Company) start(a *account, d day) {
	a.alive, a.since, a.ended, a.lastTouch = true, d, never, d
	a.leaving, a.sudden, a.silent, a.reason = false, false, false, ""
	a.health = clamp(a.dice.normal(0.64, 0.07), 0.3, 0.9)
	a.smooth = a.health
	a.demand = float64(a.seats()) * a.dice.within(0.62, 0.95)
	a.users, a.usedThen, a.ramp, a.trouble, a.unseen = 0, 0, 0, 0, false
	a.pursuit, a.plan = pursuit{}, pursuit{}
	if a.role == customer {
		c.assign(a, c.teamFor(a, d), d)
	}
}

// reopen brings a customer back who had left: a smaller contract, no second onboarding.
func (c *Company) reopen(a *account) {
	d := a.returns
	a.returns = never
	old := a.contracts[a.lines[0].current]
	a.lines = []line{{product: a.lines[0].product, department: a.lines[0].department}}
	months, lead := c.term(a, c.segmentOf(old.worth*0.8))
	if a.outcome == failed {
		a.outcome = slow
	}
	c.sign(a, contract{
		kind: "new", seats: max(1, int(float64(old.seats)*a.dice.within(0.55, 1.05))), price: old.price,
		starts: d, ends: endOf(d, months), from: -1, signed: d, lead: lead,
	})
	c.start(a, d)
	a.ramp = 0.5
}

// renew lets contracts come to their decisions and ends. The main line decides whether the customer stays: the
// worse the last two months, the likelier it leaves, and all the likelier after a failed onboarding.
func (c *Company) renew(a *account, d day) {
	open := false
	for i := range a.lines {
		l := &a.lines[i]
		k := &a.contracts[l.current]
		if l.over || k.ends != never && k.decided && k.ends <= d {
			l.over = true
			continue
		}
		open = true
		switch {
		case k.decided:
		case a.leaving:
			c.terminate(a, k, d)
		case k.ends == never:
			if d-k.starts > 45 && c.leaving[c.segment(a)].falls(c.leaveProbability(a, d, k)/12*7/30.4) {
				c.leave(a, d)
			}
		case d >= k.ends-k.lead:
			switch {
			case i == a.main() && c.leaving[c.segment(a)].falls(c.leaveProbability(a, d, k)):
				c.leave(a, d)
			case i != a.main() && a.dice.chance(0.05+0.25*clamp(0.6-a.smooth, 0, 1)):
				k.decided = true
				c.terminate(a, k, d)
				k.reason = pick(a.dice, []string{"product_gap", "budget", "price"})
			default:
				c.extend(a, i, d)
			}
		}
	}
	if open {
		return
	}
	a.alive = false
	for _, k := range a.contracts {
		a.ended = max(a.ended, k.ends)
	}
	c.release(a)
	c.bury(a)
	if a.reason != "business_closed" && a.dice.chance(0.11) {
		a.returns = max(d+7, a.ended+a.dice.days(50, 330))
	}
}

// main is the largest line that is not over.
func (a *account) main() int {
	best := -1
	for i, l := range a.lines {
		if !l.over && (best < 0 || a.contracts[l.current].worth > a.contracts[a.lines[best].current].worth) {
			best = i
		}
	}
	return best
}

// leaveProbability is the chance that a decision goes against us, for a contract by the month the chance in a year.
func (c *Company) leaveProbability(a *account, d day, k *contract) float64 {
	s := c.segment(a)
	odds := [...]float64{-2.3, -2.7, -1.8}[s] + 12*(0.58-a.smooth)
	if d-a.since > 2*365 {
		odds -= 0.3
	}
	for _, v := range a.reviews {
		if v.verified && d-v.on < 200 {
			odds -= 0.6
			break
		}
	}
	sudden := [...]float64{0.004, 0.012, 0.030}[s]
	if k.ends == never {
		odds += 0.25
	}
	return clamp(logistic(odds)+sudden, 0, 0.95)
}

// leave decides that the customer goes, and why.
func (c *Company) leave(a *account, d day) {
	s := c.segment(a)
	a.leaving = true
	switch calm := a.smooth > 0.57 && a.trouble < 0.12; {
	case a.outcome == failed && d-a.since < 500 && a.dice.chance(0.95):
		a.reason = "onboarding_failed"
	case calm:
		a.sudden = true
		a.reason = []string{"business_closed", "budget", "price", "competitor"}[a.dice.one(30, 25, 25, 20)]
	case a.trouble >= 0.08 && a.dice.chance(0.75):
		a.reason = blows[a.troubleKind].name
		if a.reason == "quality" {
			a.reason = "product_gap"
		}
	default:
		a.reason = []string{"price", "product_gap", "competitor", "budget"}[a.dice.one(33, 29, 20, 18)]
	}
	a.silent = a.reason != "onboarding_failed" && a.dice.chance([...]float64{0, 0.06, 0.20}[s])
	for i := range a.lines {
		if l := &a.lines[i]; !l.over && !a.contracts[l.current].decided {
			c.terminate(a, &a.contracts[l.current], d)
		}
	}
	c.abandon(a, d)
}

// terminate enters notice and reason, unless the customer just lets the contract lapse. From month to month it
// runs on for a month or two.
func (c *Company) terminate(a *account, k *contract, d day) {
	k.decided = true
	k.notice = d + a.dice.days(0, 6)
	if k.ends == never {
		k.ends = max(k.notice, k.starts) + a.dice.days(28, 62)
	} else {
		k.notice = min(d+a.dice.days(0, max(0, int(k.ends-d)*6/10)), k.ends-1)
	}
	k.notice = max(k.notice, k.starts)
	k.changed, k.reason = k.notice, a.reason
	if a.silent {
		k.notice, k.reason = never, ""
		k.changed = never
		if k.monthly {
			k.changed = k.ends
		}
	}
}

// extend renews a contract: on time, or early, or, unless it is a large account's, a few days late; at the same price, with an uplift, or with
// fewer seats where many lie idle.
func (c *Company) extend(a *account, i int, d day) {
	k := &a.contracts[a.lines[i].current]
	k.decided = true
	s := c.segment(a)
	months, lead := c.term(a, s)
	next := contract{
		line: i, kind: "renewal", seats: k.seats, price: k.price, starts: k.ends, from: a.lines[i].current, lead: lead,
	}
	switch a.dice.one(87, 10, 3) {
	case 1:
		next.starts = max(d+1, k.starts+1, k.ends-a.dice.days(8, 40))
	case 2:
		// What is large does not lapse for a week: somebody runs after it.
		if late := a.dice.days(1, 8); s != high {
			next.starts = k.ends + late
		}
	}
	next.signed = max(d, min(next.starts, next.starts-a.dice.days(0, 45)))
	idle := 1 - a.users/float64(a.seats())
	switch {
	case idle > 0.45 && a.dice.chance(0.42) || a.dice.chance(0.10):
		next.seats = max(1, int(math.Ceil(float64(k.seats)*a.dice.within(0.62, 0.92))))
	case a.dice.chance(0.42):
		next.price = c.money.tag(a.currency, float64(k.price)/100*a.dice.within(1.025, 1.075))
	}
	if i != a.main() { // Further lines run as long as the main one, where that is possible.
		if end := a.contracts[a.lines[a.main()].current].ends; end > next.starts+90 {
			next.ends = end
		}
	}
	if next.ends == never {
		if months == 0 {
			months = 12
		}
		next.ends = endOf(next.starts, months)
	}
	c.renewalDeal(a, k, &next, d)
	c.sign(a, next)
	a.demand = min(a.demand, 1.25*float64(a.seats()))
}

func (c *Company) writeContracts(ctx context.Context, r *rows) error {
	return c.eachAccount(ctx, r, func(a *account) {
		id := func(i int) string { return fmt.Sprintf("K%s-%d", a.id[1:], i+1) }
		for i := range a.contracts {
			k := &a.contracts[i]
			if k.starts > c.last {
				continue
			}
			version := func(final bool, updated int64) {
				r.text("contract_id", id(i))
				r.text("account_id", a.id)
				r.text("product", k.product)
				r.text("department", k.department)
				r.text("kind", k.kind)
				r.number("seats", k.seats)
				r.amount("acv", k.acv())
				r.text("currency", c.money.currencies[a.currency])
				r.day("starts_on", k.starts)
				if k.monthly && !final {
					r.null("ends_before")
				} else {
					r.day("ends_before", k.ends)
				}
				from := ""
				if k.from >= 0 {
					from = id(k.from)
				}
				r.text("renewed_from", from)
				if final {
					r.day("notice_on", k.notice)
					r.text("cancel_reason", k.reason)
				} else {
					r.null("notice_on")
					r.text("cancel_reason", "")
				}
				r.truth("is_trial", k.trial)
				r.truth("is_land", k.land)
				r.end(updated)
			}
			changed := k.changed != never && k.changed <= c.last
			version(false, c.calendar.at(k.signed, 11*3600))
			if changed {
				version(true, c.calendar.at(k.changed, 16*3600))
			}
		}
	})
}
