package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cskpi/exporter/intake"
)

// noon is when requests of tests arrive.
var noon = time.Date(2024, 6, 15, 12, 0, 0, 0, time.UTC)

// remembering is a store that keeps rows in memory, and finds them again. A row with "bad" in it is rejected.
type remembering struct {
	plainStore
	mu   sync.Mutex
	rows map[string][]map[string]any
	text map[string]string
	err  error
}

func (m *remembering) Tables() []string { return []string{tableAccounts, tableEvents, tableMembers} }

func (m *remembering) Write(_ context.Context, r intake.Rows) (intake.Result, error) {
	if m.err != nil {
		return intake.Result{}, m.err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.rows == nil {
		m.rows, m.text = map[string][]map[string]any{}, map[string]string{}
	}
	var result intake.Result
	for line := range strings.Lines(string(r.Text)) {
		result.Read++
		row := map[string]any{}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			return result, err
		}
		if strings.Contains(line, `"bad"`) {
			result.Rejected++
			result.Rejects = append(result.Rejects, intake.Reject{Line: result.Read, Column: "event", Reason: "is bad"})
			continue
		}
		if row["source"] == nil {
			row["source"] = r.Source
		}
		m.rows[r.Table] = append(m.rows[r.Table], row)
		m.text[r.Table] += r.Source + ":" + line
	}
	return result, nil
}

func (m *remembering) Pseudonym(id string) string { return id }

func (m *remembering) Versions(_ context.Context, table, key string, ids []string) (map[string][]intake.Version, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	found := map[string][]intake.Version{}
	for _, row := range m.rows[table] {
		id := row[key].(string)
		if !slices.Contains(ids, id) {
			continue
		}
		at, _ := time.Parse(time.RFC3339, row["updated_at"].(string))
		v := intake.Version{At: at, Source: row["source"].(string), Values: map[string]string{}}
		for column, value := range row {
			if column != key && column != "updated_at" && column != "source" {
				v.Values[column] = fmt.Sprint(value)
			}
		}
		found[id] = append(found[id], v)
	}
	for _, versions := range found {
		slices.SortStableFunc(versions, func(a, b intake.Version) int { return a.At.Compare(b.At) })
	}
	return found, nil
}

// take returns what was stored since, in the order of tables, and forgets the text but not the rows.
func (m *remembering) take() string {
	m.mu.Lock()
	defer m.mu.Unlock()
	var b strings.Builder
	for _, table := range slices.Sorted(maps.Keys(m.text)) {
		for line := range strings.Lines(m.text[table]) {
			b.WriteString(table + " " + line)
		}
	}
	m.text = map[string]string{}
	return b.String()
}

func newTestServer(t testing.TB, store Store, foreign Foreign) http.Handler {
	t.Helper()
	s := newServer(t, Options{Store: store, Now: func() time.Time { return noon }, Foreign: foreign})
	return s.Handler()
}

