package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"cskpi/queries"
)

type explainCmd struct {
	Name    string            `arg:"" help:"KPI, as in nrr."`
	AsOf    date              `name:"as-of" placeholder:"DAY" help:"At the end of this day (YYYY-MM-DD) in the reporting time zone; today if not given."`
	Segment string            `placeholder:"SEGMENT" help:"Only this segment: high, low or tech."`
	Window  string            `placeholder:"WINDOW" help:"Only this window: 1m, 3m or 12m."`
	Label   map[string]string `placeholder:"NAME=VALUE" mapsep:"none" help:"Only rows with this value of another label, as in movement=churn; may be repeated."`
	Format  string            `enum:"table,csv,json" default:"table" help:"table, csv or json. In csv and json the sums go to standard error."`
}

// Help is the longer text of cskpi explain --help.
func (explainCmd) Help() string {
	return "The rows are those of the view cs.NAME_detail: what each account or contract contributes, and the facts that decided. " +
		"Below them are the sums for each set of labels, beside the KPI itself; the exit code is 1 if they differ in a single digit."
}

// Run prints the rows behind a KPI and holds them against it.
func (c *explainCmd) Run(ctx context.Context, a *app) error {
	catalogue, err := a.load()
	if err != nil {
		return err
	}
	kpi, err := find(catalogue, c.Name)
	if err != nil {
		return err
	}
	detail, found := catalogue.Get(kpi.Name + "_detail")
	if !found {
		return usage("%s has no detail; these have: %s", kpi.Name, strings.Join(explainable(catalogue), ", "))
	}
	where, args, err := c.filter(kpi)
	if err != nil {
		return err
	}
	d, err := a.open(ctx, catalogue)
	if err != nil {
		return err
	}
	defer d.close()

	asOf := c.AsOf.orToday(d.zone)
	rows, err := d.view(ctx, detail, asOf, where, "", args...)
	if err != nil {
		return err
	}
	values, err := d.view(ctx, kpi, asOf, where, "", args...)
	if err != nil {
		return err
	}
	if err := rows.write(a.out, c.Format); err != nil {
		return err
	}
	notes := a.err
	if c.Format == "table" {
		notes = a.out
	}
	return reconcile(kpi, detail, rows, values, asOf, notes)
}

// filter is the condition that the flags make, on labels of the KPI.
func (c *explainCmd) filter(kpi queries.Query) (where string, args []any, err error) {
	want := map[string]string{}
	maps.Copy(want, c.Label)
	if c.Segment != "" {
		want["segment"] = c.Segment
	}
	if c.Window != "" {
		want["window"] = c.Window
	}
	labels := names(kpi.Of(queries.Label))
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if !slices.Contains(labels, name) {
			return "", nil, usage("%s has no label %q; it has: %s", kpi.Name, name, strings.Join(labels, ", "))
		}
		if where == "" {
			where = " where "
		} else {
			where += " and "
		}
		where += "toString(" + name + ") = ?"
		args = append(args, want[name])
	}
	return where, args, nil
}

// reconcile prints the sums of the parts beside the KPI, for each set of labels, and says whether they are the same.
func reconcile(kpi, detail queries.Query, rows, values table, asOf time.Time, w io.Writer) error {
	labels := names(kpi.Of(queries.Label))
	parts := names(detail.Of(queries.Part))
	sums := map[string][]decimal.Decimal{}
	counts := map[string]int{}
	for _, row := range rows.rows {
		key := rows.key(row, labels)
		if sums[key] == nil {
			sums[key] = make([]decimal.Decimal, len(parts))
		}
		counts[key]++
		for i, part := range parts {
			sums[key][i] = sums[key][i].Add(toDecimal(rows.value(row, part)))
		}
	}

	// A set of labels may have rows and no KPI, or a KPI of zero and no rows.
	out := table{columns: append(append(slices.Clone(labels), "rows"), parts...)}
	gauges := slices.DeleteFunc(names(kpi.Of(queries.Gauge)), func(name string) bool { return slices.Contains(parts, name) })
	out.columns = append(append(out.columns, gauges...), "adds up")
	var wrong []string
	add := func(key string, set []any, value func(string) any) {
		line := append(slices.Clone(set), int64(counts[key]))
		differ := ""
		for i, part := range parts {
			var sum decimal.Decimal
			if s := sums[key]; s != nil {
				sum = s[i]
			}
			line = append(line, sum)
			if v := value(part); !same(sum, v) {
				differ += fmt.Sprintf("; %s is %s", part, exact(v))
				wrong = append(wrong, fmt.Sprintf("%s of {%s}: the rows sum to %s, the KPI is %s", part, key, sum, exact(v)))
			}
		}
		for _, g := range gauges {
			line = append(line, value(g))
		}
		verdict := "yes"
		if differ != "" {
			verdict = "NO" + differ
		}
		out.rows = append(out.rows, append(line, verdict))
	}
	seen := map[string]bool{}
	for _, row := range values.rows {
		key := values.key(row, labels)
		seen[key] = true
		add(key, values.pick(row, labels), func(column string) any { return values.value(row, column) })
	}
	for _, row := range rows.rows {
		if key := rows.key(row, labels); !seen[key] {
			seen[key] = true
			add(key, rows.pick(row, labels), func(string) any { return nil })
		}
	}

	fmt.Fprintf(w, "\nSums, beside cs.%s at %s:\n", kpi.Name, asOf.Format(time.DateOnly))
	if err := out.write(w, "table"); err != nil {
		return err
	}
	if len(wrong) > 0 {
		fmt.Fprintf(w, "\nTHE ROWS DO NOT ADD UP TO cs.%s:\n  %s\n", kpi.Name, strings.Join(wrong, "\n  "))
		return errReported
	}
	_, err := fmt.Fprintf(w, "\nThe %d rows add up to cs.%s exactly.\n", len(rows.rows), kpi.Name)
	return err
}

// same reports whether a gauge is the float nearest to an exact sum. Undefined is as good as nothing summed.
func same(sum decimal.Decimal, v any) bool {
	if gauge, isFloat := v.(float64); isFloat {
		nearest, _ := sum.Float64()
		return gauge == nearest
	}
	return toDecimal(v).Equal(sum)
}

// toDecimal is an exact number, or zero for null.
func toDecimal(v any) decimal.Decimal {
	switch x := v.(type) {
	case decimal.Decimal:
		return x
	case int64:
		return decimal.NewFromInt(x)
	case uint64:
		return decimal.NewFromUint64(x)
	case float64:
		return decimal.NewFromFloat(x)
	}
	return decimal.Zero
}

// names are the names of columns.
func names(columns []queries.Column) []string {
	var ns []string
	for _, c := range columns {
		ns = append(ns, c.Name)
	}
	return ns
}

// explainable are the KPIs that have a detail.
func explainable(c queries.Catalogue) []string {
	var ns []string
	for _, q := range c.KPIs() {
		if _, found := c.Get(q.Name + "_detail"); found {
			ns = append(ns, q.Name)
		}
	}
	return ns
}
