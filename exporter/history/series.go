package history

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"cskpi/exporter"
	"cskpi/exporter/store"
	"cskpi/queries"
	"cskpi/queries/sqltext"
)

// Known is what was told of a KPI on a day.
type Known struct {
	exporter.Day
	At time.Time // when its computation began
}

// ErrUnknown means that nothing was told of a KPI for the days that were asked for, by the time that was asked for.
var ErrUnknown = errors.New("nothing was known")

// Known reads what is stored of a KPI from a day to another one, as it was told at an instant; zero: as it is told now. Days of which
// nothing was told are left out; if there are no others, the error is ErrUnknown. Rows are in order of their labels; those without any
// value are not kept.
func (h *History) Known(ctx context.Context, q queries.Query, from, to, at time.Time) ([]Known, error) {
	by := ""
	if !at.IsZero() {
		by = " and computed_at <= " + sqltext.Instant(at)
	}
	runs := "select as_of, max(computed_at) as told_at from kpi_runs where view = " + sqltext.Quote(q.Name) +
		" and as_of between " + sqltext.Day(from) + " and " + sqltext.Day(to) + by + " group by as_of"
	rows, err := h.o.Conn.Query(ctx, `
		select r.as_of as day, r.told_at, v.column, v.labels, v.latest.1, v.latest.2
		from (`+runs+`) as r
		left join (
			select d.as_of as as_of, toString(d.column) as column, d.labels as labels, argMax((d.value, d.distribution), d.computed_at) as latest
			from kpi_daily as d
			inner join (`+runs+`) as t on t.as_of = d.as_of
			where d.view = `+sqltext.Quote(q.Name)+` and d.as_of between `+sqltext.Day(from)+` and `+sqltext.Day(to)+` and d.computed_at <= t.told_at
			group by d.as_of, d.column, d.series, d.labels
		) as v on v.as_of = r.as_of
		order by day`)
	if err != nil {
		return nil, fmt.Errorf("read what is stored of %s: %w", q.Name, store.Brief(err))
	}
	defer rows.Close()
	var known []Known
	labels, values := q.Of(queries.Label), q.Of(queries.Gauge, queries.Histogram)
	var distribution any
	if types := rows.ColumnTypes(); len(types) == 6 {
		distribution = reflect.New(types[5].ScanType()).Interface()
	}
	byLabels := map[string]int{} // of the last day: row
	for rows.Next() {
		var day, told time.Time
		var column string
		var named map[string]string
		var number *float64
		if err := rows.Scan(&day, &told, &column, &named, &number, distribution); err != nil {
			return nil, err
		}
		if n := len(known); n == 0 || !known[n-1].AsOf.Equal(day) {
			known = append(known, Known{exporter.Day{AsOf: day.UTC()}, told.UTC()})
			byLabels = map[string]int{}
		}
		of := &known[len(known)-1]
		spread, err := exporter.ParseDistribution(reflect.ValueOf(distribution).Elem().Interface())
		if err != nil {
			return nil, err
		}
		at := slices.IndexFunc(values, func(c queries.Column) bool { return c.Name == column })
		if at < 0 || number == nil && spread == nil || len(named) != len(labels) {
			continue // of a day without any, or of a column or label that the KPI no longer has
		}
		key := labelKey(named)
		i, found := byLabels[key]
		if !found {
			row := exporter.Row{Labels: make([]string, len(labels)), Values: make([]exporter.Value, len(values))}
			for j, c := range labels {
				row.Labels[j] = named[c.Name]
			}
			i = len(of.Rows)
			byLabels[key] = i
			of.Rows = append(of.Rows, row)
		}
		of.Rows[i].Values[at] = exporter.Value{Number: number, Spread: spread}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if len(known) == 0 {
		return nil, ErrUnknown
	}
	for _, k := range known {
		sortRows(k.Rows)
	}
	return known, nil
}

// sortRows puts rows in the order of their labels.
func sortRows(rows []exporter.Row) {
	slices.SortFunc(rows, func(a, b exporter.Row) int { return slices.Compare(a.Labels, b.Labels) })
}

// FirstKnown is when a KPI was first told for a day; zero: it never was.
func (h *History) FirstKnown(ctx context.Context, q queries.Query, day time.Time) (time.Time, error) {
	var runs uint64
	var at time.Time
	err := h.o.Conn.QueryRow(ctx, "select count(), min(computed_at) from kpi_runs where view = "+sqltext.Quote(q.Name)+" and as_of = "+sqltext.Day(day)).Scan(&runs, &at)
	if err != nil || runs == 0 {
		return time.Time{}, store.Brief(err)
	}
	return at.UTC(), nil
}

// Told gives a KPI on days, the earliest first: as it is stored, where that still holds, else computed now and not stored. It reports how
// many of them were computed.
func (h *History) Told(ctx context.Context, q queries.Query, days []time.Time) (told []exporter.Day, computed int, err error) {
	if len(days) == 0 {
		return nil, 0, nil
	}
	sorted := slices.SortedFunc(slices.Values(days), time.Time.Compare)
	from, to := sorted[0], sorted[len(sorted)-1]
	plan, err := h.plan(ctx, []queries.Query{q}, from, to)
	if err != nil {
		return nil, 0, err
	}
	of := map[string]exporter.Day{}
	known, err := h.Known(ctx, q, from, to, time.Time{})
	if err != nil && !errors.Is(err, ErrUnknown) {
		return nil, 0, err
	}
	for _, k := range known {
		of[k.AsOf.Format(time.DateOnly)] = k.Day
	}
	var missing []time.Time
	for _, day := range sorted {
		if _, due := plan.of(q, day, false, 0, time.Time{}); due || day.After(h.Yesterday()) {
			missing = append(missing, day)
		}
	}
	atOnce, err := h.o.AtOnce(ctx)
	if err != nil {
		return nil, 0, err
	}
	f := &filling{h: h}
	for part := range slices.Chunk(missing, atOnce) {
		read, err := f.readAll(ctx, q, part)
		if err != nil {
			return nil, 0, err
		}
		for _, day := range read {
			sortRows(day.Rows)
			of[day.AsOf.Format(time.DateOnly)] = day
		}
	}
	for _, day := range sorted {
		told = append(told, of[day.Format(time.DateOnly)])
	}
	return told, len(missing), nil
}

// Open computes KPIs, so many at a time, on a day that has not closed. Nothing of it is stored. What cannot be computed is left out, and
// the error says why.
func (h *History) Open(ctx context.Context, kpis []queries.Query, day time.Time, parallel int) (map[string]exporter.Day, error) {
	f := &filling{h: h}
	found := map[string]exporter.Day{}
	var errs []error
	var mu sync.Mutex
	var wg errgroup.Group
	wg.SetLimit(parallel)
	for _, q := range kpis {
		wg.Go(func() error {
			read, err := f.readAll(ctx, q, []time.Time{day})
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				errs = append(errs, err)
			} else {
				found[q.Name] = read[0]
			}
			return nil
		})
	}
	_ = wg.Wait() // none gives an error of its own
	return found, errors.Join(errs...)
}

