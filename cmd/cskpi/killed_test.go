package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/backup"
	"cskpi/exporter/engine"
	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/service"
	"cskpi/exporter/store/storetest"
	"cskpi/queries"
	"cskpi/queries/sqltext"
)

// writing is a command that writes. What it does is different in each round.
type writing struct {
	name  string
	setUp func(round string) // may be nil
	args  func(round string) []string
	// state tells how far the command has come: none, all, or, if it is resumed when it is repeated, something in between.
	state     func(round string) string
	none, all string
	resumed   bool
	once      bool // when all is done, the command has nothing more to do, which it calls an error
}

// writings are the commands that write into a database that is there already. (TestBackup kills cskpi restore, and
// TestRestoreDiskFull fills its disk.)
func writings(t *testing.T, conn driver.Conn, dir string) []writing {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	text := func(sql string) string {
		t.Helper()
		var found string
		if err := conn.QueryRow(t.Context(), sql).Scan(&found); err != nil {
			t.Fatal(err)
		}
		return found
	}
	count := func(of string) string { return "(select toString(count()) from " + of + ")" }
	// company writes files with rows of a round's own, of several tables.
	company := func(round string, strict bool) []string {
		folder := filepath.Join(dir, round)
		if err := os.MkdirAll(folder, 0o700); err != nil {
			t.Fatal(err)
		}
		accounts, contracts, events := "account_id,name\n", "contract_id,account_id,acv,starts_on\n", "event_id,account_id,event,ts\n"
		for i := range 2000 {
			accounts += fmt.Sprintf("%s-%d,x\n", round, i)
			contracts += fmt.Sprintf("%s-%d,%[1]s-%[2]d,10,2024-01-01\n", round, i)
			events += fmt.Sprintf("%s-%d,%[1]s-%[2]d,x,2024-05-%02d\n", round, i, 1+i%28)
		}
		writeFile(t, filepath.Join(folder, "accounts.csv"), accounts)
		writeFile(t, filepath.Join(folder, "contracts.csv"), contracts)
		writeFile(t, filepath.Join(folder, "usage_events.csv"), events)
		args := []string{"import", "--rejects", "", folder}
		if strict {
			args = append(args, "--strict")
		}
		return args
	}
	stored := func(round string) string {
		of := func(table string) string {
			return count(table + " final where startsWith(account_id, '" + round + "-')")
		}
		return text("select concat(" + of("stored_accounts") + ", ' ', " + of("stored_contracts") + ", ' ', " + of("stored_usage_events") + ")")
	}
	lost := map[string]string{} // parts by round
	account := func(round string) string { return "erase" + round }
	day := func(round string) string {
		n, err := strconv.Atoi(strings.TrimLeft(round, "abcdefghijklmnopqrstuvwxyz-"))
		if err != nil {
			t.Fatal(err)
		}
		return time.Date(2024, 2, 1+n, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
	}
	// later is a day of its own, which no backfill of the rounds looks back on.
	later := func(day string) string {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		return at.AddDate(0, 6, 0).Format(time.DateOnly)
	}
	return []writing{
		{
			name: "import", args: func(round string) []string { return company(round, false) },
			state: stored, none: "0 0 0", all: "2000 2000 2000", resumed: true,
		}, {
			name: "import --strict", args: func(round string) []string { return company(round, true) },
			state: stored, none: "0 0 0", all: "2000 2000 2000",
		}, {
			name: "erase",
			setUp: func(round string) {
				for _, sql := range []string{
					"insert into cs.stored_accounts (account_id, source, updated_at) values ('%s', 's', now64(3))",
					"insert into cs.stored_contracts (contract_id, account_id, acv, starts_on, source, updated_at) select toString(number), '%s', 1, '2024-01-01', 's', now64(3) from numbers(100)",
					"insert into cs.kpi_daily (view, column, labels, as_of, computed_at) values ('risk', 'x', map('account', '%s'), '2024-01-01', now64(3))",
				} {
					if err := conn.Exec(t.Context(), fmt.Sprintf(sql, account(round))); err != nil {
						t.Fatal(err)
					}
				}
			},
			args: func(round string) []string { return []string{"erase", "account", account(round)} },
			state: func(round string) string {
				of := " where account_id = '" + account(round) + "'"
				return text("select concat(" + count("stored_accounts"+of) + ", ' ', " + count("stored_contracts"+of) + ", ' ', " + count("kpi_daily where labels['account'] = '"+account(round)+"'") + ")")
			},
			none: "1 100 1", all: "0 0 0", resumed: true,
		}, {
			name: "settings set", args: func(round string) []string {
				return []string{"settings", "set", "segment_low_arr", "7000", "--from", day(round)}
			},
			state: func(round string) string {
				return text("select " + count("stored_settings final where name = 'segment_low_arr' and value = '7000' and starts_on = '"+day(round)+"'"))
			},
			none: "0", all: "1",
		}, {
			name: "backfill", args: func(round string) []string {
				return []string{"backfill", "--kpi", "arr", "--from", day(round), "--to", day(round)}
			},
			state: func(round string) string {
				// A run is recorded when all of its values are stored.
				return text("select concat(toString(uniqExact(column, labels)), ' ', " + count("kpi_runs where view = 'arr' and as_of = '"+day(round)+"'") +
					") from cs.kpi_daily where view = 'arr' and as_of = '" + day(round) + "'")
			},
			none: "0 0", resumed: true,
		}, {
			name: "refresh", args: func(round string) []string {
				return []string{"refresh", "--from", later(day(round)), "--to", later(day(round))}
			},
			state: func(round string) string {
				return text("select toString(uniqExact(layer)) from stored_layer_days where day = '" + later(day(round)) + "'")
			},
			none: "0", all: strconv.Itoa(layersByDay(t)), resumed: true,
		}, {
			name: "backup", args: func(round string) []string { return []string{"backup", "--force", filepath.Join(dir, round+".backup")} },
			state: func(round string) string {
				b, err := backup.Open(t.Context(), filepath.Join(dir, round+".backup"))
				if errors.Is(err, os.ErrNotExist) {
					return "none"
				}
				if err != nil {
					return err.Error()
				}
				defer b.Close()
				return "whole"
			},
			none: "none", all: "whole",
		}, {
			name: "check --accept-loss",
			setUp: func(round string) {
				// A part that is on record, and gone when the engine starts again.
				if err := conn.Exec(t.Context(), "insert into cs.stored_feedback (feedback_id, account_id, kind, created_on, source, updated_at) values ('"+round+"', 'a', 'use_case_share', '2024-01-01', 's', now64(3))"); err != nil {
					t.Fatal(err)
				}
				if code, _, stderr := execute(t, "check", "--accept-loss", "feedback"); code != exitUsage {
					t.Fatalf("got %d, %s", code, stderr)
				}
				path := text("select path from system.parts where database = 'cs' and table = 'stored_feedback' and active order by modification_time desc limit 1")
				if !filepath.IsAbs(path) {
					path = filepath.Join(os.Getenv("CSKPI_DATA_DIR"), "engine", path)
				}
				lost[round] = filepath.Base(path)
				if err := os.RemoveAll(path); err != nil {
					t.Fatal(err)
				}
				if err := syscall.Kill(enginePID(t), syscall.SIGKILL); err != nil {
					t.Fatal(err)
				}
				until(t, func() bool { return conn.Ping(t.Context()) == nil })
			},
			args: func(string) []string { return []string{"check", "--accept-loss", "feedback"} },
			state: func(round string) string {
				var record struct {
					Tables map[string]struct{ Parts map[string]any }
				}
				if err := json.Unmarshal(readFile(t, filepath.Join(os.Getenv("CSKPI_DATA_DIR"), "parts.json")), &record); err != nil {
					t.Fatal(err)
				}
				if _, there := record.Tables["stored_feedback"].Parts[lost[round]]; there {
					return "lost"
				}
				return "accepted"
			},
			none: "lost", all: "accepted", once: true,
		},
	}
}

// layersByDay is the number of layers that have rows of their own for each day.
func layersByDay(t *testing.T) (n int) {
	t.Helper()
	for _, l := range storetest.Layout(t).Layers {
		if l.IsByDay() {
			n++
		}
	}
	return n
}

// look holds the state of a command that was ended somehow to what may be.
func (w writing) look(t *testing.T, what, round string, code int, stderr string) {
	t.Helper()
	if !w.resumed { // whoever reads next completes it
		if code, _, stderr := execute(t, "kpi", "arr"); code != exitOK {
			t.Fatalf("%s, %s, then cskpi kpi: got %d\n%s", w.name, what, code, stderr)
		}
	}
	got := w.state(round)
	t.Logf("%s, %s: exit code %d, then %s; %s", w.name, what, code, got, stderr)
	switch {
	case code == exitOK && w.all != "" && got != w.all:
		t.Errorf("%s, %s: the command succeeded and left %s", w.name, what, got)
	case !w.resumed && got != w.none && got != w.all:
		t.Errorf("%s, %s: it left %s, want %s or %s\n%s", w.name, what, got, w.none, w.all, stderr)
	}
}

// again repeats a command, which must succeed.
func (w writing) again(t *testing.T, what, round string) {
	t.Helper()
	if w.once && w.state(round) == w.all {
		return
	}
	code, stdout, stderr := execute(t, w.args(round)...)
	if code != exitOK {
		t.Fatalf("%s, %s, then repeated: got %d\n%s\n%s", w.name, what, code, stdout, stderr)
	}
	if got := w.state(round); w.all != "" && got != w.all || got == w.none {
		t.Errorf("%s, %s, then repeated: it left %s, want %s", w.name, what, got, w.all)
	}
}

// sound fails the test if a stored part is missing or damaged.
func sound(t *testing.T) {
	t.Helper()
	if _, stdout, stderr := execute(t, "check"); !strings.Contains(stdout, "stored data    ok") || !strings.Contains(stdout, "views          ok") {
		t.Errorf("check:\n%s\n%s", stdout, stderr)
	}
}

// connected is a connection to the company's database.
func connected(t testing.TB, e *engine.Engine) driver.Conn {
	t.Helper()
	options := *e.Options()
	options.Auth.Database = queries.Database
	conn, err := clickhouse.Open(&options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// TestKilled kills each command that writes, alone and together with the engine, at random moments.
func TestKilled(t *testing.T) {
	facts(t)
	e := beside(t)
	conn := connected(t, e)
	bin := binary(t)
	rounds := 2
	if text := os.Getenv("CSKPI_TEST_SOAK"); text != "" {
		var err error
		if rounds, err = strconv.Atoi(text); err != nil {
			t.Fatalf("CSKPI_TEST_SOAK: %v", err)
		}
	}
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 1))
	for _, w := range writings(t, conn, t.TempDir()) {
		t.Run(w.name, func(t *testing.T) {
			var whole time.Duration
			for n := range rounds + 1 {
				round := "k" + strings.NewReplacer(" ", "", "-", "").Replace(w.name) + strconv.Itoa(n)
				if w.setUp != nil {
					w.setUp(round)
				}
				cmd := exec.CommandContext(t.Context(), bin, w.args(round)...)
				var log output
				cmd.Stderr, cmd.Stdout = &log, &log
				began := time.Now()
				if err := cmd.Start(); err != nil {
					t.Fatal(err)
				}
				what := "not killed"
				if n > 0 {
					time.Sleep(whole/3 + time.Duration(random.Int64N(int64(whole*2/3)))) // it starts in the first third
					what = fmt.Sprintf("killed after %s of %s", time.Since(began).Round(time.Millisecond), whole.Round(time.Millisecond))
					if n%2 == 0 {
						what += " with the engine"
						if err := syscall.Kill(enginePID(t), syscall.SIGKILL); err != nil {
							t.Fatal(err)
						}
					}
					_ = cmd.Process.Kill() // it may be over
				}
				_ = cmd.Wait() // the exit code says it
				whole = max(whole, time.Since(began))
				until(t, func() bool { return conn.Ping(t.Context()) == nil })
				// Others may do its work 30 seconds after it died.
				for _, claims := range []string{"usage_claims", "history_claims", "refresh_claims"} {
					if err := conn.Exec(t.Context(), "truncate table cs."+claims); err != nil {
						t.Fatal(err)
					}
				}
				w.look(t, what, round, cmd.ProcessState.ExitCode(), log.String())
				if n > 0 {
					w.again(t, what, round)
				}
			}
		})
	}
	sound(t)
}

// fingerprint says what every table of the database holds: rows and a hash of them, without the times at which things were computed or stored.
func fingerprint(t *testing.T, d *service.Database) map[string]string {
	t.Helper()
	rows, err := d.Conn.Query(t.Context(), `
		select c.table, groupArray(c.name), any(t.engine)
		from system.columns as c
		join system.tables as t on t.database = c.database and t.name = c.table
		where c.database = currentDatabase() and t.engine like '%MergeTree' and c.table not like '%\\_changes' and c.table not in ('stored_usage_progress', 'schema_migrations')
			and c.name not in ('computed_at', 'at', 'ingested_at', 'rolled_at', 'seen_at', 'installed_at', 'version')
		group by c.table
		order by c.table`)
	if err != nil {
		t.Fatal(err)
	}
	columns, err := readTable(rows)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, row := range columns.rows {
		table := fmt.Sprint(row[0])
		var names []string
		for _, name := range row[1].([]string) {
			names = append(names, sqltext.Name(name))
		}
		var is string
		// Few rows are compared as text, so that a difference can be seen.
		line := "formatRowNoNewline('TabSeparated', " + strings.Join(names, ", ") + ")"
		if err := d.Conn.QueryRow(t.Context(), "select concat(toString(count()), ' rows, ', if(count() > 100, toString(sum(cityHash64("+line+"))), concat('\n', arrayStringConcat(arraySort(groupArray("+line+")), '\n')))) from "+
			sqltext.Name(table)+map[bool]string{true: " final"}[row[2] == "ReplacingMergeTree"]).Scan(&is); err != nil {
			t.Fatalf("%s: %v", table, err)
		}
		found[table] = is
	}
	return found
}

// sameState fails the test if two fingerprints differ.
func sameState(t *testing.T, got, want map[string]string) {
	t.Helper()
	if len(want) < 40 {
		t.Errorf("only %d tables are compared", len(want))
	}
	for table, is := range want {
		if got[table] != is {
			t.Errorf("%s has %s, and without a kill %s", table, got[table], is)
		}
	}
	for table := range got {
		if want[table] == "" {
			t.Errorf("%s is there, and without a kill it is not", table)
		}
	}
}

// killedAt runs a command in a process of its own, and kills it and its engine when ready says so, or a moment later. It reports whether that was before
// the command ended.
func killedAt(t *testing.T, after time.Duration, ready func(log string) bool, args ...string) bool {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binary(t), args...)
	var log output
	cmd.Stderr, cmd.Stdout = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for deadline := time.Now().Add(2 * time.Minute); !ready(log.String()); time.Sleep(time.Millisecond) {
		select {
		case err := <-ended:
			t.Logf("%q ended before it was killed: %v\n%s", args, err, log.String())
			return false
		default:
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain:\n%s", log.String())
		}
	}
	time.Sleep(after)
	select {
	case <-ended:
		return false
	default:
	}
	if _, err := os.Stat(filepath.Join(os.Getenv("CSKPI_DATA_DIR"), "engine.json")); err == nil { // else the engine has not started yet
		if err := syscall.Kill(enginePID(t), syscall.SIGKILL); err != nil {
			t.Error(err)
		}
	}
	_ = cmd.Process.Kill() // it may have ended just now
	<-ended
	return true
}

