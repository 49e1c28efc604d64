package demo_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"
	"testing"
	"time"

	"cskpi/exporter/demo"
)

// world is what an analyst knows of a company: only its facts.
type world struct {
	*books
	accounts   map[string]account
	owners     map[string]map[string]bool // Account to its CSMs.
	months     []date                     // First days of the months of the history.
	arrOn      map[date]map[string]float64
	usage      map[string]map[date]int
	touches    map[string][]date
	risks      map[string][]span
	onboarded  map[string]bool
	deals      []deal
	nps        map[string][]answer
	complaints map[string][]date
	tickets    int
}

type deal struct {
	ID      string   `json:"opportunity_id"`
	Account string   `json:"account_id"`
	Kind    string   `json:"kind"`
	By      string   `json:"originated_by"`
	CSM     string   `json:"csm"`
	Amount  *float64 `json:"amount"`
	Stage   string   `json:"stage"`
	Created date     `json:"created_on"`
	Closed  date     `json:"closed_on"`
	Won     *bool    `json:"is_won"`
}

// span is open from its first day to before its last; no last day: still.
type span struct{ from, before date }

func (s span) in(from, before date) bool {
	return s.from < before && (s.before == "" || s.before > from)
}

type answer struct {
	on    date
	score int
}

const seeds = 6

// seedsWithUsage is for how many of them the events are read, which takes the longest by far.
const seedsWithUsage = 2

// worlds are the companies of the default options by a few seeds: chance may favour one of them, not all.
var worlds = sync.OnceValue(func() []*world {
	all := make([]*world, seeds)
	var wg sync.WaitGroup
	for i := range all {
		wg.Go(func() { all[i] = readWorld(demo.Options{Seed: uint64(i), Until: until}) })
	}
	wg.Wait()
	return all
})

func readWorld(o demo.Options) *world {
	c, err := demo.New(o)
	if err != nil {
		panic(err)
	}
	var t panicking
	w := &world{
		books: readBooks(t, c, "USD"), accounts: latest(t, c, "accounts", func(a account) string { return a.ID }),
		owners: map[string]map[string]bool{}, arrOn: map[date]map[string]float64{}, usage: map[string]map[date]int{},
		touches: map[string][]date{}, risks: map[string][]span{}, onboarded: map[string]bool{},
		nps: map[string][]answer{}, complaints: map[string][]date{},
	}
	scan(t, c, "accounts", func(a account) {
		if w.owners[a.ID] == nil {
			w.owners[a.ID] = map[string]bool{}
		}
		if a.CSM != "" {
			w.owners[a.ID][a.CSM] = true
		}
	})
	for d := until.AddDate(-3, 0, 1); !d.After(until); d = d.AddDate(0, 1, 0) {
		w.months = append(w.months, on(d))
	}
	for _, d := range append(slices.Clone(w.months), on(until)) {
		w.arrOn[d] = w.arr(d)
	}
	if o.Seed < seedsWithUsage {
		w.readUsage(c)
	}
	scan(t, c, "touchpoints", func(v struct {
		Account string `json:"account_id"`
		Kind    string
		At      date `json:"happened_at"`
	}) {
		w.touches[v.Account] = append(w.touches[v.Account], v.At[:10])
	})
	type risk struct {
		ID      string `json:"risk_id"`
		Account string `json:"account_id"`
		Raised  date   `json:"raised_on"`
		Closed  date   `json:"closed_on"`
	}
	for _, v := range latest(t, c, "risks", func(v risk) string { return v.ID }) {
		w.risks[v.Account] = append(w.risks[v.Account], span{v.Raised, v.Closed})
	}
	scan(t, c, "milestones", func(v struct {
		Account   string `json:"account_id"`
		Milestone string
		Reached   date `json:"reached_on"`
	}) {
		if v.Milestone == "onboarded" {
			w.onboarded[v.Account] = v.Reached != ""
		}
	})
	w.deals = slices.Collect(maps.Values(latest(t, c, "opportunities", func(v deal) string { return v.ID })))
	scan(t, c, "surveys", func(v struct {
		Account string `json:"account_id"`
		Kind    string
		Score   int
		At      date `json:"responded_at"`
	}) {
		if v.Kind == "nps" {
			w.nps[v.Account] = append(w.nps[v.Account], answer{v.At[:10], v.Score})
		}
	})
	scan(t, c, "tickets", func(v struct {
		Account   string `json:"account_id"`
		Complaint bool   `json:"is_complaint"`
		At        date   `json:"opened_at"`
	}) {
		w.tickets++
		if v.Complaint {
			w.complaints[v.Account] = append(w.complaints[v.Account], v.At[:10])
		}
	})
	return w
}

