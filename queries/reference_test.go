package queries_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/store/storetest"
	"cskpi/queries"
	"cskpi/queries/sqltext"
)

// TestReference runs testdata/<name>.sql, which tells a story in facts and then asks, and compares what the selects return with
// testdata/<name>.reference. Every KPI has one of its own name; there may be more. Each begins in a database without facts. What its
// questions read is computed for the days that they name. Comments before a statement may say:
//
//	-- error: text        it must fail with that text
//	-- today: 2024-07-01  that day is not over yet; unless this is said, all days are
//
// To write a reference, and then read it:
//
//	go test ./queries -run ReferenceByDay/^nrr$ -update
func TestReference(t *testing.T) {
	layout := builtinLayout(t)
	for _, view := range layout.KPIs() {
		if _, err := os.Stat(caseFile(strings.TrimSuffix(view.Name, "_kpi"))); err != nil {
			t.Errorf("%s: %v: facts that show what the KPI means, and a select from %s", view.File, err, view.Name)
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
	files, err := filepath.Glob("testdata/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".sql")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, layout := database(t)
			got, err := tell(t, c, layout, file)
			if err != nil {
				t.Fatal(err)
			}
			if at := slices.IndexFunc(layout.KPIs(), func(q queries.Query) bool { return strings.TrimSuffix(q.Name, "_kpi") == name }); at >= 0 {
				if view := layout.KPIs()[at].View(); !regexp.MustCompile(`from ` + view + `\b`).MatchString(got.asked) {
					t.Errorf("%s asks nothing of %s", file, view)
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
				t.Fatalf("%v; write it with: go test ./queries -run 'ReferenceByDay/^%s$' -update, and read it", err, name)
			}
			if diff := difference(string(want), got.text); diff != "" {
				t.Errorf("%s:%s", reference, diff)
			}
		})
	}
}

func caseFile(name string) string { return "testdata/" + name + ".sql" }

var (
	dayInText    = regexp.MustCompile(`'(\d{4}-\d\d-\d\d)'`)
	tableChanged = regexp.MustCompile(`(?m)^(?:insert into|truncate table|optimize table) (?:stored_)?(\w+)`)
)

// tell runs the statements of a file. Before the first question after facts, it computes what this and the following ones read.
func tell(t testing.TB, c driver.Conn, layout queries.Layout, file string) (a answers, err error) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		return a, err
	}
	statements, err := sqltext.Split(string(text))
	if err != nil {
		return a, fmt.Errorf("%s%w", file, err)
	}
	asks := func(s sqltext.Statement) bool {
		return slices.Contains([]string{"select", "with", "describe"}, strings.ToLower(s.Tokens[0].Text))
	}
	computer := newComputer(c, layout)
	used := false // there is usage that is not rolled up
	var results []string
	for i, s := range statements {
		if !asks(s) {
			err = c.Exec(t.Context(), s.Text)
			if m := tableChanged.FindStringSubmatch(s.Text); m != nil {
				computer.Changed(m[1])
				used = used || slices.Contains([]string{"usage_events", "unattributed_events", "user_accounts", "user_aliases", "users", "settings"}, m[1])
			}
		} else {
			if used {
				rollUp(t, c)
				used = false
			}
			questions := statements[i:]
			if end := slices.IndexFunc(questions, func(s sqltext.Statement) bool { return !asks(s) || said(s, "today") != said(questions[0], "today") }); end > 0 {
				questions = questions[:end]
			}
			compute(t, computer, questions)
			a.asked += s.Text
			var result string
			if result, err = rowsOf(t, c, s.Text); err == nil {
				results = append(results, result)
			}
		}
		switch wanted := said(s, "error"); {
		case wanted != "" && err == nil:
			return a, fmt.Errorf("%s:%d: the statement succeeds, but the error %q is wanted", file, s.Line, wanted)
		case wanted != "" && !strings.Contains(err.Error(), wanted):
			return a, fmt.Errorf("%s:%d: the error %q is wanted: %w", file, s.Line, wanted, err)
		case wanted == "" && err != nil:
			return a, fmt.Errorf("%s:%d: %w", file, s.Line, err)
		}
	}
	a.text = strings.Join(results, "\n")
	return a, nil
}

