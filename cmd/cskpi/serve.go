package main

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus"

	"cskpi/exporter"
	"cskpi/exporter/engine"
	"cskpi/exporter/gate"
	"cskpi/queries"
)

const (
	gracePeriod   = 3 * time.Second // for answers under way when the process stops
	abandonAfter  = 9 * time.Second // then the engine is killed, so that nothing waits for it
	receiptsEvery = time.Hour       // how often receipts of erasures by other instances are copied
	probeEvery    = 5 * time.Second // how often a database is asked for a sign of life that is not our child
	probeWait     = 3 * time.Second // how long the answer may take
	retryLeast    = time.Second     // pause between attempts to prepare a database; it doubles
	retryMost     = 15 * time.Second
	// refusals is how often a database that answers may refuse to be prepared; then it is no longer taken for a hiccup.
	refusals = 3
)

type serveCmd struct{}

// Help is the longer text of cskpi serve --help.
func (serveCmd) Help() string {
	return "The metrics are at CSKPI_LISTEN under /metrics, the KPIs for reading under /, the reason of a failing query under /debug/query. " +
		"Facts are taken at CSKPI_INTAKE_LISTEN, which /v1/openapi.yaml there describes. " +
		"Without CSKPI_CLICKHOUSE_URL a local engine runs on CSKPI_DATA_DIR, and its ClickHouse HTTP interface is at CSKPI_ENGINE_LISTEN."
}

// Run serves until it is told to stop.
func (serveCmd) Run(ctx context.Context, a *app) error {
	return a.serve(ctx, func(context.Context, *database, *exporter.Exporter, ports) error { return nil })
}

// serve answers HTTP at once and prepares the database beside it, however long that takes. Then it calls ready and computes KPIs until ctx ends, which is no error.
func (a *app) serve(parent context.Context, ready func(context.Context, *database, *exporter.Exporter, ports) error) error {
	if a.config.ClickhouseURL == "" {
		if err := engine.Serving(a.config.DataDir); err != nil {
			return err
		}
	}
	catalogue, err := a.load()
	if err != nil {
		return err
	}
	in, err := a.newReceiver(parent)
	if err != nil {
		return err
	}
	defer in.close()
	past, backups := newPastDays(), newBackupAge()
	also := prometheus.Gatherers{past.registry, in.metrics(), backups.registry}
	waiting, err := a.newExporter(unavailable{}, catalogue, exporter.Options{EngineUp: func() bool { return false }, Also: also})
	if err != nil {
		return err
	}
	metrics, err := a.openMetrics(parent)
	if err != nil {
		return err
	}
	defer metrics.Close(0)
	metrics.Handle(waiting.Handler())
	readers := (*gate.Gate)(nil) // of the local engine, if it is ours
	if a.config.ClickhouseURL == "" {
		if readers, err = a.openReaders(parent); err != nil {
			return err
		}
		defer readers.Close(0)
	}

	ctx, stop := context.WithCancelCause(parent)
	defer stop(nil)
	var wg sync.WaitGroup
	if readers != nil {
		wg.Go(func() {
			if err := readers.Serve(); err != nil {
				stop(err)
			}
		})
	}
	wg.Go(func() {
		if err := metrics.Serve(); err != nil {
			stop(err)
		}
	})
	if in != nil {
		wg.Go(func() {
			if err := in.gate.Serve(); err != nil {
				stop(err)
			}
		})
	}
	wg.Go(func() {
		stop(a.compute(ctx, catalogue, in, readers, past, backups, also, func(d *database, e *exporter.Exporter) error {
			metrics.Handle(e.Handler())
			return ready(ctx, d, e, ports{metrics, readers})
		}))
	})
	<-ctx.Done()
	a.log.Info("stopping", "cause", context.Cause(ctx))
	wg.Go(in.close)
	if readers != nil {
		wg.Go(func() { readers.Close(gracePeriod) })
	}
	metrics.Close(gracePeriod)
	wg.Wait()
	if parent.Err() != nil {
		return nil
	}
	return context.Cause(ctx)
}

