package demo

import (
	"context"
	"fmt"
	"math"
)

// What customers say and how they react follows from their health on that day. These facts change nothing in the
// story, so they are made while they are written, each table from a stream of chance of its own.

// weeks calls f for each week of the account's path with a day on which it was a customer.
func (c *Company) weeks(a *account, f func(i int, monday day, health, users float64)) {
	for i := range a.healths {
		d := a.from + day(i)*7
		if health, users, ok := a.on(d); ok && d >= c.first {
			f(i, d, health, users)
		}
	}
}

// counts tells whether a day lies in the history and in a contract.
func (c *Company) counts(a *account, d day) bool { return c.operational(d) && a.customerOn(d) }

var severities = []string{"low", "normal", "high", "urgent"}

type ticket struct {
	severity                  int
	complaint                 bool
	opened, answered, settled int64 // Unix milliseconds; 0: not yet.
	health                    float64
	user                      int
}

// tickets are opened by the square root of the users; unhappy customers open up to four times as many, more severe
// ones, and complain; new customers ask more, too.
func (c *Company) tickets(a *account, f func(i int, t ticket)) {
	chance := newDice(c.o.Seed, "tickets", a.n)
	deadline := c.calendar.at(c.last, 86399)
	n := 0
	c.weeks(a, func(_ int, d day, health, users float64) {
		rate := 1.9 * math.Sqrt(users+0.5) * (0.45 + 2.6*math.Pow(max(0, 0.85-health), 1.5))
		if d-a.since < 90 {
			rate *= 1.6
		}
		for range 3 {
			if !chance.weekly(rate / 3) {
				continue
			}
			on := workday(chance, d)
			second := 8*3600 + chance.IntN(10*3600)
			t := ticket{health: health, user: chance.IntN(max(1, int(users)))}
			t.severity = chance.one(40, 42, 8+14*(1-health), 1+7*(1-health))
			t.complaint = chance.chance(0.015 + 0.22*math.Pow(max(0, 0.8-health), 1.5))
			first := math.Exp(chance.normal([]float64{9.6, 9.0, 8.2, 7.2}[t.severity], 0.9)) // Seconds; e^9 is 2.3 hours.
			solved := first + math.Exp(chance.normal([]float64{11.6, 11.4, 11.0, 10.4}[t.severity], 1.0)+0.8*(0.6-health))
			if !c.counts(a, on) {
				continue
			}
			t.opened = c.calendar.at(on, second)
			if at := t.opened + int64(first*1000); at <= deadline {
				t.answered = at
			}
			if at := t.opened + int64(solved*1000); at <= deadline && !chance.chance(0.01) {
				t.settled = at
			}
			n++
			f(n, t)
		}
	})
}

func (c *Company) writeTickets(ctx context.Context, r *rows) error {
	return c.eachAccount(ctx, r, func(a *account) {
		c.tickets(a, func(i int, t ticket) {
			r.text("ticket_id", fmt.Sprintf("H%s-%d", a.id[1:], i))
			r.text("account_id", a.id)
			r.text("severity", severities[t.severity])
			r.truth("is_complaint", t.complaint)
			r.instant("opened_at", t.opened)
			r.instant("first_response_at", t.answered)
			r.instant("resolved_at", t.settled)
			r.end(max(t.opened, t.answered, t.settled))
		})
	})
}

// writeSurveys: a few users per account are asked for NPS every quarter, one in three answers; who had a ticket
// solved is asked for CSAT, one in three answers.
func (c *Company) writeSurveys(ctx context.Context, r *rows) error {
	return c.eachAccount(ctx, r, func(a *account) {
		chance := newDice(c.o.Seed, "surveys", a.n)
		n := 0
		answer := func(kind string, user, score int, at int64) {
			n++
			r.text("response_id", fmt.Sprintf("S%s-%d", a.id[1:], n))
			r.text("account_id", a.id)
			r.text("user_id", userID(a, user))
			r.text("kind", kind)
			r.number("score", score)
			r.instant("responded_at", at)
			r.end(at)
		}
		quarter := chance.IntN(13)
		c.weeks(a, func(i int, d day, health, users float64) {
			if (i+quarter)%13 != 0 {
				return
			}
			for user := range min(1+int(math.Sqrt(users)), 8) {
				on, second := workday(chance, d), 8*3600+chance.IntN(11*3600)
				score := int(math.Round(clamp(chance.normal(3.0+8.0*health, 1.6), 0, 10)))
				if chance.chance(0.35) && c.counts(a, on) {
					answer("nps", user, score, c.calendar.at(on, second))
				}
			}
		})
		deadline := c.calendar.at(c.last, 86399)
		c.tickets(a, func(_ int, t ticket) {
			score := chance.normal(2.7+2.4*t.health, 0.8)
			if t.complaint {
				score -= 1
			}
			at := t.settled + int64(chance.within(600, 40*3600)*1000)
			if chance.chance(0.35) && t.settled != 0 && at <= deadline {
				answer("csat", t.user, int(math.Round(clamp(score, 1, 5))), at)
			}
		})
	})
}

