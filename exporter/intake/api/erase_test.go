package api

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"cskpi/exporter/intake"
)

// erasing is a store that notes what it is to erase.
type erasing struct {
	plainStore
	asked []intake.What
	err   error
}

func (e *erasing) Tables() []string { return []string{"accounts", "users"} }

// Erase implements Eraser.
func (e *erasing) Erase(ctx context.Context, what intake.What) (intake.Receipt, error) {
	if ctx.Err() != nil {
		return intake.Receipt{}, ctx.Err()
	}
	e.asked = append(e.asked, what)
	return intake.Receipt{ID: "r1", Erased: "account", Rows: map[string]uint64{"contracts": 2}, KPIsChangeOn: "2024-01-01"}, e.err
}

// plainStore has nothing, and cannot erase.
type plainStore struct{}

func (plainStore) Write(context.Context, intake.Rows) (intake.Result, error) {
	return intake.Result{}, nil
}
func (plainStore) Tables() []string { return nil }
func (plainStore) Describe(context.Context, string, string) (intake.Description, error) {
	return intake.Description{}, nil
}

func TestErase(t *testing.T) {
	// Who hangs up has asked for it nevertheless, so the context of each request has ended.
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name, method, path string
		store              Store
		err                error
		status             int
		want               intake.What
		body               string
	}{
		{"an account", "DELETE", "/v1/accounts/acme", nil, nil, 200, intake.What{Account: "acme"}, `"erasure_id":"r1"`},
		{"a user", "DELETE", "/v1/users/bob@acme.example", nil, nil, 200, intake.What{User: "bob@acme.example"}, `"kpis_change_on":"2024-01-01"`},
		{"an id with signs", "DELETE", "/v1/users/a%2Fb%20c%27%3B%3F%25", nil, nil, 200, intake.What{User: "a/b c';?%"}, `"rows":{"contracts":2}`},
		{"no id", "DELETE", "/v1/users/", nil, nil, 404, intake.What{}, "there is nothing at"},
		{"another method", "GET", "/v1/users/bob", nil, nil, 405, intake.What{}, "use DELETE"},
		{"a store that cannot", "DELETE", "/v1/users/bob", plainStore{}, nil, 501, intake.What{}, "nothing can be erased here"},
		{"a database that went away", "DELETE", "/v1/users/bob", nil, errors.New("code: 999, bob"), 503, intake.What{User: "bob"}, "ask again"},
	} {
		t.Run(c.name, func(t *testing.T) {
			store := &erasing{err: c.err}
			s := newServer(t, Options{Store: store})
			if c.store != nil {
				s = newServer(t, Options{Store: c.store})
			}
			r := httptest.NewRequestWithContext(gone, c.method, c.path, nil)
			authorize(r)
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, r)
			if w.Code != c.status || !strings.Contains(w.Body.String(), c.body) || !json.Valid(w.Body.Bytes()) {
				t.Errorf("got %d %s", w.Code, w.Body)
			}
			var got intake.What
			if len(store.asked) > 0 {
				got = store.asked[0]
			}
			if got.Account != c.want.Account || got.User != c.want.User {
				t.Errorf("asked to erase %+v", store.asked)
			}
			if c.err != nil && (strings.Contains(w.Body.String(), "999") || w.Header().Get("Retry-After") == "") {
				t.Errorf("got %s, Retry-After %q", w.Body, w.Header().Get("Retry-After"))
			}
		})
	}
}

// TestEraseNeedsTheRight: a token erases if it has the right to, and not if it is one source's.
func TestEraseNeedsTheRight(t *testing.T) {
	for _, c := range []struct {
		token  *Token
		status int
	}{
		{&Token{Erase: true}, http.StatusOK},
		{&Token{Write: true, Read: true, Tables: []string{"*"}}, http.StatusForbidden},
		{&Token{Erase: true, Source: "crm"}, http.StatusForbidden},
	} {
		c.token.Name, c.token.hash = "t", sha256.Sum256([]byte("secret"))
		store := &erasing{}
		s := newServer(t, Options{Store: store, Tokens: &Tokens{tokens: []*Token{c.token}}})
		for given, status := range map[string]int{"secret": c.status, "other": http.StatusUnauthorized, "": http.StatusUnauthorized} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodDelete, "/v1/accounts/acme", nil)
			r.Header.Set("Authorization", "Bearer "+given)
			w := httptest.NewRecorder()
			s.Handler().ServeHTTP(w, r)
			if w.Code != status {
				t.Errorf("%+v, %q: got %d %s", c.token, given, w.Code, w.Body)
			}
		}
		if (len(store.asked) == 1) != (c.status == http.StatusOK) {
			t.Errorf("%+v: asked to erase %v", c.token, store.asked)
		}
	}
}
