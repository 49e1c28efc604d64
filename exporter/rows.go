package exporter

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	dto "github.com/prometheus/client_model/go"

	"cskpi/queries"
)

// The reasons for which a row is refused, as in cs_exporter_query_rejected_rows. The other rows of the result are taken.
const (
	nullLabel      = "null_label"       // a label is NULL
	invalidLabel   = "invalid_label"    // a label is not UTF-8
	wrongType      = "wrong_type"       // a label is no string, or a value no number
	notFinite      = "not_finite"       // a value is NaN or infinite; an undefined value is NULL
	badHistogram   = "bad_histogram"    // a histogram is not of the form that histogramOf asks for
	duplicateLabel = "duplicate_labels" // more than one row has these labels
)

var reasons = []string{badHistogram, duplicateLabel, invalidLabel, notFinite, nullLabel, wrongType}

// result is what one run of a query returned, checked and ready to be served. It is not changed once it is published.
type result struct {
	asOf     time.Time // the day it is about
	at       time.Time // when it was complete
	read     int       // rows, refused ones too
	series   int
	rows     []row // those that were taken
	rejected map[string]rejects
	families []*dto.MetricFamily
	text     written // families in Prometheus' text format
	open     written // and as OpenMetrics, without the end mark
}

type row struct {
	labels []string
	values []sample // nil: NULL
}

// sample is the value of one column of a row.
type sample interface{ series() int }

type gauge float64

type histogram struct {
	buckets map[float64]uint64 // cumulative count by upper bound, without +Inf
	count   uint64
	sum     float64
	native  *native // nil: there are classic buckets only
}

// native is the other form of a distribution: exponential buckets, for scrapers that ask for them.
type native struct {
	buckets map[int32]uint64 // count by index
	zero    uint64           // how many observations are 0
}

func (gauge) series() int       { return 1 }
func (h histogram) series() int { return len(h.buckets) + 3 } // and +Inf, sum, count

type rejects struct {
	rows    int
	example string
}

// refusal is the error of a row that cannot be taken.
type refusal struct{ reason, detail string }

func (r refusal) Error() string { return r.detail }

// read runs k's statement and checks what comes back.
//
// A label set stands for one series, so two rows with the same labels contradict each other, and nothing tells which of
// them is right. All rows of such a label set are refused: a wrong number is worse than none.
func (e *Exporter) read(ctx context.Context, k *kpi, sql string) (r *result, err error) {
	limited, cancel := context.WithTimeout(ctx, k.timeout)
	// A driver decodes what a server sends; should it panic on that, it costs this run and not the process.
	defer func() {
		if p := recover(); p != nil {
			r, err = nil, fmt.Errorf("panic while reading the result: %v", p)
		}
		if err != nil && ctx.Err() == nil && errors.Is(limited.Err(), context.DeadlineExceeded) {
			err = fmt.Errorf("no result within %s, raise the timeout (Timeout in the query's header, or CSKPI_TIMEOUT): %w", short(k.timeout), err)
		}
		cancel()
	}()
	rows, err := e.db.Query(limited, sql)
	if err != nil {
		return nil, err
	}
	defer func() {
		cancel() // so that closing does not first read the rest of a result that is not wanted
		_ = rows.Close()
	}()
	// A result without rows may come without columns, too.
	if columns := rows.Columns(); len(columns) > 0 {
		if err := k.checkColumns(columns); err != nil {
			return nil, err
		}
	}

	c := k.check(e.o.MaxSeries)
	dest := destinations(rows)
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return nil, fmt.Errorf("row %d: %w", c.r.read+1, err)
		}
		if err := c.add(dest); err != nil {
			return nil, err
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	if r, err = c.done(); err != nil {
		return nil, err
	}
	return r, k.expose(r)
}

// checker takes the rows of one result, whose columns are those of k.
type checker struct {
	k    *kpi
	most int // series, and rows
	r    *result
	seen map[string]int // rows per label set
}

func (k *kpi) check(most int) *checker {
	return &checker{k, most, &result{rejected: map[string]rejects{}}, map[string]int{}}
}

// add takes or refuses a scanned row. An error is about the result as a whole.
func (c *checker) add(scanned []any) error {
	c.r.read++
	one, err := c.k.row(scanned)
	if one.labels != nil {
		c.seen[one.key()]++
	}
	if refused, ok := errors.AsType[refusal](err); ok {
		c.r.refuse(refused)
		return nil
	}
	c.r.rows = append(c.r.rows, one)
	c.r.series += one.series()
	if c.r.series > c.most || c.r.read > c.most {
		return fmt.Errorf("%w: more than %d; aggregate further, or raise CSKPI_MAX_SERIES", errTooMany, c.most)
	}
	return nil
}