// writeEngagements: a mail every four weeks to up to five contacts, a webinar every eight weeks, and the community.
// Healthy customers open, attend and write more.
func (c *Company) writeEngagements(ctx context.Context, r *rows) error {
	return c.eachAccount(ctx, r, func(a *account) {
		if a.role != customer {
			return
		}
		chance := newDice(c.o.Seed, "engagements", a.n)
		n := 0
		note := func(kind string, contact int, at int64) {
			n++
			r.text("engagement_id", fmt.Sprintf("E%s-%d", a.id[1:], n))
			r.text("account_id", a.id)
			r.text("contact", fmt.Sprintf("%s-C%d", a.id, contact+1))
			r.text("kind", kind)
			r.instant("happened_at", at)
			r.end(at)
		}
		c.weeks(a, func(_ int, d day, health, users float64) {
			issue := int(d-c.founding) / 7 // Mails and webinars go out to all in the same week.
			contacts := min(1+int(users/6), 5)
			if issue%4 == 0 {
				for contact := range contacts {
					opened, delay := chance.chance(0.08+0.55*health), chance.IntN(60*3600)
					if c.counts(a, d+1) {
						note("email_delivered", contact, c.calendar.at(d+1, 9*3600))
					}
					if on := d + 1 + day(delay/86400); opened && c.counts(a, on) && c.counts(a, d+1) {
						note("email_opened", contact, c.calendar.at(on, 9*3600+300+delay%(12*3600)))
					}
				}
			}
			if issue%8 == 2 {
				for contact := range min(contacts, 2) {
					attends := chance.chance(0.02 + 0.30*health)
					if !c.counts(a, d) || !c.counts(a, d+3) {
						continue
					}
					note("webinar_invited", contact, c.calendar.at(d, 10*3600))
					if attends {
						note("webinar_attended", contact, c.calendar.at(d+3, 14*3600))
					}
				}
			}
			if chance.weekly(0.9*health*math.Sqrt(users+1)) && c.counts(a, d+2) {
				note("community", chance.IntN(contacts), c.calendar.at(d+2, 8*3600+chance.IntN(12*3600)))
			}
		})
	})
}

// writeFeedback: CSMs bring back what they hear in conversations; case studies come from customers that do well.
func (c *Company) writeFeedback(ctx context.Context, r *rows) error {
	return c.eachAccount(ctx, r, func(a *account) {
		chance := newDice(c.o.Seed, "feedback", a.n)
		n := 0
		for _, t := range a.touches {
			kind := []string{"", "product_request", "use_case_share", "case_study"}[chance.one(84, 10, 5, 1)]
			health, _, ok := a.on(t.on)
			if kind == "" || !ok || !c.operational(t.on) || t.kind == webinar || kind != "product_request" && health < 0.55 {
				continue
			}
			n++
			r.text("feedback_id", fmt.Sprintf("F%s-%d", a.id[1:], n))
			r.text("account_id", a.id)
			r.text("csm", c.staff.name(t.csm))
			r.text("kind", kind)
			r.day("created_on", t.on)
			r.end(c.calendar.at(t.on, 18*3600))
		}
	})
}

// writeOverrides: now and then a CSM sets an account's health band by hand, with a reason and an end: where usage does not show
// a risk yet, or shows trouble that has been talked through.
func (c *Company) writeOverrides(ctx context.Context, r *rows) error {
	return c.eachAccount(ctx, r, func(a *account) {
		chance := newDice(c.o.Seed, "overrides", a.n)
		n := 0
		set := func(on day, csm int32, band, reason string, days day) {
			if !c.counts(a, on) {
				return
			}
			n++
			r.text("override_id", fmt.Sprintf("B%s-%d", a.id[1:], n))
			r.text("account_id", a.id)
			r.text("csm", c.staff.name(csm))
			r.text("band", band)
			r.text("reason", reason)
			r.day("starts_on", on)
			r.day("ends_before", on+days)
			r.end(c.calendar.at(on, 19*3600))
		}
		for _, k := range a.risks {
			delay, days, decides := chance.days(0, 3), chance.days(45, 90), chance.chance(0.15)
			if decides && k.severity > 1 {
				set(k.raised+delay, k.csm, []string{"yellow", "red"}[k.severity-2], in(a.geo, sterner[k.kind]), days)
			}
		}
		for _, t := range a.touches {
			days, text, decides := chance.days(30, 60), chance.IntN(len(milder)), chance.chance(0.01)
			if decides && t.mood == 3 && t.kind <= visit {
				set(t.on, t.csm, "green", in(a.geo, milder[text]), days)
			}
		}
	})
}

// sterner are the reasons for a worse band, by kind of risk; milder are those for a better one.
var (
	sterner = map[string][2]string{
		"champion_left":  {"Our champion has left; nobody has taken over yet.", "推進者が退職し、後任が決まっていない。"},
		"reorganisation": {"The department is being merged; usage says nothing until that is over.", "部門統合中のため、完了まで利用状況では判断できない。"},
		"policy_change":  {"New rules forbid part of what they use us for.", "社内規程の変更により、利用の一部が認められなくなった。"},
		"budget":         {"Their budget for next year is cut; the renewal is being questioned.", "来期予算の削減により、更新が検討対象になっている。"},
		"competitor":     {"They are testing a competitor side by side.", "競合製品を並行して検証している。"},
		"quality":        {"A fault of ours is not mended yet, and they have said what comes next.", "当社の不具合が未解決で、先方から警告を受けている。"},
	}
	milder = [][2]string{
		{"Usage is low because of their stock-taking; agreed with the department head.", "棚卸期間のため利用が少ない。部門長と確認済み。"},
		{"They have signed the plan for a further department.", "他部門への展開計画に合意済み。"},
	}
)