func TestMessages(t *testing.T) {
	const at = `"timestamp":"2024-06-15T11:00:00.123Z"`
	type step struct {
		path, body string
		status     int
		answer     string // a part of it
		rows       string // what it stored
	}
	for _, c := range []struct {
		name    string
		foreign Foreign
		steps   []step
	}{
		{"track with its account", Foreign{}, []step{
			{"track", `{"messageId":"m1","userId":"u1","event":"Report Run",` + at + `,"context":{"groupId":"acme"},"properties":{"pages": 3,"html":"<&>"}}`, 200, `"success":true`,
				`usage_events segment:{"event_id":"m1","account_id":"acme","user_id":"u1","event":"Report Run","ts":"2024-06-15T11:00:00.123Z","properties":{"pages":3,"html":"<&>"}}`},
			{"track", `{"messageId":"m2","anonymousId":"anon","event":"e",` + at + `,"properties":{"account_id":"acme"}}`, 200, `"success":true`,
				`usage_events segment:{"event_id":"m2","account_id":"acme","user_id":"anon","event":"e","ts":"2024-06-15T11:00:00.123Z","properties":{"account_id":"acme"},"is_anonymous":true}`},
			{"track", `{"messageId":"m3","userId":7,"event":"e",` + at + `,"context":{"group_id":12},"properties":{}}`, 200, `"success":true`,
				`usage_events segment:{"event_id":"m3","account_id":"12","user_id":"7","event":"e","ts":"2024-06-15T11:00:00.123Z"}`},
		}},
		{"group tells the account, its traits and the user's", Foreign{}, []step{
			{"group", `{"messageId":"g1","userId":"u1","groupId":"acme",` + at + `,"traits":{"name":"Acme","industry":"steel","createdAt":"2020-02-03T10:00:00Z","plan":"x","address":{"country":"JP"}}}`, 200, `"success":true`,
				`accounts segment:{"account_id":"acme","created_on":"2020-02-03","geo":"JP","industry":"steel","name":"Acme","updated_at":"2024-06-15T11:00:00.123Z"}
user_accounts segment:{"user_id":"u1","account_id":"acme","updated_at":"2024-06-15T11:00:00.123Z"}`},
			{"track", `{"messageId":"m1","userId":"u1","event":"e",` + at + `}`, 200, `"success":true`,
				`usage_events segment:{"event_id":"m1","account_id":"acme","user_id":"u1","event":"e","ts":"2024-06-15T11:00:00.123Z"}`},
			// The same again is no news.
			{"group", `{"messageId":"g2","userId":"u1","groupId":"acme","timestamp":"2024-06-15T11:30:00Z","traits":{"name":"Acme"}}`, 200, `"success":true`, ``},
			// What a message does not mention stays; null empties.
			{"group", `{"messageId":"g3","userId":"u1","groupId":"acme","timestamp":"2024-06-15T11:30:00Z","traits":{"csm":"mika","industry":null}}`, 200, `"success":true`,
				`accounts segment:{"account_id":"acme","created_on":"2020-02-03","csm":"mika","geo":"JP","industry":null,"name":"Acme","updated_at":"2024-06-15T11:30:00.000Z"}`},
		}},
		{"a batch is read in order", Foreign{}, []step{
			{"batch", `{"sentAt":"2024-06-15T12:00:00Z","batch":[
				{"type":"track","messageId":"m1","userId":"u1","event":"before",` + at + `},
				{"type":"identify","messageId":"i1","userId":"u1","anonymousId":"a1",` + at + `,"traits":{"company":{"id":"acme"}}},
				{"type":"track","messageId":"m2","anonymousId":"a1","event":"e",` + at + `},
				{"type":"group","messageId":"g1","userId":"u1","groupId":"bolt",` + at + `},
				{"type":"track","messageId":"m3","userId":"u1","event":"e",` + at + `}]}`, 200, `"read":5,"ignored":0,"rejected_count":0`,
				`accounts segment:{"account_id":"bolt","updated_at":"2024-06-15T11:00:00.123Z"}
usage_events segment:{"event_id":"m1","account_id":"acme","user_id":"u1","event":"before","ts":"2024-06-15T11:00:00.123Z"}
usage_events segment:{"event_id":"m2","account_id":"acme","user_id":"a1","event":"e","ts":"2024-06-15T11:00:00.123Z","is_anonymous":true}
usage_events segment:{"event_id":"m3","account_id":"bolt","user_id":"u1","event":"e","ts":"2024-06-15T11:00:00.123Z"}
user_accounts segment:{"user_id":"u1","account_id":"acme","updated_at":"2024-06-15T11:00:00.123Z"}
user_accounts segment:{"user_id":"a1","account_id":"acme","updated_at":"2024-06-15T11:00:00.123Z"}
user_accounts segment:{"user_id":"u1","account_id":"bolt","updated_at":"2024-06-15T11:00:00.123Z"}
user_aliases segment:{"alias_id":"a1","user_id":"u1","is_anonymous":true,"updated_at":"2024-06-15T11:00:00.123Z"}`},
		}},
		{"the context of a batch is that of its messages", Foreign{}, []step{
			{"batch", `{"context":{"groupId":"acme"},"batch":[{"type":"track","messageId":"m1","userId":"u1","event":"e",` + at + `}]}`, 200, `"success":true`,
				`usage_events segment:{"event_id":"m1","account_id":"acme","user_id":"u1","event":"e","ts":"2024-06-15T11:00:00.123Z"}`},
		}},
		{"alias", Foreign{}, []step{
			{"identify", `{"anonymousId":"a1",` + at + `,"traits":{"account_id":"acme"}}`, 200, `"success":true`, `user_accounts segment:{"user_id":"a1","account_id":"acme","updated_at":"2024-06-15T11:00:00.123Z"}`},
			{"alias", `{"previousId":"a1","userId":"u1",` + at + `}`, 200, `"success":true`, `user_accounts segment:{"user_id":"u1","account_id":"acme","updated_at":"2024-06-15T11:00:00.123Z"}
user_aliases segment:{"alias_id":"a1","user_id":"u1","is_anonymous":false,"updated_at":"2024-06-15T11:00:00.123Z"}`},
			{"identify", `{"userId":"u1","anonymousId":"a2",` + at + `}`, 200, `"success":true`, `user_accounts segment:{"user_id":"a2","account_id":"acme","updated_at":"2024-06-15T11:00:00.123Z"}
user_aliases segment:{"alias_id":"a2","user_id":"u1","is_anonymous":true,"updated_at":"2024-06-15T11:00:00.123Z"}`},
			// Who is the same user is stored also if the account is not known yet, and once.
			{"alias", `{"previousId":"x","userId":"y",` + at + `}`, 200, `"success":true`, `user_aliases segment:{"alias_id":"x","user_id":"y","is_anonymous":false,"updated_at":"2024-06-15T11:00:00.123Z"}`},
			{"alias", `{"previousId":"x","userId":"y","timestamp":"2024-06-15T11:30:00Z"}`, 200, `"success":true`, ``},
			{"alias", `{"previousId":"y","userId":"y",` + at + `}`, 200, `"success":true`, ``},
			{"alias", `{"userId":"y",` + at + `}`, 400, `previousId or userId is missing`, ``},
		}},
		{"identify tells who is no user", Foreign{}, []step{
			{"identify", `{"userId":"u1",` + at + `,"traits":{"email":"u1@x.example","name":"Una"}}`, 200, `"success":true`,
				`users segment:{"email":"u1@x.example","updated_at":"2024-06-15T11:00:00.123Z","user_id":"u1"}`},
			{"identify", `{"userId":"u1","timestamp":"2024-06-15T11:30:00Z","traits":{"email":"u1@x.example"}}`, 200, `"success":true`, ``},
			{"identify", `{"userId":"u1","timestamp":"2024-06-15T11:30:00Z","traits":{"isInternal":true}}`, 200, `"success":true`,
				`users segment:{"email":"u1@x.example","is_excluded":true,"updated_at":"2024-06-15T11:30:00.000Z","user_id":"u1"}`},
			// What was said before, and comes later, adds to what is known and takes nothing back.
			{"identify", `{"userId":"u2","timestamp":"2024-06-15T11:30:00Z","traits":{"isInternal":false}}`, 200, `"success":true`,
				`users segment:{"is_excluded":false,"updated_at":"2024-06-15T11:30:00.000Z","user_id":"u2"}`},
			{"identify", `{"userId":"u2","timestamp":"2024-06-15T10:30:00Z","traits":{"isInternal":true,"email":"u2@x.example"}}`, 200, `"success":true`,
				`users segment:{"email":"u2@x.example","is_excluded":"false","updated_at":"2024-06-15T11:30:00.001Z","user_id":"u2"}`},
			{"identify", `{"userId":"u1","timestamp":"2024-06-15T10:00:00Z","traits":{"email":"una@x.example","isInternal":false}}`, 200, `"success":true`, ``},
			{"identify", `{"anonymousId":"a1",` + at + `,"traits":{"email":"a@x.example"}}`, 200, `"ignored":1`, ``},
		}},
		{"pages only when asked for", Foreign{}, []step{
			{"page", `{"messageId":"p1","userId":"u1","name":"Home",` + at + `,"context":{"groupId":"acme"}}`, 200, `"ignored":1`, ``},
		}},
		{"pages", Foreign{Pages: true}, []step{
			{"page", `{"messageId":"p1","userId":"u1","name":"Home",` + at + `,"context":{"groupId":"acme"}}`, 200, `"success":true`,
				`usage_events segment:{"event_id":"p1","account_id":"acme","user_id":"u1","event":"Viewed Home Page","ts":"2024-06-15T11:00:00.123Z"}`},
			{"screen", `{"messageId":"p2","userId":"u1",` + at + `,"context":{"groupId":"acme"}}`, 200, `"success":true`,
				`usage_events segment:{"event_id":"p2","account_id":"acme","user_id":"u1","event":"Viewed Screen","ts":"2024-06-15T11:00:00.123Z"}`},
		}},
		{"own traits", Foreign{Traits: Traits{"csm": {"owner.mail"}, "created_on": {"since"}}}, []step{
			{"group", `{"groupId":"acme",` + at + `,"traits":{"name":"Acme","owner":{"mail":"m@x"},"since":1580724000}}`, 200, `"success":true`,
				`accounts segment:{"account_id":"acme","created_on":"2020-02-03","csm":"m@x","updated_at":"2024-06-15T11:00:00.123Z"}`},
		}},
		{"without an account", Foreign{}, []step{
			{"track", `{"messageId":"m1","userId":"u9","anonymousId":"a9","event":"e",` + at + `,"properties":{"n":1}}`, 200, `"success":true`,
				`unattributed_events segment:{"event_id":"m1","user_id":"u9","anonymous_id":"a9","event":"e","ts":"2024-06-15T11:00:00.123Z","properties":{"n":1}}`},
			{"track", `{"messageId":"m1","event":"e",` + at + `}`, 400, `names neither an account nor a user`, ``},
			{"batch", `{"batch":[{"type":"track","messageId":"m1","userId":"u9","event":"e",` + at + `},{"type":"track","messageId":"m2","userId":"u9","event":"e",` + at + `,"context":{"groupId":"a"}}]}`,
				200, `"success":true,"request_id":`, `unattributed_events segment:{"event_id":"m1","user_id":"u9","event":"e","ts":"2024-06-15T11:00:00.123Z"}
usage_events segment:{"event_id":"m2","account_id":"a","user_id":"u9","event":"e","ts":"2024-06-15T11:00:00.123Z"}`},
		}},
		{"what is wrong with a message is its own", Foreign{}, []step{
			{"batch", `{"batch":[7,null,"x",{},{"type":"bomb"},{"type":"track","messageId":"x1","userId":{}},{"type":"group"},{"type":"track","userId":"u"},{"type":"identify"},
				{"type":"track","messageId":"m2","userId":"u9","event":"bad",` + at + `,"context":{"groupId":"a"}},
				{"type":"track","messageId":"m3","userId":"u9","event":"e",` + at + `,"context":{"groupId":"a"}}]}`,
				200, `"rejected_count":10,"rejected":[{"index":0,"reason":"is not a JSON object"}`, `usage_events segment:{"event_id":"m3","account_id":"a","user_id":"u9","event":"e","ts":"2024-06-15T11:00:00.123Z"}`},
			{"batch", `[]`, 400, `the body is not a JSON object`, ``},
			{"batch", `{}`, 400, `is missing`, ``},
			{"batch", `{"batch":{}}`, 400, `not a JSON object as the tracking API has it`, ``},
			{"batch", `{"batch":[]}`, 200, `"success":true`, ``},
			{"track", ``, 400, `the body is not a JSON object`, ``},
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			store := &remembering{}
			h := newTestServer(t, store, c.foreign)
			for i, s := range c.steps {
				w := call(h, "/v1/"+s.path, s.body)
				if w.Code != s.status || !strings.Contains(w.Body.String(), s.answer) || !json.Valid(w.Body.Bytes()) {
					t.Errorf("step %d: got %d %s\nwant %d %s", i, w.Code, w.Body, s.status, s.answer)
				}
				if got := strings.TrimSpace(store.take()); got != s.rows {
					t.Errorf("step %d stored\n%s\nwant\n%s", i, got, s.rows)
				}
			}
		})
	}
}

