package api

import (
	"bytes"
	"cmp"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v2"
	"golang.org/x/time/rate"
)

// Token is one caller.
type Token struct {
	Name   string   // appears in the log
	Tables []string // it may read or write; * stands for all
	Source string   // whose facts it writes; empty: any
	Read   bool
	Write  bool
	Erase  bool

	hash   [sha256.Size]byte
	burst  int
	*spent // nil: it has no rate
}

// spent is what a token has used of its rate.
type spent struct {
	mu   sync.Mutex
	rows *rate.Limiter
}

func (t *Token) mayWrite(table string) bool {
	switch table {
	case tableWaiting:
		table = tableEvents // which they become
	case tableAliases, tableUsers:
		if t.Write && t.isFor(tableMembers) {
			return true // clients that say where users belong also say who they are
		}
	}
	return t.Write && t.isFor(table)
}

func (t *Token) mayRead(table string) bool { return t.Read && t.isFor(table) }

func (t *Token) isFor(table string) bool {
	return slices.Contains(t.Tables, "*") || slices.Contains(t.Tables, table)
}

func (t *Token) mayErase() bool { return t.Erase }

// spend takes n rows off the caller's rate, or returns how long it must wait first. More rows than the burst pass when the
// bucket is full, and are waited for afterwards; else nobody could ever send them.
func (t *Token) spend(now time.Time, n int) time.Duration {
	if t.spent == nil {
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

// Tokens are who may do what. They come from a file, which may change while it is in use.
type Tokens struct {
	path string
	log  *slog.Logger

	mu     sync.Mutex
	text   []byte // of the file, as it was read last
	looked time.Time
	tokens []*Token
}

// entry is a token as the file has it.
type entry struct {
	Name   string   `yaml:"name"`
	SHA256 string   `yaml:"sha256"`
	Tables []string `yaml:"tables,omitempty,flow"`
	Rights []string `yaml:"rights,omitempty,flow"`
	Source string   `yaml:"source,omitempty"`
	Rate   float64  `yaml:"rate,omitempty"`
	Burst  int      `yaml:"burst,omitempty"`
}

// lookEvery is how soon a change of the file shows.
const lookEvery = time.Second

// OpenTokens reads the file of tokens: a list in YAML (or JSON), as NewToken prints its elements. A change of the file is
// taken over within a second; one that cannot be read is logged, and the tokens stay as they were.
func OpenTokens(path string, log *slog.Logger) (*Tokens, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	ts := &Tokens{path: path, log: log, text: text, looked: time.Now()}
	if ts.tokens, err = parseTokens(text, nil); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return ts, nil
}

// Len is how many there are.
func (ts *Tokens) Len() int { return len(ts.current()) }

// current are the tokens of the file as it is now.
func (ts *Tokens) current() []*Token {
	ts.mu.Lock()
	defer ts.mu.Unlock()
	if ts.path == "" || time.Since(ts.looked) < lookEvery {
		return ts.tokens
	}
	ts.looked = time.Now()
	text, err := os.ReadFile(ts.path)
	if err == nil && bytes.Equal(text, ts.text) {
		return ts.tokens
	}
	var tokens []*Token
	if err == nil {
		tokens, err = parseTokens(text, ts.tokens)
		ts.text = text // a mistake is told once
	}
	if err != nil {
		ts.log.Error("intake: the file of tokens cannot be read; those that were read before stay in force", "file", ts.path, "err", err)
		return ts.tokens
	}
	ts.log.Info("intake: the file of tokens changed", "tokens", len(tokens))
	ts.tokens = tokens
	return tokens
}

// parseTokens reads a file of tokens. One that is as it was before keeps what it has spent of its rate.
func parseTokens(text []byte, before []*Token) ([]*Token, error) {
	var entries []entry
	if err := yaml.UnmarshalStrict(text, &entries); err != nil {
		return nil, err
	}
	var problems []error
	var tokens []*Token
	for i, e := range entries {
		t, err := e.token()
		if err != nil {
			problems = append(problems, fmt.Errorf("token %d (%s): %w", i+1, clip(e.Name), err))
			continue
		}
		for _, other := range tokens {
			if other.Name == t.Name || other.hash == t.hash {
				problems = append(problems, fmt.Errorf("token %d (%s): has the name or the hash of an earlier one", i+1, t.Name))
			}
		}
		for _, old := range before {
			if old.hash == t.hash && old.spent != nil && t.spent != nil && old.rows.Limit() == t.rows.Limit() && old.burst == t.burst {
				t.spent = old.spent
			}
		}
		tokens = append(tokens, t)
	}
	return tokens, errors.Join(problems...)
}

func (e entry) token() (*Token, error) {
	t := &Token{Name: e.Name, Tables: e.Tables, Source: e.Source}
	if e.Name == "" || strings.Trim(e.Name, nameRunes) != "" {
		return nil, errors.New("name must consist of letters, digits, dots, dashes and underscores")
	}
	hash, err := hex.DecodeString(e.SHA256)
	if err != nil || len(hash) != len(t.hash) {
		return nil, errors.New("sha256 must be the SHA-256 of the token as 64 hexadecimal digits")
	}
	t.hash = [sha256.Size]byte(hash)
	if len(e.Rights) == 0 {
		e.Rights = []string{"write"}
	}
	for _, right := range e.Rights {
		switch right {
		case "read":
			t.Read = true
		case "write":
			t.Write = true
		case "erase":
			t.Erase = true
		default:
			return nil, fmt.Errorf("right %q is not known; there are read, write and erase", clip(right))
		}
	}
	if (t.Write || t.Read) && len(t.Tables) == 0 {
		return nil, errors.New(`tables must name what it may read or write; ["*"] stands for all`)
	}
	switch {
	case e.Rate < 0 || e.Burst < 0 || e.Burst > 0 && e.Rate == 0:
		return nil, errors.New("rate, in rows per second, must be positive, and burst is for a rate")
	case e.Rate > 0:
		t.burst = cmp.Or(e.Burst, int(math.Ceil(burstSeconds*min(e.Rate, 1e9))))
		t.spent = &spent{rows: rate.NewLimiter(rate.Limit(e.Rate), t.burst)}
	}
	return t, nil
}

const (
	nameRunes    = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
	tokenPrefix  = "cskpi_" // lets scanners of source code find a token that was left there
	burstSeconds = 10       // of the rate, if a token does not say how many rows may come at once
)

// TokenOptions say what a new token may do.
type TokenOptions struct {
	Name, Source   string
	Tables, Rights []string
	Rate           float64
	Burst          int
}

// NewToken makes a token, and its element for the file of tokens, which has only its hash.
func NewToken(o TokenOptions) (token, element string, err error) {
	token = tokenPrefix + rand.Text()
	hash := sha256.Sum256([]byte(token))
	e := entry{Name: o.Name, SHA256: hex.EncodeToString(hash[:]), Tables: o.Tables, Rights: o.Rights, Source: o.Source, Rate: o.Rate, Burst: o.Burst}
	if _, err := e.token(); err != nil {
		return "", "", err
	}
	text, err := yaml.Marshal([]entry{e})
	return token, string(text), err
}

func (ts *Tokens) find(given string) *Token {
	hash := sha256.Sum256([]byte(given))
	var found *Token
	// Every token is compared, in constant time, so that how long it takes says nothing.
	for _, t := range ts.current() {
		if subtle.ConstantTimeCompare(hash[:], t.hash[:]) == 1 {
			found = t
		}
	}
	return found
}

// who authenticates the caller: `Authorization: Bearer <token>`, or basic auth with the token as user name, as Segment's
// write keys are sent; the password is ignored. If the caller is nobody it has answered.
func (s *Server) who(w http.ResponseWriter, r *http.Request) (*Token, bool) {
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
	x := about(r)
	x.token = t.Name
	// A body that was read before its token was known now counts among those of the token, if there is room.
	if known := (holding{of: s.memory, caller: x.caller()}); x.memory.n > 0 && known.raise(x.memory.n) {
		x.memory.release()
		x.memory = known
	}
	return t, true
}
