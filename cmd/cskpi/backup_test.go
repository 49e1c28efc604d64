package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"cskpi/exporter/config"
	"cskpi/exporter/engine"
	"cskpi/exporter/intake"
)

// numbers are KPIs by value, each of which stands on other tables.
func numbers(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	for _, name := range []string{"nrr", "usage"} {
		code, stdout, stderr := execute(t, "kpi", name, "--as-of", "2024-06-30", "--format", "csv")
		if code != exitOK {
			t.Fatalf("%s: got %d, %s", name, code, stderr)
		}
		all.WriteString(stdout)
	}
	return all.String()
}

// TestBackup: a company that is restored has the same numbers, but for what was erased after the backup.
func TestBackup(t *testing.T) {
	facts(t)
	original := os.Getenv("CSKPI_DATA_DIR")
	backup := filepath.Join(t.TempDir(), "company.backup")
	before := ""
	t.Run("original", func(t *testing.T) { // The engine ends with it.
		beside(t)
		usage := filepath.Join(t.TempDir(), "usage_events.csv")
		writeFile(t, usage, "event_id,account_id,user_id,event,ts\ne1,core,amy,x,2024-06-01\ne2,core,bob,x,2024-06-01\ne2,core,bob,y,2024-06-02\n")
		for _, args := range [][]string{{"import", usage}, {"settings", "set", "segment_low_arr", "7000"}, {"erase", "account", "bolt"}} {
			if code, stdout, stderr := execute(t, args...); code != exitOK {
				t.Fatalf("%q: got %d\n%s\n%s", args, code, stdout, stderr)
			}
		}
		before = numbers(t)
		if code, stdout, stderr := execute(t, "backup", backup); code != exitOK || !strings.Contains(stdout, "verified") {
			t.Fatalf("got %d\n%s\n%s", code, stdout, stderr)
		}
		if code, _, stderr := execute(t, "backup", backup); code != exitProblem || !strings.Contains(stderr, "--force") {
			t.Errorf("the same file again: got %d, %s", code, stderr)
		}
		if code, _, stderr := execute(t, "restore", backup); code != exitProblem || !strings.Contains(stderr, "stop it first") {
			t.Errorf("while another process serves: got %d, %s", code, stderr)
		}
	})
	if code, _, stderr := execute(t, "restore", backup); code != exitProblem || !strings.Contains(stderr, "never overwrites") {
		t.Errorf("over the original: got %d, %s", code, stderr)
	}

	t.Run("moved", func(t *testing.T) {
		folder(t, filepath.Join(t.TempDir(), "data"))
		if code, _, stderr := execute(t, "restore", backup); code != exitProblem || !strings.Contains(stderr, "--no-erasures") {
			t.Errorf("without the receipts of erasures: got %d, %s", code, stderr)
		}
		damaged := filepath.Join(t.TempDir(), "damaged.backup")
		content := readFile(t, backup)
		content[len(content)/2] ^= 1
		writeFile(t, damaged, string(content))
		if code, _, stderr := execute(t, "restore", "--no-erasures", damaged); code != exitProblem || !strings.Contains(stderr, "nothing was restored") {
			t.Errorf("a damaged file: got %d, %s", code, stderr)
		}
		if code, stdout, stderr := execute(t, "restore", "--erasures", filepath.Join(original, config.ReceiptsFile), backup); code != exitOK || !strings.Contains(stdout, "done again: 0") {
			t.Fatalf("got %d\n%s\n%s", code, stdout, stderr)
		}
		beside(t)
		if after := numbers(t); after != before {
			t.Errorf("the restored company has\n%s\nwant\n%s", after, before)
		}
		if kept, err := intake.ReadReceipts(filepath.Join(os.Getenv("CSKPI_DATA_DIR"), config.ReceiptsFile)); err != nil || len(kept) != 1 {
			t.Errorf("the folder has the receipts %v, %v; want the one of the original", kept, err)
		}
	})

	t.Run("erased since", func(t *testing.T) {
		folder(t, original)
		for _, args := range [][]string{{"erase", "account", "acme"}, {"erase", "user", "amy"}} {
			if code, _, stderr := execute(t, args...); code != exitOK {
				t.Fatalf("%q: got %d, %s", args, code, stderr)
			}
		}
		erased := numbers(t)
		if erased == before {
			t.Fatal("the erasure changed no number")
		}
		// The receipts stay where they are when the engine's data is lost.
		if err := os.RemoveAll(filepath.Join(original, "engine")); err != nil {
			t.Fatal(err)
		}
		killed(t, binary(t), backup)
		if code, stdout, stderr := execute(t, "restore", backup); code != exitOK || !strings.Contains(stdout, "done again: 2") {
			t.Fatalf("got %d\n%s\n%s", code, stdout, stderr)
		}
		beside(t)
		if after := numbers(t); after != erased {
			t.Errorf("the restored company has\n%s\nwant what was left after the erasures:\n%s", after, erased)
		}
	})
}

