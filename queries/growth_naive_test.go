package queries_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/shopspring/decimal"
)

// The naive implementation of growth and voice: pipeline, answers and tickets by loops over random facts.

// sale is a version of an opportunity.
type sale struct {
	id, account, kind, by, csm      string
	amount                          decimal.Decimal
	isQuantified                    bool
	currency                        string
	createdOn, expectedOn, closedOn day
	outcome                         string // won, lost, or empty: not decided
	updatedAt                       time.Time
}

// rating is an answer to a survey.
type rating struct {
	id, account, user, kind string
	score, scale            int // scale 0: it does not say it
	at                      time.Time
}

// respondent: u2 is another id of u1, and u3 is own staff, whose answers do not count.
func (r rating) respondent() string {
	if r.user == "u2" {
		return "u1"
	}
	return r.user
}

// satisfied are the lowest scores on each scale of those who are satisfied.
var satisfied = map[int]int{3: 3, 4: 3, 5: 4, 6: 5, 7: 6, 10: 8}

// ticket has no time where it is not answered or not resolved.
type ticket struct {
	id, account, severity      string
	isComplaint                bool
	opened, answered, resolved time.Time
}

// growth is what was sold, said and asked in a world.
type growth struct {
	sales   map[string][]sale // by opportunity, in order of their versions
	ratings []rating
	tickets []ticket
}

// tokyoDay is the day of an instant in the world's zone, which is nine hours ahead all year.
func tokyoDay(t time.Time) day { return dayOf(t.Add(9 * time.Hour)) }

// randomGrowth is about all accounts of a world, and one that nobody has described.
func randomGrowth(w world, seed uint64) growth {
	d := newDice(seed + 1000)
	g := growth{sales: map[string][]sale{}}
	account := func() string { return fmt.Sprintf("a%02d", d.IntN(61)) }
	for i := range 400 {
		s := sale{
			id: fmt.Sprintf("o%03d", i), account: account(), kind: pick(d, "upsell", "cross_sell", "extension", "expand", "expand", "land", "renewal"),
			by: pick(d, "cs", "cs", "cs", "ae", ""), csm: pick(d, "", "kim", "lee"), amount: d.amount(), isQuantified: d.chance(80),
			currency: pick(d, "USD", "", "EUR", "CHF"), createdOn: date(2023, 1, 1) + day(d.IntN(1000)), expectedOn: never, closedOn: never,
		}
		s.updatedAt = d.instant(s.createdOn + day(pick(d, 0, 0, 0, 20))) // some are entered late
		if s.kind == "expand" && d.chance(60) {
			s.expectedOn = s.createdOn + day(d.between(0, 200))
		}
		versions := []sale{s}
		for range d.IntN(5) {
			s.updatedAt = s.updatedAt.Add(time.Duration(d.between(1, 60*24*60)) * time.Minute)
			switch d.IntN(5) {
			case 0:
				s.amount, s.isQuantified, s.currency = d.amount(), d.chance(80), pick(d, "USD", "EUR")
			case 1:
				s.csm, s.kind = "zoe", pick(d, s.kind, "upsell")
			case 2: // open, perhaps again
				s.closedOn, s.outcome = never, ""
				if s.expectedOn != never {
					s.expectedOn += day(d.IntN(60))
				}
			default: // decided, perhaps told later
				s.closedOn, s.outcome = max(s.createdOn, tokyoDay(s.updatedAt)-day(pick(d, 0, 0, 1, 40))), pick(d, "won", "lost")
				s.updatedAt = s.updatedAt.Add(24 * time.Hour)
			}
			versions = append(versions, s)
		}
		g.sales[s.id] = versions
	}
	for i := range 700 {
		g.ratings = append(g.ratings, rating{
			fmt.Sprintf("r%03d", i), account(), pick(d, "", "u1", "u2", "u3"), pick(d, "nps", "nps", "csat"), d.IntN(13), 0, d.instant(date(2024, 1, 1) + day(d.IntN(600))),
		})
		if last := &g.ratings[i]; last.kind == "csat" {
			last.scale = []int{0, 0, 3, 4, 5, 6, 7, 10}[i%8]
		}
	}
	for i := range 900 {
		t := ticket{id: fmt.Sprintf("t%03d", i), account: account(), severity: pick(d, "", "high", "low", "low"), isComplaint: d.chance(20)}
		t.opened = d.instant(date(2024, 1, 1) + day(d.IntN(600)))
		if d.chance(80) {
			t.answered = t.opened.Add(time.Duration(d.IntN(10*86_400_000)) * time.Millisecond)
			if d.chance(80) {
				t.resolved = t.answered.Add(time.Duration(d.IntN(40*86_400_000)) * time.Millisecond)
			}
		}
		g.tickets = append(g.tickets, t)
	}
	return g
}

