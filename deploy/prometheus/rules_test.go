// Package prometheus_test holds rules, their tests, the runbook and the catalogue of KPIs to each other.
package prometheus_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v2"

	"cskpi/exporter/engine/enginetest"
	"cskpi/queries"
)

// root is the repository, seen from this package.
const root = "../.."

// boards are those that alerts may link to.
var boards = []string{"cs-executive", "cs-retention", "cs-onboarding", "cs-health", "cs-coverage", "cs-expansion", "cs-voice", "cs-account", "cs-exporter"}

// watchdog is the alert that always fires.
const watchdog = "CSWatchdog"

// silentWithoutTarget are the alerts on KPIs that compare with nothing: what they tell is no matter of degree.
var silentWithoutTarget = []string{"CSAccountTurnedRed", "CSHealthUnknown", "CSOwnerLeft"}

type rule struct {
	Record, Alert, Expr string
	Labels, Annotations map[string]string
}

// rules are those of a file.
func rules(t *testing.T, file string) []rule {
	t.Helper()
	var f struct {
		Groups []struct{ Rules []rule }
	}
	parse(t, filepath.Join("rules", file), &f)
	var all []rule
	for _, g := range f.Groups {
		all = append(all, g.Rules...)
	}
	if len(all) < 20 {
		t.Fatalf("%s has only %d rules", file, len(all))
	}
	return all
}

func parse(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), enginetest.Tool(t, name), args...).CombinedOutput()
	if err != nil {
		t.Errorf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

func files(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(pattern)
	if err != nil || len(found) == 0 {
		t.Fatalf("there is no %s, %v", pattern, err)
	}
	return found
}

// TestCheck: promtool finds nothing, and nothing to warn of.
func TestCheck(t *testing.T) {
	run(t, "promtool", slices.Concat([]string{"check", "rules", "--lint=all", "--lint-fatal"}, files(t, "rules/*.yml"))...)
	run(t, "promtool", "check", "config", "prometheus.yml")
	var config struct {
		Storage struct {
			TSDB struct {
				Window string `yaml:"out_of_order_time_window"`
			}
		}
	}
	parse(t, "prometheus.yml", &config)
	compose, err := os.ReadFile(filepath.Join(root, "docker-compose.yml"))
	if err != nil {
		t.Fatal(err)
	}
	if retention := "--storage.tsdb.retention.time=" + config.Storage.TSDB.Window + " "; !strings.Contains(string(compose), retention) || !strings.Contains(string(compose), "--web.enable-remote-write-receiver") {
		t.Errorf("cskpi history push may send samples of %q to the Prometheus of docker-compose.yml, which does not keep them as long, or takes none", config.Storage.TSDB.Window)
	}
}

// TestAlerts: promtool's tests pass, and there every alert fires in every severity, with its text, and does not fire.
func TestAlerts(t *testing.T) {
	for _, file := range files(t, "tests/*.yml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			run(t, "promtool", "test", "rules", file)
		})
	}
	fires, rests := map[string]bool{}, map[string]bool{}
	for _, file := range files(t, "tests/*.yml") {
		var f struct {
			Tests []struct {
				AlertRuleTest []struct {
					Alertname string
					ExpAlerts []struct {
						ExpLabels      map[string]string `yaml:"exp_labels"`
						ExpAnnotations map[string]string `yaml:"exp_annotations"`
					} `yaml:"exp_alerts"`
				} `yaml:"alert_rule_test"`
			}
		}
		parse(t, file, &f)
		for _, test := range f.Tests {
			for _, a := range test.AlertRuleTest {
				if len(a.ExpAlerts) == 0 {
					rests[a.Alertname] = true
				}
				for _, e := range a.ExpAlerts {
					fires[a.Alertname+" "+e.ExpLabels["severity"]] = true
					for name, text := range e.ExpAnnotations {
						if strings.Contains(text, "error expanding") || strings.Contains(text, "<no value>") || strings.Contains(text, "NaN") {
							t.Errorf("%s: %s is %s", a.Alertname, name, text)
						}
					}
				}
			}
		}
	}
	for _, r := range rules(t, "alerts.yml") {
		if key := r.Alert + " " + r.Labels["severity"]; !fires[key] {
			t.Errorf("no test in tests/ has %s fire", key)
		}
		if !rests[r.Alert] && r.Alert != watchdog {
			t.Errorf("no test in tests/ has %s not fire", r.Alert)
		}
	}
}

