package service

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

// GracePeriod is for answers under way when the process stops.
const GracePeriod = 3 * time.Second

const (
	abandonAfter  = 9 * time.Second // then the engine is killed, so that nothing waits for it
	receiptsEvery = time.Hour       // how often receipts of erasures by other instances are copied
	probeEvery    = 5 * time.Second // how often a database is asked for a sign of life that is not our child
	probeWait     = 3 * time.Second // how long the answer may take
	retryLeast    = time.Second     // pause between attempts to prepare a database; it doubles
	retryMost     = 15 * time.Second
	// refusals is how often a database that answers may refuse to be prepared; then it is no longer taken for a hiccup.
	refusals = 3
)

// Serve answers HTTP at once and prepares the database beside it, however long that takes. Then it calls ready and computes KPIs until ctx ends, which is no error.
func (s *Service) Serve(parent context.Context, ready func(context.Context, *Database, *exporter.Exporter, Ports) error) error {
	if s.Config.ClickhouseURL == "" {
		if err := engine.Serving(s.Config.DataDir); err != nil {
			return err
		}
	}
	catalogue, err := s.Load()
	if err != nil {
		return err
	}
	in, err := s.newReceiver(parent)
	if err != nil {
		return err
	}
	defer in.close()
	past, backups := newPastDays(), newBackupAge()
	also := prometheus.Gatherers{past.registry, in.metrics(), backups.registry}
	last := s.last()
	o := exporter.Options{EngineUp: func() bool { return false }, Also: also, Last: last}
	if last != nil {
		if o.Location, err = time.LoadLocation(last.Reporting.Timezone); err != nil {
			return err
		}
		o.Reporting = last.Reporting
	}
	waiting, err := s.newExporter(unavailable{}, catalogue, o)
	if err != nil {
		return err
	}
	metrics, err := s.openMetrics(parent)
	if err != nil {
		return err
	}
	defer metrics.Close(0)
	metrics.Handle(waiting.Handler())
	readers := (*gate.Gate)(nil) // of the local engine, if it is ours
	if s.Config.ClickhouseURL == "" {
		if readers, err = s.OpenReaders(parent); err != nil {
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
		stop(s.compute(ctx, catalogue, in, readers, past, backups, also, last, func(d *Database, e *exporter.Exporter) error {
			metrics.Handle(e.Handler())
			return ready(ctx, d, e, Ports{metrics, readers})
		}))
	})
	<-ctx.Done()
	s.Log.Info("stopping", "cause", context.Cause(ctx))
	wg.Go(in.close)
	if readers != nil {
		wg.Go(func() { readers.Close(GracePeriod) })
	}
	metrics.Close(GracePeriod)
	wg.Wait()
	if parent.Err() != nil {
		return nil
	}
	return context.Cause(ctx)
}