// facts are the rows. A decision is dated by its own day, however late it was entered; any other change by when it was made.
func (g growth) facts() []fact {
	var facts []fact
	for _, versions := range g.sales {
		for i, s := range versions {
			on := tokyoDay(s.updatedAt)
			switch {
			case s.closedOn != never:
				on = s.closedOn
			case i == 0:
				on = s.createdOn
			}
			var amount, isWon any
			if s.isQuantified {
				amount = s.amount.String()
			}
			if s.outcome != "" {
				isWon = s.outcome == "won"
			}
			facts = append(facts, newFact("opportunities", on, s.id, s.account, s.kind, s.by, s.csm, amount, s.currency, "stage", s.createdOn, s.expectedOn,
				s.closedOn, isWon, "sales", s.updatedAt))
		}
	}
	for _, r := range g.ratings {
		facts = append(facts, newFact("surveys", tokyoDay(r.at), r.id, r.account, r.user, r.kind, r.score, r.at, r.scale, "desk", r.at))
	}
	facts = append(facts, newFact("user_aliases", 0, "u2", "u1", false, "desk", epoch), newFact("users", 0, "u3", "", true, "desk", epoch))
	// Who is who holds for all days, so what is found out later is about others.
	late := date(2026, 5, 1).time()
	facts = append(facts, newFact("user_aliases", date(2026, 5, 1), "w2", "w1", true, "desk", late), newFact("users", date(2026, 5, 1), "w3", "w3@late.example", nil, "desk", late))
	for _, t := range g.tickets {
		version := func(last, answered, resolved time.Time) {
			facts = append(facts, newFact("tickets", tokyoDay(last), t.id, t.account, t.severity, t.isComplaint, t.opened, answered, resolved, "help", last))
		}
		version(t.opened, time.Time{}, time.Time{})
		if !t.answered.IsZero() {
			version(t.answered, t.answered, time.Time{})
		}
		if !t.resolved.IsZero() {
			version(t.resolved.Add(time.Millisecond), t.answered, t.resolved)
		}
	}
	slices.SortStableFunc(facts, func(a, b fact) int { return cmp.Compare(a.values, b.values) }) // maps have no order
	return facts
}

// present is the version of an opportunity that counts at as_of: the last that was known, or that tells of a decision by
// then; else the first. False: it is not created yet.
func (n *naive) present(versions []sale) (first, now sale, exists bool) {
	now = versions[0]
	for _, s := range versions {
		if tokyoDay(s.updatedAt) <= n.asOf || s.closedOn <= n.asOf {
			now = s
		}
	}
	if now.closedOn > n.asOf {
		now.closedOn, now.outcome = never, ""
	}
	return versions[0], now, now.createdOn <= n.asOf
}

// isTest and owner are what the world says of an account; owner is that of the end of a day.
func (n *naive) isTest(id string) bool {
	var last account
	for _, a := range n.world.accounts {
		if a.id == id && !a.updatedAt.Before(last.updatedAt) {
			last = a
		}
	}
	return last.isTest
}

