package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cskpi/exporter/engine/enginetest"
)

// TestHistory: past days that backfill keeps, as blocks under a real Prometheus that scrapes serve, are what was scraped: the
// same series, and the values that kpi prints.
func TestHistory(t *testing.T) {
	facts(t)
	t.Setenv("CSKPI_HISTORY", "off") // backfill does it
	dir, blocks := t.TempDir(), filepath.Join(t.TempDir(), "cskpi-blocks")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", blocks, ".")
	build.Dir = filepath.Join(root, "cmd/cskpi-blocks")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	// Of all KPIs, package history says that what is kept is what is served.
	kpis := []string{"nrr", "nrr_definitions", "grr", "lifecycle", "time_to_use", "churn_reasons"}
	of := []string{"--kpi", strings.Join(kpis, ",")}
	history := func(want int, args ...string) string {
		t.Helper()
		code, stdout, stderr := execute(t, slices.Concat([]string{"history"}, args, of)...)
		if code != want || stdout != "" {
			t.Fatalf("history %q: got %d, want %d\n%s%s", args, code, want, stdout, stderr)
		}
		return stderr
	}
	if said := history(exitProblem, "blocks", dir, "--tool", blocks); !strings.Contains(said, "cskpi backfill") {
		t.Errorf("without history: %s", said)
	}
	s := start(t, "serve")
	s.waitFor(t, "/-/ready", http.StatusOK, "")
	yesterday := time.Now().UTC().AddDate(0, 0, -1).Truncate(24 * time.Hour)
	day := func(n int) string { return yesterday.AddDate(0, 0, -n).Format(time.DateOnly) }
	backfill := func() {
		t.Helper()
		if code, _, stderr := execute(t, append([]string{"backfill", "--from", day(3)}, of...)...); code != exitOK {
			t.Fatal(stderr)
		}
	}
	backfill()
	for said, args := range map[string][]string{
		"has not come yet":        {"blocks", dir, "--to", day(-2)},
		"there is no KPI":         {"blocks", dir, "--kpi", "nonsense"},
		"no name of a further":    {"blocks", dir, "--label", "job=x"},
		"give whole seconds":      {"blocks", dir, "--every", "1ms"},
		"there are no days":       {"openmetrics", dir, "--from", day(0), "--to", day(2)},
		"--token-file, or --user": {"push", "http://localhost", "--user", "x"},
		"is no URL":               {"push", "localhost"},
		"no such folder":          {"push", "http://localhost", "--journal", filepath.Join(dir, "nowhere", "journal")},
	} {
		if code, _, stderr := execute(t, slices.Concat([]string{"history"}, args, of, map[bool][]string{true: {"--tool", blocks}}[args[0] == "blocks"])...); code == exitOK || !strings.Contains(stderr, said) {
			t.Errorf("history %q: got %d, %s; want %q", args, code, stderr, said)
		}
	}
	if said := history(exitProblem, "openmetrics", dir, "--from", day(9)); !strings.Contains(said, "have not been computed from "+day(9)) {
		t.Errorf("days that are missing: %s", said)
	}
	// Two steps, as on two days.
	if said := history(exitOK, "blocks", dir, "--tool", blocks, "--instance", "here:1", "--to", day(1)); !strings.Contains(said, "blocks written") {
		t.Error(said)
	}
	if said := history(exitOK, "blocks", dir, "--tool", blocks, "--instance", "here:1"); !strings.Contains(said, "1 blocks written") && !strings.Contains(said, "2 blocks written") {
		t.Error(said)
	}
	if said := history(exitOK, "blocks", dir, "--tool", blocks, "--instance", "here:1", "--to", day(0)); !strings.Contains(said, "0 blocks written") {
		t.Error(said)
	}
	if said := history(exitProblem, "blocks", dir, "--tool", blocks, "--instance", "there:1"); !strings.Contains(said, "about another export") {
		t.Error(said)
	}

	written := time.Now()
	prometheus := prometheusOn(t, dir, s.url, "here:1", "")
	ask := func(query string, at time.Time) map[string]float64 {
		t.Helper()
		return prometheus.values(t, query, at)
	}
	ours := `{job="cskpi",__name__=~"cs_(` + strings.Join(kpis, "|") + `)_.+"}`
	var live map[string]float64
	until(t, func() bool {
		live = ask(ours, time.Now())
		return len(live) > 50 && len(live) == len(ask(ours, time.Now()))
	})
	noon := yesterday.Add(12 * time.Hour)
	kept := ask(ours, noon)
	for labels := range live {
		if _, found := kept[labels]; !found {
			t.Errorf("history lacks %s", labels)
		}
	}
	for labels := range kept {
		if _, found := live[labels]; !found {
			t.Errorf("the scrape lacks %s", labels)
		}
	}
	// Between the last midnight and the first scrape there is no gap, and what there is is what was scraped then.
	if before := ask(ours, written); fmt.Sprint(before) != fmt.Sprint(live) && written.Truncate(24*time.Hour).Equal(yesterday.AddDate(0, 0, 1)) {
		for labels, v := range live {
			if got, found := before[labels]; !found || got != v {
				t.Errorf("just before the first scrape, %s is %v (%t), and %v then", labels, got, found, v)
			}
		}
		t.Errorf("just before the first scrape there are %d series, and %d then", len(before), len(live))
	}
	// Each value of the day is what kpi prints, to the last bit.
	for _, name := range []string{"nrr", "lifecycle", "churn_reasons"} {
		_, printed, _ := execute(t, "kpi", name, "--as-of", day(0), "--format", "json")
		var rows []map[string]any
		if err := json.Unmarshal([]byte(printed), &rows); err != nil {
			t.Fatal(err)
		}
		compared := 0
		for _, row := range rows {
			labels := map[string]string{"job": "cskpi", "instance": "here:1"}
			for column, v := range row {
				if text, ok := v.(string); ok && text != "" {
					labels[column] = text
				}
			}
			for column, v := range row {
				number, ok := v.(float64)
				if !ok {
					continue
				}
				labels["__name__"] = "cs_" + name + "_" + column
				key, _ := json.Marshal(labels)
				compared++
				if got, found := kept[string(key)]; !found || got != number {
					t.Errorf("%s is %v in Prometheus (%t), and kpi prints %v", key, got, found, number)
				}
			}
		}
		if compared == 0 {
			t.Errorf("%s has nothing to compare", name)
		}
	}

	// The same through remote write, which is taken as far back as the window goes.
	for window, want := range map[string]int{"30d": exitOK, "2d": exitProblem} {
		fresh := prometheusOn(t, t.TempDir(), s.url, "here:1", "storage: {tsdb: {out_of_order_time_window: "+window+"}}")
		until(t, func() bool { return len(fresh.values(t, ours, time.Now())) > 50 })
		said := history(want, "push", fresh.url, "--instance", "here:1", "--every", "1h", "--keep-going")
		m := regexp.MustCompile(`([\d,]+) samples written in [\d,]+ requests, ([\d,]+) refused`).FindStringSubmatch(said)
		if m == nil || (m[2] == "0") != (want == exitOK) || m[1] == "0" {
			t.Errorf("window %s: %s", window, said)
		}
		if got := fresh.values(t, ours, noon); want == exitOK && fmt.Sprint(got) != fmt.Sprint(kept) {
			t.Errorf("remote write has given %d series, blocks %d", len(got), len(kept))
		}
	}

	// A fact that comes late changes days that were written: blocks stay, with a word, and files are written again.
	files := t.TempDir()
	history(exitOK, "openmetrics", files, "--every", "24h")
	late := filepath.Join(t.TempDir(), "contracts.csv")
	writeFile(t, late, "contract_id,account_id,product,acv,currency,starts_on,ends_before\nlate,acme,suite,777,USD,"+day(1)+",\n")
	if code, _, stderr := execute(t, "import", late); code != exitOK {
		t.Fatal(stderr)
	}
	backfill()
	if said := history(exitOK, "blocks", dir, "--tool", blocks, "--instance", "here:1", "--to", day(0)); !strings.Contains(said, "6 days of KPIs have been restated since they were written, lifecycle on "+day(1)) ||
		!strings.Contains(said, "0 blocks written") {
		t.Error(said)
	}
	if said := history(exitOK, "openmetrics", files, "--every", "24h"); !strings.Contains(said, "their months are written again") || strings.Contains(said, "0 files") {
		t.Error(said)
	}
	if said := history(exitOK, "openmetrics", files, "--every", "24h", "--to", day(0)); strings.Contains(said, "restated") || !strings.Contains(said, "0 files") {
		t.Error(said)
	}

	// What a receiver asks for is sent.
	token := filepath.Join(t.TempDir(), "token")
	writeFile(t, token, "sesame\n")
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer sesame" || r.Header.Get("X-Scope-OrgID") != "cs" || r.URL.Path != "/api/v1/push" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		http.Error(w, "not today", http.StatusUnauthorized)
	}))
	defer refusing.Close()
	if said := history(exitProblem, "push", refusing.URL+"/api/v1/push", "--token-file", token, "--header", "X-Scope-OrgID=cs"); !strings.Contains(said, "not today; give a token") {
		t.Error(said)
	}
}

