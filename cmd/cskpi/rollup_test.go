package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/intake"
	"cskpi/exporter/parts"
	"cskpi/exporter/store"
	"cskpi/queries"
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
		if err := d.conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	exec("insert into cs.stored_usage_events (event_id, account_id, user_id, event, ts) select concat('late ', toString(number)), 'acme', 'u4', 'report', toDateTime64('2024-03-20 12:00:00', 3, 'UTC') + interval number day from numbers(103)")
	killed, kill := context.WithCancel(t.Context())
	defer kill()
	err := store.RollUp(killed, d.conn, func(p store.RollUpProgress) {
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
	if err := d.close(); err != nil {
		t.Fatal(err)
	}
	wantUsage(t, "2024-06-30", 2, 3)
	wantUsage(t, "2024-04-30", 1, 1)
}

// opened is the configured database as a command opens it.
func opened(t *testing.T) (*app, *database) {
	t.Helper()
	c, err := loadConfig()
	if err != nil {
		t.Fatal(err)
	}
	a := &app{config: c, log: slog.New(slog.DiscardHandler), out: t.Output(), err: t.Output()}
	catalogue, err := a.load()
	if err != nil {
		t.Fatal(err)
	}
	d, err := a.open(t.Context(), catalogue)
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

// readOnly is the connection of a user who may not write.
type readOnly struct{ driver.Conn }

func (readOnly) Exec(context.Context, string, ...any) error {
	return errors.New("code: 164, message: cannot execute query in readonly mode")
}

// TestRollUpReadOnly: who may not write is told, and reads what others rolled up.
func TestRollUpReadOnly(t *testing.T) {
	c := enginetest.Conn(t)
	if err := store.Migrate(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	catalogue, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Install(t.Context(), c, catalogue); err != nil {
		t.Fatal(err)
	}
	var log, told output
	d := &database{conn: readOnly{c}}
	r := &rollUps{complete: d.complete, every: time.Second, parts: parts.New(parts.Options{Conn: readOnly{c}}), log: slog.New(slog.NewTextHandler(&log, nil))}
	if err := r.once(t.Context()); err != nil || r.status().LastSuccess.IsZero() {
		t.Errorf("with nothing to do: got %v, %+v", err, r.status())
	}
	if err := c.Exec(t.Context(), "insert into cs.stored_usage_events (event_id, account_id, event, ts) values ('e', 'acme', 'login', '2024-06-01 00:00:00')"); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	r.run(ctx, stop) // stops after the first attempt
	if err := r.once(t.Context()); err == nil {
		t.Error("a user who may not write rolled up usage")
	}
	if got := r.status(); got.Errors == 0 || got.PendingDays != 1 {
		t.Errorf("got %+v, want an error and a day that is pending", got)
	}
	a := &app{log: r.log, err: &told}
	if _, err := a.rollUp(t.Context(), &database{conn: readOnly{c}, parts: r.parts}); err != nil || !strings.Contains(told.String(), "warning: usage is not up to date") || !strings.Contains(told.String(), "readonly") {
		t.Errorf("got %v, %s", err, told.String())
	}
	// Somebody who may does it.
	r.parts = parts.New(parts.Options{Conn: c})
	if err := r.once(t.Context()); err != nil || r.status().PendingDays != 0 || r.status().Duration == 0 {
		t.Errorf("got %v, %s", err, fmt.Sprintf("%+v", r.status()))
	}
}

// TestServeCompletesImport: a service stores the rest of a strict import whose process was killed, also after columns were added to the table. An
// import of the day after has not dropped it.
func TestServeCompletesImport(t *testing.T) {
	c := enginetest.Conn(t)
	if err := store.Migrate(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	const scratch = "cskpi_import_20240101000000_killed"
	for _, sql := range []string{
		"create database " + scratch,
		"create table " + scratch + ".rows_1_new engine = MergeTree order by tuple() as select concat('a', toString(number)) as account_id, 's' as source, toDateTime64('2024-01-01 00:00:00', 3, 'UTC') as updated_at from numbers(3)",
		"insert into cs.stored_accounts (account_id, source, updated_at) values ('a1', 's', '2024-01-01 00:00:00')",
		"create table " + scratch + ".`commit-record` (nothing UInt8) engine = MergeTree order by tuple() comment '" + `{"zone":"UTC","rows":[{"table":"accounts","from":"` + scratch + `.rows_1_new"}]}'`,
	} {
		if err := c.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	text := func(sql string) (found string) {
		t.Helper()
		if err := c.QueryRow(t.Context(), sql).Scan(&found); err != nil {
			t.Fatal(err)
		}
		return found
	}
	file := filepath.Join(t.TempDir(), "surveys.csv")
	writeFile(t, file, "response_id,account_id,kind,score,responded_at\ns1,a1,nps,9,2024-05-01\n")
	if _, err := (&intake.Importer{Conn: c}).Files(t.Context(), "", file); err != nil {
		t.Fatal(err)
	}
	d := &database{conn: c}
	var log output
	r := &rollUps{complete: d.complete, every: time.Second, parts: parts.New(parts.Options{Conn: c}), log: slog.New(slog.NewTextHandler(&log, nil))}
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	r.run(ctx, stop) // stops after the first attempt
	if got := text("select toString(arraySort(groupArray(account_id))) from cs.stored_accounts"); got != "['a0','a1','a2']" {
		t.Errorf("the accounts are %s\n%s", got, log.String())
	}
	if got := text("select toString(groupArray(name)) from system.databases where startsWith(name, 'cskpi_import_')"); got != "[]" {
		t.Errorf("scratch databases left: %s", got)
	}
}
