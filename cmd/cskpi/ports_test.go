package main

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"cskpi/exporter/config"
)

// port is the address of one of the ports of a running command, as its log has it.
func (p *process) port(t *testing.T, name string) string {
	t.Helper()
	line := regexp.MustCompile(`msg=listening for=` + name + ` url=(\S+)`)
	m := line.FindStringSubmatch(p.stderr.String())
	if m == nil {
		t.Fatalf("no port for %s in %s", name, p.stderr.String())
	}
	return m[1]
}

func asked(t *testing.T, method, to, body string, headers ...string) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, to, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			r.Host = headers[i+1]
		} else {
			r.Header.Set(headers[i], headers[i+1])
		}
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(text), resp.Header
}

// TestPorts: what web pages can make a browser send is refused by all three ports, and readers of the engine are who they say.
func TestPorts(t *testing.T) {
	web := filepath.Join(t.TempDir(), "web.yml")
	writeFile(t, web, fmt.Sprintf("basic_auth_users: {grafana: %[1]s, board: %[1]s}\n", testPasswordHash))
	data := t.TempDir()
	environment(t, "CSKPI_DATA_DIR", data, "CSKPI_LISTEN", "127.0.0.1:0", "CSKPI_ENGINE_LISTEN", "127.0.0.1:0",
		"CSKPI_ENGINE_WEB_CONFIG_FILE", web, "CSKPI_ENGINE_REQUIRE_USERS", "true", "CSKPI_ENGINE_KPI_USERS", "board")
	s := start(t, "serve")
	until(t, func() bool { return strings.Contains(s.stderr.String(), "listening for=engine") })
	metrics, engine, intake := s.port(t, "metrics"), s.port(t, "engine"), s.port(t, "intake")
	token := strings.TrimSpace(string(readFile(t, filepath.Join(data, config.TokenFile))))
	basic := []string{"Authorization", "Basic Z3JhZmFuYTp0ZXN0"} // grafana:test
	bearer := []string{"Authorization", "Bearer " + token}

	fact := `{"feedback_id": "f1", "account_id": "a", "kind": "use_case_share", "created_on": "2026-01-01"}`
	sender := append([]string{"Content-Type", "application/x-ndjson"}, bearer...)
	until(t, func() bool {
		status, _, _ := asked(t, http.MethodPost, intake+"/v1/feedback", fact, sender...)
		return status == http.StatusOK
	})

	pages := [][]string{
		{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "script"},
		{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty"},
		{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"},
		{"Origin", "https://evil.example"}, {"Origin", "null"}, {"Host", "rebound.example"},
	}
	for _, port := range []struct {
		name, method, url, body string
		headers                 []string
	}{
		{"metrics", http.MethodGet, metrics + "/metrics", "", nil},
		{"landing page", http.MethodGet, metrics + "/", "", nil},
		{"debug", http.MethodGet, metrics + "/debug/query?name=nrr", "", nil},
		{"engine by GET", http.MethodGet, engine + "/?query=select+1", "", basic},
		{"engine by POST", http.MethodPost, engine + "/", "select 1", basic},
		{"engine's ping", http.MethodGet, engine + "/ping", "", basic},
		{"intake", http.MethodPost, intake + "/v1/feedback", fact, sender},
		{"description of the intake", http.MethodGet, intake + "/v1/openapi.yaml", "", nil},
	} {
		status, text, h := asked(t, port.method, port.url, port.body, port.headers...)
		if status != http.StatusOK || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" {
			t.Errorf("%s: got %d %.200s, %v", port.name, status, text, h)
		}
		for _, page := range pages {
			status, text, h := asked(t, port.method, port.url, port.body, append(page, port.headers...)...)
			if status != http.StatusForbidden || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" {
				t.Errorf("%s, from a page with %q: got %d %.200s, %v", port.name, page, status, text, h)
			}
		}
	}
	link := []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}
	if status, text, h := asked(t, http.MethodGet, metrics+"/", "", link...); status != http.StatusOK || !strings.Contains(h.Get("Content-Security-Policy"), "frame-ancestors 'none'") {
		t.Errorf("a link to the landing page: got %d %.200s", status, text)
	}
	if status, text, _ := asked(t, http.MethodGet, metrics+"/landing.css", "", "Sec-Fetch-Site", "same-origin", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "style"); status != http.StatusOK {
		t.Errorf("the landing page's style: got %d %.200s", status, text)
	}
	if status, text, _ := asked(t, http.MethodGet, engine+"/?query=select+1", "", append(link, basic...)...); status != http.StatusForbidden {
		t.Errorf("a link to the engine: got %d %.200s", status, text)
	}

	for _, tt := range []struct {
		url     string
		headers []string
		want    int
	}{
		{engine + "/?query=select+1", nil, http.StatusUnauthorized},
		{engine + "/ping", nil, http.StatusUnauthorized},
		{engine + "/?query=select+1", []string{"X-ClickHouse-User", "grafana", "X-ClickHouse-Key", "wrong"}, http.StatusUnauthorized},
		{engine + "/?query=select+1", []string{"X-ClickHouse-User", "grafana", "X-ClickHouse-Key", "test"}, http.StatusOK},
		{engine + "/?query=select+1&user=grafana&password=test", nil, http.StatusOK},
		{engine + "/?query=select+1&user=board&password=test", nil, http.StatusOK},
		{engine + "/?user=grafana&password=test&query=select+count()+from+cs.stored_accounts", nil, http.StatusOK},
		{engine + "/?user=board&password=test&query=select+count()+from+cs.stored_accounts", nil, http.StatusForbidden},
		{engine + "/?user=board&password=test&query=" + url.QueryEscape("select * from cs.nrr where day = (select day from cs.current_day)"), nil, http.StatusOK},
		{engine + "/?query=select+1&user=default", nil, http.StatusUnauthorized},
		{engine + "/?query=select+1", []string{"X-Cskpi-Token", "guess", "X-Cskpi-Role", "service"}, http.StatusUnauthorized},
		{engine + "/?" + url.Values{"query": {"create database made"}}.Encode(), append([]string{"X-Cskpi-Role", ""}, basic...), http.StatusForbidden},
	} {
		status, text, h := asked(t, http.MethodPost, tt.url, "", tt.headers...)
		if status != tt.want || status == http.StatusUnauthorized && h.Get("X-ClickHouse-Exception-Code") != "516" {
			t.Errorf("%s with %q: got %d %.200s, want %d", tt.url, tt.headers, status, text, tt.want)
		}
	}
}

