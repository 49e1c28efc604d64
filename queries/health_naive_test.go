package queries_test

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"
)

// The naive implementation of health: exact fractions, by loops over random facts.

type review struct {
	account    string
	on         day
	isVerified bool
}

type meeting struct {
	account, kind string
	at            time.Time
	withExecutive bool
}

type reaction struct {
	account, kind string
	at            time.Time
}

type event struct {
	account, user, name string
	at                  time.Time
	isAnonymous         bool
	moved               string // a number of its properties
}

// who the user of an event is; false: nobody who counts. u1 also came as u2 and, before log-in, as v1; v2 nobody has seen log in, and on v3 two
// people did. u3 and all of u20 to u29 are own staff, and u4 is one of them.
func (e event) who() (string, bool) {
	switch {
	case e.user == "u2", e.user == "v1":
		return "u1", true
	case e.user == "v2", e.user == "v3":
		return "", true
	case e.user == "u3", e.user == "u4", len(e.user) == 3 && strings.HasPrefix(e.user, "u2"):
		return "", false
	}
	return e.user, true
}

type concern struct {
	account          string
	severity         int
	raised, closedOn day
}

type override struct {
	account, band, reason string
	starts, endsBefore    day
	updatedAt             time.Time
}

type rule struct {
	name, segment, phase string
	starts               day
	value                string
}

// wellbeing is all that health is made of.
type wellbeing struct {
	reviews    []review
	meetings   []meeting
	reactions  []reaction
	tickets    []reaction // kind is empty
	events     []event
	milestones []milestone
	concerns   []concern
	overrides  []override
	settings   []rule
}

// measureDefaults are weight, zero, full and age; views/health_measures.sql has the same.
var measureDefaults = map[string][4]string{
	"seats_in_use": {"3", "0", "0.8", "14"}, "setup_done": {"1", "0", "1", "36500"}, "touch": {"2", "2", "1", "365"}, "mail_opened": {"1", "0", "0.4", "90"},
	"webinar_attended": {"1", "0", "0.5", "180"}, "tickets": {"1", "0", "2", "365"}, "decision_maker": {"1", "0", "1", "365"}, "stickiness": {"2", "0", "0.5", "14"},
	"depth": {"1", "0", "20", "14"}, "quantity": {"2", "0.5", "1", "14"}, "breadth": {"2", "0", "0.5", "14"}, "verified_outcome": {"2", "0", "1", "365"},
}