// TestGroupKeepsWhatOthersSay: an account's row is a version of the whole, whoever wrote the one before.
func TestGroupKeepsWhatOthersSay(t *testing.T) {
	store := &remembering{}
	for _, line := range []string{
		`{"account_id":"acme","name":"Acme","csm":"old","is_test":"false","updated_at":"2024-01-01T00:00:00Z"}`,
		`{"account_id":"acme","name":"Acme","csm":"new","is_test":"false","updated_at":"2024-03-01T00:00:00Z"}`,
	} {
		if _, err := store.Write(t.Context(), intake.Rows{Table: tableAccounts, Source: "crm", Text: []byte(line)}); err != nil {
			t.Fatal(err)
		}
	}
	store.take()
	h := newTestServer(t, store, Foreign{})
	for at, csm := range map[string]string{"2024-02-01T00:00:00.000Z": "old", "2024-06-01T00:00:00.000Z": "new", "2023-01-01T00:00:00.000Z": "old"} {
		call(h, "/v1/group", `{"groupId":"acme","timestamp":"`+at+`","traits":{"industry":"steel of `+csm+`"}}`)
		want := `accounts segment:{"account_id":"acme","csm":"` + csm + `","industry":"steel of ` + csm + `","is_test":"false","name":"Acme","updated_at":"` + at + `"}`
		if got := strings.TrimSpace(store.take()); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
		store.rows[tableAccounts] = store.rows[tableAccounts][:2]
	}
}

