package demo

import (
	"context"
	"math"
)

// outcome is how onboarding went, which marks the account for long.
type outcome uint8

const (
	fine outcome = iota
	slow
	failed
)

const milestones = 7

var milestoneNames = [milestones]string{
	"kickoff", "setup", "time_to_use", "value_point_1", "value_point_2", "value_point_3", "onboarded",
}

// milestoneDays are the deadlines in days from the start of the contract; large customers get more, small ones less.
var milestoneDays = [milestones]float64{10, 25, 40, 60, 80, 105, 110}

type milestone struct {
	due       day
	replanned day // The later deadline; never: kept.
	replanOn  day
	reached   day
}

// onboard decides how onboarding goes. In the first year of the history and before, one onboarding in seven fails;
// then the onboarding team is set up, and it is one in twenty. Poor fit makes it likelier.
func (c *Company) onboard(a *account) {
	improved := a.start >= c.first+365
	s := c.segment(a)
	failure, sluggish, tempo := 0.14, 0.24, 1.0
	if improved {
		failure, sluggish, tempo = 0.035, 0.18, 0.86
	}
	failure *= [...]float64{0.5, 0.9, 1.25}[s]
	stretch := [...]float64{1.35, 1.0, 0.7}[s]
	pace := tempo * math.Exp(a.dice.normal(-0.12, 0.2))
	reaches := milestones
	switch {
	case a.dice.chance(logistic(math.Log(failure/(1-failure))-0.7*a.fit)) && c.o.Accounts >= few:
		a.outcome = failed
		reaches = 1 + a.dice.IntN(3)
		pace *= 1.9
	case a.dice.chance(sluggish):
		a.outcome = slow
		pace *= 1.6
	}
	previous := a.start
	for i := range a.steps {
		m := &a.steps[i]
		m.due = a.start + day(milestoneDays[i]*stretch)
		if i < reaches {
			m.reached = max(previous, a.start+day(milestoneDays[i]*stretch*pace*a.dice.within(0.8, 1.1)))
			previous = m.reached
		}
		if (m.reached == never || m.reached > m.due) && a.dice.chance(0.6) {
			m.replanned, m.replanOn = m.due+a.dice.days(14, 50), m.due+a.dice.days(-6, 6)
		}
	}
	a.onboarded = a.steps[milestones-1].reached
	if a.onboarded == never {
		a.onboarded = a.steps[milestones-1].due + 60 // It is given up.
	}
}

// writeMilestones writes a version when a milestone is planned, planned anew, and reached.
func (c *Company) writeMilestones(ctx context.Context, r *rows) error {
	return c.eachAccount(ctx, r, func(a *account) {
		if a.steps[0].due == never {
			return
		}
		for i, m := range a.steps {
			version := func(due, reached day, updated int64) {
				r.text("account_id", a.id)
				r.text("milestone", milestoneNames[i])
				r.day("due_on", due)
				r.day("reached_on", reached)
				r.end(updated)
			}
			version(m.due, never, c.calendar.at(a.start, 9*3600))
			if m.reached > c.last {
				m.reached = never
			}
			due := m.due
			if m.replanned != never && m.replanOn <= c.last && (m.reached == never || m.replanOn < m.reached) {
				due = m.replanned
				version(due, never, c.calendar.at(m.replanOn, 12*3600))
			}
			if m.reached != never {
				version(due, m.reached, c.calendar.at(m.reached, 18*3600))
			}
		}
	})
}
