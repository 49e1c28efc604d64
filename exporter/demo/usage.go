package demo

import (
	"context"
	"math"
	"math/rand/v2"
	"strconv"
)

// What users can do, the most popular first. The first three are what the product is bought for, its core events.
var features = []string{
	"visit_logged", "route_planned", "report_submitted",
	"map_viewed", "customer_searched", "schedule_synced", "photo_attached", "call_logged",
	"dashboard_opened", "card_scanned", "approval_requested", "note_dictated", "list_exported",
}

const sessionStart = "session_start"

// perUserDay is the mean number of events of a user on a day on which they work with the product.
const perUserDay = 1.8

var platforms = []string{"ios", "android", "web"}

// weekdayFactor, from Sunday: field sales work from Monday to Friday, few on weekends.
var weekdayFactor = [7]float64{0.04, 1.02, 1.05, 1.05, 1.0, 0.86, 0.08}

// activity is the chance that an ordinary user works with the product on an ordinary workday.
func activity(health float64) float64 { return 0.05 + 0.20*health }

// keenness of a user: one in five is keen, three in ten look in now and then. The mean is 1.
func keenness(a *account, user int) float64 {
	switch u := mix(uint64(a.n)<<32|uint64(user)) % 10; {
	case u < 2:
		return 2.15
	case u < 5:
		return 0.4
	}
	return 0.9
}

func userID(a *account, user int) string { return a.id + "-U" + strconv.Itoa(user+1) }

// naturalEvents is the number of events to be expected when nothing is scaled.
func (c *Company) naturalEvents() float64 {
	var sum float64
	for _, a := range c.accounts {
		c.weeks(a, func(_ int, d day, health, users float64) {
			for i := range day(7) {
				if d+i <= c.last {
					sum += users * activity(health) * weekdayFactor[(d+i).weekday()] * perUserDay
				}
			}
		})
	}
	return sum
}

// writeUsage streams the events day by day, so that they arrive in the order in which they happened (to the day),
// as they would from a product. Every account and day has its own stream of chance.
func (c *Company) writeUsage(ctx context.Context, r *rows) error {
	if c.o.Events < 0 {
		return nil
	}
	scale := 1.0
	if c.o.Events > 0 {
		natural := c.naturalEvents()
		if natural == 0 {
			return nil
		}
		scale = float64(c.o.Events) / natural
	}
	u := newUsageWriter(c, r, scale)
	for d := c.first; d <= c.last; d++ {
		for _, a := range c.accounts {
			if health, users, ok := a.on(d); ok && users >= 0.25 {
				if err := ctx.Err(); err != nil {
					return err
				}
				u.day(a, d, health, max(1, int(users+0.5)))
				if r.err != nil {
					return r.err
				}
			}
		}
	}
	return nil
}

// usageWriter keeps what the hot path needs: text that is the same for many rows is made once.
type usageWriter struct {
	c      *Company
	r      *rows
	perDay float64 // Events of a user on an active day.
	rarely float64 // Share of active days that are kept, where the volume is scaled down.
	seed   uint64
	pcg    rand.PCG
	stamp  []byte
	choice [][]uint8 // By number of features known: 256 draws.
	names  [][]byte
	tails  map[string][3][]byte // Department to the properties that the user's events have in common, by platform.
	head   []byte
}

func newUsageWriter(c *Company, r *rows, scale float64) *usageWriter {
	u := &usageWriter{c: c, r: r, perDay: perUserDay * max(scale, 1), rarely: min(scale, 1), tails: map[string][3][]byte{}}
	u.seed = newDice(c.o.Seed, "usage", 0).Uint64()
	for _, f := range append([]string{sessionStart}, features...) {
		u.names = append(u.names, []byte(`,"event":"`+f+`","ts":"`))
	}
	for known := range len(features) + 1 {
		u.choice = append(u.choice, popularity(known))
	}
	for _, department := range departments {
		var tails [3][]byte
		for i, platform := range platforms {
			tails[i] = []byte(`","properties":"{\"department\":\"` + department + `\",\"platform\":\"` + platform + `\"`)
		}
		u.tails[department] = tails
	}
	return u
}

// popularity spreads 256 draws over the first features by 1/(rank+2).
func popularity(known int) []uint8 {
	known = max(known, 1)
	var sum float64
	for i := range known {
		sum += 1 / float64(i+2)
	}
	draws := make([]uint8, 0, 256)
	var reached float64
	for i := range known {
		reached += 1 / float64(i+2) / sum
		for float64(len(draws)) < math.Round(256*reached) && len(draws) < 256 {
			draws = append(draws, uint8(i+1))
		}
	}
	return draws
}

