package service

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/intake"
	"cskpi/exporter/parts"
	"cskpi/exporter/store"
	"cskpi/queries"
)

// readOnly is the connection of a user who may not write.
type readOnly struct{ driver.Conn }

func (readOnly) Exec(context.Context, string, ...any) error {
	return errors.New("code: 164, message: cannot execute query in readonly mode")
}

// TestRollUpReadOnly: a user without the right to write gets an error, and reads what others rolled up.
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
	var log bytes.Buffer
	d := &Database{Conn: readOnly{c}}
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
	if err := os.WriteFile(file, []byte("response_id,account_id,kind,score,responded_at\ns1,a1,nps,9,2024-05-01\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := (&intake.Importer{Conn: c}).Files(t.Context(), "", file); err != nil {
		t.Fatal(err)
	}
	d := &Database{Conn: c}
	var log bytes.Buffer
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