// TestKilledUpgrade kills the service and its engine again and again while a folder of an earlier release is upgraded. In the end it is what it is
// without a kill.
func TestKilledUpgrade(t *testing.T) {
	packed := matches(t, "testdata/releases/*.tar.zst")[0]
	upgraded := func(kill bool) (map[string]string, string) {
		dir := t.TempDir()
		unpack(t, packed, dir)
		folder(t, filepath.Join(dir, "data"))
		if kill {
			// The first kill comes when the first table is moved, and each later start goes on with the tables that are left.
			for n := range 4 {
				if !killedAt(t, time.Duration(rand.IntN(100))*time.Millisecond, func(log string) bool { return strings.Contains(log, "moving facts to their new tables") }, "serve") {
					t.Errorf("start %d was not killed", n+1)
				}
			}
		}
		// A table that was moved is not missing, however often it was begun.
		if code, stdout, stderr := execute(t, "check", "--as-of", "2024-06-30"); !strings.Contains(stdout, "stored data    ok") {
			t.Errorf("check: got %d\n%s\n%s", code, stdout, stderr)
		}
		_, d := opened(t)
		defer d.Close()
		q, found := d.Catalogue.Get("nrr")
		if !found {
			t.Fatal("there is no nrr")
		}
		rows, err := view(t.Context(), d, q, time.Date(2024, 6, 30, 0, 0, 0, 0, time.UTC), "", "")
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		if err := rows.write(&out, "csv"); err != nil {
			t.Fatal(err)
		}
		return fingerprint(t, d), out.String()
	}
	want, nrr := upgraded(false)
	got, again := upgraded(true)
	sameState(t, got, want)
	if again != nrr {
		t.Errorf("nrr is\n%s\nand without a kill\n%s", again, nrr)
	}
}

