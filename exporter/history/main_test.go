package history_test

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter"
	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/history"
	"cskpi/exporter/refresh"
	"cskpi/exporter/store"
	"cskpi/queries"
)

func TestMain(m *testing.M) {
	enginetest.Main(m, func() {
		if installed.drop != nil {
			if err := installed.drop(); err != nil {
				panic(err)
			}
		}
	})
}

// installed is a database with all views, which tests use one after the other: to install them takes longer than most tests.
var installed struct {
	conn driver.Conn
	drop func() error
}

// fixture is an empty database with all views, and a History on it.
type fixture struct {
	*history.History
	t         testing.TB
	conn      driver.Conn
	catalogue queries.Catalogue
	now       time.Time
	options   history.Options
	days      *refresh.Days
	batch     uint64 // of facts that were stored
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	catalogue, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	if installed.conn == nil {
		installed.conn, installed.drop = enginetest.Lasting(t)
		if err := store.Migrate(t.Context(), installed.conn); err != nil {
			t.Fatal(err)
		}
	}
	conn := installed.conn
	var filled []string
	if err := conn.QueryRow(t.Context(), "select groupArray(name) from system.tables where database = currentDatabase() and total_rows > 0 and name not in ('installed', 'schema_migrations')").Scan(&filled); err != nil {
		t.Fatal(err)
	}
	for _, table := range filled {
		if err := conn.Exec(t.Context(), "truncate table "+table); err != nil {
			t.Fatal(err)
		}
	}
	f := &fixture{t: t, conn: conn, catalogue: catalogue, now: time.Now()}
	f.options = history.Options{Conn: conn, Catalogue: catalogue, Zone: time.UTC, Now: func() time.Time { return f.now }}
	f.use(catalogue, 7)
	return f
}

// use begins anew, as another process would.
func (f *fixture) use(catalogue queries.Catalogue, days int) {
	f.t.Helper()
	if err := store.Install(f.t.Context(), f.conn, catalogue); err != nil {
		f.t.Fatal(err)
	}
	f.days = refresh.NewDays(refresh.Options{Conn: f.conn, Layout: catalogue.Layout(), Now: f.options.Now})
	f.options.Catalogue, f.options.Lease = catalogue, f.days.Read
	f.options.AtOnce = func(context.Context) (int, error) { return days, nil }
	f.History = history.New(f.options)
}

// refresh lets the layers have what has changed, as the service does all the time.
func (f *fixture) refresh() {
	f.t.Helper()
	if err := f.days.Compute(f.t.Context(), nil); err != nil {
		f.t.Fatal(err)
	}
}

// store stores facts as intake does, so that what they touch is known: an insert into a table of facts.
func (f *fixture) store(insert string) {
	f.t.Helper()
	m := regexp.MustCompile(`^insert into stored_(\w+) (.*)$`).FindStringSubmatch(strings.ReplaceAll(insert, "\n", " "))
	if m == nil {
		f.t.Fatalf("no insert of facts: %s", insert)
	}
	f.batch++
	f.exec("create table arriving as stored_" + m[1])
	f.exec("insert into arriving " + m[2])
	if err := refresh.Announce(f.t.Context(), f.conn, f.batch, m[1], "arriving", "UTC"); err != nil {
		f.t.Fatal(err)
	}
	f.exec("insert into stored_" + m[1] + " select * from arriving")
	if err := refresh.Stored(f.t.Context(), f.conn, f.batch); err != nil {
		f.t.Fatal(err)
	}
	f.exec("drop table arriving sync")
}

func (f *fixture) exec(sql string) {
	f.t.Helper()
	if err := f.conn.Exec(f.t.Context(), sql); err != nil {
		f.t.Fatalf("%s: %v", sql, err)
	}
}

// rows are the rows of a select, fields joined by a bar and rows by a line end; null is NULL.
func (f *fixture) rows(columns, rest string) string {
	f.t.Helper()
	var texts []string
	for c := range strings.SplitSeq(columns, ", ") {
		texts = append(texts, "ifNull(toString("+c+"), 'NULL')")
	}
	rows, err := f.conn.Query(f.t.Context(), "select ["+strings.Join(texts, ", ")+"] from "+rest)
	if err != nil {
		f.t.Fatal(err)
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var text []string
		if err := rows.Scan(&text); err != nil {
			f.t.Fatal(err)
		}
		lines = append(lines, strings.Join(text, "|"))
	}
	if err := rows.Err(); err != nil {
		f.t.Fatal(err)
	}
	return strings.Join(lines, "\n")
}

func (f *fixture) equal(what, got, want string) {
	f.t.Helper()
	if got != want {
		f.t.Errorf("%s:\n%s\nwant:\n%s", what, got, want)
	}
}

// fill fills days and fails the test on any error.
func (f *fixture) fill(r history.Request) history.Summary {
	f.t.Helper()
	f.refresh()
	s, err := f.Fill(f.t.Context(), r)
	if err != nil {
		f.t.Fatal(err)
	}
	if err := s.Err(); err != nil {
		f.t.Fatal(err)
	}
	return s
}

// said is a summary in short.
func said(s history.Summary) string {
	return fmt.Sprintf("computed=%d held=%d restated=%d series=%d reasons=%v", s.Computed, s.Held, s.Restated, s.Series, s.Reasons)
}

func (f *fixture) kpi(name string) queries.Query {
	f.t.Helper()
	q, found := f.catalogue.Get(name)
	if !found {
		f.t.Fatalf("no KPI %s", name)
	}
	return q
}

// dbNow is the clock that runs are stamped by.
func (f *fixture) dbNow() (at time.Time) {
	f.t.Helper()
	if err := f.conn.QueryRow(f.t.Context(), "select now64(3)").Scan(&at); err != nil {
		f.t.Fatal(err)
	}
	return at
}

// settle lets what is stored count as stored some time before it was seen.
func (f *fixture) settle() {
	f.t.Helper()
	f.exec("alter table kpi_runs update known_until = computed_at where known_until < computed_at settings mutations_sync = 2")
}

// amounts are the values of the column amount by segment.
func amounts(q queries.Query, of exporter.Day) string {
	at := slices.IndexFunc(q.Of(queries.Gauge, queries.Histogram), func(c queries.Column) bool { return c.Name == "amount" })
	var texts []string
	for _, row := range of.Rows {
		texts = append(texts, fmt.Sprintf("%s=%v", row.Labels[0], *row.Values[at].Number))
	}
	return strings.Join(texts, " ")
}

func day(text string) time.Time {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		panic(err)
	}
	return t
}