// randomWellbeing is dense before asOf and the days that health looks back to, and around the ages at which facts expire.
func randomWellbeing(d dice, w world, asOf day) wellbeing {
	var b wellbeing
	ids := []string{"a60"} // nobody described it, and it never pays
	for _, a := range w.accounts {
		ids = append(ids, a.id)
	}
	slices.Sort(ids)
	on := func() day {
		return asOf - day(pick(d, 0, 0, 28, 90, 180)) - day(pick(d, d.IntN(40), d.IntN(120), d.IntN(500), 0, -1, 13, 14, 15, 27, 28, 89, 90, 179, 180, 364, 365, 366))
	}
	for i, id := range slices.Compact(ids) {
		if i%8 == 0 {
			continue // nothing is known of it but what people say
		}
		for range d.IntN(4) {
			b.reviews = append(b.reviews, review{id, on(), d.chance(50)})
		}
		for range d.IntN(5) {
			b.meetings = append(b.meetings, meeting{id, pick(d, "meeting", "call", "visit", "email", "webinar", "review"), d.instant(on()), d.chance(20)})
		}
		for range pick(d, 0, 3, 12) {
			b.reactions = append(b.reactions, reaction{id, pick(d, "email_delivered", "email_delivered", "email_opened", "webinar_invited", "webinar_attended", "community"), d.instant(on())})
		}
		for range d.IntN(5) {
			b.tickets = append(b.tickets, reaction{id, "", d.instant(on())})
		}
		for range pick(d, 0, 2, 20, 100) {
			b.events = append(b.events, event{id, pick(d, "", "u1", "u2", "u3", fmt.Sprint("u", d.IntN(300)), pick(d, "v1", "v2", "v3", "u4")), pick(d, "login", "report", "export", "share"), d.instant(on()), false, fmt.Sprintf("%d.25", len(b.events)%9)})
			last := &b.events[len(b.events)-1]
			last.isAnonymous = strings.HasPrefix(last.user, "v")
		}
		if d.chance(60) {
			m := milestone{id, "setup", on(), never, d.instant(on())}
			b.milestones = append(b.milestones, m)
			if d.chance(70) {
				m.reachedOn, m.updatedAt = m.dueOn+day(d.between(-20, 60)), m.updatedAt.Add(time.Duration(d.between(1, 2000))*time.Hour)
				b.milestones = append(b.milestones, m)
			}
		}
	}
	for _, id := range slices.Compact(ids) {
		for range pick(d, 0, 0, 0, 1, 2) {
			raised := on()
			b.concerns = append(b.concerns, concern{id, d.between(1, 3), raised, pick(d, never, raised+day(d.IntN(200)), asOf, asOf+1)})
		}
		for i := range pick(d, 0, 0, 0, 0, 1, 2) {
			starts := on()
			b.overrides = append(b.overrides, override{id, pick(d, "red", "yellow", "green"), pick(d, "seen", "seen", "seen", ""), starts,
				starts + day(pick(d, 0, 30, d.IntN(200))), epoch.Add(time.Duration(i) * time.Hour)})
		}
	}
	since := func() day { return pick(d, 0, 0, asOf, asOf+1, asOf-28, asOf-89, asOf-120) }
	b.settings = []rule{
		{"health_weight_touch", "", "", since(), "1.3"}, {"health_weight_touch", "high", "", since(), "0.7"}, {"health_weight_touch", "high", "", since(), "5"},
		{"health_full_tickets", "", "", since(), "7"}, {"health_max_age_verified_outcome", "low", "", since(), "90"},
		{"health_yellow", "low", "", since(), "33"}, {"health_green", "low", "", since(), "58.5"}, {"health_green", "", "leaving", since(), "90"}, {"health_green", "low", "leaving", since(), "61"},
		{"health_measured_ratio", "tech", "", since(), "0.3"}, {"health_zero_touch", "tech", "", since(), "1.5"},
		{"excluded_users", "", "", 0, "u20,u21,u22,u23,u24,u25,u26,u27,U28,u29,@vendor.example"},
		{"event_quantities", "", "", 0, "moved=n@export,moved=n@share"}, {"health_quantity", "", "", since(), "moved"}, {"health_quantity", "tech", "", 0, "nothing"},
		{"health_measures", "high", "", since(), "touch, verified_outcome,setup_done,seats_in_use,depth,mail_opened"},
	}
	for i := range b.settings { // no two of one name and day
		for _, s := range b.settings[:i] {
			if s.name == b.settings[i].name && s.segment == b.settings[i].segment && s.phase == b.settings[i].phase && s.starts == b.settings[i].starts {
				b.settings[i].starts++
			}
		}
	}
	return b
}

