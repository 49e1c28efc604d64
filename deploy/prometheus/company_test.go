package prometheus_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter"
	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/policy"
	"cskpi/exporter/refresh"
	"cskpi/exporter/store"
	"cskpi/queries"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// company is what the companies of the test differ in.
type company struct {
	accounts  int
	lost      func(account int) int // Days ago that it left; 0: it pays.
	neglected bool                  // Nobody is touched, onboarded or asked, nothing is sold, and everybody complains.
}

var (
	nobody  = func(int) int { return 0 }
	healthy = company{accounts: 40, lost: nobody}
	trouble = company{accounts: 40, neglected: true, lost: func(i int) int {
		switch {
		case i >= 10 && i < 14:
			return 3
		case i >= 14 && i < 20:
			return 20
		case i >= 20 && i < 24:
			return 100
		}
		return 0
	}}
	tiny = company{accounts: 3, lost: func(i int) int { return map[int]int{2: 5}[i] }}
)

// insert stores the facts of c as of today. Every account pays 120,000; the last quarter came 200 days ago, the others two years ago.
func (c company) insert(t *testing.T, conn driver.Conn) {
	t.Helper()
	now := time.Now().UTC()
	day := func(ago int) string { return now.AddDate(0, 0, -ago).Format("'2006-01-02'") }
	rows := map[string][]string{}
	add := func(into, format string, args ...any) {
		rows[into] = append(rows[into], fmt.Sprintf("("+format+")", args...))
	}
	add("settings (name, value)", "'health_measures', 'verified_outcome,setup_done'")
	for _, row := range []string{
		"'nrr.ratio', '', 1.1, 1.0, 0.9", "'grr.ratio', '', 0.9, 0.85, 0.8", "'grr.ratio', 'high', 0.9, 0.85, 0.8", "'logo_churn.ratio', 'high', 0.05, 0.1, 0.15",
		"'retention_budget.burn_ratio', '', 1, 2, 4", "'renewal_readiness.ratio', 'high', 0.9, 0.75, 0.5", "'risk_accounts.arr', 'high', null, 50000, 100000",
		"'risk_accounts.renewal_seconds', '', null, 90 * 86400, 45 * 86400", "'risk.arr', '', 0, 100000, 1000000", "'health_declines.points', 'high', 5, 15, 30",
		"'coverage.ratio', 'high', 0.95, 0.9, 0.8", "'coverage_by_csm.ratio', '', 0.9, 0.8, 0.6", "'onboarding_by_csm.overdue', '', 0, 2, 5",
		"'onboarding.on_time_ratio', '', 0.9, 0.7, 0.5", "'time_to_use.p50_seconds', 'high', 30 * 86400, 40 * 86400, 60 * 86400", "'pipegen.amount', '', 1000000, 500000, 200000",
		"'tickets.complaints', '', 0, 5, 10", "'quality.violations', '', 0, 0, 100",
	} {
		add("targets (kpi, segment, target, warning, critical, starts_on)", "%s, '2020-01-01'", row)
	}
	for i := range c.accounts {
		a, csm := fmt.Sprintf("a%02d", i), []string{"Kim", "Lee"}[i%2]
		began, ends := 730, -200
		if i >= c.accounts*3/4 {
			began = 200
		}
		used, onboarded := began-10, day(began-30)
		if c.neglected {
			ends, used = -40, began-90
			if began == 200 {
				onboarded = "null"
			}
		}
		if left := c.lost(i); left > 0 {
			ends = left
		}
		add("accounts (account_id, name, csm, updated_at)", "'%s', '%s', '%s', '2020-01-01'", a, map[int]string{0: "Acme"}[i], csm)
		add("contracts (contract_id, account_id, product, acv, starts_on, ends_before)", "'%[1]s', '%[1]s', 'suite', 120000, %[2]s, %[3]s", a, day(began), day(ends))
		add("milestones (account_id, milestone, due_on, reached_on, updated_at)", "'%s', 'setup', null, %s, '2020-01-01'", a, day(began-5))
		add("milestones (account_id, milestone, due_on, reached_on, updated_at)", "'%s', 'time_to_use', null, %s, '2020-01-01'", a, day(used))
		add("milestones (account_id, milestone, due_on, reached_on, updated_at)", "'%s', 'onboarded', %s, %s, '2020-01-01'", a, day(began-90), onboarded)
		add("value_reviews (review_id, account_id, reviewed_on, is_verified)", "'%[1]s', '%[1]s', %[2]s, true", a, day(100))
		if c.neglected {
			add("tickets (ticket_id, account_id, severity, is_complaint, opened_at)", "'%[1]s', '%[1]s', 'high', true, %[2]s", a, day(4))
			continue
		}
		add("touchpoints (touchpoint_id, account_id, csm, kind, happened_at)", "'%[1]s', '%[1]s', '%[2]s', 'meeting', %[3]s", a, csm, day(2))
		add("opportunities (opportunity_id, account_id, kind, originated_by, csm, amount, created_on, updated_at)", "'%[1]s', '%[1]s', 'upsell', 'cs', '%[2]s', 600000, %[3]s, %[3]s", a, csm, day(10))
	}
	if c.neglected {
		add("value_reviews (review_id, account_id, reviewed_on, is_verified)", "'doubt', 'a00', %s, false", day(5))
		add("risks (risk_id, account_id, csm, kind, severity, raised_on)", "'1', 'a00', 'Kim', 'champion_left', 3, %s", day(3))
	}
	for into, values := range rows {
		name, _, _ := strings.Cut(into, " ")
		t.Cleanup(func() {
			if err := conn.Exec(context.Background(), "truncate table stored_"+name); err != nil {
				t.Error(err)
			}
		})
		if err := conn.Exec(t.Context(), "insert into stored_"+into+" values "+strings.Join(values, ", ")); err != nil {
			t.Fatalf("%s: %v", into, err)
		}
	}
}