// readUsage counts events by account and day without decoding all of each row.
func (w *world) readUsage(c *demo.Company) {
	if err := c.Write(context.Background(), "usage_events", usageReader{w}); err != nil {
		panic(err)
	}
}

type usageReader struct{ *world }

// Write takes whole rows, as the company writes them.
func (w usageReader) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		_, rest, _ := bytes.Cut(line, []byte(`"account_id":"`))
		id, rest, _ := bytes.Cut(rest, []byte(`"`))
		_, rest, ok := bytes.Cut(rest, []byte(`"ts":"`))
		quotes := bytes.Count(line, []byte(`"`)) // of two to four properties
		if !ok || quotes < 40 || quotes > 44 || quotes%2 == 1 || !bytes.Contains(rest, []byte(`{\"department\":\"`)) {
			return 0, fmt.Errorf("not a row: %q", line)
		}
		days := w.usage[string(id)]
		if days == nil {
			days = map[date]int{}
			w.usage[string(id)] = days
		}
		days[date(rest[:10])]++
	}
	return len(p), nil
}

// events counts events in the days from before d by so many days.
func (w *world) events(account string, d date, from, to int) int {
	n := 0
	for i := from; i < to; i++ {
		n += w.usage[account][on(d.time().AddDate(0, 0, i))]
	}
	return n
}

type loss struct {
	account, segment, reason string
	on                       date
	arr                      float64
}

// losses are the accounts that went from paying to nothing, month by month, with the last contract's reason.
func (w *world) losses() []loss {
	var out []loss
	days := append(slices.Clone(w.months), on(until))
	for i := 1; i < len(days); i++ {
		for _, id := range slices.Sorted(maps.Keys(w.arrOn[days[i-1]])) {
			if w.arrOn[days[i]][id] > 0 {
				continue
			}
			l := loss{account: id, segment: segmentOf(w.arrOn[days[i-1]][id]), arr: w.arrOn[days[i-1]][id]}
			for _, k := range w.contracts {
				if k.Account == id && k.Ends > l.on && k.Ends <= days[i] {
					l.on, l.reason = k.Ends, k.Reason
				}
			}
			lateRenewal := false
			for _, k := range w.contracts {
				lateRenewal = lateRenewal || k.Account == id && k.From != "" && k.Starts >= l.on && k.Starts < on(l.on.time().AddDate(0, 0, 20))
			}
			if !lateRenewal {
				out = append(out, l)
			}
		}
	}
	return out
}

// panicking lets the readers run outside a test function.
type panicking struct{ testing.TB }

func (panicking) Helper()                   {}
func (panicking) Fatal(a ...any)            { panic(a) }
func (panicking) Fatalf(s string, a ...any) { panic(a) }

type share struct{ part, whole float64 }

func (s share) ratio() float64 { return s.part / s.whole }

func (s *share) add(hit bool) {
	s.whole++
	if hit {
		s.part++
	}
}

func between(t *testing.T, what string, got, low, high float64) {
	t.Helper()
	t.Logf("%s: %.3f", what, got)
	if math.IsNaN(got) || got < low || got > high {
		t.Errorf("%s is %.3f, want it between %g and %g", what, got, low, high)
	}
}