// TestShape holds alerts to the labels and texts that routing, messages and people count on.
func TestShape(t *testing.T) {
	names := []string{"summary", "description", "summary_ja", "description_ja", "dashboard_url", "runbook_url"}
	for _, r := range rules(t, "alerts.yml") {
		if !regexp.MustCompile(`^CS[A-Z][A-Za-z]+$`).MatchString(r.Alert) {
			t.Errorf("%s is no CSCamelCase", r.Alert)
		}
		if !slices.Contains([]string{"critical", "warning", "info"}, r.Labels["severity"]) {
			t.Errorf("%s has severity %q", r.Alert, r.Labels["severity"])
		}
		if !slices.Contains([]string{"retention", "health", "coverage", "onboarding", "expansion", "voice", "service"}, r.Labels["area"]) {
			t.Errorf("%s has area %q", r.Alert, r.Labels["area"])
		}
		for _, name := range names {
			if r.Annotations[name] == "" {
				t.Errorf("%s has no %s", r.Alert, name)
			}
		}
		if len(r.Annotations) != len(names) {
			t.Errorf("%s has other annotations than %v", r.Alert, names)
		}
		m := regexp.MustCompile(`/d/([a-z-]+)\{\{ if eq \$externalLabels\.language "ja" \}\}-ja\{\{ end \}\}`).FindStringSubmatch(r.Annotations["dashboard_url"])
		if m == nil || !slices.Contains(boards, m[1]) {
			t.Errorf("%s links to %s, which is none of %v", r.Alert, r.Annotations["dashboard_url"], boards)
			continue
		}
		for _, v := range regexp.MustCompile(`[?&]var-(\w+)=`).FindAllStringSubmatch(r.Annotations["dashboard_url"], -1) {
			if board, err := os.ReadFile(filepath.Join(root, "dashboards/en", m[1]+".json")); err != nil || !regexp.MustCompile(`"name": "`+v[1]+`"`).Match(board) {
				t.Errorf("%s links to %s with %s, which that has not, %v", r.Alert, m[1], v[1], err)
			}
		}
		if !strings.HasSuffix(r.Annotations["runbook_url"], "/RUNBOOK.md#"+strings.ToLower(r.Alert)) {
			t.Errorf("%s has the runbook_url %s", r.Alert, r.Annotations["runbook_url"])
		}
		// Thresholds of KPIs come from the targets.
		if r.Labels["area"] != "service" && !strings.Contains(r.Expr, "cs:target:") && !slices.Contains(silentWithoutTarget, r.Alert) {
			t.Errorf("%s %s compares with no target:\n%s", r.Alert, r.Labels["severity"], r.Expr)
		}
		if s := r.Labels["severity"]; strings.Contains(r.Expr, "cs:target:") && s != "info" && !strings.Contains(r.Expr, "cs:target:"+s) {
			t.Errorf("%s %s does not compare with the target's %s", r.Alert, s, s)
		}
	}
}

