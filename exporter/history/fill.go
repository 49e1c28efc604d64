package history

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"cskpi/exporter"
	"cskpi/queries"
)

// Request says what is to be filled.
type Request struct {
	From, To  time.Time     // first and last day, at midnight UTC
	KPIs      []string      // by name, stored models as well; none: all
	Recompute bool          // also what is there and holds
	Parallel  int           // statements at a time [1]
	Rest      time.Duration // how long a day is left alone after it was computed, while facts keep arriving [0]
	// Before is called before each statement and may wait for a better time; an error ends the work. [nothing]
	Before   func(context.Context) error
	Progress func(Progress) // is told of each day of a KPI that is done, one at a time [nothing]
}

// Progress tells how far a Fill is.
type Progress struct {
	Done, Total int       // days of KPIs
	Day         time.Time // that is worked on
	Missing     int       // days of which some KPI was never computed
	Stale       int       // other days of which some KPI is to be computed again
}

// Summary tells what a Fill did.
type Summary struct {
	From, To time.Time
	Days     int // different ones that were computed
	KPIs     int // different ones
	Computed int // days of KPIs
	Held     int // days of KPIs that had been computed, and hold
	Restated int // days of KPIs that were computed before and differ now
	Series   int // values that differ from what was told before
	Refused  int // rows that the live service would refuse, too
	Reasons  map[Reason]int
	Failed   []Failure
	Took     time.Duration
}

// Failure is a KPI that could not be computed for some days.
type Failure struct {
	KPI      string
	From, To time.Time
	Days     int
	Err      error // of the latest day
}

// keepAtMost is how long models are kept of which days to come may need some.
const keepAtMost = 10 * time.Minute

// After every courtesyAfter of work, Fill leaves others a chance: a process that waits for its turn, as an erasure does, looks for it every now and then.
const (
	courtesyAfter = 20 * time.Second
	courtesy      = 500 * time.Millisecond
)

// window is how many days are looked at together, so that what many KPIs stand on can be computed for them once.
func (h *History) window() int { return max(h.o.Days, 1) }

// Fill computes what is missing or no longer holds of some days, the latest first. What is done is stored at once: a Fill that was cut
// short is made up for by the next. Of several at a time, here or in other processes, none does what another one has done. What cannot
// be computed is in the summary and does not keep anything else away; errors are about the database.
func (h *History) Fill(ctx context.Context, r Request) (s Summary, err error) {
	started := time.Now()
	s = Summary{From: r.From, To: r.To, Reasons: map[Reason]int{}}
	kpis, stored, err := h.named(r.KPIs)
	if err != nil {
		return s, err
	}
	if r.To.After(h.Yesterday()) {
		return s, fmt.Errorf("%s has not closed yet; the last day that has is %s", r.To.Format(time.DateOnly), h.Yesterday().Format(time.DateOnly))
	}
	f := &filling{h: h, r: r, kpis: kpis, stored: stored, s: &s, days: map[time.Time]bool{}, done: map[string]bool{}, missing: map[time.Time]bool{}}
	defer func() {
		s.Days, s.KPIs, s.Took = len(f.days), len(f.done), time.Since(started)
	}()
	if err := h.factsWhole(ctx); err != nil {
		return s, err
	}
	if f.plan, err = h.plan(ctx, slices.Concat(kpis, stored), r.From, r.To); err != nil {
		return s, err
	}
	at, err := now(ctx, h.o.Conn)
	if err != nil {
		return s, queries.Brief(err)
	}
	var windows [][]time.Time // with something to do
	for to := r.To; !to.Before(r.From); to = to.AddDate(0, 0, -h.window()) {
		var days []time.Time
		todo := false
		for day := to; day.After(to.AddDate(0, 0, -h.window())) && !day.Before(r.From); day = day.AddDate(0, 0, -1) {
			days = append(days, day)
			for _, q := range kpis {
				if t, due := f.plan.of(q, day, r.Recompute, r.Rest, at); due {
					f.total++
					f.missing[day] = f.missing[day] || t.reason == First
					todo = true
				} else {
					s.Held++
				}
			}
			for _, q := range stored {
				if t, due := f.plan.of(q, day, r.Recompute, r.Rest, at); due {
					f.missing[day] = f.missing[day] || t.reason == First
					todo = true
				}
			}
		}
		if todo {
			windows = append(windows, days)
		}
	}
	f.begun = at
	defer h.Close()
	f.report(r.To, 0)
	for rested := time.Now(); len(windows) > 0; windows = windows[1:] {
		days := windows[0]
		if time.Since(rested) > courtesyAfter {
			select {
			case <-time.After(courtesy):
			case <-ctx.Done():
				return s, context.Cause(ctx)
			}
			rested = time.Now()
		}
		if err := queries.AloneInHistory(ctx, h.o.Conn, func(ctx context.Context) error { return f.window(ctx, days) }); err != nil {
			return s, err
		}
		f.passed(days)
	}
	return s, nil
}

