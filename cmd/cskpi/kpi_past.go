package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"cskpi/exporter"
	"cskpi/exporter/history"
	"cskpi/queries"
)

// past prints a KPI over several days, or as it was known at a time.
func (c *kpiCmd) past(ctx context.Context, a *app, catalogue queries.Catalogue, q queries.Query) error {
	labels := names(q.Of(queries.Label))
	asked := []queries.Query{q}
	if c.KnownAt != "" {
		asked = nil // values that are stored need no usage that is up to date
	}
	d, asOf, err := a.openAt(ctx, catalogue, c.AsOf, asked...)
	if err != nil {
		return err
	}
	defer d.Close()
	h := a.History(d)
	if err := h.Whole(ctx); err != nil {
		return err
	}
	knownAt, err := c.knownAt(d.Zone)
	if err != nil {
		return err
	}
	series := !c.From.IsZero()
	days := []time.Time{asOf}
	if series {
		if c.To.After(d.Days.Today()) {
			return usage("--to %s is in the future; today is %s", c.To.Format(time.DateOnly), d.Days.Today().Format(time.DateOnly))
		}
		if days, err = c.days(h.Yesterday()); err != nil {
			return err
		}
		first, err := d.Days.FirstFact(ctx)
		if err != nil {
			return err
		}
		if !first.IsZero() && days[0].Before(first) {
			fmt.Fprintf(a.err, "There are no facts before %s, so the series starts there.\n", first.Format(time.DateOnly))
			days = slices.DeleteFunc(days, first.After)
		}
		if len(days) == 0 {
			return pastTable(q, nil, true).write(a.out, c.Format)
		}
	}
	var told []exporter.Day
	if knownAt.IsZero() {
		told, _, err = h.Told(ctx, q, days)
	} else {
		told, err = c.known(ctx, h, q, days, knownAt, d.Zone)
	}
	if err != nil {
		return err
	}
	all := pastTable(q, told, series)
	for i := range told {
		told[i].Rows = slices.DeleteFunc(told[i].Rows, func(r exporter.Row) bool {
			for j, name := range labels {
				if want, given := c.Where[name]; given && want != r.Labels[j] {
					return true
				}
			}
			return false
		})
	}
	t := pastTable(q, told, series)
	if len(t.rows) == 0 && len(all.rows) > 0 {
		when := "on " + days[0].Format(time.DateOnly)
		if series {
			when = fmt.Sprintf("from %s to %s", days[0].Format(time.DateOnly), days[len(days)-1].Format(time.DateOnly))
		}
		return noSuch(q.Name, when, c.Where, all)
	}
	if len(t.rows) == 0 {
		fmt.Fprintf(a.err, "%s has no rows on these days.\n", q.Name)
	}
	if err := t.write(a.out, c.Format); err != nil {
		return err
	}
	if f := terminal(a.out); f != nil && series && c.Format == "table" {
		return plots(a.out, q, told)
	}
	return nil
}

// known reads the values reported by a time. It is an error if there were none.
func (c *kpiCmd) known(ctx context.Context, h *history.History, q queries.Query, days []time.Time, at time.Time, zone *time.Location) ([]exporter.Day, error) {
	known, err := h.Known(ctx, q, days[0], days[len(days)-1], at)
	var told []exporter.Day
	for _, k := range known {
		if slices.ContainsFunc(days, k.AsOf.Equal) {
			told = append(told, k.Day)
		}
	}
	switch {
	case err != nil && !errors.Is(err, history.ErrUnknown):
		return nil, err
	case len(told) > 0:
		return told, nil
	}
	what := q.Name + " at " + days[0].Format(time.DateOnly)
	if len(days) > 1 {
		what = fmt.Sprintf("%s from %s to %s", q.Name, days[0].Format(time.DateOnly), days[len(days)-1].Format(time.DateOnly))
	}
	why := "it has not been computed since, either; cskpi backfill does"
	if first, err := h.FirstKnown(ctx, q, days[len(days)-1]); err == nil && !first.IsZero() {
		why = "it was first computed on " + first.In(zone).Format("2006-01-02 15:04:05 MST")
	}
	return nil, fmt.Errorf("nothing was known of %s by %s: %s", what, at.In(zone).Format("2006-01-02 15:04:05 MST"), why)
}

// knownAt reads the flag; zero: it is not given.
func (c *kpiCmd) knownAt(zone *time.Location) (time.Time, error) {
	if c.KnownAt == "" {
		return time.Time{}, nil
	}
	if day, err := time.Parse(time.DateOnly, c.KnownAt); err == nil {
		y, m, d := day.Date()
		return time.Date(y, m, d+1, 0, 0, 0, 0, zone).Add(-time.Millisecond), nil
	}
	if at, err := time.Parse(time.RFC3339, c.KnownAt); err == nil {
		return at, nil
	}
	for _, layout := range []string{"2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04"} {
		if at, err := time.ParseInLocation(layout, c.KnownAt, zone); err == nil {
			return at, nil
		}
	}
	return time.Time{}, usage("--known-at %q is no time; write it as 2026-01-31, 2026-01-31T09:00 or 2026-01-31T09:00:00+09:00", c.KnownAt)
}

// mostDays bounds what a series computes.
const mostDays = 4000