func TestRevenue(t *testing.T) {
	type sums struct {
		lost                    share
		open, closing, retained float64
	}
	for years := range 3 {
		end := until.AddDate(-years, 0, 0)
		total := map[string]*sums{"": {}, "high": {}, "low": {}, "tech": {}}
		mix := map[string]share{}
		var now float64
		for _, w := range worlds() {
			from, to := w.arr(on(end.AddDate(-1, 0, 0))), w.arr(on(end))
			for id, v := range from {
				for _, s := range []*sums{total[""], total[segmentOf(v)]} {
					s.open += v
					s.closing += to[id]
					s.retained += min(v, to[id])
					s.lost.add(to[id] == 0)
				}
			}
			for _, v := range to {
				now += v
				for _, name := range []string{"high", "low", "tech"} {
					m := mix[name]
					m.add(segmentOf(v) == name)
					mix[name] = m
				}
			}
		}
		t.Logf("year to %s", on(end))
		nrr := func(s string) float64 { return total[s].closing / total[s].open }
		grr := func(s string) float64 { return total[s].retained / total[s].open }
		between(t, "growth", now/total[""].open-1, 0.22, 0.48)
		between(t, "NRR", nrr(""), 1.03, 1.17)
		between(t, "NRR high", nrr("high"), 1.03, 1.25)
		between(t, "NRR low", nrr("low"), 0.98, 1.18)
		between(t, "NRR tech", nrr("tech"), 0.80, 1.0)
		between(t, "GRR", grr(""), 0.86, 0.97)
		between(t, "churn high", total["high"].lost.ratio(), 0, 0.09)
		between(t, "churn low", total["low"].lost.ratio(), 0.05, 0.14)
		between(t, "churn tech", total["tech"].lost.ratio(), 0.15, 0.28)
		between(t, "share high", mix["high"].ratio(), 0.05, 0.14)
		between(t, "share low", mix["low"].ratio(), 0.30, 0.47)
		between(t, "share tech", mix["tech"].ratio(), 0.43, 0.62)
		if nrr("high") < nrr("tech")+0.05 {
			t.Errorf("NRR of high touch, %.3f, is not above that of tech touch, %.3f", nrr("high"), nrr("tech"))
		}
	}
	for _, w := range worlds() {
		values := slices.Sorted(maps.Values(w.arr(on(until))))
		if n := len(values); values[n-1]/values[0] < 200 || values[n*97/100]/values[n*3/100] < 50 {
			t.Errorf("ARR from %.0f to %.0f: less than a hundredfold spread", values[0], values[n-1])
		}
	}
}

func TestChurnHasCauses(t *testing.T) {
	var fell, fellElse share                      // Usage at least a quarter lower than three months before.
	var warned, warnedPersonally, risksCame share // A risk in the half year before; a churn in the year after.
	var unhappy, unhappyElse share                // Detractors in the half year before.
	reasons := [2]map[string]float64{{}, {}}      // In the first year and later.
	var lost [2]float64
	complaints, complaintsElse := share{}, share{} // In the 120 days before.
	for _, w := range worlds() {
		gone := map[string]date{}
		for _, l := range w.losses() {
			gone[l.account] = l.on
			year := 1
			if l.on < w.months[12] {
				year = 0
			}
			lost[year]++
			reasons[year][l.reason]++
			if l.on > w.months[5] {
				if then := w.events(l.account, l.on, -150, -105); then >= 8 {
					fell.add(float64(w.events(l.account, l.on, -45, 0)) < 0.75*float64(then))
				}
				if l.segment != "tech" {
					warnedPersonally.add(slices.ContainsFunc(w.risks[l.account], func(r span) bool { return r.in(on(l.on.time().AddDate(0, -6, 0)), l.on) }))
				}
				warned.add(slices.ContainsFunc(w.risks[l.account], func(r span) bool { return r.in(on(l.on.time().AddDate(0, -6, 0)), l.on) }))
				complaints.add(slices.ContainsFunc(w.complaints[l.account], func(d date) bool { return d < l.on && d > on(l.on.time().AddDate(0, 0, -120)) }))
				for _, a := range w.nps[l.account] {
					if a.on > on(l.on.time().AddDate(0, -6, 0)) && a.on < l.on {
						unhappy.add(a.score <= 6)
					}
				}
			}
		}
		for m := 6; m < len(w.months)-6; m += 3 {
			d := w.months[m]
			for id := range w.arrOn[d] {
				if g, ok := gone[id]; ok && g < on(d.time().AddDate(0, 6, 0)) {
					continue
				}
				if then := w.events(id, d, -150, -105); then >= 8 {
					fellElse.add(float64(w.events(id, d, -45, 0)) < 0.75*float64(then))
				}
				complaintsElse.add(slices.ContainsFunc(w.complaints[id], func(c date) bool { return c < d && c > on(d.time().AddDate(0, 0, -120)) }))
				for _, a := range w.nps[id] {
					if a.on > on(d.time().AddDate(0, -3, 0)) && a.on < d {
						unhappyElse.add(a.score <= 6)
					}
				}
			}
		}
		for id, days := range w.risks {
			for _, r := range days {
				if d := r.from; d < w.months[24] {
					g, ok := gone[id]
					risksCame.add(ok && g > d && g < on(d.time().AddDate(1, 0, 0)))
				}
			}
		}
	}
	between(t, "churned accounts whose usage fell before", fell.ratio(), 0.55, 0.95)
	between(t, "other accounts whose usage fell", fellElse.ratio(), 0, 0.30)
	between(t, "churned accounts with a risk raised before", warned.ratio(), 0.10, 0.75)
	between(t, "those of high and low touch", warnedPersonally.ratio(), 0.25, 0.75)
	between(t, "risks that were followed by churn", risksCame.ratio(), 0.05, 0.6)
	between(t, "detractors among the answers of those who then churned", unhappy.ratio(), 0.4, 0.95)
	between(t, "detractors among the others", unhappyElse.ratio(), 0.05, 0.40)
	between(t, "churned accounts that had complained, over the others", complaints.ratio()/complaintsElse.ratio(), 1.3, 50)
	between(t, "onboarding_failed in the first year", reasons[0]["onboarding_failed"]/lost[0], 0.18, 0.36)
	between(t, "onboarding_failed later", reasons[1]["onboarding_failed"]/lost[1], 0.06, 0.19)
	between(t, "churn without a reason", (reasons[0][""]+reasons[1][""])/(lost[0]+lost[1]), 0.04, 0.3)
	t.Log(lost, reasons)
	for _, reason := range []string{"price", "product_gap", "competitor", "champion_left", "budget", "business_closed"} {
		if reasons[0][reason]+reasons[1][reason] == 0 {
			t.Errorf("nobody churned for %s", reason)
		}
	}
}