// TestClocks: a sender's clock is corrected, but a message that is sent again keeps its time.
func TestClocks(t *testing.T) {
	for _, c := range []struct{ name, times, want string }{
		{"a clock an hour behind", `"timestamp":"2024-06-15T10:30:00Z","sentAt":"2024-06-15T11:00:00.250Z"`, "2024-06-15T11:30:00.000Z"},
		{"a clock a year ahead", `"timestamp":"2025-06-15T11:59:00Z","sentAt":"2025-06-15T12:00:00Z"`, "2024-06-15T11:59:00.000Z"},
		{"another offset", `"timestamp":"2024-06-15T20:30:00+09:00","sentAt":"2024-06-15T21:00:00+09:00"`, "2024-06-15T11:30:00.000Z"},
		{"a delay", `"timestamp":"2024-06-15T10:30:00Z","sentAt":"2024-06-15T11:59:10Z"`, "2024-06-15T10:30:00.000Z"},
		{"the same, sent again", `"timestamp":"2024-06-15T10:30:00Z","sentAt":"2024-06-15T11:58:10Z"`, "2024-06-15T10:30:00.000Z"},
		{"a zero sentAt", `"timestamp":"2024-06-15T10:30:00Z","sentAt":"0001-01-01T00:00:00Z"`, "2024-06-15T10:30:00.000Z"},
		{"no sentAt", `"timestamp":"2024-06-15T10:30:00Z"`, "2024-06-15T10:30:00.000Z"},
		{"originalTimestamp", `"originalTimestamp":"2024-06-15T10:30:00Z","sentAt":"2024-06-15T11:00:00Z"`, "2024-06-15T11:30:00.000Z"},
		{"corrected before", `"originalTimestamp":"2024-06-15T10:30:00Z","timestamp":"2024-06-15T10:31:00Z","sentAt":"2024-06-15T11:00:00Z"`, "2024-06-15T10:31:00.000Z"},
		{"no time", `"sentAt":"2024-06-15T11:00:00Z"`, "2024-06-15T12:00:00.000Z"},
	} {
		store := &remembering{}
		w := call(newTestServer(t, store, Foreign{}), "/v1/track", `{"messageId":"m","userId":"u","event":"e","context":{"groupId":"a"},`+c.times+`}`)
		if got := store.take(); w.Code != 200 || !strings.Contains(got, `"ts":"`+c.want+`"`) {
			t.Errorf("%s: got %d %s, want ts %s", c.name, w.Code, got, c.want)
		}
	}
}

