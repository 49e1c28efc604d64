package service

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"cskpi/exporter/history"
)

const (
	pastEvery = 5 * time.Minute  // pause between looks for past days that have to be computed
	pastPulse = 15 * time.Second // how often it is seen whether another day has closed
	// pastRest is how long a past day is left alone after it was computed, while late facts keep arriving.
	pastRest  = 15 * time.Minute
	pastFirst = 3 * time.Second  // before the first look, which leaves the first pass over the KPIs of today alone
	pastWait  = 20 * time.Second // how long past days wait for the service to have nothing else to do
	pastLook  = 200 * time.Millisecond
)

// errNewDay ends a pass over past days because another one has closed, which goes first.
var errNewDay = errors.New("another day has closed")

// pastDays fills the history of the KPIs beside the schedule: yesterday when it has closed, then what is missing or no longer holds.
type pastDays struct {
	service  *Service
	history  *history.History
	busy     func() bool // whether the service has something else to do
	log      *slog.Logger
	registry *prometheus.Registry

	missing, stale, last         prometheus.Gauge
	computed, restated, failures prometheus.Counter

	mu      sync.Mutex
	failing map[string]bool // KPIs that cannot be computed, as told
}

// newPastDays registers the metrics, which are there before any day is.
func newPastDays() *pastDays {
	p := &pastDays{registry: prometheus.NewRegistry(), failing: map[string]bool{}}
	gauge := func(name, help string) prometheus.Gauge {
		g := prometheus.NewGauge(prometheus.GaugeOpts{Namespace: "cs", Subsystem: "history", Name: name, Help: help})
		p.registry.MustRegister(g)
		return g
	}
	count := func(name, help string) prometheus.Counter {
		c := prometheus.NewCounter(prometheus.CounterOpts{Namespace: "cs", Subsystem: "history", Name: name, Help: help})
		p.registry.MustRegister(c)
		return c
	}
	p.missing = gauge("missing", "Past days of which some KPI has never been computed.")
	p.stale = gauge("stale", "Past days of which some KPI is to be computed again: facts, settings or definitions have changed.")
	p.last = gauge("last_success_timestamp_seconds", "When all past days were last found to be computed, or had been computed; 0 if they never were.")
	p.computed = count("computed_total", "Days of KPIs that were computed.")
	p.restated = count("restated_values_total", "Values of past days that were told before and differed when they were computed again.")
	p.failures = count("failures_total", "Attempts to compute past days that failed, in whole or for some KPI.")
	return p
}

// run fills past days until ctx ends.
func (p *pastDays) run(ctx context.Context) {
	for failing := false; ctx.Err() == nil; {
		yesterday := p.history.Yesterday()
		err := p.once(ctx, yesterday)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errNewDay):
			continue
		case err != nil && !failing:
			p.log.Warn("past days cannot be computed; it is tried again", "err", err, "retry_seconds", pastEvery.Seconds())
		case err == nil && failing:
			p.log.Info("past days are computed again")
		}
		failing = err != nil
		for started := time.Now(); time.Since(started) < pastEvery && yesterday.Equal(p.history.Yesterday()); {
			if !Sleep(ctx, pastPulse) {
				return
			}
		}
	}
}

// once looks for what is to be done, and does it.
func (p *pastDays) once(ctx context.Context, yesterday time.Time) error {
	from, err := p.service.FirstDay(ctx, p.history, yesterday)
	if err != nil || from.IsZero() {
		return err
	}
	told := time.Now()
	parallel := 1
	if p.service.Eager {
		parallel = p.service.Config.Parallel
	}
	done, err := p.history.Fill(ctx, history.Request{
		From: from, To: yesterday, Rest: pastRest, Parallel: parallel,
		Before: func(ctx context.Context) error {
			if !yesterday.Equal(p.history.Yesterday()) {
				return errNewDay
			}
			return p.patience(ctx)
		},
		Progress: func(at history.Progress) {
			p.missing.Set(float64(at.Missing))
			p.stale.Set(float64(at.Stale))
			if time.Since(told) >= time.Minute && at.Done < at.Total {
				told = time.Now()
				p.log.Info("computing past days", "day", at.Day.Format(time.DateOnly), "done", at.Done, "of", at.Total)
			}
		},
	})
	p.computed.Add(float64(done.Computed))
	p.restated.Add(float64(done.Series))
	p.tell(done)
	if err != nil {
		if ctx.Err() == nil && !errors.Is(err, errNewDay) {
			p.failures.Inc()
		}
		return err
	}
	if len(done.Failed) == 0 {
		p.last.SetToCurrentTime()
	} else {
		p.failures.Inc()
	}
	return nil
}

// patience waits until the service has nothing else to do, or has been busy for long.
func (p *pastDays) patience(ctx context.Context) error {
	for started := time.Now(); p.busy() && time.Since(started) < pastWait; {
		if !Sleep(ctx, pastLook) {
			return ctx.Err()
		}
	}
	return nil
}

// tell says what was done, and once of each KPI that it cannot be computed.
func (p *pastDays) tell(s history.Summary) {
	if s.Computed > 0 {
		p.log.Info("past days computed", "days", s.Days, "kpis", s.KPIs, "computed", s.Computed, "restated_values", s.Series, "seconds", s.Took.Seconds())
	}
	if s.Reasons[history.Definition] > 0 && s.Restated > 0 {
		p.log.Info("values of past days were changed by new definitions of KPIs; cskpi backfill --changes prints old and new ones")
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	failing := map[string]bool{}
	for _, f := range s.Failed {
		failing[f.KPI] = true
		if !p.failing[f.KPI] {
			p.log.Warn("a KPI cannot be computed for past days; it is tried again", "err", f.Err, "days", f.Days,
				"from", f.From.Format(time.DateOnly), "to", f.To.Format(time.DateOnly), "retry_seconds", pastEvery.Seconds())
		}
	}
	p.failing = failing
}

// History is what knows past days of d.
func (s *Service) History(d *Database) *history.History {
	return history.New(history.Options{
		Conn: d.Conn, Catalogue: d.Catalogue, Zone: d.Zone, Lease: d.Days.Read, AtOnce: d.Days.AtOnce,
		Timeout: s.Config.Timeout, MaxSeries: s.Config.MaxSeries, Log: s.Log, Whole: d.Parts.Whole, Broken: d.Days.Broken,
	})
}

// FirstDay is the first one that CSKPI_HISTORY asks for and facts tell of; zero: there is none.
func (s *Service) FirstDay(ctx context.Context, h *history.History, last time.Time) (time.Time, error) {
	first, err := h.FirstDay(ctx)
	if err != nil || first.IsZero() || first.After(last) {
		return time.Time{}, err
	}
	if back := s.Config.History.Before(last); back.After(first) {
		return back, nil
	}
	return first, nil
}
