package exporter

import (
	"cmp"
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"cskpi/queries"
)

// Help is the HELP text of the metric that column c of q becomes. standard is how often queries are computed that do not
// say so themselves; 0 stands for the exporter's default.
func Help(q queries.Query, c queries.Column, standard time.Duration) string {
	every := cmp.Or(q.Every, standard, defaultEvery)
	// Prometheus asks that values which are not of the moment of the scrape say so.
	return fmt.Sprintf("%s (computed every %s)", strings.TrimSuffix(c.Help, "."), short(every))
}

// ParseDistribution reads a distribution as a driver scans it from a column that has what a histogram column has, where
// a distribution without native buckets has an empty map of them. It is nil where there is no sample.
func ParseDistribution(v any) (*Distribution, error) {
	if parts, ok := v.([]any); ok && len(parts) == 5 {
		natives := reflect.ValueOf(indirect(parts[3]))
		if zeros, ok := whole(parts[4]); ok && zeros == 0 && natives.Kind() == reflect.Map && natives.Len() == 0 && counted(parts[1]) {
			v = parts[:3]
		}
	}
	s, refused := histogramOf(v)
	if refused != nil {
		return nil, *refused
	}
	if h, ok := s.(histogram); ok {
		return h.export(), nil
	}
	return nil, nil
}

// counted tells whether the last of an array of counts is not 0, so that observations must be in native buckets if there are any.
func counted(v any) bool {
	rv := reflect.ValueOf(indirect(v))
	if rv.Kind() != reflect.Slice || rv.Len() == 0 {
		return false
	}
	n, ok := whole(rv.Index(rv.Len() - 1).Interface())
	return ok && n > 0
}

// anyHistogram is the metric whose histogram is taken; nothing of it shows.
var anyHistogram = prometheus.NewDesc("distribution", "A distribution.", nil, nil)

// Expose is d as a scrape shows it: classic buckets and, where it has them, native ones.
func (d *Distribution) Expose() (*dto.Histogram, error) {
	if len(d.Bounds) == 0 || len(d.Bounds) != len(d.Counts) || !math.IsInf(d.Bounds[len(d.Bounds)-1], 1) {
		return nil, fmt.Errorf("a distribution has the bounds %v and the counts %v", d.Bounds, d.Counts)
	}
	h := histogram{sum: d.Sum, count: d.Counts[len(d.Counts)-1], buckets: make(map[float64]uint64, len(d.Bounds)-1)}
	for i, bound := range d.Bounds[:len(d.Bounds)-1] {
		h.buckets[bound] = d.Counts[i]
	}
	if d.Native != nil {
		h.native = &native{buckets: d.Native, zero: d.Zeros}
	}
	m, err := newHistogram(anyHistogram, h, nil)
	if err != nil {
		return nil, err
	}
	var out dto.Metric
	if err := m.Write(&out); err != nil {
		return nil, err
	}
	return out.Histogram, nil
}
