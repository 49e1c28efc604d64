package intake_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/intake"
	"cskpi/exporter/refresh"
	"cskpi/exporter/store"
	"cskpi/queries"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// noon is the import's time in tests.
var noon = time.Date(2024, 6, 15, 12, 0, 0, 0, time.UTC)

// fixture is an importer over an empty database with the fact tables.
type fixture struct {
	*intake.Importer
	t    testing.TB
	dir  string
	conn driver.Conn
	now  time.Time
	days *refresh.Days // of a company that has layers
}

func newFixture(t testing.TB) *fixture {
	t.Helper()
	conn := enginetest.Conn(t)
	if err := store.Migrate(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	f := &fixture{t: t, dir: t.TempDir(), conn: conn, now: noon}
	f.Importer = &intake.Importer{
		Conn: conn, RejectsDir: filepath.Join(f.dir, "rejects"), Now: func() time.Time { return f.now },
		Sources: func(ctx context.Context, _ []string) (*intake.Sources, error) {
			options := enginetest.Engine(t).Options()
			plain, err := clickhouse.Open(options)
			if err != nil {
				return nil, err
			}
			options = enginetest.Engine(t).Options()
			options.Auth.Database = "sources"
			conn, err := clickhouse.Open(options)
			if err == nil {
				err = plain.Exec(ctx, "create database sources")
			}
			end := func() error {
				return errors.Join(plain.Exec(context.Background(), "drop database sources"), plain.Close(), conn.Close())
			}
			return &intake.Sources{Conn: conn, Explain: func(err error) error { return err }, Close: end}, err
		},
	}
	t.Cleanup(func() {
		var left []string
		if err := conn.QueryRow(context.Background(), "select groupArray(name) from system.databases where startsWith(name, 'cskpi_import_')").Scan(&left); err != nil {
			t.Error(err)
		}
		if len(left) > 0 {
			t.Errorf("scratch databases left: %q", left)
		}
	})
	return f
}

// connOptions are those of a connection to the database of the tests.
func connOptions(t testing.TB) (options *clickhouse.Options, err error) {
	if url := os.Getenv(enginetest.URLVariable); url != "" {
		options, err = clickhouse.ParseDSN(url)
	} else {
		options = enginetest.Engine(t).Options()
	}
	if err == nil {
		options.Auth.Database = queries.Database
	}
	return options, err
}

// file writes a file for the test and returns its path.
func (f *fixture) file(name, content string) string {
	f.t.Helper()
	path := filepath.Join(f.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		f.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o666); err != nil {
		f.t.Fatal(err)
	}
	return path
}

// imports imports files named after their tables, and fails the test on an error.
func (f *fixture) imports(paths ...string) intake.Summary {
	f.t.Helper()
	s, err := f.Files(f.t.Context(), "", paths...)
	if err != nil {
		f.t.Fatal(err)
	}
	return s
}

// rows returns the result of a query, fields joined by a bar and rows by a line end.
func (f *fixture) rows(query string) string {
	f.t.Helper()
	rows, err := f.conn.Query(f.t.Context(), query)
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

func (f *fixture) exec(statement string) {
	f.t.Helper()
	if err := f.conn.Exec(f.t.Context(), statement); err != nil {
		f.t.Fatal(err)
	}
}

// query selects columns of a table as text, null as NULL.
func (f *fixture) query(columns, rest string) string {
	f.t.Helper()
	var texts []string
	for c := range strings.SplitSeq(columns, ", ") {
		texts = append(texts, "ifNull(toString("+c+"), 'NULL')")
	}
	return f.rows("select [" + strings.Join(texts, ", ") + "] from " + rest)
}

func (f *fixture) equal(what, got, want string) {
	f.t.Helper()
	if got != want {
		f.t.Errorf("%s:\n%s\nwant:\n%s", what, got, want)
	}
}

// counts writes a summary as "table read stored unchanged superseded rejected" per table.
func counts(s intake.Summary) string {
	var lines []string
	for _, t := range s.Tables {
		lines = append(lines, fmt.Sprintf("%s read=%d stored=%d unchanged=%d superseded=%d rejected=%d", t.Table, t.Read, t.Stored, t.Unchanged, t.Superseded, t.Rejected))
	}
	return strings.Join(lines, "\n")
}

func rejects(s intake.Summary) string {
	var lines []string
	for _, r := range s.Rejects {
		r.File = filepath.Base(r.File)
		lines = append(lines, r.String())
	}
	return strings.Join(lines, "\n")
}
