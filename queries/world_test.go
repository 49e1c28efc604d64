package queries_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/shopspring/decimal"

	"cskpi/queries"
)

// fact is a row of a table, dated by the latest of what it says: nothing of it is known before.
type fact struct {
	table       string
	on          day
	values      string // literals of the columns in order, without ingested_at
	validFrom   day    // of a contract; 0: since ever
	isWithdrawn bool
}

// columns of the tables that facts are written for; source and updated_at end every row of a fact.
var columns = map[string]string{
	"accounts":         "account_id, name, csm, created_on, is_test",
	"contracts":        "contract_id, account_id, product, department, kind, seats, acv, currency, starts_on, ends_before, renewed_from, notice_on, cancel_reason, is_trial, is_land, is_one_off",
	"usage_events":     "event_id, account_id, user_id, event, ts, properties, is_anonymous",
	"touchpoints":      "touchpoint_id, account_id, csm, kind, happened_at, with_executive, sentiment",
	"milestones":       "account_id, milestone, due_on, reached_on",
	"opportunities":    "opportunity_id, account_id, kind, originated_by, csm, amount, currency, stage, created_on, expected_on, closed_on, is_won",
	"risks":            "risk_id, account_id, csm, kind, severity, raised_on, closed_on",
	"health_overrides": "override_id, account_id, csm, band, reason, starts_on, ends_before",
	"action_items":     "item_id, account_id, csm, title, due_on, done_on",
	"tickets":          "ticket_id, account_id, severity, is_complaint, opened_at, first_response_at, resolved_at",
	"surveys":          "response_id, account_id, user_id, kind, score, responded_at, scale",
	"staff":            "staff_id, name, email, also_known_as, ends_before",
	"user_aliases":     "alias_id, user_id, is_anonymous",
	"users":            "user_id, email, is_excluded",
	"engagements":      "engagement_id, account_id, contact, kind, happened_at",
	"feedback":         "feedback_id, account_id, csm, kind, created_on",
	"value_reviews":    "review_id, account_id, reviewed_on, outcome, improvement_ratio, is_verified",
	"targets":          "kpi, segment, starts_on, ends_before, target, warning, critical",
	"fx_rates":         "currency, day, rate",
	"settings":         "name, segment, starts_on, value",
	"kpi_daily":        "view, column, labels, as_of, value, computed_at",
	"kpi_runs":         "view, as_of, computed_at, changed, reason",
}

// isKept tells the tables of what was computed from those of facts, which say where they come from and when.
func isKept(table string) bool { return strings.HasPrefix(table, "kpi_") }

// literal writes a value for an insert.
func literal(v any) string {
	switch v := v.(type) {
	case day:
		if v == never {
			return "null"
		}
		return "'" + v.String() + "'"
	case time.Time:
		if v.IsZero() {
			return "null"
		}
		return "'" + v.UTC().Format("2006-01-02 15:04:05.000") + "'"
	case string:
		return "'" + strings.ReplaceAll(v, "'", "\\'") + "'"
	case map[string]string:
		var pairs []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			pairs = append(pairs, literal(name), literal(v[name]))
		}
		return "map(" + strings.Join(pairs, ", ") + ")"
	case nil:
		return "null"
	}
	return fmt.Sprint(v)
}

func newFact(table string, on day, values ...any) fact {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = literal(v)
	}
	return fact{table: table, on: on, values: strings.Join(texts, ", ")}
}

// storeFacts inserts facts in the order given, so many to a statement.
func storeFacts(t testing.TB, c driver.Conn, facts []fact, atOnce int) {
	t.Helper()
	byInsert := map[string][]string{}
	for _, f := range facts {
		if isKept(f.table) {
			byInsert[f.table+" ("+columns[f.table]+")"] = append(byInsert[f.table+" ("+columns[f.table]+")"], "("+f.values+")")
			continue
		}
		names, row := columns[f.table]+", source, updated_at, ingested_at", f.values+", '2026-06-30 12:00:00'"
		if f.validFrom != 0 {
			names, row = names+", valid_from", row+", "+literal(f.validFrom)
		}
		if f.isWithdrawn {
			names, row = names+", is_withdrawn", row+", 1"
		}
		insert := "stored_" + f.table + " (" + names + ")"
		byInsert[insert] = append(byInsert[insert], "("+row+")")
	}
	for _, insert := range slices.Sorted(maps.Keys(byInsert)) {
		for rows := range slices.Chunk(byInsert[insert], atOnce) {
			exec(t, c, "insert into "+insert+" values "+strings.Join(rows, ", "))
		}
	}
}

