package refresh

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"cskpi/queries"
)

// Report says what a Refresh did.
type Report struct {
	Whole    int // days of layers that were computed for all accounts
	Accounts int // accounts of which days were computed again
	Changes  int // accounts, and the company, whose facts had changed
	Took     time.Duration
}

// unstoredAfter is how long after its announcement a change is processed although nobody reported it as stored: whoever announced it no longer
// runs.
const unstoredAfter = 10 * time.Minute

// manyAccounts is the number of changed accounts above which all accounts are computed.
const manyAccounts = 500

// change is what has changed of an account, or, under the empty name, of the company.
type change struct {
	tables  map[string]bool
	firstOn time.Time
}

// computed is how a day of a layer was computed.
type computed struct {
	definition string
	whole      time.Time
	hash       uint64
}

// Refresh brings layers up to date: days that are wanted and not computed, those whose definition has changed, those that were not over
// when they were computed, and what changes of facts touch, for the accounts that they are about. Layers that read another one of the
// whole company, as the policy is, follow on the days on which that has changed. What it has done stays done if it is cut short.
func (r *Refresher) Refresh(ctx context.Context, wanted []time.Time, zone string, whole time.Time) (Report, error) {
	began := time.Now()
	var report Report
	changes, batches, err := r.pending(ctx)
	if err != nil {
		return report, fmt.Errorf("read what has changed: %w", queries.Brief(err))
	}
	done, err := r.state(ctx)
	if err != nil {
		return report, fmt.Errorf("read which days are computed: %w", queries.Brief(err))
	}
	report.Changes = len(changes)
	// The days of layers of the whole company are recorded when all that follows on them is computed: if it is not, they count as changed
	// again the next time.
	var complete []func() error
	full := map[string]map[time.Time]bool{} // by layer, the days that are computed for all accounts since something else than its facts changed
	for _, layer := range r.Layout.Layers {
		w := r.work(layer, wanted, zone, whole, changes, done[layer.Name], full)
		if layer.IsByDay() && !layer.IsByAccount() {
			hashes, err := r.company(ctx, layer, w.all, zone, whole)
			if err != nil {
				return report, err
			}
			if len(w.all) > 0 {
				complete = append(complete, func() error { return r.record(ctx, layer, w.all, hashes, zone, whole) })
			}
			full[layer.Name] = map[time.Time]bool{}
			for _, d := range w.all {
				if last, found := done[layer.Name][d]; !found || last.hash != hashes[d] {
					full[layer.Name][d] = true
				}
			}
			report.Whole += len(w.all)
			continue
		}
		full[layer.Name] = map[time.Time]bool{}
		for _, d := range w.all {
			if w.follows[d] {
				full[layer.Name][d] = true
			}
		}
		for _, days := range chunksOf(layer, w.all) {
			if err := r.layer(ctx, layer, days, nil, zone, whole); err != nil {
				return report, err
			}
			if err := r.record(ctx, layer, days, nil, zone, whole); err != nil {
				return report, err
			}
		}
		report.Whole += len(w.all)
		if len(w.accounts) > 0 && len(w.some) > 0 {
			if err := r.layer(ctx, layer, w.some, w.accounts, zone, whole); err != nil {
				return report, err
			}
			report.Accounts = max(report.Accounts, len(w.accounts))
		}
	}
	for _, record := range complete {
		if err := record(); err != nil {
			return report, err
		}
	}
	if err := r.seen(ctx, batches); err != nil {
		return report, fmt.Errorf("record which changes are processed: %w", queries.Brief(err))
	}
	report.Took = time.Since(began)
	return report, nil
}

// work is what is to be done of a layer.
type work struct {
	all      []time.Time        // days, for all accounts
	follows  map[time.Time]bool // those of them on which what reads the layer is to follow
	some     []time.Time        // days, for some accounts
	accounts []string
}

