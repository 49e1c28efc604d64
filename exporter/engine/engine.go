// Package engine is a ClickHouse without a server to install: the library
// libchdb behind ClickHouse's own HTTP interface, in a supervised child process.
//
// [Start] runs the child and [Attach] finds one that another process runs; both
// give an [Engine], whose Options open a clickhouse-go connection like any other
// and whose Handler serves readers. [Child] is what the child process does.
package engine

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// TokenHeader carries the engine's token, which every request needs. Readers do not know it: [Engine.Handler] adds it
// to their requests, together with a header that lowers their rights.
const TokenHeader = "X-Cskpi-Token"

const (
	defaultQueryTimeout = 5 * time.Minute
	defaultPatience     = 5 * time.Second
	defaultHeartbeat    = 5 * time.Second
)

// Options say where the engine's data lies and how much it may take.
type Options struct {
	DataDir      string        // Folder of the data; created if absent. One process at a time.
	Public       string        // URL at which Handler is served to readers, for those who [Attach]; empty if nowhere.
	Library      string        // Path of libchdb.so; empty looks where [FindLibrary] says.
	MaxMemory    uint64        // Bytes for the whole engine; 0 leaves ClickHouse's default, 0.9 of the machine, and half of it to a scratch engine.
	QueryTimeout time.Duration // Default for queries, and the most a read-only session may ask for; 0 is five minutes.
	Patience     time.Duration // How long Start waits for a folder that another process is using; 0 is five seconds.
	Private      bool          // Nobody can [Attach]: for an engine that ends with a single command.
	Confinement  Confinement   // How far the process is confined; less where the kernel cannot: see [Engine.Confinement].
	Read         []string      // Files and folders outside of DataDir that the engine may read.
	Ports        []uint16      // TCP ports to which the engine may connect although it is ConfinedFull.
	Scratch      bool          // The data lies in a new folder in DataDir, which is removed when the engine ends. Implies Private.
	Temporary    []string      // Patterns of tables, as in cs.kept_*, of which damaged ones are removed at the start.
	Log          *slog.Logger  // Required.

	heartbeat time.Duration // How often the child is asked for a sign of life; 0 is five seconds.
}

func (o Options) withDefaults() Options {
	if o.QueryTimeout == 0 {
		o.QueryTimeout = defaultQueryTimeout
	}
	if o.heartbeat == 0 {
		o.heartbeat = defaultHeartbeat
	}
	if o.Patience == 0 {
		o.Patience = defaultPatience
	}
	o.Private = o.Private || o.Scratch
	return o
}

// Engine is a running engine: a child of this process ([Start]) or one that
// another process runs ([Attach]). Its methods are safe for concurrent use.
type Engine struct {
	addr        string // host:port of the process's own listener, which asks for the token.
	token       string
	public      string
	confinement Confinement
	child       *supervisor // Nil when another process owns the engine.
}

// Options are what clickhouse.Open needs to reach the engine with the service's rights.
// Each call returns a value of its own, free to change.
func (e *Engine) Options() *clickhouse.Options {
	return &clickhouse.Options{
		Protocol:    clickhouse.HTTP,
		Addr:        []string{e.addr},
		HttpHeaders: map[string]string{TokenHeader: e.token},
		DialTimeout: 10 * time.Second,
		// The engine answers a statement without rows only when it is done, and storing a large import may take
		// long. Callers bound their queries by context, which ends them in the engine as well; an engine that hangs is
		// killed by its supervisor, which ends all of them.
		ReadTimeout:     20 * time.Minute,
		MaxOpenConns:    32,
		MaxIdleConns:    8,
		ConnMaxLifetime: time.Hour,
	}
}

// URL is the address at which readers reach the engine; empty if there is none.
func (e *Engine) URL() string { return e.public }

// Confinement is the level to which the engine's process is confined. It is known of an engine of this process only.
func (e *Engine) Confinement() Confinement { return e.confinement }

// Up tells whether the engine answers.
func (e *Engine) Up() bool {
	if e.child != nil {
		return e.child.up.Load()
	}
	return ping(http.DefaultTransport, e.addr, e.token, pingTimeout) == nil
}

// Restarts counts how often the child was started again after it died.
func (e *Engine) Restarts() int {
	if e.child == nil {
		return 0
	}
	return int(e.child.restarts.Load())
}

// Abandon kills the engine if this process runs it, so that nobody waits for it any longer. Close it as well.
func (e *Engine) Abandon() {
	if e.child != nil {
		e.child.abandon()
	}
}

// Close stops the engine if this process runs it, and waits until it is gone.
func (e *Engine) Close() error {
	if e.child == nil {
		return nil
	}
	return e.child.close()
}