// TestDerivedIDs: without a messageId, the same message is the same event if it says when it was.
func TestDerivedIDs(t *testing.T) {
	store := &remembering{}
	now := noon
	s := newServer(t, Options{Store: store, Now: func() time.Time { now = now.Add(time.Second); return now }})
	ids := map[string]int{}
	for _, body := range []string{
		`{"userId":"u","event":"e","context":{"groupId":"a"},"timestamp":"2024-06-15T11:00:00Z"}`,
		`{"userId":"u",  "event":"e","context":{"groupId":"a"},"timestamp":"2024-06-15T11:00:00Z"}`,
		`{"userId":"u","event":"e","context":{"groupId":"a"}}`,
		`{"userId":"u","event":"e","context":{"groupId":"a"}}`,
	} {
		call(s.Handler(), "/v1/track", body)
	}
	for _, row := range store.rows[tableEvents] {
		ids[row["event_id"].(string)]++
	}
	if len(ids) != 3 {
		t.Errorf("four messages, two of them alike and dated, have the ids %v", ids)
	}
}

// TestStoreIsAway: what could not be stored is to be sent again.
func TestStoreIsAway(t *testing.T) {
	h := newTestServer(t, &remembering{err: intake.StoreError{Err: context.DeadlineExceeded}}, Foreign{})
	for path, body := range map[string]string{
		"/v1/batch":  `{"batch":[{"type":"track","messageId":"m","userId":"u","event":"e","context":{"groupId":"a"}}]}`,
		"/v1/group":  `{"userId":"u","groupId":"acme"}`,
		"/v1/events": `{"specversion":"1.0","id":"1","source":"s","type":"t","subject":"a"}`,
	} {
		w := call(h, path, body, "Content-Type", typeCloudEvent)
		if w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
			t.Errorf("%s: got %d %s", path, w.Code, w.Body)
		}
	}
}

