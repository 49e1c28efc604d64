package api

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Token is one caller. A nil *Token, where no tokens are configured, may do all.
type Token struct {
	Name   string   // appears in the log
	Tables []string // it may write; * stands for all
	Source string   // whose facts it writes; empty: any
	Read   bool
	Write  bool
	Erase  bool

	hash  [sha256.Size]byte
	mu    sync.Mutex    // of rows
	rows  *rate.Limiter // nil: no limit
	burst int
}

func (t *Token) mayWrite(table string) bool {
	return t == nil || t.Write && (slices.Contains(t.Tables, "*") || slices.Contains(t.Tables, table))
}

func (t *Token) mayErase() bool { return t == nil || t.Erase }

func (t *Token) source() string {
	if t == nil {
		return ""
	}
	return t.Source
}

// spend takes n rows off the caller's rate, or returns how long it must wait first. More rows than the burst pass when the
// bucket is full, and are waited for afterwards; else nobody could ever send them.
func (t *Token) spend(now time.Time, n int) time.Duration {
	if t == nil || t.rows == nil {
		return 0
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if missing := float64(min(n, t.burst)) - t.rows.TokensAt(now); missing > 0 {
		return max(time.Millisecond, time.Duration(missing/float64(t.rows.Limit())*float64(time.Second)))
	}
	for ; n > 0; n -= t.burst {
		t.rows.ReserveN(now, min(n, t.burst))
	}
	return 0
}

// Tokens are who may do what.
type Tokens struct {
	mu     sync.Mutex
	tokens []*Token
}

func (ts *Tokens) find(given string) *Token {
	hash := sha256.Sum256([]byte(given))
	ts.mu.Lock()
	tokens := ts.tokens
	ts.mu.Unlock()
	var found *Token
	// Every token is compared, in constant time, so that how long it takes says nothing.
	for _, t := range tokens {
		if subtle.ConstantTimeCompare(hash[:], t.hash[:]) == 1 {
			found = t
		}
	}
	return found
}

// who authenticates the caller: `Authorization: Bearer <token>`, or basic auth with the token as user name, as Segment's
// write keys are sent; the password is ignored. If the caller is nobody it has answered.
func (s *Server) who(w http.ResponseWriter, r *http.Request) (*Token, bool) {
	if s.o.Tokens == nil {
		// Anybody on this machine may; a web page that runs in somebody's browser here may not.
		if err := s.origins.Check(r); err != nil || !loopback(r.Host) {
			s.metrics.denied("origin")
			s.fail(w, r, http.StatusForbidden, "without tokens only programs on this machine may call, as localhost or 127.0.0.1; set CSKPI_INTAKE_TOKENS")
			return nil, false
		}
		return nil, true
	}
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if user, _, ok := r.BasicAuth(); ok {
		given = user
	} else if !strings.EqualFold(scheme, "bearer") {
		given = ""
	}
	t := (*Token)(nil)
	if given = strings.TrimSpace(given); given != "" {
		t = s.o.Tokens.find(given)
	}
	if t == nil {
		reason := "missing"
		if given != "" {
			reason = "unknown"
		}
		s.metrics.denied(reason)
		w.Header().Add("WWW-Authenticate", `Bearer realm="cskpi"`)
		w.Header().Add("WWW-Authenticate", `Basic realm="cskpi", charset="UTF-8"`)
		s.fail(w, r, http.StatusUnauthorized, "the token is %s; send it as Authorization: Bearer <token>, or as the user name of basic auth", reason)
		return nil, false
	}
	about(r).token = t.Name
	return t, true
}

// loopback tells whether a Host header names this machine as only it calls itself. A name that was made to point here for
// the sake of a web page does not.
func loopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}
