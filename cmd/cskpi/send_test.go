package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"cskpi/exporter/config"
)

// receiving stands for an intake: it answers with the given answers one after the other, then with 200, and notes what it took.
type receiving struct {
	mu      sync.Mutex
	answers []func(w http.ResponseWriter)
	taken   []string // method, path, token, kind and text
	tried   int
}

func (v *receiving) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.tried++
	z, err := gzip.NewReader(r.Body)
	if err != nil {
		http.Error(w, "not gzip", http.StatusBadRequest)
		return
	}
	text, err := io.ReadAll(z)
	if err != nil {
		http.Error(w, "cut off", http.StatusBadRequest)
		return
	}
	if len(v.answers) > 0 {
		answer := v.answers[0]
		v.answers = v.answers[1:]
		if answer != nil {
			answer(w)
			return
		}
	}
	v.taken = append(v.taken, fmt.Sprintf("%s %s %s %s %q", r.Method, r.URL.Path, r.Header.Get("Authorization"), r.Header.Get("Content-Type"), text))
	rows := strings.Count(string(text), "\n")
	if r.Header.Get("Content-Type") == "text/csv" {
		rows--
	}
	fmt.Fprintf(w, `{"request_id":"x","read":%d,"stored":%d,"rejected":0,"rejects":[]}`, rows, rows)
}

func status(code int, body string, headers ...string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		for i := 0; i+1 < len(headers); i += 2 {
			w.Header().Set(headers[i], headers[i+1])
		}
		w.WriteHeader(code)
		_, _ = io.WriteString(w, body) // a test's client reads it
	}
}

func dropped(w http.ResponseWriter) { panic(http.ErrAbortHandler) }

func TestSend(t *testing.T) {
	const busy = `{"request_id":"x","error":"more rows are waiting"}`
	for _, c := range []struct {
		name    string
		files   map[string]string
		args    []string
		answers []func(http.ResponseWriter)
		code    int
		taken   string
		out     string // a part of what is printed
		err     string // likewise
	}{
		{"in pieces", map[string]string{"accounts.ndjson": "{1}\n{2}\n{3}\n"}, []string{"--rows", "2", "accounts.ndjson"}, nil, 0,
			`POST /v1/accounts Bearer secret-token application/x-ndjson "{1}\n{2}\n"` + "\n" + `POST /v1/accounts Bearer secret-token application/x-ndjson "{3}\n"`, "accounts      1     3       3         0", ""},
		{"CSV", map[string]string{"accounts.csv": "a,b\n1,2\n3,4\n"}, []string{"--rows", "1", "accounts.csv"}, nil, 0,
			`POST /v1/accounts Bearer secret-token text/csv "a,b\n1,2\n"` + "\n" + `POST /v1/accounts Bearer secret-token text/csv "a,b\n3,4\n"`, "accounts      1     2       2         0", ""},
		{"another table", map[string]string{"x.jsonl": "{1}\n"}, []string{"--table", "risks", "x.jsonl"}, nil, 0, `POST /v1/risks Bearer secret-token application/x-ndjson "{1}\n"`, "risks", ""},
		{"again until it is taken", map[string]string{"accounts.ndjson": "{1}\n"}, []string{"accounts.ndjson"},
			[]func(http.ResponseWriter){status(503, busy), status(429, busy, "Retry-After", "1"), dropped, status(502, "<html>")}, 0,
			`POST /v1/accounts Bearer secret-token application/x-ndjson "{1}\n"`, "accounts", ""},
		{"given up", map[string]string{"accounts.ndjson": "{1}\n"}, []string{"--patience", "100ms", "accounts.ndjson"}, []func(http.ResponseWriter){status(503, busy, "Retry-After", "60")}, 1,
			``, "", "accounts.ndjson: line 1: given up after 100ms: more rows are waiting"},
		{"refused", map[string]string{"acounts.ndjson": "{1}\n", "risks.ndjson": "{2}\n"}, []string{"acounts.ndjson", "risks.ndjson"},
			[]func(http.ResponseWriter){status(404, `{"error":"there is no table \"acounts\"; did you mean accounts?"}`)}, 1,
			`POST /v1/risks Bearer secret-token application/x-ndjson "{2}\n"`, "risks", "acounts.ndjson: line 1: there is no table \"acounts\"; did you mean accounts? (HTTP status 404)"},
		{"rejects", map[string]string{"accounts.csv": "a\n1\n2\n3\n"}, []string{"--rows", "2", "accounts.csv"},
			[]func(http.ResponseWriter){nil, status(422, `{"read":1,"stored":0,"rejected":1,"rejects":[{"row":2,"column":"a","value":"3","reason":"is odd"}]}`)}, 1,
			`POST /v1/accounts Bearer secret-token text/csv "a\n1\n2\n"`, "accounts      1     3       2         1", `accounts.csv:4: a "3" is odd`},
		{"something else answers", map[string]string{"accounts.csv": "a\n1\n"}, []string{"accounts.csv"}, []func(http.ResponseWriter){status(200, "<html>")}, 1, ``, "", "no intake of cskpi"},
		{"elsewhere", map[string]string{"accounts.csv": "a\n1\n"}, []string{"accounts.csv"}, []func(http.ResponseWriter){status(301, "", "Location", "/")}, 1, ``, "", "HTTP status 301"},
		{"no format", map[string]string{"accounts": "a\n1\n"}, []string{"accounts"}, nil, 2, ``, "", "does not say its format"},
		{"no file", nil, []string{"accounts.csv"}, nil, 2, ``, "", "accounts.csv: no such file"},
		{"no table", nil, nil, nil, 2, ``, "", "standard input needs --table"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			at := &receiving{answers: c.answers}
			server := httptest.NewServer(at)
			defer server.Close()
			dir := t.TempDir()
			for name, text := range c.files {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			args := []string{"send"}
			for _, arg := range c.args {
				if _, ok := c.files[arg]; ok {
					arg = filepath.Join(dir, arg)
				}
				args = append(args, arg)
			}
			code, out, errs := sendTo(t, server.URL, args...)
			if code != c.code || !strings.Contains(out, c.out) || !strings.Contains(errs, c.err) {
				t.Errorf("got %d\n%s\n%s\nwant %d %s\n%s", code, out, errs, c.code, c.out, c.err)
			}
			if got := strings.Join(at.taken, "\n"); got != c.taken {
				t.Errorf("taken:\n%s\nwant\n%s", got, c.taken)
			}
			if strings.Contains(out+errs, "secret-token") {
				t.Errorf("the token is printed: %s%s", out, errs)
			}
		})
	}
}

