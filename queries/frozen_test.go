package queries_test

import (
	"bufio"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"cskpi/queries"
)

// TestMigrationsAreFrozen: a numbered file keeps the content with which it was released, since databases record it. The list
// has a line for each file; a new file adds a line, and no other change is right.
func TestMigrationsAreFrozen(t *testing.T) {
	const list = "testdata/migrations.sha256"
	file, err := os.Open(list)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	frozen := map[string]string{}
	var order []string
	for lines := bufio.NewScanner(file); lines.Scan(); {
		sum, name, found := strings.Cut(lines.Text(), "  ")
		if !found || frozen[name] != "" {
			t.Fatalf("%s: the line %q is not a checksum and the name of a file that no other line has", list, lines.Text())
		}
		frozen[name] = sum
		order = append(order, name)
	}
	if !slices.IsSorted(order) {
		t.Errorf("%s: the files are not in the order of their numbers", list)
	}
	sums, err := queries.Checksums(queries.Builtin())
	if err != nil {
		t.Fatal(err)
	}
	for name, sum := range sums {
		switch frozen[name] {
		case sum:
		case "":
			t.Errorf("%s lacks a line for the new file schema/%s; if it is finished, add\n%s  %s", list, name, sum, name)
		default:
			t.Errorf("schema/%s was edited after it was released: databases that have it would be refused. Restore it, and put the change into a new file", name)
		}
		delete(frozen, name)
	}
	for name := range frozen {
		t.Errorf("schema/%s was renamed or deleted after it was released; restore it", name)
	}
	if n := len(queries.Amendments()); n != 1 {
		t.Errorf("there are %d amendments, want the one for 008_account_days.sql; put a change into a new file instead", n)
	}
}

// TestMigrateAmends: a database that has 008 as its first build made it gets the column that was added to the file later.
func TestMigrateAmends(t *testing.T) {
	earlier := fstest.MapFS{}
	for _, name := range must(fs.Glob(queries.Builtin(), "schema/00[1-8]_*.sql")) {
		var lines []string
		for line := range strings.Lines(string(must(fs.ReadFile(queries.Builtin(), name)))) {
			if !strings.HasPrefix(line, "    signals ") {
				lines = append(lines, line)
			}
		}
		earlier[name] = &fstest.MapFile{Data: []byte(strings.Join(lines, ""))}
	}
	for _, file := range queries.Amendments() {
		if sums := must(queries.Checksums(earlier)); sums[file[0]] != file[1] {
			t.Fatalf("the earlier content of %s has the checksum %s, want %s", file[0], sums[file[0]], file[1])
		}
	}
	const columns = "select groupArray((name, type, comment)) from system.columns where database = 'cs' and table = 'account_days'"
	want := scalar(t, migrated(t), columns)
	c := conn(t)
	if err := queries.MigrateOnly(t.Context(), c, earlier); err != nil {
		t.Fatal(err)
	}
	if got := scalar(t, c, columns); got == want || strings.Contains(got, "signals") {
		t.Fatalf("the earlier build made the columns %s", got)
	}
	for range 2 {
		if err := together(func() error { return queries.Migrate(t.Context(), c) }); err != nil {
			t.Fatal(err)
		}
		if got := scalar(t, c, columns); got != want {
			t.Errorf("got the columns %s, want %s", got, want)
		}
	}
	// It is accepted once: the database records the present content, which an edited file does not have.
	wantError(t, queries.MigrateOnly(t.Context(), c, earlier), "with another content")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