// installed is a database with all views and no facts.
func installed(t *testing.T) (driver.Conn, queries.Catalogue) {
	t.Helper()
	catalogue, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	c, _ := database(t)
	return c, catalogue
}

// rateFact, accountFact and contractFact write what the naive implementation reads.
func rateFact(r rate) fact {
	return newFact("fx_rates", r.day, r.currency, r.day, r.rate.String(), "bank", r.updatedAt)
}

func accountFact(a account) fact {
	return newFact("accounts", dayOf(a.updatedAt), a.id, a.name, a.csm, a.createdOn, a.isTest, a.source, a.updatedAt)
}

func contractFact(c contract) fact {
	on := c.startsOn
	if c.noticeOn != never {
		on = max(on, c.noticeOn)
	}
	f := newFact("contracts", max(on, c.validFrom), c.id, c.account, c.product, c.department, c.kind, c.seats, c.acv.String(), c.currency, c.startsOn, c.endsBefore,
		c.renewedFrom, c.noticeOn, c.cancelReason, c.isTrial, c.seats%2 == 0, c.isOneOff, c.source, c.updatedAt)
	f.validFrom, f.isWithdrawn = c.validFrom, c.isWithdrawn
	return f
}

func dayOf(t time.Time) day { return day(t.Unix() / 86400) }

// facts are the world's, as rows. Where something was known of a contract before its notice, there is a row of that, too.
func (w world) facts() []fact {
	facts := []fact{
		newFact("settings", 0, "currency", "", day(0), w.reporting, "import", epoch),
		newFact("settings", 0, "timezone", "", day(0), "Asia/Tokyo", "import", epoch),
		newFact("settings", 0, "event_quantities", "", day(0), "moved=n", "import", epoch),
		newFact("settings", 0, "fiscal_year_start", "", day(0), fmt.Sprint(int(w.fiscalYearStart)), "import", epoch),
	}
	for _, t := range w.thresholds {
		facts = append(facts,
			newFact("settings", t.startsOn, "segment_high_arr", "", t.startsOn, t.high.String(), "import", epoch),
			newFact("settings", t.startsOn, "segment_low_arr", "", t.startsOn, t.low.String(), "import", epoch))
		if t.grace > 0 {
			facts = append(facts, newFact("settings", t.startsOn, "grace_days", "", t.startsOn, fmt.Sprint(int(t.grace)), "import", epoch))
		}
	}
	for _, r := range w.rates {
		facts = append(facts, rateFact(r))
	}
	for _, a := range w.accounts {
		facts = append(facts, accountFact(a))
	}
	for _, c := range w.contracts {
		if c.noticeOn > c.startsOn && c.noticeOn != never {
			before := c
			before.noticeOn, before.updatedAt = never, c.updatedAt.Add(-time.Minute)
			facts = append(facts, contractFact(before))
		}
		facts = append(facts, contractFact(c))
	}
	return facts
}

var epoch = time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)

// dice throw the same for the same seed.
type dice struct{ *rand.Rand }

func newDice(seed uint64) dice { return dice{rand.New(rand.NewPCG(seed, 7))} }

func (d dice) chance(percent int) bool { return d.IntN(100) < percent }

func (d dice) between(low, high int) int { return low + d.IntN(high-low+1) }

func pick[T any](d dice, options ...T) T { return options[d.IntN(len(options))] }

// instant is a moment of a day.
func (d dice) instant(on day) time.Time {
	return on.time().Add(time.Duration(d.IntN(86_400_000)) * time.Millisecond)
}

// amount is money with four digits after the point, spread a thousandfold, at times a threshold of segments.
func (d dice) amount() decimal.Decimal {
	if d.chance(15) {
		return pick(d, decimal.NewFromInt(8_000), decimal.NewFromInt(60_000), decimal.RequireFromString("9000.5"), decimal.NewFromInt(50_000))
	}
	units := int64(d.between(300, 3000)) * int64(pick(d, 1, 1, 3, 10, 10, 30, 100))
	return decimal.New(units*10000+int64(pick(d, 0, 5000, d.IntN(10000))), -4)
}