func (r *Refresher) work(layer queries.Query, wanted []time.Time, zone string, whole time.Time, changes map[string]change, done map[time.Time]computed, full map[string]map[time.Time]bool) work {
	w := work{follows: map[time.Time]bool{}}
	facts, own := r.Layout.Facts(layer.Name), r.Layout.OwnFacts(layer.Name)
	var first, all time.Time // first day that changes of some accounts touch, and of all
	for account, c := range changes {
		reads := func(table string) bool { return c.tables[table] }
		switch {
		case !slices.ContainsFunc(facts, reads):
		case !layer.IsByAccount():
			all = earlier(all, c.firstOn)
		case account != "":
			w.accounts = append(w.accounts, account)
			first = earlier(first, c.firstOn)
		case slices.ContainsFunc(own, reads):
			all = earlier(all, c.firstOn) // what it reads by way of other layers, those say
		}
	}
	slices.Sort(w.accounts)
	if len(w.accounts) > manyAccounts {
		w.accounts = nil
		all = earlier(all, first)
	}
	days := wanted
	if !layer.IsByDay() {
		days = []time.Time{{}} // its one day stands for all
	}
	for _, d := range days {
		last, found := done[d]
		follows := slices.ContainsFunc(r.Layout.Reads(layer.Name), func(other string) bool { return r.follows(other, d, full) })
		touched := !all.IsZero() && (d.IsZero() || !d.Before(all))
		switch {
		case !found, last.definition != r.definition(layer, zone), layer.IsByDay() && last.whole.Before(d) && !whole.Before(d), follows, touched:
			w.all = append(w.all, d)
			w.follows[d] = follows || touched
		case len(w.accounts) > 0 && (d.IsZero() || !d.Before(first)):
			w.some = append(w.some, d)
		}
	}
	return w
}

// follows tells whether what a layer or view says of a day has changed for all accounts.
func (r *Refresher) follows(name string, day time.Time, full map[string]map[time.Time]bool) bool {
	if days, layer := full[name]; layer {
		return days[day] || days[time.Time{}]
	}
	return slices.ContainsFunc(r.Layout.Reads(name), func(other string) bool { return r.follows(other, day, full) })
}

// company computes days of a layer of the whole company, and returns hashes of its rows.
func (r *Refresher) company(ctx context.Context, layer queries.Query, days []time.Time, zone string, whole time.Time) (map[time.Time]uint64, error) {
	all := map[time.Time]uint64{}
	for _, chunk := range chunks(days) {
		if err := r.layer(ctx, layer, chunk, nil, zone, whole); err != nil {
			return nil, err
		}
		hashes, err := r.hashes(ctx, layer, chunk)
		if err != nil {
			return nil, err
		}
		maps.Copy(all, hashes)
	}
	return all, nil
}

// hashes are what a layer of the whole company says of days.
func (r *Refresher) hashes(ctx context.Context, layer queries.Query, days []time.Time) (map[time.Time]uint64, error) {
	ctx = clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{"days": dayList(days)}))
	rows, err := r.Conn.Query(ctx, "select day, sum(cityHash64(formatRowNoNewline('TabSeparated', *))) from "+layer.Name+" where day in {days:Array(Date)} group by day")
	if err != nil {
		return nil, fmt.Errorf("read the layer %s: %w", layer.Name, queries.Brief(err))
	}
	defer rows.Close()
	found := map[time.Time]uint64{}
	for rows.Next() {
		var day time.Time
		var hash uint64
		if err := rows.Scan(&day, &hash); err != nil {
			return nil, err
		}
		found[day.UTC()] = hash
	}
	return found, rows.Err()
}