func (b wellbeing) facts() []fact {
	var facts []fact
	add := func(table string, values ...any) { facts = append(facts, newFact(table, 0, values...)) }
	for i, r := range b.reviews {
		add("value_reviews", fmt.Sprint("r", i), r.account, r.on, "better", nil, r.isVerified, "crm", epoch)
	}
	for i, m := range b.meetings {
		add("touchpoints", fmt.Sprint("t", i), m.account, "kim", m.kind, m.at, m.withExecutive, "", "crm", m.at)
	}
	for i, r := range b.reactions {
		add("engagements", fmt.Sprint("e", i), r.account, "someone", r.kind, r.at, "crm", r.at)
	}
	for i, t := range b.tickets {
		add("tickets", fmt.Sprint("k", i), t.account, "", false, t.at, time.Time{}, time.Time{}, "desk", t.at)
	}
	for i, e := range b.events {
		add("usage_events", fmt.Sprint("u", i), e.account, e.user, e.name, e.at, `{"n": `+e.moved+`}`, e.isAnonymous, "app", e.at)
	}
	for _, same := range [][3]any{{"u2", "u1", false}, {"v1", "u2", true}, {"v3", "u1", true}, {"v3", "u7", true}} {
		add("user_aliases", same[0], same[1], same[2], "app", epoch)
	}
	add("users", "u3", "", true, "app", epoch)
	add("users", "u4", "Eve@vendor.example", nil, "app", epoch)
	for _, m := range b.milestones {
		add("milestones", m.account, m.name, m.dueOn, m.reachedOn, "crm", m.updatedAt)
	}
	for i, r := range b.concerns {
		add("risks", fmt.Sprint("q", i), r.account, "kim", "budget", r.severity, r.raised, r.closedOn, "crm", epoch)
	}
	for i, o := range b.overrides {
		add("health_overrides", fmt.Sprint("h", i), o.account, "kim", o.band, o.reason, o.starts, o.endsBefore, "crm", o.updatedAt)
	}
	return facts
}

// settingRows is what to insert of the settings: the table and the rows.
func (b wellbeing) settingRows() string {
	rows := make([]string, len(b.settings))
	for i, s := range b.settings {
		rows[i] = fmt.Sprintf("('%s', '%s', '%s', '%s', '%s')", s.name, s.segment, s.phase, s.starts, s.value)
	}
	return "settings (name, segment, phase, starts_on, value) values " + strings.Join(rows, ", ")
}

// inForce is the value of a setting: what names more goes before what names less, and then the latest start.
func (b wellbeing) inForce(name, segment, phase, standard string, at day) string {
	for _, scope := range [][2]string{{segment, phase}, {segment, ""}, {"", phase}, {"", ""}} {
		var last *rule
		for _, s := range b.settings {
			if s.name == name && s.segment == scope[0] && s.phase == scope[1] && s.starts <= at && (last == nil || s.starts > last.starts) {
				last = &s
			}
		}
		if last != nil {
			return last.value
		}
	}
	return standard
}

// known is a value and the day that it is of.
type known struct {
	value *big.Rat
	on    day
}

func exactly(text string) *big.Rat {
	r, ok := new(big.Rat).SetString(text)
	if !ok {
		panic("no number: " + text)
	}
	return r
}