// named are the KPIs and stored models of those names.
func (h *History) named(names []string) (kpis, stored []queries.Query, err error) {
	if len(names) == 0 {
		return h.kpis, h.stored, nil
	}
	for _, name := range names {
		is := func(q queries.Query) bool { return q.Name == name }
		if i := slices.IndexFunc(h.kpis, is); i >= 0 {
			kpis = append(kpis, h.kpis[i])
		} else if i := slices.IndexFunc(h.stored, is); i >= 0 {
			stored = append(stored, h.stored[i])
		} else {
			return nil, nil, fmt.Errorf("there is no KPI %q", name)
		}
	}
	return kpis, stored, nil
}

// filling is the state of one Fill.
type filling struct {
	h    *History
	r    Request
	kpis []queries.Query
	// stored are models whose rows are stored, too; they count neither as KPIs nor as days of such.
	stored []queries.Query
	plan   *planner
	begun  time.Time
	kept   time.Time         // since when models are kept: what arrived since may not be in what stands on them
	stood  map[string]string // the state of the tables just before that
	total  int

	mu   sync.Mutex
	s    *Summary
	sum  int // days of KPIs that are done or failed
	days map[time.Time]bool
	done map[string]bool // KPIs

	missing map[time.Time]bool // days with something to do that are not passed yet: whether something was never computed
}

func (f *filling) report(day time.Time, more int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.sum += more
	if f.r.Progress != nil {
		p := Progress{Done: f.sum, Total: max(f.total, f.sum), Day: day}
		for _, missing := range f.missing {
			if missing {
				p.Missing++
			} else {
				p.Stale++
			}
		}
		f.r.Progress(p)
	}
}

// passed takes days off what is to be done.
func (f *filling) passed(days []time.Time) {
	f.mu.Lock()
	for _, day := range days {
		delete(f.missing, day)
	}
	f.mu.Unlock()
	f.report(days[len(days)-1], 0)
}

// window computes what is due of some days.
func (f *filling) window(ctx context.Context, days []time.Time) error {
	h := f.h
	// Others may have done some of it.
	if err := f.plan.read(ctx, days[len(days)-1], days[0]); err != nil {
		return err
	}
	at, err := now(ctx, h.o.Conn)
	if err != nil {
		return queries.Brief(err)
	}
	if at.Sub(f.kept) > keepAtMost {
		h.Close() // what was kept before does not stand for what is known now
		f.kept = at
		if f.stood, err = h.state(ctx); err != nil {
			return queries.Brief(err)
		}
	} else if err := h.o.Reader.Forget(ctx, days[0]); err != nil {
		return queries.Brief(err)
	}
	// One statement or another waits for a model; none needs more than a core.
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_threads": 1}))
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	work := make(chan queries.Query)
	var wg sync.WaitGroup
	for range max(f.r.Parallel, 1) {
		wg.Go(func() {
			for q := range work {
				if err := f.kpi(ctx, q, days, at); err != nil {
					cancel(err)
				}
			}
		})
	}
	for _, q := range f.kpis {
		select {
		case work <- q:
		case <-ctx.Done():
		}
	}
	close(work)
	wg.Wait()
	for _, q := range f.stored {
		if err := f.store(ctx, q, f.due(q, days, at), at); err != nil {
			return err
		}
	}
	return context.Cause(ctx)
}

// kpi computes a KPI for those of the days for which it is due.
func (f *filling) kpi(ctx context.Context, q queries.Query, days []time.Time, at time.Time) error {
	tasks := f.due(q, days, at)
	if len(tasks) == 0 || ctx.Err() != nil {
		return nil
	}
	return f.compute(ctx, q, tasks, at)
}

// due is what is to be done of a KPI for those of the days for which it is due.
func (f *filling) due(q queries.Query, days []time.Time, at time.Time) []task {
	var tasks []task
	for _, day := range days {
		if f.r.Recompute && f.doneSince(q, day) {
			continue
		}
		if t, due := f.plan.of(q, day, f.r.Recompute, f.r.Rest, at); due {
			tasks = append(tasks, t)
		}
	}
	return tasks
}