func TestParseTraits(t *testing.T) {
	traits, err := ParseTraits(DefaultTraits)
	if err != nil {
		t.Error(err)
	}
	if err := traits.Check("accounts", []string{"name", "industry"}); err == nil || !strings.Contains(err.Error(), "there are name, industry") {
		t.Errorf("columns that are not there: %v", err)
	}
	for text, want := range map[string]string{
		"": "does not say", "name": "does not say", "name=": "does not say", "=x": "does not say", "name=a||b": "does not say",
		"name=a,name=b": "mentioned twice", "account_id=x": "is no trait", "updated_at=x": "is no trait",
	} {
		if _, err := ParseTraits(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", text, err, want)
		}
	}
}

// FuzzMessages: whatever is sent, there is an answer, and what is stored are rows of what was there.
func FuzzMessages(f *testing.F) {
	for _, seed := range []string{
		`{"batch":[{"type":"track","messageId":"m1","userId":"u1","event":"e","timestamp":"2024-06-15T11:00:00Z","context":{"groupId":"a"},"properties":{"a":[1,{"b":null}]}}],"sentAt":"2024-06-15T11:00:00Z"}`,
		`{"batch":[{"type":"group","userId":1e400,"groupId":"a","traits":{"name":{"a":1},"createdAt":1e99,"address":{"country":[]}}}]}`,
		`{"batch":[{"type":"identify","anonymousId":"\ud800","traits":{"company":"x"}},{"type":"alias","previousId":"a","userId":"a"}],"context":7}`,
		`{"batch":[{"type":"page","name":null,"properties":"x","timestamp":-1,"context":{"traits":{"account_id":0}}},null,[],1,"",true]}`,
		"{\"batch\":[{\"type\":\"track\",\"event\":\"\xff\",\"userId\":\"u\\u0000\"}]}",
		`{"batch":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`,
		`{"batch":[{"type":"track","type":"group","groupId":"a","groupId":"'; drop table stored_accounts; --"}]}`,
		`{"userId":"u","event":"=cmd|' /C calc'!A0","properties":{"account_id":"a"},"timestamp":"9999-12-31T23:59:60Z","sentAt":"0000-01-01T00:00:00Z"}`,
	} {
		f.Add("batch", []byte(seed))
		f.Add("track", []byte(seed))
	}
	t := translator{pages: true, zone: time.UTC, received: noon}
	t.traits, _ = ParseTraits(DefaultTraits)
	f.Fuzz(func(tt *testing.T, kind string, body []byte) {
		e, err := parseEnvelope(kind, body)
		if err != nil {
			return
		}
		all, refused := t.read(kind, e)
		l := ledger{source: "segment", members: map[string]string{}, accounts: map[string][]intake.Version{}}
		b, without := l.write(all)
		if len(all)+len(refused) > len(e.Batch) || len(without) > len(all) {
			tt.Errorf("%d messages became %d and %d refusals", len(e.Batch), len(all), len(refused))
		}
		for _, r := range b.rows() {
			if n := bytes.Count(r.Text, []byte("\n")); n != len(b.from[r.Table]) {
				tt.Errorf("%s: %d lines of %d rows", r.Table, n, len(b.from[r.Table]))
			}
			for line := range bytes.Lines(r.Text) {
				if !json.Valid(line) {
					tt.Errorf("%s: %q is not JSON", r.Table, line)
				}
			}
		}
	})
}