// TestCompanies: what a real Prometheus makes of the rules, on what cskpi computes of companies that are well, in trouble, tiny or empty, and
// the messages that a CSM receives from a real Alertmanager. Nothing waits here, else all is as it is shipped.
func TestCompanies(t *testing.T) {
	used := map[string]bool{}
	for _, r := range slices.Concat(rules(t, "recording.yml"), rules(t, "alerts.yml")) {
		for _, text := range append(slices.Collect(maps.Values(r.Annotations)), r.Expr) {
			for _, m := range regexp.MustCompile(`\bcs_\w+`).FindAllString(text, -1) {
				used[m] = true
			}
		}
	}
	all, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	// The KPIs that no rule looks at need not be computed.
	catalogue := slices.DeleteFunc(slices.Clone(all), func(q queries.Query) bool {
		return !q.Model && !q.Function && !slices.ContainsFunc(q.Columns, func(c queries.Column) bool { return used[q.Metric(c)] })
	})

	conn := enginetest.Conn(t)
	if err := store.Migrate(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	if err := store.Install(t.Context(), conn, all); err != nil {
		t.Fatal(err)
	}
	type alert struct{ Labels, Annotations map[string]string }
	// watch gives the alerts on a company.
	watch := func(t *testing.T, c company, alertmanager string) []alert {
		t.Helper()
		if c.accounts > 0 {
			c.insert(t, conn)
		}
		// Facts come and go here unannounced, so nothing that was computed of the company before counts.
		if err := conn.Exec(t.Context(), "truncate table stored_layer_days"); err != nil {
			t.Fatal(err)
		}
		days := refresh.NewDays(refresh.Options{Conn: conn, Layout: all.Layout(), Zone: time.UTC})
		e, err := exporter.New(conn, exporter.Options{Catalogue: catalogue, Lease: days.Read, EngineUp: func() bool { return true }, Reporting: policy.Reporting{Currency: "EUR", FiscalYearStart: 1}})
		if err != nil {
			t.Fatal(err)
		}
		if err := e.Refresh(t.Context()); err != nil {
			t.Fatal(err)
		}
		service := httptest.NewServer(e.Handler())
		defer service.Close()
		prometheus := shipped(t, service.URL, alertmanager)
		if alertmanager == "" {
			defer prometheus.stop()
		}
		var last []alert
		until(t, func() bool {
			var answer struct{ Alerts []alert }
			var groups struct {
				Groups []struct {
					Rules []struct {
						Health, LastError string
						LastEvaluation    time.Time
					}
				}
			}
			prometheus.get(t, "/api/v1/rules", &groups)
			for _, g := range groups.Groups {
				for _, r := range g.Rules {
					if r.Health == "err" {
						t.Fatal(r.LastError)
					}
				}
			}
			prometheus.get(t, "/api/v1/alerts", &answer)
			// Alerts look at what was recorded a moment before.
			last = answer.Alerts
			return prometheus.has(t, "count_over_time(cs:target:warning[1m]) > 4") || c.accounts == 0 && prometheus.has(t, `count_over_time(up{job="cskpi"}[1m]) > 4`)
		})
		return last
	}
	named := func(alerts []alert) map[string]string {
		found := map[string]string{}
		for _, a := range alerts {
			key := strings.Join(strings.Fields(a.Labels["alertname"]+" "+a.Labels["severity"]+" "+a.Labels["segment"]+" "+a.Labels["csm"]+" "+a.Labels["account"]), " ")
			found[key] = a.Annotations["description"]
		}
		return found
	}
	t.Run("runbook", func(t *testing.T) { runbookWorks(t, conn, all) })
	for name, c := range map[string]company{"healthy": healthy, "tiny": tiny, "empty": {}} {
		t.Run(name, func(t *testing.T) {
			got := named(watch(t, c, ""))
			if got[watchdog+" info"] == "" {
				t.Errorf("%s does not fire", watchdog)
			}
			delete(got, watchdog+" info")
			for alert, text := range got {
				t.Errorf("%s fires: %s", alert, text)
			}
		})
	}
	t.Run("trouble", func(t *testing.T) {
		inbox := &inbox{}
		people := httptest.NewServer(inbox)
		defer people.Close()
		alertmanager := manager(t, people.URL)
		got := named(watch(t, trouble, alertmanager))
		for _, want := range []string{
			"CSNetRevenueRetentionLow warning", "CSNetRevenueRetentionLow critical", "CSGrossRevenueRetentionLow critical", "CSGrossRevenueRetentionLow critical high",
			"CSLogoChurnHigh critical high", "CSRetentionBudgetBurnFast critical high", "CSRetentionBudgetBurnSlow warning high", "CSRenewalsNotReady critical high",
			"CSRenewalAtRisk critical high Kim a00", "CSArrAtRiskHigh warning", "CSAccountTurnedRed critical high Kim a00", "CSAccountHealthFalling critical high Kim a00",
			"CSCoverageBelowTarget critical high", "CSCoverageOfCsmBelowTarget critical Kim", "CSCoverageOfCsmBelowTarget critical Lee", "CSOnboardingOverdue warning Kim",
			"CSOnboardingLate critical", "CSTimeToUseSlipping critical high", "CSPipelineShort critical", "CSComplaintsHigh critical",
		} {
			if got[want] == "" {
				t.Errorf("%s does not fire; there are\n%s", want, strings.Join(slices.Sorted(maps.Keys(got)), "\n"))
			}
		}
		for key, text := range got {
			if strings.Contains(key, "CSCoverageLapsing") || strings.Contains(key, "a01") || strings.Contains(key, "CSExporter") || strings.Contains(text, "error expanding") || strings.Contains(text, "<no value>") {
				t.Errorf("%s fires: %s", key, text)
			}
		}
		// What Kim reads: one message of each area, and of Acme why, how much and until when.
		const kim = "Acme (a00) of Kim, high touch with 120k EUR of ARR, went from green to red within 28 days; its next contract ends in 39 days. " +
			"Drivers: risk champion left, verified outcome (−67 points)."
		t.Cleanup(func() {
			if t.Failed() {
				for _, m := range inbox.messages {
					t.Logf("message to %s: %s", m[0], m[1])
				}
			}
		})
		until(t, func() bool { return inbox.find("/slack", kim) != "" && inbox.find("/webhook", kim) != "" })
		var message struct {
			Channel     string
			Attachments []struct {
				Title, Text string
				TitleLink   string `json:"title_link"`
			}
		}
		if err := json.Unmarshal([]byte(inbox.find("/slack", kim)), &message); err != nil || len(message.Attachments) != 1 {
			t.Fatalf("%v in %s", err, inbox.find("/slack", kim))
		}
		if a := message.Attachments[0]; message.Channel != "#customer-success" || a.Title != "[Critical] Acme (a00) has turned red" || a.TitleLink != "http://localhost:3000/d/cs-account?var-account=a00" ||
			!strings.Contains(a.Text, "Board: http://localhost:3000/d/cs-account?var-account=a00\nWhat to do: http://localhost:3000/public/docs/RUNBOOK.md#csaccountturnedred") {
			t.Errorf("Kim receives %+v", message)
		}
		// That its score fell as well goes without saying, and so does a warning where there is a critical one.
		if text := inbox.find("/slack", "points of its health score in 28 days"); text != "" {
			t.Errorf("the inhibited alert was sent: %s", text)
		}
		if text := inbox.find("/webhook", `"severity":"warning","segment":"high"`); strings.Contains(text, "CSRenewalAtRisk") {
			t.Errorf("a warning was sent beside the critical one: %s", text)
		}
	})
}

// runbookWorks: the SQL of the runbook runs, and its commands ask for KPIs and columns that there are.
func runbookWorks(t *testing.T, conn driver.Conn, catalogue queries.Catalogue) {
	text, err := os.ReadFile(filepath.Join(root, "deploy/RUNBOOK.md"))
	if err != nil {
		t.Fatal(err)
	}
	statements := regexp.MustCompile("`(select [^`]+)`").FindAllStringSubmatch(string(text), -1)
	for _, m := range statements {
		rows, err := conn.Query(t.Context(), m[1])
		if err != nil {
			t.Errorf("%s: %v", m[1], err)
			continue
		}
		for rows.Next() {
		}
		if err := rows.Close(); err != nil {
			t.Errorf("%s: %v", m[1], err)
		}
	}
	commands := regexp.MustCompile("`bin/cskpi (kpi|explain) (\\w+)([^`]*)`").FindAllStringSubmatch(string(text), -1)
	for _, m := range commands {
		view := m[2]
		if m[1] == "explain" {
			view += "_detail"
		}
		q, found := catalogue.Get(view)
		if !found {
			t.Errorf("%s: there is no %s", m[0], view)
		}
		args := strings.Fields(m[3])
		for i := 0; i+1 < len(args); i += 2 {
			column, isColumn := strings.TrimPrefix(args[i], "--"), slices.Contains([]string{"--segment", "--window"}, args[i])
			switch args[i] {
			case "--where":
				column, _, isColumn = strings.Cut(args[i+1], "=")
			case "--by":
				column, isColumn = args[i+1], true
			}
			if isColumn && !slices.ContainsFunc(q.Columns, func(c queries.Column) bool { return c.Name == column }) {
				t.Errorf("%s: %s has no column %s", m[0], view, column)
			}
		}
	}
	if len(statements) < 5 || len(commands) < 30 {
		t.Errorf("only %d statements and %d commands", len(statements), len(commands))
	}
}

func until(t *testing.T, condition func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !condition(); time.Sleep(200 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("waited in vain")
		}
	}
}

