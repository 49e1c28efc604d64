package exporter

import (
	"bytes"
	"cmp"
	"errors"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"

	"cskpi/exporter/policy"
)

// What the exporter's own metrics begin with, and those of other parts of the program; those of no query may.
const namespace = "cs_exporter_"

var reservedNamespaces = []string{namespace, "cs_intake_", "cs_history_", "cs_layers_"}

// Gather returns everything that is exported at this moment, from memory: the last good values that are not too old,
// and the exporter's own metrics about the very same results. It implements prometheus.Gatherer; the KPI families are
// shared with other callers and must not be changed.
func (e *Exporter) Gather() ([]*dto.MetricFamily, error) {
	now, snapshot := e.now(), *e.snapshot.Load()
	families, err := e.about(snapshot, now)
	for i, o := range snapshot {
		if !e.kpis[i].expired(o, now) {
			families = append(families, o.good.families...)
		}
	}
	slices.SortFunc(families, func(a, b *dto.MetricFamily) int { return cmp.Compare(a.GetName(), b.GetName()) })
	return families, err
}

// about gathers the exporter's own metrics. They come from a registry of each call's own, so that they tell of the very
// snapshot that the caller shows.
func (e *Exporter) about(snapshot []outcome, now time.Time) ([]*dto.MetricFamily, error) {
	reg := prometheus.NewRegistry()
	reg.MustRegister(&status{e, snapshot, now})
	gatherers := prometheus.Gatherers{reg, e.own}
	if e.o.Also != nil {
		gatherers = append(gatherers, e.o.Also)
	}
	return gatherers.Gather()
}

// family is the checked collector of one query's metrics: Describe sends what the header declares, whether there are
// values or not.
type family struct {
	k       *kpi
	metrics []prometheus.Metric
}

