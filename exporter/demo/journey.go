package demo

import "math"

// segment is the touch model that an account is served by.
type segment uint8

const (
	high segment = iota
	low
	tech
)

func (s segment) String() string { return [...]string{"high", "low", "tech"}[s] }

// blow is a trouble that an account gets into. Its name is the kind of the risk and the reason of a churn.
type blow struct {
	name    string
	perYear float64
}

var blows = []blow{
	{"champion_left", 0.13},
	{"reorganisation", 0.09},
	{"policy_change", 0.06},
	{"budget", 0.08},
	{"competitor", 0.07},
	{"quality", 0.11},
}

// journey is where an account stands in a week, and the path that it took.
type journey struct {
	dice    dice
	waiting bool // Has not signed yet.
	alive   bool
	returns day // Day on which it comes back; never: it does not.
	ended   day // First day after its last contract.
	since   day // First day of its present stay.
	csm     int32
	team    team

	health   float64 // Hidden: 0 to 1, 0.6 is ordinary.
	smooth   float64 // Health over the last two months, which is what decisions go by.
	demand   float64 // People who would use the product if all went well.
	ramp     float64 // How far the roll-out has come, 0 to 1.
	users    float64 // People who use it now.
	usedThen float64 // Users three months ago, roughly.

	trouble     float64 // How much the last blow still weighs.
	troubleKind int
	unseen      bool // No CSM has noticed the blow.

	leaving bool
	sudden  bool // It leaves for reasons that do not show.
	silent  bool // It leaves without giving notice or reason.
	reason  string

	lastTouch day
	neglected day     // Until then the owner does not get around to it.
	pursuit   pursuit // The expansion that is under way, if any.
	plan      pursuit // The expansion that a land contract was sold for.

	outcome   outcome // Of onboarding.
	onboarded day     // Day on which onboarding is over, well or not.

	// The path, by week since the history began; -1: no customer then.
	from    day
	healths []float32
	usedBy  []float32
}

// segment follows the value of the contracts that have been signed.
func (c *Company) segment(a *account) segment { return c.segmentOf(c.value(a)) }

func (c *Company) segmentOf(worth float64) segment {
	highARR, lowARR := c.money.thresholds()
	switch {
	case worth >= highARR:
		return high
	case worth >= lowARR:
		return low
	}
	return tech
}

func (c *Company) teamFor(a *account, d day) team {
	switch c.segment(a) {
	case high:
		return highTeam
	case low:
		if d < a.onboarded {
			return onboardingTeam
		}
		return adoptionTeam
	}
	return techTeam
}

// week tells one week of a customer: what befalls it, how it does, who looks after it, what it decides.
func (c *Company) week(a *account, d day) {
	c.renew(a, d)
	if !a.alive {
		return
	}
	if t := c.teamFor(a, d); t != a.team && !a.leaving && a.role == customer {
		c.assign(a, t, d)
	}
	c.suffer(a, d)
	c.fare(a, d)
	c.use(a, d)
	c.attend(a, d)
	c.grow(a, d)
}

// suffer lets a blow fall on the account: 0.54 a year. It fades slowly by itself and faster where a CSM is on it.
func (c *Company) suffer(a *account, d day) {
	for kind, b := range blows {
		if a.dice.weekly(b.perYear * math.Exp(-0.25*a.fit)) {
			if weight := a.dice.within(0.10, 0.46); weight > a.trouble {
				a.trouble, a.troubleKind, a.unseen = weight, kind, true
			}
		}
	}
	recovery := 0.018
	if !a.unseen && c.inTouch(a, d) {
		recovery = 0.055
	}
	a.trouble *= 1 - recovery
}

// fare moves health towards what the circumstances allow.
func (c *Company) fare(a *account, d day) {
	target := 0.64 + 0.08*a.fit - a.trouble
	tenure := float64(d - a.since)
	switch a.outcome {
	case failed: // Wears off only slowly, for those who survive it.
		target -= 0.36 * math.Exp(-max(0, tenure-365)/400)
	case slow:
		target -= 0.07 * math.Exp(-tenure/300)
	default:
		target += 0.03
	}
	if c.inTouch(a, d) {
		target += 0.03
	} else {
		target -= 0.11
	}
	pace := 0.10
	if a.leaving && !a.sudden { // People stop using what will be gone.
		target, pace = min(target-0.25, 0.18), 0.2
	}
	a.health = clamp(a.health+pace*(target-a.health)+a.dice.normal(0, 0.022), 0.03, 0.98)
	a.smooth += 0.22 * (a.health - a.smooth)
}

// use follows: the roll-out grows, demand grows with health, and unhappy customers use less.
func (c *Company) use(a *account, d day) {
	pace, ceiling := 0.13, 1.0
	switch a.outcome {
	case failed:
		pace, ceiling = 0.05, 0.38+0.5*clamp((float64(d-a.since)-400)/500, 0, 1)
	case slow:
		pace = 0.07
	}
	a.ramp += pace * (ceiling - a.ramp)
	seats := float64(a.seats())
	a.demand *= 1 + (0.16*(a.health-0.5)+a.pursuit.surge)/52
	a.demand = clamp(a.demand, 0.3*seats, 1.25*seats)
	will := clamp(0.18+1.15*a.health, 0, 1.02)
	a.users += 0.35 * (a.demand*a.ramp*will - a.users)
	a.usedThen += 0.08 * (a.users - a.usedThen)
}

// record keeps the path from the first week of the history on.
func (a *account) record(c *Company, week day) {
	if week+7 <= c.first {
		return
	}
	if a.from == never {
		a.from = week
		weeks := int(c.last-week)/7 + 1
		a.healths, a.usedBy = make([]float32, 0, weeks), make([]float32, 0, weeks)
	}
	if !a.alive {
		a.healths, a.usedBy = append(a.healths, -1), append(a.usedBy, 0)
		return
	}
	a.healths, a.usedBy = append(a.healths, float32(a.health)), append(a.usedBy, float32(a.users))
}

// on is the health of a day and the number of users; ok is false when the account was no customer.
func (a *account) on(d day) (health, users float64, ok bool) {
	if a.from == never || d < a.from {
		return 0, 0, false
	}
	i := int(d-a.from) / 7
	if i >= len(a.healths) || a.healths[i] < 0 || !a.customerOn(d) {
		return 0, 0, false
	}
	return float64(a.healths[i]), float64(a.usedBy[i]), true
}
