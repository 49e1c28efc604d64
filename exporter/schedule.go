package exporter

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"cskpi/exporter/store"
	"cskpi/queries"
)

const (
	// pulse is the longest sleep of the schedule, so that a clock which was set, or a machine that slept, is noticed.
	pulse = time.Minute
	// retry is the pause after a first failure; it doubles with each further one, up to the query's interval.
	retry = 5 * time.Second
)

// outcome is what is known of a query. It is a value: a published one never changes.
type outcome struct {
	runs, failures uint64 // so far
	failing        int    // failures since the last success
	since          time.Time

	// Of the last run.
	sql      string
	asOf     time.Time
	started  time.Time
	duration time.Duration
	err      error
	due      time.Time // when the next one starts

	good *result // of the last run that succeeded; nil: none did
}

// Run computes every query at once and then each on its own interval, until ctx ends. It returns when no query runs any more; the
// error is always nil, because a query that fails is retried and reported by the metrics.
func (e *Exporter) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	busy := make([]bool, len(e.kpis))
	done := make(chan int, len(e.kpis))
	for {
		now, wait := e.now(), pulse
		for i, o := range *e.snapshot.Load() {
			switch {
			case busy[i]:
			case e.due(o, now):
				busy[i] = true
				wg.Go(func() {
					_ = e.run(ctx, e.kpis[i]) // recorded in the outcome
					done <- i
				})
			default:
				wait = min(wait, o.due.Sub(now))
			}
		}
		if midnight := nextDay(now, e.o.Location); midnight.After(now) {
			wait = min(wait, midnight.Sub(now))
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil
		case i := <-done:
			busy[i] = false
		case <-timer.C:
		}
		timer.Stop()
	}
}

// Refresh runs every query once, whether it is due or not, and returns when all are done: nil, or the errors of those
// that failed.
func (e *Exporter) Refresh(ctx context.Context) error {
	errs := make([]error, len(e.kpis))
	var wg sync.WaitGroup
	for i, k := range e.kpis {
		wg.Go(func() { errs[i] = e.run(ctx, k) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

// due reports whether a query is to run now. A new day makes all of them due, once, and so does a clock that was set back,
// because the times on record are then meaningless.
func (e *Exporter) due(o outcome, now time.Time) bool {
	return o.runs == 0 || !now.Before(o.due) || now.Before(o.started) || !o.asOf.Equal(AsOf(now, e.o.Location))
}

// nextDay is about when the date in zone changes. Where that midnight does not exist, it can be off by the gap of the
// clock change, and the pulse finds the new day.
func nextDay(now time.Time, zone *time.Location) time.Time {
	y, m, d := now.In(zone).Date()
	return time.Date(y, m, d+1, 0, 0, 0, 0, zone)
}

// run computes k and publishes the outcome. A run that was cut short because ctx ended leaves no trace.
func (e *Exporter) run(ctx context.Context, k *kpi) error {
	k.running.Lock()
	defer k.running.Unlock()
	select {
	case e.slots <- struct{}{}:
		defer func() { <-e.slots }()
	case <-ctx.Done():
		return ctx.Err()
	}

	// Readers of the local engine have a lower priority: while KPIs are computed, their queries pause.
	ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"priority": 1}))
	o := (*e.snapshot.Load())[k.index]
	previous := o
	o.started = e.now()
	o.asOf = AsOf(o.started, e.o.Location)
	o.sql = k.Select(o.asOf)
	var good *result
	err := e.o.Whole(ctx, k.Query)
	if err == nil {
		var done func()
		if done, err = e.o.Lease(ctx, []queries.Query{k.Query}, o.asOf); err == nil {
			good, err = e.read(ctx, k, o.sql)
			done()
		}
	}
	if err == nil {
		err = e.o.Whole(ctx, k.Query) // the engine may have lost data, and been started again, before the query ran
	}
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	ended := e.now()
	o.runs++
	o.duration = max(0, ended.Sub(o.started))
	log := e.o.Log.With("query", k.Name, "as_of", o.asOf.Format(time.DateOnly))
	if err != nil {
		o.err = fmt.Errorf("query %s: %w", k.Name, store.Brief(err))
		o.failures++
		o.failing++
		if o.failing == 1 {
			o.since = ended
		}
		o.due = ended.Add(min(k.every, retry<<min(o.failing-1, 16)))
		switch {
		case !o.damaged():
			log.Warn("query failed; its last good values stay until they are too old", "err", o.err,
				"duration_seconds", o.duration.Seconds(), "failing", o.failing, "retry", o.due)
		case !previous.damaged():
			log.Debug("query is not computed from damaged data; its last good values stay until the data is repaired", "err", o.err)
		}
	} else {
		o.err, o.failing, o.since = nil, 0, time.Time{}
		good.asOf, good.at = o.asOf, ended
		o.good = good
		o.due = o.started.Add(k.every)
		if previous.runs == 0 || !previous.asOf.Equal(o.asOf) {
			// All queries ran together just now; from the next time on they are spread out.
			o.due = o.due.Add(-k.jitter)
		}
		// A query that takes longer than its interval must not run without a pause.
		if rest := ended.Add(k.every / 10); o.due.Before(rest) {
			o.due = rest
		}
		for _, reason := range reasons {
			if r, ok := good.rejected[reason]; ok {
				log.Warn("rows refused", "reason", reason, "rows", r.rows, "example", r.example)
			}
		}
		if previous.failing > 0 {
			log.Info("query recovered", "failed", previous.failing)
		}
		log.Debug("query done", "duration_seconds", o.duration.Seconds(), "rows", good.read, "series", good.series)
	}

	e.mu.Lock()
	defer e.mu.Unlock()
	next := slices.Clone(*e.snapshot.Load())
	next[k.index] = o
	e.snapshot.Store(&next)
	return o.err
}

// Busy reports whether queries are being computed.
func (e *Exporter) Busy() bool { return len(e.slots) > 0 }

// damaged reports whether the query is not computed because its facts are damaged.
func (o outcome) damaged() bool { return errors.Is(o.err, store.ErrDamaged) }

// expired reports whether the values of o are too old to be shown. While its facts are damaged, they never are: there will be no
// others until somebody repairs the data, and their age is shown beside them.
func (k *kpi) expired(o outcome, now time.Time) bool {
	return o.good == nil || !o.damaged() && now.Sub(o.good.at) > k.maxAge
}

// ready is nil once every query was tried and one succeeded.
func (e *Exporter) ready() error {
	tried, good := 0, 0
	var failure error
	for _, o := range *e.snapshot.Load() {
		if o.runs > 0 {
			tried++
		}
		if o.good != nil {
			good++
		} else if failure == nil {
			failure = o.err
		}
	}
	switch {
	case tried < len(e.kpis):
		return fmt.Errorf("the first pass is under way: %d of %d queries tried", tried, len(e.kpis))
	case good == 0:
		return fmt.Errorf("no query has succeeded yet; the first error: %w", failure)
	}
	return nil
}
