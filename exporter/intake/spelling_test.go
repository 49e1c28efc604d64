package intake

import "testing"

// TestSpelling: what means the same is stored the same, and what may mean something else stays.
func TestSpelling(t *testing.T) {
	for _, tt := range []struct {
		column, text, want string
	}{
		{"currency", " usd ", "USD"},
		{"cancel_reason", "Too  Expensive\u00a0", "too expensive"},
		{"severity", "High", "high"},
		{"event", " Report Run\u200b", "Report Run"},
		{"account_id", "\ufeff001xA ", "001xA"},
		{"name", "Cafe\u0301", "Caf\u00e9"},
		{"name", "\u3000森\u3000純", "森\u3000純"},
		{"user_id", "Kim@Acme.Example", "kim@acme.example"},
		{"user_id", "Kim", "Kim"},
		{"user_id", "Kim@home", "Kim@home"},
		{"email", "Kim@Acme.Example ", "kim@acme.example"},
		{"note", " As  it comes ", " As  it comes "},
	} {
		if got := spellingOf(tt.column).spell(tt.text); got != tt.want {
			t.Errorf("%s %q is stored as %q, want %q", tt.column, tt.text, got, tt.want)
		}
	}
	for _, key := range []string{"", "secret"} {
		if Pseudonym([]byte(key), "Kim@Acme.Example") != Pseudonym([]byte(key), "kim@acme.example ") {
			t.Errorf("with the key %q an address has several names", key)
		}
	}
}