// inbox is where messages go.
type inbox struct {
	mu       sync.Mutex
	messages [][2]string
}

func (i *inbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.messages = append(i.messages, [2]string{r.URL.Path, string(body)})
	_, _ = io.WriteString(w, "ok")
}

// find is the first message to a path that says so.
func (i *inbox) find(path, text string) string {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, m := range i.messages {
		if m[0] == path && strings.Contains(m[1], text) {
			return m[1]
		}
	}
	return ""
}

// process is a program of the tools that listens.
type process struct {
	url  string
	stop func()
}

func launch(t *testing.T, name string, args ...string) *process {
	t.Helper()
	cmd := exec.Command(enginetest.Tool(t, name), args...)
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{stop: sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})}
	t.Cleanup(p.stop)
	address := regexp.MustCompile(`address=(127\.0\.0\.1:[1-9]\d*)`)
	var log strings.Builder
	lines := bufio.NewScanner(stderr)
	for lines.Scan() {
		log.WriteString(lines.Text() + "\n")
		if m := address.FindStringSubmatch(lines.Text()); m != nil {
			p.url = "http://" + m[1]
			go func() { _, _ = io.Copy(io.Discard, stderr) }()
			until(t, func() bool {
				r, err := http.Get(p.url + "/-/ready")
				if err != nil {
					return false
				}
				r.Body.Close()
				return r.StatusCode == http.StatusOK
			})
			return p
		}
	}
	t.Fatalf("%s ended:\n%s", name, log.String())
	return nil
}

