package store_test

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/store"
	"cskpi/exporter/store/storetest"
	"cskpi/queries"
)

// day counts from 1970-01-01.
type day int

func (d day) time() time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

func (d day) String() string { return d.time().Format(time.DateOnly) }

func dayOf(t time.Time) day { return day(t.Unix() / 86400) }

// usageEvent is a delivery of an event; all but source and id is its payload.
type usageEvent struct {
	source, id, account, user, event, department string
	at                                           time.Time
}

type usagePeriod struct {
	from           day
	zone           string
	core           []string
	departmentName string
	names          int // names of events that are kept apart on a day; 0: the default, of which these tests have fewer
}

// usageFacts are deliveries in the order of storing, and the settings.
type usageFacts struct {
	delivered []usageEvent
	periods   []usagePeriod // by from; the first since ever
}

// userDay is a row of stored_usage_user_days.
type userDay struct {
	day                   day
	account, user         string
	events, core          int
	features, departments []string
	last                  time.Time
}

func (f usageFacts) on(d day) usagePeriod {
	p := f.periods[0]
	for _, q := range f.periods {
		if q.from <= d {
			p = q
		}
	}
	return p
}

// distinct are the events without redeliveries; of payloads of one id the first counts.
func (f usageFacts) distinct() []usageEvent {
	var all []usageEvent
	seen := map[[2]string]bool{}
	for _, e := range f.delivered {
		if id := [2]string{e.source, e.id}; !seen[id] {
			seen[id] = true
			all = append(all, e)
		}
	}
	return all
}

// leftOut counts the payloads that lost against another of the same id.
func (f usageFacts) leftOut() int {
	payloads := map[usageEvent]bool{}
	for _, e := range f.delivered {
		payloads[e] = true
	}
	return len(payloads) - len(f.distinct())
}

// dayOf is the day of an event in the reporting zone.
func (f usageFacts) dayOf(t *testing.T, e usageEvent) day {
	t.Helper()
	zone, err := time.LoadLocation(f.on(dayOf(e.at)).zone)
	if err != nil {
		t.Fatal(err)
	}
	y, m, d := e.at.In(zone).Date()
	return dayOf(time.Date(y, m, d, 0, 0, 0, 0, time.UTC))
}

// keptNames are the names of events that are kept apart on each day.
func (f usageFacts) keptNames(t *testing.T) map[day]map[string]bool {
	t.Helper()
	type use struct {
		users  map[[2]string]bool
		events int
	}
	used := map[day]map[string]*use{}
	for _, e := range f.distinct() {
		d := f.dayOf(t, e)
		if used[d] == nil {
			used[d] = map[string]*use{}
		}
		if used[d][e.event] == nil {
			used[d][e.event] = &use{users: map[[2]string]bool{}}
		}
		used[d][e.event].users[[2]string{e.account, e.user}] = true
		used[d][e.event].events++
	}
	kept := map[day]map[string]bool{}
	for d, names := range used {
		p := f.on(d)
		var order []string
		for _, name := range p.core { // first the core events, however few use them
			if names[name] != nil {
				order = append(order, name)
			}
		}
		rest := slices.SortedFunc(maps.Keys(names), func(a, b string) int {
			return cmp.Or(cmp.Compare(len(names[b].users), len(names[a].users)), cmp.Compare(names[b].events, names[a].events), cmp.Compare(a, b))
		})
		for _, name := range rest {
			if !slices.Contains(order, name) {
				order = append(order, name)
			}
		}
		kept[d] = map[string]bool{}
		for _, name := range order[:min(len(order), max(cmp.Or(p.names, 1000), len(p.core)))] {
			kept[d][name] = true
		}
	}
	return kept
}

func (f usageFacts) userDays(t *testing.T) []userDay {
	t.Helper()
	type key struct {
		day           day
		account, user string
	}
	days := map[key]*userDay{}
	kept := f.keptNames(t)
	for _, e := range f.distinct() {
		k := key{f.dayOf(t, e), e.account, e.user}
		u := days[k]
		if u == nil {
			u = &userDay{day: k.day, account: k.account, user: k.user}
			days[k] = u
		}
		p := f.on(k.day)
		u.events++
		if len(p.core) == 0 || slices.Contains(p.core, e.event) {
			u.core++
		}
		if name := e.event; kept[k.day][name] {
			u.features = addName(u.features, name)
		} else {
			u.features = addName(u.features, "(other)")
		}
		if p.departmentName == "department" && e.department != "" {
			u.departments = addName(u.departments, e.department)
		}
		if e.at.After(u.last) {
			u.last = e.at
		}
	}
	return slices.SortedFunc(func(yield func(userDay) bool) {
		for _, u := range days {
			if !yield(*u) {
				return
			}
		}
	}, func(a, b userDay) int {
		return cmp.Or(cmp.Compare(a.day, b.day), cmp.Compare(a.account, b.account), cmp.Compare(a.user, b.user))
	})
}

