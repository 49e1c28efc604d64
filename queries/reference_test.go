package queries_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/queries"
)

// TestReference runs testdata/<name>.sql, which tells a story in facts and then asks, and compares what the selects
// return with testdata/<name>.reference. Every KPI has one of its own name; there may be more. Each begins with an
// installed database without facts. A comment "-- error: text" before a statement says that it must fail with that text.
//
//	go test ./queries -run Reference/nrr -update
func TestReference(t *testing.T) {
	catalogue, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	c := migrated(t)
	if err := queries.Install(t.Context(), c, catalogue); err != nil {
		t.Fatal(err)
	}
	for _, q := range catalogue.KPIs() {
		if _, err := os.Stat(filepath.Join("testdata", q.Name+".sql")); err != nil {
			t.Errorf("%s: testdata/%s.sql is missing: facts that show what the KPI means, and a select from cs.%s", q.File, q.Name, q.Name)
		}
	}
	references, err := filepath.Glob("testdata/*.reference")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range references {
		if _, err := os.Stat(strings.TrimSuffix(file, ".reference") + ".sql"); err != nil {
			t.Errorf("%s belongs to no .sql file", file)
		}
	}
	scripts, err := filepath.Glob("testdata/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range scripts {
		name := strings.TrimSuffix(filepath.Base(file), ".sql")
		t.Run(name, func(t *testing.T) {
			empty(t, c)
			got, err := script(t, c, file)
			if err != nil {
				t.Fatal(err)
			}
			if q, found := catalogue.Get(name); found {
				call := "cs." + q.View() + "("
				if q.Function {
					call = q.Name + "("
				}
				if !strings.Contains(got.asked, call) {
					t.Errorf("%s asks nothing of %s…)", file, call)
				}
			}
			reference := strings.TrimSuffix(file, ".sql") + ".reference"
			if *update {
				if err := os.WriteFile(reference, []byte(got.text), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(reference)
			if err != nil {
				t.Fatalf("%v; write it with: go test ./queries -run 'Reference/^%s$' -update, and read it", err, name)
			}
			if diff := difference(string(want), got.text); diff != "" {
				t.Errorf("%s:%s", reference, diff)
			}
		})
	}
}

// empty takes all facts out, and leaves what is installed.
func empty(t *testing.T, c driver.Conn) {
	t.Helper()
	rows, err := c.Query(t.Context(), "select name from system.tables where database = 'cs' and total_rows > 0 and name not in ('schema_migrations', 'installed')")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		exec(t, c, "truncate table cs."+name)
	}
}

// script runs the statements of a file.
func script(t *testing.T, c driver.Conn, file string) (a answers, err error) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		return a, err
	}
	statements, err := queries.Split(string(text))
	if err != nil {
		return a, fmt.Errorf("%s%w", file, err)
	}
	var results []string
	used := false // there is usage that is not rolled up
	catalogue, err := builtin()
	if err != nil {
		return a, err
	}
	keeper := keeperOf(c, catalogue)
	defer keeper.Close()
	for _, s := range statements {
		var result string
		asks := slices.Contains([]string{"select", "with", "describe"}, strings.ToLower(s.First))
		if !asks {
			used = used || strings.Contains(s.Text, "cs.usage_events") || strings.Contains(s.Text, "cs.settings")
		} else if used {
			rollUp(t, c)
			used = false
		}
		if asks {
			a.asked += s.Text
			result, err = answer(t, c, s.Text)
		} else {
			keeper.Close()
			err = c.Exec(t.Context(), s.Text)
		}
		wanted := ""
		for _, note := range s.Notes {
			if text, found := strings.CutPrefix(note, "-- error:"); found {
				wanted = strings.TrimSpace(text)
			}
		}
		switch {
		case wanted != "" && err == nil:
			return a, fmt.Errorf("%s:%d: the statement succeeds, but the error %q is wanted", file, s.Line, wanted)
		case wanted != "" && !strings.Contains(err.Error(), wanted):
			return a, fmt.Errorf("%s:%d: the error %q is wanted: %w", file, s.Line, wanted, err)
		case wanted == "" && err != nil:
			return a, fmt.Errorf("%s:%d: %w", file, s.Line, err)
		case wanted == "" && asks:
			results = append(results, result)
		}
	}
	a.text = strings.Join(results, "\n")
	return a, nil
}

// builtin is the catalogue, read once for all selects.
var builtin = sync.OnceValues(func() (queries.Catalogue, error) { return queries.Load() })

