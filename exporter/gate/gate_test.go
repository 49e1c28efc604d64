package gate

import (
	"bufio"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/crypto/bcrypt"
)

func open(t *testing.T, o Options, h http.HandlerFunc) *Gate {
	t.Helper()
	if o.Address == "" {
		o.Address = "127.0.0.1:0"
	}
	o.Log = slog.New(slog.DiscardHandler)
	g, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if h != nil {
		g.Handle(h)
	}
	served := make(chan error, 1)
	go func() { served <- g.Serve() }()
	t.Cleanup(func() {
		g.Close(0)
		if err := <-served; err != nil {
			t.Error(err)
		}
	})
	return g
}

func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	fmt.Fprintf(w, "user %q body %q err %v", User(r), body, err)
}

// hashed is a hash of the least cost, so that tests are quick.
func hashed(t *testing.T, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.MinCost)
	if err != nil {
		t.Fatal(err)
	}
	return string(hash)
}

func webFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "web.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func get(t *testing.T, g *Gate, headers ...string) (int, string, http.Header) {
	t.Helper()
	return do(t, g, http.MethodGet, "", headers...)
}

func do(t *testing.T, g *Gate, method, body string, headers ...string) (int, string, http.Header) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, g.URL(), strings.NewReader(body))
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
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, strings.TrimSpace(string(text)), resp.Header
}

// Requests that a page of another site can make a browser send are refused, whatever their method; what programs send is not.
func TestWebPages(t *testing.T) {
	data := open(t, Options{}, echo)
	pages := open(t, Options{Pages: true}, echo)
	address := strings.TrimPrefix(data.URL(), "http://")
	port := address[strings.LastIndex(address, ":"):]
	for _, tt := range []struct {
		name    string
		headers []string
		want    bool
		page    bool // with Pages, for reading
	}{
		{"curl", nil, true, true},
		{"typed address", []string{"Sec-Fetch-Site", "none", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, true, true},
		{"own page", []string{"Sec-Fetch-Site", "same-origin"}, true, true},
		{"own page, older browser", []string{"Origin", "http://SELF"}, true, true},
		{"script of another site", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "script"}, false, false},
		{"script of another port", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "script"}, false, false},
		{"fetch", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "cors", "Sec-Fetch-Dest", "empty", "Origin", "https://evil.example"}, false, false},
		{"fetch, older browser", []string{"Origin", "https://evil.example"}, false, false},
		{"sandboxed page, older browser", []string{"Origin", "null"}, false, false},
		{"origin with the name of this one", []string{"Origin", "http://SELF.evil.example"}, false, false},
		{"frame", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "iframe"}, false, false},
		{"object", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "no-cors", "Sec-Fetch-Dest", "object"}, false, false},
		{"link on another site", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, false, true},
		{"link on another port", []string{"Sec-Fetch-Site", "same-site", "Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document"}, false, true},
		{"rebound name", []string{"Host", "rebound.example" + port}, false, false},
		{"rebound name without a port", []string{"Host", "rebound.example"}, false, false},
		{"name that begins well", []string{"Host", "localhost.rebound.example"}, false, false},
		{"rebound name, own page", []string{"Host", "rebound.example" + port, "Sec-Fetch-Site", "same-origin"}, false, false},
		{"other address", []string{"Host", "192.0.2.1" + port}, false, false},
		{"localhost", []string{"Host", "localhost" + port}, true, true},
		{"IPv6", []string{"Host", "[::1]" + port}, true, true},
	} {
		for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodOptions, http.MethodDelete} {
			for _, g := range []*Gate{data, pages} {
				want := tt.want
				if g == pages && (method == http.MethodGet || method == http.MethodHead) {
					want = tt.page
				}
				var headers []string
				for _, h := range tt.headers {
					headers = append(headers, strings.Replace(h, "SELF", strings.TrimPrefix(g.URL(), "http://"), 1))
				}
				status, text, h := do(t, g, method, "", headers...)
				if (status == http.StatusOK) != want || status != http.StatusOK && status != http.StatusForbidden {
					t.Errorf("%s by %s, pages %t: got %d %s", tt.name, method, g == pages, status, text)
				}
				if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cross-Origin-Resource-Policy") != "same-origin" || h.Get("Access-Control-Allow-Origin") != "" {
					t.Errorf("%s by %s: headers %v", tt.name, method, h)
				}
			}
		}
	}
}

