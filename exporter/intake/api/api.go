// Package api takes facts over HTTP: rows of the fact tables, what Segment's and RudderStack's clients send, and CloudEvents.
// Every answer says what became of the rows; a row that is not refused in a 2xx answer is stored.
package api

import (
	"cmp"
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"cskpi/exporter/gate/shares"
	"cskpi/exporter/intake"
)

// Store takes rows, as intake.Writer does.
type Store interface {
	// Write returns when the good rows are stored.
	Write(ctx context.Context, rows intake.Rows) (intake.Result, error)
	// Tables are the names of the fact tables.
	Tables() []string
	// Describe tells what rows of a table look like and how far each source's are stored, or the given one's.
	Describe(ctx context.Context, table, source string) (intake.Description, error)
}

// Options are what a Server works with; every zero value stands for the default in brackets.
type Options struct {
	Store    Store   // [none until Open gives one; what would need it is answered 503]
	Tokens   *Tokens // required: whoever sends needs one
	Registry prometheus.Registerer
	Log      *slog.Logger
	Now      func() time.Time

	MaxBody  int64         // bytes of a request, as sent and uncompressed [16 MiB]
	Memory   int64         // bytes of all requests that are under way [64 MiB]
	InFlight int           // requests that are being worked on, once their body has arrived [256]
	Patience time.Duration // how long the body of a request may take to arrive [30s]
	Slow     time.Duration // after which a body that is still arriving gives way when there are too many [2s]
	Timeout  time.Duration // how long storing it may take [30s]

	Foreign Foreign // what Segment's clients and CloudEvents send
}

// Server answers requests.
type Server struct {
	o         Options
	db        atomic.Pointer[Store] // nil until there is one
	memory    *shares.Pool          // bytes, of callers with a token
	unknown   *shares.Pool          // bytes, of addresses whose token is not known yet
	slots     *shares.Pool          // requests that are being worked on
	arriving  *arrivals             // requests whose body is still arriving
	unpacking chan struct{}         // one element per body that is being uncompressed
	underWay  atomic.Int64          // requests
	metrics   *metrics
}

// New checks the options.
func New(o Options) (*Server, error) {
	o.MaxBody = cmp.Or(o.MaxBody, 16<<20)
	o.Memory = cmp.Or(o.Memory, 64<<20)
	o.InFlight = cmp.Or(o.InFlight, 256)
	o.Patience = cmp.Or(o.Patience, 30*time.Second)
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	o.Slow = cmp.Or(o.Slow, 2*time.Second)
	if o.Tokens == nil {
		return nil, errors.New("intake needs a file of tokens: whoever sends must have one")
	}
	if o.MaxBody < 0 || o.Memory < 2*o.MaxBody || o.InFlight < 0 || o.Patience < 0 || o.Timeout < 0 {
		return nil, fmt.Errorf("limits of intake must be positive, and a request of %d bytes must fit twice into %d", o.MaxBody, o.Memory)
	}
	if err := o.Foreign.fill(); err != nil {
		return nil, err
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	// Half of everything is the most that one caller gets, and an eighth of the memory is for those who are not known yet.
	unknown := max(o.Memory/8, 4*unknownBody)
	s := &Server{o: o, memory: shares.New(o.Memory, o.Memory/2), unknown: shares.New(unknown, unknown/2),
		slots: shares.New(int64(o.InFlight), int64(o.InFlight+1)/2), arriving: newArrivals(4*o.InFlight, (o.InFlight+1)/2, o.Slow),
		unpacking: make(chan struct{}, max(2, runtime.GOMAXPROCS(0)))}
	var err error
	if s.metrics, err = newMetrics(o.Registry, s); err != nil {
		return nil, err
	}
	if o.Store != nil {
		s.Open(o.Store)
	}
	return s, nil
}

// Open gives the server its store, which may take a while to be ready.
func (s *Server) Open(store Store) {
	s.metrics.open(store.Tables())
	s.db.Store(&store)
}

// zone is where a point in time becomes a day: as the store has it, which is known once there is one.
func (s *Server) zone() *time.Location {
	if db := s.db.Load(); db != nil {
		if of, ok := (*db).(interface{ Zone() *time.Location }); ok {
			return of.Zone()
		}
	}
	return s.o.Foreign.Zone
}

// Stored counts a group that the writer stored, or could not store. It is made for intake.WriterOptions.
func (s *Server) Stored(g intake.Group) { s.metrics.group(g) }

// Handler serves everything under /v1.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc(anyTable, func(w http.ResponseWriter, r *http.Request) { s.table(mux, w, r) })
	mux.HandleFunc("/v1/openapi.yaml", s.describe)
	s.segmentRoutes(mux)
	s.cloudEventRoutes(mux)
	s.eraseRoutes(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) { s.nowhere(mux, w, r) })
	return s.outer(mux)
}

//go:embed openapi.yaml
var openapi []byte

// describe serves the description of everything here. It holds nothing that is secret, and nobody is asked for a token.
func (s *Server) describe(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		s.wrongMethod(w, r, http.MethodGet)
		return
	}
	w.Header().Set("Content-Type", "application/yaml")
	_, _ = w.Write(openapi) // a client that has gone needs no answer
}

// nowhere answers what no route takes.
func (s *Server) nowhere(mux *http.ServeMux, w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodDelete} {
		if route := routeOf(mux, r, method); route != "/" && route != "" && route != anyTable {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) > 0 {
		s.wrongMethod(w, r, allowed...)
		return
	}
	s.fail(w, r, http.StatusNotFound, "there is nothing at %s; facts go to POST /v1/{table}, and GET /v1/openapi.yaml describes all that is here", clip(r.URL.Path))
}

