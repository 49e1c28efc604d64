package store_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/store"
)

func TestSamePeople(t *testing.T) {
	type links = []store.Link
	for name, c := range map[string]struct {
		links links
		want  map[string]string
	}{
		"nobody":                       {nil, map[string]string{}},
		"a browser before log-in":      {links{{"b1", "kim", true}}, map[string]string{"b1": "kim", "kim": "kim"}},
		"a former address":             {links{{"lee@old", "lee@new", false}}, map[string]string{"lee@old": "lee@new", "lee@new": "lee@new"}},
		"by way of others":             {links{{"b1", "kim", true}, {"kim", "kim2", false}, {"b2", "kim2", true}}, map[string]string{"b1": "kim", "kim": "kim", "kim2": "kim", "b2": "kim"}},
		"a browser that two log in on": {links{{"b1", "kim", true}, {"b1", "lee", true}}, map[string]string{"b1": "", "kim": "kim", "lee": "lee"}},
		"two ids of one who logs in":   {links{{"b1", "kim", true}, {"b1", "kim2", true}, {"kim", "kim2", false}}, map[string]string{"b1": "kim", "kim": "kim", "kim2": "kim"}},
		"a browser that is named":      {links{{"b1", "kim", false}, {"b1", "lee", true}}, map[string]string{"b1": "kim", "kim": "kim", "lee": "lee"}},
		"a browser behind another one": {links{{"b1", "b2", true}, {"b2", "kim", true}}, map[string]string{"b1": "b2", "b2": "b2", "kim": "b2"}},
		"in a circle":                  {links{{"a", "b", false}, {"b", "c", false}, {"c", "a", false}}, map[string]string{"a": "a", "b": "a", "c": "a"}},
	} {
		if got := named(store.SamePeople(c.links)); !reflect.DeepEqual(got, named(c.want)) {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
}

// named leaves out ids that stand for nobody.
func named(people map[string]string) map[string]string {
	maps.DeleteFunc(people, func(_, person string) bool { return person == "" })
	return people
}

// naivePeople labels ids again and again until nothing changes.
func naivePeople(links []store.Link) map[string]string {
	label, isUser, strong := map[string]string{}, map[string]bool{}, map[string]bool{}
	for _, l := range links {
		label[l.Alias], label[l.User], isUser[l.User] = l.Alias, l.User, true
		if !l.Weak {
			strong[l.Alias], strong[l.User] = true, true
		}
	}
	relabel := func(from, to string) {
		for id, l := range label {
			if l == from {
				label[id] = to
			}
		}
	}
	for again := true; again; {
		again = false
		for _, l := range links {
			a, b := label[l.Alias], label[l.User]
			if a == b {
				continue
			}
			if l.Weak {
				leads := map[string]bool{}
				for _, other := range links {
					if other.Weak && other.Alias == l.Alias {
						leads[label[other.User]] = true
					}
				}
				if strong[l.Alias] {
					leads[a] = true
				}
				if len(leads) > 1 {
					continue
				}
			}
			relabel(a, b)
			again = true
		}
	}
	people := map[string]string{}
	for id, l := range label {
		for other, m := range label {
			if l == m && isUser[other] && (people[id] == "" || other < people[id]) {
				people[id] = other
			}
		}
	}
	return people
}

// randomLinks are among few ids, so that they meet.
func randomLinks(r *rand.Rand) (links []store.Link) {
	for range 1 + r.IntN(14) {
		l := store.Link{Alias: fmt.Sprint("i", r.IntN(9)), User: fmt.Sprint("i", r.IntN(9)), Weak: r.IntN(3) > 0}
		if l.Alias != l.User {
			links = append(links, l)
		}
	}
	return links
}

// TestSamePeopleNaively: people are the same ones as a naive implementation finds, in whatever order and however often the links come.
func TestSamePeopleNaively(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 12))
	merged := 0
	for range 3000 {
		links := randomLinks(r)
		got := store.SamePeople(links)
		if want := naivePeople(links); !reflect.DeepEqual(got, want) {
			t.Fatalf("%v: got %v, want %v", links, got, want)
		}
		again := slices.Concat(links, links[:len(links)/2])
		r.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
		if other := store.SamePeople(again); !reflect.DeepEqual(got, other) {
			t.Fatalf("%v: in another order %v, before %v", links, other, got)
		}
		for id, person := range got {
			if id != person {
				merged++
			}
		}
	}
	if merged < 1000 {
		t.Errorf("only %d ids stand for others", merged)
	}
}

