//go:build linux && !server

package engine

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
)

const (
	serviceSlots = 64               // Queries of the service at a time.
	slotWait     = 30 * time.Second // How long one waits for its turn.
)

// front speaks ClickHouse's HTTP interface for the library. Every request must carry the token: readers reach it
// through [Engine.Handler], which says by a header that the request has a reader's rights only.
type front struct {
	lib          *library
	log          *slog.Logger
	token        string
	timeout      time.Duration
	queryMemory  uint64
	readerMemory uint64
	about        about
	unknown      map[string]bool // Functions of the engine that names.txt does not mention, in lower case.
	kpis         kpiViews
	spools       atomic.Int64              // Bytes of readers' results on disk.
	answered     atomic.Pointer[time.Time] // When the library last answered a query of the front's own.
	service      chan struct{}
	readers      chan struct{}
}

func (f *front) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	role, err := f.roleOf(r)
	if err != nil {
		writeException(w, err)
		return
	}
	if role == roleService {
		w.Header().Set(sessionHeader, "service")
	}
	switch {
	case r.URL.Path == "/ping" && role == roleService && f.hung():
		http.Error(w, "the library does not answer", http.StatusServiceUnavailable)
	case r.URL.Path == "/ping", r.URL.Path == "/replicas_status":
		answerOk(w)
	case r.URL.Path != "/" && r.URL.Path != "/query":
		http.Error(w, "There is no handle "+r.URL.Path+"\n\nUse / for queries and /ping for health checks.", http.StatusNotFound)
	case r.Method == http.MethodGet && r.URL.RawQuery == "":
		answerOk(w)
	case r.Method == http.MethodGet, r.Method == http.MethodPost, r.Method == http.MethodHead:
		f.serveQuery(w, r, role)
	default:
		w.Header().Set("Allow", "GET, HEAD, POST")
		http.Error(w, "use GET or POST", http.StatusMethodNotAllowed)
	}
}

const (
	probeEvery   = 5 * time.Second
	probeHanging = time.Minute // How long the library may take for a query that needs nothing.
)

// probe asks the library for a sign of life until ctx ends.
func (f *front) probe(ctx context.Context) {
	for {
		if conn, err := f.lib.newConnection(); err == nil {
			conn.query("SELECT 1", "Null").close() // An error, as of memory that is used up, is an answer.
			conn.close()
		}
		now := time.Now()
		f.answered.Store(&now)
		select {
		case <-ctx.Done():
			return
		case <-time.After(probeEvery):
		}
	}
}

// hung tells whether the library owes an answer.
func (f *front) hung() bool {
	last := f.answered.Load()
	return last != nil && time.Since(*last) > probeEvery+probeHanging
}

func answerOk(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	_, _ = io.WriteString(w, "Ok.\n")
}

// roleOf authenticates the request and returns its rights.
func (f *front) roleOf(r *http.Request) (role, *exception) {
	given := r.Header[http.CanonicalHeaderKey(TokenHeader)]
	if len(given) != 1 || subtle.ConstantTimeCompare([]byte(given[0]), []byte(f.token)) != 1 {
		return "", refuse(codeWrongPassword, "AUTHENTICATION_FAILED", "default: Authentication failed: %s must carry this engine's token", TokenHeader)
	}
	switch lowered := r.Header[http.CanonicalHeaderKey(roleHeader)]; {
	case len(lowered) == 0:
		return roleService, nil
	case len(lowered) == 1 && (role(lowered[0]) == roleReader || role(lowered[0]) == roleKPI):
		return role(lowered[0]), nil
	}
	return "", refuse(codeWrongPassword, "AUTHENTICATION_FAILED", "default: Authentication failed: %s must be %s or %s", roleHeader, roleReader, roleKPI)
}

func (f *front) serveQuery(w http.ResponseWriter, r *http.Request, rights role) {
	h := w.Header()
	h.Set("X-ClickHouse-Server-Display-Name", f.about.name)
	h.Set("X-ClickHouse-Timezone", f.about.timezone)
	h.Set("X-ClickHouse-Exception-Tag", randomTag())
	q, err := readRequest(r)
	if err != nil {
		writeException(w, asException(err))
		return
	}
	defer q.body.Close()
	q.role = rights
	if err := q.checkSession(); err != nil {
		writeException(w, asException(err))
		return
	}
	if q.id == "" {
		q.id = uuid.NewString()
	}
	h.Set("X-ClickHouse-Query-Id", q.id)
	slots := f.service
	var limits *readerLimits
	if q.role != roleService {
		slots, limits = f.readers, &readerLimits{spools: &f.spools}
	}
	o := &output{
		w: w, out: http.NewResponseController(w), req: q, begin: time.Now(), limits: limits,
		tag: h.Get("X-ClickHouse-Exception-Tag"), spool: randomTag(),
	}
	defer o.close()
	if err := take(r.Context(), slots); err != nil {
		o.fail(asException(err))
		return
	}
	defer func() { <-slots }()
	if err = f.run(r.Context(), q, o); err == nil {
		err = o.end()
	}
	if err == nil {
		return
	}
	var e *exception
	if !errors.As(err, &e) {
		if r.Context().Err() != nil {
			return // The client has gone; nobody is left to tell.
		}
		f.log.Error("answer a query", "err", err)
	}
	o.fail(asException(err))
}

// take waits for one of the slots.
func take(ctx context.Context, slots chan struct{}) error {
	wait := time.NewTimer(slotWait)
	defer wait.Stop()
	select {
	case slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-wait.C:
		return refuse(codeTooManyQueries, "TOO_MANY_SIMULTANEOUS_QUERIES", "Too many simultaneous queries. Maximum: %d", cap(slots))
	}
}

func asException(err error) *exception {
	var e *exception
	if errors.As(err, &e) {
		return e
	}
	return refuse(1002, "UNKNOWN_EXCEPTION", "%v", err)
}

func randomTag() string {
	var b [8]byte
	rand.Read(b[:]) // Never fails.
	return hex.EncodeToString(b[:])
}
