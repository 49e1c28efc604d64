package parts_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/parts"
	"cskpi/exporter/store"
	"cskpi/queries"
)

// TestNoFalseAlarm: everything that takes rows away on purpose, and every way to merge parts, is no damage, also for an engine that
// starts afterwards and for a record that is older than what was done.
func TestNoFalseAlarm(t *testing.T) {
	l := newLocal(t)
	count := func(table string) int { return len(l.active(table)) }
	for _, table := range []string{"stored_contracts", "stored_usage_events", "stored_usage_ahead", "kpi_daily"} {
		l.fill(table)
		l.fill(table)
		l.fill(table)
	}
	if found := l.check(); len(found) > 0 {
		t.Fatalf("at first: %v", found)
	}
	record := func() []byte {
		t.Helper()
		b, err := os.ReadFile(filepath.Join(l.dir, "parts.json"))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	old := record()
	for _, sql := range []string{
		"alter table stored_contracts delete where 1 settings mutations_sync = 2", // as an erasure does
		"optimize table stored_usage_events final",
		"alter table stored_usage_events delete where cityHash64(event_id) % 2 = 0 settings mutations_sync = 2",
		"truncate table stored_usage_ahead",
		"alter table kpi_daily drop partition 197001",
		"create table kept_x (x Int8) engine = MergeTree order by x", "insert into kept_x values (1)", "drop table kept_x",
		"create database cskpi_import_x", "create table cskpi_import_x.y (x Int8) engine = MergeTree order by x", "insert into cskpi_import_x.y values (1)", "drop database cskpi_import_x",
	} {
		l.exec("%s", sql)
		if found := l.check(); len(found) > 0 {
			t.Errorf("%s: %v", sql, found)
		}
	}
	if count("stored_contracts") != 0 || count("stored_usage_ahead") != 0 || count("kpi_daily") != 0 {
		t.Error("rows were not removed, so the test shows nothing")
	}
	l.fill("stored_contracts")
	l.exec("optimize table stored_contracts final")
	l.stop()
	l.start()
	if found := l.check(); len(found) > 0 {
		t.Errorf("started again: %v", found)
	}
	recent := record()
	if err := os.WriteFile(filepath.Join(l.dir, "parts.json"), old, 0o600); err != nil {
		t.Fatal(err)
	}
	if found := l.check(); len(found) > 0 {
		t.Errorf("with the record of an hour ago: %v", found)
	}
	if now := record(); string(now) != string(recent) {
		t.Error("the old record and the recent one do not become the same")
	}
}

// TestRepair follows damage to each of its ends: the files come back, or the loss is accepted.
func TestRepair(t *testing.T) {
	l := newLocal(t)
	// Each insert stays a part of its own.
	for _, table := range []string{"stored_contracts", "stored_usage_events", "stored_usage_progress"} {
		l.exec("alter table %s modify setting max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1", table)
		l.fill(table)
		l.fill(table)
	}
	catalogue, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	named := func(name string) queries.Query {
		q, found := catalogue.Get(name)
		if !found {
			t.Fatalf("there is no KPI %s", name)
		}
		return q
	}
	refused := func() (names []string) {
		for _, name := range []string{"arr", "targets", "usage"} {
			if err := l.watch.Whole(t.Context(), nil, named(name)); errors.Is(err, store.ErrDamaged) {
				names = append(names, name)
			} else if err != nil {
				t.Fatal(err)
			}
		}
		return names
	}
	expect := func(when string, want ...string) {
		t.Helper()
		if got := refused(); !slices.Equal(got, want) {
			t.Errorf("%s: %q are not computed, want %q; damage: %v", when, got, want, l.watch.Problems())
		}
	}
	path := func(table string) string {
		_, at, _ := strings.Cut(l.active(table)[0], " ")
		return filepath.Clean(at)
	}
	l.check()
	expect("at first")

	contracts, away := path("stored_contracts"), filepath.Join(t.TempDir(), "away")
	l.stop()
	if err := os.Rename(contracts, away); err != nil {
		t.Fatal(err)
	}
	l.start()
	expect("a part is missing, and nobody has asked yet", "arr", "usage")
	if found := l.check(); found["stored_contracts/"+filepath.Base(contracts)] != "it is missing" {
		t.Errorf("got %v", found)
	}
	l.fill("stored_contracts") // facts go on coming
	l.check()
	expect("facts go on coming", "arr", "usage")
	l.stop()
	if err := os.Rename(away, contracts); err != nil {
		t.Fatal(err)
	}
	l.start()
	l.check()
	expect("the part is back")

	// The engine sets this part aside, and the other is damaged without its notice.
	events := path("stored_usage_events")
	l.stop()
	if err := os.Truncate(filepath.Join(contracts, "checksums.txt"), 5); err != nil {
		t.Fatal(err)
	}
	l.start()
	if err := os.Remove(filepath.Join(events, "count.txt")); err != nil {
		t.Fatal(err)
	}
	if found := l.check(); !strings.Contains(found["stored_contracts/"+filepath.Base(contracts)], "set it aside (broken-on-start)") ||
		!strings.Contains(found["stored_usage_events/"+filepath.Base(events)], "count.txt is missing") || len(found) != 2 {
		t.Errorf("got %v", found)
	}
	expect("two tables are damaged", "arr", "usage")
	if err := l.watch.RollUp(t.Context(), nil); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("usage is rolled up from damaged events: %v", err)
	}
	rows := func(table string) uint64 {
		var n uint64
		if err := l.conn.QueryRow(t.Context(), "select count() from cs."+table).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if given, err := l.watch.Accept(t.Context(), "stored_contracts"); err != nil || len(given) != 1 {
		t.Errorf("accepted %v, %v", given, err)
	}
	expect("one loss is accepted", "usage")
	if given, err := l.watch.Accept(t.Context(), "stored_usage_events"); err != nil || len(given) != 1 {
		t.Errorf("accepted %v, %v", given, err)
	}
	expect("both losses are accepted")
	if n := rows("stored_usage_progress"); n > 0 || rows("stored_usage_events") != 100 {
		t.Errorf("usage is not rolled up anew from what is left: %d, %d", n, rows("stored_usage_events"))
	}
	if given, err := l.watch.Accept(t.Context(), "stored_contracts"); err != nil || len(given) > 0 {
		t.Errorf("accepted %v, %v, and there is no damage", given, err)
	}
	l.stop()
	l.start()
	l.check()
	expect("started again after the losses were accepted")

	// A layer that is damaged is computed anew when that is accepted, and keeps nothing else away. (Its table is one that the refresher would have made.)
	l.exec("create table stored_usage_days (day Date, account_id String) engine = MergeTree order by day")
	l.fill("stored_usage_days")
	l.fill("stored_layer_days")
	l.check()
	if err := os.RemoveAll(path("stored_usage_days")); err != nil {
		t.Fatal(err)
	}
	l.check()
	expect("a layer is damaged", "usage")
	for _, name := range []string{"cs_setting_defaults", "cs_excluded_pattern"} {
		f := named(name)
		if err := l.conn.Exec(t.Context(), "create function "+f.Name+" as "+f.SQL); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.watch.RollUp(t.Context(), nil); err != nil {
		t.Errorf("usage is not rolled up: %v", err)
	}
	if n := rows("stored_layer_days"); n == 0 {
		t.Error("no day is computed, so the test shows nothing")
	}
	if given, err := l.watch.Accept(t.Context(), "stored_usage_days"); err != nil || len(given) != 1 {
		t.Errorf("accepted %v, %v", given, err)
	}
	expect("the layer's loss is accepted")
	if n := rows("stored_layer_days"); n > 0 {
		t.Errorf("%d days count as computed", n)
	}
}

// TestLostTable: a table whose definition is gone, and one that was made anew, are damage, although no part of theirs is missing.
func TestLostTable(t *testing.T) {
	l := newLocal(t)
	l.fill("stored_contracts")
	l.fill("stored_surveys")
	l.check()
	l.exec("drop table stored_contracts")
	l.exec("create table other as stored_surveys")
	l.exec("exchange tables other and stored_surveys")
	l.exec("drop table other")
	found := l.check()
	if !strings.Contains(found["stored_contracts/"], "the table is missing") || !strings.Contains(found["stored_surveys/"], "made anew") || len(found) != 2 {
		t.Errorf("got %v", found)
	}
	for _, table := range []string{"stored_contracts", "stored_surveys"} {
		if _, err := l.watch.Accept(t.Context(), table); err != nil {
			t.Error(err)
		}
	}
	if found := l.check(); len(found) > 0 {
		t.Errorf("accepted: %v", found)
	}
}

// TestRecordUnreadable: what must exist is then not known, and nothing is computed until somebody decides.
func TestRecordUnreadable(t *testing.T) {
	l := newLocal(t)
	l.check()
	for _, text := range []string{"", "{", `{"tables": 1}`} {
		if err := os.WriteFile(filepath.Join(l.dir, "parts.json"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		w := parts.New(parts.Options{Conn: l.conn, Dir: l.dir})
		if err := w.Whole(t.Context(), []string{"stored_contracts"}); err == nil || !strings.Contains(err.Error(), "delete it to trust the data as it is") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestServer: on a server, what it has set aside as broken is damage, and what its administrators have detached is not.
func TestServer(t *testing.T) {
	l := newLocal(t)
	for range 2 {
		l.exec("alter table stored_contracts modify setting max_bytes_to_merge_at_max_space_in_pool = 1, max_bytes_to_merge_at_min_space_in_pool = 1")
		l.fill("stored_contracts")
	}
	_, path, _ := strings.Cut(l.active("stored_contracts")[0], " ")
	l.stop()
	if err := os.Truncate(filepath.Join(path, "checksums.txt"), 5); err != nil {
		t.Fatal(err)
	}
	l.start()
	l.exec("alter table stored_contracts detach part '%s'", filepath.Base(l.strings("select groupArray(name) from system.parts where active and table = 'stored_contracts'")[0]))
	l.watch = parts.New(parts.Options{Conn: l.conn})
	found := l.check()
	if what := found["stored_contracts/broken-on-start_"+filepath.Base(path)]; !strings.Contains(what, "broken-on-start") || len(found) != 1 {
		t.Errorf("got %v", found)
	}
	if err := l.watch.Whole(t.Context(), []string{"stored_contracts"}); !errors.Is(err, store.ErrDamaged) {
		t.Errorf("got %v", err)
	}
	if _, err := l.watch.Accept(t.Context(), "stored_contracts"); err == nil || !strings.Contains(err.Error(), "DROP DETACHED PART") {
		t.Errorf("got %v", err)
	}
	gathered, err := testutil.GatherAndCount(registered(l.watch), "cs_exporter_disk_free_bytes", "cs_exporter_disk_size_bytes", "cs_exporter_parts_checked_timestamp_seconds")
	if err != nil || gathered != 3 {
		t.Errorf("got %d metrics, %v", gathered, err)
	}
}

func registered(w *parts.Watch) *prometheus.Registry {
	r := prometheus.NewPedanticRegistry()
	r.MustRegister(w)
	return r
}

// TestHalfRestored: what an interrupted restore has stored is dropped by the next one, and is no loss.
func TestHalfRestored(t *testing.T) {
	l := newLocal(t)
	l.exec("create table half_restored (x Int8) engine = MergeTree order by x")
	l.fill("stored_contracts")
	l.check()
	l.exec("drop table stored_contracts")
	l.exec("drop table half_restored")
	if found := l.check(); len(found) > 0 {
		t.Errorf("got %v", found)
	}
}

// TestFullDisk: the record cannot be written, which is an error; what is stored is looked at all the same, and a file that was half
// written does not stay.
func TestFullDisk(t *testing.T) {
	disk := enginetest.SmallDisk(t, 1)
	l := newLocal(t)
	l.fill("stored_contracts")
	w := parts.New(parts.Options{Conn: l.conn, Dir: disk})
	if err := w.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	before, err := os.ReadFile(filepath.Join(disk, "parts.json"))
	if err != nil {
		t.Fatal(err)
	}
	room, err := os.Create(filepath.Join(disk, "fill"))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = room.Write(make([]byte, 1024))
	}
	room.Close()
	l.fill("stored_contracts")
	w = parts.New(parts.Options{Conn: l.conn, Dir: disk})
	if err := w.Check(t.Context()); !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("got %v", err)
	}
	if err := w.Whole(t.Context(), []string{"stored_contracts"}); err != nil {
		t.Errorf("nothing is damaged: %v", err)
	}
	if after, err := os.ReadFile(filepath.Join(disk, "parts.json")); err != nil || string(after) != string(before) {
		t.Errorf("the record was %d bytes and is %d, %v", len(before), len(after), err)
	}
	if left, _ := filepath.Glob(filepath.Join(disk, "parts.json.*")); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	if err := os.Remove(room.Name()); err != nil {
		t.Fatal(err)
	}
	if err := w.Check(t.Context()); err != nil {
		t.Error(err)
	}
}