// measured is what is known of an account's health on the day of n.
func (b wellbeing) measured(n *naive, s state) map[string]known {
	m := map[string]known{}
	at := n.asOf
	yes := func(is bool) int64 {
		if is {
			return 1
		}
		return 0
	}
	type set = map[any]bool
	isTest := set{}
	described := map[string]time.Time{}
	for _, a := range n.world.accounts {
		if last, found := described[a.id]; !found || a.updatedAt.After(last) {
			described[a.id], isTest[a.id] = a.updatedAt, a.isTest
		}
	}
	var newest day
	moved, movedBefore := new(big.Rat), new(big.Rat)
	seen, users, userDays, days, features, allFeatures := false, set{}, set{}, set{}, set{}, set{}
	for _, e := range b.events {
		on := tokyoDay(e.at)
		user, counts := e.who()
		if on > at || !counts {
			continue
		}
		newest = max(newest, on)
		isRecent := on > at-28
		if isRecent && !isTest[e.account] {
			allFeatures[e.name] = true
		}
		if e.account != s.account {
			continue
		}
		seen = true
		if e.name == "export" || e.name == "share" {
			switch {
			case isRecent:
				moved.Add(moved, exactly(e.moved))
			case on > at-56:
				movedBefore.Add(movedBefore, exactly(e.moved))
			}
		}
		if isRecent {
			features[e.name] = true
			if user != "" {
				users[user], userDays[[2]any{user, on}], days[on] = true, true, true
			}
		}
	}
	if seen {
		if s.seats > 0 {
			m["seats_in_use"] = known{big.NewRat(int64(len(users)), s.seats), newest}
		}
		sticky, breadth := new(big.Rat), new(big.Rat)
		if len(users) > 0 {
			sticky = big.NewRat(int64(len(userDays)), 28*int64(len(users)))
		}
		if len(allFeatures) > 0 {
			breadth = big.NewRat(int64(len(features)), int64(len(allFeatures)))
		}
		m["stickiness"], m["depth"], m["breadth"] = known{sticky, newest}, known{big.NewRat(int64(len(days)), 1), newest}, known{breadth, newest}
	}

	if movedBefore.Sign() > 0 && s.segment != "tech" {
		m["quantity"] = known{moved.Quo(moved, movedBefore), newest}
	}

	var first, last, lastKnown milestone
	found := false
	for _, x := range b.milestones {
		if x.account != s.account {
			continue
		}
		if !found || x.updatedAt.Before(first.updatedAt) {
			first = x
		}
		if !found || x.updatedAt.After(last.updatedAt) {
			last = x
		}
		if tokyoDay(x.updatedAt) <= at && (lastKnown.account == "" || x.updatedAt.After(lastKnown.updatedAt)) {
			lastKnown = x
		}
		found = true
	}
	if lastKnown.account == "" {
		lastKnown = first
	}
	isDone := lastKnown.reachedOn <= at || last.reachedOn <= at
	if found && (isDone || tokyoDay(first.updatedAt) <= at || first.dueOn <= at) { // else nobody knew of it
		m["setup_done"] = known{big.NewRat(yes(isDone), 1), at}
	}

	contacted, touched, hasMet := day(0), day(0), false
	for _, x := range b.meetings {
		if on := tokyoDay(x.at); x.account == s.account && on <= at {
			contacted = max(contacted, on)
			hasMet = hasMet || x.withExecutive
			if s.segment == "tech" || x.kind != "email" && x.kind != "webinar" {
				touched = max(touched, on)
			}
		}
	}
	if touched != 0 {
		m["touch"] = known{big.NewRat(int64(at-touched), int64(coverageDays[s.segment])), touched}
	}
	if contacted != 0 {
		m["decision_maker"] = known{big.NewRat(yes(hasMet), 1), contacted}
	}

	counts := map[string]int64{}
	for _, x := range b.reactions {
		within := day(180)
		if strings.HasPrefix(x.kind, "email") {
			within = 90
		}
		if on := tokyoDay(x.at); x.account == s.account && on <= at && on > at-within {
			counts[x.kind]++
		}
	}
	if whole := counts["email_delivered"]; whole > 0 {
		m["mail_opened"] = known{big.NewRat(min(whole, counts["email_opened"]), whole), at}
	}
	if whole := counts["webinar_invited"]; whole > 0 {
		m["webinar_attended"] = known{big.NewRat(min(whole, counts["webinar_attended"]), whole), at}
	}

	asked, recent := day(0), int64(0)
	for _, x := range b.tickets {
		if on := tokyoDay(x.at); x.account == s.account && on <= at {
			asked = max(asked, on)
			recent += yes(on > at-90)
		}
	}
	if asked != 0 {
		m["tickets"] = known{big.NewRat(recent, 1), asked}
	}

	reviewed, isVerified := day(0), false
	for _, x := range b.reviews {
		switch {
		case x.account != s.account || x.on > at || x.on < reviewed:
		case x.on == reviewed:
			isVerified = isVerified || x.isVerified
		default:
			reviewed, isVerified = x.on, x.isVerified
		}
	}
	if reviewed != 0 {
		m["verified_outcome"] = known{big.NewRat(yes(isVerified), 1), reviewed}
	}
	return m
}

// verdict is an account's health.
type verdict struct {
	state
	score                      *big.Rat // nil: nothing is measured
	share                      *big.Rat
	band, scoredBand           string
	severity                   int64
	isOverridden               bool
	contributions              map[string]*big.Rat
	reason                     string
	noticeAmount, atRiskAmount decimal.Decimal
}

