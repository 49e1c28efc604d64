package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
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
	"cskpi/queries/sqltext"
)

// recordWait is how long a process that ends may take to record the parts that it wrote.
const recordWait = 5 * time.Second

// database is the ClickHouse that holds the facts.
type database struct {
	conn      driver.Conn
	options   *clickhouse.Options // that conn was opened with
	engine    *engine.Engine      // nil: a server
	shared    bool                // others may work with it too: a server, or the engine of another process
	guest     bool                // somebody else serves from it, with query files that may not be ours
	scheduled bool                // an exporter serves from it, which computes KPIs of today on its schedule
	catalogue queries.Catalogue
	cluster   store.Cluster
	parts     *parts.Watch     // over the stored data
	days      *refresh.Days    // known after prepare or open
	reporting policy.Reporting // what is in force; known after prepare or open
	zone      *time.Location
}

// overlays are the folders with the company's own query files.
func (a *app) overlays() []fs.FS {
	if a.config.QueriesDir == "" {
		return nil
	}
	return []fs.FS{os.DirFS(a.config.QueriesDir)}
}

// load reads the query files, the company's own included. One that has problems is reported and left out, so that it does
// not stop the others.
func (a *app) load() (queries.Catalogue, error) {
	c, refused, err := queries.LoadUsable(a.overlays()...)
	if err != nil {
		return nil, fmt.Errorf("query files:\n%w", err)
	}
	a.refused = nil
	a.refuse(refused)
	return c, nil
}

// refuse reports query files that are left out.
func (a *app) refuse(files []queries.Refused) {
	for _, r := range files {
		a.log.Error("query file refused; the others are used", "file", r.File, "err", r.Err)
	}
	a.refused = append(a.refused, files...)
}

// install makes the views, but for those of query files that the engine refuses.
func (a *app) install(ctx context.Context, d *database) error {
	err := d.cluster.Install(ctx, d.conn, d.catalogue)
	if usable, refused := d.catalogue.Without(err); len(refused) > 0 {
		a.refuse(refused)
		d.catalogue = usable
		err = d.cluster.Install(ctx, d.conn, d.catalogue)
	}
	return err
}

// verify makes sure that the views return what their headers promise, and leaves out the query files whose views do not.
func (a *app) verify(ctx context.Context, d *database) error {
	err := store.Verify(ctx, d.conn, d.catalogue)
	if usable, refused := d.catalogue.Without(err); len(refused) > 0 {
		a.refuse(refused)
		d.catalogue = usable
		err = d.cluster.Install(ctx, d.conn, d.catalogue) // which drops the views of those
	}
	return err
}

// connect finds the database: the configured server, else the engine that another process runs on the data folder, else
// an engine of our own, with o. An engine that others attach to is always our own, since theirs ends with them. A server
// is not asked yet whether it is there.
func (a *app) connect(ctx context.Context, catalogue queries.Catalogue, o engine.Options) (*database, error) {
	var err error
	d := &database{catalogue: catalogue, cluster: store.Cluster(a.config.Cluster), zone: time.UTC}
	if a.config.ClickhouseURL != "" {
		if d.options, err = a.config.clickhouse(); err != nil {
			return nil, fmt.Errorf("CSKPI_CLICKHOUSE_URL: %w", err)
		}
		d.options.ClientInfo.Products = append(d.options.ClientInfo.Products, struct{ Name, Version string }{"cskpi", buildVersion()})
		d.shared = true
	} else {
		if o.Private {
			d.engine, d.shared = engine.Attach(a.config.DataDir)
		}
		if !d.shared {
			if d.engine, err = engine.Start(ctx, o); err != nil {
				return nil, err
			}
		}
		d.options = d.engine.Options()
	}
	d.options.Auth.Database = cmp.Or(d.options.Auth.Database, queries.Database)
	if d.conn, err = clickhouse.Open(d.options); err != nil {
		return nil, errors.Join(fmt.Errorf("connect to ClickHouse: %w", err), d.close())
	}
	if d.engine != nil && !d.shared {
		if err := d.cluster.CreateDatabase(ctx, d.options); err != nil {
			return nil, errors.Join(err, d.close())
		}
	}
	watched := parts.Options{Conn: d.conn, Log: a.log}
	if d.engine != nil {
		watched.Dir, watched.Generation = a.config.DataDir, d.engine.Restarts
	}
	d.parts = parts.New(watched)
	if d.engine != nil {
		// Before anything is computed from the data or written to it.
		if err := d.parts.Check(ctx); err != nil {
			a.log.Warn("the stored data cannot be checked for damage", "err", err)
		}
	}
	return d, nil
}

