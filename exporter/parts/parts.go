// Package parts notices when stored data is lost or damaged.
//
// ClickHouse stores a table in parts: folders of files that never change once they are written. When it finds a part that it
// cannot read at start, it sets it aside and goes on without its rows; when a part is not there at all, it does not notice.
// This package keeps a record of the parts that must exist, outside the engine's folder, and compares it with what is there.
//
// A part may go only because another one replaces it, which covers its block numbers: a merge, a mutation (an erasure, for
// example), or the empty part that TRUNCATE and DROP PARTITION leave. The local engine keeps empty parts (remove_empty_parts = 0),
// so that a block number that no active part covers is always a loss, and nobody has to tell this package what was deleted.
//
// A ClickHouse server has no record, since others may legitimately detach and drop parts there; what it has set aside as broken
// is reported.
package parts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/store"
)

// Problem is one part that is missing or damaged, or a whole table.
type Problem struct {
	Table     string // in the database cs
	Partition string // empty: the whole table
	Part      string // empty: the whole table
	What      string // what is wrong
}

func (p Problem) String() string {
	if p.Part == "" {
		return p.Table + ": " + p.What
	}
	return p.Table + ", part " + p.Part + " of partition " + p.Partition + ": " + p.What
}

// temporary tables held results for minutes in earlier builds, which may have left some.
const temporary = "kept_"

// halfRestored is a table that exists in cs until a restore is complete (store.BeginRestore).
const halfRestored = "half_restored"

// Options say where the data lies.
type Options struct {
	Conn driver.Conn
	Dir  string // the data folder of the local engine; empty: the database is a server's
	// Generation counts the starts of the engine, each of which can lose parts. [nil: it does not restart]
	Generation func() int
	Log        *slog.Logger
}

// Watch compares the parts that must exist with those that do. Its methods may be called concurrently.
type Watch struct {
	o Options

	checking sync.Mutex // held during a check
	reading  verifier
	mu       sync.Mutex
	state    state
}

// state is the result of the latest check.
type state struct {
	tables     []string // all that were looked at
	problems   []Problem
	generation int
	compared   bool      // false: there was no check
	at         time.Time // of the latest check that also stored what is new; zero: there was none
	free, size uint64    // bytes of the file system; size 0: not known
}

