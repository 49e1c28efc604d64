package main

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// contractsPart is the folder of the one part of contracts in the data folder.
func contractsPart(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("CSKPI_DATA_DIR")
	var record struct {
		Tables map[string]struct {
			UUID  string
			Parts map[string]any
		}
	}
	if err := json.Unmarshal(readFile(t, filepath.Join(dir, "parts.json")), &record); err != nil {
		t.Fatal(err)
	}
	found := ""
	for part := range record.Tables["stored_contracts"].Parts {
		err := filepath.WalkDir(dir, func(path string, _ os.DirEntry, err error) error {
			if err == nil && strings.HasSuffix(path, record.Tables["stored_contracts"].UUID+"/"+part) {
				found = path
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found == "" {
		t.Fatalf("the record has no part of contracts that is in the folder: %+v", record.Tables["stored_contracts"])
	}
	return found
}

// TestDamagedData follows one life of a service whose engine loses all contracts: from the alarm to the loss that is accepted.
func TestDamagedData(t *testing.T) {
	facts(t)
	s := start(t, "serve")
	s.waitFor(t, "/-/ready", http.StatusOK, "")
	metrics := s.waitFor(t, "/metrics", http.StatusOK, "cs_arr_amount{segment=")
	for _, want := range []string{`cs_exporter_damaged_parts{table="stored_contracts"} 0`, `cs_exporter_damaged_parts{table="stored_usage_events"} 0`, "cs_exporter_parts_checked_timestamp_seconds ", "cs_exporter_disk_free_bytes ", "cs_exporter_disk_size_bytes "} {
		if !strings.Contains(metrics, want) {
			t.Errorf("there is no %s: %s", want, grep(metrics, "cs_exporter_"))
		}
	}
	arr := grep(metrics, "cs_arr_amount{")
	part, away := contractsPart(t), filepath.Join(t.TempDir(), "away")
	lose := func() {
		t.Helper()
		if err := os.Rename(part, away); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(enginePID(t), syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
	}
	lose()
	metrics = s.waitFor(t, "/metrics", http.StatusOK, `cs_exporter_damaged_parts{table="stored_contracts"} 1`)
	if got := grep(metrics, "cs_arr_amount{"); got != arr {
		t.Errorf("the values are now\n%s\nand were\n%s", got, arr)
	}
	s.waitFor(t, "/", http.StatusOK, "Stored data is damaged")
	if log := s.stderr.String(); !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "table=stored_contracts") || !strings.Contains(log, filepath.Base(part)) {
		t.Errorf("the log does not name the part: %s", grep(log, "level=ERROR"))
	}
	if code, stdout, stderr := execute(t, "kpi", "arr"); code != exitProblem || stdout != "" || !strings.Contains(stderr, "stored_contracts, part "+filepath.Base(part)) {
		t.Errorf("kpi: got %d\n%s\n%s", code, stdout, stderr)
	}
	if code, stdout, stderr := execute(t, "backfill"); code != exitProblem || !strings.Contains(stderr, "backfill: stored data is damaged") && !strings.Contains(stderr, "cskpi: stored data is damaged") {
		t.Errorf("backfill: got %d\n%s\n%s", code, stdout, stderr)
	}
	file := filepath.Join(t.TempDir(), "damaged.backup")
	if code, stdout, stderr := execute(t, "backup", file); code != exitProblem || !strings.Contains(stderr, "backup: stored data is damaged") {
		t.Errorf("backup: got %d\n%s\n%s", code, stdout, stderr)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("a backup of damaged data was written: %v", err)
	}
	if code, stdout, _ := execute(t, "check"); code != exitProblem || !strings.Contains(stdout, "stored_contracts, part "+filepath.Base(part)) || !strings.Contains(stdout, "--accept-loss") {
		t.Errorf("check: got %d\n%s", code, stdout)
	}
	if code := s.stop(); code != exitOK {
		t.Errorf("stopped with %d\n%s", code, s.stderr)
	}

	s = start(t, "serve")
	metrics = s.waitFor(t, "/metrics", http.StatusOK, `cs_exporter_query_success{query="arr"} 0`)
	if got := grep(metrics, "cs_arr_amount{"); got != arr {
		t.Errorf("after a restart the values are\n%s\nand of before the damage they were\n%s", got, arr)
	}
	if got := grep(metrics, `cs_exporter_query_age_seconds{query="arr"}`); !strings.Contains(got, " ") {
		t.Errorf("their age is %q", got)
	}
	if code, stdout, stderr := execute(t, "check", "--accept-loss", "contracts"); code != exitOK || !strings.Contains(stdout, filepath.Base(part)) {
		t.Errorf("check --accept-loss: got %d\n%s\n%s", code, stdout, stderr)
	}
	if code, stdout, stderr := execute(t, "kpi", "arr"); code != exitOK {
		t.Errorf("kpi after the loss was accepted: got %d\n%s\n%s", code, stdout, stderr)
	}
}
