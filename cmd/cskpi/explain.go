package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/shopspring/decimal"

	"cskpi/exporter/service"
	"cskpi/queries"
)

type explainCmd struct {
	Name    string            `arg:"" help:"KPI, as in nrr."`
	AsOf    date              `name:"as-of" placeholder:"DAY" help:"Day (YYYY-MM-DD) at whose end, in the reporting time zone, the KPI is to stand; today if not given."`
	Segment string            `placeholder:"SEGMENT" help:"Only this segment: high, low or tech."`
	Window  string            `placeholder:"WINDOW" help:"Only this window: 1m, 3m, 12m, mtd, qtd or ytd; some KPIs have others."`
	Where   map[string]string `aliases:"label" placeholder:"NAME=VALUE" mapsep:"none" help:"Only rows with this value of a label, as in movement=churn, or of another column, as in account_id=acme; may be repeated."`
	By      string            `placeholder:"PART" help:"Order the rows by this part, the largest first, whatever its sign."`
	Limit   int               `placeholder:"N" help:"Print only the first N rows; without --by those of the largest first part."`
	Format  string            `enum:"table,csv,json" default:"table" help:"table, csv or json. In csv and json the sums go to standard error."`
}

// Help is the longer text of cskpi explain --help.
func (explainCmd) Help() string {
	return "The rows are those of the view NAME_detail on that day: what each account or contract contributes, and the facts that decided. " +
		"Below them stand their sums for each set of labels, beside the KPI itself; if they differ in a single digit, the exit code is 1. " +
		"Rows that --limit leaves out, or a condition on a column that is no label, still count in the sums. " +
		"If the day is not stored yet, it is computed first."
}

// Run prints the rows behind a KPI and holds them against it.
func (c *explainCmd) Run(ctx context.Context, a *app) error {
	catalogue, kpi, err := a.find(c.Name)
	if err != nil {
		return err
	}
	if kpi.Model {
		return usage("%s is no KPI, so there is nothing that rows could add up to; cskpi kpi %[1]s prints it", kpi.Name)
	}
	detail, found := catalogue.Get(kpi.Name + "_detail")
	if !found {
		return usage("%s has no detail; views/%[1]s_detail.sql in CSKPI_QUERIES_DIR would be it", kpi.Name)
	}
	q, err := c.ask(kpi, detail)
	if err != nil {
		return err
	}
	d, asOf, err := a.openAt(ctx, catalogue, c.AsOf, kpi, detail)
	if err != nil {
		return err
	}
	defer d.Close()
	before, err := a.beforeFacts(ctx, d, kpi, asOf)
	if err != nil {
		return err
	}
	if before {
		return table{columns: names(detail.Columns)}.write(a.out, c.Format)
	}
	rows, err := view(ctx, d, detail, asOf, q.where, "", q.args...)
	if err != nil {
		return err
	}
	values, err := view(ctx, d, kpi, asOf, q.where, "", q.args...)
	if err != nil {
		return err
	}
	if err := c.unknown(ctx, d, kpi, detail, q, asOf, rows, values); err != nil {
		return err
	}
	shown := q.shown(rows, c.Limit)
	if err := shown.write(a.out, c.Format); err != nil {
		return err
	}
	notes := a.err
	if c.Format == "table" {
		notes = a.out
	}
	if n := len(shown.rows); n < len(rows.rows) {
		fmt.Fprintf(notes, "\n%d of %d rows; the sums are of all of them.\n", n, len(rows.rows))
	}
	return reconcile(kpi, detail, rows, values, asOf, notes)
}

// unknown is an error if a value that is asked for is not there on that day: nothing would add up to nothing.
func (c *explainCmd) unknown(ctx context.Context, d *service.Database, kpi, detail queries.Query, q question, asOf time.Time, rows, values table) error {
	if len(q.labels) > 0 && len(rows.rows) == 0 && len(values.rows) == 0 {
		allRows, err := view(ctx, d, detail, asOf, "", "")
		if err != nil {
			return err
		}
		allValues, err := view(ctx, d, kpi, asOf, "", "")
		if err != nil {
			return err
		}
		return noSuch(kpi.Name, "on "+asOf.Format(time.DateOnly), q.labels, allValues, allRows)
	}
	if len(q.only) > 0 && len(q.shown(rows, 0).rows) == 0 {
		return noSuch(detail.Name, "on "+asOf.Format(time.DateOnly), q.only, rows)
	}
	return nil
}

