// Package storetest gives tests databases that the store made, and short ways to fill and to ask them.
package storetest

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/store"
	"cskpi/queries"
)

// Main runs the tests of a package that uses this one; its TestMain calls nothing else.
func Main(m *testing.M) { enginetest.Main(m, dropPool) }

var layout = sync.OnceValues(func() (queries.Layout, error) {
	catalogue, err := queries.Load()
	return catalogue.Layout(), err
})

// Layout is that of the built-in queries, read once.
func Layout(t testing.TB) queries.Layout {
	t.Helper()
	l, err := layout()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// Migrated is the database cs with its tables and nothing else.
func Migrated(t testing.TB) driver.Conn {
	t.Helper()
	c := enginetest.Conn(t)
	if err := store.Migrate(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	return c
}

// Install makes tables, functions and views in an empty database.
func Install(t testing.TB, c driver.Conn, catalogue queries.Catalogue) {
	t.Helper()
	if err := errors.Join(store.Migrate(t.Context(), c), store.Install(t.Context(), c, catalogue)); err != nil {
		t.Fatal(err)
	}
}

// pool has the databases in which the built-in queries are installed. Installing costs seconds of CPU time, so tests take turns in them.
var pool struct {
	sync.Mutex
	free  []driver.Conn // that no test uses now
	drops []func() error
}

// Database is a database with the built-in queries and nothing else, which the test has to itself until it ends. Tests that use no other one can
// run in parallel.
func Database(t testing.TB) (driver.Conn, queries.Layout) {
	t.Helper()
	l := Layout(t)
	c := take(t)
	t.Cleanup(func() {
		pool.Lock()
		defer pool.Unlock()
		pool.free = append(pool.free, c)
	})
	Empty(t, c)
	return c, l
}

func take(t testing.TB) driver.Conn {
	t.Helper()
	pool.Lock()
	defer pool.Unlock()
	if n := len(pool.free); n > 0 {
		c := pool.free[n-1]
		pool.free = pool.free[:n-1]
		return c
	}
	catalogue, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	c, drop := enginetest.Lasting(t)
	pool.drops = append(pool.drops, drop)
	Install(t, c, catalogue)
	return c
}

// dropPool is what is left to do after all tests.
func dropPool() {
	for _, drop := range pool.drops {
		if err := drop(); err != nil {
			fmt.Fprintln(os.Stderr, "drop a database of the tests:", err)
		}
	}
}

// Empty takes out all facts and all that was computed.
func Empty(t testing.TB, c driver.Conn) {
	t.Helper()
	for _, name := range Column(t, c, "select name from system.tables where database = currentDatabase() and total_rows > 0 and name not in ('installed', 'schema_migrations')") {
		Exec(t, c, "truncate table "+name)
	}
}

// RollUp brings the tables of usage up to date with the stored events.
func RollUp(t testing.TB, c driver.Conn) {
	t.Helper()
	if err := store.RollUp(t.Context(), c, nil); err != nil {
		t.Fatal(err)
	}
}

// Exec runs a statement.
func Exec(t testing.TB, c driver.Conn, sql string) {
	t.Helper()
	if err := c.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// Scalar is the one value of a statement's result, as text.
func Scalar(t testing.TB, c driver.Conn, sql string) string {
	t.Helper()
	var s string
	if err := c.QueryRow(t.Context(), "select toString(x) from ("+sql+") as s (x)").Scan(&s); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return s
}

// Number is the one number that a statement returns.
func Number(t testing.TB, c driver.Conn, sql string) (n uint64) {
	t.Helper()
	if err := c.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// Column is the one column of a select, as text.
func Column(t testing.TB, c driver.Conn, sql string) (cells []string) {
	t.Helper()
	if err := c.QueryRow(t.Context(), "select groupArray(toString(x)) from ("+sql+") as s (x)").Scan(&cells); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return cells
}

// Table is what a select returns, all cells as text.
func Table(t testing.TB, c driver.Conn, columns []string, from string) [][]string {
	t.Helper()
	texts := make([]string, len(columns))
	for i, column := range columns {
		texts[i] = "ifNull(toString(" + column + "), 'null')"
	}
	rows, err := c.Query(t.Context(), "select ["+strings.Join(texts, ", ")+"] as cells from "+from)
	if err != nil {
		t.Fatalf("select %s: %v", columns, err)
	}
	var table [][]string
	for rows.Next() {
		var cells []string
		if err := rows.Scan(&cells); err != nil {
			t.Fatalf("select %s: %v", columns, err)
		}
		table = append(table, cells)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Fatalf("select %s: %v", columns, err)
	}
	return table
}

// Load reads query files that stand alone, by name.
func Load(t testing.TB, texts map[string]string) queries.Catalogue {
	t.Helper()
	fsys := fstest.MapFS{}
	for name, text := range texts {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
	}
	c, err := queries.LoadFrom(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// KPI is the text of a query file whose view has one row: the first day of 2024, and the value of an expression as x.
func KPI(title, help, expression string) string {
	return fmt.Sprintf("-- %s\n--\n-- Columns:\n--   day key Day.\n--   x  gauge  %s\nselect toDate('2024-01-01') as day, %s as x -- end", title, help, expression)
}

// WantError checks that err has the text in it.
func WantError(t testing.TB, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("got the error %v, want %q in it", err, text)
	}
}

// WantProblems checks that err has exactly these problems, by their beginnings and in this order.
func WantProblems(t testing.TB, err error, want ...string) {
	t.Helper()
	var got []string
	if err != nil {
		got = strings.Split(err.Error(), "\n")
	}
	if len(got) != len(want) {
		t.Errorf("got %d problems, want %d:\n%s\n\nwant:\n%s", len(got), len(want), strings.Join(got, "\n"), strings.Join(want, "\n"))
		return
	}
	for i := range got {
		if !strings.HasPrefix(got[i], want[i]) {
			t.Errorf("problem %d\n got %s\nwant %s", i+1, got[i], want[i])
		}
	}
}

// Difference shows the first lines that differ; empty if none do.
func Difference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		line := func(lines []string) string {
			if i < len(lines) {
				return strconv.Quote(lines[i])
			}
			return "the end"
		}
		if line(w) != line(g) {
			return fmt.Sprintf("%d: got %s\nwant %s\n\nall of it:\n%s", i+1, line(g), line(w), got)
		}
	}
	return ""
}
