package main

import (
	"context"
	"fmt"
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
	catalogue, err := a.load()
	if err != nil {
		return err
	}
	if c.Name == "" {
		return listKPIs(catalogue).write(a.out, c.Format)
	}
	q, err := find(catalogue, c.Name)
	if err != nil {
		return err
	}
	d, err := a.open(ctx, catalogue)
	if err != nil {
		return err
	}
	defer d.close()
	asOf := c.AsOf.orToday(d.zone)
	t, err := d.view(ctx, q, asOf, "", "")
	if err != nil {
		return err
	}
	if len(t.rows) == 0 {
		fmt.Fprintf(a.err, "cs.%s has no rows at %s.\n", q.Name, asOf.Format(time.DateOnly))
	}
	return t.write(a.out, c.Format)
}

// find returns a view by name; models may be asked for too.
func find(c queries.Catalogue, name string) (queries.Query, error) {
	q, found := c.Get(name)
	if !found || q.Function {
		return q, usage("there is no KPI %q; cskpi kpi lists them", name)
	}
	return q, nil
}

func listKPIs(c queries.Catalogue) table {
	t := table{columns: []string{"kpi", "title"}}
	for _, q := range c.KPIs() {
		t.rows = append(t.rows, []any{q.Name, q.Title})
	}
	return t
}
