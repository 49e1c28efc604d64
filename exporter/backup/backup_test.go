package backup_test

import (
	"archive/zip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"golang.org/x/sys/unix"

	"cskpi/exporter/backup"
	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/store"
	"cskpi/queries"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// database connects to the engine of the tests, whose database is empty.
func database(t *testing.T) *backup.Database {
	t.Helper()
	enginetest.Conn(t)
	options := enginetest.Engine(t).Options()
	if url := os.Getenv(enginetest.URLVariable); url != "" {
		var err error
		if options, err = clickhouse.ParseDSN(url); err != nil {
			t.Fatal(err)
		}
	}
	inside := *options
	inside.Auth.Database = queries.Database
	d, err := backup.Connect(&inside)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Conn.Close() })
	return d
}

// company makes a database at a version of the schema, with rows of every type in every table that a backup contains.
func company(t *testing.T, d *backup.Database, version int) {
	t.Helper()
	if err := store.BeginRestore(t.Context(), d.Conn); err != nil {
		t.Fatal(err)
	}
	if err := store.MigrateRestored(t.Context(), d.Conn, version); err != nil {
		t.Fatal(err)
	}
	if err := store.EndRestore(t.Context(), d.Conn); err != nil {
		t.Fatal(err)
	}
	for seed, table := range backup.Kept() {
		structure := text(t, d.Conn, "select arrayStringConcat(groupArray(concat('`', name, '` ', type)), ', ') from system.columns where database = currentDatabase() and table = '"+table+"' and default_kind != 'MATERIALIZED'")
		replace := ""
		if strings.Contains(structure, "`is_withdrawn`") {
			replace = "replace (toUInt8(number = 3) as is_withdrawn)" // which no other value may be
		}
		switch table { // All but the last row are of days whose events are no longer kept.
		case "stored_usage_horizon":
			replace = "replace (toDate('2024-01-01') + number as kept_from)"
		case "stored_usage_user_days":
			replace = "replace (toDate('2024-01-02') + number as day, toUInt8(0) as is_gone)"
		case "stored_usage_identities":
			replace = "replace (toDate('2024-01-02') + number as day)"
		case "stored_usage_conflicts":
			replace = "replace (toDateTime64('2024-01-02 03:04:05', 3, 'UTC') + interval number day as ts)"
		}
		if strings.HasSuffix(table, "usage_events") { // Two months; an event that came twice, and one that came with another payload.
			replace = "replace (toString(number % 5) as event_id, 'app' as source, toDateTime64('2024-01-25 00:00:00', 3, 'UTC') + interval number % 4 * 3 day as ts)"
		}
		insert(t, d, fmt.Sprintf("insert into %s select * except number %s from (select *, rowNumberInAllBlocks() as number from generateRandom('%s', %d, 8, 3) limit 7)",
			table, replace, strings.ReplaceAll(structure, "'", `\'`), seed+1))
	}
	// A version of a contract that replaces another one, and the same usage event again.
	contracts, events := "stored_contracts", "stored_usage_events"
	if version > 0 {
		contracts, events = "contracts", "usage_events"
	}
	insert(t, d, fmt.Sprintf("insert into %[1]s select * replace (updated_at + 1 as updated_at, acv + 1 as acv) from %[1]s limit 1", contracts))
	insert(t, d, fmt.Sprintf("insert into %[1]s select * from %[1]s limit 1", events))
}

func insert(t *testing.T, d *backup.Database, statement string) {
	t.Helper()
	ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_partitions_per_insert_block": 0}))
	if err := d.Conn.Exec(ctx, statement); err != nil {
		t.Fatalf("%s: %v", statement, err)
	}
}

func text(t *testing.T, c driver.Conn, query string) (s string) {
	t.Helper()
	if err := c.QueryRow(t.Context(), query).Scan(&s); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return s
}

// contents are rows and hashes of the tables that a backup contains, asked in another way than the package asks.
func contents(t *testing.T, d *backup.Database) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, table := range backup.Kept() {
		more := ""
		switch table {
		case "stored_usage_events":
			more = ", seniority, payload_hash"
		case "kpi_daily":
			more = ", series"
		}
		found[table] = content(t, d, table, "*"+more, backup.Only(table))
	}
	return found
}

// content is how many rows a table has, and a hash of these columns of theirs.
func content(t *testing.T, d *backup.Database, table, columns, only string) string {
	t.Helper()
	last := ""
	if strings.Contains(text(t, d.Conn, "select engine from system.tables where database = currentDatabase() and name = '"+table+"'"), "Replacing") {
		last = " final"
	}
	return text(t, d.Conn, "select concat(toString(count()), ' ', hex(groupBitXor(cityHash64(toJSONString(row))))) from (select tuple("+columns+") as row from "+table+last+only+")")
}