// doneSince tells whether somebody computed the day after this work was begun.
func (f *filling) doneSince(q queries.Query, day time.Time) bool {
	last, found := f.plan.runs[q.Name][day.Format(time.DateOnly)]
	return found && last.at.After(f.begun)
}

// compute computes a KPI for days. Where that fails for several together, it is tried with half as many, so that one that cannot be
// computed keeps no other away.
func (f *filling) compute(ctx context.Context, q queries.Query, tasks []task, at time.Time) error {
	if f.r.Before != nil {
		if err := f.r.Before(ctx); err != nil {
			return err
		}
	}
	days := make([]time.Time, len(tasks))
	for i, t := range tasks {
		days[i] = t.day
	}
	read, err := f.read(ctx, q, days)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, queries.ErrDamaged):
		for _, t := range tasks {
			f.fail(q, t.day, err)
		}
		return nil
	case len(tasks) > 1 && errors.Is(err, errOneDay):
		f.h.o.Log.Debug("a KPI is computed day by day", "query", q.Name, "why", err)
		for _, t := range tasks {
			if err := f.compute(ctx, q, []task{t}, at); err != nil {
				return err
			}
		}
		return nil
	case len(tasks) > 1:
		if err := f.compute(ctx, q, tasks[:len(tasks)/2], at); err != nil {
			return err
		}
		return f.compute(ctx, q, tasks[len(tasks)/2:], at)
	default:
		return f.failed(ctx, q, tasks[0].day, err)
	}

	runs, ran := f.runs(q, tasks, at), map[string]time.Time{}
	for _, t := range tasks {
		if t.stale {
			ran[t.day.Format(time.DateOnly)] = t.told
		}
	}
	changed, err := f.h.write(ctx, q, read, runs, ran)
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return err
	}
	f.mu.Lock()
	f.done[q.Name] = true
	for i, t := range tasks {
		f.days[t.day] = true
		f.s.Computed++
		f.s.Reasons[t.reason]++
		f.s.Refused += read[i].Refused
		n := changed[t.day.Format(time.DateOnly)]
		if t.stale && n > 0 {
			f.s.Restated++
			f.s.Series += int(n)
		}
		if read[i].Refused > 0 {
			f.h.o.Log.Warn("rows of a past day refused", "query", q.Name, "as_of", t.day.Format(time.DateOnly), "rows", read[i].Refused, "example", read[i].Why)
		}
	}
	f.mu.Unlock()
	f.report(days[len(days)-1], len(tasks))
	return nil
}

// runs are those of tasks, by day.
func (f *filling) runs(q queries.Query, tasks []task, at time.Time) map[string]run {
	runs := make(map[string]run, len(tasks))
	for _, t := range tasks {
		runs[t.day.Format(time.DateOnly)] = run{at: at, definition: f.h.definitions[q.Name], settings: t.setting, knownUntil: f.kept.Add(-seen), reason: t.reason, facts: t.facts}
	}
	return runs
}

// read computes a KPI for days. The first time that it does so for several at once, it computes one of them by itself as well. If that is
// another number, the KPI is computed day by day, since a wrong number is worse than a slow one: from then on if both stood on the same facts,
// and only this time if facts arrived in between, which may be the reason.
func (f *filling) read(ctx context.Context, q queries.Query, days []time.Time) ([]exporter.Day, error) {
	if len(days) == 1 {
		return f.readAs(ctx, q, days)
	}
	if known, is := f.h.together.Load(q.Name); is && !known.(bool) {
		return nil, fmt.Errorf("%w: computed with others it was another number", errOneDay)
	}
	read, err := f.readAs(ctx, q, days)
	if err != nil {
		return nil, err
	}
	if _, is := f.h.together.Load(q.Name); is {
		return read, nil
	}
	middle := len(days) / 2
	one, err := f.readAs(ctx, q, days[middle:middle+1])
	if err != nil {
		return nil, err
	}
	equal := sameDay(one[0], read[middle])
	if !equal {
		now, err := f.h.state(ctx)
		if err != nil {
			return nil, err
		}
		if table := changed(q, f.stood, now); table != "" {
			return nil, fmt.Errorf("%w: facts of %s arrived while it was compared with others", errOneDay, table)
		}
	}
	f.h.together.Store(q.Name, equal)
	if !equal {
		f.h.o.Log.Error("a KPI is another number when several days are computed at once; it is computed day by day, and this is a mistake in the program",
			"query", q.Name, "as_of", days[middle].Format(time.DateOnly))
		return nil, fmt.Errorf("%w: computed with others it is another number", errOneDay)
	}
	return read, nil
}

