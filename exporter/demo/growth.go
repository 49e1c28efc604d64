package demo

import (
	"context"
	"fmt"
	"math"
)

// opportunity is a sale to a customer. Its amount is in hundredths of the contract currency; 0: never quantified.
type opportunity struct {
	kind     string
	by       string
	csm      int32
	amount   int64
	created  day
	proposed day
	expected day // As planned when it was created; never: not planned.
	closed   day // never: open.
	won      bool

	department string // The department that an extension is for.
}

// pursuit is one expansion on its way: usage surges, somebody offers, the customer decides.
type pursuit struct {
	active bool
	kind   string
	surge  float64 // Additional growth of demand, a year.
	seats  int
	offers day
	closes day
	deal   int // Index of the opportunity, once offered.
	open   bool
}

// planExpansion prepares the expansion that a land contract is for: offered soon, decided after half a year or more.
func (c *Company) planExpansion(a *account, seats int) {
	k := &a.contracts[len(a.contracts)-1]
	a.deals = append(a.deals, opportunity{
		kind: "land", by: "ae", csm: -1, amount: k.acv(), created: a.created + 5, proposed: k.signed - 5, closed: k.signed, won: true,
	})
	a.plan = pursuit{
		active: true, kind: "expand", seats: max(1, int(float64(seats)*a.dice.within(0.5, 0.95))),
		offers: a.start + a.dice.days(30, 75), closes: a.start + a.dice.days(170, 330), surge: 0.3,
	}
}

// grow lets satisfied customers expand. It begins with demand that outgrows the seats; weeks later there is an
// opportunity, created by CS in most cases where the CSM is in touch; the happier the customer, the likelier it is won.
func (c *Company) grow(a *account, d day) {
	c.advance(a, &a.plan, d)
	c.advance(a, &a.pursuit, d)
	if a.pursuit.active || a.plan.active || a.leaving || a.ramp < 0.6 || d-a.since < 120 || a.role != customer {
		return
	}
	s := c.segment(a)
	if !a.dice.weekly([...]float64{3.4, 2.9, 1.3}[s] * logistic(10*(a.smooth-0.60))) {
		return
	}
	kinds := []float64{55, 27, 18}
	if len(a.freeProducts()) == 0 {
		kinds[1] = 0
	}
	if len(a.freeDepartments()) == 0 || s == tech {
		kinds[2] = 0
	}
	p := pursuit{active: true, kind: []string{"upsell", "cross_sell", "extension"}[a.dice.one(kinds...)]}
	main := a.contracts[a.lines[a.main()].current].seats
	share := a.dice.within(0.16, 0.52)
	if main < 10 {
		share = a.dice.within(0.2, 0.7)
	}
	p.surge = map[string]float64{"upsell": 2.6, "cross_sell": 1.3, "extension": 1.8}[p.kind] * a.dice.within(0.7, 1.3)
	p.seats = max(1, int(math.Round(float64(main)*share)))
	p.offers = d + a.dice.days(30, 65)
	p.closes = p.offers + a.dice.days([...]int{45, 28, 10}[s], [...]int{130, 90, 45}[s])
	a.pursuit = p
}

// has tells whether the customer has ever had the product in the department.
func (a *account) has(product, department string) bool {
	for _, k := range a.contracts {
		if k.product == product && k.department == department {
			return true
		}
	}
	return false
}

// freeProducts are those that the customer has never had.
func (a *account) freeProducts() []string {
	return missing(products, func(p string) bool {
		for _, k := range a.contracts {
			if k.product == p {
				return true
			}
		}
		return false
	})
}

// freeDepartments are those that have not used the main product yet.
func (a *account) freeDepartments() []string {
	main := a.lines[a.main()].product
	return missing(departments, func(d string) bool { return a.has(main, d) })
}

func missing(all []string, has func(string) bool) []string {
	var free []string
	for _, s := range all {
		if !has(s) {
			free = append(free, s)
		}
	}
	return free
}

// advance takes a pursuit to its next step, when its day has come.
func (c *Company) advance(a *account, p *pursuit, d day) {
	switch {
	case !p.active:
	case !p.open && d >= p.offers:
		p.surge *= 0.4
		c.offer(a, p, d)
	case p.open && d >= p.closes:
		c.decide(a, p, d)
		*p = pursuit{}
	}
}

func (c *Company) offer(a *account, p *pursuit, d day) {
	main := &a.contracts[a.lines[a.main()].current]
	o := opportunity{kind: p.kind, csm: -1, amount: int64(p.seats) * c.offerPrice(a, main, p.kind), created: d + a.dice.days(0, 4)}
	origins := []float64{22, 38, 20, 20}
	if c.inTouch(a, d) {
		origins = []float64{70, 15, 7, 8}
	}
	if o.by = []string{"cs", "ae", "marketing", "partner"}[a.dice.one(origins...)]; o.by == "cs" {
		o.csm = a.csm
	}
	if free := a.freeDepartments(); (p.kind == "extension" || p.kind == "expand" && a.dice.chance(0.35)) && len(free) > 0 {
		o.department = pick(a.dice, free)
	}
	p.closes = max(p.closes, o.created+8)
	o.proposed = o.created + (p.closes-o.created)*2/5
	o.expected = p.closes
	if p.kind == "expand" && o.created%4 == 0 { // One in four takes longer than was planned.
		o.expected = max(o.created+8, p.closes-45)
	}
	a.deals = append(a.deals, o)
	p.deal, p.open = len(a.deals)-1, true
}