// New prepares a Watch; it does not look yet.
func New(o Options) *Watch {
	if o.Generation == nil {
		o.Generation = func() int { return 0 }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Watch{o: o}
}

// Check looks at all parts now, records those that are new, and logs what it finds that was not found before. An error means
// that it could not look; what it found earlier then still holds.
func (w *Watch) Check(ctx context.Context) error {
	w.checking.Lock()
	defer w.checking.Unlock()
	next := state{generation: w.o.Generation(), compared: true}
	l, err := w.look(ctx)
	if err != nil {
		return fmt.Errorf("check the stored parts: %w", err)
	}
	next.tables = slices.Sorted(maps.Keys(l.tables))
	if w.o.Dir == "" {
		next.problems = l.setAside(nil)
	} else {
		err = update(w.o.Dir, func(r *record) (changed bool, err error) {
			next.problems, changed, err = l.compare(ctx, w, r)
			return changed, err
		})
		for _, p := range next.problems {
			if !slices.Contains(next.tables, p.Table) {
				next.tables = append(next.tables, p.Table)
			}
		}
	}
	next.free, next.size = w.disk(ctx)
	next.at = time.Now()
	if err != nil {
		// A record that cannot be written does not change what was found; one that cannot be read does.
		if next.problems == nil {
			return fmt.Errorf("check the stored parts: %w", err)
		}
		next.at = w.snapshot().at
	}
	w.mu.Lock()
	before := w.state
	w.state = next
	w.mu.Unlock()
	for _, p := range next.problems {
		if !slices.Contains(before.problems, p) {
			w.o.Log.Error("stored data is damaged; KPIs that read the table keep their last good values until it is repaired: see Damaged data in the runbook",
				"table", p.Table, "partition", p.Partition, "part", p.Part, "damage", p.What)
		}
	}
	for _, table := range tablesOf(before.problems) {
		if !slices.Contains(tablesOf(next.problems), table) {
			w.o.Log.Info("the table is whole again", "table", table)
		}
	}
	if err != nil {
		return fmt.Errorf("check the stored parts: %w", err)
	}
	return nil
}

func (w *Watch) snapshot() state {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.state
}

// Problems are those that the latest check found.
func (w *Watch) Problems() []Problem { return w.snapshot().problems }

func tablesOf(problems []Problem) []string {
	var tables []string
	for _, p := range problems {
		tables = append(tables, p.Table)
	}
	slices.Sort(tables)
	return slices.Compact(tables)
}

// part is one active part as the engine knows it.
type part struct {
	partition, path, hash string
}

// setAsidePart is a part that the engine has moved to the folder detached.
type setAsidePart struct {
	table, partition, name, reason string
	min, max                       int64
}

// found is what the engine has.
type found struct {
	tables   map[string]tableFound
	dropped  map[string]bool // UUIDs of tables that were dropped on purpose
	detached []setAsidePart
}

type tableFound struct {
	uuid, path string
	replicated bool
	parts      map[string]part
}

// look asks the engine what it has.
func (w *Watch) look(ctx context.Context) (found, error) {
	l := found{tables: map[string]tableFound{}, dropped: map[string]bool{}}
	ask := func(query string, scan func(driver.Rows) error) error {
		rows, err := w.o.Conn.Query(ctx, query)
		if err != nil {
			return err
		}
		return each(rows, scan)
	}
	err := ask(`select name, toString(uuid), arrayElement(data_paths, 1), engine like 'Replicated%' from system.tables
		where database = currentDatabase() and engine like '%MergeTree' and not startsWith(name, '`+temporary+`')`, func(rows driver.Rows) error {
		var name string
		t := tableFound{parts: map[string]part{}}
		var replicated uint8
		err := rows.Scan(&name, &t.uuid, &t.path, &replicated)
		t.replicated = replicated != 0
		l.tables[name] = t
		return err
	})
	if err != nil {
		return l, err
	}
	if _, kept := l.tables["dropped_tables"]; kept {
		if err := ask("select toString(uuid) from dropped_tables", func(rows driver.Rows) error {
			var uuid string
			err := rows.Scan(&uuid)
			l.dropped[uuid] = true
			return err
		}); err != nil {
			return l, err
		}
	}
	if w.o.Dir != "" {
		if err := ask("select table, partition_id, name, path, hash_of_all_files from system.parts where database = currentDatabase() and active", func(rows driver.Rows) error {
			var table, name string
			var p part
			if err := rows.Scan(&table, &p.partition, &name, &p.path, &p.hash); err != nil {
				return err
			}
			if t, known := l.tables[table]; known {
				t.parts[name] = p
			}
			return nil
		}); err != nil {
			return l, err
		}
	}
	return l, ask(`select table, ifNull(partition_id, ''), name, ifNull(reason, ''), ifNull(min_block_number, -1), ifNull(max_block_number, -1)
		from system.detached_parts where database = currentDatabase()`, func(rows driver.Rows) error {
		var d setAsidePart
		if err := rows.Scan(&d.table, &d.partition, &d.name, &d.reason, &d.min, &d.max); err != nil {
			return err
		}
		if _, known := l.tables[d.table]; known {
			l.detached = append(l.detached, d)
		}
		return nil
	})
}

// broken are the reasons for which ClickHouse sets a part aside by itself because its rows cannot be read.
var broken = []string{"broken", "broken-on-start", "unexpected", "noquorum", "covered-by-broken", "broken-from-backup"}

// setAside lists the detached parts that count as damage. Those of a replicated table do not: the other replicas have the rows.
func (l found) setAside(ignore func(setAsidePart) bool) []Problem {
	var problems []Problem
	for _, d := range l.detached {
		if l.tables[d.table].replicated || ignore == nil && !slices.Contains(broken, d.reason) || ignore != nil && ignore(d) {
			continue
		}
		problems = append(problems, Problem{Table: d.table, Partition: d.partition, Part: d.name,
			What: "the engine has set it aside (" + cmp.Or(d.reason, "detached") + ") and works without its rows"})
	}
	return sorted(problems)
}

// compare finds what is missing or damaged, and records what is new.
func (l found) compare(ctx context.Context, w *Watch, r *record) (problems []Problem, changed bool, err error) {
	problems = []Problem{}
	if _, half := l.tables[halfRestored]; half {
		// Nothing uses this database, and a restore that starts over drops it.
		changed = len(r.Tables) > 0
		clear(r.Tables)
		return problems, changed, nil
	}
	known := map[string]bool{} // table and part that have been reported
	report := func(p Problem) {
		known[p.Table+"/"+p.Part] = true
		problems = append(problems, p)
	}
	if l.followUpgrade(r) {
		changed = true
	}
	for _, table := range slices.Sorted(maps.Keys(r.Tables)) {
		recorded := r.Tables[table]
		t, there := l.tables[table]
		if !there || t.uuid != recorded.UUID {
			if len(recorded.Parts) == 0 || l.dropped[recorded.UUID] {
				delete(r.Tables, table)
				changed = true
				continue
			}
			what := "the table is missing"
			if there {
				what = "the table was made anew, without the rows that it had"
			}
			report(Problem{Table: table, What: fmt.Sprintf("%s; it had %d parts", what, len(recorded.Parts))})
			continue
		}
		if what := differs(t.path, recorded.Files); what != "" {
			report(Problem{Table: table, What: what})
		}
		for _, name := range slices.Sorted(maps.Keys(recorded.Parts)) {
			p := recorded.Parts[name]
			active, there := t.parts[name]
			switch {
			case there:
				what := ""
				if active.hash != p.Hash {
					what = "its checksums are not those of the part that was stored"
				}
				if files := differs(active.path, p.Files); files != "" {
					what = files
				}
				if what == "" {
					what = p.Damage
				}
				if what == "" {
					continue
				}
				// It may have been replaced, and its files deleted, since the engine was asked.
				if still, err := w.active(ctx, table, name); err != nil {
					return nil, false, err
				} else if still {
					report(Problem{table, p.Partition, name, what})
				}
			case t.covers(p.Partition, name):
				delete(recorded.Parts, name)
				changed = true
			default:
				what := "it is missing"
				for _, d := range l.detached {
					if d.table == table && strings.HasSuffix("_"+d.name, "_"+name) {
						what = "the engine has set it aside (" + cmp.Or(d.reason, "detached") + ") and works without its rows"
						known[table+"/"+d.name] = true
					}
				}
				report(Problem{table, p.Partition, name, what})
			}
		}
	}
	for _, p := range l.setAside(func(d setAsidePart) bool {
		t := l.tables[d.table]
		recorded := r.Tables[d.table]
		return known[d.table+"/"+d.name] || recorded != nil && slices.Contains(recorded.Accepted, d.name) || t.covers(d.partition, d.name)
	}) {
		report(p)
	}
	for name, t := range l.tables {
		recorded := r.Tables[name]
		if recorded == nil {
			recorded = &tableRecord{UUID: t.uuid}
			r.Tables[name] = recorded
			changed = true
		}
		if recorded.UUID != t.uuid {
			continue // until the loss is accepted
		}
		added, gone, err := recorded.add(t)
		changed = changed || added
		if err != nil {
			return nil, false, err
		}
		for _, part := range gone {
			if still, err := w.active(ctx, name, part); err != nil {
				return nil, false, err
			} else if still {
				report(Problem{name, t.parts[part].partition, part, "its folder is missing: " + t.parts[part].path})
			}
		}
	}
	return sorted(problems), changed, nil
}

// followUpgrade changes the record of tables that an upgrade has renamed, or has replaced by others.
func (l found) followUpgrade(r *record) (changed bool) {
	for table, recorded := range maps.Clone(r.Tables) {
		if l.tables[table].uuid == recorded.UUID {
			continue
		}
		to := store.MovedTo(table)
		if _, moved := l.tables[to]; to == "" || !moved {
			continue
		}
		delete(r.Tables, table)
		changed = true
		for name, t := range l.tables {
			if t.uuid == recorded.UUID { // the same parts under another name
				r.Tables[name] = recorded
			}
		}
	}
	return changed
}

// add records what is there. Parts whose folder is missing are returned: they have been replaced since the engine was asked, or are lost.
func (r *tableRecord) add(t tableFound) (changed bool, gone []string, err error) {
	if r.Parts == nil {
		r.Parts = map[string]partRecord{}
	}
	if r.Files == nil {
		files, err := filesIn(t.path)
		if err != nil {
			return false, nil, err
		}
		// The other files of a table come and go: mutations that are pending or done, for example.
		maps.DeleteFunc(files, func(name string, _ int64) bool { return name != formatVersion })
		r.Files, changed = files, true
	}
	for name, p := range t.parts {
		if _, known := r.Parts[name]; known {
			continue
		}
		texts := ""
		files, err := filesIn(p.path)
		if err == nil {
			texts, err = textsIn(p.path, files)
		}
		if errors.Is(err, os.ErrNotExist) {
			gone = append(gone, name)
			continue
		}
		if err != nil {
			return changed, nil, err
		}
		r.Parts[name] = partRecord{Partition: p.partition, Hash: p.hash, Files: files, Texts: texts}
		changed = true
	}
	return changed, gone, nil
}

// formatVersion is the file that tells the engine how a table's parts are named.
const formatVersion = "format_version.txt"

// differs says how the files of a folder differ from those recorded; empty: they do not.
func differs(dir string, recorded map[string]int64) string {
	have, err := filesIn(dir)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return "its folder is missing: " + dir
		}
		return "its folder cannot be read: " + err.Error()
	}
	var wrong []string
	for _, name := range slices.Sorted(maps.Keys(recorded)) {
		switch size, there := have[name]; {
		case !there:
			wrong = append(wrong, name+" is missing")
		case size != recorded[name]:
			wrong = append(wrong, fmt.Sprintf("%s has %d bytes in place of %d", name, size, recorded[name]))
		}
	}
	const most = 3
	if n := len(wrong) - most; n > 0 {
		wrong = append(wrong[:most], fmt.Sprintf("and %d more files", n))
	}
	if len(wrong) == 0 {
		return ""
	}
	return strings.Join(wrong, ", ") + " (in " + filepath.Clean(dir) + ")"
}