// TestRunbook: every alert has a heading, and every heading an alert; each says how to see, in commands, and what to do; every target
// that an alert compares with is in the list of targets.
func TestRunbook(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "deploy/RUNBOOK.md"))
	if err != nil {
		t.Fatal(err)
	}
	sections := map[string]string{}
	for _, part := range strings.Split("\n"+string(text), "\n### ")[1:] {
		name, body, _ := strings.Cut(part, "\n")
		body, _, _ = strings.Cut(body, "\n## ")
		sections[name] = body
	}
	alerts := map[string]bool{}
	compared := map[string]bool{}
	for _, r := range rules(t, "alerts.yml") {
		alerts[r.Alert] = true
		for _, m := range regexp.MustCompile(`cs:target:\w+\{kpi="([^"]+)"`).FindAllStringSubmatch(r.Expr, -1) {
			compared[m[1]] = true
		}
	}
	for name := range alerts {
		body, found := sections[name]
		for _, want := range []string{"**Meaning.**", "**See.**", "**Do.**"} {
			if !strings.Contains(body, want) {
				t.Errorf("RUNBOOK.md: %s (heading there: %t) lacks %s", name, found, want)
			}
		}
	}
	for name := range sections {
		if !alerts[name] {
			t.Errorf("RUNBOOK.md has a heading %s, and there is no such alert", name)
		}
	}
	catalogue, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	for kpi := range compared {
		if !strings.Contains(string(text), "| `"+kpi+"` |") {
			t.Errorf("RUNBOOK.md: the table of targets lacks %s", kpi)
		}
		view, column, _ := strings.Cut(kpi, ".")
		q, found := catalogue.Get(view)
		if kpi != "freshness.age_seconds" && (!found || !slices.ContainsFunc(q.Of(queries.Gauge), func(c queries.Column) bool { return c.Name == column })) {
			t.Errorf("alerts compare with a target for %s, which is no KPI", kpi)
		}
	}
}

// TestJapaneseDrivers: messages in Japanese name every measure of the health score in Japanese.
func TestJapaneseDrivers(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(root, "queries/views/health_measures.sql"))
	if err != nil {
		t.Fatal(err)
	}
	measures := regexp.MustCompile(`(?m)^    \('(\w+)', '`).FindAllStringSubmatch(string(text), -1)
	if len(measures) < 10 {
		t.Fatalf("only %d measures", len(measures))
	}
	named := 0
	for _, r := range rules(t, "alerts.yml") {
		if !strings.Contains(r.Annotations["description_ja"], "risk_drivers_points") {
			continue
		}
		named++
		for _, m := range measures {
			if !strings.Contains(r.Annotations["description_ja"], `reReplaceAll "^`+m[1]+`$"`) {
				t.Errorf("%s does not name %s in Japanese", r.Alert, m[1])
			}
		}
	}
	if named < 3 {
		t.Errorf("only %d alerts name drivers", named)
	}
}

// labelsOf are the labels of every metric that there is: of KPIs, of the service itself and of what rules record.
func labelsOf(t *testing.T) map[string][]string {
	metrics := map[string][]string{}
	catalogue, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range catalogue.KPIs() {
		labels := []string{"job", "instance"}
		for _, c := range q.Of(queries.Label) {
			labels = append(labels, c.Name)
		}
		for _, c := range q.Of(queries.Gauge, queries.Histogram) {
			metrics[q.Metric(c)] = labels
		}
	}
	for name, labels := range map[string]string{
		"cs_exporter_damaged_parts": "table", "cs_exporter_parts_checked_timestamp_seconds": "", "cs_exporter_disk_free_bytes": "", "cs_exporter_disk_size_bytes": "",
		"cs_exporter_backup_timestamp_seconds": "", "cs_exporter_build_info": "version revision goversion", "cs_exporter_engine_confinement": "", "cs_exporter_engine_confinement_required": "",
		"up": "", "cs_reporting_info": "currency timezone fiscal_year_start", "cs_exporter_engine_up": "", "cs_exporter_engine_restarts_total": "",
		"cs_exporter_query_success": "query", "cs_exporter_query_age_seconds": "query", "cs_exporter_query_max_age_seconds": "query",
		"cs_exporter_query_rejected_rows": "query reason", "cs_exporter_rollup_pending": "", "cs_exporter_rollup_last_success_timestamp_seconds": "",
		"process_start_time_seconds": "", "cs_history_missing": "", "cs_intake_requests_total": "route code", "cs_intake_rows_total": "table outcome", "cs_intake_auth_failures_total": "reason",
	} {
		metrics[name] = append([]string{"job", "instance"}, strings.Fields(labels)...)
	}
	for _, r := range rules(t, "recording.yml") {
		metrics[r.Record] = []string{"job", "kpi", "segment", "csm", "window"}
	}
	return metrics
}

