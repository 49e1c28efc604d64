package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"cskpi/exporter/service"
	"cskpi/queries"
)

type kpiCmd struct {
	Name    string            `arg:"" optional:"" help:"KPI or other view, such as nrr; without it, all KPIs are listed."`
	AsOf    date              `name:"as-of" placeholder:"DAY" help:"Day (YYYY-MM-DD) at whose end, in the reporting time zone, the KPI is to stand; today if not given."`
	From    date              `placeholder:"DAY" help:"Print a series that starts on this day."`
	To      date              `placeholder:"DAY" help:"Last day of the series; yesterday if not given."`
	Step    string            `placeholder:"STEP" help:"Step between the days of the series, counted back from the last one: 1d, 1w, 1m or 3m. If not given, it follows from the length of the series."`
	KnownAt string            `name:"known-at" placeholder:"TIME" help:"Print the values that had been reported by this time, before later facts changed them: 2026-01-31 (the end of that day), 2026-01-31T09:00, or with a time zone."`
	Where   map[string]string `aliases:"label" placeholder:"NAME=VALUE" mapsep:"none" help:"Print only rows whose label has this value, as in segment=high; may be repeated."`
	Format  string            `enum:"table,csv,json" default:"table" help:"table (rounded for reading), csv or json (every digit)."`
}

// Help is the longer text of cskpi kpi --help.
func (kpiCmd) Help() string {
	return "A KPI is a view in ClickHouse with a row for each day and set of labels: cskpi kpi nrr --as-of 2026-01-31 prints select * from nrr where day = '2026-01-31'. " +
		"If that day is not stored yet, it is computed first. " +
		"An undefined value is - in a table, empty in csv and null in json. " +
		"A series is read from kpi_daily where its values still hold; the other days are computed. --known-at can only tell values that were stored by then, by cskpi serve or cskpi backfill."
}

// Run prints one KPI, or the list.
func (c *kpiCmd) Run(ctx context.Context, a *app) error {
	if c.Name == "" {
		catalogue, err := a.Load()
		if err != nil {
			return err
		}
		return listKPIs(catalogue).write(a.out, c.Format)
	}
	catalogue, q, err := a.find(c.Name)
	if err != nil {
		return err
	}
	series := !c.From.IsZero()
	switch {
	case series && !c.AsOf.IsZero():
		return usage("--as-of is about one day and --from about many; give one of them")
	case !series && (!c.To.IsZero() || c.Step != ""):
		return usage("--to and --step are about a series; say with --from where it begins")
	case q.Model && (series || c.KnownAt != ""):
		return usage("%s is no KPI, so no values of it are stored; ask for one day with --as-of, or query the view %s", q.Name, q.View())
	}
	labels := names(q.Of(queries.Label))
	for _, name := range slices.Sorted(maps.Keys(c.Where)) {
		if !slices.Contains(labels, name) {
			return usage("%s has no label %q; it has: %s", q.Name, name, cmp.Or(strings.Join(labels, ", "), "none"))
		}
	}
	if series || c.KnownAt != "" {
		return c.past(ctx, a, catalogue, q)
	}
	d, asOf, err := a.openAt(ctx, catalogue, c.AsOf, q)
	if err != nil {
		return err
	}
	defer d.Close()
	t := table{columns: names(q.Columns)}
	before, err := a.beforeFacts(ctx, d, q, asOf)
	if err != nil {
		return err
	}
	if !before {
		all, err := view(ctx, d, q, asOf, "", "")
		if err != nil {
			return err
		}
		t.rows = slices.DeleteFunc(slices.Clone(all.rows), func(row []any) bool {
			return slices.ContainsFunc(labels, func(name string) bool {
				want, given := c.Where[name]
				return given && want != exact(all.value(row, name))
			})
		})
		switch {
		case len(t.rows) == 0 && len(all.rows) > 0:
			return noSuch(q.View(), "on "+asOf.Format(time.DateOnly), c.Where, all)
		case len(t.rows) == 0:
			fmt.Fprintf(a.err, "%s has no rows on %s.\n", q.View(), asOf.Format(time.DateOnly))
		}
	}
	return t.write(a.out, c.Format)
}

// find loads the query files and returns a view of them by name, of a KPI or not.
func (a *app) find(name string) (queries.Catalogue, queries.Query, error) {
	c, err := a.Load()
	if err != nil {
		return nil, queries.Query{}, err
	}
	q, found := c.Get(name)
	if i := slices.IndexFunc(a.Refused, func(r queries.Refused) bool { return r.Name == name }); i >= 0 {
		return nil, q, fmt.Errorf("the query file of %s is refused:\n%w", name, a.Refused[i].Err)
	}
	if !found || q.Function {
		return nil, q, usage("there is no KPI %q; cskpi kpi lists them", name)
	}
	return c, q, nil
}

// openAt opens the database for a question about a day: the one given, else today. Where what is asked reads usage, that is
// brought up to date first.
func (a *app) openAt(ctx context.Context, c queries.Catalogue, day date, asked ...queries.Query) (*service.Database, time.Time, error) {
	d, err := a.Open(ctx, c)
	if err != nil {
		return nil, time.Time{}, err
	}
	if slices.ContainsFunc(asked, func(q queries.Query) bool { return q.Reads(queries.StoredPrefix + "usage_") }) {
		if _, err := a.rollUp(ctx, d); err != nil {
			return nil, time.Time{}, errors.Join(err, d.Close())
		}
	}
	asOf := day.orToday(d.Zone)
	if today := d.Days.Today(); asOf.After(today) {
		return nil, time.Time{}, errors.Join(usage("%s is in the future; today is %s", asOf.Format(time.DateOnly), today.Format(time.DateOnly)), d.Close())
	}
	return d, asOf, nil
}

// beforeFacts reports whether a KPI is asked of a day before there were any facts, on which it would be nothing but zeros, and says so. Of a day that
// will have to be computed first it says that on a terminal, since it may take some seconds.
func (a *app) beforeFacts(ctx context.Context, d *service.Database, q queries.Query, day time.Time) (bool, error) {
	if q.Day.Name == "" && !q.IsByDay() {
		return false, nil
	}
	first, err := d.Days.FirstFact(ctx)
	if err != nil {
		return false, err
	}
	if !q.Model && !first.IsZero() && day.Before(first) {
		fmt.Fprintf(a.err, "There are no facts of %s: the first contract or usage is of %s.\n", day.Format(time.DateOnly), first.Format(time.DateOnly))
		return true, nil
	}
	if terminal(a.err) == nil {
		return false, nil
	}
	computed, err := d.Days.Computed(ctx, q, day)
	if err == nil && !computed {
		fmt.Fprintf(a.err, "%s is not stored; it is computed now.\n", day.Format(time.DateOnly))
	}
	return false, err
}

func listKPIs(c queries.Catalogue) table {
	t := table{columns: []string{"kpi", "title", "group"}}
	for _, g := range c.Groups() {
		for _, q := range g.KPIs {
			t.rows = append(t.rows, []any{q.Name, q.Title, g.Name})
		}
	}
	return t
}
