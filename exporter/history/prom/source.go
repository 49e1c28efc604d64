package prom

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"cskpi/exporter"
	"cskpi/queries"
)

// Stored is the Source of what is kept in cs.kpi_daily: of every series and day the version that was computed last.
type Stored struct {
	DB        exporter.Querier
	Catalogue queries.Catalogue // whose KPIs are given; what is kept of others is not
	Every     time.Duration     // how often the exporter computes KPIs that do not say so themselves, for HELP [its default]
	Labels    []Label           // of the scrape, for all series
}

// Series implements Source. A series is read as a whole before it is given, so memory is that of its days.
func (s Stored) Series(ctx context.Context, from, to time.Time, yield func(Series) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // so that closing does not first read the rest of a result that is not wanted
	// In the order of the table, so that nothing has to be sorted. The versions of a day come one after the other.
	rows, err := s.DB.Query(clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{
		"from": from.Format(time.DateOnly), "to": to.Format(time.DateOnly)})), `
		select view, column, labels, as_of, value, distribution from cs.kpi_daily
		where as_of between {from:Date} and {to:Date}
		order by view, column, series, as_of, computed_at`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var now Series
	var key string
	var kind queries.Kind
	known := false // whether the catalogue has the column
	flush := func() error {
		one := now
		now.Days, now.Values, now.Histograms = nil, nil, nil
		if len(one.Days) == 0 {
			return nil
		}
		return yield(one)
	}
	for rows.Next() {
		var view, column string
		var labels map[string]string
		var day time.Time
		var value *float64
		var distribution []any
		if err := rows.Scan(&view, &column, &labels, &day, &value, &distribution); err != nil {
			return err
		}
		if at := identity(view, column, labels); at != key {
			if err := flush(); err != nil {
				return err
			}
			key = at
			if now, known = s.begin(view, column, labels); known {
				kind = now.Kind
			}
		}
		if !known {
			continue
		}
		day = time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC)
		// A later version of the day stands for the one before it, also if it says that there is no value any more.
		if last := len(now.Days) - 1; last >= 0 && now.Days[last].Equal(day) {
			now.Days = now.Days[:last]
			now.Values, now.Histograms = now.Values[:min(last, len(now.Values))], now.Histograms[:min(last, len(now.Histograms))]
		}
		if kind == queries.Gauge {
			if value != nil {
				now.Days, now.Values = append(now.Days, day), append(now.Values, *value)
			}
			continue
		}
		d, err := exporter.ParseDistribution(distribution)
		if err != nil {
			return fmt.Errorf("%s on %s: %w", now.Metric, day.Format(time.DateOnly), err)
		}
		if d == nil {
			continue
		}
		h, err := d.Expose()
		if err != nil {
			return fmt.Errorf("%s on %s: %w", now.Metric, day.Format(time.DateOnly), err)
		}
		now.Days, now.Histograms = append(now.Days, day), append(now.Histograms, h)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return flush()
}

// identity tells series apart.
func identity(view, column string, labels map[string]string) string {
	var b strings.Builder
	b.WriteString(view + "\xff" + column)
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		b.WriteString("\xff" + name + "\xff" + labels[name])
	}
	return b.String()
}

// begin is a series without values; false: the catalogue has no such column.
func (s Stored) begin(view, column string, labels map[string]string) (Series, bool) {
	q, found := s.Catalogue.Get(view)
	if !found || q.Model {
		return Series{}, false
	}
	for _, c := range q.Of(queries.Gauge, queries.Histogram) {
		if c.Name != column {
			continue
		}
		one := Series{Metric: q.Metric(c), Help: exporter.Help(q, c, s.Every), Kind: c.Kind}
		for name, value := range labels {
			one.Labels = append(one.Labels, Label{name, value})
		}
		one.Labels = append(one.Labels, s.Labels...)
		// An empty label is none.
		one.Labels = slices.DeleteFunc(one.Labels, func(l Label) bool { return l.Value == "" })
		slices.SortFunc(one.Labels, func(a, b Label) int { return strings.Compare(a.Name, b.Name) })
		return one, true
	}
	return Series{}, false
}

// Kept is what is kept of the days that an export is about.
type Kept struct {
	First, Last time.Time // first and last day of which anything was computed; zero: nothing was
	Missing     int       // KPIs times days in between that were not computed
	Example     string    // one of them
}

// Kept tells what of the KPIs was computed between two days, both included; a zero from is the first day of all.
func (s Stored) Kept(ctx context.Context, from, to time.Time) (Kept, error) {
	var k Kept
	since := "1970-01-01"
	if !from.IsZero() {
		since = from.Format(time.DateOnly)
	}
	rows, err := s.DB.Query(clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{"from": since, "to": to.Format(time.DateOnly)})),
		`select view, groupUniqArray(as_of) from cs.kpi_runs where as_of between {from:Date} and {to:Date} group by view`)
	if err != nil {
		return k, err
	}
	defer rows.Close()
	computed := map[string]map[time.Time]bool{}
	for rows.Next() {
		var view string
		var days []time.Time
		if err := rows.Scan(&view, &days); err != nil {
			return k, err
		}
		of := make(map[time.Time]bool, len(days))
		for _, day := range days {
			day = time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, time.UTC)
			of[day] = true
			if k.First.IsZero() || day.Before(k.First) {
				k.First = day
			}
			k.Last = later(k.Last, day)
		}
		computed[view] = of
	}
	if err := rows.Err(); err != nil || k.First.IsZero() {
		return k, err
	}
	if from.IsZero() {
		from = k.First
	}
	for _, q := range s.Catalogue.KPIs() {
		for day := from; !day.After(to); day = next(day) {
			if computed[q.Name][day] {
				continue
			}
			if k.Missing++; k.Example == "" {
				k.Example = q.Name + " on " + day.Format(time.DateOnly)
			}
		}
	}
	return k, nil
}
