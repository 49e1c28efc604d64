package prom

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"

	"cskpi/exporter"
	"cskpi/exporter/policy"
	"cskpi/queries"
	"cskpi/queries/sqltext"
)

// Stored is the Source of what is kept in kpi_daily: of every series and day the version that was computed last.
type Stored struct {
	DB        exporter.Querier
	Catalogue queries.Catalogue // whose KPIs are given; what is kept of others is not
	Every     time.Duration     // how often the exporter computes KPIs that do not say so themselves, for HELP [its default]
	Labels    []Label           // of the scrape, for all series
	Zone      *time.Location    // the reporting zone, in which days begin
}

// Series implements Source. A series is read as a whole before it is given, so memory is that of its days.
func (s Stored) Series(ctx context.Context, from, to time.Time, yield func(Series) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // so that closing does not first read the rest of a result that is not wanted
	between := "as_of between " + sqltext.Day(from) + " and " + sqltext.Day(to)
	told, err := s.told(ctx, between)
	if err != nil {
		return err
	}
	// In the order of the table, so that nothing has to be sorted. The versions of a day come one after the other.
	rows, err := s.DB.Query(ctx, `select view, column, labels, as_of, value, distribution, computed_at
		from kpi_daily where `+between+` order by view, column, series, as_of, computed_at`)
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
		var at time.Time
		if err := rows.Scan(&view, &column, &labels, &day, &value, &distribution, &at); err != nil {
			return err
		}
		// What a run stored that was cut short does not count yet.
		day = date(day)
		if last, ok := told[run{view, day}]; !ok || at.After(last) {
			continue
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
	if err := flush(); err != nil {
		return err
	}
	days := map[string][]time.Time{}
	for of := range told {
		days[of.view] = append(days[of.view], of.day)
	}
	own, err := s.Own(ctx, days)
	if err != nil {
		return err
	}
	for _, one := range own {
		if err := yield(one); err != nil {
			return err
		}
	}
	return nil
}

// Own returns the metrics that the exporter would have exported about itself on past days, given the KPIs computed for them.
func (s Stored) Own(ctx context.Context, computed map[string][]time.Time) ([]Series, error) {
	var asOf []Series
	days := map[time.Time]bool{}
	for _, q := range s.Catalogue.KPIs() {
		one := s.own(exporter.QueryAsOf, q.Name)
		one.Days = slices.SortedFunc(slices.Values(computed[q.Name]), time.Time.Compare)
		for _, day := range one.Days {
			one.Values = append(one.Values, exporter.DayStart(day, s.Zone))
			days[day] = true
		}
		if len(one.Days) > 0 {
			asOf = append(asOf, one)
		}
	}
	info, err := s.reporting(ctx, slices.SortedFunc(maps.Keys(days), time.Time.Compare))
	return append(asOf, info...), err
}

// reporting is how the KPIs of days are to be read.
func (s Stored) reporting(ctx context.Context, days []time.Time) ([]Series, error) {
	if len(days) == 0 {
		return nil, nil
	}
	// Settings are in force from a day on, so there is something to ask on these days only.
	rows, err := s.DB.Query(ctx, "select distinct starts_on from stored_settings final where name in ('currency', 'timezone', 'fiscal_year_start') and starts_on between "+
		sqltext.Day(days[0])+" and "+sqltext.Day(days[len(days)-1]))
	if err != nil {
		return nil, err
	}
	changes := map[time.Time]bool{days[0]: true}
	for rows.Next() {
		var day time.Time
		if err := rows.Scan(&day); err != nil {
			return nil, errors.Join(err, rows.Close())
		}
		changes[date(day)] = true
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return nil, err
	}
	var all []Series
	from := slices.SortedFunc(maps.Keys(changes), time.Time.Compare)
	for i, day := range from {
		r, err := policy.ReportingOn(ctx, s.DB, day)
		if err != nil {
			return nil, err
		}
		one := s.own(exporter.ReportingInfo, exporter.ReportingLabels(r)...)
		j := slices.IndexFunc(all, func(of Series) bool { return slices.Equal(of.Labels, one.Labels) })
		if j < 0 {
			j, all = len(all), append(all, one)
		}
		for _, d := range days {
			if !d.Before(day) && (i+1 == len(from) || d.Before(from[i+1])) {
				all[j].Days, all[j].Values = append(all[j].Days, d), append(all[j].Values, 1)
			}
		}
	}
	return slices.DeleteFunc(all, func(of Series) bool { return len(of.Days) == 0 }), nil
}

// own is a series of the exporter's own, without values.
func (s Stored) own(o exporter.Own, values ...string) Series {
	labels := make(map[string]string, len(values))
	for i, name := range o.Labels {
		labels[name] = values[i]
	}
	return s.labelled(Series{Metric: o.Name, Help: o.Help, Kind: queries.Gauge}, labels)
}

// labelled is a series with its labels, and those of the scrape.
func (s Stored) labelled(one Series, labels map[string]string) Series {
	for name, value := range labels {
		one.Labels = append(one.Labels, Label{name, value})
	}
	one.Labels = append(one.Labels, s.Labels...)
	// An empty label is none.
	one.Labels = slices.DeleteFunc(one.Labels, func(l Label) bool { return l.Value == "" })
	slices.SortFunc(one.Labels, func(a, b Label) int { return strings.Compare(a.Name, b.Name) })
	return one
}

// run is a KPI on a day.
type run struct {
	view string
	day  time.Time
}

// told is when KPIs were last computed for days.
func (s Stored) told(ctx context.Context, days string) (map[run]time.Time, error) {
	rows, err := s.DB.Query(ctx, "select view, as_of, max(computed_at) from kpi_runs where "+days+" group by view, as_of")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	told := map[run]time.Time{}
	for rows.Next() {
		var of run
		var at time.Time
		if err := rows.Scan(&of.view, &of.day, &at); err != nil {
			return nil, err
		}
		of.day = date(of.day)
		told[of] = at
	}
	return told, rows.Err()
}

// again is what was computed since an instant, with another result than before, and when.
func (s Stored) again(ctx context.Context, since time.Time) (map[run]time.Time, error) {
	known := map[string]bool{}
	for _, q := range s.Catalogue.KPIs() {
		known[q.Name] = true
	}
	rows, err := s.DB.Query(ctx, "select view, as_of, max(computed_at) from kpi_runs where computed_at > "+
		fmt.Sprintf("fromUnixTimestamp64Milli(%d)", since.UnixMilli())+" and changed > 0 and reason != 'first' group by view, as_of")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	again := map[run]time.Time{}
	for rows.Next() {
		var of run
		var at time.Time
		if err := rows.Scan(&of.view, &of.day, &at); err != nil {
			return nil, err
		}
		if of.day = date(of.day); known[of.view] {
			again[of] = at
		}
	}
	return again, rows.Err()
}

// date is a day as it comes from a database, at midnight UTC.
func date(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
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
		return s.labelled(one, labels), true
	}
	return Series{}, false
}