// readAll is read of days that are computed first, and of fewer days where that fails for all.
func (f *filling) readAll(ctx context.Context, q queries.Query, days []time.Time) ([]exporter.Day, error) {
	done, err := f.h.o.Lease(ctx, []queries.Query{q}, days...)
	if err != nil {
		return nil, err
	}
	var read []exporter.Day
	if err = f.h.o.Broken(q); err == nil {
		read, err = f.read(ctx, q, days)
	}
	done()
	if err == nil || len(days) == 1 || ctx.Err() != nil {
		if err != nil {
			err = fmt.Errorf("query %s at %s: %w", q.Name, days[0].Format(time.DateOnly), store.Brief(err))
		}
		return read, err
	}
	size := (len(days) + 1) / 2
	var all []exporter.Day
	for part := range slices.Chunk(days, size) {
		read, err := f.readAll(ctx, q, part)
		if err != nil {
			return nil, err
		}
		all = append(all, read...)
	}
	return all, nil
}

// Series is one series of a KPI over time.
type Series struct {
	Column string            // of the KPI
	Labels map[string]string // by name
	Days   []time.Time       // on which it has a value
	Values []exporter.Value
}

// BySeries arranges days of a KPI by series, in order of the columns and then of the labels.
func BySeries(q queries.Query, days []exporter.Day) []Series {
	labels, values := q.Of(queries.Label), q.Of(queries.Gauge, queries.Histogram)
	found := map[string]*Series{}
	for _, day := range days {
		for _, row := range day.Rows {
			named := make(map[string]string, len(labels))
			for i, c := range labels {
				named[c.Name] = row.Labels[i]
			}
			for i, c := range values {
				v := row.Values[i]
				if v.Number == nil && v.Spread == nil {
					continue
				}
				key := fmt.Sprintf("%04d\xff%s", i, strings.Join(row.Labels, "\xff"))
				s := found[key]
				if s == nil {
					s = &Series{Column: c.Name, Labels: named}
					found[key] = s
				}
				s.Days, s.Values = append(s.Days, day.AsOf), append(s.Values, v)
			}
		}
	}
	var all []Series
	for _, key := range slices.Sorted(maps.Keys(found)) {
		all = append(all, *found[key])
	}
	return all
}
