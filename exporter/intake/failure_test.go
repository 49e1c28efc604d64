package intake_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"cskpi/exporter/engine"
	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/intake"
	"cskpi/exporter/store"
	"cskpi/queries"
)

// mortal is an engine of a test's own, to be killed.
type mortal struct {
	*fixture
	engine *engine.Engine
	data   string
}

func newMortal(t *testing.T, data string) *mortal {
	t.Helper()
	e, err := engine.Start(t.Context(), engine.Options{DataDir: data, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	options := e.Options()
	options.Auth.Database = queries.Database
	if err := store.Cluster("").CreateDatabase(t.Context(), options); err != nil {
		t.Fatal(err)
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := store.Migrate(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	m := &mortal{engine: e, data: data, fixture: &fixture{t: t, dir: t.TempDir(), conn: conn, now: noon}}
	m.Importer = &intake.Importer{Conn: conn, Now: func() time.Time { return m.now }}
	return m
}

// kill kills the engine's process of this moment with SIGKILL.
func (m *mortal) kill() {
	var file struct{ PID int }
	for range 1000 {
		text, err := os.ReadFile(filepath.Join(m.data, "engine.json"))
		if err == nil && json.Unmarshal(text, &file) == nil && file.PID > 1 {
			if syscall.Kill(file.PID, syscall.SIGKILL) == nil {
				return
			}
		}
		time.Sleep(10 * time.Millisecond)
	}
	m.t.Error("no engine to kill")
}

// TestEngineKilled kills the engine at many moments of an import. It is started anew, and the import goes on: what it
// reports as stored is there, once, and a file of contracts is there whole or not at all.
func TestEngineKilled(t *testing.T) {
	m := newMortal(t, t.TempDir())
	const n = 20_000
	var contracts, events strings.Builder
	contracts.WriteString("contract_id,account_id,acv,starts_on\n")
	for i := range n {
		fmt.Fprintf(&contracts, "c%d,a%d,%d,2024-01-01\n", i, i%100, i)
		fmt.Fprintf(&events, `{"event_id":"e%d","account_id":"a%d","event":"x","ts":%d}`+"\n", i, i%100, 1704067200+i*60)
	}
	contractsPath, eventsPath := m.file("contracts.csv", contracts.String()), m.file("usage_events.ndjson", events.String())
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	failed := 0
	for round := range 4 {
		for _, table := range []string{"contracts", "usage_events"} {
			if err := m.conn.Exec(ctx, "truncate table stored_"+table); err != nil {
				t.Fatal(err)
			}
		}
		killed := make(chan struct{})
		go func() {
			defer close(killed)
			time.Sleep(time.Duration(20+round*70) * time.Millisecond)
			m.kill()
		}()
		s, err := m.Files(ctx, "", contractsPath, eventsPath)
		<-killed
		if err != nil {
			t.Logf("round %d: %v", round, err)
			failed++
		}
		m.awaken(ctx)
		for table, final := range map[string]string{"contracts": "", "usage_events": " final"} {
			got := m.query("count()", "stored_"+table+final)
			switch {
			case err == nil && got != fmt.Sprint(n):
				t.Errorf("round %d: %s has %s rows after an import that reported %s", round, table, got, counts(s))
			case table == "contracts" && got != "0" && got != fmt.Sprint(n):
				t.Errorf("round %d: half of the contracts are stored: %s", round, got)
			}
		}
		if _, err := m.Files(ctx, "", contractsPath, eventsPath); err != nil {
			t.Errorf("round %d: import again: %v", round, err)
		}
		m.equal("contracts after another import", m.query("count(), sum(acv)", "stored_contracts"), fmt.Sprintf("%d|%d", n, n*(n-1)/2))
		m.equal("events after another import", m.query("count()", "stored_usage_events final"), fmt.Sprint(n))
	}
	if failed > 2 {
		t.Errorf("%d of 4 imports did not survive a restart of the engine", failed)
	}
}

// awaken waits until the engine answers again.
func (m *mortal) awaken(ctx context.Context) {
	m.t.Helper()
	for m.conn.Ping(ctx) != nil {
		if ctx.Err() != nil {
			m.t.Fatal("the engine does not come back")
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// TestEngineGone: a database that stays away is reported, with what became of the file.
func TestEngineGone(t *testing.T) {
	m := newMortal(t, t.TempDir())
	m.Patience = 500 * time.Millisecond
	path := m.file("contracts.csv", "contract_id,account_id,acv,starts_on\nc1,a1,10,2024-01-01\n")
	if err := m.engine.Close(); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	_, err := m.Files(t.Context(), "", path)
	if err == nil || !strings.Contains(err.Error(), "the database has been away for") {
		t.Errorf("error %v", err)
	}
	if time.Since(start) > 20*time.Second {
		t.Errorf("it took %s to give up", time.Since(start))
	}
}

// TestDiskFull imports more than the file system holds.
func TestDiskFull(t *testing.T) {
	m := newMortal(t, filepath.Join(enginetest.SmallDisk(t, 32), "data"))
	var text strings.Builder
	text.WriteString("account_id,name\n")
	random := rand.New(rand.NewPCG(5, 6))
	for i := range 500_000 {
		fmt.Fprintf(&text, "a%d,%016x%016x%016x%016x%016x%016x\n", i, random.Uint64(), random.Uint64(), random.Uint64(), random.Uint64(), random.Uint64(), random.Uint64())
	}
	small := m.file("accounts-small.csv", "account_id\na1\n")
	if _, err := m.Files(t.Context(), "", small); err != nil {
		t.Fatal(err)
	}
	_, err := m.Files(t.Context(), "", m.file("accounts.csv", text.String()))
	t.Log(err)
	if err == nil || !strings.Contains(err.Error(), "the disk of the database is full; make room and import again") {
		t.Errorf("error %v", err)
	}
	m.awaken(t.Context())
	m.equal("accounts", m.query("count()", "stored_accounts"), "1")
}
