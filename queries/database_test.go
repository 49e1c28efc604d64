package queries_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/refresh"
	"cskpi/queries"
)

// builtinLayout is the product's layout, read once.
var builtinLayout = sync.OnceValues(queries.LoadLayout)

// pool has the databases in which the layout is installed. Installing costs seconds of CPU time, so tests take turns in them.
var pool struct {
	sync.Mutex
	free  []driver.Conn // that no test uses now
	drops []func() error
}

// database is a database with the layout and nothing else, which the test has to itself until it ends. Tests that use no other one can run
// in parallel.
func database(t testing.TB) (driver.Conn, queries.Layout) {
	t.Helper()
	layout, err := builtinLayout()
	if err != nil {
		t.Fatal(err)
	}
	c := take(t, layout)
	t.Cleanup(func() {
		pool.Lock()
		defer pool.Unlock()
		pool.free = append(pool.free, c)
	})
	truncateAll(t, c)
	return c, layout
}

func take(t testing.TB, layout queries.Layout) driver.Conn {
	t.Helper()
	pool.Lock()
	defer pool.Unlock()
	if n := len(pool.free); n > 0 {
		c := pool.free[n-1]
		pool.free = pool.free[:n-1]
		return c
	}
	c, drop := enginetest.Lasting(t)
	pool.drops = append(pool.drops, drop)
	if err := layout.Install(t.Context(), c); err != nil {
		t.Fatal(err)
	}
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

// truncateAll takes out all facts and all that was computed.
func truncateAll(t testing.TB, c driver.Conn) {
	t.Helper()
	for _, name := range column(t, c, "select name from system.tables where database = currentDatabase() and total_rows > 0 and name not in ('installed', 'schema_migrations')") {
		exec(t, c, "truncate table "+name)
	}
}

// column is the one column of a select, as text.
func column(t testing.TB, c driver.Conn, sql string) (cells []string) {
	t.Helper()
	if err := c.QueryRow(t.Context(), "select groupArray(toString(x)) from ("+sql+") as s (x)").Scan(&cells); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return cells
}

// computer computes the layers that questions need, and remembers what it has computed.
type computer struct {
	c        driver.Conn
	layout   queries.Layout
	done     map[string]map[time.Time]bool // days of each layer; of one without days, the zero time
	whole    time.Time
	naming   string          // a select of the accounts that facts name
	accounts map[string]bool // that they ever named; the empty one is the company
}

func newComputer(c driver.Conn, layout queries.Layout) *computer {
	return &computer{c: c, layout: layout, done: map[string]map[time.Time]bool{}, accounts: map[string]bool{"": true}}
}

// changed forgets what was computed from a table.
func (p *computer) changed(table string) {
	for layer := range p.done {
		facts := p.layout.Facts(layer)
		if table == "settings" || slices.Contains(facts, table) || strings.HasPrefix(table, "usage_") && slices.ContainsFunc(facts, func(f string) bool { return strings.HasPrefix(f, "usage_") }) {
			delete(p.done, layer)
		}
	}
}

// compute computes the layers that a text reads, for some days and those on which views look back from them. whole is the last day that is
// over.
func (p *computer) compute(t testing.TB, text string, days []time.Time, whole time.Time) {
	t.Helper()
	if !p.whole.Equal(whole) {
		p.done, p.whole = map[string]map[time.Time]bool{}, whole
	}
	distances := p.layout.Distances(wordsOf.FindAllString(text, -1)...)
	zone := "UTC"
	if set := column(t, p.c, "select argMax(value, updated_at) from stored_settings where name = 'timezone'"); set[0] != "" {
		zone = set[0]
	}
	// With accounts named, one statement computes all days. Those of contracts that moved to another account are named by what was computed before.
	if p.naming == "" {
		p.naming = "select account_id from " + strings.Join(column(t, p.c, `select table from system.columns where database = currentDatabase() and name = 'account_id'
			and (table in (select table from system.columns where database = currentDatabase() and name = 'ingested_at') or match(table, '^stored_(usage_user_days|usage_account_days|contract_terms)$'))`), " union distinct select account_id from ")
	}
	for _, account := range column(t, p.c, p.naming) {
		p.accounts[account] = true // also where the facts are gone later
	}
	accounts := slices.Sorted(maps.Keys(p.accounts))
	filled := column(t, p.c, "select name from system.tables where database = currentDatabase() and total_rows > 0")
	compute := func(layer queries.Query, days []time.Time) {
		if p.done[layer.View()] == nil {
			if p.isEmpty(layer, filled) {
				return
			}
			p.done[layer.View()] = map[time.Time]bool{}
		}
		if !layer.IsByDay() {
			days = []time.Time{{}}
		}
		left := slices.DeleteFunc(slices.Clone(days), func(d time.Time) bool { return p.done[layer.View()][d] })
		if len(left) == 0 {
			return
		}
		one := p.layout
		one.Layers = []queries.Query{layer}
		if err := (&refresh.Refresher{Conn: p.c, Layout: one}).Days(t.Context(), left, accounts, zone, whole); err != nil {
			t.Fatal(err)
		}
		for _, d := range left {
			p.done[layer.View()][d] = true
		}
	}
	asked := slices.Clone(days)
	if distances["arr_residuals"] != nil { // compares the openings of windows with what the ARR was then
		for _, layer := range p.layout.Layers {
			if layer.View() == "policy_days" {
				compute(layer, days)
			}
		}
		for _, text := range column(t, p.c, "select distinct opens_on from windows") {
			d, _ := time.Parse(time.DateOnly, text)
			asked = append(asked, d)
		}
	}
	for _, layer := range p.layout.Layers {
		all := slices.Clone(asked)
		for _, before := range distances[layer.View()] {
			for _, d := range append([]time.Time{whole}, days...) { // usage of a day that is not over is that of the last whole one
				all = append(all, d.AddDate(0, 0, -before))
			}
		}
		if distances[layer.View()] != nil {
			slices.SortFunc(all, time.Time.Compare)
			compute(layer, slices.Compact(all))
		}
	}
}

var wordsOf = regexp.MustCompile(`\w+`)

// isEmpty reports whether a layer needs no computation: it is about accounts, and reads nothing but tables of facts that have no rows.
func (p *computer) isEmpty(layer queries.Query, filled []string) bool {
	return layer.IsByAccount() && !slices.Contains(filled, layer.Stored()) && len(p.layout.Next(layer.View())) == 0 &&
		!slices.ContainsFunc(p.layout.Facts(layer.View()), func(table string) bool { return slices.Contains(filled, queries.StoredPrefix+table) })
}

// rollUpStored brings the tables of usage up to date with the stored events. The roll-up still names the tables of cs.
func rollUpStored(t testing.TB, c driver.Conn) {
	t.Helper()
	if err := queries.RollUp(t.Context(), asStored{c}, nil); err != nil {
		t.Fatal(err)
	}
}

// asStored makes statements about the tables of cs be about those of the database.
type asStored struct{ driver.Conn }

var tableOfCS = strings.NewReplacer("cs.usage_days", "stored_usage_totals", "'usage_days'", "'stored_usage_totals'", "cs.", "stored_", "'usage_", "'stored_usage_", "'cs'", "currentDatabase()")

func (c asStored) Query(ctx context.Context, sql string, args ...any) (driver.Rows, error) {
	return c.Conn.Query(ctx, tableOfCS.Replace(sql), args...)
}

func (c asStored) QueryRow(ctx context.Context, sql string, args ...any) driver.Row {
	if strings.Contains(sql, "usage_claims") {
		sql = "select toUInt64(0)" // nobody else is at it
	}
	return c.Conn.QueryRow(ctx, tableOfCS.Replace(sql), args...)
}

func (c asStored) Exec(ctx context.Context, sql string, args ...any) error {
	if strings.Contains(sql, "usage_claims") || strings.Contains(sql, "cs.fact_changes") {
		return nil
	}
	return c.Conn.Exec(ctx, tableOfCS.Replace(sql), args...)
}
