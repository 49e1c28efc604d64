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

	"cskpi/queries"
)

// TestReferenceByDay runs testdata/days/<name>.sql, which tells a story in facts and then asks, and compares what the selects return with
// testdata/days/<name>.reference. Every KPI has one of its own name; there may be more. Each begins in a database without facts. What its
// questions read is computed for the days that they name. Comments before a statement may say:
//
//	-- error: text        it must fail with that text
//	-- today: 2024-07-01  that day is not over yet; unless this is said, all days are
//
// To write a reference, and then read it:
//
//	go test ./queries -run ReferenceByDay/^nrr$ -update
func TestReferenceByDay(t *testing.T) {
	layout, err := builtinLayout()
	if err != nil {
		t.Fatal(err)
	}
	for _, view := range layout.KPIs() {
		if _, err := os.Stat(caseFile(strings.TrimSuffix(view.Name, "_kpi"))); err != nil {
			t.Errorf("%s: %v: facts that show what the KPI means, and a select from %s", view.File, err, view.Name)
		}
	}
	references, err := filepath.Glob("testdata/days/*.reference")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range references {
		if _, err := os.Stat(strings.TrimSuffix(file, ".reference") + ".sql"); err != nil {
			t.Errorf("%s belongs to no .sql file", file)
		}
	}
	files, err := filepath.Glob("testdata/days/*.sql")
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
				if view := layout.KPIs()[at].Name; !regexp.MustCompile(`from ` + view + `\b`).MatchString(got.asked) {
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

func caseFile(name string) string { return "testdata/days/" + name + ".sql" }

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
	statements, err := queries.Split(string(text))
	if err != nil {
		return a, fmt.Errorf("%s%w", file, err)
	}
	asks := func(s queries.Statement) bool {
		return slices.Contains([]string{"select", "with", "describe"}, strings.ToLower(s.First))
	}
	computer := newComputer(c, layout)
	used := false // there is usage that is not rolled up
	var results []string
	for i, s := range statements {
		if !asks(s) {
			err = c.Exec(t.Context(), s.Text)
			if m := tableChanged.FindStringSubmatch(s.Text); m != nil {
				computer.changed(m[1])
				used = used || m[1] == "usage_events" || m[1] == "settings"
			}
		} else {
			if used {
				rollUpStored(t, c)
				used = false
			}
			questions := statements[i:]
			if end := slices.IndexFunc(questions, func(s queries.Statement) bool { return !asks(s) || said(s, "today") != said(questions[0], "today") }); end > 0 {
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
func compute(t testing.TB, computer *computer, questions []queries.Statement) {
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
	computer.compute(t, text, days, whole)
}

// said is what a comment before a statement says under a keyword.
func said(s queries.Statement, keyword string) string {
	for _, note := range s.Notes {
		if text, found := strings.CutPrefix(note, "-- "+keyword+":"); found {
			return strings.TrimSpace(text)
		}
	}
	return ""
}