// active asks whether a part still is.
func (w *Watch) active(ctx context.Context, table, name string) (bool, error) {
	var n uint64
	err := w.o.Conn.QueryRow(ctx, "select count() from system.parts where database = currentDatabase() and table = ? and name = ? and active", table, name).Scan(&n)
	return n > 0, err
}

// blocks are the block numbers of a part, and the mutation that it has seen; 0: none.
type blocks struct{ min, max, mutation int64 }

// blocksOf reads them from a part's name, <partition>_<min>_<max>_<level>[_<mutation>], whatever stands before it.
func blocksOf(partition, name string) (b blocks, ok bool) {
	at := strings.LastIndex("_"+name, "_"+partition+"_")
	if partition == "" || at < 0 {
		return b, false
	}
	fields := strings.Split(name[at+len(partition)+1:], "_")
	if len(fields) < 3 || len(fields) > 4 {
		return b, false
	}
	numbers := make([]int64, 4)
	for i, f := range fields {
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return b, false
		}
		numbers[i] = n
	}
	return blocks{numbers[0], numbers[1], numbers[3]}, true
}

// covers reports whether active parts have replaced the one of that name: they cover all its block numbers, and none is older.
func (t tableFound) covers(partition, name string) bool {
	want, ok := blocksOf(partition, name)
	if !ok {
		return false
	}
	var have []blocks
	for name, p := range t.parts {
		if p.partition != partition {
			continue
		}
		b, ok := blocksOf(partition, name)
		if ok && b.max >= want.min && b.min <= want.max {
			if b.mutation < want.mutation {
				return false
			}
			have = append(have, b)
		}
	}
	slices.SortFunc(have, func(a, b blocks) int { return cmp.Compare(a.min, b.min) })
	next := want.min
	for _, b := range have {
		if b.min > next {
			return false
		}
		next = max(next, b.max+1)
	}
	return next > want.max
}

func sorted(problems []Problem) []Problem {
	slices.SortFunc(problems, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.Table, b.Table), strings.Compare(a.Part, b.Part))
	})
	return problems
}