func compare(t *testing.T, got, want map[string]string) {
	t.Helper()
	for table := range want {
		if got[table] != want[table] || strings.HasPrefix(want[table], "0 ") {
			t.Errorf("%s is %s, want %s", table, got[table], want[table])
		}
	}
}

func write(t *testing.T, d *backup.Database) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x.backup")
	if _, err := backup.Write(t.Context(), d, backup.Options{File: file, Cskpi: "test"}); err != nil {
		t.Fatal(err)
	}
	return file
}

func open(t *testing.T, file string) *backup.Backup {
	t.Helper()
	b, err := backup.Open(t.Context(), file)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { b.Close() })
	return b
}

// drop empties the database.
func drop(t *testing.T) {
	t.Helper()
	enginetest.Conn(t)
}

// TestBackup shares one company among its parts, since making one takes longer than most of them.
func TestBackup(t *testing.T) {
	d := database(t)
	company(t, d, 0)
	for _, part := range []struct {
		name string
		test func(*testing.T, *backup.Database)
	}{
		{"tables", testTables}, {"erasure", testErasureDuringBackup}, {"files", testFiles}, {"damage", testDamage},
		{"interrupted", testInterrupted}, {"restore", testRestore}, {"storing", testWhileStoring}, {"former schema", testFormerSchema},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, d) })
	}
}

// testTables: each table of the schema is either in a backup or left out for a reason.
func testTables(t *testing.T, d *backup.Database) {
	var there []string
	if err := d.Conn.QueryRow(t.Context(), "select arraySort(groupArray(name)) from system.tables where database = currentDatabase() and engine not like '%View'").Scan(&there); err != nil {
		t.Fatal(err)
	}
	all := slices.Concat(backup.Kept(), backup.Derived())
	slices.Sort(all)
	if !slices.Equal(all, there) {
		t.Errorf("backups know the tables\n%q\nand the schema has\n%q\nDecide in tables.go whether a backup needs a table", all, there)
	}
}

// testRestore: what is restored is what was there, and a backup of it is the same.
func testRestore(t *testing.T, d *backup.Database) {
	want := contents(t, d)
	b := open(t, write(t, d))
	if err := backup.Restore(t.Context(), d, b, backup.RestoreOptions{}); err == nil || !strings.Contains(err.Error(), "never overwrites") {
		t.Errorf("over the original: %v", err)
	}
	compare(t, contents(t, d), want)
	restore(t, d, b)
	compare(t, contents(t, d), want)
	if got := text(t, d.Conn, "select toString((select (count(), max(day)) from stored_usage_user_days final)) || toString((select groupUniqArray(settings) from stored_usage_totals final))"); got != "(6,'2024-01-07')['']" {
		t.Errorf("of usage by user, and of days that are to be rolled up, there is %s", got)
	}
	again := open(t, write(t, d))
	for i, table := range again.Manifest.Tables {
		if first := b.Manifest.Tables[i]; table.Hash != first.Hash || table.Rows != first.Rows {
			t.Errorf("%s has %d rows with the hash %d, want %d and %d", table.Name, table.Rows, table.Hash, first.Rows, first.Hash)
		}
	}
}

// testFormerSchema: a backup of a database that was not migrated to the present schema is restored, and then migrated: whatever the tables of
// facts had is in the present ones.
func testFormerSchema(t *testing.T, d *backup.Database) {
	const former = 9 // the last numbered file
	drop(t)
	var b *backup.Backup
	columns, want := map[string]string{}, map[string]string{} // by the former name of a table
	backup.AsFormer(func() {
		company(t, d, former)
		for _, table := range backup.Kept() {
			columns[table] = text(t, d.Conn, "select arrayStringConcat(groupArray(name), ', ') from system.columns where database = currentDatabase() and table = '"+table+"'")
			want[table] = content(t, d, table, columns[table], "")
		}
		b = open(t, write(t, d))
	})
	if b.Manifest.Schema != former {
		t.Errorf("the manifest has schema %d, want %d", b.Manifest.Schema, former)
	}
	restore(t, d, b)
	delete(want, "fact_changes") // which days of which layers facts touch is another question now, and all are computed anew
	got := map[string]string{}
	for table := range want {
		now := table
		if !slices.Contains(backup.Kept(), table) {
			now = queries.StoredPrefix + table
		}
		got[table] = content(t, d, now, columns[table], "")
	}
	compare(t, got, want)
	if len(want) < 20 {
		t.Errorf("only %d tables were compared", len(want))
	}
	if got, err := store.SchemaVersion(t.Context(), d.Conn); err != nil || got != store.Schema() {
		t.Errorf("the restored database has schema %d, want %d (%v)", got, store.Schema(), err)
	}
	b.Manifest.Schema = store.Schema() + 1
	if err := backup.Restore(t.Context(), d, b, backup.RestoreOptions{}); err == nil || !strings.Contains(err.Error(), "or a later one") {
		t.Errorf("a backup of a later schema: %v", err)
	}
}

