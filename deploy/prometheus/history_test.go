package prometheus_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"cskpi/dashboards"
	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/history/prom"
	"cskpi/exporter/store"
	"cskpi/queries"
)

// liveOnly are the metrics that boards and rules read and that the written history does not have, by what their names begin with, with the reason.
var liveOnly = map[string]string{
	"up":                                  "whether a scrape succeeded; nobody scraped then",
	"cs_exporter_build_info":              "the program that runs now",
	"cs_exporter_engine_":                 "the engine process that runs now",
	"cs_exporter_disk_":                   "the disk as it is now",
	"cs_exporter_damaged_parts":           "the stored data as it is now",
	"cs_exporter_parts_checked_timestamp": "the stored data as it is now",
	"cs_exporter_backup_timestamp":        "the stored data as it is now",
	"cs_exporter_rollup_":                 "work of the process that runs now",
	"cs_exporter_query_success":           "a run of the process that runs now",
	"cs_exporter_query_age_seconds":       "a run of the process that runs now",
	"cs_exporter_query_max_age_seconds":   "a run of the process that runs now",
	"cs_exporter_query_duration_seconds":  "a run of the process that runs now",
	"cs_exporter_query_failures_total":    "a run of the process that runs now",
	"cs_exporter_query_rejected_rows":     "a run of the process that runs now",
	"cs_exporter_query_series":            "a run of the process that runs now",
	"cs_history_":                         "work of the process that runs now",
	"cs_intake_":                          "requests to the process that runs now",
}

// TestHistory: every metric that boards and rules read is in the history that is written for past days, or there is a reason why it cannot be.
func TestHistory(t *testing.T) {
	read := map[string]string{} // metrics, by where they are read
	metric := regexp.MustCompile(`\b(?:cs_[a-z0-9_]+|up)\b(?:\{|\)|\[|,| |$)`)
	reads := func(where, expr string) {
		for _, m := range metric.FindAllString(expr, -1) {
			read[strings.TrimRight(m, "{)[, ")] = where
		}
	}
	for _, language := range dashboards.Languages() {
		boards, err := dashboards.All(language)
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range boards {
			var board any
			if err := json.Unmarshal(b.JSON, &board); err != nil {
				t.Fatal(err)
			}
			eachString(board, "", func(key, text string) {
				if key == "expr" || key == "query" {
					reads(b.UID, text)
				}
			})
		}
	}
	recorded := map[string]bool{}
	for _, r := range slices.Concat(rules(t, "recording.yml"), rules(t, "alerts.yml")) {
		recorded[r.Record] = true
		reads(r.Record+r.Alert, r.Expr)
		for _, text := range r.Annotations {
			for _, m := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(text, -1) {
				reads(r.Alert, m[1])
			}
		}
	}
	if len(read) < 60 {
		t.Fatalf("only %d metrics are read", len(read))
	}
	written := writtenHistory(t)
	reasons := map[string]bool{}
	for name, where := range read {
		family := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
		if written[name] || written[family] {
			continue
		}
		found := false
		for live := range liveOnly {
			if strings.HasPrefix(name, live) {
				found, reasons[live] = true, true
			}
		}
		if !found {
			t.Errorf("%s reads %s, which the history of past days does not have", where, name)
		}
	}
	for live := range liveOnly {
		if !reasons[live] {
			t.Errorf("%s is declared to be live only, but nothing reads it, or it is in the history", live)
		}
	}
}

// eachString calls f with all strings in what JSON has, and their keys.
func eachString(of any, key string, f func(key, text string)) {
	switch of := of.(type) {
	case string:
		f(key, of)
	case []any:
		for _, x := range of {
			eachString(x, key, f)
		}
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(of)) {
			eachString(of[k], k, f)
		}
	}
}

// writtenHistory are the metrics of a history in which every KPI has a value on one day.
func writtenHistory(t *testing.T) map[string]bool {
	t.Helper()
	conn := enginetest.Conn(t)
	if err := store.Migrate(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	catalogue, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Install(t.Context(), conn, catalogue); err != nil {
		t.Fatal(err)
	}
	day := time.Date(2020, 2, 3, 0, 0, 0, 0, time.UTC)
	const none, one = "([], [], 0, map(), 0)", "([1, inf], [1, 4], 7.5, map(), 0)"
	var values, runs []string
	for _, q := range catalogue.KPIs() {
		runs = append(runs, fmt.Sprintf("('%s', '2020-02-03', now64(3))", q.Name))
		for _, c := range q.Of(queries.Gauge) {
			values = append(values, fmt.Sprintf("('%s', '%s', map(), '2020-02-03', 1, %s, '2020-02-04')", q.Name, c.Name, none))
		}
		for _, c := range q.Of(queries.Histogram) {
			values = append(values, fmt.Sprintf("('%s', '%s', map(), '2020-02-03', null, %s, '2020-02-04')", q.Name, c.Name, one))
		}
	}
	t.Cleanup(func() {
		for _, table := range []string{"kpi_daily", "kpi_runs"} {
			if err := conn.Exec(context.Background(), "truncate table "+table); err != nil {
				t.Error(err)
			}
		}
	})
	for _, insert := range []string{
		"insert into kpi_daily (view, column, labels, as_of, value, distribution, computed_at) values " + strings.Join(values, ", "),
		"insert into kpi_runs (view, as_of, computed_at) values " + strings.Join(runs, ", "),
	} {
		if err := conn.Exec(t.Context(), insert); err != nil {
			t.Fatal(err)
		}
	}
	dir := t.TempDir()
	plan := prom.Plan{
		Source: prom.Stored{DB: conn, Catalogue: catalogue, Labels: []prom.Label{{Name: "job", Value: "cskpi"}}, Zone: time.UTC},
		Zone:   time.UTC, From: day, To: day, Until: day.AddDate(0, 0, 1), Every: 24 * time.Hour, Forms: prom.Forms{Classic: true},
	}
	if _, err := prom.WriteOpenMetrics(t.Context(), plan, dir, nil, prom.Restated{}, func(prom.Progress) {}); err != nil {
		t.Fatal(err)
	}
	written := map[string]bool{}
	for _, file := range files(t, filepath.Join(dir, "*.openmetrics")) {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if fields := strings.Fields(lines.Text()); len(fields) > 2 && fields[1] == "TYPE" {
				written[fields[2]] = true
			}
		}
	}
	return written
}