// TestKilledRefresh kills cskpi refresh and its engine at random moments. When it has been run to its end, all layers are what they are without a kill.
func TestKilledRefresh(t *testing.T) {
	refreshed := func(kills int, took time.Duration) (map[string]string, time.Duration) {
		facts(t)
		t.Setenv("CSKPI_HISTORY", "60d")
		for range kills {
			if !killedAt(t, took/6+time.Duration(rand.Int64N(int64(took*2/3))), func(string) bool { return true }, "refresh") {
				t.Log("a refresh ended before it was killed")
			}
		}
		began := time.Now()
		if out, err := exec.CommandContext(t.Context(), binary(t), "refresh").CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		took = time.Since(began)
		_, d := opened(t)
		defer d.Close()
		return fingerprint(t, d), took
	}
	want, took := refreshed(0, 0)
	got, _ := refreshed(3, took)
	sameState(t, got, want)
}

// TestDiskFull lets each command that writes run into a disk that is full or nearly so.
func TestDiskFull(t *testing.T) {
	facts(t)
	dir := enginetest.SmallDisk(t, 160)
	if err := os.CopyFS(filepath.Join(dir, "data"), os.DirFS(os.Getenv("CSKPI_DATA_DIR"))); err != nil {
		t.Fatal(err)
	}
	folder(t, filepath.Join(dir, "data"))
	e := beside(t)
	conn := connected(t, e)
	ballast := filepath.Join(dir, "ballast")
	for _, w := range writings(t, conn, filepath.Join(dir, "files")) {
		t.Run(w.name, func(t *testing.T) {
			for n, leave := range []int64{0, 1300 << 10} { // the engine reserves a megabyte for whatever it writes
				round := "f" + strings.NewReplacer(" ", "", "-", "").Replace(w.name) + strconv.Itoa(10+n)
				if w.setUp != nil {
					w.setUp(round)
				}
				args := w.args(round)
				fill(t, ballast, leave)
				code, _, stderr := execute(t, args...)
				if err := os.Remove(ballast); err != nil {
					t.Fatal(err)
				}
				what := fmt.Sprintf("with %d bytes left", leave)
				w.look(t, what, round, code, stderr)
				w.again(t, what, round)
			}
		})
	}
	sound(t)
}