// quantities are what each account that pays on the day of n has moved in 28 days, and in the 28 before.
func (b wellbeing) quantities(n *naive) map[string][]any {
	all := map[string][]any{}
	for _, s := range n.states() {
		sums, found := [2]decimal.Decimal{}, false
		for _, e := range b.events {
			_, counts := e.who()
			age := n.asOf - tokyoDay(e.at)
			if e.account == s.account && counts && (e.name == "export" || e.name == "share") && age >= 0 && age < 56 {
				sums[age/28] = sums[age/28].Add(decimal.RequireFromString(e.moved))
				found = true
			}
		}
		if found {
			all[s.account] = []any{sums[0], sums[1]}
		}
	}
	return all
}

// health judges all accounts that pay on the day of n.
func (b wellbeing) health(n *naive) map[string]verdict {
	verdicts := map[string]verdict{}
	at := n.asOf
	for _, s := range n.states() {
		phase := "adoption" // no setting tells it from the others
		if s.contracted.IsZero() {
			phase = "leaving"
		}
		v := verdict{state: s, share: new(big.Rat), contributions: map[string]*big.Rat{}}
		facts := b.measured(n, s)
		number := func(name, standard string) *big.Rat { return exactly(b.inForce(name, s.segment, phase, standard, at)) }
		chosen := strings.FieldsFunc(b.inForce("health_measures", s.segment, phase, "", at), func(r rune) bool { return r == ',' || r == ' ' })
		all, there := new(big.Rat), new(big.Rat)
		for measure, standard := range measureDefaults {
			if len(chosen) > 0 && !slices.Contains(chosen, measure) || measure == "quantity" && b.inForce("health_quantity", s.segment, phase, "", at) == "" {
				continue
			}
			weight := number("health_weight_"+measure, standard[0])
			all.Add(all, weight)
			zero, full, age := number("health_zero_"+measure, standard[1]), number("health_full_"+measure, standard[2]), number("health_max_age_"+measure, standard[3])
			fact, found := facts[measure]
			v.contributions[measure] = new(big.Rat)
			if !found || big.NewRat(int64(at-fact.on), 1).Cmp(age) > 0 {
				continue
			}
			there.Add(there, weight)
			points := new(big.Rat).Sub(fact.value, zero)
			points.Quo(points, new(big.Rat).Sub(full, zero))
			if points.Sign() < 0 {
				points = new(big.Rat)
			}
			if points.Cmp(big.NewRat(1, 1)) > 0 {
				points = big.NewRat(1, 1)
			}
			v.contributions[measure] = points.Mul(points, new(big.Rat).Mul(weight, big.NewRat(100, 1)))
		}
		v.scoredBand = "unknown"
		if there.Sign() > 0 {
			v.score = new(big.Rat)
			for measure, points := range v.contributions {
				v.contributions[measure] = points.Quo(points, there)
				v.score.Add(v.score, points)
			}
			v.share.Quo(there, all)
			if v.share.Cmp(number("health_measured_ratio", "0.5")) >= 0 {
				switch {
				case v.score.Cmp(number("health_green", "70")) >= 0:
					v.scoredBand = "green"
				case v.score.Cmp(number("health_yellow", "40")) >= 0:
					v.scoredBand = "yellow"
				default:
					v.scoredBand = "red"
				}
			}
		}
		for _, c := range b.concerns {
			if c.account == s.account && c.raised <= at && c.closedOn > at {
				v.severity = max(v.severity, int64(c.severity))
			}
		}
		v.band = v.scoredBand
		if v.severity == 3 {
			v.band = "red"
		} else if v.severity == 2 && v.band == "green" {
			v.band = "yellow"
		}
		var last override
		for _, o := range b.overrides {
			if o.account == s.account && o.starts <= at && at < o.endsBefore && o.reason != "" &&
				(last.account == "" || o.starts > last.starts || o.starts == last.starts && o.updatedAt.After(last.updatedAt)) {
				last, v.isOverridden, v.band = o, true, o.band
			}
		}
		usage := v.scoredBand == "red" && !v.isOverridden
		said := v.severity >= 2 || v.isOverridden && v.band == "red"
		switch {
		case usage && said:
			v.reason = "both"
		case usage:
			v.reason = "usage"
		case said:
			v.reason = "qualitative"
		}
		v.noticeAmount = s.amount.Sub(s.contracted)
		v.atRiskAmount = v.noticeAmount
		if v.reason != "" {
			v.atRiskAmount = s.amount
		}
		verdicts[s.account] = v
	}
	return verdicts
}