// breadth is the number of features that an account knows: it grows with health and tenure.
func breadth(a *account, d day, health float64) int {
	tenure := clamp(float64(d-a.start)/500, 0, 1)
	return int(clamp(3+12*(health-0.2)*(0.5+0.5*tenure), 2, float64(len(features))))
}

// day writes the events of one account on one day.
func (u *usageWriter) day(a *account, d day, health float64, users int) {
	u.pcg.Seed(u.seed^uint64(a.n)*0x9e3779b97f4a7c15, mix(uint64(d)))
	base := activity(health) * weekdayFactor[d.weekday()] * u.rarely
	draws := u.choice[breadth(a, d, health)]
	u.head = u.head[:0]
	for user := range users {
		chance := u.pcg.Uint64()
		if float64(chance>>11)/(1<<53) >= min(base*keenness(a, user), 0.96*u.rarely) {
			continue
		}
		if len(u.head) == 0 {
			u.head = append(u.head, `{"event_id":"`...)
			u.head = append(u.head, a.id...)
			u.head = append(u.head, '.')
			u.head = strconv.AppendInt(u.head, int64(d), 10)
			u.head = append(u.head, '.')
		}
		x := u.pcg.Uint64()
		// Half to one and a half times the mean; the fraction is rounded by chance, so that the sum is right.
		count := int(u.perDay*(0.5+float64(x>>44)/(1<<20)) + float64(x>>24&(1<<20-1))/(1<<20))
		if count > 0 {
			u.user(a, d, user, count, draws, uint64(4+24*(1-health)))
		}
	}
}

// user writes one user's day: a session begins, and features are used one after the other, each on some records. Of 256 uses, so many as errors says
// meet one.
func (u *usageWriter) user(a *account, d day, user, count int, draws []uint8, errors uint64) {
	traits := mix(uint64(a.n)<<32 ^ uint64(user)*31)
	platform := [10]int{0, 0, 0, 1, 1, 1, 1, 2, 2, 2}[traits>>8%10]
	tail := u.tails[a.departmentOf(d, user)][platform]
	begin := int(7*3600+traits%10800)*1000 + int(u.pcg.Uint64()>>42)%2_700_000
	pause := min(600_000, 9*3600*1000/count)
	ms := u.c.calendar.at(d, begin/1000) + int64(begin%1000)
	midnight := u.c.calendar.at(d, 86400)
	r := u.r
	for i := range count {
		x := u.pcg.Uint64()
		event := draws[x&0xff]
		if i%8 == 0 && (count > 1 || x>>8&1 == 0) {
			event = 0
		}
		b := append(r.b, u.head...)
		b = strconv.AppendInt(b, int64(user), 10)
		b = append(b, '.')
		b = strconv.AppendInt(b, int64(i), 10)
		b = append(b, `","account_id":"`...)
		b = append(b, a.id...)
		b = append(b, `","user_id":"`...)
		b = append(b, a.id...)
		b = append(b, "-U"...)
		b = strconv.AppendInt(b, int64(user+1), 10)
		b = append(b, '"')
		b = append(b, u.names[event]...)
		u.stamp = r.stamp.append(u.stamp[:0], ms)
		b = append(b, u.stamp...)
		b = append(b, tail...)
		if event > 0 {
			b = append(b, `,\"records\":`...)
			b = strconv.AppendUint(b, 1+x>>16&0x3f, 10)
			if x>>24&0xff < errors {
				b = append(b, `,\"errors\":1`...)
			}
		}
		b = append(b, `}","source":"demo","updated_at":"`...)
		b = append(b, u.stamp...)
		r.b = append(b, '"', '}', '\n')
		ms = min(ms+1+int64(x>>40)%int64(2*pause), midnight)
		if len(r.b) >= flushAt && r.flush() != nil {
			return
		}
	}
}

// departmentOf spreads the users over the departments by their seats. While an extension is on its way, one user in
// six already belongs to the department that it is for.
func (a *account) departmentOf(d day, user int) string {
	for i := range a.deals {
		if o := &a.deals[i]; o.department != "" && user%6 == 5 && d >= o.created-40 && (o.closed == never || d < o.closed) {
			return o.department
		}
	}
	seats := 0
	last := ""
	for i := range a.contracts {
		k := &a.contracts[i]
		if k.trial || !k.covers(d) {
			continue
		}
		last = k.department
		if seats += k.seats; user < seats {
			break
		}
	}
	return last
}
