package queries_test

import (
	"fmt"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/queries"
)

// The naive implementation of KPIs about users: sets of days and loops over random events.

// habits are what users do, and who they are.
type habits struct{ wellbeing }

// randomHabits are of users who come for some weeks or months from a first day on, before and after their account pays, and around asOf.
func randomHabits(d dice, w world, asOf day) habits {
	var h habits
	for i, a := range w.accounts {
		if i%9 == 0 {
			continue
		}
		for range d.between(2, 12) {
			user := pick(d, "", "u1", "u2", "u3", "v1", "v2", "v3", fmt.Sprint("u", d.IntN(300)), fmt.Sprint("u", d.IntN(300)), fmt.Sprint("u", d.IntN(300)))
			on, pace := asOf-day(pick(d, d.IntN(40), d.IntN(100), d.IntN(420), d.IntN(900))), pick(d, 1, 5, 7, 20, 31)
			for range pick(d, 1, 3, 10, 30) {
				h.events = append(h.events, event{a.id, user, pick(d, "login", "login", "report", "export", "share"), d.instant(on), user != "" && user[0] == 'v', "1"})
				on += day(pick(d, 0, 1, pace, pace, d.IntN(2*pace), 27, 28))
			}
		}
	}
	h.settings = []rule{
		{"excluded_users", "", "", 0, "u20,u21,u22,u23,u24,u25,u26,u27,U28,u29,@vendor.example"},
		{"core_events", "", "", 0, "report, export"},
	}
	return h
}

// user is a user of an account.
type user struct{ account, id string }

// seen are the days up to asOf on which each user did something, those on which it was active, and what it did on each.
func (h habits) seen(asOf day) (days, active map[user]map[day]bool, done map[user]map[string][]day) {
	days, active, done = map[user]map[day]bool{}, map[user]map[day]bool{}, map[user]map[string][]day{}
	for _, e := range h.events {
		id, counts := e.who()
		on := tokyoDay(e.at)
		if !counts || id == "" || on > asOf {
			continue
		}
		u := user{e.account, id}
		if days[u] == nil {
			days[u], active[u], done[u] = map[day]bool{}, map[day]bool{}, map[string][]day{}
		}
		days[u][on] = true
		done[u][e.name] = append(done[u][e.name], on)
		if e.name == "report" || e.name == "export" {
			active[u][on] = true
		}
	}
	return days, active, done
}

// periods number weeks and months, one after the other.
var periods = map[string]func(d day) int{
	"week":  func(d day) int { return int(d+3) / 7 }, // the epoch is a Thursday
	"month": func(d day) int { return d.time().Year()*12 + int(d.time().Month()) },
}

// startOf is the first day of a period.
func startOf(period string, number int, near day) day {
	for periods[period](near) >= number {
		near--
	}
	for periods[period](near) < number {
		near++
	}
	return near
}

func earliest(days map[day]bool, from day) (first day, found bool) {
	for d := range days {
		if d >= from && (!found || d < first) {
			first, found = d, true
		}
	}
	return first, found
}