// Describe implements prometheus.Collector.
func (f family) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range f.k.descs {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (f family) Collect(ch chan<- prometheus.Metric) {
	for _, m := range f.metrics {
		ch <- m
	}
}

// expose turns the rows of r into metric families and writes them out. They pass a pedantic registry here, once per
// run, so that nothing a query returns can break a scrape, and a scrape has nothing left to do but to send them.
func (k *kpi) expose(r *result) error {
	f := family{k: k}
	for _, row := range r.rows {
		for i, v := range row.values {
			var m prometheus.Metric
			var err error
			switch v := v.(type) {
			case nil:
				continue
			case gauge:
				m, err = prometheus.NewConstMetric(k.descs[i], prometheus.GaugeValue, float64(v), row.labels...)
			case histogram:
				m, err = newHistogram(k.descs[i], v, row.labels)
			}
			if err != nil {
				return err
			}
			f.metrics = append(f.metrics, m)
		}
	}
	reg := prometheus.NewPedanticRegistry()
	if err := reg.Register(f); err != nil {
		return err
	}
	families, err := reg.Gather()
	if err != nil {
		return err
	}
	var text, open bytes.Buffer
	for _, mf := range families {
		if _, err := expfmt.MetricFamilyToText(&text, mf); err != nil {
			return err
		}
		if _, err := expfmt.MetricFamilyToOpenMetrics(&open, mf); err != nil {
			return err
		}
	}
	r.families = families
	if r.text, err = newWritten(text.Bytes()); err != nil {
		return err
	}
	r.open, err = newWritten(open.Bytes())
	return err
}

// bothForms is a histogram that has classic buckets and native ones, as instrumented programs expose it; the formats
// that know no native ones leave them out.
type bothForms struct {
	prometheus.Metric // the classic one
	native            prometheus.Metric
}

// nativeSchema is the resolution of native buckets: each bound is 2^(1/8) of the one before it.
const nativeSchema = 3

func newHistogram(desc *prometheus.Desc, h histogram, labels []string) (prometheus.Metric, error) {
	classic, err := prometheus.NewConstHistogram(desc, h.count, h.sum, h.buckets, labels...)
	if err != nil || h.native == nil {
		return classic, err
	}
	buckets := make(map[int]int64, len(h.native.buckets))
	for index, count := range h.native.buckets {
		buckets[int(index)] = int64(count)
	}
	native, err := prometheus.NewConstNativeHistogram(desc, h.count, h.sum, buckets, nil, h.native.zero, nativeSchema, 0, time.Time{}, labels...)
	return bothForms{classic, native}, err
}

// Write implements prometheus.Metric.
func (b bothForms) Write(out *dto.Metric) error {
	var native dto.Metric
	if err := errors.Join(b.native.Write(&native), b.Metric.Write(out)); err != nil {
		return err
	}
	h, n := out.Histogram, native.Histogram
	h.Schema, h.ZeroThreshold, h.ZeroCount, h.PositiveSpan, h.PositiveDelta = n.Schema, n.ZeroThreshold, n.ZeroCount, n.PositiveSpan, n.PositiveDelta
	return nil
}

func own(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(namespace+name, help, labels, nil)
}

// Own is a gauge of the exporter itself.
type Own struct {
	Name, Help string
	Labels     []string
}

func (o Own) desc() *prometheus.Desc { return prometheus.NewDesc(o.Name, o.Help, o.Labels, nil) }

// The exporter's own metrics that say how the KPIs of a day are to be read. Past days need them as well, so the history is written with them.
var (
	ReportingInfo = Own{"cs_reporting_info", "How to read the KPIs: currency of money, zone of days, first month of the fiscal year. Always 1.", []string{"currency", "timezone", "fiscal_year_start"}}
	QueryAsOf     = Own{namespace + "query_as_of_timestamp_seconds", "Start of the day, in the reporting zone, that the last good result of the query is about.", []string{"query"}}
)

// ReportingLabels are the values of the labels of ReportingInfo.
func ReportingLabels(r policy.Reporting) []string {
	return []string{r.Currency, r.Timezone, strconv.Itoa(r.FiscalYearStart)}
}

// The exporter's own metrics.
var (
	reportingInfo       = ReportingInfo.desc()
	buildInfo           = own("build_info", "Version of the exporter. Always 1.", "version", "revision", "goversion")
	asOfNow             = own("as_of_timestamp_seconds", "Start of the day, in the reporting zone, at whose end queries that run now look.")
	engineUp            = own("engine_up", "Whether the local engine answers.")
	engineRestarts      = own("engine_restarts_total", "Restarts of the local engine since the exporter started.")
	confinementLevel    = own("engine_confinement", "How far the kernel confines the local engine's process: 0 not at all, 1 to its files, 2 also from the network.")
	confinementRequired = own("engine_confinement_required", "How far it should: CSKPI_ENGINE_CONFINEMENT, on the same scale.")
	rollUpPending       = own("rollup_pending", "Days of usage that are known to have to be rolled up.")
	rollUpSuccess       = own("rollup_last_success_timestamp_seconds", "When usage was last rolled up without anything left; absent if it never was.")
	rollUpErrors        = own("rollup_errors_total", "Roll-ups of usage that failed.")
	rollUpDuration      = own("rollup_duration_seconds", "How long the last roll-up of usage took that found something new.")

	querySuccess     = own("query_success", "Whether the last run of the query succeeded.", "query")
	queryDuration    = own("query_duration_seconds", "How long the last run of the query took.", "query")
	queryRuns        = own("query_runs_total", "Runs of the query.", "query")
	queryFailures    = own("query_failures_total", "Runs of the query that failed.", "query")
	queryInterval    = own("query_interval_seconds", "How often the query is computed.", "query")
	queryMaxAge      = own("query_max_age_seconds", "Age beyond which the values of the query are no longer exported.", "query")
	queryLastSuccess = own("query_last_success_timestamp_seconds", "When the last good result of the query was complete.", "query")
	queryAge         = own("query_age_seconds", "Age of the last good result of the query.", "query")
	queryAsOf        = QueryAsOf.desc()
	queryRows        = own("query_rows", "Rows in the last good result of the query, refused ones included.", "query")
	querySeries      = own("query_series", "Series of the query that are exported now; 0 if its last good result is too old.", "query")
	queryRejected    = own("query_rejected_rows", "Rows refused in the last good result of the query; absent if none were.", "query", "reason")

	statusDescs = []*prometheus.Desc{
		reportingInfo, buildInfo, asOfNow, engineUp, engineRestarts, confinementLevel, confinementRequired,
		rollUpPending, rollUpSuccess, rollUpErrors, rollUpDuration,
		querySuccess, queryDuration, queryRuns, queryFailures, queryInterval, queryMaxAge, queryLastSuccess, queryAge,
		queryAsOf, queryRows, querySeries, queryRejected,
	}
)

// status is the checked collector of the exporter's own metrics about one snapshot.
type status struct {
	e        *Exporter
	snapshot []outcome
	now      time.Time
}

// Describe implements prometheus.Collector.
func (s *status) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range statusDescs {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (s *status) Collect(ch chan<- prometheus.Metric) {
	o := s.e.o
	send := func(d *prometheus.Desc, value float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	count := func(d *prometheus.Desc, value uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(value), labels...)
	}
	r := o.Reporting
	r.Timezone = o.Location.String()
	send(reportingInfo, 1, ReportingLabels(r)...)
	send(buildInfo, 1, o.Version, o.Revision, runtime.Version())
	send(asOfNow, DayStart(AsOf(s.now, o.Location), o.Location))
	if o.EngineUp != nil {
		send(engineUp, oneIf(o.EngineUp()))
	}
	if o.EngineRestarts != nil {
		count(engineRestarts, uint64(max(0, o.EngineRestarts())))
	}
	if o.Confinement != nil {
		send(confinementLevel, float64(o.Confinement.Level))
		send(confinementRequired, float64(o.Confinement.Required))
	}
	if o.RollUp != nil {
		r := o.RollUp()
		send(rollUpPending, float64(r.PendingDays))
		if !r.LastSuccess.IsZero() {
			send(rollUpSuccess, unix(r.LastSuccess))
		}
		count(rollUpErrors, r.Errors)
		send(rollUpDuration, r.Duration.Seconds())
	}
	for _, r := range o.Refused {
		send(querySuccess, 0, r.Name)
	}
	for i, out := range s.snapshot {
		k := s.e.kpis[i]
		send(queryInterval, k.every.Seconds(), k.Name)
		send(queryMaxAge, k.maxAge.Seconds(), k.Name)
		count(queryRuns, out.runs, k.Name)
		count(queryFailures, out.failures, k.Name)
		series := 0
		if !k.expired(out, s.now) {
			series = out.good.series
		}
		send(querySeries, float64(series), k.Name)
		if out.runs > 0 {
			send(querySuccess, oneIf(out.err == nil), k.Name)
			send(queryDuration, out.duration.Seconds(), k.Name)
		}
		if g := out.good; g != nil {
			send(queryLastSuccess, unix(g.at), k.Name)
			send(queryAge, max(0, s.now.Sub(g.at).Seconds()), k.Name)
			send(queryAsOf, DayStart(g.asOf, o.Location), k.Name)
			send(queryRows, float64(g.read), k.Name)
			for reason, r := range g.rejected {
				send(queryRejected, float64(r.rows), k.Name, reason)
			}
		}
	}
}

func oneIf(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

func unix(t time.Time) float64 { return float64(t.UnixMilli()) / 1e3 }

// DayStart is the instant at which a day, as AsOf gives it, begins in zone.
func DayStart(day time.Time, zone *time.Location) float64 {
	y, m, d := day.Date()
	return unix(time.Date(y, m, d, 0, 0, 0, 0, zone))
}

// short writes a duration as people do: 5m, not 5m0s.
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}
