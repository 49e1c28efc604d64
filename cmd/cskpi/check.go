package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"cskpi/exporter/service"
	"cskpi/exporter/store"
	"cskpi/queries"
)

type checkCmd struct {
	AsOf   date   `name:"as-of" placeholder:"DAY" help:"Check the data as of this day (YYYY-MM-DD); today if not given."`
	Limit  int    `default:"20" help:"How many of the offending rows of each check are printed."`
	Accept string `name:"accept-loss" placeholder:"TABLE" help:"Accept that damaged parts of this table are lost, so that KPIs are computed from what is left. Nothing else is checked."`
}

// Help is the longer text of cskpi check --help.
func (checkCmd) Help() string {
	return "First the configuration, then every query file, CSKPI_QUERIES_DIR included, then that no stored part is missing or damaged, then that each view returns what its header promises, " +
		"then the data: orphans, overlaps, negative amounts, future events, and what looks like a mistake of an import, each with the accounts, how much is affected, and what to do. The exit code is 1 if anything was found."
}

// Run reports every problem it can find.
func (c *checkCmd) Run(ctx context.Context, a *app) error {
	if c.Accept != "" {
		return c.accept(ctx, a)
	}
	catalogue, err := queries.Load(a.Overlays()...)
	if err != nil {
		return fmt.Errorf("query files:\n%w", err)
	}
	fmt.Fprintf(a.out, "configuration  ok\nquery files    ok: %d KPIs, %d other views, layers and functions\n", len(catalogue.KPIs()), len(catalogue)-len(catalogue.KPIs()))
	d, err := a.Open(ctx, catalogue)
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Parts.Check(ctx); err != nil {
		return err
	}
	if damaged := d.Damaged(); len(damaged) > 0 {
		fmt.Fprintf(a.out, "stored data    %d parts are missing or damaged; KPIs that read their tables are not computed:\n\n", len(damaged))
		for _, what := range damaged {
			fmt.Fprintf(a.out, "  %s\n", what)
		}
		fmt.Fprintf(a.out, "\nRepair the data or restore a backup, as the section Damaged data of the runbook describes. If that is not possible, cskpi check --accept-loss TABLE goes on without it.\n")
		return errReported
	}
	if d.Engine != nil {
		fmt.Fprintf(a.out, "stored data    ok: no part is missing or damaged\n")
	} else {
		fmt.Fprintf(a.out, "stored data    the server has set no part aside as broken; whether parts are missing is known only there\n")
	}
	if err := store.Verify(ctx, d.Conn, catalogue); err != nil {
		return fmt.Errorf("views:\n%w", err)
	}
	fmt.Fprintf(a.out, "views          ok: each returns what its header promises\n")
	if _, err := a.rollUp(ctx, d); err != nil {
		return err
	}
	return c.quality(ctx, a, d)
}

// accept gives up damaged parts of a table.
func (c *checkCmd) accept(ctx context.Context, a *app) error {
	d, err := a.Connect(ctx, nil, a.OwnEngine())
	if err != nil {
		return err
	}
	defer d.Close()
	table := strings.TrimPrefix(c.Accept, "cs.")
	given, err := d.Parts.Accept(ctx, table)
	if err == nil && len(given) == 0 && !strings.HasPrefix(table, queries.StoredPrefix) {
		given, err = d.Parts.Accept(ctx, queries.StoredPrefix+table) // facts are stored under this name
	}
	if err != nil {
		return err
	}
	if len(given) == 0 {
		return usage("no part of %s is missing or damaged", table)
	}
	for _, p := range given {
		fmt.Fprintf(a.out, "accepted as lost: %s\n", p)
	}
	return nil
}

// quality prints what is wrong with the facts.
func (c *checkCmd) quality(ctx context.Context, a *app, d *service.Database) error {
	q, found := d.Catalogue.Get("quality")
	if !found {
		return errors.New("the catalogue has no quality.sql")
	}
	asOf := c.AsOf.orToday(d.Zone)
	counts, err := view(ctx, d, q, asOf, "", "")
	if err != nil {
		return err
	}
	checks := len(counts.rows)
	if checks == 0 {
		return errors.New("quality returned no checks, so nothing was checked")
	}
	counts.rows = slices.DeleteFunc(counts.rows, func(row []any) bool { return fmt.Sprint(counts.value(row, "violations")) == "0" })
	if len(counts.rows) == 0 {
		facts, err := countFacts(ctx, d, asOf)
		if err != nil {
			return err
		}
		if facts == 0 {
			fmt.Fprintln(a.out, "data           not checked: there are no facts yet")
			return nil
		}
		fmt.Fprintf(a.out, "data           ok: 0 of %d checks found a violation in %s facts as of %s\n", checks, thousands(fmt.Sprint(facts)), asOf.Format(time.DateOnly))
		return nil
	}
	fmt.Fprintf(a.out, "data           violations of %d of the %d checks:\n\n", len(counts.rows), checks)
	if err := counts.write(a.out, "table"); err != nil {
		return err
	}
	detail, found := d.Catalogue.Get("quality_detail")
	if !found {
		return errReported
	}
	for _, row := range counts.rows {
		check := fmt.Sprint(counts.value(row, "check"))
		if err := c.violations(ctx, a, d, detail, check, asOf); err != nil {
			return err
		}
	}
	return errReported
}

// violations prints what one check found, and what to do about it.
func (c *checkCmd) violations(ctx context.Context, a *app, d *service.Database, detail queries.Query, check string, asOf time.Time) error {
	// One row more shows that there are more.
	rows, err := view(ctx, d, detail, asOf, " where check = ?", fmt.Sprintf(" limit %d", c.Limit+1), check)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.out, "\n%s\n", check)
	if len(rows.rows) > 0 {
		if remedy := rows.value(rows.rows[0], "remedy"); remedy != nil {
			fmt.Fprintf(a.out, "%s\n", remedy)
		}
	}
	more := len(rows.rows) > c.Limit
	rows.rows = rows.rows[:min(len(rows.rows), c.Limit)]
	shown := slices.DeleteFunc(slices.Clone(rows.columns), func(column string) bool { return slices.Contains([]string{"check", "violations", "remedy"}, column) })
	listed := table{columns: shown}
	for _, row := range rows.rows {
		listed.rows = append(listed.rows, rows.pick(row, shown))
	}
	fmt.Fprintln(a.out)
	if err := listed.write(a.out, "table"); err != nil {
		return err
	}
	if more {
		fmt.Fprintf(a.out, "and more; cskpi explain quality --where check=%s --as-of %s prints all\n", check, asOf.Format(time.DateOnly))
	}
	return nil
}

// countFacts counts what there is to check: the rows of all tables but those by which cskpi is set up.
func countFacts(ctx context.Context, d *service.Database, asOf time.Time) (float64, error) {
	q, found := d.Catalogue.Get("freshness")
	if !found {
		return 0, errors.New("the catalogue has no freshness.sql")
	}
	t, err := view(ctx, d, q, asOf, " where table not in ('settings', 'targets', 'fx_rates')", "")
	if err != nil {
		return 0, err
	}
	sum := 0.
	for _, row := range t.rows {
		n, err := strconv.ParseFloat(fmt.Sprint(t.value(row, "rows")), 64)
		if err != nil {
			return 0, fmt.Errorf("freshness: rows: %w", err)
		}
		sum += n
	}
	return sum, nil
}