// state is a fingerprint of what each table holds. Inserting and deleting change it, merging does not.
func (h *History) state(ctx context.Context) (map[string]string, error) {
	rows, err := h.o.Conn.Query(ctx, `
		select table, toString(arraySort(groupArray((partition_id, inserted, deleted))))
		from (
			select table, partition_id, max(max_block_number) as inserted, max(if(length(of) > 4, toUInt64(of[5]), 0)) as deleted
			from (select table, partition_id, max_block_number, splitByChar('_', name) as of from system.parts where database = 'cs' and active) as parts
			group by table, partition_id
		) as partitions
		group by table`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	state := map[string]string{}
	for rows.Next() {
		var table, holds string
		if err := rows.Scan(&table, &holds); err != nil {
			return nil, err
		}
		state[table] = holds
	}
	return state, rows.Err()
}

// changed is a table that a KPI reads and that two states do not agree on; empty: there is none.
func changed(q queries.Query, before, after map[string]string) string {
	for _, state := range []map[string]string{before, after} {
		for _, table := range slices.Sorted(maps.Keys(state)) {
			if before[table] != after[table] && q.Reads(table) {
				return table
			}
		}
	}
	return ""
}

// readAs runs the reader's statement.
func (f *filling) readAs(ctx context.Context, q queries.Query, days []time.Time) ([]exporter.Day, error) {
	if err := f.h.whole(ctx, q); err != nil {
		return nil, err
	}
	sql, done, err := f.h.o.Reader.Select(ctx, q, days)
	if err != nil {
		return nil, err
	}
	defer done()
	read, err := exporter.ReadDays(ctx, f.h.o.Conn, q, sql, days, exporter.DayOptions{Timeout: f.h.o.Timeout, MaxSeries: f.h.o.MaxSeries})
	if err == nil {
		err = f.h.whole(ctx, q) // the engine may have lost data, and been started again, before the statement ran
	}
	return read, err
}

// sameDay tells whether two results are one, whatever the order of their rows.
func sameDay(a, b exporter.Day) bool {
	if len(a.Rows) != len(b.Rows) || a.Refused != b.Refused {
		return false
	}
	rows := make(map[string][]exporter.Value, len(a.Rows))
	for _, r := range a.Rows {
		rows[strings.Join(r.Labels, "\xff")] = r.Values
	}
	for _, r := range b.Rows {
		if !slices.EqualFunc(rows[strings.Join(r.Labels, "\xff")], r.Values, same) {
			return false
		}
	}
	return true
}

// failed takes down that a day could not be computed. A database that is away fails everything, which is not to be told of each day.
func (f *filling) failed(ctx context.Context, q queries.Query, day time.Time, err error) error {
	if down := f.h.o.Conn.Ping(ctx); down != nil {
		return fmt.Errorf("the database does not answer: %w", queries.Brief(err))
	}
	f.fail(q, day, err)
	return nil
}

// fail takes down that a day could not be computed.
func (f *filling) fail(q queries.Query, day time.Time, err error) {
	err = fmt.Errorf("query %s at %s: %w", q.Name, day.Format(time.DateOnly), queries.Brief(err))
	f.h.o.Log.Debug("a past day cannot be computed", "err", err)
	f.mu.Lock()
	i := slices.IndexFunc(f.s.Failed, func(x Failure) bool { return x.KPI == q.Name })
	if i < 0 {
		f.s.Failed = append(f.s.Failed, Failure{KPI: q.Name, From: day, To: day, Err: err})
		i = len(f.s.Failed) - 1
	}
	failed := &f.s.Failed[i]
	failed.Days++
	if day.Before(failed.From) {
		failed.From = day
	}
	if day.After(failed.To) {
		failed.To = day
	}
	f.mu.Unlock()
	f.report(day, 1)
}

// Err is nil, or says how much could not be computed, and why.
func (s Summary) Err() error {
	var errs []error
	n := 0
	for _, x := range s.Failed {
		n += x.Days
		errs = append(errs, fmt.Errorf("%w (%d days)", x.Err, x.Days))
	}
	if n == 0 {
		return nil
	}
	return fmt.Errorf("%d days of KPIs could not be computed: %w", n, errors.Join(errs...))
}