// scaled is an amount times 0.5 to 1.7, cut to four digits.
func (d dice) scaled(amount decimal.Decimal) decimal.Decimal {
	return amount.Mul(decimal.New(int64(d.between(50, 170)), -2)).Truncate(4)
}

// randomWorld is a company of 60 accounts from 2021 to 2026, with everything that contracts do.
func randomWorld(seed uint64, fiscalYearStart time.Month) world {
	d := newDice(seed)
	w := world{fiscalYearStart: fiscalYearStart, reporting: "USD", thresholds: []thresholds{
		{0, decimal.NewFromInt(60_000), decimal.NewFromInt(8_000), 0},
		{date(2024, 11, 15), decimal.NewFromInt(50_000), decimal.RequireFromString("9000.5"), 0},
	}}
	for year := 2019; year <= 2026; year++ {
		first := date(year, fiscalYearStart, 1)
		for _, currency := range []string{"EUR", "CHF"} {
			offsets := []int{-60, -32, pick(d, 0, 0, -31, -d.between(1, 30)), d.between(1, 90), 200}
			if year == 2022 && currency == "CHF" {
				// Nothing fresh on the first day: the first one inside the year counts.
				offsets = []int{-60, -32, 12, 40, 200}
			}
			for _, offset := range offsets {
				r := rate{currency, first + day(offset), decimal.New(int64(d.between(80_000_000, 140_000_000)), -8), epoch}
				w.rates = append(w.rates, r)
				if d.chance(20) {
					r.rate, r.updatedAt = r.rate.Add(decimal.New(1, -8)), epoch.Add(time.Hour)
					w.rates = append(w.rates, r)
				}
			}
		}
	}
	w.rates = append(w.rates, rate{"USD", date(2021, 1, 1), decimal.NewFromInt(7), epoch}) // means nothing
	ids := map[string]int{}
	for i := range 60 {
		w.addAccount(d, fmt.Sprintf("a%02d", i), ids)
	}
	// Corrections: what was stored first was wrong in all ways.
	for _, c := range slices.Clone(w.contracts) {
		if d.chance(10) {
			c.updatedAt = c.updatedAt.Add(-time.Hour)
			c.acv, c.currency, c.endsBefore, c.renewedFrom = d.amount(), "EUR", never, ""
			c.account = fmt.Sprintf("a%02d", d.IntN(60))
			w.contracts = append(w.contracts, c)
		}
	}
	// Some are amounts that are charged once.
	for i, c := range w.contracts {
		w.contracts[i].isOneOff = strings.HasSuffix(c.id, "7") && c.renewedFrom == "" && !c.isTrial
	}
	d.Shuffle(len(w.contracts), func(i, j int) { w.contracts[i], w.contracts[j] = w.contracts[j], w.contracts[i] })
	return w
}

// withChanges is the world with grace days, contracts that change in place, and contracts that were taken back.
func (w world) withChanges(seed uint64) world {
	d := newDice(seed + 2000)
	w.thresholds, w.contracts = slices.Clone(w.thresholds), slices.Clone(w.contracts)
	w.thresholds[0].grace, w.thresholds[1].grace = day(pick(d, 0, 10, 45)), day(pick(d, 5, 20, 60))
	last := map[string]time.Time{} // of each contract
	for _, c := range w.contracts {
		if id := c.source + c.id; c.updatedAt.After(last[id]) {
			last[id] = c.updatedAt
		}
	}
	for _, c := range slices.Clone(w.contracts) {
		id := c.source + c.id
		if !c.updatedAt.Equal(last[id]) {
			continue // a correction of it counts
		}
		again := func(after time.Duration) {
			c.updatedAt = c.updatedAt.Add(after)
			w.contracts = append(w.contracts, c)
		}
		original := c
		for range pick(d, 0, 0, 0, 1, 2) {
			c.validFrom = c.startsOn + day(pick(d, d.IntN(400), d.IntN(90), 0))
			if d.chance(20) {
				c.isTrial, c.acv = false, d.amount()
			}
			c.acv, c.seats = d.scaled(c.acv), uint32(d.IntN(500))
			if d.chance(20) && c.endsBefore != never {
				c.endsBefore += day(d.between(-30, 200))
			}
			if d.chance(20) {
				c.product, c.currency = "plus", "EUR"
			}
			again(time.Hour)
			if d.chance(20) { // and the change is corrected
				c.acv = d.scaled(c.acv)
				again(time.Minute)
			}
		}
		if d.chance(6) {
			c.isWithdrawn = true
			again(time.Hour)
			if d.chance(30) { // and it is there again after all
				latest := c.updatedAt
				c = original
				c.updatedAt = latest
				again(time.Hour)
			}
		}
	}
	d.Shuffle(len(w.contracts), func(i, j int) { w.contracts[i], w.contracts[j] = w.contracts[j], w.contracts[i] })
	return w
}