// A port that others could come in at without saying who they are does not open, and the message says what to configure.
func TestWhoMayListen(t *testing.T) {
	users := "basic_auth_users: {kim: " + hashed(t, "pass") + "}\n"
	for _, tt := range []struct {
		access  Access
		address string
		web     string
		want    string // of the message; empty: it opens
	}{
		{Local, "127.0.0.1:0", "", ""},
		{Local, "[::1]:0", "", ""},
		{Local, "localhost:0", "", ""},
		{Local, ":0", "", "users"},
		{Local, "0.0.0.0:0", "", "users"},
		{Local, "[::]:0", "", "users"},
		{Local, ":0", users, ""},
		{LocalOrEncrypted, "127.0.0.1:0", "", ""},
		{LocalOrEncrypted, ":0", "", "users and TLS"},
		{LocalOrEncrypted, ":0", users, "TLS"},
		{Users, "127.0.0.1:0", "", "users"},
		{Users, "127.0.0.1:0", users, ""},
		{Users, ":0", users, "TLS"},
		{Users, ":0", "", "users and TLS"},
		{Public, ":0", "", ""},
		{Tokens, ":0", "", ""},
		{Tokens, ":0", users, "remove it"},
	} {
		path := ""
		if tt.web != "" {
			path = webFile(t, tt.web)
		}
		g, err := Open(t.Context(), Options{
			Address: tt.address, WebConfig: path, Access: tt.access, Log: slog.New(slog.DiscardHandler),
			Names: Names{Address: "ADDRESS", WebConfig: "WEB_CONFIG", Public: "PUBLIC"},
		})
		if err == nil {
			g.Close(0)
		}
		name := fmt.Sprintf("access %d at %s with %q", tt.access, tt.address, tt.web)
		if (err == nil) != (tt.want == "") || err != nil && (!strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "WEB_CONFIG")) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
	taken := open(t, Options{}, echo)
	if _, err := Open(t.Context(), Options{Address: strings.TrimPrefix(taken.URL(), "http://"), Log: slog.New(slog.DiscardHandler)}); err == nil || !strings.Contains(err.Error(), "choose another address") {
		t.Errorf("taken: got %v", err)
	}
}

func TestUsers(t *testing.T) {
	path := webFile(t, fmt.Sprintf("basic_auth_users: {kim: %s, lee: %s}\nhttp_server_config: {headers: {X-Frame-Options: deny}}\n", hashed(t, "pass"), hashed(t, "word")))
	g := open(t, Options{WebConfig: path, Access: Users}, echo)
	basic := func(user, password string) []string {
		r := http.Request{Header: http.Header{}}
		r.SetBasicAuth(user, password)
		return []string{"Authorization", r.Header.Get("Authorization")}
	}
	f := func(want int, user string, headers ...string) {
		t.Helper()
		status, text, h := get(t, g, headers...)
		if status != want || status == http.StatusOK && !strings.HasPrefix(text, fmt.Sprintf("user %q", user)) || (h.Get("WWW-Authenticate") != "") != (want == http.StatusUnauthorized) {
			t.Errorf("%q: got %d %s, want %d", headers, status, text, want)
		}
	}
	for range 2 { // Also when right ones are remembered.
		f(401, "")
		f(401, "", basic("kim", "")...)
		f(401, "", basic("kim", "word")...)
		f(401, "", basic("nobody", "pass")...)
		f(401, "", basic("", "")...)
		f(401, "", "Authorization", "Bearer pass")
		f(200, "kim", basic("kim", "pass")...)
		f(200, "lee", basic("lee", "word")...)
	}
	if !g.Has("kim") || g.Has("nobody") {
		t.Error("Has is wrong")
	}
	// A new password is in force soon, the old one no longer; a file without users is not taken over.
	change := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		g.web.mu.Lock()
		g.web.looked = time.Time{}
		g.web.mu.Unlock()
	}
	change("basic_auth_users: {kim: " + hashed(t, "new") + "}\n")
	f(401, "", basic("kim", "pass")...)
	f(401, "", basic("lee", "word")...)
	f(200, "kim", basic("kim", "new")...)
	for _, text := range []string{"", "basic_auth_users: {}\n", "basic_auth_users: {kim: nonsense}\n", "nonsense: 1\n"} {
		change(text)
		f(401, "")
		f(200, "kim", basic("kim", "new")...)
	}
}

