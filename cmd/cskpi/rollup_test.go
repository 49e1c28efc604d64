package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/config"
	"cskpi/exporter/parts"
	"cskpi/exporter/service"
	"cskpi/exporter/store"
	"cskpi/exporter/store/storetest"
)

// usageCSV has u1 and u2 of Acme looking at reports, u2 and u3 logging in, the last three days of June 2024.
const usageCSV = `event_id,account_id,user_id,event,ts
e1,acme,u1,report,2024-06-28T09:00:00Z
e2,acme,u2,login,2024-06-29T09:00:00Z
e3,acme,u2,report,2024-06-30T09:00:00Z
e4,acme,u3,login,2024-06-30T10:00:00Z
`

// usageOf asks cskpi kpi usage for the daily and monthly active users of segment high.
func usageOf(t *testing.T, day string) (dau, mau int) {
	t.Helper()
	code, stdout, stderr := execute(t, "kpi", "usage", "--as-of", day, "--format", "json")
	var rows []struct {
		Segment string
		DAU     int `json:"dau_users"`
		MAU     int `json:"mau_users"`
	}
	if err := json.Unmarshal([]byte(stdout), &rows); err != nil || code != exitOK || stderr != "" {
		t.Fatalf("got %d, %v\n%s\n%s", code, err, stdout, stderr)
	}
	for _, r := range rows {
		if r.Segment == "high" {
			return r.DAU, r.MAU
		}
	}
	t.Fatalf("no segment high in %s", stdout)
	return 0, 0
}

func wantUsage(t *testing.T, day string, dau, mau int) {
	t.Helper()
	if d, m := usageOf(t, day); d != dau || m != mau {
		t.Errorf("%s: got %d daily and %d monthly users, want %d and %d", day, d, m, dau, mau)
	}
}

// TestUsage: what is imported is seen by the next command, and a change of policy changes the days it is about.
func TestUsage(t *testing.T) {
	facts(t)
	file := filepath.Join(t.TempDir(), "usage_events.csv")
	writeFile(t, file, usageCSV)
	if code, stdout, stderr := execute(t, "import", file); code != exitOK || stderr != "" {
		t.Fatalf("import: got %d\n%s\n%s", code, stdout, stderr)
	}
	wantUsage(t, "2024-06-30", 2, 3)
	wantUsage(t, "2024-06-29", 1, 2)

	// From the 30th on, logging in is no use any more: u3 has done nothing else, u2 something before.
	code, stdout, stderr := execute(t, "settings", "set", "core_events", "report", "--from", "2024-06-30")
	if code != exitOK || !strings.Contains(stdout, "days is rolled up by it") {
		t.Errorf("settings set: got %d\n%s\n%s", code, stdout, stderr)
	}
	wantUsage(t, "2024-06-30", 1, 2)
	wantUsage(t, "2024-06-29", 1, 2)
	if code, stdout, stderr := execute(t, "settings", "set", "health_green", "71", "--from", "2024-06-30"); code != exitOK || strings.Contains(stdout, "rolled up") {
		t.Errorf("a setting that usage does not depend on: got %d\n%s\n%s", code, stdout, stderr)
	}
	if code, stdout, stderr := execute(t, "explain", "usage", "--as-of", "2024-06-30"); code != exitOK || !strings.Contains(stdout, "acme") {
		t.Errorf("explain: got %d\n%s\n%s", code, stdout, stderr)
	}

	// A process that was killed while it rolled up an import leaves the events behind: the next command makes up for it.
	a, d := opened(t)
	exec := func(sql string) {
		t.Helper()
		if err := d.Conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec("insert into cs.stored_usage_events (event_id, account_id, user_id, event, ts) select concat('late ', toString(number)), 'acme', 'u4', 'report', toDateTime64('2024-03-20 12:00:00', 3, 'UTC') + interval number day from numbers(103)")
	killed, kill := context.WithCancel(t.Context())
	defer kill()
	err := store.RollUp(killed, d.Conn, func(p store.RollUpProgress) {
		if p.Days > 0 {
			kill()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want it to be killed", err)
	}
	if days, err := a.rollUp(t.Context(), d); err != nil || days == 0 {
		t.Errorf("got %d days, %v, want the rest of 103", days, err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	wantUsage(t, "2024-06-30", 2, 3)
	wantUsage(t, "2024-04-30", 1, 1)
}

// opened is the configured database as a command opens it.
func opened(t *testing.T) (*app, *service.Database) {
	t.Helper()
	c, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	a := newApp(c, slog.New(slog.DiscardHandler), t.Output(), t.Output())
	catalogue, err := a.Load()
	if err != nil {
		t.Fatal(err)
	}
	d, err := a.Open(t.Context(), catalogue)
	if err != nil {
		t.Fatal(err)
	}
	return a, d
}

// TestUsageBesideServe: commands on the engine of a running cskpi serve roll up what they brought or ask about.
func TestUsageBesideServe(t *testing.T) {
	facts(t)
	s := start(t, "serve")
	for _, want := range []string{"cs_exporter_rollup_pending 0", "cs_exporter_rollup_errors_total 0", "cs_exporter_rollup_last_success_timestamp_seconds 1", "cs_exporter_rollup_duration_seconds"} {
		s.waitFor(t, "/metrics", http.StatusOK, want)
	}
	file := filepath.Join(t.TempDir(), "usage_events.csv")
	writeFile(t, file, usageCSV)
	if code, stdout, stderr := execute(t, "import", file); code != exitOK {
		t.Fatalf("import: got %d\n%s\n%s", code, stdout, stderr)
	}
	wantUsage(t, "2024-06-30", 2, 3)
	if code := s.stop(); code != exitOK {
		t.Errorf("stopped with %d\n%s", code, s.stderr)
	}
}

// TestRollUpReadOnly: a command of a user who may not write goes on with what others rolled up, and says so.
func TestRollUpReadOnly(t *testing.T) {
	c, _ := storetest.Database(t)
	if err := c.Exec(t.Context(), "insert into stored_usage_events (event_id, account_id, event, ts) values ('e', 'acme', 'login', '2024-06-01 00:00:00')"); err != nil {
		t.Fatal(err)
	}
	var said bytes.Buffer
	a := newApp(config.Config{}, slog.New(slog.DiscardHandler), io.Discard, &said)
	d := &service.Database{Parts: parts.New(parts.Options{Conn: readOnly{c}})}
	if _, err := a.rollUp(t.Context(), d); err != nil || !strings.Contains(said.String(), "warning: usage is not up to date") || !strings.Contains(said.String(), "readonly") {
		t.Errorf("got %v, %s", err, said.String())
	}
}

// readOnly is the connection of a user who may not write.
type readOnly struct{ driver.Conn }

func (readOnly) Exec(context.Context, string, ...any) error {
	return errors.New("code: 164, message: cannot execute query in readonly mode")
}
