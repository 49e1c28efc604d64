package api

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestTokenFile(t *testing.T) {
	hash := func(digit string) string { return strings.Repeat(digit, 64) }
	for _, tt := range []struct{ name, text, want string }{
		{"none", "", ""},
		{"one", "- name: shop\n  sha256: " + hash("a") + "\n  tables: [usage_events]\n", ""},
		{"JSON", `[{"name": "shop", "sha256": "` + hash("a") + `", "tables": ["*"], "rights": ["write", "erase", "read"], "rate": 2.5}]`, ""},
		{"no list", "name: shop", "cannot unmarshal"},
		{"an unknown key", "- name: shop\n  sha256: " + hash("a") + "\n  tables: [x]\n  colour: red\n", "colour"},
		{"a key twice", "- name: shop\n  name: shop\n", "already set"},
		{"a name twice", "- {name: a, sha256: " + hash("a") + ", tables: [x]}\n- {name: a, sha256: " + hash("b") + ", tables: [x]}\n", "token 2 (a): has the name or the hash of an earlier one"},
		{"a hash twice", "- {name: a, sha256: " + hash("a") + ", tables: [x]}\n- {name: b, sha256: " + hash("a") + ", tables: [x]}\n", "earlier one"},
		{"no name", "- {sha256: " + hash("a") + ", tables: [x]}", "token 1 (): name must"},
		{"a name that could forge a log", "- {name: \"a b\", sha256: " + hash("a") + ", tables: [x]}", "name must"},
		{"no hash", "- {name: a, tables: [x]}", "sha256 must be"},
		{"a token in place of its hash", "- {name: a, sha256: cskpi_ABC, tables: [x]}", "sha256 must be"},
		{"no tables", "- {name: a, sha256: " + hash("a") + "}", "tables must name"},
		{"an unknown right", "- {name: a, sha256: " + hash("a") + ", tables: [x], rights: [all]}", `right "all" is not known`},
		{"a negative rate", "- {name: a, sha256: " + hash("a") + ", tables: [x], rate: -1}", "must be positive"},
		{"a burst of nothing", "- {name: a, sha256: " + hash("a") + ", tables: [x], burst: 1}", "burst is for a rate"},
		{"an alias bomb", "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\n", "cannot unmarshal"},
	} {
		_, err := parseTokens([]byte(tt.text), nil)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}

func TestNewToken(t *testing.T) {
	token, element, err := NewToken(TokenOptions{Name: "shop", Tables: []string{"usage_events", "accounts"}, Source: "web", Rate: 100})
	if err != nil {
		t.Fatal(err)
	}
	other, _, _ := NewToken(TokenOptions{Name: "shop", Tables: []string{"*"}})
	if token == other || len(token) < 30 || strings.Contains(element, token) || strings.Contains(element, strings.TrimPrefix(token, tokenPrefix)) {
		t.Errorf("got %q and %q", token, element)
	}
	tokens, err := parseTokens([]byte(element), nil)
	if err != nil {
		t.Fatal(err)
	}
	ts := &Tokens{tokens: tokens}
	got := ts.find(token)
	if got == nil || got.Name != "shop" || !got.mayWrite("accounts") || got.mayWrite("contracts") || got.mayErase() || got.Source != "web" || got.burst != 1000 {
		t.Errorf("got %+v", got)
	}
	for _, wrong := range []string{"", token[:len(token)-1], token + "x", strings.ToLower(token), other} {
		if ts.find(wrong) != nil {
			t.Errorf("%q is taken for %q", wrong, token)
		}
	}
	if _, _, err := NewToken(TokenOptions{Name: "shop"}); err == nil {
		t.Error("a token that may do nothing was made")
	}
}

// TestTokensReload: a change of the file shows; a mistake in it, or its loss, changes nothing and is told.
func TestTokensReload(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	first, element, _ := NewToken(TokenOptions{Name: "first", Tables: []string{"*"}, Rate: 1, Burst: 1})
	second, another, _ := NewToken(TokenOptions{Name: "second", Tables: []string{"*"}})
	write(element)
	var log bytes.Buffer
	ts, err := OpenTokens(path, slog.New(slog.NewTextHandler(&log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	expect := func(hasFirst, hasSecond bool) {
		t.Helper()
		ts.looked = time.Time{}
		if a, b := ts.find(first) != nil, ts.find(second) != nil; a != hasFirst || b != hasSecond {
			t.Errorf("got %t, %t; %s", a, b, log.String())
		}
	}
	expect(true, false)
	if ts.find(first).spend(time.Now(), 1) != 0 {
		t.Error("the first row must wait")
	}
	write(element + another)
	expect(true, true)
	if ts.find(first).spend(time.Now(), 1) == 0 {
		t.Error("a change of the file gives a token a new burst")
	}
	write(element + "- nonsense")
	expect(true, true)
	expect(true, true)
	if n := strings.Count(log.String(), "cannot be read"); n != 1 {
		t.Errorf("a mistake is told %d times", n)
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	expect(true, true)
	write(another)
	expect(false, true)
	write("")
	expect(false, false)
	if _, err := OpenTokens(path+"x", nil); err == nil {
		t.Error("a file that is not there was opened")
	}
}

func TestSpend(t *testing.T) {
	ts := &Tokens{}
	aToken(t, ts, TokenOptions{Name: "x", Tables: []string{"*"}, Rate: 10, Burst: 100})
	token, now := ts.tokens[0], time.Unix(1e9, 0)
	for i, step := range []struct {
		after time.Duration
		rows  int
		wait  time.Duration
	}{
		{0, 100, 0},
		{0, 1, 100 * time.Millisecond},
		{time.Second, 10, 0},
		{0, 5, 500 * time.Millisecond},
		{10 * time.Second, 250, 0}, // more than the burst, when the bucket is full
		{0, 1, 15100 * time.Millisecond},
		{15 * time.Second, 1, 100 * time.Millisecond},
		{100 * time.Millisecond, 1, 0},
		{time.Hour, 1_000_000, 0},
		{time.Hour, 1, 96390100 * time.Millisecond}, // (1,000,000 - 100 - 36,000 + 1) rows at 10 a second
	} {
		now = now.Add(step.after)
		if got := token.spend(now, step.rows); (got - step.wait).Abs() > time.Millisecond {
			t.Errorf("step %d: got %s, want %s", i, got, step.wait)
		}
	}
	if got := fmt.Sprint((&Token{}).spend(now, 1e9)); got != "0s" {
		t.Errorf("a token without a rate must wait %s", got)
	}
}
