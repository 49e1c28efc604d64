package store_test

import (
	"bufio"
	"io/fs"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"cskpi/exporter/store"
	"cskpi/exporter/store/storetest"
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
	sums, err := store.Checksums(queries.Builtin())
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
	if n := len(store.Amendments()); n != 1 {
		t.Errorf("there are %d amendments, want the one for 008_account_days.sql; put a change into a new file instead", n)
	}
}

// TestTablesAreFrozen: what tables/ says has a number, which databases record. A change of tables/ adds one.
func TestTablesAreFrozen(t *testing.T) {
	const list = "testdata/tables.sha256"
	sum := must(store.TablesChecksum())
	lines := strings.Split(strings.TrimSpace(string(must(os.ReadFile(list)))), "\n")
	if len(lines) != store.TablesRevision || lines[len(lines)-1] != sum {
		t.Errorf("tables/ has the content %s, and %s has %d contents, of which the last is %s: if tables/ was changed, add one to tablesRevision and the line\n%s", sum, list, len(lines), lines[len(lines)-1], sum)
	}
}

// TestTablesConform: a database whose tables lack columns, or have them with other types, gets what tables/ says, and keeps its rows. One that was just
// made has nothing to change.
func TestTablesConform(t *testing.T) {
	c := migrated(t)
	const columns = "select groupArray((table, name, type, comment)) from (select * from system.columns where database = currentDatabase() order by table, position)"
	want := scalar(t, c, columns)
	counted := &storetest.Counting{Conn: c}
	if err := store.Conform(t.Context(), counted); err != nil {
		t.Fatal(err)
	}
	if _, writes := counted.Take(); writes != 0 {
		t.Errorf("%d statements change tables that were just made", writes)
	}
	exec(t, c, "drop table dropped_tables sync")
	exec(t, c, "alter table stored_accounts drop column attributes")
	exec(t, c, "alter table stored_usage_user_days modify column features Array(LowCardinality(String))")
	exec(t, c, "insert into stored_usage_user_days (day, account_id, user_id, features) values ('2024-01-01', 'a', 'u', ['x', 'y'])")
	exec(t, c, "insert into stored_accounts (account_id, name) values ('a', 'Acme')")
	exec(t, c, "alter table schema_migrations delete where name like '%_tables_%' settings mutations_sync = 2")
	if err := store.Migrate(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if got := scalar(t, c, columns); got != want {
		t.Errorf("got the columns %s\nwant %s", got, want)
	}
	if got := scalar(t, c, "select concat(toString(features), name) from stored_usage_user_days join stored_accounts using (account_id)"); got != "['x','y']Acme" {
		t.Errorf("the rows are %s", got)
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
	for _, file := range store.Amendments() {
		if sums := must(store.Checksums(earlier)); sums[file[0]] != file[1] {
			t.Fatalf("the earlier content of %s has the checksum %s, want %s", file[0], sums[file[0]], file[1])
		}
	}
	const columns = "select groupArray((name, type, comment)) from system.columns where database = 'cs' and table = 'account_days'"
	want := scalar(t, migrated(t), columns)
	c := conn(t)
	if err := store.MigrateOnly(t.Context(), c, earlier); err != nil {
		t.Fatal(err)
	}
	if got := scalar(t, c, columns); got == want || strings.Contains(got, "signals") {
		t.Fatalf("the earlier build made the columns %s", got)
	}
	for range 2 {
		if err := together(func() error { return store.Migrate(t.Context(), c) }); err != nil {
			t.Fatal(err)
		}
		if got := scalar(t, c, columns); got != want {
			t.Errorf("got the columns %s, want %s", got, want)
		}
	}
	// It is accepted once: the database records the present content, which an edited file does not have.
	wantError(t, store.MigrateOnly(t.Context(), c, earlier), "with another content")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