// TestOnboardingMatters compares the second anniversaries of accounts that were onboarded with those that were not.
func TestOnboardingMatters(t *testing.T) {
	var well, badly share
	for _, w := range worlds() {
		first := map[string]date{}
		for _, k := range w.contracts {
			if f, ok := first[k.Account]; !k.Trial && (!ok || k.Starts < f) {
				first[k.Account] = k.Starts
			}
		}
		for id, d := range first {
			if later := on(d.time().AddDate(0, 18, 0)); later <= on(until) {
				left := w.arr(later)[id] == 0
				if w.onboarded[id] {
					well.add(left)
				} else {
					badly.add(left)
				}
			}
		}
	}
	between(t, "gone after 18 months though onboarded", well.ratio(), 0.05, 0.25)
	between(t, "gone after 18 months, not onboarded", badly.ratio(), 0.40, 0.9)
}

// TestCoverageHelps compares the accounts of low and tech touch that were touched in their cadence with those that were not.
func TestCoverageHelps(t *testing.T) {
	cadence := map[string]int{"high": 30, "low": 90, "tech": 180}
	covered := map[string]share{}
	lost := map[string]map[bool]*share{}
	for s := range cadence {
		lost[s] = map[bool]*share{true: {}, false: {}}
	}
	for _, w := range worlds() {
		for m := 9; m+12 < len(w.months); m += 3 {
			d := w.months[m]
			for id, v := range w.arrOn[d] {
				s := segmentOf(v)
				since := on(d.time().AddDate(0, 0, -cadence[s]))
				touched := slices.ContainsFunc(w.touches[id], func(x date) bool { return x > since && x <= d })
				if w.arrOn[w.months[m-6]][id] == 0 {
					continue
				}
				c := covered[s]
				c.add(touched)
				covered[s] = c
				lost[s][touched].add(w.arrOn[w.months[m+12]][id] == 0)
			}
		}
	}
	between(t, "coverage high", covered["high"].ratio(), 0.80, 0.99)
	between(t, "coverage low", covered["low"].ratio(), 0.70, 0.97)
	between(t, "coverage tech", covered["tech"].ratio(), 0.55, 0.92)
	var untouched, expected float64
	for _, s := range []string{"low", "tech"} { // Untouched accounts of high touch are too few to say anything.
		untouched += lost[s][false].part
		expected += lost[s][false].whole * lost[s][true].ratio()
	}
	between(t, "churn of the untouched over that of the touched of their segment", untouched/expected, 1.05, 3)
}

