package history

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"cskpi/exporter"
	"cskpi/exporter/store"
	"cskpi/queries"
)

// Request says what is to be filled.
type Request struct {
	From, To  time.Time     // first and last day, at midnight UTC
	KPIs      []string      // by name; none: all
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

// After every courtesyAfter of work, Fill leaves others a chance: a process that waits for its turn, as an erasure does, looks for it every now and then.
const (
	courtesyAfter = 20 * time.Second
	courtesy      = 500 * time.Millisecond
)

// Fill computes what is missing or no longer holds of some days, the latest first. What is done is stored at once: a Fill that was cut
// short is made up for by the next. Of several at a time, here or in other processes, none does what another one has done. What cannot
// be computed is in the summary and does not keep anything else away; errors are about the database.
func (h *History) Fill(ctx context.Context, r Request) (s Summary, err error) {
	started := time.Now()
	s = Summary{From: r.From, To: r.To, Reasons: map[Reason]int{}}
	kpis, err := h.named(r.KPIs)
	if err != nil {
		return s, err
	}
	if r.To.After(h.Yesterday()) {
		return s, fmt.Errorf("%s has not closed yet; the last day that has is %s", r.To.Format(time.DateOnly), h.Yesterday().Format(time.DateOnly))
	}
	f := &filling{h: h, r: r, kpis: kpis, s: &s, days: map[time.Time]bool{}, done: map[string]bool{}, missing: map[time.Time]bool{}}
	defer func() {
		s.Days, s.KPIs, s.Took = len(f.days), len(f.done), time.Since(started)
	}()
	if err := h.factsWhole(ctx); err != nil {
		return s, err
	}
	// What has changed is known when the layers have it.
	done, err := h.o.Lease(ctx, kpis, r.To)
	if err != nil {
		return s, err
	}
	done()
	if f.plan, err = h.plan(ctx, kpis, r.From, r.To); err != nil {
		return s, err
	}
	at, err := now(ctx, h.o.Conn)
	if err != nil {
		return s, store.Brief(err)
	}
	atOnce, err := h.o.AtOnce(ctx)
	if err != nil {
		return s, err
	}
	var windows [][]time.Time // with something to do
	for to := r.To; !to.Before(r.From); to = to.AddDate(0, 0, -atOnce) {
		var days []time.Time
		todo := false
		for day := to; day.After(to.AddDate(0, 0, -atOnce)) && !day.Before(r.From); day = day.AddDate(0, 0, -1) {
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
		}
		if todo {
			windows = append(windows, days)
		}
	}
	f.begun = at
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
		if err := store.AloneInHistory(ctx, h.o.Conn, func(ctx context.Context) error { return f.window(ctx, days) }); err != nil {
			return s, err
		}
		f.passed(days)
	}
	return s, nil
}

// named are the KPIs of those names.
func (h *History) named(names []string) (kpis []queries.Query, err error) {
	if len(names) == 0 {
		return h.kpis, nil
	}
	for _, name := range names {
		i := slices.IndexFunc(h.kpis, func(q queries.Query) bool { return q.Name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no KPI %q", name)
		}
		kpis = append(kpis, h.kpis[i])
	}
	return kpis, nil
}

// filling is the state of one Fill.
type filling struct {
	h     *History
	r     Request
	kpis  []queries.Query
	plan  *planner
	begun time.Time
	total int

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
	done, err := h.o.Lease(ctx, f.kpis, days...) // what they need is computed together
	if err != nil {
		return err
	}
	done()
	at, err := now(ctx, h.o.Conn)
	if err != nil {
		return store.Brief(err)
	}
	// None needs more than a core.
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
	return context.Cause(ctx)
}

// kpi computes a KPI for those of the days for which it is due.
func (f *filling) kpi(ctx context.Context, q queries.Query, days []time.Time, at time.Time) error {
	tasks := f.due(q, days, at)
	if len(tasks) == 0 || ctx.Err() != nil {
		return nil
	}
	if err := f.h.o.Broken(q); err != nil {
		for _, t := range tasks {
			f.fail(q, t.day, err)
		}
		return nil
	}
	return f.compute(ctx, q, tasks)
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

// doneSince reports whether somebody computed the day after this work was begun.
func (f *filling) doneSince(q queries.Query, day time.Time) bool {
	last, found := f.plan.runs[q.Name][day.Format(time.DateOnly)]
	return found && last.at.After(f.begun)
}

// compute computes a KPI for days. Where that fails for several together, it is tried with half as many, so that one that cannot be
// computed keeps no other away.
func (f *filling) compute(ctx context.Context, q queries.Query, tasks []task) error {
	if f.r.Before != nil {
		if err := f.r.Before(ctx); err != nil {
			return err
		}
	}
	days := make([]time.Time, len(tasks))
	for i, t := range tasks {
		days[i] = t.day
	}
	// Whoever waits for a better time keeps nobody from computing.
	done, err := f.h.o.Lease(ctx, []queries.Query{q}, days...)
	if err != nil {
		return err
	}
	at, err := now(ctx, f.h.o.Conn) // what the layers had before is known
	if err != nil {
		done()
		return store.Brief(err)
	}
	read, err := f.read(ctx, q, days)
	done()
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, store.ErrDamaged):
		for _, t := range tasks {
			f.fail(q, t.day, err)
		}
		return nil
	case len(tasks) > 1:
		if err := f.compute(ctx, q, tasks[:len(tasks)/2]); err != nil {
			return err
		}
		return f.compute(ctx, q, tasks[len(tasks)/2:])
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
		runs[t.day.Format(time.DateOnly)] = run{at: at, definition: q.Definition(), settings: t.setting, knownUntil: at, reason: t.reason, facts: t.facts}
	}
	return runs
}

// read reads a KPI on days.
func (f *filling) read(ctx context.Context, q queries.Query, days []time.Time) ([]exporter.Day, error) {
	if err := f.h.whole(ctx, q); err != nil {
		return nil, err
	}
	read, err := exporter.ReadDays(ctx, f.h.o.Conn, q, q.SelectDays(days), days, exporter.DayOptions{Timeout: f.h.o.Timeout, MaxSeries: f.h.o.MaxSeries})
	if err == nil {
		err = f.h.whole(ctx, q) // the engine may have lost data, and been started again, before the statement ran
	}
	return read, err
}

// failed takes down that a day could not be computed. A database that is away fails everything, which is not to be told of each day.
func (f *filling) failed(ctx context.Context, q queries.Query, day time.Time, err error) error {
	if down := f.h.o.Conn.Ping(ctx); down != nil {
		return fmt.Errorf("the database does not answer: %w", store.Brief(err))
	}
	f.fail(q, day, err)
	return nil
}

// fail takes down that a day could not be computed.
func (f *filling) fail(q queries.Query, day time.Time, err error) {
	err = fmt.Errorf("query %s at %s: %w", q.Name, day.Format(time.DateOnly), store.Brief(err))
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