// users compares the KPIs about users.
func (o opinion) users(h habits) {
	o.t.Helper()
	n, asOf := o.naive, o.naive.asOf
	days, active, done := h.seen(asOf)
	states, retention, table, curve, first := map[string][]any{}, map[string][]any{}, map[string][]any{}, map[string][]any{}, map[string][]any{}
	stateSums, retained, cohorts, curveSums := map[string][5]int64{}, map[string][3]int64{}, map[string][3]int64{}, map[string]int64{}
	spells, firsts := map[string][]spell{}, map[string][2]int64{}
	for u := range days {
		paidFrom, paid := n.firstPaid(u.account, asOf)
		if !paid {
			continue
		}
		segment := n.standing(u.account)
		for period, number := range periods {
			last := number(asOf+1) - 1 // the last one that is over
			came := map[int]bool{}
			for d := range active[u] {
				came[number(d)] = came[number(d)] || d >= paidFrom
			}
			begun := last + 1
			for p := range came {
				if came[p] {
					begun = min(begun, p)
				}
			}
			if begun > last {
				continue
			}
			s := stateSums[segment+" "+period]
			switch {
			case came[last] && begun == last:
				s[0]++
			case came[last] && came[last-1]:
				s[1]++
			case came[last]:
				s[2]++
			case came[last-1]:
				s[3]++
			}
			if came[last] {
				s[4]++
			}
			stateSums[segment+" "+period] = s
			if begun < last-12 {
				continue
			}
			for age := 0; begun+age <= last; age++ {
				var back, everBack int64
				if came[begun+age] {
					back = 1
				}
				for p := begun + age; p <= last; p++ {
					if came[p] {
						everBack = 1
					}
				}
				for sums, key := range map[*map[string][3]int64]string{
					&retained: fmt.Sprint(period, " ", age),
					&cohorts:  fmt.Sprint(period, " ", age, " ", startOf(period, begun, asOf), " ", u.account),
				} {
					c := (*sums)[key]
					(*sums)[key] = [3]int64{c[0] + 1, c[1] + back, c[2] + everBack}
				}
			}
		}
		if n.pays(u.account, asOf) {
			on := 0
			for d := range active[u] {
				if d > asOf-28 {
					on++
				}
			}
			if on > 0 {
				curveSums[fmt.Sprint(segment, " ", on)]++
			}
		}
		watchedUntil := asOf
		if !n.pays(u.account, asOf) {
			for watchedUntil = asOf; !n.pays(u.account, watchedUntil-1); watchedUntil-- {
			}
		}
		signedUp, _ := earliest(days[u], 0)
		if signedUp > watchedUntil || signedUp <= asOf-365 {
			continue
		}
		s := spell{days: int(watchedUntil - signedUp)}
		if core, found := earliest(active[u], 0); found && core <= watchedUntil {
			s = spell{int(core - signedUp), true}
		}
		spells[segment] = append(spells[segment], s)
		key := fmt.Sprint(segment, " ", u.account, " ", s.days*86400)
		f := firsts[key]
		if s.reached {
			f[0]++
		} else {
			f[1]++
		}
		firsts[key] = f
	}
	for key, s := range stateSums {
		states[key] = []any{s[0], s[1], s[2], s[3], s[4]}
	}
	share := func(a, b int64) any { return approximately(big.NewRat(a, b)) }
	for key, c := range retained {
		retention[key] = []any{share(c[1], c[0]), share(c[2], c[0]), c[0], c[1], c[2]}
	}
	for key, c := range cohorts {
		table[key] = []any{c[0], c[1], c[2]}
	}
	for key, users := range curveSums {
		curve[key] = []any{users}
	}
	for key, f := range firsts {
		first[key] = []any{f[0], f[1]}
	}
	if len(retained) < 20 || len(curve) < 8 || len(first) < 8 {
		o.t.Errorf("%d ages, %d numbers of days, %d times: the comparison says little", len(retained), len(curve), len(first))
	}
	o.compare("user_states", "segment period", "new_users returning_users resurrected_users dormant_users active_users", states)
	o.compare("user_retention", "period age", "classic_ratio unbounded_ratio users classic_users unbounded_users", retention)
	o.compare("user_retention_detail", "period age cohort account_id", "users classic_users unbounded_users", table)
	o.compare("power_user_curve", "segment active_days", "users", curve)
	o.compare("first_core_event_detail", "segment account_id seconds", "reached_users censored_users", first)

	quantiles := map[string][]any{}
	for _, segment := range segments {
		var row []any
		for _, p := range []int64{1, 2, 3} {
			if at := kaplanMeier(spells[segment], big.NewRat(p, 4)); at < 0 {
				row = append(row, undefined{})
			} else {
				row = append(row, int64(at*86400))
			}
		}
		quantiles[segment] = row
	}
	o.compare("first_core_event", "segment", "p25_seconds p50_seconds p75_seconds", quantiles)
	o.features(days, done)
}

// features compares by how many accounts and users features are used.
func (o opinion) features(days map[user]map[day]bool, done map[user]map[string][]day) {
	o.t.Helper()
	recent := func(d day) bool { return d > o.naive.asOf-28 }
	var eligible int64
	users, used := map[string]int64{}, map[string]map[string]bool{}
	for u := range days {
		if !o.naive.pays(u.account, o.naive.asOf) {
			continue
		}
		for d := range days[u] {
			if recent(d) {
				eligible++
				break
			}
		}
		for name, on := range done[u] {
			if slices.ContainsFunc(on, recent) {
				users[name]++
				if used[name] == nil {
					used[name] = map[string]bool{}
				}
				used[name][u.account] = true
			}
		}
	}
	features := map[string][]any{}
	for name, n := range users {
		features[name] = []any{n, approximately(big.NewRat(n, eligible)), eligible}
	}
	if len(features) < 4 {
		o.t.Errorf("%d features are used: the comparison says little", len(features))
	}
	o.compare("features", "feature", "users user_adoption_ratio eligible_users", features)
}

// TestUsersSecondOpinion compares KPIs about users of random companies with the naive implementation.
func TestUsersSecondOpinion(t *testing.T) {
	for seed := range uint64(max(2, *companies)) {
		t.Run(fmt.Sprintf("seed=%d", seed), func(t *testing.T) {
			t.Parallel()
			c, layout := database(t)
			opinionOnUsers(t, c, layout, seed)
		})
	}
}

func opinionOnUsers(t testing.TB, c driver.Conn, layout queries.Layout, seed uint64) {
	t.Helper()
	d := newDice(seed + 300)
	asOf := pick(d, date(2024, 12, 31), date(2024, 9, 29), date(2025, 3, 31), date(2024, 6, 30), date(2024, 7, 3))
	w := randomWorld(seed+80, time.April)
	h := randomHabits(d, w, asOf)
	storeFacts(t, c, slices.Concat(w.facts(), h.facts()), 2000)
	exec(t, c, "insert into stored_"+h.settingRows())
	rollUp(t, c)
	o := opinionOf(t, c, layout, w, asOf, "user_states user_retention user_retention_detail power_user_curve first_core_event first_core_event_detail features")
	o.users(h)
}
