package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"cskpi/queries"
)

type kpiCmd struct {
	Name    string            `arg:"" optional:"" help:"KPI, as in nrr; without it all are listed."`
	AsOf    date              `name:"as-of" placeholder:"DAY" help:"Compute it at the end of this day (YYYY-MM-DD) in the reporting time zone; today if not given."`
	From    date              `placeholder:"DAY" help:"Print a series from this day on."`
	To      date              `placeholder:"DAY" help:"Last day of the series; yesterday if not given."`
	Step    string            `placeholder:"STEP" help:"Between the days of the series, counted back from the last one: 1d, 1w, 1m or 3m; by the length of the series if not given."`
	KnownAt string            `name:"known-at" placeholder:"TIME" help:"As it was told at this time (2026-01-31, which means its end, 2026-01-31T09:00, or with a zone), before facts that arrived later."`
	Where   map[string]string `aliases:"label" placeholder:"NAME=VALUE" mapsep:"none" help:"Of a series, only rows with this value of a label, as in segment=high; may be repeated."`
	Format  string            `enum:"table,csv,json" default:"table" help:"table (rounded for reading), csv or json (every digit)."`
}

// Help is the longer text of cskpi kpi --help.
func (kpiCmd) Help() string {
	return "A KPI is a view in ClickHouse: cskpi kpi nrr --as-of 2026-01-31 prints cs.nrr(as_of = '2026-01-31'). " +
		"An undefined value is - in a table, empty in csv and null in json. " +
		"The days of a series are taken from cs.kpi_daily where they hold, else computed; what was known at a time is there only if it was kept (cskpi backfill, cskpi serve)."
}

// Run prints one KPI, or the list.
func (c *kpiCmd) Run(ctx context.Context, a *app) error {
	if c.Name == "" {
		catalogue, err := a.load()
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
	case !series && c.KnownAt == "" && len(c.Where) > 0:
		return usage("--where is about a series or what was known; cskpi explain takes it for a day")
	case q.Model && (series || c.KnownAt != ""):
		return usage("%s is a building block, and no KPI of which days are kept", q.Name)
	case series || c.KnownAt != "":
		return c.past(ctx, a, catalogue, q)
	}
	d, asOf, err := a.openAt(ctx, catalogue, c.AsOf, q)
	if err != nil {
		return err
	}
	defer d.close()
	t, err := d.view(ctx, q, asOf, "", "")
	if err != nil {
		return err
	}
	if len(t.rows) == 0 {
		fmt.Fprintf(a.err, "cs.%s has no rows at %s.\n", q.Name, asOf.Format(time.DateOnly))
	}
	return t.write(a.out, c.Format)
}

// find loads the query files and returns a view of them by name; models may be asked for too.
func (a *app) find(name string) (queries.Catalogue, queries.Query, error) {
	c, err := a.load()
	if err != nil {
		return nil, queries.Query{}, err
	}
	q, found := c.Get(name)
	if i := slices.IndexFunc(a.refused, func(r queries.Refused) bool { return r.Name == name }); i >= 0 {
		return nil, q, fmt.Errorf("the query file of %s is refused:\n%w", name, a.refused[i].Err)
	}
	if !found || q.Function {
		return nil, q, usage("there is no KPI %q; cskpi kpi lists them", name)
	}
	return c, q, nil
}

// openAt opens the database for a question about a day: the one given, else today. Where what is asked reads usage, that is
// brought up to date first.
func (a *app) openAt(ctx context.Context, c queries.Catalogue, day date, asked ...queries.Query) (*database, time.Time, error) {
	d, err := a.open(ctx, c)
	if err != nil {
		return nil, time.Time{}, err
	}
	if slices.ContainsFunc(asked, func(q queries.Query) bool { return q.Reads("usage_") }) {
		if _, err := a.rollUp(ctx, d); err != nil {
			return nil, time.Time{}, errors.Join(err, d.close())
		}
	}
	return d, day.orToday(d.zone), nil
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
