package main

import (
	"context"
	"fmt"
	"time"

	"cskpi/exporter/service"
)

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
	d, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
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
		to = d.Days.Today()
	}
	switch {
	case from.IsZero():
		return usage("--to needs --from, the first day")
	case from.After(to):
		return usage("--from %s is after the last day, %s", from.Format(time.DateOnly), to.Format(time.DateOnly))
	case to.After(d.Days.Today()):
		return usage("--to %s is in the future", to.Format(time.DateOnly))
	}
	atOnce, err := d.Days.AtOnce(ctx)
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
		if err := d.Days.Compute(ctx, nil, days...); err != nil {
			return fmt.Errorf("refresh: %w", err)
		}
	}
	return nil
}

// refreshAll computes all days that are to be stored.
func (a *app) refreshAll(ctx context.Context, d *service.Database, show *progress) error {
	for {
		left, err := d.Days.Update(ctx)
		if err != nil {
			return fmt.Errorf("refresh: %w", err)
		}
		if left == 0 {
			return nil
		}
		show.say(fmt.Sprintf("days left to compute: %d", left))
	}
}
