// Package exporter computes the KPIs on a schedule and serves the last good results, as Prometheus metrics and as a
// page for people.
//
// A scrape never waits for the database: every query runs on its own interval, its whole result is checked and then
// swapped in at once, and readers take whatever is there. A query that fails keeps its last good result until that is
// too old to be shown; how old it is, and that it fails, is exported beside it. A query whose facts are damaged is not
// computed at all, and keeps its last good result until they are repaired.
package exporter

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/model"

	"cskpi/exporter/policy"
	"cskpi/queries"
)

// Querier runs a statement; a driver.Conn is one. Its calls must end when their context does.
type Querier interface {
	Query(ctx context.Context, query string, args ...any) (driver.Rows, error)
}

// Options says what is exported and how often. Catalogue is required; every zero value stands for the default in brackets.
type Options struct {
	Catalogue queries.Catalogue // its KPIs are exported, its models are not
	Refused   []queries.Refused // query files that are left out; each counts as a query that fails
	Location  *time.Location    // the reporting zone, in which a day begins and ends [UTC]
	Now       func() time.Time  // the clock [time.Now]

	// Lease sees to it that what queries say of days is computed and does not change until done is called, as refresh.Days does. [nothing]
	Lease func(ctx context.Context, asked []queries.Query, days ...time.Time) (done func(), err error)

	Every   time.Duration // interval of queries that declare none [5m]
	Timeout time.Duration // how long a run of a query may take, unless it declares that itself [1m]
	// MaxAge is how old a result may become before its series end. It never cuts off a result that the query's next
	// regular run can still replace, so a query with a long interval keeps at least Every plus Timeout.
	// [three intervals of the query, at least 15m]
	MaxAge    time.Duration
	MaxSeries int // a query that returns more fails; nothing of it is taken [10000]
	Parallel  int // queries that run at the same time [3]

	Reporting      policy.Reporting // for cs_reporting_info and for money on the landing page
	EngineUp       func() bool      // whether the local engine answers; nil: there is none
	EngineRestarts func() int       // how often it was restarted; nil: there is none
	Confinement    *Confinement     // of the local engine; nil: there is none
	// Whole reports whether all tables that a query reads are whole; an error keeps the query from being computed. As long as it is
	// store.ErrDamaged, the last good values stay, however old they become. [always nil]
	Whole    func(context.Context, queries.Query) error
	Damaged  func() []string     // what is damaged, for the landing page [nothing]
	RollUp   func() RollUp       // how the roll-up of usage goes; nil: not known
	Last     *Last               // results of before a restart, served until there are others; nil: none
	Also     prometheus.Gatherer // metrics of other parts of the program, for /metrics; nil: none
	Version  string              // of the program ["unknown"]
	Revision string              // of its source ["unknown"]
	Log      *slog.Logger        // [discards]
}

// Confinement is how far the kernel confines the local engine's process: 0 not at all, 1 to its files, 2 also from the
// network.
type Confinement struct{ Level, Required int }

// RollUp is how the roll-up of usage goes, which the program does beside the schedule of the queries.
type RollUp struct {
	PendingDays int           // days known to be to do
	LastSuccess time.Time     // when everything was rolled up; zero: never so far
	Duration    time.Duration // of the last one that found something to do
	Errors      uint64        // roll-ups that failed
}

// Exporter holds the schedule and the results. Its methods may be called concurrently.
type Exporter struct {
	o    Options
	db   Querier
	kpis []*kpi

	slots    chan struct{} // one element per query that runs
	mu       sync.Mutex    // held while the snapshot is replaced
	snapshot atomic.Pointer[[]outcome]
	own      *prometheus.Registry // process, Go runtime, /metrics itself
}

// kpi is a query with everything about it that does not change.
type kpi struct {
	queries.Query
	index                          int // in Exporter.kpis and in every snapshot
	every, timeout, maxAge, jitter time.Duration
	labels, values                 []queries.Column
	descs                          []*prometheus.Desc // of values, in their order
	running                        sync.Mutex         // held by the one run at a time
}

// Bounds of a query's result where the options give none, and how often it is computed.
const (
	defaultEvery     = 5 * time.Minute
	defaultTimeout   = time.Minute
	defaultMaxSeries = 10_000
)

