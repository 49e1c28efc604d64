package queries_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"cskpi/exporter/store"
	"cskpi/exporter/store/storetest"
	"cskpi/queries"
)

// TestLoadUsable: a file of the company that has problems takes down what reads it, and nothing else.
func TestLoadUsable(t *testing.T) {
	reads := func(view string) string {
		return "-- R.\n--\n-- Columns:\n--   day key Day.\n--   x  gauge  X.\nselect day, x from " + view + "\n"
	}
	files := map[string]string{
		"good.sql":                    kpi("Good.", "X.", "1"),
		"headless.sql":                "select 1",
		"clock.sql":                   kpi("Clock.", "X.", "now()"),
		"views/reads_clock.sql":       reads("clock"),
		"reads_reader.sql":            reads("reads_clock"),
		"views/ticket_severities.sql": "-- A built-in view, badly replaced.\n",
		"functions/cs_worse.sql":      "-- Not a function.\nselect 1",
		"calls.sql":                   kpi("Calls.", "X.", "cs_worse(1)"),
		"elsewhere/what.sql":          kpi("Elsewhere.", "X.", "1"),
		"views/arr.sql":               kpi("Has the name of a built-in KPI.", "X.", "1"),
		"arr_movements.sql":           kpi("Replaces a built-in KPI.", "X.", "1"),
	}
	overlay := fstest.MapFS{}
	for name, text := range files {
		overlay[name] = &fstest.MapFile{Data: []byte(text)}
	}
	c, refused, err := queries.LoadUsable(overlay)
	if err != nil {
		t.Fatal(err)
	}
	builtin, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, r := range refused {
		got[r.File] = r.Err.Error()
		if _, found := c.Get(r.Name); found && r.File != "views/arr.sql" {
			t.Errorf("%s is refused and used", r.Name)
		}
	}
	for file, want := range map[string]string{
		"headless.sql":                "headless.sql:1: ",
		"clock.sql":                   "now",
		"views/reads_clock.sql":       "views/reads_clock.sql:6: clock is not available, because clock.sql has problems",
		"reads_reader.sql":            "reads_reader.sql:6: reads_clock is not available, because views/reads_clock.sql has problems",
		"views/ticket_severities.sql": "views/ticket_severities.sql:",
		"functions/cs_worse.sql":      "functions/cs_worse.sql:",
		"calls.sql":                   "calls.sql:6: cs_worse is not available, because functions/cs_worse.sql has problems",
		"elsewhere/what.sql":          "a query file lies at the top",
		"views/arr.sql":               "arr.sql defines arr already",
	} {
		if !strings.Contains(got[file], want) {
			t.Errorf("%s: got %q, want %q", file, got[file], want)
		}
	}
	for _, name := range []string{"good", "arr", "nrr", "arr_movements"} {
		if _, found := c.Get(name); !found {
			t.Errorf("%s is not used", name)
		}
	}
	// What is neither refused nor used has been lost.
	for _, q := range builtin {
		if _, used := c.Get(q.Name); !used && got[q.File] == "" {
			t.Errorf("%s is neither used nor refused", q.File)
		}
	}
	if tickets, used := c.Get("tickets"); used {
		t.Errorf("tickets is used although a view that it reads is refused: %s", tickets.File)
	}
	t.Logf("refused: %v", slices.Sorted(maps.Keys(got)))
}

// TestWithout: views that the engine refuses are left out if they are the company's own.
func TestWithout(t *testing.T) {
	c := migrated(t)
	overlay := fstest.MapFS{}
	for name, text := range map[string]string{
		"good.sql":   kpi("Good.", "X.", "1"),
		"syntax.sql": kpi("Syntax.", "X.", "1 2"),
		"column.sql": strings.Replace(kpi("Column.", "X.", "1"), "as x", "as y", 1),
		"reads.sql":  "-- R.\n--\n-- Columns:\n--   day key Day.\n--   x  gauge  X.\nselect day, y as x from column\n",
	} {
		overlay[name] = &fstest.MapFile{Data: []byte(text)}
	}
	catalogue, err := queries.LoadFrom(fstest.MapFS{"one.sql": {Data: []byte(kpi("One.", "X.", "1"))}}, overlay)
	if err != nil {
		t.Fatal(err)
	}
	err = store.Install(t.Context(), c, catalogue)
	usable, refused := catalogue.Without(err)
	if len(refused) != 1 || refused[0].Name != "syntax" || len(usable) != len(catalogue)-1 {
		t.Fatalf("after %v: refused %v", err, refused)
	}
	if err := store.Install(t.Context(), c, usable); err != nil {
		t.Fatal(err)
	}
	err = store.Verify(t.Context(), c, usable)
	usable, refused = usable.Without(err)
	if len(refused) != 2 || refused[0].Name != "column" || refused[1].Name != "reads" {
		t.Fatalf("after %v: refused %v", err, refused)
	}
	if err := errors.Join(store.Install(t.Context(), c, usable), store.Verify(t.Context(), c, usable)); err != nil {
		t.Error(err)
	}
	if got := scalar(t, c, "select count() from system.tables where database = 'cs' and name in ('column', 'syntax', 'reads')"); got != "0" {
		t.Errorf("%s views of refused files are left", got)
	}

	// Nothing is left out because a built-in view fails, or because the engine cannot be asked.
	same := func(err error) {
		t.Helper()
		if err == nil {
			t.Fatal("no error")
		}
		if left, refused := usable.Without(err); len(refused) > 0 || len(left) != len(usable) {
			t.Errorf("after %v: refused %v", err, refused)
		}
	}
	same(store.Install(t.Context(), c, load(t, map[string]string{"one.sql": kpi("One.", "X.", "1 2")})))
	usable[0].Title += "!" // so that there is something to install
	same(store.Install(t.Context(), &storetest.Failing{Conn: c, After: 1}, usable))
}
