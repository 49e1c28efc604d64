package history_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter"
	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/history"
	"cskpi/queries"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// fixture is a database with all views and a History on it.
type fixture struct {
	*history.History
	t         testing.TB
	conn      driver.Conn
	catalogue queries.Catalogue
	now       time.Time
	options   history.Options
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	conn := enginetest.Conn(t)
	catalogue, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	if err := queries.Migrate(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	if err := queries.Install(t.Context(), conn, catalogue); err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, conn: conn, catalogue: catalogue, now: time.Now()}
	f.options = history.Options{Conn: conn, Catalogue: catalogue, Zone: time.UTC, Now: func() time.Time { return f.now }}
	f.use(catalogue, 7)
	return f
}

// use begins anew, as another process would.
func (f *fixture) use(catalogue queries.Catalogue, days int) {
	f.t.Helper()
	o := f.options
	o.Catalogue, o.Days, o.Reader = catalogue, days, history.NewTogether(f.conn, catalogue)
	f.History = history.New(o)
	f.t.Cleanup(f.History.Close)
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
	f.exec("alter table cs.kpi_runs update known_until = computed_at where known_until < computed_at settings mutations_sync = 2")
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