// mostNamed is how many values a message lists.
const mostNamed = 20

// noSuch says of values that were asked for which of them tables do not have, and which ones they have instead.
func noSuch(of, when string, asked map[string]string, all ...table) error {
	var problems []string
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		have := map[string]bool{}
		for _, t := range all {
			for _, row := range t.rows {
				have[exact(t.value(row, name))] = true
			}
		}
		if have[asked[name]] {
			continue
		}
		delete(have, "")
		list := slices.Sorted(maps.Keys(have))
		if more := len(list) - mostNamed; more > 0 {
			list = append(list[:mostNamed], fmt.Sprintf("and %d more", more))
		}
		problems = append(problems, fmt.Sprintf("no %s %q; there are: %s", name, asked[name], cmp.Or(strings.Join(list, ", "), "none")))
	}
	if len(problems) == 0 {
		var pairs []string
		for _, name := range slices.Sorted(maps.Keys(asked)) {
			pairs = append(pairs, name+"="+asked[name])
		}
		problems = []string{"no row with " + strings.Join(pairs, " and ") + ", though there is each of these"}
	}
	return usage("%s has %s %s", of, when, strings.Join(problems, "; and "))
}

// question is what the flags ask of a KPI and its detail.
type question struct {
	where  string // condition on labels, for both
	args   []any
	labels map[string]string // the same
	only   map[string]string // values of other columns of the rows that are printed
	by     string            // part that orders them; empty: labels and keys do
}

// ask understands the flags.
func (c *explainCmd) ask(kpi, detail queries.Query) (question, error) {
	q := question{labels: map[string]string{}, only: map[string]string{}, by: c.By}
	want := map[string]string{}
	maps.Copy(want, c.Where)
	if c.Segment != "" {
		want["segment"] = c.Segment
	}
	if c.Window != "" {
		want["window"] = c.Window
	}
	labels, columns, parts := names(kpi.Of(queries.Label)), names(detail.Columns), names(detail.Of(queries.Part))
	for _, name := range slices.Sorted(maps.Keys(want)) {
		switch {
		case slices.Contains(labels, name):
			if q.where == "" {
				q.where = " where "
			} else {
				q.where += " and "
			}
			q.where += "toString(" + name + ") = ?"
			q.args = append(q.args, want[name])
			q.labels[name] = want[name]
		case slices.Contains(columns, name):
			q.only[name] = want[name]
		default:
			return q, usage("%s has no label %q; it has: %s. Other columns of its rows: %s", kpi.Name, name, cmp.Or(strings.Join(labels, ", "), "none"),
				strings.Join(slices.DeleteFunc(columns, func(name string) bool { return slices.Contains(labels, name) }), ", "))
		}
	}
	switch {
	case c.Limit < 0:
		return q, usage("--limit %d is negative", c.Limit)
	case q.by != "" && !slices.Contains(parts, q.by):
		return q, usage("%s has no part %q to order by; it has: %s", detail.Name, q.by, strings.Join(parts, ", "))
	case q.by == "" && c.Limit > 0 && len(parts) > 0:
		q.by = parts[0]
	}
	return q, nil
}

// shown are the rows to print.
func (q question) shown(rows table, limit int) table {
	shown := table{columns: rows.columns}
	for _, row := range rows.rows {
		fits := true
		for column, value := range q.only {
			fits = fits && exact(rows.value(row, column)) == value
		}
		if fits {
			shown.rows = append(shown.rows, row)
		}
	}
	if q.by != "" {
		slices.SortStableFunc(shown.rows, func(a, b []any) int {
			return toDecimal(shown.value(b, q.by)).Abs().Cmp(toDecimal(shown.value(a, q.by)).Abs())
		})
	}
	if limit > 0 {
		shown.rows = shown.rows[:min(limit, len(shown.rows))]
	}
	return shown
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

	fmt.Fprintf(w, "\nSums, beside %s on %s:\n", kpi.View(), asOf.Format(time.DateOnly))
	if err := out.write(w, "table"); err != nil {
		return err
	}
	if len(wrong) > 0 {
		fmt.Fprintf(w, "\nTHE ROWS DO NOT ADD UP TO %s:\n  %s\n", kpi.View(), strings.Join(wrong, "\n  "))
		return errReported
	}
	_, err := fmt.Fprintf(w, "\nThe %d rows add up to %s exactly.\n", len(rows.rows), kpi.View())
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
