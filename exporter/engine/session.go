//go:build linux && !server

package engine

import (
	"context"
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// session is a connection of the library for one request: it starts clean, and
// nothing of it stays. It holds its operating-system thread, by whose id a KILL
// QUERY finds what the session runs, whatever settings the query itself brings.
type session struct {
	conn   *connection
	thread int
}

// openSession makes a connection with the request's settings in force, the ones
// that the engine insists on last. The calling goroutine keeps its thread until close.
func (f *front) openSession(q *request) (*session, error) {
	runtime.LockOSThread()
	conn, err := f.lib.newConnection()
	if err != nil {
		runtime.UnlockOSThread()
		return nil, err
	}
	s := &session{conn: conn, thread: unix.Gettid()}
	if err := f.prepare(s, q); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *session) close() {
	s.conn.close()
	runtime.UnlockOSThread()
}

func (f *front) prepare(s *session, q *request) error {
	memory := f.queryMemory
	if q.role != roleService {
		memory = f.readerMemory
		if err := checkReaderSettings(q.settings, f.timeout.Seconds(), memory); err != nil {
			return err
		}
	}
	settings := []pair{
		// The library turns on what suits a shell; a server has it off.
		{"implicit_select", "0"}, {"allow_introspection_functions", "0"},
		// An INSERT is answered when its rows are stored, and the front brings them in one piece anyway.
		{"async_insert", "0"},
		{"max_execution_time", strconv.FormatFloat(f.timeout.Seconds(), 'f', -1, 64)},
		{"max_memory_usage", strconv.FormatUint(memory, 10)},
	}
	for _, given := range q.settings {
		if given.name != "readonly" {
			settings = append(settings, given)
		}
	}
	if err := s.set(settings); err != nil {
		return err
	}
	params := make([]pair, len(q.params))
	for i, p := range q.params {
		params[i] = pair{"param_" + p.name, p.value}
	}
	if err := s.set(params); err != nil {
		return err
	}
	if q.database != "" {
		if err := s.exec("USE " + quoteName(q.database)); err != nil {
			return err
		}
	}
	readonly := q.setting("readonly")
	switch {
	case q.role != roleService:
		readonly = "1"
	case q.get && (readonly == "" || readonly == "0"):
		readonly = "2"
	}
	if readonly == "" {
		return nil
	}
	return s.set([]pair{{"readonly", readonly}})
}

func (s *session) set(settings []pair) error {
	if len(settings) == 0 {
		return nil
	}
	assignments := make([]string, len(settings))
	for i, p := range settings {
		assignments[i] = p.name + " = " + quote(p.value)
	}
	return s.exec("SET " + strings.Join(assignments, ", "))
}

func (s *session) exec(query string) error {
	r := s.conn.query(query, "Null")
	defer r.close()
	return r.err()
}

// text runs a query of the front's own and returns its one value.
func (s *session) text(query string) (string, error) {
	r := s.conn.query(query, "RawBLOB")
	defer r.close()
	if err := r.err(); err != nil {
		return "", err
	}
	return string(r.data()), nil
}

// killWhenDone ends what the session runs once ctx is done. The returned function
// stops the watch and waits for it, so that no late KILL meets the thread's next query.
func (f *front) killWhenDone(ctx context.Context, s *session) (stop func()) {
	over := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-over:
			return
		case <-ctx.Done():
		}
		// A query may not have come to the process list yet; ask until the session is over.
		for {
			if err := f.kill(s.thread); err != nil {
				f.log.Warn("kill the query of a client that left", "err", err)
			}
			select {
			case <-over:
				return
			case <-time.After(100 * time.Millisecond):
			}
		}
	})
	return func() {
		close(over)
		watch.Wait()
	}
}

func (f *front) kill(thread int) error {
	conn, err := f.lib.newConnection()
	if err != nil {
		return err
	}
	defer conn.close()
	r := conn.query(fmt.Sprintf("KILL QUERY WHERE has(thread_ids, %d) ASYNC", thread), "Null")
	defer r.close()
	return r.err()
}