// fill lets a file take all of a disk but for some bytes.
func fill(t *testing.T, file string, leave int64) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(f, io.LimitReader(zeros{}, 1<<40))
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("the disk takes %d bytes: %v", n, err)
	}
	if err := errors.Join(f.Truncate(max(0, n-leave)), f.Close()); err != nil {
		t.Fatal(err)
	}
}

// TestRestoreDiskFull: a restore that finds no room fails, no command uses what it left, and the next restore begins anew.
func TestRestoreDiskFull(t *testing.T) {
	facts(t)
	file := filepath.Join(t.TempDir(), "company.backup")
	if code, stdout, stderr := execute(t, "backup", file); code != exitOK {
		t.Fatalf("got %d\n%s\n%s", code, stdout, stderr)
	}
	arr := func() string {
		t.Helper()
		_, stdout, _ := execute(t, "kpi", "arr", "--as-of", "2024-06-30", "--format", "csv")
		return stdout
	}
	before := arr()
	dir := enginetest.SmallDisk(t, 160)
	folder(t, filepath.Join(dir, "restored"))
	fill(t, filepath.Join(dir, "ballast"), 1<<20)
	code, _, stderr := execute(t, "restore", "--no-erasures", file)
	if code != exitProblem || !strings.Contains(stderr, "space") {
		t.Errorf("restore onto a full disk: got %d, %s", code, stderr)
	}
	if err := os.Remove(filepath.Join(dir, "ballast")); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := execute(t, "restore", "--no-erasures", file); code != exitOK {
		t.Fatalf("restore again: got %d\n%s\n%s", code, stdout, stderr)
	}
	if after := arr(); after != before || after == "" {
		t.Errorf("the restored company has\n%s\nwant\n%s", after, before)
	}
	sound(t)
}