// sendTo runs a command as the program would, without touching the process's environment.
func sendTo(t *testing.T, url string, args ...string) (code int, out, errs string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	c := config.Config{SendURL: url, SendToken: "secret-token"}
	code = runWith(t.Context(), args, &stdout, &stderr, func() (config.Config, error) { return c, nil })
	return code, stdout.String(), stderr.String()
}

// TestSendResume: what was taken is not sent again, and what was added is.
func TestSendResume(t *testing.T) {
	at := &receiving{}
	server := httptest.NewServer(at)
	defer server.Close()
	file := filepath.Join(t.TempDir(), "accounts.csv")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	send := func(want int) string {
		at.taken = nil
		code, out, errs := sendTo(t, server.URL, "send", "--resume", "--rows", "2", "--patience", "10ms", file)
		if code != want {
			t.Fatalf("got %d %s %s", code, out, errs)
		}
		return strings.ReplaceAll(strings.Join(at.taken, "; "), "POST /v1/accounts Bearer secret-token text/csv ", "")
	}
	write("a\n1\n2\n3\n4\n5\n")
	at.answers = []func(http.ResponseWriter){nil, status(503, `{"error":"busy"}`)}
	if got := send(1); got != `"a\n1\n2\n"` {
		t.Errorf("the first time: %s", got)
	}
	if got := send(0); got != `"a\n3\n4\n"; "a\n5\n"` {
		t.Errorf("the second time: %s", got)
	}
	if got := send(0); got != `` {
		t.Errorf("the third time: %s", got)
	}
	write("a\n1\n2\n3\n4\n5\n6\n")
	if got := send(0); got != `"a\n6\n"` {
		t.Errorf("when it grew: %s", got)
	}
	write("b\n1\n")
	if got := send(0); got != `"b\n1\n"` {
		t.Errorf("another file of this name: %s", got)
	}
	write("b\n")
	if got := send(1); got != `` {
		t.Errorf("a file that shrank: %s", got)
	}
}

// TestSendToServe: what is sent is what is imported, a service that is not ready yet is waited for, and the token that the
// service makes at its first start lets in whoever may read its data, and nobody else.
func TestSendToServe(t *testing.T) {
	data := t.TempDir()
	environment(t, "CSKPI_DATA_DIR", data, "CSKPI_LISTEN", "127.0.0.1:0", "CSKPI_ENGINE_LISTEN", "127.0.0.1:0", "CSKPI_INTAKE_LISTEN", "127.0.0.1:0")
	file := filepath.Join(t.TempDir(), "contracts.csv")
	writeFile(t, file, contractsCSV+"c7,dyne,suite,much,USD,2024-02-01,2025-02-01\n")
	s := start(t, "serve")
	address := s.intakeAddress(t)
	t.Setenv("CSKPI_SEND_URL", "http://"+address)
	for range 2 {
		code, out, errs := execute(t, "send", "--rows", "2", file)
		if code != exitProblem || !strings.Contains(errs, `contracts.csv:8: acv "much"`) || !regexp.MustCompile(`contracts +1 +7 +6 +1 `).MatchString(out) {
			t.Fatalf("got %d\n%s\n%s\nlog:\n%s", code, out, errs, s.stderr)
		}
	}
	code, stdout, stderr := execute(t, "kpi", "arr", "--format", "csv", "--as-of", "2024-06-30")
	if code != exitOK || !strings.Contains(stdout, "150000.5") {
		t.Errorf("got %d\n%s\n%s", code, stdout, stderr)
	}
	token := strings.TrimSpace(string(readFile(t, filepath.Join(data, config.TokenFile))))
	if strings.Contains(s.stderr.String(), token) || strings.Contains(string(readFile(t, filepath.Join(data, config.TokensFile))), token) {
		t.Error("the token is in the log or in the file of tokens")
	}
	for _, name := range []string{config.TokenFile, config.TokensFile} {
		if info, err := os.Stat(filepath.Join(data, name)); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s: got %v, %v", name, info.Mode(), err)
		}
	}
	for path, method := range map[string]string{"/v1/contracts": http.MethodPost, "/v1/accounts/acme": http.MethodDelete} {
		r, err := http.NewRequestWithContext(t.Context(), method, "http://"+address+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s %s without a token: got %d", method, path, answer.StatusCode)
		}
	}
	// A second start keeps the tokens.
	c, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	if tokens, err := c.OwnTokens(); err != nil || tokens != filepath.Join(data, config.TokensFile) || strings.TrimSpace(string(readFile(t, filepath.Join(data, config.TokenFile)))) != token {
		t.Errorf("got %s, %v", tokens, err)
	}
	t.Setenv("CSKPI_DATA_DIR", t.TempDir())
	if code, _, errs := execute(t, "send", file); code != exitProblem || !strings.Contains(errs, "no token was sent; set CSKPI_SEND_TOKEN") {
		t.Errorf("got %d\n%s", code, errs)
	}
}