// done refuses what contradicts itself, and gives what is left.
func (c *checker) done() (*result, error) {
	c.r.rows = slices.DeleteFunc(c.r.rows, func(one row) bool {
		if c.seen[one.key()] == 1 {
			return false
		}
		c.r.refuse(refusal{duplicateLabel, fmt.Sprintf("%d rows have the labels %s", c.seen[one.key()], c.k.describe(one.labels))})
		c.r.series -= one.series()
		return true
	})
	if c.r.read > 0 && len(c.r.rows) == 0 {
		return nil, fmt.Errorf("all %d rows refused: %s", c.r.read, c.r.firstRefusal())
	}
	return c.r, nil
}

var errTooMany = errors.New("too many series")

// checkColumns compares the columns of a result with the header: same names in the same order.
func (k *kpi) checkColumns(got []string) error {
	want := make([]string, len(k.Columns))
	for i, c := range k.Columns {
		want[i] = c.Name
	}
	if !slices.Equal(got, want) {
		return fmt.Errorf("the result has the columns %s, its header declares %s", strings.Join(got, ", "), strings.Join(want, ", "))
	}
	return nil
}

func destinations(rows driver.Rows) []any {
	types := rows.ColumnTypes()
	dest := make([]any, len(types))
	for i, t := range types {
		if st := t.ScanType(); st != nil {
			dest[i] = reflect.New(st).Interface()
		} else {
			dest[i] = new(any) // a column of nothing but NULL
		}
	}
	return dest
}

// row takes one scanned row. Its labels are set, even with a refusal, if they are all good.
func (k *kpi) row(scanned []any) (row, error) {
	var r row
	labels := make([]string, 0, len(k.labels))
	for i, c := range k.Columns {
		if c.Kind != queries.Label {
			continue
		}
		s, err := labelOf(indirect(scanned[i]))
		if err != nil {
			err.detail = "label " + c.Name + " " + err.detail
			return r, *err
		}
		labels = append(labels, s)
	}
	r.labels = labels
	for i, c := range k.Columns {
		read := gaugeOf
		switch c.Kind {
		case queries.Gauge:
		case queries.Histogram:
			read = histogramOf
		default:
			continue
		}
		var s sample // stays nil for NULL
		if v := indirect(scanned[i]); v != nil {
			var err *refusal
			if s, err = read(v); err != nil {
				err.detail = fmt.Sprintf("column %s of the row %s %s", c.Name, k.describe(labels), err.detail)
				return r, *err
			}
		}
		r.values = append(r.values, s)
	}
	return r, nil
}

// indirect follows pointers, as the driver scans Nullable columns into; nil stands for NULL.
func indirect(v any) any {
	rv := reflect.ValueOf(v)
	for rv.Kind() == reflect.Pointer || rv.Kind() == reflect.Interface {
		if rv.IsNil() {
			return nil
		}
		rv = rv.Elem()
	}
	if !rv.IsValid() {
		return nil
	}
	return rv.Interface()
}

func labelOf(v any) (string, *refusal) {
	rv := reflect.ValueOf(v)
	switch {
	case v == nil:
		return "", &refusal{nullLabel, "is NULL"}
	case rv.Kind() == reflect.String:
		s := rv.String()
		if !utf8.ValidString(s) {
			return "", &refusal{invalidLabel, fmt.Sprintf("is not UTF-8: %q", s)}
		}
		return s, nil
	}
	return "", &refusal{wrongType, fmt.Sprintf("is a %T, not a string", v)}
}

func gaugeOf(v any) (sample, *refusal) {
	f, ok := number(v)
	if !ok {
		return nil, &refusal{wrongType, fmt.Sprintf("is a %T, not a number", v)}
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return nil, &refusal{notFinite, fmt.Sprintf("is %v; use NULL for a value that is undefined", f)}
	}
	return gauge(f), nil
}

func number(v any) (float64, bool) {
	rv := reflect.ValueOf(v)
	switch {
	case rv.CanFloat():
		return rv.Float(), true
	case rv.CanInt():
		return float64(rv.Int()), true
	case rv.CanUint():
		return float64(rv.Uint()), true
	}
	if wide, ok := v.(big.Int); ok { // integers of 128 and 256 bits
		f, _ := new(big.Float).SetInt(&wide).Float64()
		return f, true
	}
	return 0, false
}