// TestPortsRefuse: a port that somebody could come in at who should not does not open, and the message says what to do.
func TestPortsRefuse(t *testing.T) {
	users := filepath.Join(t.TempDir(), "web.yml")
	writeFile(t, users, "basic_auth_users: {grafana: "+testPasswordHash+"}\n")
	for _, command := range []string{"serve", "engine"} {
		for _, tt := range []struct {
			pairs []string
			want  []string
		}{
			{[]string{"CSKPI_LISTEN", ":0"}, []string{"CSKPI_LISTEN=:0 can be reached from other machines", "CSKPI_WEB_CONFIG_FILE", "basic_auth_users", "htpasswd", "CSKPI_LISTEN_PUBLIC", "127.0.0.1"}},
			{[]string{"CSKPI_ENGINE_LISTEN", ":0"}, []string{"CSKPI_ENGINE_LISTEN=:0 can be reached from other machines", "users and TLS", "CSKPI_ENGINE_WEB_CONFIG_FILE", "tls_server_config", "127.0.0.1"}},
			{[]string{"CSKPI_ENGINE_LISTEN", ":0", "CSKPI_ENGINE_WEB_CONFIG_FILE", users}, []string{"no configuration of TLS"}},
			{[]string{"CSKPI_ENGINE_REQUIRE_USERS", "true"}, []string{"this port needs users", "CSKPI_ENGINE_WEB_CONFIG_FILE", "htpasswd"}},
			{[]string{"CSKPI_ENGINE_WEB_CONFIG_FILE", users, "CSKPI_ENGINE_KPI_USERS", "grafna"}, []string{"CSKPI_ENGINE_KPI_USERS", `no user "grafna"`}},
			{[]string{"CSKPI_ENGINE_KPI_USERS", "board"}, []string{"CSKPI_ENGINE_KPI_USERS", `no user "board"`}},
			{[]string{"CSKPI_INTAKE_WEB_CONFIG_FILE", users}, []string{"CSKPI_INTAKE_WEB_CONFIG_FILE", "basic_auth_users"}},
		} {
			if command == "engine" && !strings.HasPrefix(tt.pairs[0], "CSKPI_ENGINE_") {
				continue // It opens no other port.
			}
			environment(t, append([]string{"CSKPI_DATA_DIR", t.TempDir(), "CSKPI_LISTEN", "127.0.0.1:0", "CSKPI_ENGINE_LISTEN", "127.0.0.1:0"}, tt.pairs...)...)
			code, _, stderr := execute(t, command)
			for _, want := range tt.want {
				if code != exitProblem || !strings.Contains(stderr, want) {
					t.Errorf("%s with %q: got %d, %s, want %s", command, tt.pairs, code, stderr, want)
				}
			}
		}
	}
}

// TestEngineCommand: the engine alone answers readers, and the other commands find it by its folder.
func TestEngineCommand(t *testing.T) {
	folder(t, t.TempDir())
	s := start(t, "engine")
	until(t, func() bool {
		status, text := s.get(t, "/?query=select+1")
		return status == http.StatusOK && text == "1\n"
	})
	until(t, func() bool { // as this version has it
		_, text := s.get(t, "/?query=select+countIf(kind+in+('view','detail','layer','kpi'))>100+from+catalogue")
		return text == "1\n"
	})
	importContracts(t)
	if status, text := s.get(t, "/?query=select+count()+from+cs.stored_contracts"); status != http.StatusOK || text != "6\n" {
		t.Errorf("got %d %s", status, text)
	}
	if status, text := s.get(t, "/?query=drop+table+cs.stored_contracts"); status != http.StatusForbidden {
		t.Errorf("a reader changes data: %d %s", status, text)
	}
	if code := s.stop(); code != exitOK {
		t.Errorf("got %d, %s", code, s.stderr.String())
	}
}
