package history

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/column/orderedmap"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter"
	"cskpi/exporter/store"
	"cskpi/queries"
	"cskpi/queries/sqltext"
)

// Reason says why a KPI was computed for a day.
type Reason string

// The reasons, as kpi_runs has them.
const (
	First      Reason = "first"      // for the first time
	Definition Reason = "definition" // what is computed has changed
	Settings   Reason = "settings"   // the settings up to the day have changed
	Facts      Reason = "facts"      // facts up to the day have arrived or changed
	Asked      Reason = "asked"      // somebody wanted it
)

// Arrived are facts that arrived, by table.
type Arrived struct {
	Table   string
	Rows    uint64    // of usage_events, days that were rolled up anew; 0: what rows said before they were changed
	FirstOn time.Time // first day that they touch; 1970-01-01: since ever
	LastOn  time.Time // last day on which one of them begins
}

// run is a computation of a KPI for a day.
type run struct {
	at         time.Time // when it began
	definition string
	settings   string
	knownUntil time.Time
	reason     Reason
	facts      []Arrived // since the run before
}

// point is a series of a KPI on a day.
type point struct{ column, series string }

// version is what is stored of a point.
type version struct {
	value  exporter.Value
	labels map[string]string
}

// latest are the versions of a KPI on a day: the last ones stored, and those of the last run that was recorded. They are not the same where a run was
// cut short after it had stored rows.
type latest struct{ stored, told map[point]version }

// versions reads the latest versions of a KPI, by day. ran has the time of the last run of each day; a day without one has no entry.
func (h *History) versions(ctx context.Context, view string, days []time.Time, ran map[string]time.Time) (map[string]latest, error) {
	of := map[string]latest{}
	rows, err := h.o.Conn.Query(ctx, `
		select column, labels, as_of, value, distribution, computed_at
		from kpi_daily
		where view = `+sqltext.Quote(view)+` and as_of in [`+sqltext.Days(days)+`]
		order by computed_at`)
	if err != nil {
		return of, err
	}
	defer rows.Close()
	var distribution any
	if types := rows.ColumnTypes(); len(types) == 6 {
		distribution = reflect.New(types[4].ScanType()).Interface()
	}
	for rows.Next() {
		var column string
		var labels map[string]string
		var day, at time.Time
		var value *float64
		if err := rows.Scan(&column, &labels, &day, &value, distribution, &at); err != nil {
			return of, err
		}
		v := version{labels: labels, value: exporter.Value{Number: value}}
		if v.value.Spread, err = exporter.ParseDistribution(reflect.ValueOf(distribution).Elem().Interface()); err != nil {
			return of, fmt.Errorf("what is stored of %s.%s on %s is no distribution: %w", view, column, day.Format(time.DateOnly), err)
		}
		p, on := point{column, labelKey(labels)}, day.Format(time.DateOnly)
		if of[on].stored == nil {
			of[on] = latest{map[point]version{}, map[point]version{}}
		}
		of[on].stored[p] = v
		if last, found := ran[on]; found && !at.After(last) {
			of[on].told[p] = v
		}
	}
	return of, rows.Err()
}

// labelKey is the same for the same labels.
func labelKey(labels map[string]string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		b.WriteString(name + "\xff" + labels[name] + "\xff")
	}
	return b.String()
}