// whoDid is what the roll-up says of people.
func whoDid(t *testing.T, c driver.Conn) string {
	t.Helper()
	return strings.Join(slices.Concat(
		column(t, c, "select concatWithSeparator('|', 'u', day, account_id, user_id, is_anonymous, person_id, is_excluded, events) from stored_usage_user_days final order by 1"),
		column(t, c, "select concatWithSeparator('|', 'a', account_id, day, users, active_users, events, features, last_at) from stored_usage_account_days final order by 1"),
		column(t, c, "select concatWithSeparator('|', 'f', account_id, first_on) from stored_usage_accounts final order by 1"),
		column(t, c, "select concatWithSeparator('|', 'd', day, events) from stored_usage_totals final where events > 0 order by 1"),
		column(t, c, "select concatWithSeparator('|', 'p', user_id, person_id, is_excluded) from stored_usage_people final order by 1")), "\n")
}

// TestPeopleWhenever: whenever it is said who is the same and who does not count, days are rolled up to what they would be if it had been said before, and
// the accounts whose days differ are announced to the layers.
func TestPeopleWhenever(t *testing.T) {
	c, _ := database(t)
	for seed := range uint64(3) {
		r := rand.New(rand.NewPCG(seed, 5))
		var statements []string
		for i := range 60 {
			statements = append(statements, fmt.Sprintf("insert into stored_usage_events (event_id, account_id, user_id, event, ts, is_anonymous) values ('e%d', 'a%d', 'i%d', 'open', '2024-03-%02d 12:00:00', %v)",
				i, r.IntN(4), r.IntN(9), 1+r.IntN(20), r.IntN(4) == 0))
		}
		for _, l := range randomLinks(r) {
			statements = append(statements, fmt.Sprintf("insert into stored_user_aliases (alias_id, user_id, is_anonymous) values ('%s', '%s', %v)", l.Alias, l.User, l.Weak))
		}
		statements = append(statements,
			"insert into stored_users (user_id, email, is_excluded) values ('i3', '', true), ('i4', 'Bot@Vendor.example', null)",
			"insert into stored_settings (name, value, updated_at) values ('excluded_users', 'I5', '2024-01-01')",
			"insert into stored_settings (name, value, updated_at) values ('excluded_users', '@vendor.example,i6*', '2024-01-02')",
			"insert into stored_users (user_id, is_excluded, updated_at) values ('i3', false, '2199-01-01')",
		)
		empty(t, c)
		exec(t, c, "insert into stored_settings (name, value) values ('timezone', 'UTC')")
		for _, s := range statements {
			exec(t, c, s)
		}
		rollUp(t, c)
		atOnce := whoDid(t, c)
		empty(t, c)
		exec(t, c, "insert into stored_settings (name, value) values ('timezone', 'UTC')")
		r.Shuffle(len(statements), func(i, j int) { statements[i], statements[j] = statements[j], statements[i] })
		for i, s := range statements {
			exec(t, c, s)
			if i%5 == 0 {
				before := column(t, c, accountsOfDays)
				exec(t, c, "truncate table stored_fact_changes")
				rollUp(t, c)
				announced(t, c, before)
			}
		}
		rollUp(t, c)
		if diff := difference(atOnce, whoDid(t, c)); diff != "" {
			t.Errorf("seed %d: %s", seed, diff)
		}
		if got := scalar(t, c, "select countIf(is_excluded) > 0 and countIf(person_id != user_id) > 0 and countIf(person_id = '') > 0 from stored_usage_user_days final"); got != "true" && got != "1" {
			t.Errorf("seed %d: nobody is excluded, merged or unknown", seed)
		}
	}
}

const accountsOfDays = "select concatWithSeparator('|', account_id, day, users, active_users, events) from stored_usage_account_days final order by 1"