var viewCall = regexp.MustCompile(`cs\.(\w+)\(as_of = '(\d{4}-\d\d-\d\d)'\)`)

// answer is the result of a select in ClickHouse's format TSVWithNames. The deepest views, over which the engine takes
// seconds, are asked as the exporter asks them (TestSelectIsTheView holds that to the views).
func answer(t *testing.T, c driver.Conn, sql string) (string, error) {
	t.Helper()
	catalogue, err := builtin()
	if err != nil {
		return "", err
	}
	keeper := keeperOf(c, catalogue)
	var read []func()
	defer func() {
		for _, done := range read {
			done()
		}
	}()
	asked := viewCall.ReplaceAllStringFunc(sql, func(call string) string {
		m := viewCall.FindStringSubmatch(call)
		asOf, err := time.Parse(time.DateOnly, m[2])
		at := slices.IndexFunc(catalogue, func(q queries.Query) bool { return !q.Function && q.View() == m[1] })
		if err != nil || at < 0 {
			return call
		}
		if text := catalogue[at].Select(asOf); len(text) < 12_000 {
			return "(" + text + ")"
		}
		text, done := keeper.Select(t.Context(), catalogue[at], asOf)
		read = append(read, done)
		return "(" + text + ")"
	})
	return rowsOf(t, c, asked)
}

// TestScript makes sure that the runner itself sees what it is there to see.
func TestScript(t *testing.T) {
	c := migrated(t)
	run := func(text string) (answers, error) {
		file := filepath.Join(t.TempDir(), "x.sql")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return script(t, c, file)
	}
	f := func(text, want string) {
		t.Helper()
		got, err := run(text)
		if err != nil {
			t.Fatal(err)
		}
		if diff := difference(want, got.text); diff != "" {
			t.Error(diff)
		}
	}
	f(`-- Acme; a customer.
insert into cs.accounts (account_id, name) values ('a', 'Ac;me');
select name from cs.accounts;
select 1 as a, 2 as b`, "name\nAc;me\n\na\tb\n1\t2\n")
	f(`select null as n, toNullable(0.1) as f, 1 / 3 as third, 1e300 as large, 1e-9 as small, -0.5 as half, nan as nan, -inf as inf, 100000000 as plain`,
		"n\tf\tthird\tlarge\tsmall\thalf\tnan\tinf\tplain\n\\N\t0.1\t0.3333333333333333\t1e+300\t1e-09\t-0.5\tnan\t-inf\t100000000\n")
	f(`select toDecimal64('12.3400', 4) as d, toDecimal128('-100', 12) as e, toDate('2024-02-29') as day, toDateTime64('2024-02-29 12:00:00.5', 3, 'UTC') as at, true as yes, toInt256(-5) as i`,
		"d\te\tday\tat\tyes\ti\n12.34\t-100\t2024-02-29\t2024-02-29 12:00:00.5\ttrue\t-5\n")
	f(`select ['a', 'it''s'] as a, [(1, 'x')] as p, map('b', 2, 'a', 1) as m, [toDate('2024-01-01')] as ds, [toDecimal64(1.5, 4), null] as dn, 'tab\there\\' as s, cast('x' as Enum8('x' = 1)) as e`,
		"a\tp\tm\tds\tdn\ts\te\n['a','it\\'s']\t[(1,'x')]\t{'a':1,'b':2}\t['2024-01-01']\t[1.5,NULL]\ttab\\there\\\\\tx\n")
	f("-- error: no such luck\nselect throwIf(1, 'no such luck');\nselect 1 as a", "a\n1\n")
	f("select number from numbers(2) order by number", "number\n0\n1\n")

	fail := func(text, want string) {
		t.Helper()
		_, err := run(text)
		wantError(t, err, want)
	}
	fail("select 1;\n-- error: bad luck\nselect 2", `x.sql:3: the statement succeeds, but the error "bad luck" is wanted`)
	fail("-- error: bad luck\nselect throwIf(1, 'good luck')", `x.sql:2: the error "bad luck" is wanted: `)
	fail("select 1;\n\nselect throwIf(1, 'bad luck')", "x.sql:3: ")
	fail("select number from numbers(2)", "x.sql:1: the select returns 2 rows and has no order by")
	fail("select 'x", "x.sql")

	empty(t, c)
	f("select count() as n from cs.accounts", "n\n0\n")
	if difference("a\nb\n", "a\nc\n") == "" || difference("a\n", "a\nb\n") == "" || difference("a\nb\n", "a\n") == "" {
		t.Error("a difference is not seen")
	}
}