// addAccount lives an account's life.
func (w *world) addAccount(d dice, id string, ids map[string]int) {
	source := pick(d, "crm", "billing") // contract ids of the two are the same
	start := date(2021, 1, 1) + day(d.IntN(1700))
	if d.chance(20) {
		start = date(2021+d.IntN(4), time.Month(pick(d, 1, 4, 12)), pick(d, 1, 31)) // edges; 31 April is 1 May
	}
	if id != "a07" { // nobody described a07; its contracts count all the same
		a := account{id, "Account " + id, pick(d, "kim", "lee", "ada"), d.chance(5), start, source, epoch.Add(time.Duration(d.IntN(1000)) * time.Hour)}
		w.accounts = append(w.accounts, a)
		if d.chance(20) {
			a.isTest = d.chance(30)
			a.updatedAt = a.updatedAt.Add(24 * time.Hour)
			w.accounts = append(w.accounts, a)
		}
		if d.chance(40) { // hand-over
			a.csm, a.updatedAt = "zoe", d.instant(start+day(d.IntN(900)))
			w.accounts = append(w.accounts, a)
		}
	}
	currency := pick(d, "USD", "USD", "", "EUR", "CHF")
	next := func() contract {
		ids[source]++
		return contract{
			id: fmt.Sprintf("c%03d", ids[source]), source: source, account: id, product: pick(d, "core", "core", "plus"), department: pick(d, "", "sales", "it"),
			kind: pick(d, "", "", "", "upsell", "cross_sell", "extension", "renewal", "new"), seats: uint32(d.IntN(500)), acv: d.amount(), currency: currency,
			endsBefore: never, noticeOn: never, updatedAt: epoch.Add(time.Duration(d.between(1, 1_000_000)) * time.Minute),
		}
	}
	term := func(c *contract, from day) {
		c.startsOn = from
		switch d.IntN(12) {
		case 0:
			c.endsBefore = from.monthsBefore(-24)
		case 1:
			c.endsBefore = from.monthsBefore(-36)
		case 2:
			c.endsBefore = from.monthsBefore(-1)
		case 3:
			c.endsBefore = from.monthsBefore(-3)
		case 4:
			c.endsBefore = from + day(d.IntN(400)) // perhaps no day at all
		case 5:
			if d.chance(30) {
				c.endsBefore = never
			} else {
				c.endsBefore = from.monthsBefore(-12)
			}
		default:
			c.endsBefore = from.monthsBefore(-12)
		}
		if c.endsBefore != never && d.chance(25) {
			c.noticeOn = max(from, c.endsBefore-day(d.IntN(200)))
			c.cancelReason = pick(d, "price", "product", "")
		}
	}
	if d.chance(15) {
		trial := next()
		trial.isTrial = true
		trial.startsOn, trial.endsBefore = start-30, start
		w.contracts = append(w.contracts, trial)
	}
	base := next()
	term(&base, start)
	for range 12 {
		if d.chance(5) {
			base.acv = decimal.Zero
		}
		if base.endsBefore != never && base.noticeOn == never && d.chance(15) {
			base.cancelReason = pick(d, "price", "competitor", "budget")
		}
		w.contracts = append(w.contracts, base)
		if d.chance(35) { // an add-on in the middle, perhaps longer than what it is added to
			addOn := next()
			term(&addOn, base.startsOn+day(d.IntN(300)))
			if d.chance(10) {
				addOn.currency = "CHF"
			}
			w.contracts = append(w.contracts, addOn)
		}
		if d.chance(5) { // a trial that names what it does not replace
			trial := next()
			trial.isTrial, trial.renewedFrom = true, base.id
			trial.startsOn, trial.endsBefore = base.startsOn+day(d.IntN(100)), base.startsOn+200
			w.contracts = append(w.contracts, trial)
		}
		if d.chance(5) { // a renewal that is withdrawn before its first day
			withdrawn := next()
			withdrawn.renewedFrom = base.id
			withdrawn.startsOn = base.startsOn + day(d.IntN(200))
			withdrawn.endsBefore = withdrawn.startsOn - day(d.IntN(3))
			w.contracts = append(w.contracts, withdrawn)
		}
		if base.endsBefore == never {
			if d.chance(50) {
				return
			}
			base.endsBefore = base.startsOn + day(d.between(200, 900)) // only its follower knows
		}
		from := base.endsBefore
		follower := next()
		if d.chance(80) {
			follower.product, follower.department = base.product, base.department
		}
		follower.acv = pick(d, base.acv, d.scaled(base.acv), d.scaled(base.acv), d.amount())
		linked := d.chance(60)
		switch d.IntN(10) {
		case 0, 1: // early
			from = max(base.startsOn, from-day(d.between(1, 90)))
		case 2: // late
			from += day(d.between(1, 60))
		case 3: // back after a long time
			from += day(d.between(61, 500))
			linked = false
		case 4:
			if d.chance(60) {
				return
			}
		}
		if from > date(2026, 3, 1) {
			return
		}
		if linked {
			follower.renewedFrom = base.id
		}
		term(&follower, from)
		base = follower
	}
}