// get asks for the data of an answer.
func (p *process) get(t *testing.T, path string, into any) {
	t.Helper()
	r, err := http.Get(p.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	answer := struct{ Data any }{into}
	if err := json.NewDecoder(r.Body).Decode(&answer); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}

func (p *process) has(t *testing.T, query string) bool {
	t.Helper()
	var answer struct{ Result []any }
	p.get(t, "/api/v1/query?query="+strings.NewReplacer(" ", "%20", "+", "%2B", `"`, "%22", "{", "%7B", "}", "%7D", "[", "%5B", "]", "%5D", ">", "%3E").Replace(query), &answer)
	return len(answer.Result) > 0
}

// changed is a shipped file with replacements, each of which must be there.
func changed(t *testing.T, file, to string, replacements ...string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := string(text)
	for i := 0; i < len(replacements); i += 2 {
		pattern := regexp.MustCompile(replacements[i])
		if !pattern.MatchString(s) {
			t.Fatalf("%s has no %s", file, pattern)
		}
		s = pattern.ReplaceAllString(s, replacements[i+1])
	}
	if err := os.WriteFile(to, []byte(s), 0o644); err != nil {
		t.Fatal(err)
	}
}

// shipped runs Prometheus with prometheus.yml and the rules, but KPIs alert at once.
func shipped(t *testing.T, target, alertmanager string) *process {
	t.Helper()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "rules"), 0o755); err != nil {
		t.Fatal(err)
	}
	changed(t, "rules/recording.yml", filepath.Join(dir, "rules/recording.yml"), `groups:`, `groups:`)
	changed(t, "rules/alerts.yml", filepath.Join(dir, "rules/alerts.yml"), `(?m)^ +(for: 1h|keep_firing_for: .*)\n`, "")
	if alertmanager == "" {
		alertmanager = "http://127.0.0.1:9"
	}
	changed(t, "prometheus.yml", filepath.Join(dir, "prometheus.yml"), `scrape_interval: 1m`, `scrape_interval: 1s`, `evaluation_interval: 1m`, `evaluation_interval: 1s`,
		`cskpi:11469`, strings.TrimPrefix(target, "http://"), `alertmanager:9093`, strings.TrimPrefix(alertmanager, "http://"), `localhost:9090`, `127.0.0.1:9`)
	return launch(t, "prometheus", "--config.file="+filepath.Join(dir, "prometheus.yml"), "--storage.tsdb.path="+filepath.Join(dir, "data"), "--web.listen-address=127.0.0.1:0")
}