func (n *naive) owner(id string, d day) string {
	var versions []account
	for _, a := range n.world.accounts {
		if a.id == id {
			versions = append(versions, a)
		}
	}
	slices.SortFunc(versions, func(a, b account) int { return a.updatedAt.Compare(b.updatedAt) })
	csm := "(none)"
	for i, a := range versions {
		// What is later than as_of is not known, and the earliest known holds before it.
		if i == 0 || tokyoDay(a.updatedAt) <= min(d, n.asOf) {
			csm = a.csm
		}
	}
	return csm
}

// standing is the segment of an account: at as_of if it pays, else 12 months ago, else tech.
func (n *naive) standing(account string) string {
	for _, d := range []day{n.asOf, n.monthsAgo(12)} {
		if n.pays(account, d) {
			return n.segment(n.arr(account, d, n.asOf))
		}
	}
	return "tech"
}

func (n *naive) worth(s sale) decimal.Decimal {
	if !s.isQuantified {
		return decimal.Zero
	}
	rate, known := n.rateIn(s.currency, n.asOf)
	if !known {
		panic("no rate of " + s.currency)
	}
	return s.amount.Mul(rate)
}

// percentile lies between the two values next to it.
func percentile(values []float64, p float64) any {
	if len(values) == 0 {
		return undefined{}
	}
	slices.Sort(values)
	at := p * float64(len(values)-1)
	low, high := values[int(math.Floor(at))], values[int(math.Ceil(at))]
	return ratio(low + (high-low)*(at-math.Floor(at)))
}

// pipeline compares pipegen, pipegen_by_csm and pipeline_quality.
func (o opinion) pipeline(g growth) {
	o.t.Helper()
	n := o.naive
	pipegen, byCSM, quality := map[string][]any{}, map[string][]any{}, map[string][]any{}
	for _, w := range n.windows() {
		start, window := w.opens, w.name
		amounts, counts := map[string]decimal.Decimal{}, map[string]int64{}
		cycles := map[string][]float64{}
		for _, versions := range g.sales {
			first, now, exists := n.present(versions)
			if !exists || n.isTest(now.account) || now.by != "cs" || now.kind == "land" || now.kind == "renewal" {
				continue
			}
			kind := now.kind + " " + window
			count := func(what string, yes bool) {
				if yes {
					counts[kind+" "+what]++
				}
			}
			created := now.createdOn > start
			decided := now.closedOn > start && now.closedOn != never
			count("won", decided && now.outcome == "won")
			count("lost", decided && now.outcome == "lost")
			count("created", created)
			count("created_won", created && now.outcome == "won")
			count("open", now.closedOn == never)
			if decided && now.outcome == "won" {
				cycles[kind] = append(cycles[kind], float64(now.closedOn-now.createdOn)*86400)
			}
			if created {
				csm := ""
				for _, s := range versions {
					if csm == "" && !s.updatedAt.After(now.updatedAt) {
						csm = s.csm
					}
				}
				if csm == "" {
					csm = n.owner(now.account, now.createdOn)
				}
				for _, key := range []string{"pipegen " + n.standing(now.account) + " " + kind, "csm " + csm + " " + window} {
					amounts[key] = amounts[key].Add(n.worth(first))
					counts[key]++
				}
			}
		}
		for _, kind := range []string{"upsell", "cross_sell", "extension", "expand"} {
			key := kind + " " + window
			won, lost, created, createdWon := counts[key+" won"], counts[key+" lost"], counts[key+" created"], counts[key+" created_won"]
			quality[key] = []any{
				won, lost, created, createdWon, counts[key+" open"], divided(decimal.NewFromInt(won), decimal.NewFromInt(won+lost)),
				divided(decimal.NewFromInt(createdWon), decimal.NewFromInt(created)), percentile(cycles[key], 0.5),
			}
			for _, segment := range segments {
				key := segment + " " + key
				pipegen[key] = []any{nearest{amounts["pipegen "+key]}, counts["pipegen "+key]}
			}
		}
		for _, csm := range []string{"kim", "lee", "ada", "zoe", "(none)"} {
			key := csm + " " + window
			byCSM[key] = []any{nearest{amounts["csm "+key]}, counts["csm "+key]}
		}
	}
	o.compare("pipegen", "segment kind window", "amount opportunities", pipegen)
	o.compare("pipegen_by_csm", "csm window", "amount opportunities", byCSM)
	o.compare("pipeline_quality", "kind window", "won lost created created_won open_opportunities win_ratio created_win_ratio cycle_p50_seconds", quality)
}

