// Package api takes facts over HTTP: rows of the fact tables, what Segment's and RudderStack's clients send, and CloudEvents.
// Every answer says what became of the rows; a row that is not refused in a 2xx answer is stored.
package api

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"cskpi/exporter/intake"
)

// Store takes rows, as intake.Writer does.
type Store interface {
	// Write returns when the good rows are stored.
	Write(ctx context.Context, rows intake.Rows) (intake.Result, error)
	// Tables are the names of the fact tables.
	Tables() []string
}

// Options are what a Server works with.
type Options struct {
	Store    Store
	Tokens   *Tokens // nil: nobody is asked for one; the listener must then be a loopback one
	Registry prometheus.Registerer
	Log      *slog.Logger
	Now      func() time.Time
	MaxBody  int64 // bytes of a request, as sent and uncompressed; 0: 16 MiB
}

// Server answers requests.
type Server struct {
	o Options
}

// New checks the options.
func New(o Options) (*Server, error) {
	return &Server{o: o}, nil
}

// Handler serves everything under /v1.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	return mux
}

// Tokens are who may do what. See tokens.go.
type Tokens struct{}
