package main

import (
	"bytes"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// intakeAddress finds where a process takes facts.
func (p *process) intakeAddress(t *testing.T) string {
	t.Helper()
	listening := regexp.MustCompile(`msg=listening for=intake url=https?://(\S+)`)
	var address string
	until(t, func() bool {
		if m := listening.FindStringSubmatch(p.stderr.String()); m != nil {
			address = m[1]
		}
		return address != ""
	})
	return address
}

// TestIntake sends facts to a running service, over TLS and with a token, and finds them in the KPIs.
func TestIntake(t *testing.T) {
	dir := t.TempDir()
	pool := certificate(t, dir)
	writeFile(t, filepath.Join(dir, "web.yml"), "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\n")
	environment(t)
	code, entry, said := execute(t, "token", "new", "--name", "crm", "--tables", "contracts,accounts", "--source", "crm")
	if code != exitOK {
		t.Fatal(said)
	}
	token := said[strings.LastIndex(said, " ")+1 : len(said)-1]
	tokens := filepath.Join(dir, "tokens.yaml")
	writeFile(t, tokens, entry)
	environment(t, "CSKPI_DATA_DIR", t.TempDir(), "CSKPI_LISTEN", "127.0.0.1:0", "CSKPI_ENGINE_LISTEN", "127.0.0.1:0",
		"CSKPI_INTAKE_TOKENS", tokens, "CSKPI_INTAKE_WEB_CONFIG_FILE", filepath.Join(dir, "web.yml"))
	s := start(t, "serve")
	address := s.intakeAddress(t)
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}, ForceAttemptHTTP2: true}}
	post := func(path, token, kind, body string) (int, string, http.Header) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+address+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", kind)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		resp, err := client.Do(r)
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
	// Until there is a database, answers ask callers to retry.
	until(t, func() bool {
		status, body, headers := post("/v1/contracts", token, "text/csv", contractsCSV)
		if status == http.StatusServiceUnavailable && headers.Get("Retry-After") == "" {
			t.Fatal("no Retry-After")
		}
		if status != http.StatusServiceUnavailable && (status != http.StatusOK || !strings.Contains(body, `"read":6,"stored":6,"rejected":0`)) {
			t.Fatalf("got %d, %s", status, body)
		}
		return status == http.StatusOK
	})
	const contracts, nd = "/v1/contracts", "application/x-ndjson"
	for _, tt := range []struct {
		name, path, token, kind, body string
		status                        int
		want                          string
	}{
		{"again", contracts, token, "text/csv", contractsCSV, 200, `"stored":6`},
		{"a bad row", contracts, token, nd, `{"contract_id":"c7","account_id":"echo","acv":1,"starts_on":"2024-01-01"}` + "\n" +
			`{"contract_id":"c8","account_id":"echo","acv":"a lot","starts_on":"2024-01-01"}`, 207, `"rejects":[{"row":2,"column":"acv","value":"a lot","reason":"is not a number`},
		{"a column twice", contracts, token, nd, `{"contract_id":"c9","contract_id":"c9"}`, 422, "is given twice"},
		{"another source", contracts, token, nd, `{"contract_id":"c9","account_id":"e","acv":1,"starts_on":"2024-01-01","source":"shop"}`, 422, "is not crm"},
		{"a column that is not there", contracts, token, "text/csv", "contract,acv\n", 400, "did you mean"},
		{"hostile values", "/v1/accounts", token, "application/json", `[{"account_id":"'); drop table cs.stored_contracts; --","name":"=cmd|' /C calc'!A0"},` +
			`{"account_id":"a\u0000b"},{"account_id":"x","name":` + strings.Repeat("[", 90) + strings.Repeat("]", 90) + `},{"account_id":"x","created_on":1e400}]`, 207, `"read":4,"stored":1,"rejected":3`},
		{"not UTF-8", "/v1/accounts", token, nd, "{\"account_id\":\"\xff\"}", 422, "is not valid UTF-8"},
		{"another table", "/v1/tickets", token, nd, "{}", 403, "may not write to tickets"},
		{"no table", "/v1/contract", token, nd, "{}", 404, "did you mean contracts?"},
		{"nobody", contracts, "", nd, "{}", 401, "missing"},
		{"somebody else", contracts, "cskpi_x", nd, "{}", 401, "unknown"},
	} {
		if status, body, _ := post(tt.path, tt.token, tt.kind, tt.body); status != tt.status || !strings.Contains(body, tt.want) {
			t.Errorf("%s: got %d, %s, want %d, %s", tt.name, status, body, tt.status, tt.want)
		}
	}
	// What was stored is counted once, and intake's own metrics are beside the others, in every format.
	s.waitFor(t, "/metrics", http.StatusOK, `cs_intake_rows_total{outcome="stored",table="contracts"} 13`)
	for _, format := range []string{"application/openmetrics-text; version=1.0.0", "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/metrics", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", format)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, _ := io.ReadAll(resp.Body)
		resp.Body.Close()
		if resp.StatusCode != http.StatusOK || !bytes.Contains(body, []byte("cs_intake_request_duration_seconds")) {
			t.Errorf("%s: got %d without intake's metrics", format, resp.StatusCode)
		}
	}
	code, stdout, stderr := execute(t, "kpi", "arr", "--as-of", "2024-06-30", "--format", "csv")
	if code != exitOK || !strings.Contains(stdout, "150000.5") {
		t.Errorf("got %d, %s, %s", code, stdout, stderr)
	}
	for _, secret := range []string{token, "a lot", "drop table"} {
		if strings.Contains(s.stderr.String(), secret) {
			t.Errorf("the log has %q", secret)
		}
	}
	if !strings.Contains(s.stderr.String(), "token=crm") || !strings.Contains(s.stderr.String(), "request_id=") {
		t.Errorf("there is no access log: %s", s.stderr)
	}
	if code := s.stop(); code != exitOK {
		t.Errorf("stopped with %d", code)
	}
}

