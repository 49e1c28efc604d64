package parts_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/engine"
	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/parts"
	"cskpi/exporter/store"
	"cskpi/queries"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// local is an engine on a data folder, which can be started again.
type local struct {
	t      testing.TB
	dir    string
	engine *engine.Engine
	conn   driver.Conn
	watch  *parts.Watch
}

func newLocal(t testing.TB) *local {
	t.Helper()
	if os.Getenv(enginetest.URLVariable) != "" {
		t.Skip("needs the local engine")
	}
	l := &local{t: t, dir: t.TempDir()}
	l.start()
	t.Cleanup(l.stop)
	if err := store.Migrate(t.Context(), l.conn); err != nil {
		t.Fatal(err)
	}
	return l
}

func (l *local) start() {
	l.t.Helper()
	var err error
	log := slog.New(slog.NewTextHandler(l.t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	if l.engine, err = engine.Start(l.t.Context(), engine.Options{DataDir: l.dir, Library: os.Getenv("CSKPI_LIBCHDB"), Log: log}); err != nil {
		l.t.Fatal(err)
	}
	options := l.engine.Options()
	options.Auth.Database = queries.Database
	if err := store.Cluster("").CreateDatabase(l.t.Context(), options); err != nil {
		l.t.Fatal(err)
	}
	if l.conn, err = clickhouse.Open(options); err != nil {
		l.t.Fatal(err)
	}
	l.watch = parts.New(parts.Options{Conn: l.conn, Dir: l.dir, Generation: l.engine.Restarts})
}

func (l *local) stop() {
	if l.engine != nil {
		_ = l.conn.Close()
		_ = l.engine.Close()
		l.engine = nil
	}
}

func (l *local) exec(sql string, args ...any) {
	l.t.Helper()
	if err := l.conn.Exec(l.t.Context(), fmt.Sprintf(sql, args...)); err != nil {
		l.t.Fatalf("%s: %v", sql, err)
	}
}

// check looks, and returns what was found by table and part.
func (l *local) check() map[string]string {
	l.t.Helper()
	if err := l.watch.Check(l.t.Context()); err != nil {
		l.t.Fatal(err)
	}
	found := map[string]string{}
	for _, p := range l.watch.Problems() {
		found[p.Table+"/"+p.Part] = p.What
	}
	return found
}

func (l *local) strings(sql string) []string {
	l.t.Helper()
	var values []string
	if err := l.conn.QueryRow(l.t.Context(), sql).Scan(&values); err != nil {
		l.t.Fatalf("%s: %v", sql, err)
	}
	return values
}

// tables are those with a column.
func (l *local) tables(column string) []string {
	l.t.Helper()
	return l.strings("select arraySort(groupArray(table)) from system.columns where database = currentDatabase() and name = '" + column + "'")
}

// kindOf is what a file of a part is for, whatever the column.
func kindOf(file string) string {
	return regexp.MustCompile(`^.*?((\.dict|\.null|\.size\d*|\.cart|\.sparse\.idx)?\.(bin|c?mrk\d*))$`).ReplaceAllString(file, "*$1")
}

// damages are the ways in which a file is damaged.
var damages = map[string]func(path string) error{
	"removed": os.Remove,
	"emptied": func(path string) error { return replace(path, func([]byte) []byte { return nil }) },
	"truncated": func(path string) error {
		return replace(path, func(b []byte) []byte { return b[:len(b)/2] })
	},
}

// replace writes another file in place of one that may be linked from elsewhere.
func replace(path string, by func([]byte) []byte) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil {
		return err
	}
	return os.WriteFile(path, by(b), 0o640)
}

// link copies a folder without copying its files.
func link(t testing.TB, from, to string) {
	t.Helper()
	if err := os.Mkdir(to, 0o750); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(from)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if err := os.Link(filepath.Join(from, e.Name()), filepath.Join(to, e.Name())); err != nil {
			t.Fatal(err)
		}
	}
}

// fill inserts random rows into a table, all into one partition.
func (l *local) fill(table string) {
	l.t.Helper()
	columns := "from system.columns where database = currentDatabase() and default_kind not in ('MATERIALIZED', 'ALIAS') and table = '" + table + "'"
	fixed := l.strings(`select arrayFilter(x -> x != '', groupArray(multiIf(
		name in ('is_gone', 'is_withdrawn'), concat('0 as ', name), name in ('day', 'as_of'), concat('toDate(0) as ', name), name = 'ts', 'toDateTime(0) as ts', ''))) ` + columns)
	structure := l.strings("select [arrayStringConcat(groupArray(concat('`', name, '` ', type)), ', ')] " + columns)[0]
	replaced := ""
	if len(fixed) > 0 {
		replaced = " replace (" + strings.Join(fixed, ", ") + ")"
	}
	names := l.strings("select groupArray(name) " + columns)
	l.exec("insert into %s (`%s`) select *%s from generateRandom('%s') limit 100", table, strings.Join(names, "`, `"), replaced, strings.ReplaceAll(structure, "'", `\'`))
}

// active are the active parts of a table, as partition and path.
func (l *local) active(table string) []string {
	l.t.Helper()
	return l.strings("select arraySort(groupArray(concat(partition_id, ' ', path))) from system.parts where active and database = currentDatabase() and rows > 0 and table = '" + table + "'")
}

// flip changes a bit in the middle of a file.
func flip(path string) error {
	return replace(path, func(b []byte) []byte {
		b[len(b)/2] ^= 4
		return b
	})
}

// same reports whether two files are one, as when the engine has written a lost one anew.
func same(a, b string) bool {
	x, err := os.ReadFile(a)
	y, err2 := os.ReadFile(b)
	return err == nil && err2 == nil && bytes.Equal(x, y)
}