// New checks the options and prepares the exporter; it does not query yet. The error lists everything that is wrong
// with the catalogue.
func New(db Querier, o Options) (*Exporter, error) {
	o.Location = cmp.Or(o.Location, time.UTC)
	o.Every = cmp.Or(o.Every, defaultEvery)
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	o.MaxSeries = cmp.Or(o.MaxSeries, defaultMaxSeries)
	o.Parallel = cmp.Or(o.Parallel, 3)
	o.Version, o.Revision = cmp.Or(o.Version, "unknown"), cmp.Or(o.Revision, "unknown")
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Whole == nil {
		o.Whole = func(context.Context, queries.Query) error { return nil }
	}
	if o.Damaged == nil {
		o.Damaged = func() []string { return nil }
	}
	if o.Lease == nil {
		o.Lease = func(context.Context, []queries.Query, ...time.Time) (func(), error) { return func() {}, nil }
	}
	var errs []error
	for _, d := range []struct {
		name  string
		value int64
	}{{"Every", int64(o.Every)}, {"Timeout", int64(o.Timeout)}, {"MaxAge", int64(o.MaxAge)}, {"MaxSeries", int64(o.MaxSeries)}, {"Parallel", int64(o.Parallel)}} {
		if d.value < 0 {
			errs = append(errs, fmt.Errorf("option %s is negative: give a positive value, or 0 for the default", d.name))
		}
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}

	e := &Exporter{o: o, db: db, slots: make(chan struct{}, o.Parallel), own: prometheus.NewRegistry()}
	// Everything that will ever be exported is registered here once, so that two queries whose metrics have the same
	// name, or a name that Prometheus refuses, are found now and not in a scrape.
	all := prometheus.NewPedanticRegistry()
	if err := all.Register(&status{e: e}); err != nil {
		return nil, err
	}
	for _, q := range o.Catalogue.KPIs() {
		k := newKPI(q, o)
		k.index = len(e.kpis)
		switch {
		case len(k.values) == 0:
			errs = append(errs, fmt.Errorf("query %s: no column is a gauge or a histogram: declare one, or move the file to models", q.Name))
		case slices.ContainsFunc(reservedNamespaces, func(own string) bool { return strings.HasPrefix(q.Metric(k.values[0]), own) }):
			errs = append(errs, fmt.Errorf("query %s: names that begin with %s are the program's own: rename the file", q.Name, strings.Join(reservedNamespaces, " or ")))
		}
		for _, c := range slices.Concat(k.labels, k.values) {
			// Prometheus takes any name by now, but in a spelling that depends on who asks.
			if !model.LegacyValidation.IsValidLabelName(c.Name) || !model.LegacyValidation.IsValidLabelName(q.Name) {
				errs = append(errs, fmt.Errorf("query %s: column %q: names consist of letters, digits and underscores", q.Name, c.Name))
			}
		}
		if err := all.Register(family{k: k}); err != nil && len(k.values) > 0 {
			errs = append(errs, fmt.Errorf("query %s: %w", q.Name, err))
		}
		e.kpis = append(e.kpis, k)
	}
	if len(e.kpis) == 0 {
		errs = append(errs, errors.New("the catalogue has no KPIs: nothing to export"))
	}
	e.own.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	first := make([]outcome, len(e.kpis))
	if err := e.recall(o.Last, first); err != nil {
		errs = append(errs, err)
	}
	e.snapshot.Store(&first)
	return e, errors.Join(errs...)
}

func newKPI(q queries.Query, o Options) *kpi {
	k := &kpi{
		Query:   q,
		every:   cmp.Or(q.Every, o.Every),
		timeout: cmp.Or(q.Timeout, o.Timeout),
		labels:  q.Of(queries.Label),
		values:  q.Of(queries.Gauge, queries.Histogram),
	}
	k.maxAge = max(3*k.every, 15*time.Minute)
	if o.MaxAge > 0 {
		k.maxAge = max(o.MaxAge, k.every+k.timeout)
	}
	h := sha256.Sum256([]byte(q.Name))
	k.jitter = time.Duration(float64(k.every) / 10 * float64(binary.BigEndian.Uint32(h[:])) / (1 << 32))
	names := make([]string, len(k.labels))
	for i, c := range k.labels {
		names[i] = c.Name
	}
	for _, c := range k.values {
		k.descs = append(k.descs, prometheus.NewDesc(q.Metric(c), Help(q, c, o.Every), names, nil))
	}
	return k
}

// AsOf is the day that queries which run at now are asked about: the current date in the reporting zone, at midnight
// UTC because only its date counts. Views answer for the end of that day, so the value of today takes in all of today's
// facts so far, and at midnight the next day begins.
func AsOf(now time.Time, zone *time.Location) time.Time {
	y, m, d := now.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, time.UTC)
}

// now is the clock without its monotonic part, so that ages count the time that a machine slept.
func (e *Exporter) now() time.Time { return e.o.Now().Round(0) }
