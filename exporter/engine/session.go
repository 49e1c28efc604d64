//go:build linux && !server

package engine

import (
	"context"
	"errors"
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
	settings, err := f.settings(q)
	if err != nil {
		return nil, err
	}
	runtime.LockOSThread()
	conn, err := f.lib.newConnection()
	if err != nil {
		runtime.UnlockOSThread()
		return nil, err
	}
	s := &session{conn: conn, thread: unix.Gettid()}
	if err = s.set(settings); err == nil {
		err = s.use(q)
	}
	if err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *session) close() {
	s.conn.close()
	runtime.UnlockOSThread()
}

// settings are what the engine gives the request by default, what the request asks for, its parameters, and last its rights.
func (f *front) settings(q *request) ([]pair, error) {
	memory := f.queryMemory
	if q.role != roleService {
		memory = f.readerMemory
		if err := checkReaderSettings(q.settings, f.timeout.Seconds(), memory); err != nil {
			return nil, err
		}
	}
	settings := []pair{
		// The library turns on what suits a shell; a server has it off.
		{"implicit_select", "0"}, {"allow_introspection_functions", "0"},
		// An INSERT is answered when its rows are stored, and the front brings them in one piece anyway.
		{"async_insert", "0"},
		// A connection that is refused for good would be tried for minutes, whatever limit the query has.
		{"http_max_tries", "2"}, {"http_retry_max_backoff_ms", "1000"}, {"s3_retry_attempts", "1"}, {"azure_sdk_max_retries", "1"},
		// Compiling an expression takes longer than what KPIs compute with it.
		{"compile_expressions", "0"}, {"compile_aggregate_expressions", "0"}, {"compile_sort_description", "0"},
		{"max_execution_time", strconv.FormatFloat(f.timeout.Seconds(), 'f', -1, 64)},
		{"max_memory_usage", strconv.FormatUint(memory, 10)},
	}
	if q.role != roleService {
		settings = append(settings, readerSettings()...)
	}
	for _, given := range q.settings {
		if given.name != "readonly" {
			settings = append(settings, given)
		}
	}
	for _, p := range q.params {
		settings = append(settings, pair{"param_" + p.name, p.value})
	}
	readonly := q.setting("readonly")
	switch {
	case q.role != roleService:
		readonly = "1"
	case q.get && (readonly == "" || readonly == "0"):
		readonly = "2"
	}
	if readonly != "" {
		settings = append(settings, pair{"readonly", readonly})
	}
	return settings, nil
}

// use makes the request's database the session's. A reader's is never default, where a table's name is the name of a
// file, nor system: so what a reader names without a database is a table that the reader may read.
func (s *session) use(q *request) error {
	database, other := q.database, ""
	switch {
	case q.role == roleService:
	case q.role == roleKPI && (database == "" || database == "default" || database == factsDatabase):
		database = emptyDatabase
	case database == "" || database == "default":
		database, other = factsDatabase, emptyDatabase
	case q.role == roleKPI && database != emptyDatabase, database == "system":
		return denied("The database %s cannot be the default for readers of this engine; name it before the table, as in %s.tables", database, database)
	}
	if database == "" {
		return nil
	}
	err := s.exec("USE " + quoteName(database))
	if e := (*exception)(nil); other != "" && errors.As(err, &e) && e.name == "UNKNOWN_DATABASE" {
		return s.exec("USE " + quoteName(other))
	}
	return err
}

func (s *session) set(settings []pair) error {
	if len(settings) == 0 {
		return nil
	}
	assignments := make([]string, len(settings))
	for i, p := range settings {
		assignments[i] = p.name + " = " + quote(p.value)
	}
	statement := strings.Join(assignments, ", ")
	if len(statement) > maxSet {
		// The parameters of a query may be longer than a statement, such as SET, may be.
		if err := s.exec("SET max_query_size = " + strconv.Itoa(2*len(statement))); err != nil {
			return err
		}
		statement = "max_query_size = DEFAULT, " + statement
	}
	return s.exec("SET " + statement)
}

// maxSet is well below the length that ClickHouse allows a statement, max_query_size.
const maxSet = 200_000

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

// list asks the catalogue for the KPI views that have no label which names an account, and the engine for its databases.
func (k *kpiViews) list(f *front) (databases, views map[string]bool, err error) {
	k.Lock()
	defer k.Unlock()
	if time.Now().Before(k.until) {
		return k.databases, k.views, nil
	}
	conn, err := f.lib.newConnection()
	if err != nil {
		return nil, nil, err
	}
	defer conn.close()
	s := session{conn: conn}
	names, err := s.text("SELECT arrayStringConcat(groupArray(name), '\n') FROM system.databases")
	if err != nil {
		return nil, nil, err
	}
	databases, views = set(names), map[string]bool{}
	catalogue := factsDatabase + "." + catalogueView
	switch found, err := s.text("SELECT toString(count()) FROM system.tables WHERE database = " + quote(factsDatabase) + " AND name = " + quote(catalogueView)); {
	case err != nil:
		return nil, nil, err
	case found == "1":
		names, err := s.text("SELECT arrayStringConcat(groupArray(view), '\n') FROM (SELECT view FROM " + catalogue +
			" WHERE kind = 'kpi' GROUP BY view HAVING NOT max(type = 'label' AND match(column, '^(account|user|contact)(_|$)')))")
		if err != nil {
			return nil, nil, err
		}
		views = set(names)
		for _, name := range []string{catalogueView, "current_day", "usage_day", "days"} { // which days there are, and what there is to ask for
			views[name] = true
		}
	}
	k.until, k.databases, k.views = time.Now().Add(kpiViewsAge), databases, views
	return databases, views, nil
}