// compute prepares the database, hands over the exporter, lets readers in, stores what in takes, and keeps computing, past days too.
func (s *Service) compute(ctx context.Context, catalogue queries.Catalogue, in *receiver, readers *gate.Gate, past *pastDays, backups *backupAge, also prometheus.Gatherer, last *exporter.Last, ready func(*Database, *exporter.Exporter) error) error {
	public := ""
	if readers != nil {
		public = readers.URL()
	}
	d, err := s.Connect(ctx, catalogue, s.EngineOptions(public))
	if err != nil {
		return err
	}
	defer d.Close()
	if d.Engine != nil {
		defer context.AfterFunc(ctx, func() { time.AfterFunc(abandonAfter, d.Engine.Abandon) })()
	}
	if readers != nil {
		readers.Handle(s.ReaderHandler(d.Engine))
	}
	d.scheduled = true
	if err := s.prepareWhenUp(ctx, d); err != nil {
		return err
	}
	catalogue = d.Catalogue
	news := make(chan struct{}, 1)
	usage := &rollUps{complete: d.complete, parts: d.Parts, every: min(rollUpLatest, max(rollUpSoonest, s.Config.Interval)), news: news, log: s.Log}
	if !s.Config.EventsRetention.Off() {
		usage.expire = func(ctx context.Context) error { return s.expire(ctx, d) }
	}
	watched := prometheus.NewRegistry()
	watched.MustRegister(d.Parts, d.Days)
	o := exporter.Options{
		Location: d.Zone, Reporting: d.Reporting, Lease: d.Days.Read, RollUp: usage.status, Also: prometheus.Gatherers{also, watched},
		Last:    last,
		Whole:   d.sound,
		Damaged: d.Damaged,
	}
	var wg sync.WaitGroup
	defer wg.Wait()
	ctx, cancel := context.WithCancel(ctx) // what runs beside this ends with it, also if it fails
	defer cancel()
	wg.Go(func() { d.Parts.Run(ctx) })
	if d.Shared {
		// Nobody tells us how the database is, so it is asked, beside the scrapes.
		var up atomic.Bool
		up.Store(true)
		o.EngineUp = up.Load
		wg.Go(func() {
			for Sleep(ctx, probeEvery) {
				up.Store(d.ping(ctx) == nil)
			}
		})
	} else {
		o.EngineUp, o.EngineRestarts = d.Engine.Up, d.Engine.Restarts
		o.Confinement = &exporter.Confinement{Level: int(d.Engine.Confinement()), Required: int(s.Config.Confinement)}
	}
	e, err := s.newExporter(d.Conn, catalogue, o)
	if err != nil {
		return err
	}
	if err := ready(d, e); err != nil {
		return err
	}
	wg.Go(func() { backups.run(ctx, d) })
	wg.Go(func() { s.keep(ctx, e) })
	receipts := s.KeepReceipts()
	wg.Go(func() {
		for {
			if err := receipts.Sync(ctx, d.Conn); err != nil && ctx.Err() == nil {
				s.Log.Warn("receipts of erasures cannot be copied out of the database; restoring an older backup may bring back erased accounts and users", "err", err)
			}
			if !Sleep(ctx, receiptsEvery) {
				return
			}
		}
	})
	done, err := in.open(ctx, d, []byte(s.Config.UserIDKey), receipts)
	if err != nil {
		return err
	}
	defer done()
	// The first pass is to find usage rolled up, unless that takes too long; then what it lacked is computed afterwards.
	rolled := make(chan struct{})
	wg.Go(func() { usage.run(ctx, func() { close(rolled) }) })
	layers := &layers{days: d.Days, every: s.Config.Interval, news: news, log: s.Log, busy: func() bool { return e.Busy() }}
	patience := time.NewTimer(rollUpPatience)
	defer patience.Stop()
	select {
	case <-rolled:
	case <-ctx.Done():
	case <-patience.C:
		s.Log.Info("usage is still being rolled up; KPIs are computed from the days as they are until it is done")
		wg.Go(func() {
			select {
			case <-rolled:
				if _, err := d.Days.Update(ctx); err == nil {
					_ = e.Refresh(ctx) // a query that fails is reported like any other time
				}
			case <-ctx.Done():
			}
		})
	}
	past.service, past.log, past.history = s, s.Log, s.History(d)
	past.busy = func() bool { return e.Busy() || usage.status().PendingDays > 0 }
	wg.Go(func() { layers.run(ctx) })
	if !s.Config.History.Off() {
		wg.Go(func() {
			select {
			case <-rolled: // before that, usage of past days is not there
				if Sleep(ctx, pastFirst) {
					past.run(ctx)
				}
			case <-ctx.Done():
			}
		})
	}
	s.Log.Info("computing KPIs", "kpis", len(catalogue.KPIs()), "timezone", d.Reporting.Timezone, "currency", d.Reporting.Currency)
	return e.Run(ctx)
}

// newExporter fills in what is the same for every exporter.
func (s *Service) newExporter(db exporter.Querier, c queries.Catalogue, o exporter.Options) (*exporter.Exporter, error) {
	o.Catalogue, o.Refused = c, s.Refused
	o.Every, o.Timeout, o.MaxAge = s.Config.Interval, s.Config.Timeout, s.Config.MaxAge
	o.MaxSeries, o.Parallel = s.Config.MaxSeries, s.Config.Parallel
	o.Version, o.Revision = s.Version, s.Revision
	o.Log = s.Log
	return exporter.New(db, o)
}

// prepareWhenUp prepares the database, and verifies what may not fit it. While it does not answer, it waits for it.
func (s *Service) prepareWhenUp(ctx context.Context, d *Database) error {
	refused := 0
	for pause := retryLeast; ; pause = min(2*pause, retryMost) {
		err := s.Prepare(ctx, d)
		// The built-in files are tested on the very engine that comes with them; asking it takes as long as computing.
		if err == nil && (s.Config.QueriesDir != "" || s.Config.ClickhouseURL != "") {
			err = s.Verify(ctx, d)
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
		s.Log.Warn("the database is not ready; trying again", "err", err, "retry_seconds", pause.Seconds())
		if !Sleep(ctx, pause) {
			return ctx.Err()
		}
	}
}

func (d *Database) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, probeWait)
	defer cancel()
	return d.Conn.Ping(ctx)
}

// Sleep waits for d; it returns false when ctx ended first.
func Sleep(ctx context.Context, d time.Duration) bool {
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
