//go:build linux && !server

package engine_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"cskpi/exporter/engine"
	"cskpi/exporter/engine/enginetest"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// answer is a response whose body was read.
type answer struct {
	status int
	header http.Header
	body   string
	err    error // Of reading the body.
}

// emptied connects to the shared engine, never to another server, and drops what other tests left.
func emptied(t *testing.T) driver.Conn {
	t.Helper()
	conn := open(t, enginetest.Engine(t))
	execute(t, conn, "drop database if exists cs sync")
	return conn
}

// ask sends a request to the shared engine. The query stands in params; body may be empty.
func ask(t *testing.T, params url.Values, body string, headers ...string) answer {
	t.Helper()
	return send(t, readers(t)+"/?"+params.Encode(), body, headers...)
}

// asService is ask with the service's rights.
func asService(t *testing.T, params url.Values, body string, headers ...string) answer {
	t.Helper()
	return send(t, private(enginetest.Engine(t))+"/?"+params.Encode(), body, append(headers, engine.TokenHeader, token(t))...)
}

// private is the address of the engine's own listener, which asks for the token.
func private(e *engine.Engine) string { return "http://" + e.Options().Addr[0] }

// readers is where readers reach the shared engine.
func readers(t *testing.T) string {
	t.Helper()
	forReaders.Lock()
	defer forReaders.Unlock()
	if forReaders.server == nil {
		forReaders.server = httptest.NewServer(handler(enginetest.Engine(t)))
	}
	return forReaders.server.URL
}

var forReaders struct {
	sync.Mutex
	server *httptest.Server // ends with the test binary
}

// handler serves readers, those of the user kpi with the views of KPIs only.
func handler(e *engine.Engine) http.Handler {
	return e.Handler(engine.HandlerOptions{KPIOnly: func(r *http.Request) bool { return r.Header.Get("Test-Role") == "kpi" }, Log: quiet()})
}

// readersOf is where readers reach an engine that only this test uses.
func readersOf(t *testing.T, e *engine.Engine) string {
	t.Helper()
	s := httptest.NewServer(handler(e))
	t.Cleanup(s.Close)
	return s.URL
}

func token(t *testing.T) string {
	t.Helper()
	return enginetest.Engine(t).Options().HttpHeaders[engine.TokenHeader]
}

func send(t *testing.T, to, body string, headers ...string) answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	return do(t, req, headers...)
}

func do(t *testing.T, req *http.Request, headers ...string) answer {
	t.Helper()
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Host" {
			req.Host = headers[i+1]
			continue
		}
		req.Header.Set(headers[i], headers[i+1])
	}
	client := http.Client{Transport: &http.Transport{DisableCompression: true, DisableKeepAlives: true}}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, resp.Header, string(b), err}
}

func q(query string, more ...string) url.Values {
	v := url.Values{"query": {query}}
	for i := 0; i < len(more); i += 2 {
		v.Set(more[i], more[i+1])
	}
	return v
}

func execute(t *testing.T, conn driver.Conn, queries ...string) {
	t.Helper()
	for _, query := range queries {
		if err := conn.Exec(t.Context(), query); err != nil {
			t.Fatalf("%s: %v", query, err)
		}
	}
}

// count runs a query for one number.
func count(t *testing.T, conn driver.Conn, query string, args ...any) uint64 {
	t.Helper()
	var n uint64
	if err := conn.QueryRow(t.Context(), query, args...).Scan(&n); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return n
}

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

// own starts an engine that only this test uses.
func own(t *testing.T, o engine.Options) *engine.Engine {
	t.Helper()
	if o.DataDir == "" {
		o.DataDir = t.TempDir()
	}
	if o.Log == nil {
		o.Log = quiet()
	}
	o.Confinement = engine.ConfinedFull
	e, err := engine.Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func read(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
