// Package prom brings KPIs of past days into Prometheus: as OpenMetrics files, as blocks of its database, and by remote
// write.
//
// Whatever the way, the samples are those that scrapes would have taken on those days: at any instant of a day in the
// reporting zone a series has its value at the end of that day, a series that has no value on the day after ends with a
// staleness marker where that day begins, and names and labels are those of the exporter and its scrape job.
package prom

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"

	"cskpi/exporter"
	"cskpi/queries"
)

// Label is a label of a series.
type Label struct{ Name, Value string }

// Series is one column of a KPI for one set of labels, over days.
type Series struct {
	Metric string       // name of the metric
	Help   string       // its HELP text
	Kind   queries.Kind // Gauge or Histogram
	Labels []Label      // sorted by name, with those of the scrape (job, instance), without the metric's name and without empty ones

	Days       []time.Time // on which it has a value, ascending; midnight UTC, only the date counts
	Values     []float64   // of a gauge, per day
	Histograms []*dto.Histogram
}

// Source is where the KPIs of past days are kept.
type Source interface {
	// Series gives every series that has a value between two days, both included, with its values there. Those of a metric
	// come one after the other. What yield is given is its to keep.
	Series(ctx context.Context, from, to time.Time, yield func(Series) error) error
}

// Forms says in which forms histograms are written.
type Forms struct {
	Classic bool // series of buckets, sum and count, as every Prometheus knows them
	Native  bool // a native histogram
}

// Plan says which samples are written.
type Plan struct {
	Source   Source
	Zone     *time.Location // the reporting zone, in which days begin and end
	From, To time.Time      // first and last day, as exporter.AsOf gives them
	Until    time.Time      // no sample is at this instant or later, whatever To says: there are no samples in the future
	Known    time.Time      // computations up to here are seen; for journals
	Every    time.Duration  // between samples; they are at multiples of it, as counted from 1970, and on every day there is one
	Forms    Forms
}

// Check tells what is wrong with p.
func (p Plan) Check() error {
	switch {
	case p.Every < time.Second || p.Every > 24*time.Hour || p.Every%time.Second != 0:
		return fmt.Errorf("samples every %s: give whole seconds, at most 24h", p.Every)
	case p.From.After(p.To):
		return fmt.Errorf("%s is after %s: there are no days to write", p.From.Format(time.DateOnly), p.To.Format(time.DateOnly))
	case !p.Forms.Classic && !p.Forms.Native:
		return fmt.Errorf("histograms have no form: choose classic, native or both")
	}
	return nil
}

// interval is a stretch of time: [from, to), in milliseconds since 1970.
type interval struct{ From, To int64 }

func (i interval) empty() bool { return i.From >= i.To }

func (i interval) and(o interval) interval { return interval{max(i.From, o.From), min(i.To, o.To)} }

// whole is all of the time that p writes.
func (p Plan) whole() interval {
	return interval{dayStart(p.From, p.Zone), min(dayStart(next(p.To), p.Zone), p.Until.UnixMilli())}
}

// next is the day after.
func next(day time.Time) time.Time { return day.AddDate(0, 0, 1) }

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// dayStart is the first instant at which a scrape would be about day or a later one, in milliseconds. (Midnight may not
// exist in a zone, or come twice.)
func dayStart(day time.Time, zone *time.Location) int64 {
	const reach = 36 * 3600 // seconds by which zones are off at most, and more
	base := day.Unix() - reach
	return 1000 * (base + int64(sort.Search(2*reach, func(i int) bool {
		return !exporter.AsOf(time.Unix(base+int64(i), 0), zone).Before(day)
	})))
}

// ticks are the instants of one day at which there are samples: n of them, from first on.
type ticks struct{ first, every, n int64 }

// tick gives the instants of a day that lie within w. The grid is the same for all days, so that what steps over it by its
// multiples always meets a sample. A day that it misses, which can happen to a day of 23 hours, has a sample where it begins.
func (p Plan) tick(day time.Time, w interval) ticks {
	every := p.Every.Milliseconds()
	of := interval{dayStart(day, p.Zone), dayStart(next(day), p.Zone)}
	t := ticks{first: roundUp(of.From, every), every: every}
	if t.first >= of.To {
		t.first = of.From
	}
	of = of.and(w)
	if of.From > t.first {
		t.first += roundUp(of.From-t.first, every)
	}
	if t.first < of.To {
		t.n = (of.To - t.first + every - 1) / every
	}
	return t
}

// roundUp is the least multiple of unit that is not below n, which is not negative.
func roundUp(n, unit int64) int64 { return (n + unit - 1) / unit * unit }

// moment is a day inside a window.
type moment struct {
	ticks
	stale int64 // where a series ends that has a value on the day before, but none on this one; -1: not in the window
}

// stream is one series as Prometheus stores it.
type stream struct {
	metric, help string
	kind         dto.MetricType
	labels       []Label // with the name, sorted
	days         []time.Time
	values       []float64        // either these
	histograms   []*dto.Histogram // or these
}

