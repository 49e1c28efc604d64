package main

import (
	"encoding/csv"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// cells reads what --format csv prints, without the header.
func cells(t *testing.T, text string) [][]string {
	t.Helper()
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(rows) == 0 {
		t.Fatalf("%v in %q", err, text)
	}
	return rows[1:]
}

// sameNumbers reports whether two rows are the same but for how numbers are written.
func sameNumbers(a, b []string) bool {
	return slices.EqualFunc(a, b, func(x, y string) bool {
		f, err1 := strconv.ParseFloat(x, 64)
		g, err2 := strconv.ParseFloat(y, 64)
		return x == y || err1 == nil && err2 == nil && f == g
	})
}

// TestBackfill: past days are kept, and told as they are and as they were known; a late correction moves them, and that can be seen.
func TestBackfill(t *testing.T) {
	facts(t)
	beside(t)
	backfill := func(want string, args ...string) {
		t.Helper()
		code, stdout, stderr := execute(t, append([]string{"backfill", "--from", "2024-06-01", "--to", "2024-06-14", "--kpi", "arr", "--kpi", "nrr"}, args...)...)
		if code != exitOK || stdout != "" || !strings.Contains(stderr, want) {
			t.Fatalf("got %d, %s, %s; want %s", code, stdout, stderr, want)
		}
	}
	printed := func(args ...string) [][]string {
		t.Helper()
		code, stdout, stderr := execute(t, append([]string{"kpi", "--format", "csv"}, args...)...)
		if code != exitOK {
			t.Fatalf("%q: got %d, %s", args, code, stderr)
		}
		return cells(t, stdout)
	}
	backfill("14 days of 2 KPIs computed (28 in all) in ")
	backfill("Nothing to do from 2024-06-01 to 2024-06-14: 28 days of KPIs are stored and hold.")
	time.Sleep(time.Second) // the instant below has whole seconds
	known := time.Now().UTC().Format("2006-01-02T15:04:05Z")
	if code, _, stderr := execute(t, "kpi", "arr", "--as-of", "2024-06-10", "--known-at", "2024-06-11"); code != exitProblem || !strings.Contains(stderr, "nothing was known of arr at 2024-06-10 by 2024-06-11 23:59:59 UTC: it was first computed on 20") {
		t.Errorf("before it was computed: got %d, %s", code, stderr)
	}
	if code, _, stderr := execute(t, "kpi", "arr", "--as-of", "2024-05-10", "--known-at", known); code != exitProblem || !strings.Contains(stderr, "cskpi backfill") {
		t.Errorf("of a day that nobody computed: got %d, %s", code, stderr)
	}
	time.Sleep(time.Second)

	before := printed("arr", "--as-of", "2024-06-10")
	file := filepath.Join(t.TempDir(), "contracts.csv")
	writeFile(t, file, strings.Replace(strings.Join(strings.SplitAfter(contractsCSV, "\n")[:1], "")+"c2,acme,suite,160000.5,USD,2024-01-01,2025-01-01\n", "\n\n", "\n", 1))
	if code, _, stderr := execute(t, "import", file); code != exitOK {
		t.Fatalf("got %d, %s", code, stderr)
	}
	after := printed("arr", "--as-of", "2024-06-10")
	if slices.EqualFunc(before, after, slices.Equal) {
		t.Fatal("the correction corrects nothing")
	}
	// A series takes no day from where it is kept that no longer holds.
	for _, row := range printed("arr", "--from", "2024-06-10", "--to", "2024-06-10") {
		if !slices.ContainsFunc(after, func(r []string) bool { return sameNumbers(r, row[1:]) }) {
			t.Errorf("the series has %q", row)
		}
	}
	backfill("Restated: ")
	for what, want := range map[string][][]string{known: before, time.Now().UTC().Add(time.Second).Format(time.RFC3339): after} {
		if got := printed("arr", "--as-of", "2024-06-10", "--known-at", what); !slices.EqualFunc(got, want, sameNumbers) {
			t.Errorf("known at %s: got %q, want %q", what, got, want)
		}
	}
	restated := printed("kpi_restatements", "--as-of", "2024-06-10")
	if !slices.ContainsFunc(restated, func(r []string) bool {
		line := strings.Join(r, " ")
		return strings.HasPrefix(line, `arr amount {"segment":"high"} `) && strings.Contains(line, " 150000.5 160000.5 ") && strings.Contains(line, `facts [["contracts",1,"2024-01-01`)
	}) {
		t.Errorf("the restatement is not told: %q", restated[:min(3, len(restated))])
	}

	// By weeks, and by months from the last of one: each as by itself.
	series := printed("nrr", "--from", "2024-02-29", "--step", "1m", "--to", "2024-06-30")
	days := map[string]int{}
	for _, row := range series {
		days[row[0]]++
	}
	if got := fmt.Sprint(days); got != "map[2024-02-29:18 2024-03-31:18 2024-04-30:18 2024-05-31:18 2024-06-30:18]" {
		t.Errorf("days are %s", got)
	}
	for _, on := range []string{"2024-02-29", "2024-06-30"} {
		want := printed("nrr", "--as-of", on)
		got := slices.DeleteFunc(slices.Clone(series), func(r []string) bool { return r[0] != on })
		if !slices.EqualFunc(got, want, func(a, b []string) bool { return sameNumbers(a[1:], b) }) {
			t.Errorf("%s: got %q, want %q", on, got, want)
		}
	}
	if rows := printed("nrr", "--from", "2024-06-01", "--to", "2024-06-14", "--step", "1w", "--where", "segment=high", "--where", "window=12m"); len(rows) != 2 {
		t.Errorf("by weeks: %q", rows)
	}

	for want, args := range map[string][]string{
		"give one of them":                     {"kpi", "arr", "--as-of", "2024-06-01", "--from", "2024-06-01"},
		"say with --from":                      {"kpi", "arr", "--step", "1d"},
		"is no step":                           {"kpi", "arr", "--from", "2024-06-01", "--step", "1x"},
		"is after the last day":                {"kpi", "arr", "--from", "2024-06-02", "--to", "2024-06-01"},
		"account_states is no KPI":             {"kpi", "account_states", "--from", "2024-06-02"},
		"is no time":                           {"kpi", "arr", "--known-at", "yesterday"},
		`has no label "colour"; it has: segme`: {"kpi", "arr", "--from", "2024-06-02", "--where", "colour=red"},
		`there is no KPI "nothing"`:            {"backfill", "--kpi", "nothing"},
		"has not closed yet":                   {"backfill", "--to", "2999-01-01"},
		"--from 2024-06-02 is after":           {"backfill", "--from", "2024-06-02", "--to", "2024-06-01"},
		"at least one":                         {"backfill", "--parallel", "0"},
	} {
		if code, _, stderr := execute(t, args...); code != exitUsage || !strings.Contains(stderr, want) {
			t.Errorf("%q: got %d, %s", args, code, stderr)
		}
	}
}

// TestNewDefinition: what a new definition of a KPI makes of past days is printed when they are computed, and later again.
func TestNewDefinition(t *testing.T) {
	facts(t)
	overlay := t.TempDir()
	t.Setenv("CSKPI_QUERIES_DIR", overlay)
	beside(t)
	backfill := func(factor, flag string) (stdout, stderr string) {
		t.Helper()
		writeFile(t, filepath.Join(overlay, "own.sql"), "-- Own.\n--\n-- Columns:\n--   day     key   Day.\n--   segment label Segment.\n--   amount  gauge Amount.\n\nselect day, segment, amount * "+factor+" as amount from arr\n")
		code, stdout, stderr := execute(t, "backfill", "--from", "2024-06-01", "--to", "2024-06-02", "--kpi", "own", flag)
		if code != exitOK {
			t.Fatalf("got %d, %s", code, stderr)
		}
		return stdout, stderr
	}
	if stdout, stderr := backfill("1", "--recompute=false"); stdout != "" || !strings.Contains(stderr, "for the first time") {
		t.Fatalf("first: %s, %s", stdout, stderr)
	}
	if stdout, stderr := backfill("1", "--changes"); stdout != "" || stderr != "No value of a past day was changed by a new definition.\n" {
		t.Errorf("nothing has changed: %s, %s", stdout, stderr)
	}
	changed, stderr := backfill("2", "--recompute=false")
	if !strings.Contains(stderr, "2 for other definitions") || !strings.Contains(changed, "own.amount") || !strings.Contains(changed, "segment=high") || !strings.Contains(changed, "300,001") {
		t.Errorf("a new definition: %s, %s", changed, stderr)
	}
	if stdout, _ := backfill("2", "--changes"); stdout != changed {
		t.Errorf("later: %s, want %s", stdout, changed)
	}
}

// TestBackfillKilled: a process that is killed in the middle leaves what it has done, and the next one goes on.
func TestBackfillKilled(t *testing.T) {
	facts(t)
	bin := binary(t)
	args := []string{"backfill", "--from", "2024-03-01", "--to", "2024-06-30", "--kpi", "arr", "--kpi", "nrr", "--kpi", "time_to_use", "--kpi", "health"}
	cmd := exec.CommandContext(t.Context(), bin, args...)
	var log output
	cmd.Stderr = &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	until(t, func() bool { // it has done something
		parts, err := filepath.Glob(filepath.Join(os.Getenv("CSKPI_DATA_DIR"), "engine", "data", "cs", "kpi_runs", "*_*_*"))
		return err == nil && len(parts) > 0
	})
	if err := cmd.Process.Signal(os.Kill); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil {
		t.Fatalf("it was done before it was killed: %s", log.String())
	}
	code, _, stderr := execute(t, args...)
	if code != exitOK || !strings.Contains(stderr, " for the first time.") || !strings.Contains(stderr, " were stored and hold.") || strings.Contains(stderr, "Restated") {
		t.Fatalf("got %d, %s", code, stderr)
	}
	if _, _, stderr := execute(t, args...); !strings.Contains(stderr, "Nothing to do from 2024-03-01 to 2024-06-30: 488 days of KPIs are stored and hold.") {
		t.Errorf("again: %s", stderr)
	}
	if code, stdout, stderr := execute(t, "kpi", "kpi_restatements", "--format", "csv"); code != exitOK || strings.Count(stdout, "\n") != 1 {
		t.Errorf("restated: %d, %s, %s", code, stdout, stderr)
	}
}

// TestServeFillsPastDays: a service computes past days, here yesterday, beside its work, tells how that goes, and leaves alone what it has done.
func TestServeFillsPastDays(t *testing.T) {
	facts(t)
	t.Setenv("CSKPI_HISTORY", "1d")
	s := start(t, "serve")
	metrics := s.waitFor(t, "/metrics", http.StatusOK, "cs_history_missing 0\n")
	if !strings.Contains(metrics, "cs_history_last_success_timestamp_seconds 0\n") {
		t.Logf("already done: %s", grep(metrics, "cs_history"))
	}
	until(t, func() bool { return strings.Contains(s.stderr.String(), "past days computed") })
	_, metrics = s.get(t, "/metrics")
	for _, want := range []string{"cs_history_missing 0\n", "cs_history_stale 0\n", "cs_history_restated_values_total 0\n", "cs_history_failures_total 0\n"} {
		if !strings.Contains(metrics, want) {
			t.Errorf("no %s in %s", want, grep(metrics, "cs_history"))
		}
	}
	yesterday := time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly)
	code, stdout, stderr := execute(t, "kpi", "arr", "--as-of", yesterday, "--known-at", time.Now().UTC().Add(time.Minute).Format(time.RFC3339), "--format", "csv")
	if code != exitOK || !strings.Contains(stdout, "high,") {
		t.Errorf("got %d, %s, %s", code, stdout, stderr)
	}
	if code := s.stop(); code != exitOK {
		t.Errorf("stopped with %d\n%s", code, s.stderr)
	}
}