// TestMessagesAreForTables: what a token may not write is refused message by message, or as a whole if nothing of the kind is left.
func TestMessagesAreForTables(t *testing.T) {
	tokens := &Tokens{}
	events := aToken(t, tokens, TokenOptions{Name: "events", Tables: []string{"usage_events"}})
	contracts := aToken(t, tokens, TokenOptions{Name: "contracts", Tables: []string{"contracts"}})
	reader := aToken(t, tokens, TokenOptions{Name: "reader", Tables: []string{"*"}, Rights: []string{"read"}})
	store := &remembering{}
	s := newServer(t, Options{Store: store, Tokens: tokens, Now: func() time.Time { return noon }})
	const batch = `{"batch":[{"type":"identify","messageId":"i","userId":"u","traits":{"account_id":"acme"}},` +
		`{"type":"track","messageId":"t","userId":"u","event":"login","context":{"groupId":"acme"}},` +
		`{"type":"group","messageId":"g","userId":"u","groupId":"acme","traits":{"name":"Acme"}}]}`
	for _, tt := range []struct {
		token, want string
		status      int
	}{
		{contracts, "may write to none of usage_events, accounts, user_accounts", 403},
		{reader, "may write to none of usage_events, accounts, user_accounts", 403},
		{events, `"rejected_count":2,"rejected":[{"index":0,"messageId":"i","reason":"would be stored in user_accounts, which this token may not write to"},` +
			`{"index":2,"messageId":"g","reason":"would be stored in accounts, which this token may not write to"}]`, 200},
	} {
		w := call(s.Handler(), "/v1/batch", batch, "Content-Type", "application/json", "Authorization", "Bearer "+tt.token)
		if w.Code != tt.status || !strings.Contains(w.Body.String(), tt.want) {
			t.Errorf("got %d %s, want %d %s", w.Code, w.Body, tt.status, tt.want)
		}
	}
	if got := store.take(); strings.Count(got, "\n") != 1 || !strings.HasPrefix(got, "usage_events segment:{") {
		t.Errorf("stored is\n%s", got)
	}
}