// voice compares nps and csat.
func (o opinion) voice(g growth) {
	o.t.Helper()
	n := o.naive
	counts := map[string]int64{}
	for _, r := range g.ratings {
		age := n.asOf - tokyoDay(r.at)
		if age < 0 || age > 89 || n.isTest(r.account) || r.user == "u3" {
			continue
		}
		segment := n.standing(r.account)
		switch {
		case r.kind == "csat" && r.score >= 1 && r.score <= cmp.Or(r.scale, 5):
			counts[segment+" csat"]++
			if r.score >= satisfied[cmp.Or(r.scale, 5)] {
				counts[segment+" satisfied"]++
			}
		case r.kind == "nps" && r.score <= 10:
			isLatest := true
			for _, other := range g.ratings {
				if r.user != "" && other.respondent() == r.respondent() && other.account == r.account && other.kind == "nps" && other.score <= 10 &&
					tokyoDay(other.at) <= n.asOf && other.at.After(r.at) {
					isLatest = false
				}
			}
			if !isLatest {
				continue
			}
			counts[segment+" nps"]++
			switch {
			case r.score > 8:
				counts[segment+" promoters"]++
			case r.score < 7:
				counts[segment+" detractors"]++
			}
		}
	}
	nps, csat := map[string][]any{}, map[string][]any{}
	for _, s := range segments {
		promoters, detractors, responses := counts[s+" promoters"], counts[s+" detractors"], counts[s+" nps"]
		nps[s] = []any{promoters, detractors, responses, divided(decimal.NewFromInt(100*(promoters-detractors)), decimal.NewFromInt(responses))}
		csat[s] = []any{counts[s+" satisfied"], counts[s+" csat"], divided(decimal.NewFromInt(counts[s+" satisfied"]), decimal.NewFromInt(counts[s+" csat"]))}
	}
	o.compare("nps", "segment", "promoters detractors responses score", nps)
	o.compare("csat", "segment", "satisfied responses ratio", csat)
}

// support compares tickets.
func (o opinion) support(g growth) {
	o.t.Helper()
	n := o.naive
	accounts := decimal.NewFromInt(int64(len(n.states())))
	want := map[string][]any{}
	for _, severity := range []string{"", "high", "low"} {
		var opened, complaints, open int64
		var responses, resolutions []float64
		for _, t := range g.tickets {
			if t.severity != severity || n.isTest(t.account) || tokyoDay(t.opened) > n.asOf {
				continue
			}
			resolved := !t.resolved.IsZero() && tokyoDay(t.resolved) <= n.asOf
			if !resolved {
				open++
			}
			if resolved && tokyoDay(t.resolved) > n.asOf-28 {
				resolutions = append(resolutions, float64(t.resolved.Sub(t.opened).Milliseconds())/1000)
			}
			if tokyoDay(t.opened) <= n.asOf-28 {
				continue
			}
			opened++
			if t.isComplaint {
				complaints++
			}
			if !t.answered.IsZero() && tokyoDay(t.answered) <= n.asOf {
				responses = append(responses, float64(t.answered.Sub(t.opened).Milliseconds())/1000)
			}
		}
		want[cmp.Or(severity, "(none)")] = []any{
			opened, open, complaints, divided(decimal.NewFromInt(opened), accounts), percentile(responses, 0.5), percentile(responses, 0.9),
			percentile(resolutions, 0.5), percentile(resolutions, 0.9),
		}
	}
	o.compare("tickets", "severity", "opened open complaints per_account_ratio first_response_p50_seconds first_response_p90_seconds "+
		"resolution_p50_seconds resolution_p90_seconds", want)
}