func approximately(r *big.Rat) any {
	if r == nil {
		return undefined{}
	}
	f, _ := r.Float64()
	return ratio(f)
}

func (o opinion) health(b wellbeing) {
	o.t.Helper()
	now, before := b.health(o.naive), b.health(newNaive(o.naive.world, o.naive.asOf-28))
	accounts, drivers, changes, atRisk, worst := map[string][]any{}, map[string][]any{}, map[string][]any{}, map[string][]any{}, map[string][]any{}
	type sum struct {
		accounts int64
		amount   decimal.Decimal
	}
	bands, risks := map[string]sum{}, map[string]sum{}
	count := func(sums map[string]sum, key string, amount decimal.Decimal) {
		s := sums[key]
		sums[key] = sum{s.accounts + 1, s.amount.Add(amount)}
	}
	order := []string{"red", "yellow", "green"}
	var load sum
	for account, v := range now {
		accounts[account] = []any{v.segment, v.band, v.scoredBand, v.amount, approximately(v.score), approximately(v.share), v.severity}
		for measure, points := range v.contributions {
			drivers[account+" "+measure] = []any{approximately(points)}
		}
		count(bands, v.segment+" "+v.band, v.amount)
		if p, paid := before[account]; paid && p.band != v.band && slices.Contains(order, p.band) && slices.Contains(order, v.band) {
			direction := "improved"
			if slices.Index(order, v.band) < slices.Index(order, p.band) {
				direction = "declined"
			}
			changes[account] = []any{v.segment, direction, p.band, v.band, v.amount}
		}
		if v.noticeAmount.IsPositive() {
			atRisk[account+" notice"] = []any{v.segment, v.noticeAmount}
			count(risks, v.segment+" notice", v.noticeAmount)
		}
		if rest := v.amount.Sub(v.noticeAmount); v.reason != "" && rest.IsPositive() {
			atRisk[account+" "+v.reason] = []any{v.segment, rest}
			count(risks, v.segment+" "+v.reason, rest)
		}
		if v.atRiskAmount.IsPositive() {
			worst[account] = []any{v.atRiskAmount, approximately(v.score)}
		}
		load.amount = load.amount.Add(v.atRiskAmount)
	}
	kpi := func(sums map[string]sum, names ...string) map[string][]any {
		rows := map[string][]any{}
		for _, segment := range segments {
			for _, name := range names {
				s := sums[segment+" "+name]
				rows[segment+" "+name] = []any{s.accounts, nearest{s.amount}}
			}
		}
		return rows
	}
	of := func(band string) (n int64) {
		for _, segment := range segments {
			n += bands[segment+" "+band].accounts
		}
		return n
	}
	for _, band := range append(order, "unknown") {
		if of(band) == 0 {
			o.t.Errorf("no account is %s: the comparison says little", band)
		}
	}
	if len(changes) == 0 || len(risks) == 0 {
		o.t.Errorf("%d accounts changed, and %d reasons put ARR at risk: the comparison says little", len(changes), len(risks))
	}
	o.compare("account_health", "account_id", "segment band scored_band arr score measured_ratio severity", accounts)
	o.compare("account_health_drivers", "account_id measure", "contribution", drivers)
	o.compare("usage_quantities_detail", "account_id", "value previous_value", b.quantities(o.naive))
	o.compare("health", "segment band", "accounts arr", kpi(bands, "red", "yellow", "green", "unknown"))
	o.compare("health_changes_detail", "account_id", "segment direction from_band to_band arr", changes)
	o.compare("risk_detail", "account_id reason", "segment arr", atRisk)
	o.compare("risk", "segment reason", "accounts arr", kpi(risks, "usage", "qualitative", "both", "notice"))
	o.compare("risk_accounts_detail", "account_id", "arr score", worst)
	if got := table(o.t, o.c, []string{"sum(at_risk_arr)"}, o.from("csm_load_detail"))[0][0]; !agrees(got, load.amount) {
		o.t.Errorf("the load of all has %s at risk, want %s", got, load.amount)
	}
}