// offerPrice is the price of a seat: the main product's, or less for a further product.
func (c *Company) offerPrice(a *account, main *contract, kind string) int64 {
	if kind == "cross_sell" {
		return c.money.tag(a.currency, float64(main.price)/100*0.6)
	}
	return main.price
}

// decide wins or loses an opportunity; half of them are won at ordinary health.
func (c *Company) decide(a *account, p *pursuit, d day) {
	o := &a.deals[p.deal]
	o.closed = d
	odds := -0.2 + 6*(a.smooth-0.62)
	if o.by == "cs" {
		odds += 0.3
	}
	if p.kind == "expand" {
		odds += 0.5
	}
	if a.leaving || !c.winning[c.segment(a)].falls(logistic(odds)) {
		if a.dice.chance(0.3) { // Lost before anybody had put a number to it.
			o.amount = 0
		}
		return
	}
	o.won = true
	i := a.main()
	main := a.contracts[a.lines[i].current]
	s := c.segment(a)
	months, lead := c.term(a, s)
	k := contract{seats: p.seats, price: c.offerPrice(a, &main, p.kind), starts: d + a.dice.days(0, 9), from: -1, lead: lead, signed: d}
	switch {
	case p.kind == "cross_sell" && len(a.freeProducts()) > 0:
		k.kind, k.line = "cross_sell", len(a.lines)
		a.lines = append(a.lines, line{product: a.freeProducts()[0], department: main.department})
	case o.department != "" && !a.has(main.product, o.department):
		k.kind, k.line = "extension", len(a.lines)
		a.lines = append(a.lines, line{product: main.product, department: o.department})
	default: // More seats of the same replace the contract from their first day on.
		k.kind, k.line, k.from = "upsell", i, a.lines[i].current
		k.seats += main.seats
		k.starts = max(k.starts, main.starts+1)
		if old := &a.contracts[k.from]; old.monthly {
			months, old.ends, old.changed = 0, k.starts, k.starts
		}
		a.contracts[k.from].decided = true
	}
	switch {
	case main.ends != never && main.ends > k.starts+150 && (k.line != i || a.dice.chance(0.7)):
		k.ends = main.ends
	case k.line == i: // A new term, never a shorter commitment.
		if k.ends = endOf(k.starts, months); k.ends != never {
			k.ends = max(k.ends, main.ends)
		}
	default:
		k.ends = endOf(k.starts, 12)
	}
	c.sign(a, k)
	a.demand += 0.75 * float64(p.seats)
}

// abandon ends what was being sold when the customer has decided to leave.
func (c *Company) abandon(a *account, d day) {
	for _, p := range []*pursuit{&a.pursuit, &a.plan} {
		if p.active && p.open {
			a.deals[p.deal].closed = max(d, a.deals[p.deal].created)
		}
		*p = pursuit{}
	}
	if k := a.contracts[a.lines[a.main()].current]; k.ends != never && c.segment(a) != tech {
		closed := k.ends - 1
		if k.notice != never {
			closed = k.notice
		}
		a.deals = append(a.deals, opportunity{
			kind: "renewal", by: "ae", csm: -1, amount: k.acv(), created: max(k.starts, d-a.dice.days(10, 40)), proposed: d, closed: closed,
		})
	}
}

// renewalDeal keeps the sale behind a renewal; small customers renew by themselves.
func (c *Company) renewalDeal(a *account, k, next *contract, d day) {
	if c.segment(a) == tech || a.role != customer {
		return
	}
	a.deals = append(a.deals, opportunity{
		kind: "renewal", by: "ae", csm: -1, amount: next.acv(), created: max(k.starts, d-a.dice.days(10, 40)), proposed: d, closed: next.signed, won: true,
	})
}

// writeOpportunities writes a version per stage.
func (c *Company) writeOpportunities(ctx context.Context, r *rows) error {
	return c.eachAccount(ctx, r, func(a *account) {
		for i, o := range a.deals {
			if o.created < c.first || o.created > c.last || a.role != customer {
				continue
			}
			version := func(stage string, amount int64, closed bool, updated int64) {
				r.text("opportunity_id", fmt.Sprintf("O%s-%d", a.id[1:], i+1))
				r.text("account_id", a.id)
				r.text("kind", o.kind)
				r.text("originated_by", o.by)
				r.text("csm", c.staff.name(o.csm))
				if amount == 0 {
					r.null("amount")
				} else {
					r.amount("amount", amount)
				}
				r.text("currency", c.money.currencies[a.currency])
				r.text("stage", stage)
				r.day("created_on", o.created)
				r.day("expected_on", o.expected)
				if closed {
					r.day("closed_on", o.closed)
					r.truth("is_won", o.won)
				} else {
					r.null("closed_on")
					r.null("is_won")
				}
				r.end(updated)
			}
			version("discovery", o.amount, false, c.calendar.at(o.created, 10*3600))
			if o.proposed >= o.created && o.proposed <= c.last && (o.closed == never || o.proposed <= o.closed) {
				version("proposal", o.amount, false, c.calendar.at(o.proposed, 13*3600))
			}
			if o.closed != never && o.closed <= c.last {
				stage := "lost"
				if o.won {
					stage = "won"
				}
				version(stage, o.amount, true, c.calendar.at(o.closed, 17*3600))
			}
		}
	})
}