// engineOptions are for an engine that readers reach at the URL public, if there is one.
func (a *app) engineOptions(public string) engine.Options {
	return engine.Options{
		DataDir:     a.config.DataDir,
		Public:      public,
		Library:     a.config.Libchdb,
		Confinement: a.config.Confinement,
		Temporary:   []string{intake.ScratchTables},
		MaxMemory:   uint64(a.config.EngineMemory),
		Patience:    time.Minute, // for commands on the folder to end
		Log:         a.log,
	}
}

// ownEngine is an engine for a single command. It ends with it, so others must not rely on it: they wait for their turn.
func (a *app) ownEngine() engine.Options {
	o := a.engineOptions("")
	o.Private = true
	return o
}

// open connects for a command that works on the facts and ends. A database of our own is brought up to date; one that is
// shared belongs to whoever serves from it, with query files that may not be ours, and is prepared only if nobody did.
func (a *app) open(ctx context.Context, catalogue queries.Catalogue) (*database, error) {
	d, err := a.connect(ctx, catalogue, a.ownEngine())
	if err != nil {
		return nil, err
	}
	for _, p := range d.parts.Problems() {
		fmt.Fprintf(a.err, "cskpi: warning: stored data is damaged: %s\n", p)
	}
	prepared := false
	if err = a.migrate(ctx, d); err == nil && d.shared {
		prepared, err = d.installed(ctx)
	}
	if err == nil && !prepared {
		err = a.install(ctx, d)
	}
	if err == nil {
		fixed := a.config.reporting()
		if d.guest = prepared; prepared {
			fixed = policy.Reporting{}
			d.catalogue = d.catalogue.Inlined()
		}
		err = a.configure(ctx, d, fixed)
	}
	if err == nil {
		err = d.complete(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, d.close())
	}
	return d, nil
}

// installed reports whether the database has views of ours.
func (d *database) installed(ctx context.Context) (bool, error) {
	var n uint64
	err := d.conn.QueryRow(ctx, "select count() from system.tables where database = currentDatabase() and engine = 'View' and name = 'catalogue'").Scan(&n)
	return n > 0, err
}

// migrate makes the database and its tables, or brings them up to date.
func (a *app) migrate(ctx context.Context, d *database) error {
	if err := d.cluster.CreateDatabase(ctx, d.options); err != nil {
		return err
	}
	if damaged := d.damaged(); len(damaged) > 0 {
		// What is left would be moved, and the record of what must be there would end.
		moves, err := store.FactsToMove(ctx, d.conn)
		if err != nil {
			return err
		}
		if moves {
			return fmt.Errorf("this database is of an earlier version, and the upgrade moves its facts; repair it first, as the section Damaged data of the runbook describes, or accept the loss with cskpi check --accept-loss TABLE: %s", strings.Join(damaged, "; "))
		}
	}
	return d.cluster.Migrate(ctx, d.conn, func(what string) { a.log.Info("upgrading the database", "step", what) })
}

// prepare brings tables, views and reporting settings up to date.
func (a *app) prepare(ctx context.Context, d *database) error {
	if err := a.migrate(ctx, d); err != nil {
		return err
	}
	if err := a.install(ctx, d); err != nil {
		return err
	}
	return a.configure(ctx, d, a.config.reporting())
}

// sound reports whether all that a query reads is whole and up to date.
func (d *database) sound(ctx context.Context, q queries.Query) error {
	if err := d.days.Broken(q); err != nil {
		return err
	}
	return d.parts.Whole(ctx, nil, q)
}

