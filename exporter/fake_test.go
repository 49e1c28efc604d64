package exporter_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter"
	"cskpi/queries"
)

// fake answers statements as a ClickHouse would, from functions by query name.
type fake struct {
	mu      sync.Mutex
	answers map[string]func(ctx context.Context) (*rows, error)
	asked   []string // statements, in the order in which they came
	now     int      // running
	most    int      // that ever ran at once
}

func (f *fake) Query(ctx context.Context, sql string, _ ...any) (driver.Rows, error) {
	name := asks(sql)
	f.mu.Lock()
	f.asked = append(f.asked, sql)
	f.now++
	f.most = max(f.most, f.now)
	answer := f.answers[name]
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.now--
		f.mu.Unlock()
	}()
	if answer == nil {
		return nil, fmt.Errorf("code: 46, message: unknown table %s", name)
	}
	r, err := answer(ctx)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// asks is the name of the view that a statement reads.
func asks(sql string) string {
	_, name, _ := strings.Cut(sql, " from ")
	name, _, _ = strings.Cut(name, " ")
	return name
}

func (f *fake) set(name string, answer func(ctx context.Context) (*rows, error)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.answers == nil {
		f.answers = map[string]func(context.Context) (*rows, error){}
	}
	f.answers[name] = answer
}

// returns makes the query answer with these rows from now on.
func (f *fake) returns(name string, columns []string, data ...[]any) {
	f.set(name, func(context.Context) (*rows, error) { return &rows{columns: columns, data: data}, nil })
}

func (f *fake) fails(name, why string) {
	f.set(name, func(context.Context) (*rows, error) { return nil, errors.New(why) })
}

// count tells how many statements asked for the query.
func (f *fake) count(name string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := 0
	for _, sql := range f.asked {
		if asks(sql) == name {
			n++
		}
	}
	return n
}

// last is the latest statement.
func (f *fake) last() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.asked[len(f.asked)-1]
}

// total is how many statements were asked, and how many ran at once at most.
func (f *fake) total() (int, int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.asked), f.most
}

// rows is a result. Every column scans into any, as a Variant column would, unless types says otherwise.
type rows struct {
	driver.Rows // what the exporter does not use panics
	columns     []string
	types       []reflect.Type
	data        [][]any
	next        int
	err         error // after the last row
	closed      bool
}

func (r *rows) Columns() []string { return r.columns }

func (r *rows) ColumnTypes() []driver.ColumnType {
	types := make([]driver.ColumnType, len(r.columns))
	for i := range types {
		types[i] = columnType{reflect.TypeFor[any]()}
		if r.types != nil {
			types[i] = columnType{r.types[i]}
		}
	}
	return types
}

type columnType struct{ scan reflect.Type }

func (columnType) Name() string             { return "" }
func (columnType) Nullable() bool           { return false }
func (columnType) DatabaseTypeName() string { return "" }
func (c columnType) ScanType() reflect.Type { return c.scan }

func (r *rows) Next() bool { r.next++; return r.next <= len(r.data) }

func (r *rows) Scan(dest ...any) error {
	for i, v := range r.data[r.next-1] {
		to := reflect.ValueOf(dest[i]).Elem()
		if v == nil {
			to.SetZero()
			continue
		}
		to.Set(reflect.ValueOf(v))
	}
	return nil
}

func (r *rows) Err() error   { return r.err }
func (r *rows) Close() error { r.closed = true; return nil }

// query makes a KPI from columns such as "segment label" and "ratio gauge".
func query(name string, columns ...string) queries.Query {
	q := queries.Query{Name: name, File: name + ".sql", Title: "Title of " + name + ".", SQL: "select 1", Day: queries.Column{Name: queries.DayColumn}}
	for _, c := range columns {
		n, kind, _ := strings.Cut(c, " ")
		q.Columns = append(q.Columns, queries.Column{Name: n, Kind: queries.Kind(kind), Help: "Help of " + n + "."})
	}
	return q
}

func every(d time.Duration, q queries.Query) queries.Query {
	q.Every = d
	return q
}

func newExporter(t testing.TB, db exporter.Querier, o exporter.Options) *exporter.Exporter {
	t.Helper()
	e, err := exporter.New(db, o)
	if err != nil {
		t.Fatal(err)
	}
	return e
}