// compute computes what questions read, for the days that they name.
func compute(t testing.TB, computer *storetest.Computer, questions []sqltext.Statement) {
	t.Helper()
	text := ""
	for _, q := range questions {
		text += q.Text + "\n"
	}
	var days []time.Time
	for _, m := range dayInText.FindAllStringSubmatch(text, -1) {
		d, err := time.Parse(time.DateOnly, m[1])
		if err != nil {
			t.Fatal(err)
		}
		days = append(days, d)
	}
	if len(days) == 0 {
		return
	}
	whole := slices.MaxFunc(days, time.Time.Compare)
	if today := said(questions[0], "today"); today != "" {
		d, err := time.Parse(time.DateOnly, today)
		if err != nil {
			t.Fatal(err)
		}
		whole = d.AddDate(0, 0, -1)
	}
	computer.Compute(t, text, days, whole)
}

// said is what a comment before a statement says under a keyword.
func said(s sqltext.Statement, keyword string) string {
	for _, note := range s.Notes {
		if text, found := strings.CutPrefix(note.Text, "-- "+keyword+":"); found {
			return strings.TrimSpace(text)
		}
	}
	return ""
}

// TestTell makes sure that the runner itself sees what it is there to see.
func TestTell(t *testing.T) {
	t.Parallel()
	c, layout := database(t)
	run := func(text string) (answers, error) {
		file := filepath.Join(t.TempDir(), "x.sql")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return tell(t, c, layout, file)
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
insert into stored_accounts (account_id, name) values ('a', 'Ac;me');
select name from accounts;
select 1 as a, 2 as b`, "name\nAc;me\n\na\tb\n1\t2\n")
	f(`select null as n, toNullable(0.1) as f, 1 / 3 as third, 1e300 as large, 1e-9 as small, -0.5 as half, nan as nan, -inf as inf, 100000000 as plain`,
		"n\tf\tthird\tlarge\tsmall\thalf\tnan\tinf\tplain\n\\N\t0.1\t0.3333333333333333\t1e+300\t1e-09\t-0.5\tnan\t-inf\t100000000\n")
	f(`select toDecimal64('12.3400', 4) as d, toDecimal128('-100', 12) as e, toDate('2024-02-29') as day, toDateTime64('2024-02-29 12:00:00.5', 3, 'UTC') as at, true as yes, toInt256(-5) as i`,
		"d\te\tday\tat\tyes\ti\n12.34\t-100\t2024-02-29\t2024-02-29 12:00:00.5\ttrue\t-5\n")
	f(`select ['a', 'it''s'] as a, [(1, 'x')] as p, map('b', 2, 'a', 1) as m, [toDate('2024-01-01')] as ds, [toDecimal64(1.5, 4), null] as dn, 'tab\there\\' as s, cast('x' as Enum8('x' = 1)) as e`,
		"a\tp\tm\tds\tdn\ts\te\n['a','it\\'s']\t[(1,'x')]\t{'a':1,'b':2}\t['2024-01-01']\t[1.5,NULL]\ttab\\there\\\\\tx\n")
	f("-- error: no such luck\nselect throwIf(1, 'no such luck');\nselect 1 as a", "a\n1\n")
	f("select number from numbers(2) order by number", "number\n0\n1\n")
	// What was computed is computed again where facts have changed, and only then; days that are not over stand on the last one that is.
	f(`insert into stored_contracts (contract_id, account_id, acv, starts_on) values ('c', 'a', 1000, '2024-01-01');
select sum(amount) as arr from arr where day = '2024-06-30';
insert into stored_contracts (contract_id, account_id, acv, starts_on) values ('d', 'b', 500, '2024-01-01');
select sum(amount) as arr from arr where day = '2024-06-30';
truncate table stored_contracts;
select sum(amount) as arr from arr where day = '2024-06-30'`, "arr\n1000\n\narr\n1500\n\narr\n0\n")

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
	f("select count() as n from accounts", "n\n0\n")
}