// window reads the series of p inside w and gives each with the days that w touches.
func (p Plan) window(ctx context.Context, w interval, yield func(s Series, days map[time.Time]moment) error) error {
	w = w.and(p.whole())
	if w.empty() {
		return nil
	}
	// The day before tells what ends where the window begins.
	first, last := exporter.AsOf(time.UnixMilli(w.From), p.Zone), exporter.AsOf(time.UnixMilli(w.To-1), p.Zone)
	days := map[time.Time]moment{}
	for day := first; !day.After(last); day = next(day) {
		m := moment{p.tick(day, w), -1}
		if start := p.tick(day, interval{math.MinInt64, math.MaxInt64}).first; w.From <= start && start < w.To {
			m.stale = start
		}
		days[day] = m
	}
	if before := first.AddDate(0, 0, -1); !before.Before(p.From) {
		first = before
	}
	return p.Source.Series(ctx, first, last, func(s Series) error {
		if err := s.check(); err != nil {
			return err
		}
		return yield(s, days)
	})
}

func (s Series) check() error {
	values := len(s.Values)
	if s.Kind == queries.Histogram {
		values = len(s.Histograms)
	}
	if s.Metric == "" || values != len(s.Days) || !slices.IsSortedFunc(s.Labels, func(a, b Label) int { return strings.Compare(a.Name, b.Name) }) {
		return fmt.Errorf("series %s%v of %d days has %d values", s.Metric, s.Labels, len(s.Days), values)
	}
	return nil
}

// streams gives s as Prometheus stores it: a gauge is one stream, a histogram one for each bucket, for sum, count and the
// native histogram.
func (s Series) streams(f Forms) []stream {
	if s.Kind != queries.Histogram {
		return []stream{{s.Metric, s.Help, dto.MetricType_GAUGE, s.named(s.Metric), s.Days, s.Values, nil}}
	}
	var all []stream
	add := func(name string, days []time.Time, values []float64, histograms []*dto.Histogram, more ...Label) {
		all = append(all, stream{s.Metric, s.Help, dto.MetricType_HISTOGRAM, s.named(name, more...), days, values, histograms})
	}
	if f.Classic {
		// Buckets can be others on other days, and the last, infinite one is the count.
		buckets := map[float64]*stream{}
		count, sum := make([]float64, len(s.Days)), make([]float64, len(s.Days))
		for i, h := range s.Histograms {
			count[i], sum[i] = float64(h.GetSampleCount()), h.GetSampleSum()
			for _, b := range h.Bucket {
				bound := b.GetUpperBound()
				if math.IsInf(bound, 1) {
					continue
				}
				of := buckets[bound]
				if of == nil {
					of = &stream{}
					buckets[bound] = of
				}
				of.days, of.values = append(of.days, s.Days[i]), append(of.values, float64(b.GetCumulativeCount()))
			}
		}
		bounds := make([]float64, 0, len(buckets))
		for bound := range buckets {
			bounds = append(bounds, bound)
		}
		slices.Sort(bounds)
		for _, bound := range bounds {
			add(s.Metric+"_bucket", buckets[bound].days, buckets[bound].values, nil, Label{"le", le(bound)})
		}
		add(s.Metric+"_bucket", s.Days, count, nil, Label{"le", "+Inf"})
		add(s.Metric+"_sum", s.Days, sum, nil)
		add(s.Metric+"_count", s.Days, count, nil)
	}
	if f.Native {
		var days []time.Time
		var histograms []*dto.Histogram
		for i, h := range s.Histograms {
			if h.Schema != nil {
				days, histograms = append(days, s.Days[i]), append(histograms, h)
			}
		}
		if len(days) > 0 {
			add(s.Metric, days, nil, histograms)
		}
	}
	return all
}

// named are the labels of s with the name of the metric, and more.
func (s Series) named(name string, more ...Label) []Label {
	labels := append(append(slices.Clone(s.Labels), more...), Label{"__name__", name})
	slices.SortFunc(labels, func(a, b Label) int { return cmp.Compare(a.Name, b.Name) })
	return labels
}

// le is the label of a bucket, in the one spelling in which Prometheus keeps it, whatever the format of the scrape.
func le(bound float64) string {
	text := strconv.FormatFloat(bound, 'g', -1, 64)
	if !strings.ContainsAny(text, "e.") {
		text += ".0"
	}
	return text
}

// staleNaN is the value by which Prometheus knows that a series has ended.
var staleNaN = math.Float64frombits(0x7ff0000000000002)

// point is a run of equal samples: those of a day, or the marker at the end of a series.
type point struct {
	ticks
	value     float64
	histogram *dto.Histogram // nil: the value counts
}

// points gives the samples of s on days, in the order of time.
func (s stream) points(days map[time.Time]moment, yield func(point) error) error {
	for i, day := range s.days {
		p := point{ticks: days[day].ticks}
		if s.histograms == nil {
			p.value = s.values[i]
		} else {
			p.histogram = s.histograms[i]
		}
		if p.n > 0 {
			if err := yield(p); err != nil {
				return err
			}
		}
		after := next(day)
		if i+1 < len(s.days) && s.days[i+1].Equal(after) {
			continue
		}
		if m, ok := days[after]; ok && m.stale >= 0 {
			p = point{ticks: ticks{m.stale, 1, 1}, value: staleNaN}
			if s.histograms != nil {
				p.histogram = &dto.Histogram{SampleSum: &p.value}
			}
			if err := yield(p); err != nil {
				return err
			}
		}
	}
	return nil
}