// announced: accounts with days that are not as before are announced from the first of these days on.
func announced(t *testing.T, c driver.Conn, before []string) {
	t.Helper()
	since := map[string]string{}
	for _, line := range column(t, c, "select concat(account_id, '|', toString(min(first_on))) from stored_fact_changes final where table = 'usage_account_days' group by account_id") {
		account, day, _ := strings.Cut(line, "|")
		since[account] = day
	}
	after := column(t, c, accountsOfDays)
	for _, line := range slices.Concat(before, after) {
		if slices.Contains(before, line) && slices.Contains(after, line) {
			continue
		}
		parts := strings.Split(line, "|")
		if first := since[parts[0]]; first == "" || first > parts[1] {
			t.Errorf("%s has changed, and is announced from %q on", line, first)
		}
	}
}

// TestWaitingEventsOfLinkedIDs: an event of a browser waits, and becomes usage when the account of the user is known by another id.
func TestWaitingEventsOfLinkedIDs(t *testing.T) {
	c, _ := database(t)
	statements := []string{
		"insert into stored_unattributed_events (event_id, user_id, event, ts, is_anonymous) values ('1', 'b1', 'open', '2024-03-01 12:00:00', true)",
		"insert into stored_user_aliases (alias_id, user_id, is_anonymous) values ('b1', 'kim', true)",
		"insert into stored_user_aliases (alias_id, user_id) values ('kim', 'kim@new.example')",
		"insert into stored_user_accounts (user_id, account_id) values ('kim@new.example', 'elder')",
	}
	for _, order := range [][]int{{0, 1, 2, 3}, {3, 2, 1, 0}, {1, 3, 0, 2}} {
		empty(t, c)
		for _, i := range order {
			exec(t, c, statements[i])
			rollUp(t, c)
		}
		if got := scalar(t, c, "select concatWithSeparator('|', account_id, user_id, is_anonymous, person_id) from stored_usage_user_days final"); got != "elder|b1|1|kim" {
			t.Errorf("%v: got %s", order, got)
		}
		if got := scalar(t, c, "select toString(count()) from stored_unattributed_events final"); got != "0" {
			t.Errorf("%v: %s events wait", order, got)
		}
	}
}

// TestExcludedProperty: events whose property says so count nowhere, on all days.
func TestExcludedProperty(t *testing.T) {
	c, _ := database(t)
	for property, want := range map[string]string{"": "5", "impersonated": "3", "by=support": "4"} {
		empty(t, c)
		exec(t, c, `insert into stored_usage_events (event_id, account_id, user_id, event, ts, properties) values
			('1', 'a', 'u', 'open', '2024-03-01 12:00:00', ''), ('2', 'a', 'u', 'open', '2024-03-01 12:00:00', '{"impersonated": false, "by": "kim"}'),
			('3', 'a', 'u', 'open', '2024-03-01 12:00:00', '{"impersonated": true, "by": "support"}'), ('4', 'a', 'u', 'open', '2024-03-02 12:00:00', '{"impersonated": "yes"}'),
			('5', 'a', 'u', 'open', '2024-03-02 12:00:00', '{"impersonated": null}')`)
		rollUp(t, c)
		if property != "" {
			exec(t, c, "insert into stored_settings (name, value) values ('excluded_property', '"+property+"')")
			rollUp(t, c)
		}
		if got := scalar(t, c, "select toString(sum(d.events)) from stored_usage_account_days as d final"); got != want {
			t.Errorf("%q: %s events, want %s", property, got, want)
		}
	}
}

// TestRespondentsAreAnnounced: accounts at which somebody answered or reacted who is merged or excluded are announced from the day of that on.
func TestRespondentsAreAnnounced(t *testing.T) {
	c, _ := database(t)
	exec(t, c, "insert into stored_surveys (response_id, account_id, user_id, kind, score, responded_at) values ('1', 'asked', 'kim2', 'nps', 9, '2024-03-05 12:00:00'), ('2', 'other', 'lee', 'nps', 9, '2024-03-05 12:00:00')")
	exec(t, c, "insert into stored_engagements (engagement_id, account_id, contact, kind, happened_at) values ('1', 'mailed', 'kim2', 'email_opened', '2024-04-05 12:00:00')")
	exec(t, c, "insert into stored_user_aliases (alias_id, user_id) values ('kim2', 'kim')")
	rollUp(t, c)
	want := "asked|2024-03-04|2,mailed|2024-04-04|2"
	if got := strings.Join(column(t, c, "select concatWithSeparator('|', account_id, first_on, step) from stored_fact_changes final where table = 'usage_people' order by 1"), ","); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