// Of is what the columns of a KPI are on one day.
func (s Stored) Of(q queries.Query, day exporter.Day) ([]Series, error) {
	var all []Series
	labels := q.Of(queries.Label)
	for i, c := range q.Of(queries.Gauge, queries.Histogram) {
		for _, row := range day.Rows {
			v := row.Values[i]
			if v.Number == nil && v.Spread == nil {
				continue
			}
			named := make(map[string]string, len(labels))
			for j, l := range labels {
				named[l.Name] = row.Labels[j]
			}
			one, known := s.begin(q.Name, c.Name, named)
			if !known {
				continue
			}
			one.Days = []time.Time{day.AsOf}
			if v.Number != nil {
				one.Values = []float64{*v.Number}
			} else {
				h, err := v.Spread.Expose()
				if err != nil {
					return nil, fmt.Errorf("%s on %s: %w", one.Metric, day.AsOf.Format(time.DateOnly), err)
				}
				one.Histograms = []*dto.Histogram{h}
			}
			all = append(all, one)
		}
	}
	return all, nil
}

// Followed is a Source with one more day behind its last.
type Followed struct {
	Source
	Day  time.Time
	Then []Series // on that day; those of a metric one after the other
}

// Series implements Source.
func (f Followed) Series(ctx context.Context, from, to time.Time, yield func(Series) error) error {
	if to.Before(f.Day) {
		return f.Source.Series(ctx, from, to, yield)
	}
	then := map[string][]Series{} // by metric
	for _, s := range f.Then {
		then[s.Metric] = append(then[s.Metric], s)
	}
	metric := ""
	// rest gives those of the metric that begin on the day.
	rest := func() error {
		for _, s := range then[metric] {
			if err := yield(s); err != nil {
				return err
			}
		}
		delete(then, metric)
		return nil
	}
	err := f.Source.Series(ctx, from, f.Day.AddDate(0, 0, -1), func(s Series) error {
		if s.Metric != metric {
			if err := rest(); err != nil {
				return err
			}
			metric = s.Metric
		}
		i := slices.IndexFunc(then[metric], func(t Series) bool { return slices.Equal(t.Labels, s.Labels) })
		if i >= 0 {
			t := then[metric][i]
			s.Days, s.Values, s.Histograms = append(s.Days, t.Days...), append(s.Values, t.Values...), append(s.Histograms, t.Histograms...)
			then[metric] = slices.Delete(then[metric], i, i+1)
		}
		return yield(s)
	})
	if err != nil {
		return err
	}
	for _, s := range f.Then {
		if metric != s.Metric {
			if err := rest(); err != nil {
				return err
			}
			metric = s.Metric
		}
	}
	return rest()
}

// Kept is what is kept of the days that an export is about.
type Kept struct {
	First, Last time.Time // first and last day of which anything was computed; zero: nothing was
	Known       time.Time // when the last of them was begun
	Missing     int       // KPIs times days in between that were not computed
	Example     string    // one of them
}

// Kept tells what of the KPIs was computed between two days, both included; a zero from is the first day of all.
func (s Stored) Kept(ctx context.Context, from, to time.Time) (Kept, error) {
	var k Kept
	since := from
	if since.IsZero() {
		since = time.Unix(0, 0).UTC()
	}
	told, err := s.told(ctx, "as_of between "+sqltext.Day(since)+" and "+sqltext.Day(to))
	if err != nil || len(told) == 0 {
		return k, err
	}
	for of, at := range told {
		k.Known = later(k.Known, at)
		if k.First.IsZero() || of.day.Before(k.First) {
			k.First = of.day
		}
		k.Last = later(k.Last, of.day)
	}
	if from.IsZero() {
		from = k.First
	}
	for _, q := range s.Catalogue.KPIs() {
		for day := from; !day.After(to); day = next(day) {
			if _, computed := told[run{q.Name, day}]; computed {
				continue
			}
			if k.Missing++; k.Example == "" {
				k.Example = q.Name + " on " + day.Format(time.DateOnly)
			}
		}
	}
	return k, nil
}
