package api

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/intake"
	"cskpi/queries"
)

// TestPseudonymsByAllWays: the same id has the same pseudonym, whether it comes in a file, as a row, as a message or as a CloudEvent.
func TestPseudonymsByAllWays(t *testing.T) {
	conn := enginetest.Conn(t)
	if err := queries.Migrate(t.Context(), conn); err != nil {
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
