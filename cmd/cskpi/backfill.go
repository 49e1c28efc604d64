package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"cskpi/exporter/history"
	"cskpi/exporter/service"
	"cskpi/exporter/store"
	"cskpi/queries/sqltext"
)

type backfillCmd struct {
	From      date     `placeholder:"DAY" help:"First day (YYYY-MM-DD); if not given, as far back as CSKPI_HISTORY says, but not before the first contract or usage."`
	To        date     `placeholder:"DAY" help:"Last day; yesterday if not given."`
	KPI       []string `name:"kpi" placeholder:"NAME" help:"This KPI only; may be repeated."`
	Parallel  int      `default:"3" help:"Number of KPIs that are computed at the same time [${default}]."`
	Recompute bool     `help:"Also compute days whose stored values still hold."`
	Changes   bool     `help:"Compute nothing; print which values of past days were changed by new definitions of KPIs, as after an upgrade."`
}

// Help is the longer text of cskpi backfill --help.
func (backfillCmd) Help() string {
	return "Computes and stores the KPIs of past days in kpi_daily, each day as it stood at its end, the latest day first. A day that is stored is computed again only if facts, settings " +
		"or definitions have changed since. Both versions stay, and kpi_restatements lists the differences. If the command is interrupted, run it again, and it continues. " +
		"cskpi serve does the same in the background. cskpi refresh computes the tables that KPIs are read from, and stores no values."
}

// Run fills past days and says what became of them.
func (c *backfillCmd) Run(ctx context.Context, a *app) error {
	catalogue, err := a.Load()
	if err != nil {
		return err
	}
	for _, name := range c.KPI {
		if q, found := catalogue.Get(name); !found || q.Model {
			return usage("there is no KPI %q; cskpi kpi lists them", name)
		}
	}
	if c.Parallel < 1 {
		return usage("--parallel %d: at least one KPI is computed at a time", c.Parallel)
	}
	d, err := a.Open(ctx, catalogue)
	if err != nil {
		return err
	}
	defer d.Close()
	if c.Changes {
		return c.changes(ctx, a, d, time.Time{})
	}
	if _, err := a.rollUp(ctx, d); err != nil {
		return err
	}
	h := a.History(d)
	from, to := c.From.Time, c.To.Time
	if to.IsZero() {
		to = h.Yesterday()
	}
	if to.After(h.Yesterday()) {
		return usage("--to %s: that day has not closed yet; the last one that has is %s", to.Format(time.DateOnly), h.Yesterday().Format(time.DateOnly))
	}
	if from.IsZero() {
		if from, err = a.FirstDay(ctx, h, to); err != nil {
			return err
		}
		if from.IsZero() {
			fmt.Fprintln(a.err, "There are no facts of past days, so there is nothing to compute.")
			return nil
		}
	}
	if from.After(to) {
		return usage("--from %s is after the last day, %s", from.Format(time.DateOnly), to.Format(time.DateOnly))
	}
	show := newProgress(a.err)
	started := time.Now()
	s, err := h.Fill(ctx, history.Request{
		From: from, To: to, KPIs: c.KPI, Recompute: c.Recompute, Parallel: c.Parallel,
		Progress: func(p history.Progress) { show.say(c.progress(p, time.Since(started))) },
	})
	show.clear()
	c.report(a, s)
	if s.Reasons[history.Definition] > 0 && s.Restated > 0 && ctx.Err() == nil {
		err = errors.Join(err, c.changes(ctx, a, d, started))
	}
	if err != nil {
		if ctx.Err() != nil {
			fmt.Fprintln(a.err, "Days that are done stay stored; run the same command to continue.")
		}
		return fmt.Errorf("backfill: %w", err)
	}
	if err := s.Err(); err != nil {
		return fmt.Errorf("backfill: %w", err)
	}
	return nil
}

// progress is how far it is, and how long the rest will take.
func (c *backfillCmd) progress(p history.Progress, took time.Duration) string {
	line := fmt.Sprintf("%s: %s of %s", p.Day.Format(time.DateOnly), thousands(fmt.Sprint(p.Done)), thousands(fmt.Sprint(p.Total)))
	if p.Done > 0 && p.Done < p.Total {
		left := time.Duration(float64(took) / float64(p.Done) * float64(p.Total-p.Done))
		line += fmt.Sprintf(", %d %%, %s left", 100*p.Done/p.Total, left.Round(time.Second))
	}
	return line
}

