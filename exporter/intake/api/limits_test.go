package api

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"cskpi/exporter/intake"
)

// TestShares: no caller gets more than half of the memory and of the slots, so that the others get through, and nobody
// keeps anything.
func TestShares(t *testing.T) {
	waiting, goOn := make(chan struct{}, 10), make(chan struct{})
	store := &scripted{write: func(_ context.Context, r intake.Rows) (intake.Result, error) {
		waiting <- struct{}{}
		<-goOn
		return intake.Result{Read: 1}, nil
	}}
	tokens := &Tokens{}
	var given []string
	for _, name := range []string{"a", "b", "c"} {
		given = append(given, aToken(t, tokens, TokenOptions{Name: name, Tables: []string{"*"}}))
	}
	s := newServer(t, Options{Store: store, Tokens: tokens, MaxBody: 64 << 10, Memory: 280 << 10, InFlight: 5})
	h := s.Handler()
	large := `{"a":"` + strings.Repeat("x", 60<<10) + `"}`
	var wg sync.WaitGroup
	send := func(token, body string, status int) {
		t.Helper()
		w := call(h, "/v1/usage_events", body, "Content-Type", "application/x-ndjson", "Authorization", "Bearer "+token)
		if w.Code != status || status != http.StatusOK && w.Header().Get("Retry-After") == "" {
			t.Errorf("got %d, %s, want %d", w.Code, w.Body, status)
		}
	}
	stored := func(token, body string) {
		wg.Go(func() { send(token, body, http.StatusOK) })
		<-waiting
	}
	stored(given[0], large)
	stored(given[0], large)
	send(given[0], large, http.StatusServiceUnavailable) // half of the memory
	stored(given[0], oneRow)
	send(given[0], oneRow, http.StatusServiceUnavailable) // three of five slots
	stored(given[1], large)
	stored(given[1], oneRow)
	send(given[2], oneRow, http.StatusServiceUnavailable) // all slots
	close(goOn)
	wg.Wait()
	if !idle(s) {
		t.Error("something is still held")
	}
}

// TestSlowBodies: bodies that arrive slowly keep nobody out, whether their callers have a token or not: not the clients
// of other tokens and addresses, and not even those of the same.
func TestSlowBodies(t *testing.T) {
	tokens := &Tokens{}
	greedy := aToken(t, tokens, TokenOptions{Name: "greedy", Tables: []string{"*"}})
	other := aToken(t, tokens, TokenOptions{Name: "other", Tables: []string{"*"}})
	s := newServer(t, Options{Store: &remembering{}, Tokens: tokens, InFlight: 16, Slow: 50 * time.Millisecond, Memory: 32 << 20})
	server := httptest.NewServer(s.Handler())
	defer server.Close()
	post := func(path, token, body string) int {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		_, _ = io.Copy(io.Discard, resp.Body)
		return resp.StatusCode
	}
	track := fmt.Sprintf(`{"messageId":"m","userId":"u","event":"e","context":{"groupId":"a"},"writeKey":%q}`, other)
	for _, attack := range []struct {
		name, head string
		body       int // bytes that arrive of it
	}{
		{"with a token", "POST /v1/usage_events HTTP/1.1\r\nContent-Type: application/x-ndjson\r\nAuthorization: Bearer " + greedy + "\r\n", 1},
		{"without a token", "POST /v1/track HTTP/1.1\r\nContent-Type: application/json\r\n", 1},
		{"without a token, all but the last byte", "POST /v1/track HTTP/1.1\r\nContent-Type: application/json\r\n", 1 << 20},
	} {
		t.Run(attack.name, func(t *testing.T) {
			var slow []net.Conn
			for range 4 * s.arriving.share {
				conn, err := net.Dial("tcp", server.Listener.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				defer conn.Close()
				slow = append(slow, conn)
				_, _ = io.WriteString(conn, attack.head+fmt.Sprintf("Host: localhost\r\nContent-Length: %d\r\n\r\n", attack.body+1)) // may be refused by now
				_, _ = io.WriteString(conn, strings.Repeat(" ", attack.body))
			}
			for range 50 { // until they have filled what they can
				s.arriving.mu.Lock()
				n := len(s.arriving.all)
				s.arriving.mu.Unlock()
				if n >= s.arriving.share {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			// A client with a token of its own gets through at once.
			if status := post("/v1/usage_events", other, "[]"); status != http.StatusOK {
				t.Errorf("another token: got %d", status)
			}
			// One with the token or the address of the slow ones is refused for a moment at most, and gets through by a retry.
			for name, again := range map[string]func() int{
				"the same token":              func() int { return post("/v1/usage_events", greedy, "[]") },
				"Segment's client, no header": func() int { return post("/v1/track", "", track) },
			} {
				deadline := time.Now().Add(10 * time.Second)
				for {
					status := again()
					if status == http.StatusOK {
						break
					}
					if status != http.StatusTooManyRequests && status != http.StatusServiceUnavailable || time.Now().After(deadline) {
						t.Fatalf("%s: got %d", name, status)
					}
					time.Sleep(20 * time.Millisecond)
				}
			}
			for _, conn := range slow {
				conn.Close()
			}
		})
	}
	server.Close() // waits for the requests under way
	if !idle(s) {
		t.Error("something is still held")
	}
}