func addName(names []string, name string) []string {
	at, found := slices.BinarySearch(names, name)
	if found {
		return names
	}
	return slices.Insert(names, at, name)
}

const instant = "2006-01-02 15:04:05.000"

// rolledUp is what the roll-up is to make of the facts, as the text that the engine's tables are read as.
func (f usageFacts) rolledUp(t *testing.T) string {
	t.Helper()
	list := func(names []string) string {
		if len(names) == 0 {
			return "[]"
		}
		return "['" + strings.Join(names, "','") + "']"
	}
	type key struct {
		day     day
		account string
	}
	type accountDay struct {
		users, active, events, core int
		features                    []string
		last                        time.Time
	}
	var lines []string
	accounts := map[key]*accountDay{}
	perDay := map[day]int{}
	for _, u := range f.userDays(t) {
		lines = append(lines, fmt.Sprintf("u|%s|%s|%s|%d|%d|%s|%s|%s", u.day, u.account, u.user, u.events, u.core, list(u.features), list(u.departments), u.last.Format(instant)))
		a := accounts[key{u.day, u.account}]
		if a == nil {
			a = &accountDay{}
			accounts[key{u.day, u.account}] = a
		}
		if u.user != "" {
			a.users++
			if u.core > 0 {
				a.active++
			}
		}
		a.events += u.events
		a.core += u.core
		for _, name := range u.features {
			a.features = addName(a.features, name)
		}
		if u.last.After(a.last) {
			a.last = u.last
		}
		perDay[u.day] += u.events
	}
	firsts := map[string]day{}
	for k, a := range accounts {
		if first, seen := firsts[k.account]; !seen || k.day < first {
			firsts[k.account] = k.day
		}
		lines = append(lines, fmt.Sprintf("a|%s|%s|%d|%d|%d|%d|%d|%s", k.account, k.day, a.users, a.active, a.events, a.core, len(a.features), a.last.Format(instant)))
	}
	for account, first := range firsts {
		lines = append(lines, fmt.Sprintf("f|%s|%s", account, first))
	}
	for d, n := range perDay {
		lines = append(lines, fmt.Sprintf("d|%s|%d", d, n))
	}
	lines = append(lines, fmt.Sprintf("c|%d", f.leftOut()))
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func storedRollUp(t *testing.T, c driver.Conn) string {
	t.Helper()
	rows, err := c.Query(t.Context(), `
		select concatWithSeparator('|', 'u', day, account_id, user_id, events, core_events, toString(features), toString(departments), last_at) from stored_usage_user_days final
		union all
		select concatWithSeparator('|', 'a', account_id, day, users, active_users, events, core_events, features, last_at) from stored_usage_account_days final
		union all
		select concatWithSeparator('|', 'f', account_id, first_on) from stored_usage_accounts final
		union all
		select concatWithSeparator('|', 'd', day, events) from stored_usage_totals final where events > 0
		union all
		select concatWithSeparator('|', 'c', countIf(not is_kept)) from stored_usage_conflicts final`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func (f usageFacts) check(t *testing.T, c driver.Conn, when string) {
	t.Helper()
	if diff := difference(f.rolledUp(t), storedRollUp(t, c)); diff != "" {
		first, _, _ := strings.Cut(diff, "\n\n")
		t.Fatalf("%s: line %s", when, first)
	}
}

// deliver stores events in one insert, in that order.
func (f *usageFacts) deliver(t *testing.T, c driver.Conn, events ...usageEvent) {
	t.Helper()
	rows := make([]string, len(events))
	for i, e := range events {
		properties := ""
		if e.department != "" {
			properties = fmt.Sprintf(`{"department":"%s"}`, e.department)
		}
		rows[i] = fmt.Sprintf("('%s', '%s', '%s', '%s', '%s', '%s', '%s')", e.source, e.id, e.account, e.user, e.event, e.at.Format(instant), properties)
	}
	exec(t, c, "insert into stored_usage_events (source, event_id, account_id, user_id, event, ts, properties) values "+strings.Join(rows, ", "))
	f.delivered = append(f.delivered, events...)
}

// set changes settings from a day on.
func (f *usageFacts) set(t *testing.T, c driver.Conn, p usagePeriod) {
	t.Helper()
	exec(t, c, fmt.Sprintf("insert into stored_settings (name, starts_on, value) values ('timezone', '%[1]s', '%[2]s'), ('core_events', '%[1]s', '%[3]s'), ('department_property', '%[1]s', '%[4]s'), ('event_names', '%[1]s', '%[5]d')",
		p.from, p.zone, strings.Join(p.core, ", "), p.departmentName, cmp.Or(p.names, 1000)))
	f.periods = slices.DeleteFunc(f.periods, func(q usagePeriod) bool { return q.from == p.from })
	f.periods = append(f.periods, p)
	slices.SortFunc(f.periods, func(a, b usagePeriod) int { return cmp.Compare(a.from, b.from) })
}

func newUsageFacts(t *testing.T, c driver.Conn, zone string) *usageFacts {
	t.Helper()
	f := &usageFacts{}
	f.set(t, c, usagePeriod{0, zone, nil, "department", 0})
	return f
}

// usageDays are days on which clocks change in the zones of the test, or months and years do.
var usageDays = []string{
	"2023-03-26", "2023-04-28", "2023-10-26", "2023-10-29", "2023-12-31", "2024-02-29", "2024-03-10", "2024-04-26", "2024-10-31", "2024-11-03", "2025-03-30", "2025-12-31",
}

func randomEvent(r *rand.Rand, days []string) usageEvent {
	on, _ := time.Parse(time.DateOnly, days[r.IntN(len(days))])
	at := on.AddDate(0, 0, r.IntN(4)-2)
	if r.IntN(2) == 0 { // about midnight somewhere, to the millisecond
		at = at.Add(time.Duration(r.IntN(48))*30*time.Minute + time.Duration(r.IntN(3)-1)*time.Millisecond)
	} else {
		at = at.Add(time.Duration(r.IntN(86_400_000)) * time.Millisecond)
	}
	pick := func(names ...string) string { return names[r.IntN(len(names))] }
	return usageEvent{
		source: pick("app", "web"), id: fmt.Sprint(r.IntN(100)), account: pick("high", "low", "tech", "test", "gone", "nobody"),
		user: pick("", "ann", "bob", "cyd"), event: pick("open", "edit", "share", "export"), department: pick("", "", "sales", "hr"), at: at,
	}
}

const usageContracts = `insert into stored_contracts (contract_id, account_id, product, seats, acv, starts_on, ends_before) values
	('1', 'high', 'core', 2, 120000, '2022-01-01', null), ('2', 'low', 'core', 10, 20000, '2022-01-01', null), ('3', 'tech', 'core', 0, 1000, '2022-01-01', null),
	('4', 'test', 'core', 5, 120000, '2022-01-01', null), ('5', 'gone', 'core', 5, 20000, '2022-01-01', '2022-06-01')`

// checkKPIs compares the KPIs with what follows from the user days.
func (f usageFacts) checkKPIs(t *testing.T, c driver.Conn, layout queries.Layout, asOf day) {
	t.Helper()
	storetest.NewComputer(c, layout).Compute(t, "usage usage_detail features features_detail", []time.Time{asOf.time()}, asOf.time())
	from := func(view string) string { return "(select * from " + view + " where day = '" + asOf.String() + "')" }
	seats := map[string]int{"high": 2, "low": 10, "tech": 0}
	type name struct{ account, name string }
	users, features := map[string]map[name]bool{}, map[string]map[name]bool{}
	add := func(to map[string]map[name]bool, key, account, what string) {
		if to[key] == nil {
			to[key] = map[name]bool{}
		}
		to[key][name{account, what}] = true
	}
	daily := map[string]int{}
	for _, u := range f.userDays(t) {
		if _, pays := seats[u.account]; !pays || u.day > asOf || u.day <= asOf-28 {
			continue
		}
		for _, feature := range u.features {
			add(features, "accounts "+feature, u.account, "")
			if u.user != "" {
				add(features, "users "+feature, u.account, u.user)
			}
		}
		if u.user == "" {
			continue
		}
		add(users, "any "+u.account, u.account, u.user)
		if u.core == 0 {
			continue
		}
		daily[u.account]++
		add(users, "mau "+u.account, u.account, u.user)
		if u.day > asOf-7 {
			add(users, "wau "+u.account, u.account, u.user)
		}
		if u.day == asOf {
			add(users, "dau "+u.account, u.account, u.user)
		}
	}
	ratio := func(part, whole int) string {
		if whole == 0 {
			return "-"
		}
		return fmt.Sprintf("%.12f", float64(part)/float64(whole))
	}
	var want []string
	for _, g := range []string{"high", "low", "tech"} { // The accounts are named by their segments.
		mau, used := len(users["mau "+g]), len(users["any "+g])
		if seats[g] == 0 {
			used = 0
		}
		want = append(want, fmt.Sprintf("%s|%d|%d|%d|%s|%d|%d|%s|%d|%d", g, len(users["dau "+g]), len(users["wau "+g]), mau, ratio(daily[g], mau*28), daily[g],
			min(mau, 1), ratio(used, seats[g]), used, seats[g]))
	}
	for _, key := range slices.Sorted(maps.Keys(features)) {
		if feature, found := strings.CutPrefix(key, "accounts "); found {
			want = append(want, fmt.Sprintf("%s|%d|%d|%s|3", feature, len(features[key]), len(features["users "+feature]), ratio(len(features[key]), 3)))
		}
	}
	rows, err := c.Query(t.Context(), `
		select line from (
		select concatWithSeparator('|', segment, dau_users, wau_users, mau_users, ifNull(printf('%.12f', stickiness_ratio), '-'), daily_users, active_accounts,
			ifNull(printf('%.12f', seat_ratio), '-'), seats_used, seats) as line, 0 as part
		from `+from("usage")+`
		union all
		select concatWithSeparator('|', feature, accounts, users, printf('%.12f', assumeNotNull(adoption_ratio)), eligible_accounts), 1 from `+from("features")+`
		) as kpis order by part, line`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var got []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			t.Fatal(err)
		}
		got = append(got, line)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	if diff := difference(strings.Join(want, "\n"), strings.Join(got, "\n")); diff != "" {
		t.Errorf("as of %s: line %s", asOf, diff)
	}
}

var rollUpTables = []string{"stored_usage_user_days", "stored_usage_account_days", "stored_usage_accounts", "stored_usage_identities", "stored_usage_conflicts", "stored_usage_progress", "stored_usage_totals"}

// companies is how many random histories TestRollUp delivers; each has its seed.
var companies = flag.Int("companies", 2, "random histories that TestRollUp delivers")

// TestRollUp delivers random events again and again, in any order and split, contradicting each other, years late, while
// settings change, and compares what is rolled up with what the distinct events say.
//
//	go test ./exporter/store -run 'RollUp$' -companies 50 -timeout 2h
func TestRollUp(t *testing.T) {
	c, layout := database(t)
	zones := []string{"Asia/Tokyo", "Europe/Berlin", "America/New_York", "Africa/Cairo"}
	for seed := range max(2, *companies) {
		zone := zones[seed%len(zones)] // the settings change to the others
		t.Run(fmt.Sprintf("seed=%d,%s", seed, zone), func(t *testing.T) {
			empty(t, c)
			r := rand.New(rand.NewPCG(uint64(seed), 7))
			exec(t, c, usageContracts)
			exec(t, c, "insert into stored_accounts (account_id, is_test, updated_at) values ('test', true, '2022-01-01')")
			f := newUsageFacts(t, c, zone)
			// A few of the days, which are years apart, for the sake of time.
			days := slices.Clone(usageDays)
			r.Shuffle(len(days), func(i, j int) { days[i], days[j] = days[j], days[i] })
			days = days[:3]
			on, _ := time.Parse(time.DateOnly, days[0])
			middle := dayOf(on)
			for step := range 16 {
				var events []usageEvent
				for range 1 + r.IntN(40) {
					e := randomEvent(r, days)
					if n := len(f.delivered); n > 0 {
						switch old := f.delivered[r.IntN(n)]; r.IntN(5) {
						case 0: // delivered again
							e = old
						case 1: // the same id on the same day, by something else
							e = old
							e.event, e.account = "edit", randomEvent(r, days).account
						case 2: // the same id at any time
							e.source, e.id = old.source, old.id
						case 3: // the same id of another system
							e = old
							e.source = "crm"
						}
					}
					events = append(events, e)
				}
				f.deliver(t, c, events...)
				switch step {
				case 3:
					f.set(t, c, usagePeriod{middle, zone, []string{"open", "share"}, "department", 0})
				case 7:
					f.set(t, c, usagePeriod{middle + 1, zones[r.IntN(len(zones))], []string{"open", "share"}, "team", 1 + r.IntN(3)})
				case 11:
					f.set(t, c, usagePeriod{0, zones[r.IntN(len(zones))], []string{"edit"}, "department", 2})
				}
				if r.IntN(6) == 0 {
					exec(t, c, "optimize table stored_usage_events final")
				}
				if r.IntN(5) == 0 || step == 15 {
					rollUp(t, c)
					f.check(t, c, fmt.Sprintf("step %d", step))
				}
				if step == 12 {
					exec(t, c, "optimize table "+rollUpTables[r.IntN(2)]+" final")
				}
			}
			for _, d := range days[:2] {
				on, _ := time.Parse(time.DateOnly, d)
				f.checkKPIs(t, c, layout, dayOf(on)+day(r.IntN(9)-3))
			}
		})
	}
}

func at(text string) time.Time {
	t, err := time.Parse("2006-01-02 15:04", text)
	if err != nil {
		panic(err)
	}
	return t
}

// TestRollUpSettings changes settings under single events, which no neighbour brings along.
func TestRollUpSettings(t *testing.T) {
	c, _ := database(t)
	f := newUsageFacts(t, c, "Pacific/Pago_Pago")
	one := usageEvent{"app", "1", "a", "ann", "open", "", at("2024-01-02 10:30")}
	f.deliver(t, c, one)
	rollUp(t, c)
	f.check(t, c, "on 1 January, eleven hours behind")
	f.set(t, c, usagePeriod{0, "Pacific/Kiritimati", nil, "department", 0})
	rollUp(t, c)
	f.check(t, c, "on 3 January, fourteen hours ahead")

	// The change of zone moves on by one day, so that the event's own day has the same zones around it as before.
	f.set(t, c, usagePeriod{0, "UTC", nil, "department", 0})
	f.set(t, c, usagePeriod{19724, "Asia/Tokyo", nil, "department", 0})
	f.deliver(t, c, usageEvent{"app", "1", "a", "ann", "open", "", at("2024-01-02 10:30")}, usageEvent{"app", "2", "a", "bob", "open", "", at("2024-01-02 20:30")})
	rollUp(t, c)
	f.check(t, c, "Tokyo from 2 January on")
	f.set(t, c, usagePeriod{19724, "UTC", nil, "department", 0})
	f.set(t, c, usagePeriod{19725, "Asia/Tokyo", nil, "department", 0})
	rollUp(t, c)
	f.check(t, c, "Tokyo from 3 January on")
}

// TestRollUpFirst tells which of contradicting payloads counts.
func TestRollUpFirst(t *testing.T) {
	c, _ := database(t)
	f := newUsageFacts(t, c, "UTC")
	first := usageEvent{"app", "1", "a", "ann", "open", "", at("2024-03-31 23:30")}
	second := usageEvent{"app", "1", "b", "bob", "edit", "", at("2024-04-01 00:30")}
	third := usageEvent{"app", "1", "a", "cyd", "edit", "", at("2021-07-01 12:00")}
	f.deliver(t, c, second)
	f.deliver(t, c, first, third)
	rollUp(t, c)
	f.check(t, c, "the first insert counts")
	f.deliver(t, c, third, first, second)
	rollUp(t, c)
	f.check(t, c, "redelivery changes nothing")

	// Within one insert the first row counts, whatever partitions the rows belong to.
	for i, events := range [][]usageEvent{{first, second, third}, {third, second, first}, {second, third, first}} {
		for j := range events {
			events[j].id = fmt.Sprint("in one ", i)
		}
		f.deliver(t, c, events...)
	}
	rollUp(t, c)
	f.check(t, c, "the first row of an insert counts")
	exec(t, c, "optimize table stored_usage_events final")
	for _, table := range rollUpTables {
		exec(t, c, "truncate table "+table)
	}
	rollUp(t, c)
	f.check(t, c, "all over again, from merged events")

	// The clock of the database decides: by it, the redelivery of what lost is now older than what won.
	exec(t, c, fmt.Sprintf("insert into stored_usage_events (source, event_id, account_id, user_id, event, ts, ingested_at) values ('app', '1', 'a', 'ann', 'open', '%s', '2020-01-01 00:00:00')", first.at.Format(instant)))
	rollUp(t, c)
	f.delivered = append([]usageEvent{first}, f.delivered...)
	f.check(t, c, "the clock went back")
}

// TestRollUpEdgesOfTime has events that are dated by mistake: they may count for any day, but stop nothing.
func TestRollUpEdgesOfTime(t *testing.T) {
	c, _ := database(t)
	f := newUsageFacts(t, c, "America/New_York")
	f.deliver(t, c, usageEvent{"app", "1", "a", "ann", "open", "", at("2024-03-10 12:00")})
	want := f.rolledUp(t)
	f.deliver(t, c, usageEvent{"app", "2", "a", "ann", "open", "", at("1970-01-01 00:00")}, usageEvent{"app", "3", "a", "ann", "open", "", at("2149-06-06 23:00")},
		usageEvent{"app", "4", "a", "ann", "open", "", at("1950-01-01 00:00")}, usageEvent{"app", "5", "a", "ann", "open", "", at("2250-01-01 00:00")})
	for range 2 {
		rollUp(t, c)
		got := slices.DeleteFunc(strings.Split(storedRollUp(t, c), "\n"), func(line string) bool { return line[0] != 'c' && !strings.Contains(line, "2024-03-") })
		if diff := difference(want, strings.Join(got, "\n")); diff != "" {
			t.Error(diff)
		}
		f.set(t, c, usagePeriod{0, "Asia/Tokyo", nil, "department", 0})
		f.delivered = f.delivered[:1]
		want = f.rolledUp(t)
	}
}

// smallUsage is a history with all that a roll-up does: late and contradicting events, and other settings.
func smallUsage(t *testing.T, c driver.Conn) (f *usageFacts, more func()) {
	t.Helper()
	f = newUsageFacts(t, c, "Europe/Berlin")
	e := usageEvent{"app", "1", "a", "ann", "open", "hr", at("2023-12-31 23:30")} // the next year there
	late := usageEvent{"app", "2", "a", "", "edit", "", at("2023-12-30 12:00")}
	other := usageEvent{"app", "1", "b", "bob", "edit", "", at("2024-01-02 12:00")}
	f.deliver(t, c, e, usageEvent{"app", "3", "b", "bob", "open", "", at("2024-01-02 09:00")})
	return f, func() {
		f.deliver(t, c, late, e, other, usageEvent{"app", "4", "b", "bob", "open", "", at("2024-01-02 09:00")})
		f.set(t, c, usagePeriod{19722, "Asia/Tokyo", []string{"open"}, "department", 0}) // from 31 December on
	}
}

func TestRollUpCutShort(t *testing.T) {
	c, _ := database(t)
	f, _ := smallUsage(t, c)
	rollUp(t, c)
	f.check(t, c, "at first")
	copyTables := func(from, to string) {
		for _, table := range rollUpTables {
			exec(t, c, "truncate table if exists "+to+table)
			exec(t, c, "create table if not exists "+to+table+" as "+table)
			exec(t, c, "insert into "+to+table+" select * from "+from+table)
		}
	}
	copyTables("", "before_")
	// One year has what is new, a contradiction across years among it; other settings make days of the other one stale.
	f.deliver(t, c, usageEvent{"app", "1", "b", "bob", "edit", "", at("2024-01-02 12:00")}, usageEvent{"app", "4", "b", "bob", "open", "", at("2024-01-02 09:00")})
	f.set(t, c, usagePeriod{19722, "Asia/Tokyo", []string{"open"}, "department", 0}) // from 31 December on
	for after := 0; ; after++ {
		if after > 200 {
			t.Fatal("it does not end")
		}
		copyTables("before_", "")
		err := store.RollUp(t.Context(), &cut{Conn: c, after: after}, nil)
		if err == nil {
			if after < 8 {
				t.Errorf("it took %d statements, so the test has no work", after)
			}
			break
		}
		wantError(t, err, "gone")
		rollUp(t, c)
		f.check(t, c, fmt.Sprintf("after %d statements and a second time", after))
	}
	f.check(t, c, "at once")
}

// cut refuses all inserts of results after some.
type cut struct {
	driver.Conn
	after int
}

func (c *cut) Exec(ctx context.Context, query string, args ...any) error {
	if !strings.Contains(query, "usage_claims") { // Those come from another goroutine too, and have their own tests.
		if c.after--; c.after < 0 {
			return errors.New("gone")
		}
	}
	return c.Conn.Exec(ctx, query, args...)
}

func TestRollUpWithNothingNew(t *testing.T) {
	plain, _ := database(t)
	c := &watching{Counting: storetest.Counting{Conn: plain}}
	rollUpCounted := func(reads, writes int32) {
		t.Helper()
		c.Take()
		rollUp(t, c)
		gotReads, gotWrites := c.Take()
		if gotReads != reads || gotWrites != writes {
			t.Errorf("it took %d reads and %d writes, want %d and %d", gotReads, gotWrites, reads, writes)
		}
	}
	rollUpCounted(2, 0) // Nothing at all.
	f, more := smallUsage(t, plain)
	for range 2 {
		rollUp(t, c)
		f.check(t, plain, "rolled up")
		c.raw = 0
		rollUpCounted(2, 0)
		exec(t, plain, "optimize table stored_usage_events final")
		exec(t, plain, "optimize table stored_usage_totals final")
		rollUpCounted(2, 0)
		if c.raw != 0 {
			t.Errorf("%d statements read raw events", c.raw)
		}
		more()
		more = func() {}
	}
	// A redelivery is work, but changes nothing.
	f.deliver(t, plain, f.delivered...)
	rollUp(t, c)
	f.check(t, plain, "delivered again")
	rollUpCounted(2, 0)
}

// watching counts the statements that read raw events.
type watching struct {
	storetest.Counting
	raw int
}

func (w *watching) Query(ctx context.Context, query string, args ...any) (driver.Rows, error) {
	if strings.Contains(query, "from stored_usage_events") {
		w.raw++
	}
	return w.Counting.Query(ctx, query, args...)
}

func (w *watching) Exec(ctx context.Context, query string, args ...any) error {
	if strings.Contains(query, "from stored_usage_events") {
		w.raw++
	}
	return w.Counting.Exec(ctx, query, args...)
}

// TestRollUpOfLost takes away rolled-up tables, or raw events.
func TestRollUpOfLost(t *testing.T) {
	c, _ := database(t)
	f, more := smallUsage(t, c)
	rollUp(t, c)
	more()
	rollUp(t, c)
	emptied := func(tables ...string) {
		t.Helper()
		for _, table := range tables {
			exec(t, c, "truncate table "+table)
		}
		rollUp(t, c)
		f.check(t, c, strings.Join(tables, ", ")+" emptied")
	}
	emptied(rollUpTables...)
	for _, table := range rollUpTables {
		if table != "stored_usage_conflicts" {
			emptied(table)
		}
	}
	emptied("stored_usage_totals", "stored_usage_progress")
	emptied("stored_usage_conflicts", "stored_usage_progress")
	// The settings change before all is computed again.
	f.set(t, c, usagePeriod{0, "America/New_York", []string{"edit"}, "", 0})
	emptied("stored_usage_totals", "stored_usage_progress")

	// The year 2023 comes back without what was stored last; then it is gone, and with it the payload that counted.
	exec(t, c, "create table older as stored_usage_events")
	first := f.delivered[0]
	f.deliver(t, c, usageEvent{"app", "5", "a", "ann", "open", "", at("2023-12-15 12:00")}, usageEvent{"app", "5", "a", "bob", "open", "", at("2024-01-15 12:00")})
	rollUp(t, c)
	f.check(t, c, "before the loss")
	exec(t, c, "insert into older (source, event_id, account_id, user_id, event, ts, properties, ingested_at) select source, event_id, account_id, user_id, event, ts, properties, ingested_at from stored_usage_events where ts < '2023-12-31 23:59:59' and event_id != '5'")
	exec(t, c, "alter table stored_usage_events replace partition 2023 from older")
	exec(t, c, "truncate table stored_usage_progress")
	f.delivered = slices.DeleteFunc(f.delivered, func(e usageEvent) bool { return e.id == "5" && e.user == "ann" })
	rollUp(t, c)
	f.check(t, c, "an older year")
	exec(t, c, "alter table stored_usage_events drop partition 2023")
	f.delivered = slices.DeleteFunc(f.delivered, func(e usageEvent) bool { return e == first || e.at.Year() == 2023 })
	rollUp(t, c)
	f.check(t, c, "no such year")
	f.deliver(t, c, first)
	rollUp(t, c)
	f.check(t, c, "an event of that year again")
}
