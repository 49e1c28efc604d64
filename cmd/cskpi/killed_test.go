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
	"cskpi/exporter/engine/enginetest"
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
	count := func(of string) string { return "(select toString(count()) from cs." + of + ")" }
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
		return text("select concat(" + of("accounts") + ", ' ', " + of("contracts") + ", ' ', " + of("usage_events") + ")")
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
					"insert into cs.accounts (account_id, source, updated_at) values ('%s', 's', now64(3))",
					"insert into cs.contracts (contract_id, account_id, acv, starts_on, source, updated_at) select toString(number), '%s', 1, '2024-01-01', 's', now64(3) from numbers(100)",
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
				return text("select concat(" + count("accounts"+of) + ", ' ', " + count("contracts"+of) + ", ' ', " + count("kpi_daily where labels['account'] = '"+account(round)+"'") + ")")
			},
			none: "1 100 1", all: "0 0 0", resumed: true,
		}, {
			name: "settings set", args: func(round string) []string {
				return []string{"settings", "set", "segment_low_arr", "7000", "--from", day(round)}
			},
			state: func(round string) string {
				return text("select " + count("settings final where name = 'segment_low_arr' and value = '7000' and starts_on = '"+day(round)+"'"))
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
				if err := conn.Exec(t.Context(), "insert into cs.feedback (feedback_id, account_id, kind, created_on, source, updated_at) values ('"+round+"', 'a', 'use_case_share', '2024-01-01', 's', now64(3))"); err != nil {
					t.Fatal(err)
				}
				if code, _, stderr := execute(t, "check", "--accept-loss", "feedback"); code != exitUsage {
					t.Fatalf("got %d, %s", code, stderr)
				}
				path := text("select path from system.parts where database = 'cs' and table = 'feedback' and active order by modification_time desc limit 1")
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
				if _, there := record.Tables["feedback"].Parts[lost[round]]; there {
					return "lost"
				}
				return "accepted"
			},
			none: "lost", all: "accepted", once: true,
		},
	}
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

// TestKilled kills each command that writes, alone and together with the engine, at random moments.
func TestKilled(t *testing.T) {
	facts(t)
	e := beside(t)
	conn, err := clickhouse.Open(e.Options())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	bin := binary(t)
	rounds := 2
	if text := os.Getenv("CSKPI_TEST_SOAK"); text != "" {
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
				for _, claims := range []string{"usage_claims", "history_claims"} {
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

// TestDiskFull lets each command that writes run into a disk that is full or nearly so.
func TestDiskFull(t *testing.T) {
	facts(t)
	dir := enginetest.SmallDisk(t, 160)
	if err := os.CopyFS(filepath.Join(dir, "data"), os.DirFS(os.Getenv("CSKPI_DATA_DIR"))); err != nil {
		t.Fatal(err)
	}
	folder(t, filepath.Join(dir, "data"))
	e := beside(t)
	conn, err := clickhouse.Open(e.Options())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
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