// TestExpressions: every expression of a rule, and every query in a text, names metrics that there are, by labels that they have. A real
// Prometheus takes them apart.
func TestExpressions(t *testing.T) {
	known := labelsOf(t)
	prometheus := start(t)
	expressions := map[string]string{}
	inText := regexp.MustCompile("`([^`]+)`")
	for _, r := range slices.Concat(rules(t, "recording.yml"), rules(t, "alerts.yml")) {
		expressions[r.Expr] = r.Record + r.Alert
		for _, text := range r.Annotations {
			for _, m := range inText.FindAllStringSubmatch(text, -1) {
				if q := strings.NewReplacer("%q", `"x"`, "%f", "1").Replace(m[1]); !strings.Contains(q, "%") {
					expressions[q] = r.Alert
				} else {
					t.Errorf("%s: what is %s?", r.Alert, m[1])
				}
			}
		}
	}
	selectors := 0
	for expr, of := range expressions {
		var node map[string]any
		prometheus.ask(t, "/api/v1/parse_query", url.Values{"query": {expr}}, &node)
		var walk func(n any)
		walk = func(n any) {
			switch n := n.(type) {
			case []any:
				for _, x := range n {
					walk(x)
				}
			case map[string]any:
				if n["type"] == "vectorSelector" || n["type"] == "matrixSelector" {
					selectors++
					name, _ := n["name"].(string)
					labels, found := known[name]
					if !found {
						t.Errorf("%s: there is no metric %q in %s", of, name, expr)
						return
					}
					for _, m := range n["matchers"].([]any) {
						if label := m.(map[string]any)["name"].(string); label != "__name__" && !slices.Contains(labels, label) {
							t.Errorf("%s: %s has no label %s in %s", of, name, label, expr)
						}
					}
					return
				}
				if grouping, ok := n["grouping"].([]any); ok {
					within := innermost(n["expr"])
					for _, label := range grouping {
						for _, name := range within {
							if labels := known[name]; len(labels) > 0 && !slices.Contains(labels, label.(string)) && !strings.Contains(expr, "label_replace") {
								t.Errorf("%s: %s has no label %s to group by in %s", of, name, label, expr)
							}
						}
					}
				}
				for _, x := range n {
					walk(x)
				}
			}
		}
		walk(node)
	}
	if selectors < 200 {
		t.Errorf("only %d selectors were looked at", selectors)
	}
}

// innermost are the metrics that n selects.
func innermost(n any) []string {
	var names []string
	switch n := n.(type) {
	case []any:
		for _, x := range n {
			names = append(names, innermost(x)...)
		}
	case map[string]any:
		if name, ok := n["name"].(string); ok && n["type"] == "vectorSelector" {
			return []string{name}
		}
		for _, key := range slices.Sorted(maps.Keys(n)) {
			names = append(names, innermost(n[key])...)
		}
	}
	return names
}

// server is a real Prometheus without data.
type server string

func start(t *testing.T) server {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "prometheus.yml")
	if err := os.WriteFile(config, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), enginetest.Tool(t, "prometheus"), "--config.file="+config, "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address=127.0.0.1:0")
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	address := regexp.MustCompile(`address=(127\.0\.0\.1:[1-9]\d*)`)
	var log bytes.Buffer
	for lines := bufio.NewScanner(io.TeeReader(stderr, &log)); lines.Scan(); {
		if m := address.FindStringSubmatch(lines.Text()); m != nil {
			go func() { _, _ = io.Copy(io.Discard, stderr) }()
			s := server("http://" + m[1])
			for deadline := time.Now().Add(time.Minute); ; time.Sleep(50 * time.Millisecond) {
				r, err := http.Get(string(s) + "/-/ready")
				if err == nil {
					r.Body.Close()
					if r.StatusCode == http.StatusOK {
						return s
					}
				}
				if time.Now().After(deadline) {
					t.Fatal("Prometheus does not get ready")
				}
			}
		}
	}
	t.Fatalf("Prometheus ended:\n%s", log.String())
	return ""
}

func (s server) ask(t *testing.T, path string, form url.Values, into any) {
	t.Helper()
	r, err := http.PostForm(string(s)+path, form)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	answer := struct {
		Status, Error string
		Data          any
	}{Data: into}
	if err := json.NewDecoder(r.Body).Decode(&answer); err != nil || answer.Status != "success" {
		t.Fatal(fmt.Errorf("%s %v: %s %w", path, form, answer.Error, err))
	}
}