// clientFrom connects from one of loopback's many addresses.
func clientFrom(t *testing.T, g *Gate, from string) net.Conn {
	t.Helper()
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: 10 * time.Second}
	c, err := d.DialContext(t.Context(), "tcp", strings.TrimPrefix(g.URL(), "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// answered sends a whole request over c and returns the status, or 0 if the connection ended.
func answered(t *testing.T, c net.Conn, body string) int {
	t.Helper()
	if err := c.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	fmt.Fprintf(c, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// Half-sent bodies hold no place, take no other client's memory, and end.
func TestHalfSentBodies(t *testing.T) {
	g := open(t, Options{WholeBodies: 1 << 20, Limits: Limits{Requests: 2, Body: 300 * time.Millisecond}}, echo)
	var half []net.Conn
	for range 20 {
		c := clientFrom(t, g, "127.0.0.1")
		fmt.Fprint(c, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\nselect")
		half = append(half, c)
	}
	for range 3 {
		if status := answered(t, clientFrom(t, g, "127.0.0.1"), "select 1"); status != http.StatusOK {
			t.Fatalf("beside half-sent bodies: got %d", status)
		}
	}
	for _, c := range half {
		resp, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || resp.StatusCode != http.StatusRequestTimeout {
			t.Fatalf("a half-sent body ends with %v, %v", resp, err)
		}
		resp.Body.Close()
		if rest, err := io.ReadAll(c); err != nil || len(rest) > 0 {
			t.Fatalf("the connection stays: %q, %v", rest, err)
		}
	}
	if g.bodies.Used() != 0 {
		t.Errorf("bodies still hold %d bytes", g.bodies.Used())
	}
	patient := open(t, Options{WholeBodies: 1 << 20}, echo)
	if status, text, _ := do(t, patient, http.MethodPost, strings.Repeat("x", 1<<20+1)); status != http.StatusRequestEntityTooLarge {
		t.Errorf("too large: got %d %s", status, text)
	}
	if status, text, _ := do(t, patient, http.MethodPost, strings.Repeat("x", 1<<20)); status != http.StatusOK || len(text) < 1<<20 {
		t.Errorf("as large as allowed: got %d", status)
	}
}

// The body's deadline is no deadline for the answer, whoever reads the body.
func TestSlowAnswers(t *testing.T) {
	for _, whole := range []int64{0, 1 << 20} {
		g := open(t, Options{WholeBodies: whole, Limits: Limits{Body: 50 * time.Millisecond}}, func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			select {
			case <-r.Context().Done():
				http.Error(w, "ended", http.StatusTeapot)
			case <-time.After(200 * time.Millisecond):
			}
		})
		if status := answered(t, clientFrom(t, g, "127.0.0.1"), "select 1"); status != http.StatusOK {
			t.Errorf("whole bodies %d: got %d", whole, status)
		}
	}
}

// Clients that send nothing or next to nothing make room for one that sends a request, from the same address or another.
func TestSlowloris(t *testing.T) {
	g := open(t, Options{Limits: Limits{Connections: 12, ConnectionsEach: 8, Header: 20 * time.Second}}, echo)
	for _, from := range []string{"127.0.0.2", "127.0.0.3", "127.0.0.1"} {
		for range 10 {
			c := clientFrom(t, g, from)
			fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: loc")
		}
	}
	for _, from := range []string{"127.0.0.1", "127.0.0.2", "127.0.0.4"} {
		if status := answered(t, clientFrom(t, g, from), ""); status != http.StatusOK {
			t.Errorf("from %s: got %d", from, status)
		}
	}
	g.listener.mu.Lock()
	defer g.listener.mu.Unlock()
	if len(g.listener.all) > 12 || g.listener.from["127.0.0.2"] > 8 {
		t.Errorf("%d connections, %v", len(g.listener.all), g.listener.from)
	}
}

func TestHeaderDeadline(t *testing.T) {
	g := open(t, Options{Limits: Limits{Header: 100 * time.Millisecond, Idle: 100 * time.Millisecond}}, echo)
	slow, idle := clientFrom(t, g, "127.0.0.1"), clientFrom(t, g, "127.0.0.1")
	fmt.Fprint(slow, "GET / HTTP/1.1\r\nHost: loc")
	if status := answered(t, idle, ""); status != http.StatusOK {
		t.Errorf("got %d", status)
	}
	for _, c := range []net.Conn{slow, idle} {
		if err := c.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, c); err != nil {
			t.Errorf("the connection did not end: %v", err)
		}
	}
}

// A client that keeps its places busy leaves the others theirs, and its own further requests wait and are then refused.
func TestPlacesAreShared(t *testing.T) {
	release := make(chan struct{})
	var once sync.Once
	free := func() { once.Do(func() { close(release) }) }
	defer free()
	g := open(t, Options{Limits: Limits{Requests: 4, RequestsEach: 2, Wait: 200 * time.Millisecond}}, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if string(body) == "slow" {
			<-release
		}
	})
	var wg sync.WaitGroup
	statuses := make(chan int, 16)
	for range 16 {
		c := clientFrom(t, g, "127.0.0.2")
		wg.Go(func() { statuses <- answered(t, c, "slow") })
	}
	for range 14 {
		if status := <-statuses; status != http.StatusTooManyRequests {
			t.Errorf("beyond its share: got %d", status)
		}
	}
	for range 5 {
		if status := answered(t, clientFrom(t, g, "127.0.0.3"), "quick"); status != http.StatusOK {
			t.Errorf("another client: got %d", status)
		}
	}
	free()
	wg.Wait()
	for range 2 {
		if status := <-statuses; status != http.StatusOK {
			t.Errorf("its share: got %d", status)
		}
	}
}

func TestNotReadyYet(t *testing.T) {
	g := open(t, Options{}, nil)
	if status, text, h := get(t, g); status != http.StatusServiceUnavailable || !strings.Contains(text, "starting") || h.Get("Retry-After") == "" {
		t.Errorf("got %d %s", status, text)
	}
}

// Beyond loopback a page could let a name of its own lead to the port. Without authentication it must be a name that no page can have.
func TestNamesBeyondLoopback(t *testing.T) {
	path := webFile(t, "basic_auth_users: {kim: "+hashed(t, "pass")+"}\n")
	for _, tt := range []struct {
		o    Options
		host string
		want int
	}{
		{Options{Access: Public}, "10.1.2.3:11469", http.StatusOK},
		{Options{Access: Public}, "[2001:db8::1]:11469", http.StatusOK},
		{Options{Access: Public}, "localhost", http.StatusOK},
		{Options{Access: Public}, "cskpi:11469", http.StatusOK},
		{Options{Access: Public}, "rebound.example:11469", http.StatusForbidden},
		{Options{Access: Public}, "rebound.example.", http.StatusForbidden},
		{Options{Access: Public, Hosts: []string{"kpi.example.com"}}, "KPI.example.com:11469", http.StatusOK},
		{Options{Access: Public, Hosts: []string{"kpi.example.com"}}, "kpi.example.com.rebound.example", http.StatusForbidden},
		{Options{Access: Tokens}, "facts.example.com", http.StatusOK},
		{Options{Access: Local, WebConfig: path}, "kpi.example.com", http.StatusUnauthorized},
	} {
		tt.o.Address = ":0"
		g := open(t, tt.o, echo)
		if status, text, _ := get(t, g, "Host", tt.host); status != tt.want {
			t.Errorf("%s with access %d and %q: got %d %s, want %d", tt.host, tt.o.Access, tt.o.Hosts, status, text, tt.want)
		}
	}
}

func TestIsLoopback(t *testing.T) {
	for address, want := range map[string]bool{"localhost:1": true, "127.8.9.1:1": true, "[::1]:1": true, ":1": false, "0.0.0.0:1": false, "[::]:1": false, "10.0.0.1:1": false, "example.com:1": false} {
		if IsLoopback(address) != want {
			t.Errorf("%s: got %t", address, !want)
		}
	}
}