// TestBlocksModule: the program that writes blocks has the Prometheus that the tests run.
func TestBlocksModule(t *testing.T) {
	pinned := regexp.MustCompile(`github\.com/prometheus/prometheus (v\S+)`)
	var versions []string
	for _, dir := range []string{"deploy/tools", "cmd/cskpi-blocks"} {
		text := readFile(t, filepath.Join(root, dir, "go.mod"))
		m := pinned.FindSubmatch(text)
		if m == nil || strings.Contains(string(text), "replace ") {
			t.Fatalf("%s/go.mod pins no Prometheus, or replaces something", dir)
		}
		versions = append(versions, string(m[1]))
	}
	if versions[0] != versions[1] {
		t.Errorf("deploy/tools has Prometheus %s and cmd/cskpi-blocks %s", versions[0], versions[1])
	}
}

// prometheusOn runs a Prometheus on a folder that scrapes target.
func prometheusOn(t *testing.T, data, target, instance, storage string) *process {
	t.Helper()
	config := filepath.Join(t.TempDir(), "prometheus.yml")
	writeFile(t, config, fmt.Sprintf(`
global: {scrape_interval: 1s}
%s
scrape_configs:
  - job_name: cskpi
    scrape_native_histograms: true
    always_scrape_classic_histograms: true
    static_configs: [{targets: [%q], labels: {instance: %q}}]
`, storage, strings.TrimPrefix(target, "http://"), instance))
	cmd := exec.CommandContext(t.Context(), enginetest.Tool(t, "prometheus"), "--config.file="+config, "--storage.tsdb.path="+data,
		"--storage.tsdb.retention.time=5y", "--web.enable-remote-write-receiver", "--web.listen-address=127.0.0.1:0")
	p := &process{stderr: new(output)}
	cmd.Stderr = p.stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	until(t, func() bool {
		m := regexp.MustCompile(`address=(127\.0\.0\.1:[1-9]\d*)`).FindStringSubmatch(p.stderr.String())
		if m != nil {
			p.url = "http://" + m[1]
		}
		return m != nil
	})
	p.waitFor(t, "/-/ready", http.StatusOK, "")
	return p
}

// values asks a Prometheus: values by labels; of a native histogram how many observations it has.
func (p *process) values(t *testing.T, query string, at time.Time) map[string]float64 {
	t.Helper()
	_, text := p.get(t, "/api/v1/query?"+url.Values{"query": {query}, "time": {strconv.FormatFloat(float64(at.UnixMilli())/1000, 'f', 3, 64)}}.Encode())
	var answer struct {
		Data struct {
			Result []struct {
				Metric    map[string]string
				Value     [2]any
				Histogram []any
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &answer); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	found := map[string]float64{}
	for _, r := range answer.Data.Result {
		labels, _ := json.Marshal(r.Metric)
		if r.Histogram != nil {
			r.Value = [2]any{0, r.Histogram[1].(map[string]any)["count"]}
			labels = append(labels, " native"...)
		}
		v, err := strconv.ParseFloat(r.Value[1].(string), 64)
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := found[string(labels)]; twice {
			t.Errorf("%s is there twice", labels)
		}
		found[string(labels)] = v
	}
	return found
}
