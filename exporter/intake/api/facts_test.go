package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"go.yaml.in/yaml/v2"

	"cskpi/exporter/intake"
)

// scripted is a store that does what a test says, and keeps what it was handed.
type scripted struct {
	mu    sync.Mutex
	rows  []intake.Rows
	write func(context.Context, intake.Rows) (intake.Result, error)
}

func (s *scripted) Tables() []string { return []string{"accounts", "contracts", "usage_events"} }

func (s *scripted) Describe(_ context.Context, table, source string) (intake.Description, error) {
	return intake.Description{Table: table, Sources: []intake.SourceState{{Source: source}}}, nil
}

// Write rejects every row that says so; a test may have it do otherwise.
func (s *scripted) Write(ctx context.Context, r intake.Rows) (intake.Result, error) {
	r.Text = bytes.Clone(r.Text)
	s.mu.Lock()
	s.rows = append(s.rows, r)
	s.mu.Unlock()
	if s.write != nil {
		return s.write(ctx, r)
	}
	var result intake.Result
	for line := range strings.Lines(string(r.Text)) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		result.Read++
		if strings.Contains(line, "reject") {
			result.Rejected++
			x := intake.Reject{Line: result.Read, Column: "ts", Value: "reject", Reason: "is not a time"}
			result.Rejects = append(result.Rejects, x)
			result.Classes = map[string]int64{x.Class(): result.Rejected}
		}
	}
	return result, nil
}

// said is the text that was handed over last.
func (s *scripted) said() string {
	if len(s.rows) == 0 {
		return "(nothing)"
	}
	return string(s.rows[len(s.rows)-1].Text)
}

// aToken makes a token in the tokens of a test.
func aToken(t testing.TB, to *Tokens, o TokenOptions) string {
	t.Helper()
	given, element, err := NewToken(o)
	if err != nil {
		t.Fatal(err)
	}
	made, err := parseTokens([]byte(element), nil)
	if err != nil {
		t.Fatal(err)
	}
	to.tokens = append(to.tokens, made...)
	return given
}

// described is openapi.yaml: for each path and method the statuses, and for each of these the members that an answer must have.
func described(t testing.TB) map[string]map[string]map[string]any {
	t.Helper()
	var d struct {
		Paths map[string]map[string]struct {
			Responses map[string]any
		}
	}
	if err := yaml.Unmarshal(openapi, &d); err != nil {
		t.Fatal(err)
	}
	all := map[string]map[string]map[string]any{}
	for path, methods := range d.Paths {
		all[path] = map[string]map[string]any{}
		for method, operation := range methods {
			all[path][strings.ToUpper(method)] = operation.Responses
		}
	}
	return all
}

func compressed(kind, text string) string {
	var b bytes.Buffer
	var w io.WriteCloser = gzip.NewWriter(&b)
	if kind == "zstd" {
		w, _ = zstd.NewWriter(&b)
	}
	_, _ = io.WriteString(w, text)
	w.Close()
	return b.String()
}