// manager runs Alertmanager with alertmanager.yml, but at once and at any hour, and with all messages to people.
func manager(t *testing.T, people string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"slack_url": people + "/slack", "webhook_url": people + "/webhook", "smtp_password": "secret"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	templates, err := filepath.Abs("../alertmanager/templates/*.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	changed(t, "../alertmanager/alertmanager.yml", filepath.Join(dir, "alertmanager.yml"), `/etc/alertmanager/secrets`, dir, `templates/\*\.tmpl`, templates,
		`(?m)^ +mute_time_intervals: .*\n`, "", `group_wait: \S+`, "group_wait: 3s", `group_interval: \S+`, "group_interval: 1s", `smtp\.example\.com:587`, "127.0.0.1:9")
	return launch(t, "alertmanager", "--config.file="+filepath.Join(dir, "alertmanager.yml"), "--storage.path="+filepath.Join(dir, "data"), "--web.listen-address=127.0.0.1:0", "--cluster.listen-address=").url
}

// TestInhibition: a real Alertmanager sends no alert that follows from another one.
func TestInhibition(t *testing.T) {
	url := manager(t, "http://127.0.0.1:9") // nobody is there
	type alert struct {
		Labels map[string]string `json:"labels"`
		Status struct {
			InhibitedBy []string `json:"inhibitedBy"`
		} `json:"status"`
	}
	var sent []alert
	for _, labels := range []map[string]string{
		{"alertname": "CSDataDamaged", "severity": "critical", "area": "service", "job": "cskpi", "table": "contracts"},
		{"alertname": "CSQueryFailing", "severity": "warning", "area": "service", "job": "cskpi", "query": "nrr"},
		{"alertname": "CSQueryFailing", "severity": "warning", "area": "service", "job": "other", "query": "nrr"},
		{"alertname": "CSDiskFull", "severity": "warning", "area": "service", "job": "cskpi"},
	} {
		sent = append(sent, alert{Labels: labels})
	}
	body, err := json.Marshal(sent)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := http.Post(url+"/api/v2/alerts", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	until(t, func() bool { // the inhibitor learns of alerts a moment after they are stored
		answer, err := http.Get(url + "/api/v2/alerts")
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		var got []alert
		if err := json.NewDecoder(answer.Body).Decode(&got); err != nil {
			t.Fatal(err)
		}
		inhibited := map[string]bool{}
		for _, a := range got {
			if len(a.Status.InhibitedBy) > 0 {
				inhibited[a.Labels["alertname"]+" "+a.Labels["job"]] = true
			}
		}
		return len(got) == len(sent) && maps.Equal(inhibited, map[string]bool{"CSQueryFailing cskpi": true})
	})
}
