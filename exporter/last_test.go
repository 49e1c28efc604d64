package exporter_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cskpi/exporter"
)

// TestLast: after a restart the last results are served with their age until there are others, but not where they stand on something else, are of another
// day or too old, and whatever the file holds is nothing to fear.
func TestLast(t *testing.T) {
	now, up := time.Date(2024, 6, 3, 9, 0, 0, 0, time.UTC), true
	o, db := companyOptions(&now, &up)
	e := newExporter(t, db, o)
	_ = e.Refresh(t.Context()) // some queries of the company fail
	file := filepath.Join(t.TempDir(), "last")
	if err := e.Keep(file, "facts of June"); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file has the mode %v, %v", info.Mode(), err)
	}
	kpis := func(e *exporter.Exporter) string {
		var lines []string
		for line := range strings.Lines(get(t, e, "/metrics").Body.String()) {
			if strings.HasPrefix(line, "cs_") && !strings.HasPrefix(line, "cs_exporter_") {
				lines = append(lines, line)
			}
		}
		return strings.Join(lines, "")
	}
	want := kpis(e)
	if strings.Count(want, "\n") < 10 {
		t.Fatalf("the company has only %s", want)
	}
	asked, _ := db.total()
	restarted := func(stands string) *exporter.Exporter {
		t.Helper()
		last, err := exporter.ReadLast(file, stands)
		if err != nil {
			t.Fatal(err)
		}
		o.Last = last
		return newExporter(t, db, o)
	}
	none := strings.Count(kpis(newExporter(t, db, o)), "\n")

	now = now.Add(time.Minute)
	next := restarted("facts of June")
	if got := kpis(next); got != want {
		t.Errorf("after the restart there is\n%s\nwant\n%s", got, want)
	}
	page := get(t, next, "/metrics").Body.String()
	if !strings.Contains(page, "cs_exporter_query_age_seconds{query=\"nrr\"} 60\n") || !strings.Contains(page, "cs_exporter_query_runs_total{query=\"nrr\"} 0\n") {
		t.Errorf("the age of the results is not told: %s", page)
	}
	if got := get(t, next, "/-/ready").Code; got != 503 {
		t.Errorf("with results of before, the service is ready: %d", got)
	}
	if n, _ := db.total(); n != asked {
		t.Errorf("%d queries were asked", n-asked)
	}
	if got := strings.Count(kpis(restarted("facts without one who was erased")), "\n"); got != none {
		t.Errorf("results that stand on something else are served: %d lines, want %d", got, none)
	}
	for _, later := range []time.Duration{2 * time.Hour, 24 * time.Hour, -time.Hour} {
		before := now
		now = now.Add(later)
		if got := strings.Count(kpis(restarted("facts of June")), "\n"); got != none {
			t.Errorf("%s later there are %d lines, want %d", later, got, none)
		}
		now = before
	}
	if err := os.WriteFile(file, []byte("half a fi"), 0o600); err != nil {
		t.Fatal(err)
	}
	if last, err := exporter.ReadLast(file, "facts of June"); last != nil || err == nil {
		t.Errorf("of half a file: %v, %v", last, err)
	}
	if last, err := exporter.ReadLast(file+"x", "facts of June"); last != nil || err != nil {
		t.Errorf("of no file: %v, %v", last, err)
	}
}
