package demo

import (
	"context"
	"fmt"
	"math"
)

const (
	// prehistory is how long before the history the oldest customers signed.
	prehistory = 3 * 365
	// momentum is the yearly growth of the number of first contracts.
	momentum = 0.24
	// few accounts are all customers of these years.
	few = 40
)

type role uint8

const (
	customer  role = iota
	trialOnly      // Tried the product and never bought it.
	holding        // Buys nothing itself; its subsidiaries do.
	internal       // An account of our own; is_test.
)

// account is one customer with its whole story. The first part never changes.
type account struct {
	n        int
	id       string
	role     role
	parent   int // Index of the parent account; -1: none.
	name     string
	industry string
	geo      string
	currency int // Index into money.currencies.
	created  day
	start    day     // First day of the first contract.
	size     float64 // Annual value it is sold at when it has fully landed, in the reporting currency.
	fit      float64 // Hidden: how well the product suits the customer; standard normal.

	journey
	lines     []line
	contracts []contract
	deals     []opportunity
	steps     [milestones]milestone
	owners    []owner
	touches   []touch
	risks     []risk
	actions   []action
	reviews   []review
}

// found decides who the accounts are. They are ordered by age: the i-th of n starts where an exponential growth
// has reached i/n, those older than the history at their own anniversary in the years before it.
func (c *Company) found() {
	chance := newDice(c.o.Seed, "company", 0)
	roleShift, sizeShift := chance.Float64(), chance.Float64()
	nameShift, named := chance.IntN(1000), map[string]int{}
	digits := max(4, len(fmt.Sprint(c.o.Accounts)))
	for n := range c.o.Accounts {
		dice := newDice(c.o.Seed, "account", n)
		a := &account{
			n: n, id: fmt.Sprintf("A%0*d", digits, n+1), parent: -1,
			geo:      []string{"japan", "emea", "americas", "apac"}[dice.one(46, 22, 20, 12)],
			industry: pick(dice, industries),
			fit:      dice.normal(0, 1),
		}
		a.dice, a.csm = dice, -1

		share := (float64(n) + dice.Float64()) / float64(c.o.Accounts)
		age := -math.Log(share) / momentum * 365
		history := float64(c.last - c.first)
		switch {
		case c.o.Accounts < few: // Nobody so old as to be gone, nobody too new to have done anything.
			age = clamp(age, 0.25*history, dice.within(0.3, 1)*history)
		case age > history:
			age = history + dice.within(1, prehistory)
		}
		a.start = c.last - day(age)
		a.created = a.start - dice.days(14, 90)

		if c.o.Accounts >= few {
			switch u := spread(n, roleShift); {
			case u < 0.012:
				a.role = internal
			case u < 0.027:
				a.role = holding
			case u < 0.075:
				a.role = trialOnly
			}
		}
		// Log-normal: the median customer pays 6600 a year, one in fourteen more than 100000.
		z := quantile(clamp(spread(n, sizeShift)*0.996+0.002, 0.002, 0.998))
		a.size = clamp(math.Exp(math.Log(6600)+1.85*z), 500, 500_000) * c.money.scale
		a.name = companyName(a.geo, named[a.geo], nameShift)
		named[a.geo]++
		if n > 20 && a.role == customer && dice.chance(0.07) {
			c.adopt(a, c.accounts[dice.IntN(n)])
		}
		a.currency = c.money.paidIn(a.geo)
		c.accounts = append(c.accounts, a)
	}
	// A holding that nobody belongs to would be an odd account.
	for i, a := range c.accounts {
		if a.role == holding {
			for child := i + 1; child < min(i+4, len(c.accounts)); child++ {
				if b := c.accounts[child]; b.role == customer && b.parent < 0 {
					c.adopt(b, a)
				}
			}
		}
	}
}

// adopt makes a a branch of parent, under its name.
func (c *Company) adopt(a, parent *account) {
	if parent.role == internal || parent.role == trialOnly || parent.parent >= 0 {
		return
	}
	a.parent, a.geo, a.industry = parent.n, parent.geo, parent.industry
	a.currency = c.money.paidIn(a.geo)
	a.name = parent.name + " " + pick(a.dice, branches[a.geo])
}

// live tells the story week by week for all accounts together, because they share the CSMs' time.
func (c *Company) live() {
	c.staff = newStaff(c.o.Seed)
	chance := newDice(c.o.Seed, "decisions", 0)
	for s := range c.leaving {
		c.leaving[s], c.winning[s] = tally(chance.Float64()), tally(chance.Float64())
	}
	for _, a := range c.accounts {
		a.waiting = a.role != holding
	}
	for week := c.founding; week <= c.last; week += 7 {
		c.staffing(week)
		for _, a := range c.accounts {
			switch {
			case a.waiting && a.start < week+7 && a.start <= c.last:
				c.open(a)
			case a.alive:
				c.week(a, week)
			case a.returns != never && a.returns < week+7 && a.returns <= c.last:
				c.reopen(a)
			}
			a.record(c, week)
		}
	}
}

// writeAccounts writes a version of the row whenever the owner changes.
func (c *Company) writeAccounts(ctx context.Context, r *rows) error {
	return c.eachAccount(ctx, r, func(a *account) {
		version := func(csm string, updated int64) {
			r.text("account_id", a.id)
			parent := ""
			if a.parent >= 0 {
				parent = c.accounts[a.parent].id
			}
			r.text("parent_account_id", parent)
			r.text("name", a.name)
			r.text("industry", a.industry)
			r.text("geo", a.geo)
			r.text("csm", csm)
			r.day("created_on", a.created)
			r.truth("is_test", a.role == internal)
			r.end(updated)
		}
		version("", c.calendar.at(a.created, 9*3600))
		for _, o := range a.owners {
			version(c.staff.name(o.csm), c.calendar.at(o.from, 10*3600))
		}
	})
}