// routeOf is the route that a request would take with another method.
func routeOf(mux *http.ServeMux, r *http.Request, method string) string {
	other := r.Clone(r.Context())
	other.Method = method
	_, route := mux.Handler(other)
	return route
}

func (s *Server) wrongMethod(w http.ResponseWriter, r *http.Request, allowed ...string) {
	w.Header().Set("Allow", strings.Join(allowed, ", "))
	s.fail(w, r, http.StatusMethodNotAllowed, "%s is not for %s; use %s", clip(r.URL.Path), clip(r.Method), strings.Join(allowed, " or "))
}

// exchange is one request and its answer, as the log and the metrics tell of it.
type exchange struct {
	id       string
	remote   string // address of the caller
	token    string // name of the caller's token, once it is known
	table    string // if it is about one
	bytes    int64  // of the body as sent
	memory   holding
	slot     holding
	rows     int64
	rejected int64
}

// caller is whose share the request takes: the token's, or, as long as there is none, the address's.
func (x *exchange) caller() string {
	if x.token != "" {
		return "token " + x.token
	}
	return "address " + x.remote
}

// holding is what a request has taken of a shared amount, in somebody's name.
type holding struct {
	of     *shares.Pool
	caller string
	n      int64
}

// raise takes as much as is missing to n; false if that is not to be had.
func (h *holding) raise(n int64) bool {
	if n <= h.n {
		return true
	}
	ok := h.of.Try(h.caller, n-h.n)
	if ok {
		h.n = n
	}
	return ok
}

// release gives everything back.
func (h *holding) release() {
	if h.n > 0 {
		h.of.Give(h.caller, h.n)
		h.n = 0
	}
}

// unknownBody is the most bytes of a request whose token is in its body.
const unknownBody = 2 << 20

// work takes one of the slots for requests that are being worked on. If there is none it has answered.
func (s *Server) work(w http.ResponseWriter, r *http.Request) bool {
	x := about(r)
	x.slot = holding{of: s.slots, caller: x.caller()}
	if !x.slot.raise(1) {
		s.refuse(w, r, intake.ErrBusy)
		return false
	}
	return true
}

type exchangeKey struct{}

func about(r *http.Request) *exchange {
	if x, ok := r.Context().Value(exchangeKey{}).(*exchange); ok {
		return x
	}
	return &exchange{}
}

// recorder notes the status of an answer.
type recorder struct {
	http.ResponseWriter
	status int
}

// WriteHeader implements http.ResponseWriter.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write implements http.ResponseWriter.
func (w *recorder) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(p)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// outer does for every request what does not depend on its route.
func (s *Server) outer(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(to http.ResponseWriter, r *http.Request) {
		start := time.Now()
		x := &exchange{id: requestID(r.Header.Get("X-Request-Id")), remote: remoteHost(r)}
		s.underWay.Add(1)
		defer s.underWay.Add(-1)
		r = r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x))
		w := &recorder{ResponseWriter: to}
		h := w.Header()
		h.Set("X-Request-Id", x.id)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Cache-Control", "no-store")
		if r.ProtoMajor == 1 && len(r.TransferEncoding) > 0 {
			// It may have had a Content-Length as well, which net/http drops: who came before us may have gone by that, and what
			// stands behind the body then is no request.
			h.Set("Connection", "close")
		}
		_, route := mux.Handler(r)
		defer func() {
			x.memory.release()
			x.slot.release()
			s.finished(r, x, route, w.status, time.Since(start))
		}()
		defer func() {
			if reason := recover(); reason != nil {
				s.o.Log.Error("intake: a request made the handler panic", "request_id", x.id, "panic", reason, "stack", string(debug.Stack()))
				if w.status != 0 {
					panic(http.ErrAbortHandler)
				}
				s.fail(w, r, http.StatusInternalServerError, "something is wrong here; the log says more under this request_id")
			}
		}()
		// The mux would send the caller elsewhere, and the redirected request would be a GET without a body.
		if given := r.URL.EscapedPath(); path.Clean(given) != given {
			route = ""
			s.fail(w, r, http.StatusNotFound, "there is nothing at %s; did you mean %s?", clip(given), clip(path.Clean(given)))
			return
		}
		mux.ServeHTTP(w, r)
	})
}

// finished writes the line of the access log, which never has what callers sent, and counts.
func (s *Server) finished(r *http.Request, x *exchange, route string, status int, took time.Duration) {
	if _, path, methodToo := strings.Cut(route, " "); methodToo {
		route = path
	}
	if route == "/" {
		route = ""
	}
	s.metrics.request(route, status, took, x.bytes)
	s.o.Log.LogAttrs(r.Context(), slog.LevelInfo, "intake", slog.String("method", clip(r.Method)), slog.String("route", route),
		slog.Int("status", status), slog.String("table", x.table), slog.Int64("rows", x.rows), slog.Int64("rejected", x.rejected),
		slog.Int64("bytes", x.bytes), slog.Float64("ms", float64(took.Microseconds())/1000), slog.String("token", x.token),
		slog.String("remote", x.remote), slog.String("request_id", x.id))
}

// remoteHost is the address of the caller.
func remoteHost(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}

// requestID is the one that the caller gave, if it can stand in a log, else a new one.
func requestID(given string) string {
	const sane = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.:/+=@"
	if given != "" && len(given) <= 128 && strings.Trim(given, sane) == "" {
		return given
	}
	return rand.Text()
}

// clip shortens what a caller sent for a message.
func clip(text string) string {
	const limit = 100
	if len(text) > limit {
		text = text[:limit] + "…"
	}
	return strings.ToValidUTF8(text, "�")
}
