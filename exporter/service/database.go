package service

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/engine"
	"cskpi/exporter/intake"
	"cskpi/exporter/parts"
	"cskpi/exporter/policy"
	"cskpi/exporter/refresh"
	"cskpi/exporter/store"
	"cskpi/queries"
)

// recordWait is how long a process that ends may take to record the parts that it wrote.
const recordWait = 5 * time.Second

// Database is the ClickHouse that holds the facts.
type Database struct {
	Conn      driver.Conn
	Options   *clickhouse.Options // that conn was opened with
	Engine    *engine.Engine      // nil: a server
	Shared    bool                // others may work with it too: a server, or the engine of another process
	guest     bool                // somebody else serves from it, with query files that may not be ours
	scheduled bool                // an exporter serves from it, which computes KPIs of today on its schedule
	Catalogue queries.Catalogue
	Cluster   store.Cluster
	Parts     *parts.Watch     // over the stored data
	Days      *refresh.Days    // known after prepare or open
	Reporting policy.Reporting // what is in force; known after prepare or open
	Zone      *time.Location
}

// Install makes the views, but for those of query files that the engine refuses.
func (s *Service) Install(ctx context.Context, d *Database) error {
	err := d.Cluster.Install(ctx, d.Conn, d.Catalogue)
	if usable, refused := d.Catalogue.Without(err); len(refused) > 0 {
		s.refuse(refused)
		d.Catalogue = usable
		err = d.Cluster.Install(ctx, d.Conn, d.Catalogue)
	}
	return err
}

// Verify makes sure that the views return what their headers promise, and leaves out the query files whose views do not.
func (s *Service) Verify(ctx context.Context, d *Database) error {
	err := store.Verify(ctx, d.Conn, d.Catalogue)
	if usable, refused := d.Catalogue.Without(err); len(refused) > 0 {
		s.refuse(refused)
		d.Catalogue = usable
		err = d.Cluster.Install(ctx, d.Conn, d.Catalogue) // which drops the views of those
	}
	return err
}

// Connect finds the database: the configured server, else the engine that another process runs on the data folder, else
// an engine of our own, with o. An engine that others attach to is always our own, since theirs ends with them. A server
// is not asked yet whether it is there.
func (s *Service) Connect(ctx context.Context, catalogue queries.Catalogue, o engine.Options) (*Database, error) {
	var err error
	d := &Database{Catalogue: catalogue, Cluster: store.Cluster(s.Config.Cluster), Zone: time.UTC}
	if s.Config.ClickhouseURL != "" {
		if d.Options, err = s.Config.Clickhouse(); err != nil {
			return nil, fmt.Errorf("CSKPI_CLICKHOUSE_URL: %w", err)
		}
		d.Options.ClientInfo.Products = append(d.Options.ClientInfo.Products, struct{ Name, Version string }{"cskpi", s.Version})
		d.Shared = true
	} else {
		if o.Private {
			d.Engine, d.Shared = engine.Attach(s.Config.DataDir)
		}
		if !d.Shared {
			if d.Engine, err = engine.Start(ctx, o); err != nil {
				return nil, err
			}
		}
		d.Options = d.Engine.Options()
	}
	d.Options.Auth.Database = cmp.Or(d.Options.Auth.Database, queries.Database)
	if d.Conn, err = clickhouse.Open(d.Options); err != nil {
		return nil, errors.Join(fmt.Errorf("connect to ClickHouse: %w", err), d.Close())
	}
	if d.Engine != nil && !d.Shared {
		if err := d.Cluster.CreateDatabase(ctx, d.Options); err != nil {
			return nil, errors.Join(err, d.Close())
		}
	}
	watched := parts.Options{Conn: d.Conn, Log: s.Log}
	if d.Engine != nil {
		watched.Dir, watched.Generation = s.Config.DataDir, d.Engine.Restarts
	}
	d.Parts = parts.New(watched)
	if d.Engine != nil {
		// Before anything is computed from the data or written to it.
		if err := d.Parts.Check(ctx); err != nil {
			s.Log.Warn("the stored data cannot be checked for damage", "err", err)
		}
	}
	return d, nil
}

// EngineOptions are for an engine that readers reach at the URL public, if there is one.
func (s *Service) EngineOptions(public string) engine.Options {
	return engine.Options{
		DataDir:     s.Config.DataDir,
		Public:      public,
		Library:     s.Config.Libchdb,
		Confinement: s.Config.Confinement,
		Temporary:   []string{intake.ScratchTables},
		MaxMemory:   uint64(s.Config.EngineMemory),
		Patience:    time.Minute, // for commands on the folder to end
		Log:         s.Log,
	}
}

// OwnEngine is an engine for a single command. It ends with it, so others must not rely on it: they wait for their turn.
func (s *Service) OwnEngine() engine.Options {
	o := s.EngineOptions("")
	o.Private = true
	return o
}

