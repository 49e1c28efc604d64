package service

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"cskpi/exporter/refresh"
	"cskpi/exporter/store"
)

const (
	layersPause = 200 * time.Millisecond // between pieces, in which others have their turn
	layersRetry = 15 * time.Second
	layersTold  = time.Minute // how often is said how far the days are
)

// layers keeps the layers up to date beside the schedule of the KPIs: today, as facts arrive, and the days of the past that are stored.
type layers struct {
	days  *refresh.Days
	every time.Duration   // pause between looks for facts that arrived
	news  <-chan struct{} // that usage is rolled up
	busy  func() bool     // whether the service has something else to do
	log   *slog.Logger
}

// run works until ctx ends.
func (l *layers) run(ctx context.Context) {
	told := time.Now()
	for failing := false; ctx.Err() == nil; {
		left, err := l.days.Update(ctx)
		pause := l.every
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			if !failing {
				l.log.Warn("layers cannot be computed; KPIs of days that are not computed keep their last good values, and it is tried again", "err", store.Brief(err), "retry_seconds", layersRetry.Seconds())
			}
			if pause = layersRetry; left > 0 && errors.As(err, new(refresh.Broken)) { // other layers go on
				pause = layersPause
			}
		case left > 0:
			if pause = layersPause; time.Since(told) > layersTold {
				told = time.Now()
				l.log.Info("computing layers of past days", "days_left", left)
			}
		}
		if failing && err == nil {
			l.log.Info("layers are computed again")
		}
		failing = err != nil
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
		case <-timer.C:
		case <-l.news:
		}
		timer.Stop()
		for started := time.Now(); left > 0 && l.busy() && time.Since(started) < pastWait; {
			if !Sleep(ctx, pastLook) {
				return
			}
		}
	}
}