// call posts as anyone, unless the headers, names and values in turn, have another Authorization.
func call(h http.Handler, path, body string, headers ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	authorize(r)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

const oneRow = `{"event_id":"e1","account_id":"acme"}`

// TestFacts holds every status to what leads there, and to the description.
func TestFacts(t *testing.T) {
	tokens := &Tokens{}
	shop := aToken(t, tokens, TokenOptions{Name: "shop", Tables: []string{"usage_events"}, Source: "web"})
	all := aToken(t, tokens, TokenOptions{Name: "all", Tables: []string{"*"}})
	slow := aToken(t, tokens, TokenOptions{Name: "slow", Tables: []string{"*"}, Rate: 1, Burst: 2})
	reader := aToken(t, tokens, TokenOptions{Name: "reader", Tables: []string{"contracts", "usage_events"}, Rights: []string{"read"}})
	fails := func(err error) func(context.Context, intake.Rows) (intake.Result, error) {
		return func(context.Context, intake.Rows) (intake.Result, error) { return intake.Result{}, err }
	}
	const nd, js, csv = "application/x-ndjson", "application/json", "text/csv"
	for _, tt := range []struct {
		name    string
		method  string // [POST]
		path    string // [/v1/usage_events]
		token   string // [all]
		kind    string // Content-Type
		coding  string
		body    string
		write   func(context.Context, intake.Rows) (intake.Result, error)
		status  int
		want    string // part of the answer
		handed  string // what the store got; empty: not looked at
		headers map[string]string
	}{
		{name: "one line", kind: nd, body: oneRow, status: 200, want: `"table":"usage_events","read":1,"stored":1,"rejected":0,"rejects":[]}`, handed: oneRow},
		{name: "two lines", kind: "application/jsonl; charset=UTF-8", body: oneRow + "\n" + oneRow + "\n", status: 200, want: `"read":2,"stored":2`},
		{name: "mark of UTF-8", kind: nd, body: "\ufeff" + oneRow, status: 200, handed: oneRow},
		{name: "nothing", kind: nd, status: 200, want: `"read":0,"stored":0`},
		{name: "no rows", kind: js, body: " [ ] ", status: 200, want: `"read":0,"stored":0`, handed: ""},
		{name: "an object", kind: js, body: "{\n  \"a\": 1\n}\n", status: 200, want: `"read":1`, handed: `{ "a": 1 }`},
		{name: "an array", kind: js, body: "[ {\"a\": 1},\n\n\t{\"b\": \"x ,]}\\\"\\\\\" } ]", status: 200, want: `"read":2`, handed: "{\"a\": 1}\n{\"b\": \"x ,]}\\\"\\\\\" }\n"},
		{name: "an array of anything", kind: js, body: `[1, "a,b", null, [2]]`, status: 200, handed: "1\n\"a,b\"\nnull\n[2]\n"},
		{name: "CSV", kind: "text/csv; charset=utf-8; header=present", body: "event_id\n=cmd|' /C calc'!A0\n", status: 200, handed: "event_id\n=cmd|' /C calc'!A0\n"},
		{name: "gzip", kind: nd, coding: "gzip", body: compressed("gzip", oneRow), status: 200, handed: oneRow},
		{name: "zstd", kind: nd, coding: "ZSTD", body: compressed("zstd", oneRow), status: 200, handed: oneRow},
		{name: "identity", kind: nd, coding: "identity", body: oneRow, status: 200, handed: oneRow},
		{name: "SQL", kind: nd, body: `{"event_id":"'; drop table stored_accounts; --"}`, status: 200, handed: `{"event_id":"'; drop table stored_accounts; --"}`},
		{name: "source of the token", token: shop, kind: nd, body: oneRow, status: 200},
		{name: "basic auth", token: "basic " + shop, kind: nd, body: oneRow, status: 200},

		{name: "some rejected", kind: nd, body: oneRow + "\nreject", status: 207, want: `"read":2,"stored":1,"rejected":1,"rejects":[{"row":2,"column":"ts","value":"reject","reason":"is not a time"}]`},
		{name: "all rejected", kind: js, body: `["reject","reject"]`, status: 422, want: `"stored":0,"rejected":2`},

		{name: "bad as a whole", kind: csv, body: "x", write: fails(errors.New(`column "x" is not a column of usage_events`)), status: 400, want: "is not a column of usage_events"},
		{name: "no JSON", kind: js, body: "event_id,account_id", status: 400, want: "neither a JSON array nor an object"},
		{name: "empty JSON", kind: js, status: 400, want: "neither a JSON array nor an object"},
		{name: "two objects", kind: js, body: "{} {}", status: 400, want: "byte 4: there is more behind the JSON object"},
		{name: "an array as NDJSON", kind: nd, body: "\n[" + oneRow + "]", status: 400, want: "send it as application/json"},
		{name: "an open array", kind: js, body: "[{}", status: 400, want: "ends early"},
		{name: "an array that ends in a comma", kind: js, body: "[{},]", status: 400, want: "a value is missing"},
		{name: "crossed brackets", kind: js, body: `[{"a":[1}]]`, status: 400, want: "closes what"},
		{name: "an open string", kind: js, body: `[{"a":"b}]`, status: 400, want: "not closed"},
		{name: "a line end in a string", kind: js, body: "[{\"a\":\"b\n\"}]", status: 400, want: "not closed at the end of its line"},
		{name: "text behind the array", kind: js, body: "[] []", status: 400, want: "behind the JSON array"},
		{name: "deep JSON", kind: js, body: "[" + strings.Repeat(`{"a":`, 101) + "1", status: 400, want: "nested more than 100 deep"},
		{name: "very deep JSON", kind: js, body: strings.Repeat("[", 1<<20), status: 400, want: "nested more than 100 deep"},
		{name: "no gzip", kind: nd, coding: "gzip", body: oneRow, status: 400, want: "not gzip"},
		{name: "cut gzip", kind: nd, coding: "gzip", body: compressed("gzip", oneRow)[:20], status: 400, want: "not gzip"},
		{name: "no zstd", kind: nd, coding: "zstd", body: oneRow, status: 400, want: "not zstd"},
		{name: "cut zstd", kind: nd, coding: "zstd", body: compressed("zstd", oneRow)[:20], status: 400, want: "not zstd"},

		{name: "no token", token: "none", kind: nd, body: oneRow, status: 401, want: "the token is missing"},
		{name: "unknown token", token: "cskpi_x", kind: nd, body: oneRow, status: 401, want: "the token is unknown"},
		{name: "no token for a table that is not there", token: "none", path: "/v1/nonsense", kind: nd, status: 401, want: "the token is missing"},
		{name: "another table", token: shop, path: "/v1/accounts", kind: nd, body: oneRow, status: 403, want: "may not write to accounts"},
		{name: "no right to write", token: reader, kind: nd, body: oneRow, status: 403, want: "may not write"},

		{name: "unknown table", path: "/v1/usage_event", kind: nd, body: oneRow, status: 404, want: "did you mean usage_events?"},
		{name: "unlike any table", path: "/v1/xyzzyxyzzyxyzzy", kind: nd, body: oneRow, status: 404, want: "there are accounts, contracts, usage_events"},
		{name: "tables that the token may write to", token: shop, path: "/v1/xyzzyxyzzyxyzzy", kind: nd, status: 404, want: "; there are usage_events"},
		{name: "a path that climbs", path: "/v1/../v1/usage_events", kind: nd, body: oneRow, status: 404, want: "did you mean /v1/usage_events?"},
		{name: "a path that climbs in disguise", path: "/v1/%2e%2e/usage_events", kind: nd, body: oneRow, status: 404},
		{name: "a table with a slash", path: "/v1/cs%2Fusage_events", kind: nd, body: oneRow, status: 404, want: "there is no table"},
		{name: "a table with SQL", path: "/v1/usage_events;drop%20table%20x", kind: nd, body: oneRow, status: 404, want: "there is no table"},
		{name: "a table with NUL", path: "/v1/usage_events%00", kind: nd, body: oneRow, status: 404, want: "there is no table"},
		{name: "two slashes", path: "/v1//usage_events", kind: nd, body: oneRow, status: 404, want: "did you mean"},
		{name: "a slash at the end", path: "/v1/usage_events/", kind: nd, body: oneRow, status: 404, want: "did you mean /v1/usage_events?"},
		{name: "another version", path: "/v2/usage_events", kind: nd, body: oneRow, status: 404, want: "/v1/openapi.yaml"},
		{name: "the root", method: "GET", path: "/", token: "none", status: 404, want: "POST /v1/{table}"},

		{name: "reading", method: "GET", token: reader, status: 200, want: `"table":"usage_events"`},
		{name: "reading another table", method: "GET", token: reader, path: "/v1/accounts", status: 403, want: "may not read accounts"},
		{name: "reading what is not there", method: "GET", token: reader, path: "/v1/usage", status: 404, want: "there are contracts, usage_events"},
		{name: "reading without the right", method: "GET", status: 403, want: "may not read usage_events"},
		{name: "reading without a token", method: "GET", token: "none", status: 401},
		{name: "putting", method: "PUT", kind: nd, body: oneRow, status: 405, want: "use GET or POST", headers: map[string]string{"Allow": "GET, POST"}},
		{name: "a method of nobody's", method: "BREW", status: 405},
		{name: "posting the description", path: "/v1/openapi.yaml", status: 405, want: "use GET"},
		{name: "getting track", path: "/v1/track", method: "GET", status: 405},

		{name: "too long", kind: nd, body: strings.Repeat(" ", 1001), status: 413, want: "at most 1000 are taken"},
		{name: "too long without a length", kind: nd, body: "chunked" + strings.Repeat(" ", 1001), status: 413, want: "at most 1000 bytes"},
		{name: "too long in gzip", kind: nd, coding: "gzip", body: compressed("gzip", strings.Repeat(" ", 1001)), status: 413, want: "uncompressed"},
		{name: "too long in zstd", kind: nd, coding: "zstd", body: compressed("zstd", strings.Repeat(" ", 1001)), status: 413, want: "uncompressed"},
		{name: "a bomb", kind: nd, coding: "gzip", body: compressed("gzip", strings.Repeat("0", 900_000)), status: 413, want: "uncompressed"},

		{name: "no Content-Type", body: oneRow, status: 415, want: "is not for rows", headers: map[string]string{"Accept-Post": accepted}},
		{name: "a form", kind: "application/x-www-form-urlencoded", body: oneRow, status: 415},
		{name: "plain text", kind: "text/plain", body: oneRow, status: 415},
		{name: "another charset", kind: "text/csv; charset=shift_jis", body: oneRow, status: 415, want: "send UTF-8"},
		{name: "a broken Content-Type", kind: "text/csv; charset", body: oneRow, status: 415},
		{name: "another encoding", kind: nd, coding: "br", body: oneRow, status: 415, want: "Content-Encoding br", headers: map[string]string{"Accept-Encoding": "gzip, zstd"}},
		{name: "two encodings", kind: nd, coding: "gzip, gzip", body: oneRow, status: 415},

		{name: "more than the burst at once", token: slow, kind: nd, body: "1\n2\n3\n4\n", status: 200},
		{name: "too fast", token: slow, kind: nd, body: "1\n", status: 429, want: "more rows per second", headers: map[string]string{"Retry-After": "3"}},

		{name: "away", kind: nd, body: oneRow, write: fails(intake.StoreError{Err: errors.New("dial tcp 10.0.0.1: refused")}), status: 503, want: "send them again", headers: map[string]string{"Retry-After": "5"}},
		{name: "busy", kind: nd, body: oneRow, write: fails(fmt.Errorf("x: %w", intake.ErrBusy)), status: 503, want: "later", headers: map[string]string{"Retry-After": "1"}},
		{name: "slow", kind: nd, body: oneRow, write: func(ctx context.Context, _ intake.Rows) (intake.Result, error) {
			<-ctx.Done()
			return intake.Result{}, ctx.Err()
		}, status: 503, want: "not stored in time", headers: map[string]string{"Retry-After": "5"}},
		{name: "a mistake", kind: nd, body: oneRow, write: func(context.Context, intake.Rows) (intake.Result, error) { panic("mistake") }, status: 500, want: "something is wrong here"},
		{name: "the description", method: "GET", path: "/v1/openapi.yaml", token: "none", status: 200, want: "openapi: 3.1.0"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			store := &scripted{write: tt.write}
			var log bytes.Buffer
			s := newServer(t, Options{Store: store, Tokens: tokens, MaxBody: 1000, Memory: 1 << 20, Timeout: 50 * time.Millisecond, Log: slog.New(slog.NewJSONHandler(&log, nil))})
			if tt.status == 400 && strings.Contains(tt.name, "deep") {
				s = newServer(t, Options{Store: store, Tokens: tokens, Log: slog.New(slog.NewJSONHandler(&log, nil))})
			}
			method, path := tt.method, tt.path
			if method == "" {
				method = http.MethodPost
			}
			if path == "" {
				path = "/v1/usage_events"
			}
			r := httptest.NewRequest(method, path, strings.NewReader(tt.body))
			if strings.HasPrefix(tt.body, "chunked") {
				r.ContentLength = -1
			}
			for name, value := range map[string]string{"Content-Type": tt.kind, "Content-Encoding": tt.coding} {
				if value != "" {
					r.Header.Set(name, value)
				}
			}
			basic, isBasic := strings.CutPrefix(tt.token, "basic ")
			switch {
			case isBasic:
				r.SetBasicAuth(basic, "whatever")
			case tt.token == "":
				r.Header.Set("Authorization", "bearer "+all)
			case tt.token != "none":
				r.Header.Set("Authorization", "Bearer "+tt.token)
			}
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, r)
			got := w.Body.String()
			if w.Code != tt.status || !strings.Contains(got, tt.want) {
				t.Errorf("got %d, %s, want %d, %s", w.Code, got, tt.status, tt.want)
			}
			if tt.handed != "" && store.said() != tt.handed {
				t.Errorf("the store got %q, want %q", store.said(), tt.handed)
			}
			if tt.status >= 400 && tt.status != 422 && tt.write == nil && len(store.rows) > 0 {
				t.Errorf("the store got %q", store.said())
			}
			if source := map[bool]string{true: "web"}[strings.HasSuffix(tt.token, shop)]; len(store.rows) > 0 && store.rows[0].Source != source {
				t.Errorf("got source %q", store.rows[0].Source)
			}
			for name, want := range tt.headers {
				if w.Header().Get(name) != want {
					t.Errorf("%s: got %q, want %q", name, w.Header().Get(name), want)
				}
			}
			if tt.status == 401 && len(w.Header().Values("WWW-Authenticate")) != 2 {
				t.Errorf("no WWW-Authenticate: %v", w.Header())
			}
			if w.Header().Get("X-Request-Id") == "" || w.Header().Get("X-Content-Type-Options") != "nosniff" {
				t.Errorf("headers: %v", w.Header())
			}
			if strings.Contains(log.String(), oneRow) || strings.Contains(log.String(), all) || strings.Contains(log.String(), shop) || strings.Contains(log.String(), "calc") {
				t.Errorf("the log has what it must not: %s", log.String())
			}
			if !strings.Contains(log.String(), fmt.Sprintf(`"status":%d`, tt.status)) {
				t.Errorf("the log lacks the request: %s", log.String())
			}
			if !idle(s) {
				t.Error("something is still held")
			}
			holdsTo(t, method, path, w)
		})
	}
}