// Open connects for a command that works on the facts and ends. A database of our own is brought up to date; one that is
// shared belongs to whoever serves from it, with query files that may not be ours, and is prepared only if nobody did.
func (s *Service) Open(ctx context.Context, catalogue queries.Catalogue) (*Database, error) {
	d, err := s.Connect(ctx, catalogue, s.OwnEngine())
	if err != nil {
		return nil, err
	}
	for _, p := range d.Parts.Problems() {
		s.Warn("stored data is damaged: " + p.String())
	}
	prepared := false
	if err = s.Migrate(ctx, d); err == nil && d.Shared {
		prepared, err = d.installed(ctx)
	}
	if err == nil && !prepared {
		err = s.Install(ctx, d)
	}
	if err == nil {
		fixed := s.Config.Reporting()
		if d.guest = prepared; prepared {
			fixed = policy.Reporting{}
			d.Catalogue = d.Catalogue.Inlined()
		}
		err = s.Configure(ctx, d, fixed)
	}
	if err == nil {
		err = d.complete(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

// installed reports whether the database has views of ours.
func (d *Database) installed(ctx context.Context) (bool, error) {
	var n uint64
	err := d.Conn.QueryRow(ctx, "select count() from system.tables where database = currentDatabase() and engine = 'View' and name = 'catalogue'").Scan(&n)
	return n > 0, err
}

// Migrate makes the database and its tables, or brings them up to date.
func (s *Service) Migrate(ctx context.Context, d *Database) error {
	if err := d.Cluster.CreateDatabase(ctx, d.Options); err != nil {
		return err
	}
	if damaged := d.Damaged(); len(damaged) > 0 {
		// What is left would be moved, and the record of what must be there would end.
		moves, err := store.FactsToMove(ctx, d.Conn)
		if err != nil {
			return err
		}
		if moves {
			return fmt.Errorf("this database is of an earlier version, and the upgrade moves its facts; repair it first, as the section Damaged data of the runbook describes, or accept the loss with cskpi check --accept-loss TABLE: %s", strings.Join(damaged, "; "))
		}
	}
	return d.Cluster.Migrate(ctx, d.Conn, func(what string) { s.Log.Info("upgrading the database", "step", what) })
}

// Prepare brings tables, views and reporting settings up to date.
func (s *Service) Prepare(ctx context.Context, d *Database) error {
	if err := s.Migrate(ctx, d); err != nil {
		return err
	}
	if err := s.Install(ctx, d); err != nil {
		return err
	}
	return s.Configure(ctx, d, s.Config.Reporting())
}

// sound reports whether all that a query reads is whole and up to date.
func (d *Database) sound(ctx context.Context, q queries.Query) error {
	if err := d.Days.Broken(q); err != nil {
		return err
	}
	return d.Parts.Whole(ctx, nil, q)
}

// Damaged says what the latest look at the stored data found Damaged.
func (d *Database) Damaged() []string {
	var all []string
	for _, p := range d.Parts.Problems() {
		all = append(all, p.String())
	}
	return all
}

// Configure stores what r fixes and learns what is in force.
func (s *Service) Configure(ctx context.Context, d *Database, r policy.Reporting) error {
	var err error
	if d.Reporting, err = policy.Configure(ctx, d.Conn, r); err != nil {
		return err
	}
	if d.Zone, err = time.LoadLocation(d.Reporting.Timezone); err != nil {
		return fmt.Errorf("reporting time zone: %w; set CSKPI_TIMEZONE to a valid one", err)
	}
	d.Days = refresh.NewDays(refresh.Options{
		Conn: d.Conn, Layout: d.Catalogue.Layout(), Zone: d.Zone, Log: s.Log,
		From: func(today time.Time) time.Time {
			if s.Config.History.Off() {
				return time.Time{}
			}
			return s.Config.History.Before(today)
		},
		Whole: func(ctx context.Context, tables []string) error { return d.Parts.Whole(ctx, tables) },
		Guest: d.guest, Scheduled: d.scheduled,
	})
	return nil
}

// complete stores the rest of imports with --strict that were interrupted.
func (d *Database) complete(ctx context.Context) error {
	if err := intake.Complete(ctx, d.Conn); err != nil {
		return fmt.Errorf("an import with --strict was interrupted and is not stored as a whole yet: %w", err)
	}
	return nil
}

// Close ends the connection, and the engine if it is ours.
func (d *Database) Close() error {
	var errs []error
	if d.Parts != nil && d.Engine != nil && !d.Shared && d.Engine.Up() {
		// So that the record has the parts that were just written.
		ctx, cancel := context.WithTimeout(context.Background(), recordWait)
		errs = append(errs, d.Parts.Check(ctx))
		cancel()
	}
	if d.Conn != nil {
		errs = append(errs, d.Conn.Close())
	}
	if d.Engine != nil {
		errs = append(errs, d.Engine.Close())
	}
	return errors.Join(errs...)
}