// report says what was done.
func (c *backfillCmd) report(a *app, s history.Summary) {
	if s.Computed == 0 && len(s.Failed) == 0 {
		fmt.Fprintf(a.err, "Nothing to do from %s to %s: %s days of KPIs are stored and hold.\n", s.From.Format(time.DateOnly), s.To.Format(time.DateOnly), thousands(fmt.Sprint(s.Held)))
		return
	}
	fmt.Fprintf(a.err, "%s days of %d KPIs computed (%s in all) in %s", thousands(fmt.Sprint(s.Days)), s.KPIs, thousands(fmt.Sprint(s.Computed)), s.Took.Round(100*time.Millisecond))
	var why []string
	for _, r := range []history.Reason{history.First, history.Facts, history.Settings, history.Definition, history.Asked} {
		if n := s.Reasons[r]; n > 0 {
			why = append(why, fmt.Sprintf("%s %s", thousands(fmt.Sprint(n)), reasonTexts[r]))
		}
	}
	fmt.Fprintf(a.err, ": %s.\n", strings.Join(why, ", "))
	if s.Held > 0 {
		fmt.Fprintf(a.err, "%s were stored and hold.\n", thousands(fmt.Sprint(s.Held)))
	}
	if s.Restated > 0 {
		fmt.Fprintf(a.err, "Restated: %s values on %s days of KPIs; kpi_restatements has them.\n", thousands(fmt.Sprint(s.Series)), thousands(fmt.Sprint(s.Restated)))
	}
	if s.Refused > 0 {
		fmt.Fprintf(a.err, "%s rows were refused, as cskpi serve refuses them.\n", thousands(fmt.Sprint(s.Refused)))
	}
}

// changes prints what new definitions have changed since an instant: by column of a KPI, how many values of how many days, and the one that changed most.
func (c *backfillCmd) changes(ctx context.Context, a *app, d *service.Database, since time.Time) error {
	where := "reason = 'definition'"
	if !since.IsZero() {
		where += " and restated_at >= " + sqltext.Instant(since)
	}
	if !c.From.IsZero() {
		where += " and day >= " + sqltext.Day(c.From.Time)
	}
	if !c.To.IsZero() {
		where += " and day <= " + sqltext.Day(c.To.Time)
	}
	if len(c.KPI) > 0 {
		where += " and view in (" + sqltext.Quotes(c.KPI) + ")"
	}
	rows, err := d.Conn.Query(ctx, `
		select
			kpi, days, first_day, last_day, series, most.1 as example_day,
			arrayStringConcat(arrayMap(k -> concat(k, '=', most.2[k]), mapKeys(most.2)), ' ') as example, most.3 as old, most.4 as new
		from (
			select
				concat(view, '.', column) as kpi, uniqExact(day) as days, min(day) as first_day, max(day) as last_day, count() as series,
				argMax((day, labels, old, new), (old is not null and new is not null, abs(ifNull(new, 0) - ifNull(old, 0)), day)) as most
			from kpi_restatements
			where `+where+`
			group by kpi
		) as changes
		order by kpi`)
	if err != nil {
		return fmt.Errorf("read what definitions have changed: %w", store.Brief(err))
	}
	t, err := readTable(rows)
	if err != nil {
		return fmt.Errorf("read what definitions have changed: %w", store.Brief(err))
	}
	if len(t.rows) == 0 {
		_, err := fmt.Fprintln(a.err, "No value of a past day was changed by a new definition.")
		return err
	}
	fmt.Fprintln(a.err, "Changed by new definitions of KPIs, with the value that changed most; kpi_restatements has each:")
	return t.write(a.out, "table")
}

var reasonTexts = map[history.Reason]string{
	history.First: "for the first time", history.Facts: "for facts that arrived", history.Settings: "for other settings",
	history.Definition: "for other definitions", history.Asked: "as asked",
}