func TestExpansionHasCauses(t *testing.T) {
	var rising, risingElse, won, byCS, quantified share
	for _, w := range worlds() {
		for _, o := range w.deals {
			if o.Kind == "renewal" || o.Kind == "land" {
				continue
			}
			byCS.add(o.By == "cs")
			if (o.By == "cs") != (o.CSM != "") {
				t.Fatalf("opportunity %s by %s names the CSM %q", o.ID, o.By, o.CSM)
			}
			if o.Won != nil {
				won.add(*o.Won)
			}
			quantified.add(o.Amount != nil)
			if before := w.events(o.Account, o.Created, -90, -45); before >= 30 {
				rising.add(float64(w.events(o.Account, o.Created, -30, 15)) > 1.15*float64(before))
			}
		}
		for m := 6; m < len(w.months); m += 3 {
			for id := range w.arrOn[w.months[m]] {
				if before := w.events(id, w.months[m], -90, -45); before >= 30 {
					risingElse.add(float64(w.events(id, w.months[m], -30, 15)) > 1.15*float64(before))
				}
			}
		}
	}
	between(t, "expansion opportunities created by CS", byCS.ratio(), 0.45, 0.75)
	between(t, "won", won.ratio(), 0.35, 0.65)
	between(t, "with an amount", quantified.ratio(), 0.75, 0.97)
	between(t, "with rising usage before", rising.ratio(), 0.35, 0.9)
	between(t, "at any time with rising usage", risingElse.ratio(), 0.05, 0.35)
}

// TestVariety holds that later KPIs and boards have something to show.
func TestVariety(t *testing.T) {
	for seed, w := range worlds() {
		have := map[string]int{}
		for _, k := range w.contracts {
			have["kind "+k.Kind]++
			have["currency "+k.Currency]++
			have["product "+k.Product]++
			have["department "+k.Department]++
			p := w.byID[k.From]
			switch {
			case k.Trial:
				have["trial"]++
				continue
			case k.Land:
				have["land"]++
			case p != nil && k.Kind == "renewal" && k.Starts < p.Ends:
				have["early renewal"]++
			case p != nil && k.Kind == "renewal" && k.Starts > p.Ends:
				have["late renewal"]++
			case p != nil && k.Kind == "renewal" && k.Seats < p.Seats:
				have["downsell"]++
			case p != nil && k.Kind == "renewal" && k.ACV > p.ACV:
				have["uplift"]++
			case p == nil && k.Kind == "new" && k.Starts > on(until.AddDate(-3, 0, 0)):
				for _, earlier := range w.contracts {
					if earlier.Account == k.Account && !earlier.Trial && earlier.Ends != "" && earlier.Ends < k.Starts {
						have["reactivation"]++
						break
					}
				}
			}
			if k.Ends == "" {
				have["open"]++
			} else if months := k.Ends.time().Sub(k.Starts.time()).Hours() / 24 / 30.4; months > 34 {
				have["three years"]++
			} else if months > 22 {
				have["two years"]++
			}
			if k.Notice != "" {
				have["notice"]++
			}
		}
		for id, a := range w.accounts {
			if a.IsTest {
				have["test account"]++
			}
			if a.Parent != "" {
				have["child"]++
			}
			if len(w.owners[id]) > 1 {
				have["hand-over"]++
			}
		}
		for _, o := range w.deals {
			have["opportunity "+o.Kind]++
		}
		for _, what := range []string{
			"kind new", "kind renewal", "kind upsell", "kind cross_sell", "kind extension", "kind ", "currency USD", "currency EUR", "currency JPY",
			"product Visit", "product Insight", "product Connect", "department sales", "department operations", "trial", "land", "early renewal", "late renewal",
			"downsell", "uplift", "reactivation", "open", "three years", "two years", "notice", "test account", "child", "hand-over",
			"opportunity upsell", "opportunity cross_sell", "opportunity extension", "opportunity land", "opportunity expand", "opportunity renewal",
		} {
			if have[what] == 0 {
				t.Errorf("seed %d: no %s", seed, what)
			}
		}
		if seed == 0 {
			t.Log(have)
		}
	}
}

// TestStaffGrows counts who owns paying customers.
func TestStaffGrows(t *testing.T) {
	c := company(t, demo.Options{})
	heads := func(d time.Time) int {
		owner := map[string]string{}
		scan(t, c, "accounts", func(a struct {
			ID      string `json:"account_id"`
			CSM     string
			Updated time.Time `json:"updated_at"`
		}) {
			if a.Updated.Before(d) {
				owner[a.ID] = a.CSM
			}
		})
		set := map[string]bool{}
		for id := range readBooks(t, c, "USD").arr(on(d)) {
			set[owner[id]] = true
		}
		return len(set)
	}
	before, after := heads(until.AddDate(-3, 0, 0)), heads(until)
	t.Log(before, after)
	if before < 3 || after < before*4/3 || after > 30 {
		t.Errorf("from %d CSMs to %d: want a team that grows with the customers", before, after)
	}
}