// pending reads the changes to process, by account, and their batches.
func (r *Refresher) pending(ctx context.Context) (map[string]change, []uint64, error) {
	rows, err := r.Conn.Query(ctx, `
		select account_id, groupUniqArray(toString(table)) as tables, min(first_on), groupUniqArray(batch)
		from stored_fact_changes final
		where step = 2 or at < now64(3) - interval `+fmt.Sprint(int(unstoredAfter.Seconds()))+` second
		group by account_id`)
	if err != nil {
		return nil, nil, err
	}
	defer rows.Close()
	changes := map[string]change{}
	batches := map[uint64]bool{}
	for rows.Next() {
		var account string
		var tables []string
		var first time.Time
		var of []uint64
		if err := rows.Scan(&account, &tables, &first, &of); err != nil {
			return nil, nil, err
		}
		changes[account] = change{set(tables), first.UTC()}
		for _, b := range of {
			batches[b] = true
		}
	}
	return changes, slices.Sorted(maps.Keys(batches)), rows.Err()
}

// seen records that batches are processed.
func (r *Refresher) seen(ctx context.Context, batches []uint64) error {
	for some := range slices.Chunk(batches, 10_000) {
		texts := make([]string, len(some))
		for i, b := range some {
			texts[i] = fmt.Sprint(b)
		}
		if err := r.Conn.Exec(ctx, "insert into stored_fact_changes (batch, table, account_id, first_on, step) select batch, table, account_id, first_on, 3 from stored_fact_changes final where batch in ("+
			strings.Join(texts, ",")+")"); err != nil {
			return err
		}
	}
	return nil
}

// state reads which days of the layers are computed, and how.
func (r *Refresher) state(ctx context.Context) (map[string]map[time.Time]computed, error) {
	rows, err := r.Conn.Query(ctx, "select toString(layer), day, toString(definition), whole, hash from stored_layer_days final")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string]map[time.Time]computed{}
	for rows.Next() {
		var layer string
		var day time.Time
		var c computed
		if err := rows.Scan(&layer, &day, &c.definition, &c.whole, &c.hash); err != nil {
			return nil, err
		}
		if found[layer] == nil {
			found[layer] = map[time.Time]computed{}
		}
		if day.Unix() == 0 {
			day = time.Time{}
		}
		c.whole = c.whole.UTC()
		found[layer][day.UTC()] = c
	}
	return found, rows.Err()
}

// definition is by what a layer is computed.
func (r *Refresher) definition(layer queries.Query, zone string) string {
	return r.Layout.Definition(layer.Name) + " " + zone
}

// record says that days of a layer are computed; a layer that is not of the whole company has no hashes.
func (r *Refresher) record(ctx context.Context, layer queries.Query, days []time.Time, hashes map[time.Time]uint64, zone string, whole time.Time) error {
	if !layer.IsByDay() {
		days = []time.Time{time.Unix(0, 0).UTC()}
	}
	texts := make([]string, len(days))
	for i, d := range days {
		texts[i] = fmt.Sprint(hashes[d])
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{
		"days": dayList(days), "hashes": "[" + strings.Join(texts, ",") + "]",
		"layer": layer.Name, "definition": r.definition(layer, zone), "whole": whole.Format(time.DateOnly),
	}))
	if err := r.Conn.Exec(ctx, `
		insert into stored_layer_days
		select {layer:String} as layer, x.1 as day, {definition:String} as definition, {whole:Date} as whole, x.2 as hash, now64(6) as computed_at
		from (select arrayJoin(arrayZip({days:Array(Date)}, {hashes:Array(UInt64)})) as x)`); err != nil {
		return fmt.Errorf("record that days of the layer %s are computed: %w", layer.Name, queries.Brief(err))
	}
	return nil
}

// chunksOf divides days into those that one statement computes.
func chunksOf(layer queries.Query, days []time.Time) [][]time.Time {
	if !layer.IsByDay() {
		if len(days) == 0 {
			return nil
		}
		return [][]time.Time{days}
	}
	return chunks(days)
}

func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func set[T comparable](of []T) map[T]bool {
	m := make(map[T]bool, len(of))
	for _, x := range of {
		m[x] = true
	}
	return m
}
