package store_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"cskpi/exporter/store"
	"cskpi/exporter/store/storetest"
	"cskpi/queries"
	"cskpi/queries/sqltext"
)

// together calls f several times at once.
func together(f func() error) error {
	errs := make([]error, 4)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() { errs[i] = f() })
	}
	all.Wait()
	return errors.Join(errs...)
}

func TestMigrate(t *testing.T) {
	plain := conn(t)
	if err := together(func() error { return store.Migrate(t.Context(), plain) }); err != nil {
		t.Fatal(err)
	}
	if got := scalar(t, plain, "select groupArray(version) from (select version from cs.schema_migrations final order by version limit 2)"); got != "[1,2]" {
		t.Errorf("got the first migrations %s, want [1,2]", got)
	}
	c := &storetest.Counting{Conn: plain}
	if err := store.Migrate(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	if reads, writes := c.Take(); reads != 2 || writes != 0 {
		t.Errorf("a start without anything to migrate took %d reads and %d writes, want 2 and 0", reads, writes)
	}
}

// schemaFiles is a schema whose first two files are the real ones' least.
func schemaFiles(t *testing.T, more map[string]string) fstest.MapFS {
	t.Helper()
	catalogue, err := fs.ReadFile(queries.Builtin(), "schema/002_catalogue.sql")
	if err != nil {
		t.Fatal(err)
	}
	fsys := fstest.MapFS{
		"schema/001_own.sql":       {Data: []byte("create database if not exists cs;\ncreate table if not exists cs.t (a String) engine = MergeTree order by a;\n")},
		"schema/002_catalogue.sql": {Data: catalogue},
	}
	for name, text := range more {
		fsys["schema/"+name] = &fstest.MapFile{Data: []byte(text)}
	}
	return fsys
}

func TestMigrateStepByStep(t *testing.T) {
	c := conn(t)
	if err := store.MigrateOnly(t.Context(), c, schemaFiles(t, nil)); err != nil {
		t.Fatal(err)
	}
	third := map[string]string{"003_more.sql": "-- More.\nalter table cs.t add column if not exists b Tuple(x UInt8, y UInt8), add column if not exists c String"}
	if err := store.MigrateOnly(t.Context(), c, schemaFiles(t, third)); err != nil {
		t.Fatal(err)
	}
	if got := scalar(t, c, "select groupArray(name) from system.columns where database = 'cs' and table = 't'"); got != "['a','b','c']" {
		t.Errorf("got the columns %s", got)
	}

	// A comment may be corrected, a statement may not.
	corrected := map[string]string{"003_more.sql": "-- More columns.\n\n" + strings.TrimPrefix(third["003_more.sql"], "-- More.\n")}
	if err := store.MigrateOnly(t.Context(), c, schemaFiles(t, corrected)); err != nil {
		t.Error(err)
	}
	changed := map[string]string{"003_more.sql": third["003_more.sql"] + ", add column if not exists d String"}
	wantError(t, store.MigrateOnly(t.Context(), c, schemaFiles(t, changed)), "schema/003_more.sql was applied to this database as 003_more.sql with another content; leave it as it was and add a new file")
	wantError(t, store.MigrateOnly(t.Context(), c, schemaFiles(t, nil)), "this database has migration 003_more.sql, which this binary does not know: a newer cskpi has been here")

	// What fails is not recorded and is tried again.
	fourth := map[string]string{"003_more.sql": third["003_more.sql"], "004_bad.sql": "create table if not exists cs.u (a String) engine = MergeTree order by a;\ncreate table if not exists cs.v\n(a Strng) engine = MergeTree order by a"}
	wantError(t, store.MigrateOnly(t.Context(), c, schemaFiles(t, fourth)), "schema/004_bad.sql:2: ")
	fourth["004_bad.sql"] = strings.Replace(fourth["004_bad.sql"], "Strng", "String", 1)
	if err := store.MigrateOnly(t.Context(), c, schemaFiles(t, fourth)); err != nil {
		t.Error(err)
	}
}

// A process that dies between the first files leaves no record, and the next start begins again.
func TestMigrateAfterCrash(t *testing.T) {
	c := conn(t)
	first := schemaFiles(t, nil)
	delete(first, "schema/002_catalogue.sql")
	if err := store.MigrateOnly(t.Context(), c, first); err != nil {
		t.Fatal(err)
	}
	if err := store.MigrateOnly(t.Context(), c, schemaFiles(t, nil)); err != nil {
		t.Fatal(err)
	}
	if got := scalar(t, c, "select count() from cs.schema_migrations final"); got != "2" {
		t.Errorf("got %s migrations recorded, want 2", got)
	}
}

func TestMigrationFiles(t *testing.T) {
	f := func(files map[string]string, want ...string) {
		t.Helper()
		fsys := fstest.MapFS{}
		for name, text := range files {
			fsys["schema/"+name] = &fstest.MapFile{Data: []byte(text)}
		}
		// The files are refused before the connection is used.
		wantProblems(t, store.MigrateOnly(t.Context(), nil, fsys), want...)
	}
	const safe = "create database if not exists cs"
	f(map[string]string{"001_a.sql": safe, "003_b.sql": safe}, "schema/003_b.sql:1: the next migration must have the number 002")
	f(map[string]string{"002_a.sql": safe}, "schema/002_a.sql:1: the next migration must have the number 001")
	f(map[string]string{"001_a.sql": safe, "001_b.sql": safe}, "schema/001_b.sql:1: number 001 is taken by 001_a.sql")
	f(map[string]string{"1_a.sql": safe}, "schema/1_a.sql:1: a migration is named")
	f(map[string]string{"001_a.sql": "select 'x"}, "schema/001_a.sql:1: what begins here with ' does not end")

	for _, statement := range []string{
		"create table cs.t (a String) engine = MergeTree order by a",
		"create database cs",
		"create database if not exists other",
		"create or replace table cs.t (a String) engine = MergeTree order by a",
		"create table if not exists t (a String) engine = MergeTree order by a",
		"create view if not exists other.v as select 1",
		"insert into cs.t values (1)",
		"drop table if exists cs.t",
		"truncate table cs.t",
		"alter table cs.t add column a String",
		"alter table cs.t add column if not exists a Tuple(x String, y String), drop column b",
		"alter table cs.t update a = 1 where true",
		"alter table t modify comment 'x'",
		"rename table cs.a to cs.b",
		"optimize table cs.t final",
	} {
		f(map[string]string{"001_a.sql": safe + ";\n-- Unsafe.\n" + statement}, "schema/001_a.sql:3: ")
	}
}

func TestInstall(t *testing.T) {
	c := &storetest.Counting{Conn: migrated(t)}
	t.Cleanup(func() { _ = c.Conn.Exec(context.Background(), "drop function if exists cs_test_one") })
	install := func(texts map[string]string) error { return store.Install(t.Context(), c, load(t, texts)) }
	must := func(texts map[string]string) {
		t.Helper()
		if err := install(texts); err != nil {
			t.Fatal(err)
		}
	}
	value := func(view string) string {
		t.Helper()
		return scalar(t, c.Conn, "select x from "+view+" where day = '2024-01-01'")
	}
	catalogue := map[string]string{
		"a.sql":                     kpi(`It's a \ title.`, "X.", "1"),
		"views/b.sql":               kpi("B.", "X.", "cs_test_one(1)"),
		"functions/cs_test_one.sql": "-- One more.\nn -> n + 1",
	}
	must(catalogue)
	if a, b := value("a"), value("b"); a != "1" || b != "2" {
		t.Errorf("got %s and %s, want 1 and 2", a, b)
	}
	if got := scalar(t, c.Conn, "select comment from system.tables where database = 'cs' and name = 'a'"); got != `It's a \ title.` {
		t.Errorf("got the comment %s", got)
	}

	c.Take()
	must(catalogue)
	if reads, writes := c.Take(); reads != 1 || writes != 0 {
		t.Errorf("installing what is installed took %d reads and %d writes, want 1 and 0", reads, writes)
	}

	// One view changes: it is replaced, with the view that lists all, and recorded.
	catalogue["a.sql"] = kpi("A.", "X.", "5 + 5")
	must(catalogue)
	if _, writes := c.Take(); writes != 4 || value("a") != "10" {
		t.Errorf("replacing a view took %d writes and gave %s, want 4 and 10: the view twice, since its columns are new, the view that lists all, and the record", writes, value("a"))
	}

	// ClickHouse copies functions into views, so all views follow a function.
	catalogue["functions/cs_test_one.sql"] = "-- One more.\nn -> n + 100"
	must(catalogue)
	if got := value("b"); got != "101" {
		t.Errorf("after the function changed, the view gives %s, want 101", got)
	}

	// Somebody drops a view of ours: it comes back. Somebody makes one: it stays.
	exec(t, c.Conn, "drop view cs.a")
	exec(t, c.Conn, "create view cs.theirs as select 5 as x")
	must(catalogue)
	if got := value("a"); got != "10" {
		t.Errorf("got %s, want 10", got)
	}

	// What the catalogue no longer has is dropped; what is not ours is not.
	delete(catalogue, "views/b.sql")
	delete(catalogue, "functions/cs_test_one.sql")
	must(catalogue)
	var facts []string
	for _, f := range queries.Facts() {
		facts = append(facts, f.Name)
	}
	if got := scalar(t, c.Conn, "select arraySort(groupArray(name)) from system.tables where database = 'cs' and engine = 'View' and name not in ("+sqltext.Quotes(facts)+")"); got != "['a','catalogue','theirs']" {
		t.Errorf("got the views %s, want a, theirs and the one that lists ours", got)
	}
	if got := scalar(t, c.Conn, "select count() from system.functions where name = 'cs_test_one'"); got != "0" {
		t.Error("the function is still there")
	}
	c.Take()
	must(catalogue)
	if reads, writes := c.Take(); reads != 1 || writes != 0 {
		t.Errorf("after dropping, installing again took %d reads and %d writes, want 1 and 0", reads, writes)
	}

	// Names that are taken.
	exec(t, c.Conn, "create table cs.held (a String) engine = MergeTree order by a")
	exec(t, c.Conn, "insert into cs.held select 'kept'")
	catalogue["held.sql"], catalogue["theirs.sql"] = kpi("H.", "X.", "1"), kpi("T.", "X.", "1")
	err := install(catalogue)
	wantProblems(t, err, "held.sql:1: held exists in the database and was not made by cskpi", "theirs.sql:1: theirs exists in the database and was not made by cskpi")
	if got := scalar(t, c.Conn, "select a from cs.held"); got != "kept" {
		t.Errorf("got %s from the table of somebody else", got)
	}
	if got := scalar(t, c.Conn, "select x from cs.theirs"); got != "5" {
		t.Errorf("got %s from the view of somebody else", got)
	}
	delete(catalogue, "held.sql")
	delete(catalogue, "theirs.sql")

	// A view of ours was replaced by a table: it is neither replaced nor dropped.
	exec(t, c.Conn, "drop view cs.a")
	exec(t, c.Conn, "create table cs.a (a String) engine = MergeTree order by a")
	wantError(t, install(catalogue), "a.sql: a was replaced by something else, of the engine MergeTree")
	delete(catalogue, "a.sql")
	must(catalogue)
	if got := scalar(t, c.Conn, "select count() from cs.a"); got != "0" {
		t.Errorf("got %s", got)
	}
}

// A process that dies while it installs leaves claims, and the next start goes on.
func TestInstallAfterCrash(t *testing.T) {
	c := migrated(t)
	broken := &storetest.Failing{Conn: c, After: 2} // The claim, and the first view.
	catalogue := load(t, map[string]string{"a.sql": kpi("A.", "X.", "1"), "c.sql": kpi("C.", "X.", "2")})
	wantError(t, store.Install(t.Context(), broken, catalogue), "c.sql: install view c: gone")
	if err := store.Install(t.Context(), c, catalogue); err != nil {
		t.Fatal(err)
	}
	if got := scalar(t, c, "select x from c where day = '2024-01-01'"); got != "2" {
		t.Errorf("got %s, want 2", got)
	}
}

func TestInstallTogether(t *testing.T) {
	texts := map[string]string{}
	for i := range 10 {
		texts[fmt.Sprintf("v%d.sql", i)] = kpi("V.", "X.", fmt.Sprint(i))
	}
	c := migrated(t)
	for round := range 3 {
		for i := range 10 {
			texts[fmt.Sprintf("v%d.sql", i)] = kpi("V.", "X.", fmt.Sprint(i+round))
		}
		catalogue := load(t, texts)
		if err := together(func() error { return store.Install(t.Context(), c, catalogue) }); err != nil {
			t.Fatal(err)
		}
		if got, want := scalar(t, c, "select x from v7 where day = '2024-01-01'"), fmt.Sprint(7+round); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := scalar(t, c, "select count() from system.tables where database = 'cs' and name like '%tmp%'"); got != "0" {
		t.Errorf("%s temporary views are left", got)
	}
}

// TestVerify changes one thing in a view that is as its header says.
func TestVerify(t *testing.T) {
	c := migrated(t)
	const file = `-- A.
--
-- Columns:
--   day    key        Day.
--   band   label      Band.
--   sort   label      Sort.
--   ratio  gauge      Ratio.
--   part   gauge      Part.
--   whole  gauge      Whole.
--   spread histogram  Spread.
--
select toDate('2024-01-01') as day, 'x' as band, toLowCardinality('y') as sort, toNullable(0.5) as ratio, toUInt32(1) as part, 2 as whole,
    ([1., inf], [toUInt64(1), toUInt64(2)], 3.) as spread`
	f := func(old, replacement string, want ...string) {
		t.Helper()
		if !strings.Contains(file, old) {
			t.Fatalf("%q is not in the file that the test changes", old)
		}
		catalogue := load(t, map[string]string{"a.sql": strings.Replace(file, old, replacement, 1)})
		if err := store.Install(t.Context(), c, catalogue); err != nil {
			t.Fatal(err)
		}
		for i := range want {
			want[i] = "a.sql:" + want[i]
		}
		wantProblems(t, store.Verify(t.Context(), c, catalogue), want...)
	}
	f("'x'", "'x'")
	f("'x'", "cast('x' as Enum8('x' = 1))")
	f("2 as whole", "2 as whol", "9: column 6 of the result is whol, and not whole")
	f("toUInt32(1) as part, 2 as whole", "2 as whole, toUInt32(1) as part", "8: column 5 of the result is whole", "9: column 6 of the result is part")
	f("2 as whole", "2 as whole, 3 as more", "10: column 7 of the result is more", "10: the result has a further column spread")
	f("2 as whole,\n    ([1., inf], [toUInt64(1), toUInt64(2)], 3.) as spread", "2 as whole", "10: column spread is not in the result")
	f("3.) as spread", "3.) as spread, 1 as more", "10: the result has a further column more")
	f("2 as whole", "toDecimal64(2, 4) as whole", "9: column whole: a gauge is a float or an integer, but it is Decimal(18, 4); convert it")
	f("2 as whole", "toNullable(toDecimal64(2, 4)) as whole", "9: column whole: a gauge is a float or an integer, but it is Nullable(Decimal(18, 4)); convert it")
	f("2 as whole", "'2' as whole", "9: column whole: a gauge is a float or an integer, may be Nullable, but it is String")
	f("2 as whole", "toDate('2024-01-01') as whole", "9: column whole: a gauge is")
	f("'x' as band", "1 as band", "5: column band: a label is a String, LowCardinality(String) or Enum, and never null, but it is UInt8")
	f("'x' as band", "toNullable('x') as band", "5: column band: a label is")
	f("toLowCardinality('y')", "toDate('2024-01-01')", "6: column sort: a label is")
	f("toUInt64(2)], 3.)", "toUInt64(2)], 3)", "10: column spread: a histogram is Tuple(")
	f("toUInt64(2)], 3.)", "toUInt64(2)], 3., map(toInt32(8), toUInt64(2)), toUInt64(0))")
	f("toUInt64(2)], 3.)", "toUInt64(2)], 3., map(toInt32(8), toUInt64(2)))", "10: column spread: a histogram is Tuple(")
	for _, wrong := range []string{"nothing", strings.Repeat("1 + ", 300) + "nothing"} { // found when the view is made
		err := store.Install(t.Context(), c, load(t, map[string]string{"a.sql": strings.Replace(file, "2 as whole", wrong+" as whole", 1)}))
		if wantProblems(t, err, "a.sql:1: install view a: "); len(err.Error()) > 700 {
			t.Errorf("got an error that repeats the query: %v", err)
		}
	}

	// What is no KPI is free to be exact.
	model := load(t, map[string]string{"views/m.sql": `-- M.
--
-- Columns:
--   account_id key  Account.
--   arr        part ARR.
--   paid_on    fact Day.
--   sum        gauge Sum.
select 'a' as account_id, toDecimal64(1, 4) as arr, toDate('2024-01-01') as paid_on, toDecimal64(1, 4) as sum`})
	if err := errors.Join(store.Install(t.Context(), c, model), store.Verify(t.Context(), c, model)); err != nil {
		t.Error(err)
	}
}

func TestBuiltin(t *testing.T) {
	catalogue, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	c := migrated(t)
	if err := together(func() error { return store.Install(t.Context(), c, catalogue) }); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	if err := store.Verify(t.Context(), c, catalogue); err != nil {
		t.Error(err)
	}
	t.Logf("%d queries verified in %s", len(catalogue), time.Since(start))
}
