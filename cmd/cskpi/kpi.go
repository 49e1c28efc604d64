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
	Name   string `arg:"" optional:"" help:"KPI, as in nrr; without it all are listed."`
	AsOf   date   `name:"as-of" placeholder:"DAY" help:"Compute it at the end of this day (YYYY-MM-DD) in the reporting time zone; today if not given."`
	Format string `enum:"table,csv,json" default:"table" help:"table (rounded for reading), csv or json (every digit)."`
}

// Help is the longer text of cskpi kpi --help.
func (kpiCmd) Help() string {
	return "A KPI is a view in ClickHouse: cskpi kpi nrr --as-of 2026-01-31 prints cs.nrr(as_of = '2026-01-31'). " +
		"An undefined value is - in a table, empty in csv and null in json."
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