// days are those of the series, the earliest first.
func (c *kpiCmd) days(yesterday time.Time) ([]time.Time, error) {
	to := c.To.Time
	if to.IsZero() {
		to = yesterday
	}
	if c.From.After(to) {
		return nil, usage("--from %s is after the last day, %s", c.From.Format(time.DateOnly), to.Format(time.DateOnly))
	}
	step := c.Step
	if step == "" {
		switch length := to.Sub(c.From.Time); {
		case length <= 31*24*time.Hour:
			step = "1d"
		case length <= 200*24*time.Hour:
			step = "1w"
		default:
			step = "1m"
		}
	}
	n, err := strconv.Atoi(strings.TrimRight(step, "dwm"))
	unit := strings.TrimLeft(step, "0123456789")
	if err != nil || n <= 0 || unit != "d" && unit != "w" && unit != "m" {
		return nil, usage("--step %q is no step; write it as 1d, 1w, 1m or 3m", step)
	}
	var days []time.Time
	for i := 0; ; i++ {
		var day time.Time
		switch unit {
		case "d":
			day = to.AddDate(0, 0, -i*n)
		case "w":
			day = to.AddDate(0, 0, -7*i*n)
		case "m":
			day = monthsBefore(to, i*n)
		}
		if day.Before(c.From.Time) {
			break
		}
		if len(days) == mostDays {
			return nil, usage("the series has more than %d days; take a longer --step", mostDays)
		}
		days = append(days, day)
	}
	slices.Reverse(days)
	return days, nil
}

// monthsBefore is the day of that number n months before; of a month's last day, the last day of that month.
func monthsBefore(day time.Time, n int) time.Time {
	y, m, d := day.Date()
	last := func(y int, m time.Month) int { return time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC).Day() }
	first := time.Date(y, m-time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	end := last(first.Year(), first.Month())
	if d == last(y, m) || d > end {
		d = end
	}
	return first.AddDate(0, 0, d-1)
}

// pastTable has a row for each day and row of a KPI.
func pastTable(q queries.Query, told []exporter.Day, series bool) table {
	var t table
	if series {
		t.columns = []string{"day"}
	}
	t.columns = append(t.columns, names(q.Of(queries.Label))...)
	t.columns = append(t.columns, names(q.Of(queries.Gauge, queries.Histogram))...)
	for _, day := range told {
		for _, r := range day.Rows {
			var row []any
			if series {
				row = append(row, day.AsOf.Format(time.DateOnly))
			}
			for _, l := range r.Labels {
				row = append(row, l)
			}
			for _, v := range r.Values {
				switch {
				case v.Number != nil:
					row = append(row, *v.Number)
				case v.Spread != nil:
					row = append(row, []any{v.Spread.Bounds, v.Spread.Counts, v.Spread.Sum, v.Spread.Native, v.Spread.Zeros})
				default:
					row = append(row, nil)
				}
			}
			t.rows = append(t.rows, row)
		}
	}
	return t
}

// mostPlots and plotWidth bound what is drawn.
const (
	mostPlots = 24
	plotWidth = 60
)

// plots draws the first gauge of each row over time, between its least and largest value.
func plots(w io.Writer, q queries.Query, told []exporter.Day) error {
	gauges := q.Of(queries.Gauge)
	if len(gauges) == 0 || len(told) < 3 {
		return nil
	}
	column := gauges[0].Name
	if i := slices.IndexFunc(gauges, func(c queries.Column) bool { return c.Name == "ratio" }); i >= 0 {
		column = "ratio"
	}
	t := table{columns: []string{"series", column, "from", "to"}}
	for _, s := range history.BySeries(q, told) {
		if s.Column != column {
			continue
		}
		if len(t.rows) == mostPlots {
			break
		}
		values := make([]float64, len(told))
		for i := range values {
			values[i] = math.NaN()
		}
		for i, day := range s.Days {
			at := slices.IndexFunc(told, func(d exporter.Day) bool { return d.AsOf.Equal(day) })
			values[at] = *s.Values[i].Number
		}
		var pairs []string
		for _, name := range names(q.Of(queries.Label)) {
			pairs = append(pairs, s.Labels[name])
		}
		t.rows = append(t.rows, []any{strings.Join(pairs, " "), sparkline(values, plotWidth), *s.Values[0].Number, *s.Values[len(s.Values)-1].Number})
	}
	if len(t.rows) == 0 {
		return nil
	}
	for _, row := range t.rows {
		row[2], row[3] = human(column, row[2]), human(column, row[3])
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	return t.write(w, "table")
}

// sparkline draws values as bars of eight heights, at most width of them; of several that share a bar the last one counts. What is not a
// number is a dot.
func sparkline(values []float64, width int) string {
	if len(values) > width {
		fewer := make([]float64, width)
		for i := range fewer {
			fewer[i] = values[(i+1)*len(values)/width-1]
		}
		values = fewer
	}
	least, most := math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if !math.IsNaN(v) {
			least, most = min(least, v), max(most, v)
		}
	}
	bars := []rune("▁▂▃▄▅▆▇█")
	var b strings.Builder
	for _, v := range values {
		switch {
		case math.IsNaN(v):
			b.WriteRune('·')
		case most == least:
			b.WriteRune(bars[3])
		default:
			b.WriteRune(bars[min(int((v-least)/(most-least)*8), 7)])
		}
	}
	return b.String()
}
