//go:build linux && !server

package engine_test

import (
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"cskpi/exporter/engine"
	"cskpi/exporter/engine/enginetest"
)

// Without the token the engine's own listener answers nothing, whatever is asked, and no header raises the rights of a request.
func TestEngineNeedsItsToken(t *testing.T) {
	base := private(enginetest.Engine(t))
	for _, path := range []string{"/ping", "/replicas_status", "/", "/?query=select+1", "/query?query=select+1", "/elsewhere"} {
		for _, headers := range [][]string{
			nil, {engine.TokenHeader, ""}, {engine.TokenHeader, "guess"}, {engine.TokenHeader, token(t)[1:]}, {"X-Cskpi-Role", "reader"}, {"X-Cskpi-Session", "service"},
			{engine.TokenHeader, token(t), "X-Cskpi-Role", ""}, {engine.TokenHeader, token(t), "X-Cskpi-Role", "service"}, {engine.TokenHeader, token(t), "X-Cskpi-Role", "Reader"},
		} {
			if got := send(t, base+path, "", headers...); got.status != http.StatusForbidden || got.header.Get("X-ClickHouse-Exception-Code") != "516" {
				t.Errorf("%s with %q: got %d %q", path, headers, got.status, got.body)
			}
		}
	}
	for _, role := range []string{"reader", "kpi"} {
		if got := send(t, base+"/?query=create+database+made", "", engine.TokenHeader, token(t), "X-Cskpi-Role", role); got.header.Get("X-ClickHouse-Exception-Code") != "164" {
			t.Errorf("role %s: got %d %q", role, got.status, got.body)
		}
	}
}

// What readers send in the headers that are between the two processes does not come through.
func TestReadersCannotChooseTheirRole(t *testing.T) {
	for _, headers := range [][]string{
		{engine.TokenHeader, token(t)}, {strings.ToLower(engine.TokenHeader), token(t)}, {engine.TokenHeader, "guess"},
		{engine.TokenHeader, token(t), "X-Cskpi-Role", ""}, {"x-cskpi-role", "service"}, {"Connection", "X-Cskpi-Role"}, {"Connection", "X-Cskpi-Token, X-Cskpi-Role"},
	} {
		for _, as := range []string{"", "kpi"} {
			got := ask(t, q("create database made"), "", append(headers, "Test-Role", as)...)
			if got.header.Get("X-ClickHouse-Exception-Code") != "164" {
				t.Errorf("%q: got %d %q", headers, got.status, got.body)
			}
			if got := ask(t, q("select 1"), "", headers...); got.body != "1\n" || got.header.Get("X-Cskpi-Session") != "" {
				t.Errorf("%q: got %d %q, session %q", headers, got.status, got.body, got.header.Get("X-Cskpi-Session"))
			}
		}
	}
}

// An engine that was started again answers readers whose connections are older, and says so while it is away.
func TestReadersAfterARestart(t *testing.T) {
	dir := t.TempDir()
	e := startIn(t, dir)
	to := readersOf(t, e)
	if got := send(t, to, "select 1"); got.body != "1\n" {
		t.Fatalf("got %d %q", got.status, got.body)
	}
	if err := syscall.Kill(endpointIn(t, dir).PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "readers are answered again", 20*time.Second, func() bool {
		got := send(t, to, "select 1")
		if got.body != "1\n" && (got.status != http.StatusServiceUnavailable || got.header.Get("X-ClickHouse-Exception-Code") != "210") {
			t.Fatalf("got %d %q", got.status, got.body)
		}
		return got.body == "1\n"
	})
	if e.Restarts() != 1 {
		t.Errorf("%d restarts", e.Restarts())
	}
}

func TestTakeCredentials(t *testing.T) {
	for _, tt := range []struct {
		url     string
		headers []string
		want    string
	}{
		{"/?query=select+1", nil, "  false /?query=select+1"},
		{"/?query=select+1&user=kim&password=p%26s", nil, "kim p&s true /?query=select+1"},
		{"/?password=p", nil, " p true /"},
		{"/", []string{"X-ClickHouse-User", "kim", "X-ClickHouse-Key", "pass"}, "kim pass true /"},
		{"/", []string{"Authorization", "Basic a2ltOnBhc3M="}, "kim pass true /"},
		{"/", []string{"Authorization", "Bearer abc"}, "  false /"},
		{"/?user=a&password=b", []string{"Authorization", "Basic a2ltOnBhc3M="}, "a b true /"},
		{"/?user=a&password=b", []string{"X-ClickHouse-User", "kim", "X-ClickHouse-Key", "pass"}, "kim pass true /"},
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, tt.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := 0; i < len(tt.headers); i += 2 {
			r.Header.Set(tt.headers[i], tt.headers[i+1])
		}
		user, password, ok := engine.TakeCredentials(r)
		got := strings.Join([]string{user, password, map[bool]string{true: "true", false: "false"}[ok], r.URL.String()}, " ")
		if got != tt.want || len(r.Header) > 0 {
			t.Errorf("%s %q: got %q and headers %v, want %q", tt.url, tt.headers, got, r.Header, tt.want)
		}
	}
}
