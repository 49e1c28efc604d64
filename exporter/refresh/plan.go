package refresh

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"cskpi/exporter/store"
	"cskpi/queries"
	"cskpi/queries/sqltext"
)

// Report says what a Refresh did.
type Report struct {
	Whole    int // days of layers that were computed for all accounts
	Accounts int // accounts of which days were computed again
	Changes  int // accounts, and the company, whose facts had changed
	Took     time.Duration
	Layers   map[string]time.Duration // of Took, by layer
	Later    Need                     // days of KPIs that changes touch and that wait
}

// Slowest are the layers that took longest, so many at most, as in "usage_days 1.2s".
func (r Report) Slowest(most int) []string {
	names := slices.SortedFunc(maps.Keys(r.Layers), func(a, b string) int { return cmp.Compare(r.Layers[b], r.Layers[a]) })
	var texts []string
	for _, name := range names[:min(most, len(names))] {
		texts = append(texts, fmt.Sprintf("%s %.1fs", name, r.Layers[name].Seconds()))
	}
	return texts
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

// Refresh brings layers up to date: what is needed and not computed, or by another definition, or before the day was over, and what changes of facts
// touch of all that is computed, for the accounts that they are about, except for days of KPIs that may wait. Layers that read another one of the whole company, as the policy is, follow on
// the days on which that has changed. What it has done stays done if it is cut short.
func (r *Refresher) Refresh(ctx context.Context, need Need, zone string, whole time.Time) (Report, error) {
	began := time.Now()
	report := Report{Layers: map[string]time.Duration{}, Later: Need{}}
	changes, batches, err := r.pending(ctx)
	if err != nil {
		return report, fmt.Errorf("read what has changed: %w", store.Brief(err))
	}
	done, err := r.state(ctx, nil)
	if err != nil {
		return report, fmt.Errorf("read which days are computed: %w", store.Brief(err))
	}
	report.Changes = len(changes)
	// The days of layers of the whole company are recorded when all that follows on them is computed: if it is not, they count as changed
	// again the next time.
	var complete []func() error
	full := map[string]map[time.Time]bool{} // by layer, the days that are computed for all accounts since something else than its facts changed
	broken := map[string]error{}            // layers that cannot be computed, and those that stand on them
	for _, layer := range r.Layout.Layers {
		if err := r.standsOn(layer.View(), broken); err != nil {
			broken[layer.View()] = err
			continue
		}
		if err := r.whole(ctx, layer); errors.Is(err, store.ErrDamaged) {
			broken[layer.View()] = err
			continue
		} else if err != nil {
			return report, err
		}
		w := r.work(layer, need[layer.View()], zone, whole, changes, done[layer.View()], full)
		started := time.Now()
		if !layer.Model {
			// Past days of KPIs wait, so that those of today do not wait for them.
			var later []time.Time
			w.all, later = partition(w.all, func(d time.Time) bool { return need[layer.View()][d] || !r.Later[d] })
			if err := r.again(ctx, layer.View(), later, outdated); err != nil {
				return report, err
			}
			for _, d := range later {
				report.Later.add(layer.View(), d)
			}
		}
		record, err := r.bring(ctx, layer, w, zone, whole, done[layer.View()], full, &report)
		report.Layers[layer.View()] = time.Since(started)
		switch {
		case err == nil && record != nil:
			complete = append(complete, record)
		case err == nil:
		case ctx.Err() != nil || !isRefused(err):
			return report, err
		default:
			broken[layer.View()] = err
		}
	}
	for _, record := range complete {
		if err := record(); err != nil {
			return report, err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(broken)) {
		if err := r.again(ctx, name, slices.Collect(maps.Keys(done[name])), broke); err != nil {
			return report, err
		}
	}
	if err := r.seen(ctx, batches); err != nil {
		return report, fmt.Errorf("record which changes are processed: %w", store.Brief(err))
	}
	report.Took = time.Since(began)
	if len(broken) > 0 {
		return report, Broken(broken)
	}
	return report, nil
}

// bring computes what is to be done of a layer. What it returns, unless nil, is to be called when all that follows on the layer is computed.
func (r *Refresher) bring(ctx context.Context, layer queries.Query, w work, zone string, whole time.Time, done map[time.Time]computed, full map[string]map[time.Time]bool, report *Report) (complete func() error, err error) {
	full[layer.View()] = map[time.Time]bool{}
	if layer.IsByDay() && !layer.IsByAccount() {
		hashes, err := r.company(ctx, layer, w.all, zone, whole)
		if err != nil {
			return nil, err
		}
		for _, d := range w.all {
			if last, found := done[d]; !found || last.hash != hashes[d] {
				full[layer.View()][d] = true
			}
		}
		report.Whole += len(w.all)
		if len(w.all) == 0 {
			return nil, nil
		}
		return func() error { return r.record(ctx, layer, w.all, hashes, zone, whole) }, nil
	}
	for _, d := range w.all {
		if _, again := done[d]; again && w.follows[d] { // nothing has read yet what is new
			full[layer.View()][d] = true
		}
	}
	for _, days := range r.chunksOf(layer, w.all) {
		if err := r.layer(ctx, layer, days, nil, zone, whole); err != nil {
			return nil, err
		}
		if err := r.record(ctx, layer, days, nil, zone, whole); err != nil {
			return nil, err
		}
	}
	report.Whole += len(w.all)
	if len(w.accounts) > 0 && len(w.some) > 0 {
		if err := r.layer(ctx, layer, w.some, w.accounts, zone, whole); err != nil {
			return nil, err
		}
		if err := r.record(ctx, layer, w.some, nil, zone, whole); err != nil {
			return nil, err
		}
		report.Accounts = max(report.Accounts, len(w.accounts))
	}
	return nil, nil
}

// Broken are layers that the engine could not compute, by name, and why; those that stand on them are among them. All others are computed.
type Broken map[string]error

func (b Broken) Error() string {
	names := slices.Sorted(maps.Keys(b))
	causes := map[string]bool{}
	var texts []string
	for _, name := range names {
		if text := b[name].Error(); !causes[text] {
			causes[text] = true
			texts = append(texts, text)
		}
	}
	return fmt.Sprintf("%d layers cannot be computed (%s): %s", len(b), strings.Join(names, ", "), strings.Join(texts, "; "))
}

// whole reports whether the facts that a layer reads are whole.
func (r *Refresher) whole(ctx context.Context, layer queries.Query) error {
	if r.Whole == nil {
		return nil
	}
	var tables []string
	for _, fact := range r.Layout.OwnFacts(layer.View()) {
		tables = append(tables, queries.StoredPrefix+fact)
	}
	return r.Whole(ctx, tables)
}

// standsOn is why a layer cannot be computed: one that it reads, itself or by way of views, is broken.
func (r *Refresher) standsOn(name string, broken map[string]error) error {
	for _, other := range slices.Sorted(maps.Keys(r.Layout.Next(name))) {
		if err := broken[other]; err != nil {
			return err
		}
	}
	return nil
}

// kpi begins the definitions of KPIs whose results are stored, by which the view days tells them from other layers.
const kpi = "kpi "

// What stands in place of the definition of days that are to be computed again.
const (
	broke    = ""               // they could not be, and the view days says that they are not computed
	outdated = kpi + "outdated" // they wait for their turn, as days do whose facts have just arrived
)

// again lets days of a layer be computed again: what changed meanwhile is not in them.
func (r *Refresher) again(ctx context.Context, name string, days []time.Time, why string) error {
	if len(days) == 0 {
		return nil
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{"days": dayList(days)}))
	if err := r.Conn.Exec(ctx, "insert into stored_layer_days select layer, day, "+sqltext.Quote(why)+" as definition, whole, 0 as hash, now64(6) as computed_at from stored_layer_days as d final "+
		"where d.definition != '' and layer = "+sqltext.Quote(name)+" and day in {days:Array(Date)}"); err != nil {
		return fmt.Errorf("record that the layer %s is not up to date: %w", name, store.Brief(err))
	}
	return nil
}

// partition divides days into those for which something holds, and the others.
func partition(days []time.Time, holds func(time.Time) bool) (those, others []time.Time) {
	for _, d := range days {
		if holds(d) {
			those = append(those, d)
		} else {
			others = append(others, d)
		}
	}
	return those, others
}

// isRefused tells that the engine is there and could not compute what it was asked for.
func isRefused(err error) bool {
	var exception *clickhouse.Exception
	return errors.As(err, &exception)
}

// work is what is to be done of a layer.
type work struct {
	all      []time.Time        // days, for all accounts
	follows  map[time.Time]bool // those of them on which what reads the layer is to follow
	some     []time.Time        // days, for some accounts
	accounts []string
}

func (r *Refresher) work(layer queries.Query, needed map[time.Time]bool, zone string, whole time.Time, changes map[string]change, done map[time.Time]computed, full map[string]map[time.Time]bool) work {
	w := work{follows: map[time.Time]bool{}}
	own := r.Layout.OwnFacts(layer.View())
	var first, all time.Time // first day that changes of some accounts touch, and of all
	for account, c := range changes {
		on, touched := r.firstTouched(layer.View(), c)
		switch {
		case !touched, r.Layout.IsUntilLast(layer.View()) && on.After(whole):
		case !layer.IsByAccount():
			all = earlier(all, on)
		case account != "":
			w.accounts = append(w.accounts, account)
			first = earlier(first, on)
		case slices.ContainsFunc(own, func(table string) bool { return c.tables[table] && table != staff }):
			all = earlier(all, on) // what it reads by way of other layers, those say; what is said of staff, the accounts that name them
		}
	}
	slices.Sort(w.accounts)
	if len(w.accounts) > manyAccounts {
		w.accounts = nil
		all = earlier(all, first)
	}
	days := maps.Clone(needed)
	if days == nil {
		days = map[time.Time]bool{}
	}
	for d := range done {
		days[d] = days[d] || !r.isStale(layer, d, done, zone, whole) // what is stale waits until it is needed
	}
	for _, d := range latestFirst(maps.Keys(days)) {
		if !days[d] {
			continue
		}
		follows := r.follows(layer.View(), d, full)
		touched := !all.IsZero() && (d.IsZero() || !d.Before(all))
		switch {
		case r.isStale(layer, d, done, zone, whole), follows, touched:
			w.all = append(w.all, d)
			w.follows[d] = follows || touched
		case len(w.accounts) > 0 && (d.IsZero() || !d.Before(first)):
			w.some = append(w.some, d)
		}
	}
	return w
}

// Stale is what of a need is not computed as it would be now, what changed of facts apart. Layers that are broken count as computed.
func (r *Refresher) Stale(ctx context.Context, need Need, zone string, whole time.Time, broken Broken) (Need, error) {
	done, err := r.state(ctx, need.Days())
	if err != nil {
		return nil, fmt.Errorf("read which days are computed: %w", store.Brief(err))
	}
	stale := Need{}
	for _, layer := range r.Layout.Layers {
		for day := range need[layer.View()] {
			if broken[layer.View()] == nil && r.isStale(layer, day, done[layer.View()], zone, whole) {
				stale.add(layer.View(), day)
			}
		}
	}
	return stale, nil
}

// Differ are the layers that were last computed by another definition.
func (r *Refresher) Differ(ctx context.Context, zone string) (names []string, err error) {
	var latest map[string]string
	if err := r.Conn.QueryRow(ctx, "select mapFromArrays(groupArray(name), groupArray(definition)) from "+
		"(select toString(layer) as name, argMax(toString(d.definition), computed_at) as definition from stored_layer_days as d where d.definition not in ('', '"+outdated+"') group by name)").Scan(&latest); err != nil {
		return nil, fmt.Errorf("read by which definitions days are computed: %w", store.Brief(err))
	}
	for _, layer := range r.Layout.Layers {
		if definition := latest[layer.View()]; definition != "" && definition != r.definition(layer, zone) {
			names = append(names, layer.View())
		}
	}
	return names, nil
}

// isStale reports whether a day of a layer is not computed, or by another definition, or before it was over.
func (r *Refresher) isStale(layer queries.Query, day time.Time, done map[time.Time]computed, zone string, whole time.Time) bool {
	last, found := done[day]
	return !found || last.definition != r.definition(layer, zone) || layer.IsByDay() && last.whole.Before(day) && !whole.Before(day) ||
		r.Layout.IsUntilLast(layer.View()) && last.whole.Before(whole)
}

// firstTouched is the first day of a layer that a change of facts touches; false: none.
func (r *Refresher) firstTouched(name string, c change) (first time.Time, touched bool) {
	for table := range c.tables {
		if days, found := r.Layout.Lag(name, table); found {
			first, touched = earlier(first, c.firstOn.AddDate(0, 0, days)), true
		}
	}
	return first, touched
}

// follows reports whether a layer that this one reads has changed for all accounts, on the day or on one that is looked back on.
func (r *Refresher) follows(name string, day time.Time, full map[string]map[time.Time]bool) bool {
	for next, distances := range r.Layout.Next(name) {
		days := full[next]
		if days[time.Time{}] || !day.IsZero() && slices.ContainsFunc(distances, func(before int) bool { return days[day.AddDate(0, 0, -before)] }) {
			return true
		}
	}
	return false
}

// company computes days of a layer of the whole company, and returns hashes of its rows.
func (r *Refresher) company(ctx context.Context, layer queries.Query, days []time.Time, zone string, whole time.Time) (map[time.Time]uint64, error) {
	all := map[time.Time]uint64{}
	for _, chunk := range r.chunks(days) {
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
	rows, err := r.Conn.Query(ctx, "select day, sum(cityHash64(formatRowNoNewline('TabSeparated', *))) from "+layer.View()+" where day in {days:Array(Date)} group by day")
	if err != nil {
		return nil, fmt.Errorf("read the layer %s: %w", layer.View(), store.Brief(err))
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

// Pending reports whether facts have changed that the layers do not have.
func (r *Refresher) Pending(ctx context.Context) (bool, error) {
	changes, _, err := r.pending(ctx)
	if err != nil {
		return false, fmt.Errorf("read what has changed: %w", store.Brief(err))
	}
	return len(changes) > 0, nil
}

// seen records that batches are processed.
func (r *Refresher) seen(ctx context.Context, batches []uint64) error {
	for some := range slices.Chunk(batches, 10_000) {
		texts := make([]string, len(some))
		for i, b := range some {
			texts[i] = fmt.Sprint(b)
		}
		if err := r.Conn.Exec(ctx, "insert into fact_changes (table, changed_at, first_on, last_on, rows) select if(startsWith(table, 'usage_'), 'usage_events', toString(table)) as of, now64(3), min(first_on), max(last_on), sum(rows) from stored_fact_changes final where (not startsWith(table, 'usage_') or table = 'usage_account_days') and batch in ("+
			strings.Join(texts, ",")+") group by of"); err != nil {
			return err
		}
		if err := r.Conn.Exec(ctx, "insert into stored_fact_changes (batch, table, account_id, first_on, last_on, rows, step) select batch, table, account_id, first_on, last_on, rows, 3 from stored_fact_changes final where batch in ("+
			strings.Join(texts, ",")+")"); err != nil {
			return err
		}
	}
	return nil
}

// state reads which of some days, or of all, are computed of the layers, and how; of layers without days, always.
func (r *Refresher) state(ctx context.Context, days []time.Time) (map[string]map[time.Time]computed, error) {
	ctx = clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{"days": dayList(days)}))
	rows, err := r.Conn.Query(ctx, "select toString(layer) as name, toString(d.definition) as by, max(computed_at), groupArray(day), groupArray(whole), groupArray(hash) from stored_layer_days as d final "+
		"where empty({days:Array(Date)}) or day = toDate(0) or day in {days:Array(Date)} group by name, by")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string]map[time.Time]computed{}
	for rows.Next() {
		var layer, definition string
		var at time.Time
		var days, whole []time.Time
		var hashes []uint64
		if err := rows.Scan(&layer, &definition, &at, &days, &whole, &hashes); err != nil {
			return nil, err
		}
		r.last = max(r.last, at.UnixMicro()) // rows are recorded after they are computed
		if found[layer] == nil {
			found[layer] = make(map[time.Time]computed, len(days))
		}
		for i, day := range days {
			if day = day.UTC(); day.Unix() == 0 {
				day = time.Time{}
			}
			found[layer][day] = computed{definition, whole[i].UTC(), hashes[i]}
		}
	}
	return found, rows.Err()
}

// definition is by what a layer is computed.
func (r *Refresher) definition(layer queries.Query, zone string) string {
	definition := r.Layout.Definition(layer.View()) + " " + zone
	if !layer.Model {
		definition = kpi + definition
	}
	return definition
}

// record says that days of a layer are computed; a layer that is not of the whole company has no hashes.
func (r *Refresher) record(ctx context.Context, layer queries.Query, days []time.Time, hashes map[time.Time]uint64, zone string, whole time.Time) error {
	if !layer.IsByDay() {
		days = []time.Time{{}}
	}
	texts := make([]string, len(days))
	for i, d := range days {
		texts[i] = fmt.Sprint(hashes[d])
	}
	ctx = clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{
		"days": dayList(days), "hashes": "[" + strings.Join(texts, ",") + "]",
		"layer": layer.View(), "definition": r.definition(layer, zone), "whole": whole.Format(time.DateOnly),
	}))
	if err := r.Conn.Exec(ctx, `
		insert into stored_layer_days
		select {layer:String} as layer, x.1 as day, {definition:String} as definition, {whole:Date} as whole, x.2 as hash, now64(6) as computed_at
		from (select arrayJoin(arrayZip({days:Array(Date)}, {hashes:Array(UInt64)})) as x)`); err != nil {
		return fmt.Errorf("record that days of the layer %s are computed: %w", layer.View(), store.Brief(err))
	}
	return nil
}

// chunksOf divides days into those that one statement computes.
func (r *Refresher) chunksOf(layer queries.Query, days []time.Time) [][]time.Time {
	if !layer.IsByDay() {
		if len(days) == 0 {
			return nil
		}
		return [][]time.Time{days}
	}
	return r.chunks(days)
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