// holdsTo compares an answer with the description, if it is about a path of it.
func holdsTo(t *testing.T, method, path string, w *httptest.ResponseRecorder) {
	t.Helper()
	all := described(t)
	operations, there := all[path]
	if !there && strings.Count(path, "/") == 2 && strings.HasPrefix(path, "/v1/") && !strings.Contains(path, "//") {
		operations, there = all["/v1/{table}"], true
	}
	if !there {
		if w.Code != http.StatusNotFound && w.Code != http.StatusMethodNotAllowed {
			t.Errorf("%s is not described", path)
		}
		return
	}
	responses := operations[method]
	if w.Code == http.StatusMethodNotAllowed {
		for _, other := range operations {
			responses = other // where it is said what another method gets
		}
	}
	if _, there := responses[fmt.Sprint(w.Code)]; !there {
		t.Errorf("%s %s: %d is not described", method, path, w.Code)
	}
	if strings.HasSuffix(path, ".yaml") && w.Code == http.StatusOK {
		return
	}
	var got map[string]any
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Header().Get("Content-Type") != "application/json" {
		t.Fatalf("%s: %v in %s", w.Header().Get("Content-Type"), err, w.Body)
	}
	want := []string{"error", "request_id"}
	if method == http.MethodGet && w.Code == http.StatusOK {
		want = []string{"columns", "meaning", "request_id", "sources", "table"}
	} else if slices.Contains([]int{200, 207, 422}, w.Code) {
		want = []string{"read", "rejected", "rejects", "request_id", "stored", "table"}
	}
	var members []string
	for name := range got {
		members = append(members, name)
	}
	if slices.Sort(members); !slices.Equal(members, want) {
		t.Errorf("the answer has the members %q, want %q", members, want)
	}
	if got["request_id"] != w.Header().Get("X-Request-Id") {
		t.Errorf("got request_id %v, X-Request-Id %q", got["request_id"], w.Header().Get("X-Request-Id"))
	}
}