// TestReadmeSend runs what README.md says about sending facts.
func TestReadmeSend(t *testing.T) {
	_, section, found := strings.Cut(string(readFile(t, filepath.Join(root, "README.md"))), "<!-- send -->")
	section, _, closed := strings.Cut(section, "<!-- end -->")
	blocks := regexp.MustCompile("(?s)```(\\w*)\n(.*?)```").FindAllStringSubmatch(section, -1)
	if !found || !closed || len(blocks) != 2 || blocks[0][1] != "sh" || blocks[1][1] != "sh" {
		t.Fatalf("want two sh blocks, got %q", blocks)
	}
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "bin"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(binary(t), filepath.Join(dir, "bin/cskpi")); err != nil {
		t.Fatal(err)
	}
	shell := func(script string, env ...string) (stdout, stderr string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		cmd := exec.CommandContext(ctx, "bash", "-euo", "pipefail", "-c", script)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
		var out, err bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &err
		if e := cmd.Run(); e != nil {
			t.Fatalf("%v\n%s\n%s%s", e, script, &out, &err)
		}
		return out.String(), err.String()
	}
	environment(t)
	making, serving, _ := strings.Cut(blocks[0][2], "\n")
	if want := "CSKPI_INTAKE_TOKENS=tokens.yaml bin/cskpi serve\n"; serving != want {
		t.Fatalf("got %q, want %q", serving, want)
	}
	_, said := shell(making)
	token := regexp.MustCompile(`cskpi_\w+`).FindString(said)
	writeFile(t, filepath.Join(dir, "contracts.csv"), contractsCSV)

	environment(t, "CSKPI_DATA_DIR", t.TempDir(), "CSKPI_LISTEN", "127.0.0.1:0", "CSKPI_ENGINE_LISTEN", "127.0.0.1:0", "CSKPI_INTAKE_TOKENS", filepath.Join(dir, "tokens.yaml"))
	s := start(t, "serve")
	address := s.intakeAddress(t)
	until(t, func() bool {
		code, _, _ := execute(t, "kpi", "freshness")
		return code == exitOK && strings.Contains(s.stderr.String(), "computing KPIs")
	})
	script := strings.ReplaceAll(blocks[1][2], "127.0.0.1:11470", address)
	if script == blocks[1][2] {
		t.Fatal("the example sends to another port")
	}
	out, _ := shell(script, "TOKEN="+token, "CSKPI_SEND_URL=http://"+address)
	for _, want := range []string{`"read":6,"stored":6,"rejected":0`, `"success":true`} {
		if !strings.Contains(out, want) {
			t.Errorf("got %s, want %s", out, want)
		}
	}
	if strings.Contains(out, `"error"`) || strings.Count(out, `"table":"usage_events","read":1,"stored":1,"rejected":0`) != 2 {
		t.Errorf("got %s", out)
	}
	code, stdout, stderr := execute(t, "kpi", "freshness", "--format", "csv")
	if want := "usage_events,"; code != exitOK || !strings.Contains(stdout, want) || !strings.Contains(stdout, ",3\n") {
		t.Errorf("got %d, %s, %s", code, stdout, stderr)
	}
	fmt.Fprintln(t.Output(), out)
}
