package api

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/intake"
	"cskpi/exporter/store"
	"cskpi/queries"
)

// TestPseudonymsByAllWays: the same id has the same pseudonym, whether it comes in a file, as a row, as a message or as a CloudEvent.
func TestPseudonymsByAllWays(t *testing.T) {
	conn := enginetest.Conn(t)
	if err := store.Migrate(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	key := []byte("a key of its own")
	w, err := intake.NewWriter(t.Context(), intake.WriterOptions{Conn: conn, UserKey: key})
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	s := newServer(t, Options{Store: w})
	for _, c := range []struct{ path, kind, body string }{
		{"/v1/usage_events", "application/x-ndjson", `{"event_id":"row","account_id":"acme","user_id":"amy","event":"x","ts":"2024-06-01"}`},
		{"/v1/usage_events", "application/json", `[{"event_id":"array","account_id":"acme","user_id":"amy","event":"x","ts":"2024-06-01"}]`},
		{"/v1/usage_events", "text/csv", "event_id,account_id,user_id,event,ts\ncsv,acme,amy,x,2024-06-01\n"},
		{"/v1/identify", "application/json", `{"userId":"amy","messageId":"m1","traits":{"account_id":"acme"},"timestamp":"2024-05-01T00:00:00Z"}`},
		// The account is looked up by the user.
		{"/v1/track", "application/json", `{"userId":"amy","messageId":"message","event":"x","timestamp":"2024-06-01T00:00:00Z"}`},
		{"/v1/events", "application/cloudevents+json", `{"specversion":"1.0","id":"cloud","source":"app","type":"x","time":"2024-06-01T00:00:00Z","subject":"acme","userid":"amy"}`},
	} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, c.path, strings.NewReader(c.body))
		r.Header.Set("Content-Type", c.kind)
		r.SetBasicAuth(anyone, "")
		answer := httptest.NewRecorder()
		s.Handler().ServeHTTP(answer, r)
		if answer.Code/100 != 2 || answer.Code == http.StatusMultiStatus {
			t.Errorf("%s %s: got %d %s", c.path, c.body, answer.Code, answer.Body)
		}
	}
	file := filepath.Join(t.TempDir(), "usage_events.csv")
	if err := os.WriteFile(file, []byte("event_id,account_id,user_id,event,ts\nfile,acme,amy,x,2024-06-01\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	im := intake.Importer{Conn: conn, UserKey: key}
	if sum, err := im.Files(t.Context(), "", file); err != nil || sum.Rejected() > 0 {
		t.Fatal(sum, err)
	}
	var users, events []string
	if err := conn.QueryRow(t.Context(), "select groupUniqArray(user_id), arraySort(groupArray(event_id)) from stored_usage_events where account_id = 'acme'").Scan(&users, &events); err != nil {
		t.Fatal(err)
	}
	if len(users) != 1 || users[0] != intake.Pseudonym(key, "amy") {
		t.Errorf("users %q", users)
	}
	if got := strings.Join(events, " "); got != "array cloud csv file message row" {
		t.Errorf("events %s", got)
	}
	// Erased by the id that the product knows.
	r := httptest.NewRequestWithContext(t.Context(), http.MethodDelete, "/v1/users/amy", nil)
	authorize(r)
	answer := httptest.NewRecorder()
	s.Handler().ServeHTTP(answer, r)
	var left uint64
	if err := conn.QueryRow(t.Context(), "select (select count() from stored_usage_events) + (select count() from stored_user_accounts)").Scan(&left); err != nil || left != 0 || answer.Code != http.StatusOK {
		t.Errorf("%d rows are left, %v, %d %s", left, err, answer.Code, answer.Body)
	}
}

// TestUnattributed: an event that comes before the account of its user is known counts once it is, one time, at its own time, by either id of the user and
// whether a message or a row names the account. If the user is erased meanwhile, it never counts.
func TestUnattributed(t *testing.T) {
	for name, key := range map[string][]byte{"as they come": nil, "pseudonyms": []byte("a key of its own")} {
		t.Run(name, func(t *testing.T) {
			conn := enginetest.Conn(t)
			if err := store.Migrate(t.Context(), conn); err != nil {
				t.Fatal(err)
			}
			catalogue, err := queries.Load()
			if err != nil {
				t.Fatal(err)
			}
			if err := store.InstallFunctions(t.Context(), conn, catalogue); err != nil {
				t.Fatal(err)
			}
			w, err := intake.NewWriter(t.Context(), intake.WriterOptions{Conn: conn, UserKey: key})
			if err != nil {
				t.Fatal(err)
			}
			defer w.Close()
			s := newServer(t, Options{Store: w})
			send := func(method, path, body string) {
				t.Helper()
				r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
				r.Header.Set("Content-Type", "application/json")
				r.SetBasicAuth(anyone, "")
				answer := httptest.NewRecorder()
				if s.Handler().ServeHTTP(answer, r); answer.Code != http.StatusOK {
					t.Fatalf("%s %s: got %d %s", path, body, answer.Code, answer.Body)
				}
			}
			rolledUp := func(events, waiting string) {
				t.Helper()
				for range 2 { // the second time there is nothing to do
					if err := store.RollUp(t.Context(), conn, nil); err != nil {
						t.Fatal(err)
					}
				}
				expect(t, conn, "events", "select arrayStringConcat(arraySort(groupArray(concat(event_id, ' of ', account_id, ' on ', toString(toDate(ts))))), ', ') from stored_usage_events final", events)
				expect(t, conn, "days", "select toString(sum(events)) from stored_usage_totals final", strconv.Itoa(strings.Count(events, " of ")))
				expect(t, conn, "waiting", "select arrayStringConcat(arraySort(groupArray(event_id)), ' ') from stored_unattributed_events final", waiting)
			}
			const track = `{"messageId":"m1","userId":"max","event":"Opened","timestamp":"2024-06-01T00:00:00Z","properties":{"n":1}}`
			send(http.MethodPost, "/v1/track", track)
			send(http.MethodPost, "/v1/track", track)
			send(http.MethodPost, "/v1/track", `{"messageId":"m2","userId":"zoe","anonymousId":"a1","event":"Opened","timestamp":"2024-06-02T00:00:00Z"}`)
			send(http.MethodPost, "/v1/track", `{"messageId":"m3","userId":"eve","event":"Opened","timestamp":"2024-06-03T00:00:00Z"}`)
			send(http.MethodPost, "/v1/track", `{"messageId":"m4","userId":"kim","event":"Opened","timestamp":"2024-06-04T00:00:00Z"}`)
			rolledUp("", "m1 m2 m3 m4")
			send(http.MethodPost, "/v1/group", `{"messageId":"g1","userId":"max","groupId":"elder"}`)
			send(http.MethodPost, "/v1/user_accounts", `[{"user_id":"a1","account_id":"birch"},{"user_id":"eve","account_id":"birch"}]`)
			send(http.MethodDelete, "/v1/users/eve", "")
			rolledUp("m1 of elder on 2024-06-01, m2 of birch on 2024-06-02", "m4")
			send(http.MethodPost, "/v1/track", track) // again
			rolledUp("m1 of elder on 2024-06-01, m2 of birch on 2024-06-02", "m4")
		})
	}
}
