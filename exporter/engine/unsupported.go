//go:build !linux || server

package engine

import (
	"context"
	"errors"
	"io"
	"sync/atomic"
)

var errUnsupported = errors.New("this cskpi has no local engine: there is one on Linux only, and not where it was built with the tag server; set CSKPI_CLICKHOUSE_URL to use a ClickHouse server")

// supervisor is never made where there is no engine.
type supervisor struct {
	up       atomic.Bool
	restarts atomic.Int64
}

func (*supervisor) close() error { return nil }
func (*supervisor) abandon()     {}

// ChildArgs are the arguments of the child process that Start would run.
func ChildArgs() []string { return []string{"engine", "--supervised"} }

// Start says that the engine is not supported on this system.
func Start(context.Context, Options) (*Engine, error) { return nil, errUnsupported }

// Child says that the engine is not supported on this system.
func Child(context.Context, io.Reader) error { return errUnsupported }

// Serving says whether a process serves from the data folder; here none does.
func Serving(string) error { return nil }

// MostConfinement is the level that this system can hold.
func MostConfinement() Confinement { return Unconfined }