// killed kills restores in the middle. What they leave is used by no command, and the next restore begins anew.
func killed(t *testing.T, bin, backup string) {
	t.Helper()
	metadata := filepath.Join(os.Getenv("CSKPI_DATA_DIR"), "engine", "metadata")
	for _, made := range []string{"cs/half_restored.sql", "cs/kpi_daily.sql", "cs/backups.sql"} {
		restore := exec.CommandContext(t.Context(), bin, "restore", backup)
		var log output
		restore.Stderr = &log
		if err := restore.Start(); err != nil {
			t.Fatal(err)
		}
		until(t, func() bool {
			_, err := os.Stat(filepath.Join(metadata, made))
			return err == nil || restore.ProcessState != nil
		})
		if err := restore.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := restore.Wait(); err == nil {
			t.Fatalf("the restore was over before it was killed\n%s", log.String())
		}
	}
	if code, _, stderr := execute(t, "kpi", "arr"); code != exitProblem || !strings.Contains(stderr, "half restored") {
		t.Errorf("after a restore was killed: got %d, %s", code, stderr)
	}
}

// TestBackupKilled: a backup that is killed leaves no file of that name, and the next one works.
func TestBackupKilled(t *testing.T) {
	facts(t)
	beside(t)
	bin := binary(t)
	file := filepath.Join(t.TempDir(), "company.backup")
	for range 2 {
		backup := exec.CommandContext(t.Context(), bin, "backup", file)
		if err := backup.Start(); err != nil {
			t.Fatal(err)
		}
		until(t, func() bool {
			info, err := os.Stat(file + ".partial")
			return err == nil && info.Size() > 0
		})
		if err := backup.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := backup.Wait(); err == nil {
			t.Fatal("the backup was over before it was killed")
		}
		if _, err := os.Stat(file); err == nil {
			t.Error("a backup that was killed left a file")
		}
	}
	if code, stdout, stderr := execute(t, "backup", file); code != exitOK {
		t.Fatalf("got %d\n%s\n%s", code, stdout, stderr)
	}
}

// TestBackupOfServer: the same file moves a company from the local engine to a server. The metric tells when it was backed up.
func TestBackupOfServer(t *testing.T) {
	facts(t)
	file := filepath.Join(t.TempDir(), "company.backup")
	if code, stdout, stderr := execute(t, "backup", file); code != exitOK {
		t.Fatalf("got %d\n%s\n%s", code, stdout, stderr)
	}
	want := numbers(t)
	address, begin := server(t)
	begin()
	environment(t, "CSKPI_CLICKHOUSE_URL", address, "CSKPI_DATA_DIR", t.TempDir(), "CSKPI_LISTEN", "127.0.0.1:0", "CSKPI_ENGINE_LISTEN", "127.0.0.1:0")
	if code, stdout, stderr := execute(t, "restore", "--no-erasures", file); code != exitOK {
		t.Fatalf("got %d\n%s\n%s", code, stdout, stderr)
	}
	if got := numbers(t); got != want {
		t.Errorf("on the server the company has\n%s\nwant\n%s", got, want)
	}
	c, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	a := newApp(c, c.Logger(t.Output()), t.Output(), t.Output())
	catalogue, err := a.Load()
	if err != nil {
		t.Fatal(err)
	}
	d, err := a.Open(t.Context(), catalogue)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	recorded := func() (n uint64) {
		t.Helper()
		if err := d.Conn.QueryRow(t.Context(), "select count() from backups").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := recorded(); n > 0 {
		t.Errorf("a company that was never backed up here has %d backups", n)
	}
	if code, stdout, stderr := execute(t, "backup", file, "--force"); code != exitOK {
		t.Fatalf("got %d\n%s\n%s", code, stdout, stderr)
	}
	if n := recorded(); n != 1 {
		t.Errorf("%d backups are recorded, want 1", n)
	}
	t.Setenv("CSKPI_CLICKHOUSE_URL", "clickhouse://me@127.0.0.1:1")
	if code, _, stderr := execute(t, "backup", file, "--force"); code == exitOK || !strings.Contains(stderr, "http") {
		t.Errorf("by the native protocol: got %d, %s", code, stderr)
	}
}

// TestBackupExample does what deploy/BACKUP.md shows.
func TestBackupExample(t *testing.T) {
	_, section, found := strings.Cut(string(readFile(t, filepath.Join(root, "deploy/BACKUP.md"))), "<!-- backup -->\n```sh\n")
	section, _, closed := strings.Cut(section, "```\n<!-- end -->")
	if !found || !closed {
		t.Fatal("deploy/BACKUP.md has no example")
	}
	facts(t)
	library, err := engine.FindLibrary("")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("CSKPI_LIBCHDB", library)
	data := os.Getenv("CSKPI_DATA_DIR")
	t.Chdir(filepath.Dir(data)) // where the folder is called data
	last := ""
	for line := range strings.Lines(section) {
		args := strings.Fields(line)
		switch args[0] {
		case "#":
		case "export":
			name, value, _ := strings.Cut(args[1], "=")
			t.Setenv(name, value)
		case "bin/cskpi":
			code, stdout, stderr := execute(t, args[1:]...)
			if code != exitOK {
				t.Fatalf("%s: got %d\n%s", line, code, stderr)
			}
			last = stdout
		default:
			t.Fatalf("the example runs %q", line)
		}
	}
	if !strings.Contains(last, "opening_arr") { // TestBackup compares the numbers
		t.Errorf("the example ends with\n%s", last)
	}
}
