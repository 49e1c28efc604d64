package main

import (
	"context"
	"errors"
	"fmt"
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
	every time.Duration // pause between looks for facts that arrived
	busy  func() bool   // whether the service has something else to do
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
		if !sleep(ctx, pause) {
			return
		}
		for started := time.Now(); left > 0 && l.busy() && time.Since(started) < pastWait; {
			if !sleep(ctx, pastLook) {
				return
			}
		}
	}
}

type refreshCmd struct {
	From date `placeholder:"DAY" help:"First day (YYYY-MM-DD); if not given, all days that are to be stored."`
	To   date `placeholder:"DAY" help:"Last day; today if not given."`
}

// Help is the longer text of cskpi refresh --help.
func (refreshCmd) Help() string {
	return "Every KPI is a view over tables that hold the state of each day. cskpi serve computes these tables in the background: every day of CSKPI_HISTORY, and before that the last day of each month. " +
		"This command computes them now, so that cskpi engine alone serves a complete database. Days that are up to date are left alone. The view days lists the days that are stored."
}

// Run brings the layers up to date.
func (c *refreshCmd) Run(ctx context.Context, a *app) error {
	catalogue, err := a.load()
	if err != nil {
		return err
	}
	d, err := a.open(ctx, catalogue)
	if err != nil {
		return err
	}
	defer d.close()
	if _, err := a.rollUp(ctx, d); err != nil {
		return err
	}
	show := newProgress(a.err)
	defer show.clear()
	if c.From.IsZero() && c.To.IsZero() {
		return a.refreshAll(ctx, d, show)
	}
	from, to := c.From.Time, c.To.Time
	if to.IsZero() {
		to = d.days.Today()
	}
	switch {
	case from.IsZero():
		return usage("--to needs --from, the first day")
	case from.After(to):
		return usage("--from %s is after the last day, %s", from.Format(time.DateOnly), to.Format(time.DateOnly))
	case to.After(d.days.Today()):
		return usage("--to %s is in the future", to.Format(time.DateOnly))
	}
	atOnce, err := d.days.AtOnce(ctx)
	if err != nil {
		return fmt.Errorf("refresh: %w", err)
	}
	for day := to; !day.Before(from); day = day.AddDate(0, 0, -atOnce) {
		var days []time.Time
		for i := range atOnce {
			if one := day.AddDate(0, 0, -i); !one.Before(from) {
				days = append(days, one)
			}
		}
		show.say("computing " + day.Format(time.DateOnly))
		if err := d.days.Compute(ctx, nil, days...); err != nil {
			return fmt.Errorf("refresh: %w", err)
		}
	}
	return nil
}

// refreshAll computes all days that are to be stored.
func (a *app) refreshAll(ctx context.Context, d *database, show *progress) error {
	for {
		left, err := d.days.Update(ctx)
		if err != nil {
			return fmt.Errorf("refresh: %w", err)
		}
		if left == 0 {
			return nil
		}
		show.say(fmt.Sprintf("days left to compute: %d", left))
	}
}