// TestDescriptionHasRoutes: every path that is described leads somewhere, with that method only, and nothing else does.
func TestDescriptionHasRoutes(t *testing.T) {
	s := newServer(t, Options{})
	for path, operations := range described(t) {
		path = strings.NewReplacer("{table}", "usage_events", "{id}", "acme").Replace(path)
		for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"} {
			w := httptest.NewRecorder()
			r := httptest.NewRequest(method, path, nil)
			authorize(r)
			s.Handler().ServeHTTP(w, r)
			if _, described := operations[method]; described == (w.Code == http.StatusNotFound || w.Code == http.StatusMethodNotAllowed) {
				t.Errorf("%s %s: got %d, described: %t", method, path, w.Code, described)
			}
			if w.Code == http.StatusMethodNotAllowed && w.Header().Get("Allow") == "" {
				t.Errorf("%s %s: no Allow", method, path)
			}
		}
	}
}

// TestNotReady: callers come back when there is a database, and are known already.
func TestNotReady(t *testing.T) {
	s := newServer(t, Options{})
	h := s.Handler()
	send := func() *httptest.ResponseRecorder {
		return call(h, "/v1/usage_events", oneRow, "Content-Type", "application/x-ndjson")
	}
	if w := send(); w.Code != http.StatusServiceUnavailable || w.Header().Get("Retry-After") == "" {
		t.Errorf("got %d, %s", w.Code, w.Body)
	}
	s.Open(&scripted{})
	if w := send(); w.Code != http.StatusOK {
		t.Errorf("got %d, %s", w.Code, w.Body)
	}
}

