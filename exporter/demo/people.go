package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// The CSMs. Segments are served by teams of their own: high touch by few accounts a head, low touch by a team for
// onboarding that hands over to one for adoption, tech touch by a small pool for very many. Each team hires when
// its load exceeds its capacity, and people leave now and then; both hand accounts over.

type team uint8

const (
	highTeam team = iota
	onboardingTeam
	adoptionTeam
	techTeam
	teams
)

// capacity is the number of accounts that one CSM of a team can serve well.
var capacity = [teams]int{10, 14, 30, 130}

type csm struct {
	name      string
	team      team
	from, to  day // First day, and the first one no longer there; never: still is.
	load      int
	diligence float64 // 0.7 to 1.1: how reliably touches and to-dos happen.
}

type owner struct {
	from day
	csm  int32
}

type staff struct {
	dice    dice
	people  []csm
	members [teams][]int32 // Who has not left.
	load    [teams]int
	shift   int // Where in the list of names this company begins.
}

func newStaff(seed uint64) staff {
	s := staff{dice: newDice(seed, "staff", 0)}
	s.shift = s.dice.IntN(870)
	return s
}

func (s *staff) name(i int32) string {
	if i < 0 {
		return ""
	}
	return s.people[i].name
}

func (s *staff) hire(t team, d day) int32 {
	i := int32(len(s.people))
	s.people = append(s.people, csm{name: personName(s.shift + len(s.people)), team: t, from: d, to: never, diligence: s.dice.within(0.72, 1.1)})
	s.members[t] = append(s.members[t], i)
	return i
}

// least is the member of a team with the lowest load.
func (s *staff) least(t team) int32 {
	best := s.members[t][0]
	for _, i := range s.members[t][1:] {
		if s.people[i].load < s.people[best].load {
			best = i
		}
	}
	return best
}

// stretch is how busy a CSM is: 1 is at capacity.
func (s *staff) stretch(i int32) float64 {
	if i < 0 {
		return 1
	}
	p := &s.people[i]
	return float64(p.load) / float64(capacity[p.team])
}

// assign makes the least busy member of the team the owner of a from day d on.
func (c *Company) assign(a *account, t team, d day) {
	s := &c.staff
	if len(s.members[t]) == 0 {
		s.hire(t, d)
	}
	c.handOver(a, s.least(t), d)
}

func (c *Company) handOver(a *account, to int32, d day) {
	c.release(a)
	s := &c.staff
	a.csm, a.team = to, s.people[to].team
	s.people[to].load++
	s.load[a.team]++
	if n := len(a.owners); n > 0 && a.owners[n-1].from >= d {
		a.owners[n-1].csm = to
	} else {
		a.owners = append(a.owners, owner{d, to})
	}
	if len(a.owners) > 1 { // The new owner needs a few weeks to get to know the customer.
		a.neglected = d + a.dice.days(7, 35)
	}
}

// release takes the account off its owner's load; the last owner stays on the row.
func (c *Company) release(a *account) {
	if a.csm >= 0 {
		c.staff.people[a.csm].load--
		c.staff.load[a.team]--
		a.csm = -1
	}
}

// staffing lets people leave and join at the beginning of a week.
func (c *Company) staffing(week day) {
	s := &c.staff
	for t := range teams {
		for _, i := range append([]int32(nil), s.members[t]...) {
			if len(s.members[t]) < 2 || !s.dice.weekly(0.10) {
				continue
			}
			s.people[i].to = week
			for k, j := range s.members[t] {
				if i == j {
					s.members[t] = append(s.members[t][:k:k], s.members[t][k+1:]...)
					break
				}
			}
			c.moveAccounts(week, func(a *account) bool { return a.csm == i }, func() int32 { return s.least(t) })
		}
		for s.load[t] > capacity[t]*len(s.members[t])*105/100 {
			newcomer := s.hire(t, week)
			fair := s.load[t] / len(s.members[t])
			c.moveAccounts(week, func(a *account) bool {
				return a.team == t && a.csm != newcomer && s.people[a.csm].load > fair && s.people[newcomer].load < fair*6/10
			}, func() int32 { return newcomer })
		}
	}
}

// moveAccounts hands the accounts that which picks over, the latest won first.
func (c *Company) moveAccounts(d day, which func(*account) bool, to func() int32) {
	for _, a := range slices.Backward(c.accounts) {
		if a.csm >= 0 && which(a) {
			c.handOver(a, to(), d)
		}
	}
}

// teamNames are the teams as the company calls them, with the role of their people.
var teamNames = [teams]struct{ name, role string }{
	highTeam: {"high touch", "csm"}, onboardingTeam: {"onboarding", "onboarding"}, adoptionTeam: {"adoption", "csm"}, techTeam: {"tech touch", "csm"},
}

// writeStaff writes who works in Customer Success, and a second version of those who left.
func (c *Company) writeStaff(ctx context.Context, r *rows) error {
	for i, p := range c.staff.people {
		version := func(to, updated day) {
			r.text("staff_id", fmt.Sprintf("E%03d", i+1))
			r.text("name", p.name)
			r.text("email", strings.ReplaceAll(strings.ToLower(p.name), " ", ".")+"@vendor.example")
			r.text("also_known_as", "")
			r.text("team", teamNames[p.team].name)
			r.text("role", teamNames[p.team].role)
			r.text("manager", "")
			r.day("starts_on", p.from)
			r.day("ends_before", to)
			r.end(c.calendar.at(max(updated, c.calendar.from), 9*3600))
		}
		version(never, p.from)
		if p.to != never {
			version(p.to, p.to)
		}
	}
	return ctx.Err()
}