// write stores what is new of a KPI on days, and then that it was computed, by a run for each day. It returns how many series of each
// day differ from what was told of it before; where nothing was, all.
func (h *History) write(ctx context.Context, q queries.Query, days []exporter.Day, runs map[string]run, ran map[string]time.Time) (changed map[string]uint64, err error) {
	of := make([]time.Time, len(days))
	for i, d := range days {
		of[i] = d.AsOf
	}
	was, err := h.versions(ctx, q.Name, of, ran)
	if err != nil {
		return nil, fmt.Errorf("read what is stored of %s: %w", q.Name, store.Brief(err))
	}
	labels, values := q.Of(queries.Label), q.Of(queries.Gauge, queries.Histogram)
	changed = map[string]uint64{}
	var fresh []row
	for _, day := range days {
		on := day.AsOf.Format(time.DateOnly)
		found := map[point]version{}
		for _, r := range day.Rows {
			named := make(map[string]string, len(labels))
			for i, c := range labels {
				named[c.Name] = r.Labels[i]
			}
			key := labelKey(named)
			for i, c := range values {
				if v := r.Values[i]; v.Number != nil || v.Spread != nil {
					found[point{c.Name, key}] = version{v, named}
				}
			}
		}
		for p, v := range found {
			if before, known := was[on].stored[p]; !known || !same(before.value, v.value) {
				fresh = append(fresh, row{p, day.AsOf, v})
			}
			if told, known := was[on].told[p]; !known || !same(told.value, v.value) {
				changed[on]++
			}
		}
		// What had a value and has none any more.
		for p, before := range was[on].stored {
			if _, still := found[p]; !still && !same(before.value, exporter.Value{}) {
				fresh = append(fresh, row{p, day.AsOf, version{labels: before.labels}})
			}
		}
		for p, told := range was[on].told {
			if _, still := found[p]; !still && !same(told.value, exporter.Value{}) {
				changed[on]++
			}
		}
	}
	slices.SortFunc(fresh, func(a, b row) int {
		return cmp.Or(strings.Compare(a.column, b.column), strings.Compare(a.series, b.series), a.asOf.Compare(b.asOf))
	})
	if err := h.insertRows(ctx, q.Name, fresh, runs); err != nil {
		return nil, fmt.Errorf("store %s: %w", q.Name, store.Brief(err))
	}
	ended := make([]endedRun, len(days))
	for i, d := range days {
		on := d.AsOf.Format(time.DateOnly)
		ended[i] = endedRun{runs[on], d.AsOf, uint64(len(d.Rows)), uint64(d.Refused), changed[on]}
	}
	if err := h.insertRuns(ctx, q.Name, ended); err != nil {
		return nil, fmt.Errorf("store that %s was computed: %w", q.Name, store.Brief(err))
	}
	return changed, nil
}

// row is a version to be stored.
type row struct {
	point
	asOf time.Time
	version
}

// same reports whether two values are one, to the last bit.
func same(a, b exporter.Value) bool {
	switch {
	case (a.Number == nil) != (b.Number == nil) || (a.Spread == nil) != (b.Spread == nil):
		return false
	case a.Number != nil:
		return math.Float64bits(*a.Number) == math.Float64bits(*b.Number)
	case a.Spread != nil:
		x, y := a.Spread, b.Spread
		return slices.Equal(x.Bounds, y.Bounds) && slices.Equal(x.Counts, y.Counts) && math.Float64bits(x.Sum) == math.Float64bits(y.Sum) &&
			maps.Equal(x.Native, y.Native) && x.Zeros == y.Zeros
	}
	return true
}

// insertRows stores versions, each with the time of its day's run. Labels go in the order of their names, so that a series is the same whoever wrote it.
func (h *History) insertRows(ctx context.Context, view string, fresh []row, runs map[string]run) error {
	const atOnce = 100_000 // bounds what is encoded at a time
	for part := range slices.Chunk(fresh, atOnce) {
		batch, err := h.o.Conn.PrepareBatch(ctx, "insert into kpi_daily (view, column, labels, as_of, value, distribution, computed_at)")
		if err != nil {
			return err
		}
		for _, r := range part {
			if err := batch.Append(view, r.column, orderedmap.FromMap(r.labels), r.asOf, r.value.Number, tuple(r.value.Spread), runs[r.asOf.Format(time.DateOnly)].at); err != nil {
				return abort(batch, err)
			}
		}
		if err := batch.Send(); err != nil {
			return err
		}
	}
	return nil
}

// tuple is a distribution as the column of kpi_daily has it.
func tuple(d *exporter.Distribution) []any {
	if d == nil {
		return []any{[]float64{}, []uint64{}, 0., map[int32]uint64{}, uint64(0)}
	}
	native := d.Native
	if native == nil {
		native = map[int32]uint64{}
	}
	return []any{d.Bounds, d.Counts, d.Sum, native, d.Zeros}
}

// endedRun is a run whose rows are stored.
type endedRun struct {
	run
	asOf                   time.Time
	rows, refused, changed uint64
}

func (h *History) insertRuns(ctx context.Context, view string, ended []endedRun) error {
	batch, err := h.o.Conn.PrepareBatch(ctx, "insert into kpi_runs (view, as_of, computed_at, definition, settings, known_until, rows, refused, changed, reason, facts)")
	if err != nil {
		return err
	}
	for _, r := range ended {
		facts := make([]map[string]any, len(r.facts))
		for i, f := range r.facts {
			facts[i] = map[string]any{"table": f.Table, "rows": f.Rows, "first_on": f.FirstOn, "last_on": f.LastOn}
		}
		err := batch.Append(view, r.asOf, r.at, r.definition, r.settings, r.knownUntil, r.rows, r.refused, r.changed, string(r.reason), facts)
		if err != nil {
			return abort(batch, err)
		}
	}
	return batch.Send()
}

func abort(batch driver.Batch, err error) error {
	_ = batch.Abort()
	return err
}