// TestTokensAreRequired: a server without tokens would let every program on this machine write and erase.
func TestTokensAreRequired(t *testing.T) {
	if _, err := New(Options{Store: &scripted{}}); err == nil {
		t.Error("a server was made without tokens")
	}
	if w := call(newServer(t, Options{Store: &scripted{}}).Handler(), "/v1/usage_events", oneRow, "Authorization", ""); w.Code != http.StatusUnauthorized {
		t.Errorf("got %d, %s", w.Code, w.Body)
	}
}

func TestRequestIDs(t *testing.T) {
	s := newServer(t, Options{Store: &scripted{}})
	for given, kept := range map[string]bool{"abc-123": true, "": false, "two words": false, "a\nb": false, strings.Repeat("x", 129): false, "<script>": false} {
		w := call(s.Handler(), "/v1/usage_events", oneRow, "Content-Type", "application/x-ndjson", "X-Request-Id", given)
		if id := w.Header().Get("X-Request-Id"); (id == given) != kept || id == "" || !strings.Contains(w.Body.String(), id) {
			t.Errorf("%q became %q; %s", given, id, w.Body)
		}
	}
}

// TestSlowCallers: over a real connection, a body that comes too slowly, not whole, or in two lengths ends in time.
func TestSlowCallers(t *testing.T) {
	store := &scripted{}
	s := newServer(t, Options{Store: store, Patience: 200 * time.Millisecond})
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	const head = "POST /v1/usage_events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + anyone + "\r\nContent-Type: application/x-ndjson\r\n"
	for _, tt := range []struct{ name, sent, want string }{
		{"half a body", head + "Content-Length: 100\r\n\r\n{", " 400 "},
		{"half a chunk", head + "Transfer-Encoding: chunked\r\n\r\n10\r\n{", " 400 "},
		{"two lengths", head + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", " 400 "},
		{"no number", head + "Content-Length: +2\r\n\r\n{}", " 400 "},
		{"a folded header", head + "Transfer-Encoding:\r\n chunked\r\nContent-Length: 2\r\n\r\n{}", " 400 "},
		{"another transfer encoding", head + "Transfer-Encoding: gzip\r\n\r\n{}", " 501 "},
		{"no Host", "POST /v1/usage_events HTTP/1.1\r\nContent-Type: application/x-ndjson\r\nContent-Length: 2\r\n\r\n{}", " 400 "},
	} {
		conn, err := net.Dial("tcp", server.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, tt.sent); err != nil {
			t.Fatal(err)
		}
		answer := make([]byte, 4096)
		n, _ := conn.Read(answer)
		if line, _, _ := strings.Cut(string(answer[:n]), "\r\n"); !strings.Contains(line+" ", tt.want) {
			t.Errorf("%s: got %q, want%s", tt.name, answer[:n], tt.want)
		}
		conn.Close()
	}
	if len(store.rows) != 0 {
		t.Errorf("something was stored: %q", store.said())
	}
	// Storing may take longer than a body may.
	store.write = func(context.Context, intake.Rows) (intake.Result, error) {
		time.Sleep(400 * time.Millisecond)
		return intake.Result{Read: 1}, nil
	}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/v1/usage_events", strings.NewReader(oneRow))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-ndjson")
	authorize(r)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("slow storing: got %d", resp.StatusCode)
	}
}

