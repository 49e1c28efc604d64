package service

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"cskpi/exporter"
	"cskpi/exporter/parts"
	"cskpi/exporter/store"
)

const (
	// Pauses between roll-ups of usage while serving: the interval of KPIs, within these. More often nobody would see, since layers and KPIs are computed
	// in that interval, too.
	rollUpSoonest = 15 * time.Second
	rollUpLatest  = 5 * time.Minute
	// rollUpPatience is how long the first pass over the KPIs waits for the first roll-up. One that takes longer, such as of
	// years of events that were just imported, must not keep all numbers away.
	rollUpPatience = 30 * time.Second
	expireEvery    = time.Hour        // pause between looks for usage events that are no longer kept
	rollUpTold     = 10 * time.Second // what takes longer is told, and how far it is
)

// rollUps completes imports that were interrupted and keeps usage rolled up, beside the schedule of the KPIs, and knows how that goes.
type rollUps struct {
	complete func(context.Context) error // stores the rest of interrupted imports
	expire   func(context.Context) error // deletes usage events that are no longer kept; nil: all are
	parts    *parts.Watch
	every    time.Duration   // pause between roll-ups
	news     chan<- struct{} // that there is something for the layers
	log      *slog.Logger

	mu    sync.Mutex
	state exporter.RollUp
}

func (r *rollUps) status() exporter.RollUp {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.state
}

// run rolls up again and again until ctx ends, one at a time. It calls first after the first attempt.
func (r *rollUps) run(ctx context.Context, first func()) {
	expired := time.Time{} // when that was last looked at
	for failing, incomplete := false, false; ; {
		err := r.complete(ctx)
		if err != nil && !incomplete && ctx.Err() == nil {
			r.log.Warn("KPIs are computed from a part of the import; it is tried again", "err", err, "retry_seconds", r.every.Seconds())
		}
		incomplete = err != nil
		err = r.once(ctx)
		if first != nil {
			first()
			first = nil
		}
		switch {
		case ctx.Err() != nil:
			return
		case err != nil && !failing:
			r.log.Warn("usage cannot be rolled up; KPIs are computed from the days as they are, and it is tried again", "err", err, "retry_seconds", r.every.Seconds())
		case err != nil:
			r.log.Debug("usage still cannot be rolled up", "err", err)
		case failing:
			r.log.Info("usage is rolled up again")
		}
		failing = err != nil
		if r.expire != nil && !failing && time.Since(expired) >= expireEvery {
			expired = time.Now()
			if err := r.expire(ctx); err != nil && ctx.Err() == nil {
				r.log.Warn("usage events that are no longer kept cannot be deleted; it is tried again", "err", store.Brief(err), "retry_seconds", expireEvery.Seconds())
			}
		}
		if !Sleep(ctx, r.every) {
			return
		}
	}
}

// once rolls up what is new and takes down how it went. Being told to stop is no failure.
func (r *rollUps) once(ctx context.Context) error {
	started := time.Now()
	told := started
	days := 0
	err := store.Brief(r.parts.RollUp(ctx, func(p store.RollUpProgress) {
		days = p.Total
		if time.Since(told) >= rollUpTold {
			told = time.Now()
			r.log.Info("rolling up usage", "days_done", p.Days, "days", p.Total, "seconds", time.Since(started).Seconds())
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.state.PendingDays = p.Total - p.Days
	}))
	if ctx.Err() != nil {
		return err
	}
	took := time.Since(started)
	if err == nil && took >= rollUpTold {
		r.log.Info("usage is rolled up", "days", days, "seconds", took.Seconds())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if days > 0 {
		r.state.Duration = took
		select {
		case r.news <- struct{}{}:
		default: // the layers have not looked at the last ones yet
		}
	}
	if err != nil {
		r.state.Errors++
	} else {
		r.state.PendingDays, r.state.LastSuccess = 0, time.Now()
	}
	return err
}

// expire deletes usage events that are older than CSKPI_EVENTS_RETENTION.
func (s *Service) expire(ctx context.Context, d *Database) error {
	deleted, err := store.Expire(ctx, d.Conn, s.Config.EventsRetention.Before(d.Days.Today()))
	if deleted > 0 {
		s.Log.Info("usage events that are no longer kept are deleted; what they were rolled up to stays", "events", deleted)
	}
	return err
}
