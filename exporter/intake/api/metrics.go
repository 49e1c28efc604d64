package api

import (
	"errors"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"cskpi/exporter/intake"
)

// metrics are what intake says of itself.
type metrics struct {
	rows, rejected, requests, batches, failures *prometheus.CounterVec
	bytes                                       prometheus.Counter
	duration                                    *prometheus.HistogramVec
	batchRows                                   prometheus.Histogram
}

func newMetrics(to prometheus.Registerer, s *Server) (*metrics, error) {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: "cs_intake", Name: name, Help: help}, labels)
	}
	m := &metrics{
		rows:     counter("rows_total", "Rows that arrived over HTTP and were stored, or rejected.", "table", "outcome"),
		rejected: counter("rejected_rows_total", "Rows that arrived over HTTP and were rejected, by the kind of reason.", "table", "reason"),
		requests: counter("requests_total", "Requests that were answered; code 499 is for callers that hung up.", "route", "code"),
		batches:  counter("batches_total", "Inserts that stored the rows of one or more requests, or failed to.", "table", "outcome"),
		failures: counter("auth_failures_total", "Requests without a token, or with an unknown one.", "reason"),
		bytes:    prometheus.NewCounter(prometheus.CounterOpts{Namespace: "cs_intake", Name: "request_bytes_total", Help: "Bytes of request bodies, as they were sent."}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: "cs_intake", Name: "request_duration_seconds", Help: "How long requests took, from their head to the answer.",
			Buckets:                     []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30},
			NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100, NativeHistogramMinResetDuration: time.Hour,
		}, []string{"route"}),
		batchRows: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "cs_intake", Name: "batch_rows", Help: "Rows that one insert stored.",
			Buckets:                     prometheus.ExponentialBuckets(1, 10, 7),
			NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100, NativeHistogramMinResetDuration: time.Hour,
		}),
	}
	for _, reason := range []string{"missing", "unknown"} {
		m.failures.WithLabelValues(reason)
	}
	if to == nil {
		return m, nil
	}
	inFlight := prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "cs_intake", Name: "in_flight", Help: "Requests that are under way."},
		func() float64 { return float64(s.underWay.Load()) })
	var errs []error
	for _, c := range []prometheus.Collector{m.rows, m.rejected, m.requests, m.batches, m.failures, m.bytes, m.duration, m.batchRows, inFlight} {
		errs = append(errs, to.Register(c))
	}
	return m, errors.Join(errs...)
}

// open exports the rejected rows of each table as 0, since the increase of a series that begins with its first rejected rows would be 0 as well.
func (m *metrics) open(tables []string) {
	for _, table := range tables {
		m.rows.WithLabelValues(table, "rejected")
	}
}

func (m *metrics) request(route string, code int, took time.Duration, bytes int64) {
	m.requests.WithLabelValues(route, strconv.Itoa(code)).Inc()
	m.duration.WithLabelValues(route).Observe(took.Seconds())
	m.bytes.Add(float64(bytes))
}

func (m *metrics) stored(table string, r intake.Result) {
	m.rows.WithLabelValues(table, "stored").Add(float64(r.Read - r.Rejected))
	m.rows.WithLabelValues(table, "rejected").Add(float64(r.Rejected))
	for class, n := range r.Classes {
		m.rejected.WithLabelValues(table, class).Add(float64(n))
	}
}

func (m *metrics) group(g intake.Group) {
	outcome := "stored"
	if g.Err != nil {
		outcome = "failed"
	} else {
		m.batchRows.Observe(float64(g.Rows))
	}
	m.batches.WithLabelValues(g.Table, outcome).Inc()
}

func (m *metrics) denied(reason string) { m.failures.WithLabelValues(reason).Inc() }