// TestDamage truncates, empties and removes each kind of file of each fact table, and whole parts: while the engine runs, and then
// with an engine that finds it when it starts. Each case has a part of its own, so that the engine is started three times in all.
// Large parts have a file for each column, which matters to the engine and not to us; a few tables have such parts. Unless
// CSKPI_TEST_SOAK is set, a kind of file meets one damage in each table, and all of them over the tables.
func TestDamage(t *testing.T) {
	l := newLocal(t)
	everything := os.Getenv("CSKPI_TEST_SOAK") != ""
	tables := l.tables("ingested_at")
	compact, wide := "min_bytes_for_wide_part = 1000000000", "min_bytes_for_wide_part = 0, min_rows_for_wide_part = 0"
	layoutsOf := func(table int) []string {
		if everything || table%5 == 0 {
			return []string{compact, wide}
		}
		return []string{compact}
	}
	paths := map[string][]string{}
	for number, table := range tables {
		// Parts stay as they are, and so many that are broken do not stop the engine.
		l.exec("alter table %s modify setting max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1, max_suspicious_broken_parts = 100000", table)
		l.exec("truncate table %s", table)
		for _, layout := range layoutsOf(number) {
			l.exec("alter table %s modify setting %s", table, layout)
			l.fill(table)
		}
		paths[table] = l.active(table)
	}
	l.stop()

	// A part for each case.
	type target struct{ table, part, path, file, damage, original string }
	var targets []target
	for number, table := range tables {
		of := paths[table]
		if want := len(layoutsOf(number)); len(of) != want {
			t.Fatalf("%s has the parts %q", table, of)
		}
		block := 1000
		for _, at := range of {
			partition, path, _ := strings.Cut(at, " ")
			clone := func() (name, to string) {
				block++
				name = fmt.Sprintf("%s_%d_%[2]d_0", partition, block)
				to = filepath.Join(filepath.Dir(filepath.Clean(path)), name)
				link(t, path, to)
				return name, to
			}
			kinds := map[string]string{}
			entries, err := os.ReadDir(path)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range entries {
				kinds[kindOf(e.Name())] = e.Name()
			}
			for i, kind := range slices.Sorted(maps.Keys(kinds)) {
				for j, damage := range slices.Sorted(maps.Keys(damages)) {
					if !everything && (i+number)%len(damages) != j {
						continue
					}
					file := kinds[kind]
					name, to := clone()
					targets = append(targets, target{table, name, to, file, damage, filepath.Join(path, file)})
				}
			}
			name, to := clone()
			targets = append(targets, target{table, name, to, "", "the folder removed", path})
			clone() // a witness
		}
	}
	l.start()
	if found := l.check(); len(found) > 0 {
		t.Fatalf("before any damage: %v", found)
	}
	for _, c := range targets {
		var err error
		if c.file == "" {
			err = os.RemoveAll(c.path)
		} else {
			err = damages[c.damage](filepath.Join(c.path, c.file))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("%d cases in %d tables", len(targets), len(tables))
	for _, when := range []string{"running", "started again"} {
		found := l.check()
		silent := 0
		for _, c := range targets {
			if found[c.table+"/"+c.part] == "" && !same(c.original, filepath.Join(c.path, c.file)) {
				if silent++; silent < 20 {
					t.Errorf("%s: %s: %s of %s %s: nothing was noticed", when, c.table, c.part, c.file, c.damage)
				}
			}
			delete(found, c.table+"/"+c.part)
		}
		if silent > 0 {
			t.Errorf("%s: %d of %d cases were silent", when, silent, len(targets))
		}
		for part, what := range found {
			t.Errorf("%s: %s is whole and was reported: %s", when, part, what)
		}
		l.stop()
		l.start()
	}
}

// TestBitRot changes a bit of each kind of file, in parts of both layouts: sizes are right, and reading shows it.
func TestBitRot(t *testing.T) {
	l := newLocal(t)
	l.exec("alter table stored_contracts modify setting max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1, max_suspicious_broken_parts = 100000")
	l.fill("stored_contracts")
	l.exec("alter table stored_contracts modify setting min_bytes_for_wide_part = 0, min_rows_for_wide_part = 0")
	l.fill("stored_contracts")
	originals := l.active("stored_contracts")
	l.stop()
	files := map[string]string{} // by part
	for i, at := range originals {
		_, path, _ := strings.Cut(at, " ")
		kinds := map[string]string{}
		entries, err := os.ReadDir(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if info, err := e.Info(); err == nil && info.Size() > 0 {
				kinds[kindOf(e.Name())] = e.Name()
			}
		}
		for j, kind := range slices.Sorted(maps.Keys(kinds)) {
			name := fmt.Sprintf("all_%d_%[1]d_0", 1000*(i+1)+j)
			to := filepath.Join(filepath.Dir(filepath.Clean(path)), name)
			link(t, path, to)
			files[name] = filepath.Join(to, kinds[kind])
		}
	}
	l.start()
	if found := l.check(); len(found) > 0 {
		t.Fatalf("before any damage: %v", found)
	}
	for _, file := range files {
		if err := flip(file); err != nil {
			t.Fatal(err)
		}
	}
	for _, when := range []string{"running", "started again"} {
		if err := l.watch.Verify(t.Context(), 1<<30); err != nil {
			t.Fatal(err)
		}
		found := l.check()
		for part, file := range files {
			if found["stored_contracts/"+part] == "" {
				t.Errorf("%s: %s: nothing was noticed", when, file)
			}
			delete(found, "stored_contracts/"+part)
		}
		if len(found) > 0 {
			t.Errorf("%s: reported are also %v", when, found)
		}
		l.stop()
		l.start()
	}
}
