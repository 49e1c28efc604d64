package exporter

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	"cskpi/queries"
)

// Day is what a KPI was on a day, checked as what is served is.
type Day struct {
	AsOf    time.Time // midnight UTC; only the date counts
	Rows    []Row
	Refused int    // rows that the exporter would refuse, too
	Why     string // one of them was; empty: none
}

// Row is a row of a KPI.
type Row struct {
	Labels []string // in the order of the KPI's label columns
	Values []Value  // in the order of its gauges and histograms
}

// Value is what a row has in one column. A gauge without a number and a histogram without buckets are not there.
type Value struct {
	Number *float64      // of a gauge
	Spread *Distribution // of a histogram
}

// Distribution is the value of a histogram.
type Distribution struct {
	Bounds []float64        // upper bounds of the classic buckets, ascending; the last is infinite
	Counts []uint64         // observations at or below each of them
	Sum    float64          // of all observations
	Native map[int32]uint64 // observations by index of native bucket, of the resolution that the exporter serves; nil: there are classic buckets only
	Zeros  uint64           // observations that are 0, beside those in native buckets
}

// DayOptions bound what ReadDays takes.
type DayOptions struct {
	Timeout   time.Duration // for each day, unless the query's header says another one [1m]
	MaxSeries int           // of a day [10000]
}

// ReadDays runs a statement whose columns are queries.DayColumn and those of a KPI, and gives each of the days, with no rows where the
// result has none. Its rows pass the very checks that they pass before they are served.
func ReadDays(ctx context.Context, db Querier, q queries.Query, sql string, days []time.Time, o DayOptions) (read []Day, err error) {
	if o.MaxSeries == 0 {
		o.MaxSeries = defaultMaxSeries
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	k := newKPI(q, Options{Timeout: o.Timeout, Every: time.Minute})
	limit := k.timeout * time.Duration(len(days))
	limited, cancel := context.WithTimeout(ctx, limit)
	defer func() {
		if p := recover(); p != nil { // as Exporter.read does
			read, err = nil, fmt.Errorf("panic while reading the result: %v", p)
		}
		if err != nil && ctx.Err() == nil && errors.Is(limited.Err(), context.DeadlineExceeded) {
			err = fmt.Errorf("no result for %d days within %s, raise the timeout (Timeout in the query's header, or CSKPI_TIMEOUT): %w", len(days), short(limit), err)
		}
		cancel()
	}()
	rows, err := db.Query(limited, sql)
	if err != nil {
		return nil, err
	}
	defer func() {
		cancel() // so that closing does not first read the rest of a result that is not wanted
		_ = rows.Close()
	}()
	if columns := rows.Columns(); len(columns) > 0 {
		if columns[0] != queries.DayColumn {
			return nil, fmt.Errorf("the first column of the result is %s, not %s", columns[0], queries.DayColumn)
		}
		if err := k.checkColumns(columns[1:]); err != nil {
			return nil, err
		}
	}
	checkers := make(map[time.Time]*checker, len(days))
	for _, day := range days {
		checkers[day] = k.check(o.MaxSeries)
	}
	for dest := destinations(rows); rows.Next(); {
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		day, _ := indirect(dest[0]).(time.Time)
		c := checkers[day.UTC()]
		if c == nil {
			return nil, fmt.Errorf("the result has rows of %v, which nobody asked for", indirect(dest[0]))
		}
		if err := c.add(dest[1:]); err != nil {
			return nil, fmt.Errorf("%s: %w", day.Format(time.DateOnly), err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	for _, day := range days {
		r, err := checkers[day].done()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", day.Format(time.DateOnly), err)
		}
		of := Day{AsOf: day, Refused: r.refused(), Why: r.firstRefusal()}
		for _, one := range r.rows {
			of.Rows = append(of.Rows, one.export())
		}
		read = append(read, of)
	}
	return read, nil
}

func (r row) export() Row {
	out := Row{Labels: r.labels, Values: make([]Value, len(r.values))}
	for i, v := range r.values {
		switch v := v.(type) {
		case gauge:
			number := float64(v)
			out.Values[i].Number = &number
		case histogram:
			out.Values[i].Spread = v.export()
		}
	}
	return out
}

func (h histogram) export() *Distribution {
	d := &Distribution{Sum: h.sum, Bounds: append(slices.Sorted(maps.Keys(h.buckets)), math.Inf(1))}
	for _, bound := range d.Bounds[:len(d.Bounds)-1] {
		d.Counts = append(d.Counts, h.buckets[bound])
	}
	d.Counts = append(d.Counts, h.count)
	if h.native != nil {
		d.Native, d.Zeros = h.native.buckets, h.native.zero
	}
	return d
}