// damaged says what the latest look at the stored data found damaged.
func (d *database) damaged() []string {
	var all []string
	for _, p := range d.parts.Problems() {
		all = append(all, p.String())
	}
	return all
}

// configure stores what r fixes and learns what is in force.
func (a *app) configure(ctx context.Context, d *database, r policy.Reporting) error {
	var err error
	if d.reporting, err = policy.Configure(ctx, d.conn, r); err != nil {
		return err
	}
	if d.zone, err = time.LoadLocation(d.reporting.Timezone); err != nil {
		return fmt.Errorf("reporting time zone: %w; set CSKPI_TIMEZONE to a valid one", err)
	}
	d.days = refresh.NewDays(refresh.Options{
		Conn: d.conn, Layout: d.catalogue.Layout(), Zone: d.zone, Log: a.log,
		From: func(today time.Time) time.Time {
			if a.config.History.off() {
				return time.Time{}
			}
			return a.config.History.before(today)
		},
		Whole: func(ctx context.Context, tables []string) error { return d.parts.Whole(ctx, tables) },
		Guest: d.guest, Scheduled: d.scheduled,
	})
	return nil
}

// complete stores the rest of imports with --strict that were interrupted.
func (d *database) complete(ctx context.Context) error {
	if err := intake.Complete(ctx, d.conn); err != nil {
		return fmt.Errorf("an import with --strict was interrupted and is not stored as a whole yet: %w", err)
	}
	return nil
}

// close ends the connection, and the engine if it is ours.
func (d *database) close() error {
	var errs []error
	if d.parts != nil && d.engine != nil && !d.shared && d.engine.Up() {
		// So that the record has the parts that were just written.
		ctx, cancel := context.WithTimeout(context.Background(), recordWait)
		errs = append(errs, d.parts.Check(ctx))
		cancel()
	}
	if d.conn != nil {
		errs = append(errs, d.conn.Close())
	}
	if d.engine != nil {
		errs = append(errs, d.engine.Close())
	}
	return errors.Join(errs...)
}

// view reads a view on a day, narrowed by a condition or limit, in an order that is the same each time.
func (d *database) view(ctx context.Context, q queries.Query, asOf time.Time, where, limit string, args ...any) (table, error) {
	order := strings.Join(names(q.Of(queries.Label, queries.Key)), ", ")
	if order != "" {
		order = " order by " + order
	}
	if err := d.parts.Whole(ctx, nil, q); err != nil {
		return table{}, fmt.Errorf("%s: %w", q.View(), err)
	}
	done, err := d.days.Read(ctx, []queries.Query{q}, asOf)
	if err != nil {
		return table{}, fmt.Errorf("%s: %w", q.View(), err)
	}
	defer done()
	if err := d.days.Broken(q); err != nil {
		return table{}, fmt.Errorf("%s: %w", q.View(), err)
	}
	if own, found := d.catalogue.Get(q.Name); found {
		q = own
	}
	statement := q.Select(asOf)
	switch {
	case q.Day.Name != "":
		where = strings.Replace(where, " where ", " and ", 1)
	case q.IsByDay(): // a layer, in which the day is a column like the others
		where = " where day = " + sqltext.Day(asOf) + strings.Replace(where, " where ", " and ", 1)
	}
	rows, err := d.conn.Query(ctx, statement+where+order+limit, args...)
	if err != nil {
		return table{}, d.refused(q, err)
	}
	t, err := readTable(rows)
	if err != nil {
		return table{}, d.refused(q, err)
	}
	// Over HTTP a result without rows has no columns either.
	t.columns = names(q.Columns)
	return t, nil
}

// refused names the view that a query failed on, and if something is not there, what to do.
func (d *database) refused(q queries.Query, err error) error {
	const unknownTable, unknownFunction = 60, 46
	var e *clickhouse.Exception
	if d.shared && errors.As(err, &e) && (e.Code == unknownTable || e.Code == unknownFunction) {
		return fmt.Errorf("something that %s stands on is not installed there; start cskpi serve with these query files, which installs them: %w", q.View(), store.Brief(err))
	}
	return fmt.Errorf("%s: %w", q.View(), store.Brief(err))
}