// usageMonths are those with usage: what the laws' days look back at, one long before, and one after. Each month costs a roll-up as much as
// thousands of events do.
var usageMonths = []string{
	"2022-06", "2024-02", "2024-03", "2024-05", "2024-06", "2024-07", "2024-08", "2024-09", "2024-11", "2024-12", "2025-02", "2025-03", "2026-01",
}

// otherFacts are rows of all tables that the naive implementation does not read, so that the laws hold for views that
// read them. What was found out later (an answer, an end, a new stage) is a later row of the same fact.
func (w world) otherFacts(seed uint64) []fact {
	d := newDice(seed)
	var facts []fact
	add := func(table string, on day, values ...any) { facts = append(facts, newFact(table, on, values...)) }
	firsts := map[string]day{}
	for _, c := range w.contracts {
		if on, found := firsts[c.account]; !found || c.startsOn < on {
			firsts[c.account] = c.startsOn
		}
	}
	id := 0
	for _, c := range w.contracts {
		a := c.account
		csm := pick(d, "kim", "lee", "ada")
		near := func() day { return c.startsOn + day(d.IntN(500)) }
		for range 2 {
			id++
			on := near()
			key := fmt.Sprintf("x%04d", id)
			at := d.instant(on)
			add("touchpoints", on, key, a, csm, pick(d, "meeting", "call", "visit", "email", "webinar", "review"), at, d.chance(30), pick(d, "risk", "neutral", "opportunity"), "crm", at)
			user, event := pick(d, "u1", "u2", "u3"), pick(d, "login", "report")
			if slices.Contains(usageMonths, on.String()[:len("2006-01")]) {
				add("usage_events", on, key, a, user, event, at, `{"n": 2.5}`, false, "app", at)
			}
			add("surveys", on, key, a, pick(d, "u1", "u2"), "nps", d.IntN(11), at, 0, "app", at)
			add("engagements", on, key, a, "someone", pick(d, "email_delivered", "email_opened", "webinar_invited", "webinar_attended", "community"), at, "crm", at)
			add("feedback", on, key, a, csm, pick(d, "product_request", "use_case_share", "case_study"), on, "crm", at)
			add("value_reviews", on, key, a, on, "better", 0.25, d.chance(50), "crm", at)

			later := on + day(d.between(1, 60))
			laterAt := at.AddDate(0, 0, int(later-on))
			severity, kind := d.between(1, 3), pick(d, "budget", "quality")
			add("tickets", on, key, a, fmt.Sprint(severity), severity == 3, at, time.Time{}, time.Time{}, "desk", at)
			add("tickets", later, key, a, fmt.Sprint(severity), severity == 3, at, laterAt, laterAt, "desk", laterAt)
			add("risks", on, key, a, csm, kind, severity, on, never, "crm", at)
			add("risks", later, key, a, csm, kind, severity, on, later, "crm", laterAt)
			add("action_items", on, key, a, csm, "do", on+30, never, "crm", at)
			add("action_items", later, key, a, csm, "do", on+30, later, "crm", laterAt)
			add("opportunities", on, key, a, pick(d, "upsell", "cross_sell", "renewal"), "cs", csm, d.amount().String(), pick(d, "USD", "EUR"), "open", on, never, never, nil, "crm", at)
			add("opportunities", later, key, a, "upsell", "cs", "zoe", d.amount().String(), pick(d, "USD", "CHF"), "done", on, never, later, d.chance(50), "crm", laterAt)
		}
		if c.renewedFrom == "" && c.startsOn == firsts[a] { // a milestone is of the account, and begins with it
			milestone := pick(d, "setup", "time_to_use", "onboarded", "value_point_1", "value_point_2", "value_point_3")
			at := d.instant(c.startsOn)
			add("milestones", c.startsOn, a, milestone, c.startsOn+60, never, "crm", at)
			add("milestones", c.startsOn+70, a, milestone, c.startsOn+90, c.startsOn+70, "crm", at.AddDate(0, 0, 70))
			if milestone == "setup" || milestone == "time_to_use" { // and many are onboarded after it
				add("milestones", c.startsOn, a, "onboarded", c.startsOn+60, never, "crm", at)
				add("milestones", c.startsOn+40, a, "onboarded", c.startsOn+60, c.startsOn+40, "crm", at.AddDate(0, 0, 40))
			}
		}
	}
	// Lenient, so that there are accounts in every band.
	for _, s := range [][2]string{{"health_measured_ratio", "0.2"}, {"health_yellow", "20"}, {"health_green", "40"}} {
		add("settings", 0, s[0], "", day(0), s[1], "import", epoch)
	}
	hand := newDice(seed + 500)
	for i, c := range w.contracts {
		on := c.startsOn + day(hand.IntN(500))
		add("health_overrides", on, fmt.Sprint("h", i), c.account, "kim", pick(hand, "red", "yellow", "green", "green", "green", "green"), pick(hand, "seen", "seen", ""), on, on+day(hand.between(1, 600)), "crm", hand.instant(on))
	}
	for year := 2021; year <= 2026; year++ {
		for _, segment := range []string{"", "high", "low", "tech"} {
			on := date(year, time.Month(d.between(1, 12)), 1)
			until := pick(d, never, on+200)
			add("targets", on, "nrr.ratio", segment, on, until, 1.1, 1.0, 0.9, "import", epoch)
			add("targets", on, "grr.ratio", segment, on, until, 0.9, 0.8, 0.7, "import", epoch)
		}
	}
	return slices.Concat(facts, randomGrowth(w, seed).facts(), keptFacts(seed))
}

// keptFacts are the last days of months as they were computed on the day after, and again two weeks later, when some values moved, came or
// went.
func keptFacts(seed uint64) []fact {
	d := newDice(seed + 900)
	var facts []fact
	for month := range 66 {
		end := date(2021, time.Month(2+month), 1) - 1
		first, again := d.instant(end+1), d.instant(end+15)
		facts = append(facts, newFact("kpi_runs", dayOf(first), "arr", end, first, 3, "first"))
		facts = append(facts, newFact("kpi_runs", dayOf(again), "arr", end, again, 2, pick(d, "facts", "settings", "definition")))
		for _, segment := range []string{"high", "low", "tech"} {
			labels := map[string]string{"segment": segment}
			value := func(at time.Time, v any) {
				facts = append(facts, newFact("kpi_daily", dayOf(at), "arr", "amount", labels, end, v, at))
			}
			if d.chance(80) {
				value(first, float64(d.IntN(1_000_000))/64)
			}
			if d.chance(50) {
				value(again, pick[any](d, nil, float64(d.IntN(1_000_000))/64, float64(d.IntN(1_000_000))/3))
			}
		}
	}
	return facts
}