// histogramOf reads a distribution. The contract with SQL: a column of kind histogram is a tuple without names of
//
//	Tuple(Array(Float64), Array(UInt64), Float64, Map(Int32, UInt64), UInt64)
//
// — the inclusive upper bounds of the buckets, how many observations lie at or below each of them, the sum of all
// observations, how many lie in each native bucket of nativeSchema, by index, and how many are 0. The function
// cs_histogram makes it, as in
//
//	select cs_histogram(groupArray(score), [20., 40., 60., 80.]) as score
//
// Bounds ascend strictly, counts do not fall, and the last bound is inf, so that its count is the number of
// observations; numbers may be of any width. The last two may be left out, for classic buckets only. Empty arrays are
// no sample, as NULL is for a gauge: ClickHouse has no Nullable tuples. (Not an array of pairs, because the driver
// loses elements of tuples in arrays in tuples.)
func histogramOf(v any) (sample, *refusal) {
	bad := func(format string, args ...any) (sample, *refusal) {
		return nil, &refusal{badHistogram, "is no histogram: " + fmt.Sprintf(format, args...)}
	}
	parts, ok := v.([]any)
	if !ok || len(parts) != 3 && len(parts) != 5 {
		return bad("want a tuple of bounds, counts and sum, then native buckets and zeros or nothing, without names; got %T", v)
	}
	bounds, counts := reflect.ValueOf(indirect(parts[0])), reflect.ValueOf(indirect(parts[1]))
	if bounds.Kind() != reflect.Slice || counts.Kind() != reflect.Slice || bounds.Len() != counts.Len() {
		return bad("bounds and counts must be arrays of the same length")
	}
	if bounds.Len() == 0 {
		return nil, nil
	}
	h := histogram{buckets: make(map[float64]uint64, bounds.Len()-1)}
	if h.sum, ok = number(indirect(parts[2])); !ok || math.IsNaN(h.sum) || math.IsInf(h.sum, 0) {
		return bad("its sum is %v", parts[2])
	}
	last := math.Inf(-1)
	for i := range bounds.Len() {
		bound, isBound := number(indirect(bounds.Index(i).Interface()))
		count, isCount := whole(counts.Index(i).Interface())
		switch {
		case !isBound || !isCount:
			return bad("bucket %d is not a bound and a count", i+1)
		case !(bound > last) || count < h.count:
			return bad("bounds must ascend and counts must not fall, bucket %d is (%v, %v)", i+1, bound, count)
		}
		last, h.count = bound, count
		if !math.IsInf(bound, 1) {
			h.buckets[bound] = h.count
		}
	}
	if !math.IsInf(last, 1) {
		return bad("the last bound must be inf, so that its count is the number of observations; it is %v", last)
	}
	if len(parts) == 3 {
		return h, nil
	}
	n := native{buckets: map[int32]uint64{}}
	if n.zero, ok = whole(parts[4]); !ok {
		return bad("its number of zeros is %v", parts[4])
	}
	inNative := n.zero
	buckets := reflect.ValueOf(indirect(parts[3]))
	if buckets.Kind() != reflect.Map {
		return bad("its native buckets are no map, but a %T", parts[3])
	}
	for _, key := range buckets.MapKeys() {
		index, isIndex := number(key.Interface())
		count, isCount := whole(buckets.MapIndex(key).Interface())
		if !isIndex || !isCount || index != math.Trunc(index) || math.Abs(index) > math.MaxInt16 {
			return bad("native bucket %v is not an index and a count", key)
		}
		if count > 0 {
			n.buckets[int32(index)] = count
			inNative += count
		}
	}
	if inNative != h.count {
		return bad("%d observations are in its native buckets, and %d in the others", inNative, h.count)
	}
	h.native = &n
	return h, nil
}

// whole reads a count.
func whole(v any) (uint64, bool) {
	f, ok := number(indirect(v))
	if !ok || !(f >= 0 && f <= 1<<53) || f != math.Trunc(f) {
		return 0, false
	}
	return uint64(f), true
}

// key tells label sets apart; \xff is in no UTF-8 string.
func (r row) key() string { return strings.Join(r.labels, "\xff") }

func (r row) series() int {
	n := 0
	for _, v := range r.values {
		if v != nil {
			n += v.series()
		}
	}
	return n
}

func (r *result) refuse(why refusal) {
	n := r.rejected[why.reason]
	if n.rows == 0 {
		n.example = why.detail
	}
	n.rows++
	r.rejected[why.reason] = n
}

func (r *result) firstRefusal() string {
	for _, reason := range reasons {
		if n, ok := r.rejected[reason]; ok {
			return n.example
		}
	}
	return ""
}

// refused is the number of rows that were not taken.
func (r *result) refused() int { return r.read - len(r.rows) }

// describe shows a label set as Prometheus writes it.
func (k *kpi) describe(labels []string) string {
	parts := make([]string, len(labels))
	for i, v := range labels {
		parts[i] = k.labels[i].Name + "=" + strconv.Quote(v)
	}
	return "{" + strings.Join(parts, ", ") + "}"
}