// backtest compares how the scores of two past days ranked those that were lost since.
func (o opinion) backtest(b wellbeing) {
	o.t.Helper()
	detail, kpi := map[string][]any{}, map[string][]any{}
	bands := map[string][2]int64{}
	for horizon, days := range map[string]day{"90d": 90, "180d": 180} {
		type scored struct {
			score *big.Rat
			lost  bool
		}
		var all []scored
		var lost int64
		for account, v := range b.health(newNaive(o.naive.world, o.naive.asOf-days)) {
			opening, closing := o.naive.arr(account, o.naive.asOf-days, o.naive.asOf), o.naive.arr(account, o.naive.asOf, o.naive.asOf)
			if v.score == nil || !opening.IsPositive() {
				continue
			}
			s := scored{v.score, closing.LessThan(opening)}
			all = append(all, s)
			band := bands[horizon+" "+v.band]
			band[1]++
			var isLost int64
			if s.lost {
				isLost = 1
				lost++
				band[0]++
			}
			bands[horizon+" "+v.band] = band
			detail[horizon+" "+account] = []any{v.band, approximately(v.score), opening, closing, isLost}
		}
		n := int64(len(all))
		if lost == 0 || lost == n {
			o.t.Errorf("%d of %d accounts were lost: the comparison says nothing", lost, n)
			continue
		}
		wins := new(big.Rat)
		for _, a := range all {
			for _, z := range all {
				if a.lost && !z.lost {
					wins.Add(wins, big.NewRat(int64(1-a.score.Cmp(z.score)), 2))
				}
			}
		}
		auc, _ := wins.Quo(wins, big.NewRat(lost*(n-lost), 1)).Float64()
		q1, q2 := auc/(2-auc), 2*auc*auc/(1+auc)
		se := math.Sqrt((auc*(1-auc) + float64(lost-1)*(q1-auc*auc) + float64(n-lost-1)*(q2-auc*auc)) / float64(lost*(n-lost)))
		const z = 1.959963984540054
		slices.SortFunc(all, func(a, b scored) int { return a.score.Cmp(b.score) })
		worst := (n + 9) / 10
		edge := all[worst-1].score
		var below, level, lostBelow, lostLevel int64
		for _, a := range all {
			l := int64(0)
			if a.lost {
				l = 1
			}
			switch cmp.Compare(a.score.Cmp(edge), 0) {
			case -1:
				below++
				lostBelow += l
			case 0:
				level++
				lostLevel += l
			}
		}
		share := (float64(lostBelow) + float64(worst-below)*float64(lostLevel)/float64(level)) / float64(worst)
		kpi[horizon] = []any{ratio(auc), ratio(max(0, auc-z*se)), ratio(min(1, auc+z*se)), ratio(share / (float64(lost) / float64(n))), n, lost, ratio(float64(lost) / float64(n))}
	}
	calibration := map[string][]any{}
	for _, horizon := range []string{"90d", "180d"} {
		for _, band := range []string{"red", "yellow", "green", "unknown"} {
			k := bands[horizon+" "+band]
			calibration[horizon+" "+band] = shares(k[0], k[1])
		}
	}
	o.compare("health_backtest_detail", "horizon account_id", "band score opening_arr closing_arr lost_accounts", detail)
	o.compare("health_backtest", "horizon", "auc auc_lower auc_upper worst_decile_lift accounts lost_accounts lost_ratio", kpi)
	o.compare("health_backtest_bands", "horizon band", "ratio ratio_lower ratio_upper lost_accounts accounts", calibration)
}
