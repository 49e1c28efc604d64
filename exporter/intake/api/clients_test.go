package api

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/intake"
	"cskpi/exporter/store"
)

// clients is where the programs are that use other people's clients.
const clients = "testdata/clients"

// tool runs a program that a test cannot do without.
func tool(t *testing.T, dir, name string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// nodeClients fetches the clients for Node, if that was not done yet.
var nodeClients = sync.OnceValue(func() error {
	installed, err := os.Stat(filepath.Join(clients, "node_modules/.package-lock.json"))
	lock, lockErr := os.Stat(filepath.Join(clients, "package-lock.json"))
	if err == nil && lockErr == nil && !installed.ModTime().Before(lock.ModTime()) {
		return nil
	}
	cmd := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts")
	cmd.Dir = clients
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci: %w\n%s", err, out)
	}
	return nil
})

// TestClients sends facts with the clients that people already have, unmodified but for the address.
func TestClients(t *testing.T) {
	conn := enginetest.Conn(t)
	if err := store.Migrate(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	writer, err := intake.NewWriter(t.Context(), intake.WriterOptions{Conn: conn})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(writer.Close)
	const key = "a write key"
	s, err := New(Options{
		Store:   writer,
		Tokens:  &Tokens{tokens: []*Token{{Name: "clients", Tables: []string{"*"}, Write: true, hash: sha256.Sum256([]byte(key))}}},
		Foreign: Foreign{Pages: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(s.Handler())
	t.Cleanup(server.Close)

	program := filepath.Join(t.TempDir(), "clients")
	tool(t, clients, "go", "build", "-o", program, ".")
	if err := nodeClients(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		client  string
		command []string
	}{
		{"go-segment", []string{program}},
		{"go-rudder", []string{program}},
		{"node-segment", []string{"node", "send.js"}},
	} {
		t.Run(c.client, func(t *testing.T) {
			// Once more is a redelivery: the ids are the same.
			for range 2 {
				tool(t, clients, c.command[0], append(c.command[1:], c.client, server.URL, key)...)
			}
			expect(t, conn, "events", "select count(), uniqExact(event_id), uniqExact(account_id), countIf(event = 'Report Run'), min(JSONExtractInt(properties, 'number')), max(JSONExtractInt(properties, 'number')), "+
				"anyIf(JSONExtractString(properties, 'html'), event_id = '"+c.client+"-0'), toString(min(ts)), toString(max(ts)) "+
				"from (select * from stored_usage_events final where event = 'Report Run') where account_id = '"+c.client+"-account' and source = 'segment'",
				"41 41 1 41 0 39 <&> 2024-06-15 10:02:00.000 2024-06-15 10:05:00.000")
			expect(t, conn, "pages", "select uniqExact(user_id, event, ts) from stored_usage_events final where event = 'Viewed Home Page' and account_id = '"+c.client+"-account'", "1")
			expect(t, conn, "account", "select name, industry, toString(updated_at), count() over () from stored_accounts final where account_id = '"+c.client+"-account'",
				"Account of "+c.client+" steel 2024-06-15 10:01:00.000 1")
			expect(t, conn, "users", "select groupArray(user_id), uniqExact(account_id) from (select * from stored_user_accounts final where startsWith(user_id, '"+c.client+"') order by user_id)",
				"["+c.client+"-alias "+c.client+"-user] 1")
		})
	}
	t.Run("go-cloudevents", func(t *testing.T) {
		tool(t, clients, program, "go-cloudevents", server.URL, key)
		expect(t, conn, "events", "select count(), uniqExact(event_id), uniqExact(properties), any(user_id), any(source), toString(any(ts)) from stored_usage_events final where account_id = 'go-cloudevents-account'",
			"40 40 40 go-cloudevents-user /clients/go-cloudevents 2024-06-15 10:02:00.000")
	})
	t.Run("a wrong key", func(t *testing.T) {
		for _, c := range []string{"go-segment", "go-cloudevents"} {
			cmd := exec.CommandContext(t.Context(), program, c, server.URL, "another key")
			if c == "go-segment" {
				continue // it tries for a minute before it gives up
			}
			if out, err := cmd.CombinedOutput(); err == nil || !bytes.Contains(out, []byte("401")) {
				t.Errorf("%s: %v %s", c, err, out)
			}
		}
	})
}

// expect compares the first row of a query.
func expect(t *testing.T, conn driver.Conn, what, query, want string) {
	t.Helper()
	rows, err := conn.Query(t.Context(), query)
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
	defer rows.Close()
	got := "(nothing)"
	if rows.Next() {
		values := make([]any, len(rows.ColumnTypes()))
		for i, c := range rows.ColumnTypes() {
			switch c.ScanType().String() {
			case "string":
				values[i] = new(string)
			case "uint64":
				values[i] = new(uint64)
			case "int64":
				values[i] = new(int64)
			default:
				values[i] = new([]string)
			}
		}
		if err := rows.Scan(values...); err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		var texts []string
		for _, v := range values {
			switch v := v.(type) {
			case *string:
				texts = append(texts, *v)
			case *uint64:
				texts = append(texts, fmt.Sprint(*v))
			case *int64:
				texts = append(texts, fmt.Sprint(*v))
			case *[]string:
				texts = append(texts, fmt.Sprint(*v))
			}
		}
		got = strings.Join(texts, " ")
	}
	if got != want {
		t.Errorf("%s: got %s\nwant %s", what, got, want)
	}
}

// TestVersions looks up in the database what was stored, whatever ids look like, and by pseudonyms where these are stored.
func TestVersions(t *testing.T) {
	for _, key := range []string{"", "secret"} {
		conn := enginetest.Conn(t)
		if err := store.Migrate(t.Context(), conn); err != nil {
			t.Fatal(err)
		}
		writer, err := intake.NewWriter(t.Context(), intake.WriterOptions{Conn: conn, UserKey: []byte(key)})
		if err != nil {
			t.Fatal(err)
		}
		defer writer.Close()
		h := newTestServer(t, writer, Foreign{})
		ids := []string{"u1", "o'brien", `back\\slash`, "'); drop table stored_accounts; --", "{x:String}", "?", "$1", "土", strings.Repeat("long", 120)}
		for i, id := range ids {
			if w := call(h, "/v1/group", fmt.Sprintf(`{"userId":"%s","groupId":"account %d %s","timestamp":"2024-06-15T10:00:00Z","traits":{"name":"%s"}}`, id, i, id, id)); w.Code != 200 {
				t.Fatalf("group of %.20s: %d %s", id, w.Code, w.Body)
			}
		}
		for i, id := range ids {
			if w := call(h, "/v1/track", fmt.Sprintf(`{"userId":"%s","event":"%s","messageId":"m%d","timestamp":"2024-06-15T10:00:00Z"}`, id, id, i)); w.Code != 200 {
				t.Fatalf("track of %.20s: %d %s", id, w.Code, w.Body)
			}
		}
		expect(t, conn, "each event has the account of its user", "select count(), uniqExact(account_id), countIf(endsWith(account_id, event)), uniqExact(user_id) from stored_usage_events final", "9 9 9 9")
		expect(t, conn, "no id is stored where pseudonyms are", "select countIf(user_id = 'u1') from stored_usage_events final", map[string]string{"": "1", "secret": "0"}[key])
		// A group that says the same is no news; one that says less keeps the rest.
		time.Sleep(5 * time.Millisecond)
		for _, traits := range []string{`{"name":"u1"}`, `{"csm":"mika"}`} {
			if w := call(h, "/v1/group", `{"userId":"u1","groupId":"account 0 u1","timestamp":"2024-06-15T11:00:00Z","traits":`+traits+`}`); w.Code != 200 {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
		}
		expect(t, conn, "versions of an account", "select count(), toString(groupArray((name, toString(csm)))) from (select * from stored_accounts final where account_id = 'account 0 u1' order by updated_at)",
			"2 [('u1',''),('u1','mika')]")
	}
}