// restore replaces the database by a backup.
func restore(t *testing.T, d *backup.Database, b *backup.Backup) {
	t.Helper()
	drop(t)
	if err := backup.Restore(t.Context(), d, b, backup.RestoreOptions{}); err != nil {
		t.Fatal(err)
	}
}

// testInterrupted: a backup or restore that is cut short at any step leaves nothing that passes for whole, and can be repeated.
func testInterrupted(t *testing.T, d *backup.Database) {
	want := contents(t, d)
	file := write(t, d)
	// cut cancels run when it gets to a step, or to a table.
	cut := func(at string, run func(context.Context, func(backup.Progress)) error) error {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		return run(ctx, func(p backup.Progress) {
			if p.Step == at || p.Name == at {
				cancel()
			}
		})
	}
	other := filepath.Join(t.TempDir(), "y.backup")
	for _, at := range []string{"waiting", "snapshot", "stored_contracts", "verify"} {
		if err := cut(at, func(ctx context.Context, progress func(backup.Progress)) error {
			_, err := backup.Write(ctx, d, backup.Options{File: other, Progress: progress})
			return err
		}); err == nil {
			t.Errorf("a backup that was cut short at %s is no error", at)
		}
		if left, _ := filepath.Glob(other + "*"); len(left) > 0 {
			t.Errorf("cut short at %s: %q is left", at, left)
		}
		if got := text(t, d.Conn, "select toString(count()) from system.databases where startsWith(name, '"+store.SnapshotPrefix+"')"); got != "0" {
			t.Errorf("cut short at %s: %s snapshots are left", at, got)
		}
	}

	b := open(t, file)
	drop(t)
	for _, at := range []string{"migrate", "stored_contracts", "erasures"} {
		if err := cut(at, func(ctx context.Context, progress func(backup.Progress)) error {
			return backup.Restore(ctx, d, b, backup.RestoreOptions{Progress: progress})
		}); err == nil {
			t.Errorf("a restore that was cut short at %s is no error", at)
		}
		if err := store.Migrate(t.Context(), d.Conn); !errors.Is(err, store.ErrHalfRestored) {
			t.Errorf("cut short at %s: the database is taken for whole: %v", at, err)
		}
	}
	if err := backup.Restore(t.Context(), d, b, backup.RestoreOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(t.Context(), d.Conn); err != nil {
		t.Error(err)
	}
	compare(t, contents(t, d), want)
}

// testDamage: a backup of which any part is damaged is refused, and nothing is written to the database.
func testDamage(t *testing.T, d *backup.Database) {
	file := write(t, d)
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	refused := func(what string, content []byte) {
		t.Helper()
		damaged := filepath.Join(t.TempDir(), "damaged.backup")
		if err := os.WriteFile(damaged, content, 0o600); err != nil {
			t.Fatal(err)
		}
		if b, err := backup.Open(t.Context(), damaged); err == nil {
			b.Close()
			t.Errorf("%s is not noticed", what)
		}
	}
	for _, n := range []int{0, 1, 100, len(whole) / 2, len(whole) - 100, len(whole) - 1} {
		refused(fmt.Sprintf("a file cut at %d of %d bytes", n, len(whole)), whole[:n])
	}
	archive, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	for _, entry := range archive.File {
		begin, err := entry.DataOffset()
		if err != nil {
			t.Fatal(err)
		}
		for _, at := range []int64{0, int64(entry.CompressedSize64) / 2, int64(entry.CompressedSize64) - 1} {
			flipped := slices.Clone(whole)
			flipped[begin+at] ^= 0x10
			refused(fmt.Sprintf("a flipped bit in byte %d of %s", at, entry.Name), flipped)
		}
		// Without the entry, and with it twice.
		for name, times := range map[string]int{"missing": 0, "twice": 2} {
			var rest strings.Builder
			w := zip.NewWriter(&rest)
			for _, other := range archive.File {
				n := 1
				if other.Name == entry.Name {
					n = times
				}
				for range n {
					if err := w.Copy(other); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			refused(entry.Name+" "+name, []byte(rest.String()))
		}
	}
}

// testWhileStoring: each fact that was stored before is in a backup, however often it is replaced while the backup is written.
func testWhileStoring(t *testing.T, d *backup.Database) {
	const contracts = 50
	replace := func(version int) error {
		return d.Conn.Exec(context.Background(), fmt.Sprintf("insert into stored_contracts (contract_id, account_id, acv, starts_on, source, updated_at) "+
			"select concat('busy', toString(number)), 'a', %d, '2024-01-01', 'busy', toDateTime64('2024-01-01 00:00:00', 3, 'UTC') + %d from numbers(%d)", version, version, contracts))
	}
	if err := replace(0); err != nil {
		t.Fatal(err)
	}
	stop := make(chan struct{})
	var storing sync.WaitGroup
	storing.Go(func() {
		for version := 1; ; version++ {
			select {
			case <-stop:
				return
			default:
			}
			if err := errors.Join(replace(version), d.Conn.Exec(context.Background(), "optimize table stored_contracts final")); err != nil {
				t.Error(err)
				return
			}
		}
	})
	file := write(t, d)
	close(stop)
	storing.Wait()
	restore(t, d, open(t, file))
	// All of one insert, or none of it.
	if got := text(t, d.Conn, "select concat(toString(count()), ' ', toString(uniqExact(acv))) from stored_contracts final where source = 'busy'"); got != fmt.Sprint(contracts, " 1") {
		t.Errorf("got %s contracts and values, want %d of one version", got, contracts)
	}
}

// testErasureDuringBackup: a backup does not go on with what is being erased.
func testErasureDuringBackup(t *testing.T, d *backup.Database) {
	file := filepath.Join(t.TempDir(), "x.backup")
	once := sync.OnceFunc(func() {
		if err := store.DropSnapshots(t.Context(), d.Conn); err != nil {
			t.Error(err)
		}
	})
	_, err := backup.Write(t.Context(), d, backup.Options{File: file, Progress: func(p backup.Progress) {
		if p.Name == "stored_contracts" {
			once()
		}
	}})
	if err == nil || !strings.Contains(err.Error(), "run the backup again") {
		t.Errorf("got the error %v", err)
	}
	if left, _ := filepath.Glob(file + "*"); len(left) > 0 {
		t.Errorf("%q is left", left)
	}
}

// testFiles: a backup never takes the place of another file by mistake, and one that does not fit on the disk leaves nothing.
func testFiles(t *testing.T, d *backup.Database) {
	dir := t.TempDir()
	file := filepath.Join(dir, "x.backup")
	if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Write(t.Context(), d, backup.Options{File: file}); err == nil || !strings.Contains(err.Error(), "--force") {
		t.Errorf("got the error %v", err)
	}
	if got, _ := os.ReadFile(file); string(got) != "precious" {
		t.Errorf("the file is %q", got)
	}
	// What a backup left that was killed is used again, unless it is being written.
	held, err := os.OpenFile(file+".partial", os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(held, strings.Repeat("x", 1<<20)); err != nil {
		t.Fatal(err)
	}
	if err := unix.Flock(int(held.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if _, err := backup.Write(t.Context(), d, backup.Options{File: file, Replace: true}); err == nil || !strings.Contains(err.Error(), "another backup") {
		t.Errorf("got the error %v", err)
	}
	held.Close()
	if _, err := backup.Write(t.Context(), d, backup.Options{File: file, Replace: true}); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info, err)
	}
	open(t, file)

	small := filepath.Join(dir, "small")
	if err := os.Mkdir(small, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := unix.Mount("tmpfs", small, "tmpfs", 0, "size=32k"); err != nil {
		t.Skipf("a disk that fills up needs the right to mount one: %v", err)
	}
	defer func() {
		if err := unix.Unmount(small, 0); err != nil {
			t.Error(err)
		}
	}()
	if _, err := backup.Write(t.Context(), d, backup.Options{File: filepath.Join(small, "y.backup")}); !errors.Is(err, unix.ENOSPC) {
		t.Errorf("got the error %v, want no space left", err)
	}
	if left, _ := filepath.Glob(filepath.Join(small, "*")); len(left) > 0 {
		t.Errorf("%q is left", left)
	}
}