// TestSmuggling: a request with both Content-Length and Transfer-Encoding is read as chunked, and the connection is closed, so
// that what stands behind it is never taken for a request.
func TestSmuggling(t *testing.T) {
	store := &scripted{}
	s := newServer(t, Options{Store: store})
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(10 * time.Second))
	inner := "POST /v1/accounts HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer " + anyone + "\r\nContent-Type: application/x-ndjson\r\nContent-Length: 2\r\n\r\n{}"
	_, _ = io.WriteString(conn, "POST /v1/usage_events HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "+anyone+"\r\nContent-Type: application/x-ndjson\r\nTransfer-Encoding: chunked\r\n"+
		fmt.Sprintf("Content-Length: %d\r\n\r\n0\r\n\r\n%s", 5+len(inner), inner))
	answers, _ := io.ReadAll(conn)
	if strings.Count(string(answers), "HTTP/1.1 ") != 1 || len(store.rows) > 1 {
		t.Errorf("got %s and %d requests", answers, len(store.rows))
	}
}

func TestMetrics(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	tokens := &Tokens{}
	all := aToken(t, tokens, TokenOptions{Name: "all", Tables: []string{"*"}})
	s := newServer(t, Options{Store: &scripted{}, Tokens: tokens, Registry: registry})
	h := s.Handler()
	call(h, "/v1/usage_events", "1\nreject\n", "Content-Type", "application/x-ndjson", "Authorization", "Bearer "+all)
	call(h, "/v1/usage_events", "1", "Content-Type", "application/x-ndjson", "Authorization", "")
	call(h, "/v1/nonsense", "1", "Content-Type", "application/x-ndjson", "Authorization", "Bearer "+all)
	call(h, "/nonsense", "1")
	call(h, "/v1/track", "", "Authorization", "Bearer "+all)
	s.Stored(intake.Group{Table: "usage_events", Requests: 1, Rows: 1})
	s.Stored(intake.Group{Table: "usage_events", Requests: 1, Rows: 1, Err: errors.New("no")})
	err := testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP cs_intake_auth_failures_total Requests without a token, or with an unknown one.
# TYPE cs_intake_auth_failures_total counter
cs_intake_auth_failures_total{reason="missing"} 1
cs_intake_auth_failures_total{reason="unknown"} 0
# HELP cs_intake_batches_total Inserts that stored the rows of one or more requests, or failed to.
# TYPE cs_intake_batches_total counter
cs_intake_batches_total{outcome="failed",table="usage_events"} 1
cs_intake_batches_total{outcome="stored",table="usage_events"} 1
# HELP cs_intake_in_flight Requests that are under way.
# TYPE cs_intake_in_flight gauge
cs_intake_in_flight 0
# HELP cs_intake_rejected_rows_total Rows that arrived over HTTP and were rejected, by the kind of reason.
# TYPE cs_intake_rejected_rows_total counter
cs_intake_rejected_rows_total{reason="invalid",table="usage_events"} 1
# HELP cs_intake_request_bytes_total Bytes of request bodies, as they were sent.
# TYPE cs_intake_request_bytes_total counter
cs_intake_request_bytes_total 9
# HELP cs_intake_requests_total Requests that were answered; code 499 is for callers that hung up.
# TYPE cs_intake_requests_total counter
cs_intake_requests_total{code="207",route="/v1/{table}"} 1
cs_intake_requests_total{code="400",route="/v1/track"} 1
cs_intake_requests_total{code="401",route="/v1/{table}"} 1
cs_intake_requests_total{code="404",route=""} 1
cs_intake_requests_total{code="404",route="/v1/{table}"} 1
# HELP cs_intake_rows_total Rows that arrived over HTTP and were stored, or rejected.
# TYPE cs_intake_rows_total counter
cs_intake_rows_total{outcome="rejected",table="accounts"} 0
cs_intake_rows_total{outcome="rejected",table="contracts"} 0
cs_intake_rows_total{outcome="rejected",table="usage_events"} 1
cs_intake_rows_total{outcome="stored",table="usage_events"} 1
`), "cs_intake_auth_failures_total", "cs_intake_batches_total", "cs_intake_in_flight", "cs_intake_rejected_rows_total", "cs_intake_request_bytes_total",
		"cs_intake_requests_total", "cs_intake_rows_total")
	if err != nil {
		t.Error(err)
	}
	if n := testutil.CollectAndCount(s.metrics.duration); n != 3 {
		t.Errorf("got %d routes with durations", n)
	}
	if problems, err := testutil.GatherAndLint(registry); err != nil || len(problems) > 0 {
		t.Errorf("got %v, %v", problems, err)
	}
}

// TestGone: a caller that hung up is not waited for, and gets into the log as such.
func TestGone(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	s := newServer(t, Options{Store: &scripted{write: func(ctx context.Context, _ intake.Rows) (intake.Result, error) {
		cancel()
		<-ctx.Done()
		return intake.Result{}, ctx.Err()
	}}})
	r := httptest.NewRequestWithContext(ctx, http.MethodPost, "/v1/usage_events", strings.NewReader(oneRow))
	r.Header.Set("Content-Type", "application/x-ndjson")
	authorize(r)
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	if w.Code != statusGone {
		t.Errorf("got %d", w.Code)
	}
}