// compute prepares the database, hands over the exporter, lets readers in, stores what in takes, and keeps computing, past days too.
func (a *app) compute(ctx context.Context, catalogue queries.Catalogue, in *receiver, readers *gate.Gate, past *pastDays, backups *backupAge, also prometheus.Gatherer, ready func(*database, *exporter.Exporter) error) error {
	public := ""
	if readers != nil {
		public = readers.URL()
	}
	d, err := a.connect(ctx, catalogue, a.engineOptions(public))
	if err != nil {
		return err
	}
	defer d.close()
	if d.engine != nil {
		defer context.AfterFunc(ctx, func() { time.AfterFunc(abandonAfter, d.engine.Abandon) })()
	}
	if readers != nil {
		readers.Handle(a.readerHandler(d.engine))
	}
	d.scheduled = true
	if err := a.prepareWhenUp(ctx, d); err != nil {
		return err
	}
	catalogue = d.catalogue
	usage := &rollUps{complete: d.complete, parts: d.parts, every: min(rollUpLatest, max(rollUpSoonest, a.config.Interval/5)), log: a.log}
	watched := prometheus.NewRegistry()
	watched.MustRegister(d.parts, d.days)
	o := exporter.Options{
		Location: d.zone, Reporting: d.reporting, Lease: d.days.Read, RollUp: usage.status, Also: prometheus.Gatherers{also, watched},
		Whole:   d.sound,
		Damaged: d.damaged,
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx) // what runs beside this ends with it, also if it fails
	defer cancel()
	wg.Go(func() { d.parts.Run(ctx) })
	if d.shared {
		// Nobody tells us how the database is, so it is asked, beside the scrapes.
		var up atomic.Bool
		up.Store(true)
		o.EngineUp = up.Load
		wg.Go(func() {
			for sleep(ctx, probeEvery) {
				up.Store(d.ping(ctx) == nil)
			}
		})
	} else {
		o.EngineUp, o.EngineRestarts = d.engine.Up, d.engine.Restarts
		o.Confinement = &exporter.Confinement{Level: int(d.engine.Confinement()), Required: int(a.config.Confinement)}
	}
	e, err := a.newExporter(d.conn, catalogue, o)
	if err != nil {
		return err
	}
	if err := ready(d, e); err != nil {
		return err
	}
	wg.Go(func() { backups.run(ctx, d) })
	receipts := a.keepReceipts()
	wg.Go(func() {
		for {
			if err := receipts.Sync(ctx, d.conn); err != nil && ctx.Err() == nil {
				a.log.Warn("receipts of erasures cannot be copied out of the database; restoring an older backup may bring back erased accounts and users", "err", err)
			}
			if !sleep(ctx, receiptsEvery) {
				return
			}
		}
	})
	done, err := in.open(ctx, d, []byte(a.config.UserIDKey), receipts)
	if err != nil {
		return err
	}
	defer done()
	// The first pass is to find usage rolled up, unless that takes too long; then what it lacked is computed afterwards.
	rolled := make(chan struct{})
	wg.Go(func() { usage.run(ctx, func() { close(rolled) }) })
	layers := &layers{days: d.days, every: a.config.Interval, log: a.log, busy: func() bool { return e.Busy() }}
	patience := time.NewTimer(rollUpPatience)
	defer patience.Stop()
	select {
	case <-rolled:
	case <-ctx.Done():
	case <-patience.C:
		a.log.Info("usage is still being rolled up; KPIs are computed from the days as they are until it is done")
		wg.Go(func() {
			select {
			case <-rolled:
				if _, err := d.days.Update(ctx); err == nil {
					_ = e.Refresh(ctx) // a query that fails is reported like any other time
				}
			case <-ctx.Done():
			}
		})
	}
	past.app, past.log, past.history = a, a.log, a.history(d)
	past.busy = func() bool { return e.Busy() || usage.status().PendingDays > 0 }
	wg.Go(func() { layers.run(ctx) })
	if !a.config.History.off() {
		wg.Go(func() {
			select {
			case <-rolled: // before that, usage of past days is not there
				if sleep(ctx, pastFirst) {
					past.run(ctx)
				}
			case <-ctx.Done():
			}
		})
	}
	a.log.Info("computing KPIs", "kpis", len(catalogue.KPIs()), "timezone", d.reporting.Timezone, "currency", d.reporting.Currency)
	return e.Run(ctx)
}

// newExporter fills in what is the same for every exporter.
func (a *app) newExporter(db exporter.Querier, c queries.Catalogue, o exporter.Options) (*exporter.Exporter, error) {
	o.Catalogue, o.Refused = c, a.refused
	o.Every, o.Timeout, o.MaxAge = a.config.Interval, a.config.Timeout, a.config.MaxAge
	o.MaxSeries, o.Parallel = a.config.MaxSeries, a.config.Parallel
	o.Version, o.Revision = buildVersion(), buildRevision()
	o.Log = a.log
	return exporter.New(db, o)
}

// prepareWhenUp prepares the database, and verifies what may not fit it. While it does not answer, it waits for it.
func (a *app) prepareWhenUp(ctx context.Context, d *database) error {
	refused := 0
	for pause := retryLeast; ; pause = min(2*pause, retryMost) {
		err := a.prepare(ctx, d)
		// The built-in files are tested on the very engine that comes with them; asking it takes as long as computing.
		if err == nil && (a.config.QueriesDir != "" || a.config.ClickhouseURL != "") {
			err = a.verify(ctx, d)
		}
		if err == nil || ctx.Err() != nil {
			return err
		}
		if d.ping(ctx) == nil {
			refused++
		}
		if refused == refusals {
			return err
		}
		a.log.Warn("the database is not ready; trying again", "err", err, "retry_seconds", pause.Seconds())
		if !sleep(ctx, pause) {
			return ctx.Err()
		}
	}
}

func (d *database) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, probeWait)
	defer cancel()
	return d.conn.Ping(ctx)
}

// sleep waits for d; it returns false when ctx ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// unavailable stands for the database as long as there is none.
type unavailable struct{}

func (unavailable) Query(context.Context, string, ...any) (driver.Rows, error) {
	return nil, errors.New("the database is not ready yet")
}
