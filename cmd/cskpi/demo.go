package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"cskpi/exporter"
	"cskpi/exporter/config"
	"cskpi/exporter/demo"
	"cskpi/exporter/engine"
	"cskpi/exporter/intake"
	"cskpi/exporter/service"
)

type demoCmd struct {
	Accounts int    `default:"400" help:"Customer accounts."`
	Years    int    `default:"4" help:"Years of facts: one more than the history of KPIs has, since they look back a year."`
	Events   int    `help:"Usage events, approximately; 0: as many as the accounts' users would cause."`
	Seed     uint64 `default:"1" help:"The same options and seed make the same company."`
	Until    date   `placeholder:"DAY" help:"Last day of the history (YYYY-MM-DD); today if not given."`
	Dir      string `placeholder:"DIR" help:"Folder for the data; demo below CSKPI_DATA_DIR if not given."`
	Fresh    bool   `help:"Generate again, even if the folder has this company already."`
	Store    bool   `help:"Store the company in the ClickHouse of CSKPI_CLICKHOUSE_URL and end. A database with other facts is refused."`
}

// Help is the longer text of cskpi demo --help.
func (demoCmd) Help() string {
	return "A made-up company with contracts, usage, touchpoints, tickets, surveys and all other facts is stored in a folder of its own, away from your data, and served like cskpi serve does. " +
		"A second start with the same options on the same day finds the data there. CSKPI_CLICKHOUSE_URL is refused, so that made-up facts never get among real ones; with --store, which is for trying a server, a database with any other facts is."
}

// demoMark is what the folder of a demo says of itself; only a folder with it is ever cleared.
type demoMark struct {
	Accounts, Years, Events int
	Seed                    uint64
	Until                   string
	Currency, Timezone      string
	FiscalYearStart         int
	Complete                bool
}

const demoMarkFile = "cskpi-demo.json"

// Run serves the generated company until it is told to stop.
func (c *demoCmd) Run(ctx context.Context, a *app) error {
	if c.Store {
		return c.store(ctx, a)
	}
	if a.Config.ClickhouseURL != "" {
		return usage("demo puts made-up facts into a folder of its own: unset CSKPI_CLICKHOUSE_URL")
	}
	dir := c.Dir
	if dir == "" {
		dir = filepath.Join(a.Config.DataDir, "demo")
	}
	if e, live := engine.Attach(dir); live {
		return fmt.Errorf("another process has the demo in %s open (its ClickHouse is %s); stop that, or choose another --dir", dir, e.URL())
	}
	zone, err := time.LoadLocation(a.Config.Timezone)
	if err != nil {
		return err
	}
	until := c.Until.orToday(zone)
	mark := demoMark{
		Accounts: c.Accounts, Years: c.Years, Events: c.Events, Seed: c.Seed, Until: until.Format(time.DateOnly),
		Currency: a.Config.Currency, Timezone: a.Config.Timezone, FiscalYearStart: a.Config.FiscalYearStart, Complete: true,
	}
	have, err := c.clear(dir, mark)
	if err != nil {
		return err
	}
	b := *a
	b.Config.DataDir = dir
	b.Eager = true // so that boards are full soon
	return b.Serve(ctx, func(ctx context.Context, d *service.Database, e *exporter.Exporter, at service.Ports) error {
		if !have {
			if err := c.fill(ctx, &b, d, until); err != nil {
				return err
			}
			if err := mark.write(dir); err != nil {
				return err
			}
		}
		if _, err := b.rollUp(ctx, d); err != nil {
			return err
		}
		// A query that fails is reported like any other time; the rest is worth looking at.
		_ = e.Refresh(ctx)
		if ctx.Err() == nil {
			b.announce(d, dir, at)
		}
		return ctx.Err()
	})
}

// clear makes room in dir, unless it has that very company already.
func (c *demoCmd) clear(dir string, mark demoMark) (have bool, err error) {
	text, err := os.ReadFile(filepath.Join(dir, demoMarkFile))
	if err == nil {
		var old demoMark
		if json.Unmarshal(text, &old) == nil && old == mark && !c.Fresh {
			return true, nil
		}
		if err := os.RemoveAll(dir); err != nil {
			return false, fmt.Errorf("clear the demo folder: %w", err)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return false, fmt.Errorf("demo folder: %w", err)
	}
	if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
		return false, usage("%s is not empty and no demo folder; choose another --dir", dir)
	}
	// The mark goes in first, incomplete, so that a demo that was cut short is cleared the next time.
	mark.Complete = false
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return false, fmt.Errorf("demo folder: %w", err)
	}
	return false, mark.write(dir)
}

func (m demoMark) write(dir string) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, demoMarkFile), append(text, '\n'), 0o644); err != nil {
		return fmt.Errorf("demo folder: %w", err)
	}
	return nil
}

// fill generates the company and stores its facts.
func (c *demoCmd) fill(ctx context.Context, a *app, d *service.Database, until time.Time) error {
	company, err := c.company(d, until)
	if err != nil {
		return err
	}
	show := newProgress(a.err)
	im := a.importer(d)
	im.Progress = show.update
	start := time.Now()
	fmt.Fprintf(a.err, "Generating a company of %d accounts and %d years …\n", c.Accounts, c.Years)
	for _, table := range company.Tables() {
		r, w := io.Pipe()
		go func() { w.CloseWithError(company.Write(ctx, table, w)) }()
		summary, err := im.Reader(ctx, table, table+".ndjson", intake.NDJSON, r)
		// An import that gave up no longer reads; the generator must not wait for it.
		r.CloseWithError(err)
		show.clear()
		if err != nil {
			return fmt.Errorf("demo: %s: %w", table, err)
		}
		if summary.Rejected > 0 {
			return fmt.Errorf("demo: %d generated rows of %s were rejected", summary.Rejected, table)
		}
		fmt.Fprintf(a.err, "  %-14s %s rows\n", table, thousands(fmt.Sprint(summary.Stored)))
	}
	fmt.Fprintf(a.err, "done in %s\n", time.Since(start).Round(100*time.Millisecond))
	// What follows needs a fraction of what generating took.
	debug.FreeOSMemory()
	return nil
}

func (c *demoCmd) company(d *service.Database, until time.Time) (*demo.Company, error) {
	company, err := demo.New(demo.Options{
		Seed: c.Seed, Accounts: c.Accounts, Years: c.Years, Events: c.Events, Until: until,
		Currency: d.Reporting.Currency, FiscalYearStart: d.Reporting.FiscalYearStart, Zone: d.Zone,
	})
	if err != nil {
		return nil, usageError{err}
	}
	return company, nil
}

// demoSource is what made-up facts say they come from.
const demoSource = "demo"

// store puts the company into a server's database, unless it is there already.
func (c *demoCmd) store(ctx context.Context, a *app) error {
	if a.Config.ClickhouseURL == "" || c.Dir != "" || c.Fresh {
		return usage("--store is for the server of CSKPI_CLICKHOUSE_URL, and goes with neither --dir nor --fresh")
	}
	d, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	until := c.Until.orToday(d.Zone)
	company, err := c.company(d, until)
	if err != nil {
		return err
	}
	var parts []string
	tables := company.Tables()
	for _, table := range tables {
		parts = append(parts, fmt.Sprintf("select '%[1]s' as name, toString(source) as source, count() as n from `stored_%[1]s` group by source", table))
	}
	rows, err := d.Conn.Query(ctx, "select name, source from ("+strings.Join(parts, " union all ")+") where n > 0 order by name, source")
	if err != nil {
		return fmt.Errorf("look for other facts: %w", err)
	}
	have := map[string]bool{}
	var others []string
	for rows.Next() {
		var table, source string
		if err := rows.Scan(&table, &source); err != nil {
			return fmt.Errorf("look for other facts: %w", err)
		}
		if have[table] = true; source != demoSource {
			others = append(others, fmt.Sprintf("%s from %s", table, source))
		}
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		return fmt.Errorf("look for other facts: %w", err)
	}
	switch {
	case len(others) > 0:
		return fmt.Errorf("the database has other facts, and made-up ones never get among them: %s; use a server without", strings.Join(others, ", "))
	case have[tables[len(tables)-1]]: // the last to be stored
		fmt.Fprintln(a.err, "The company is there already.")
	case len(have) > 0:
		return errors.New("a demo was cut short here, and what there is may be of another day; drop the database, or with docker compose the volumes (docker compose down --volumes), and start again")
	default:
		if err := c.fill(ctx, a, d, until); err != nil {
			return err
		}
	}
	_, err = a.rollUp(ctx, d)
	return err
}

// announce says where to look.
func (a *app) announce(d *service.Database, dir string, at service.Ports) {
	facts := ""
	if to := a.Config.IntakeAddress(); to != "" {
		facts = "\n  facts (HTTP)         " + to + ", with the token in " + filepath.Join(dir, config.TokenFile)
	}
	const query = "select segment, window, round(ratio, 4) as nrr from cs.nrr where day = (select day from cs.current_day) order by segment, window format PrettyCompact"
	fmt.Fprintf(a.out, `
The company is ready. Look at
  KPIs for reading     %[1]s/
  Prometheus metrics   %[1]s/metrics
                       open to %[7]s
  ClickHouse (HTTP)    %[2]s
                       open to %[8]s%[5]s
Try
  curl -s %[1]s/metrics | grep '^cs_nrr_ratio'
  curl -s %[2]s/ --data-binary "%[3]s"
  CSKPI_DATA_DIR=%[4]s bin/cskpi explain nrr --segment high --window 12m
  echo '{"feedback_id": "f1", "account_id": "acme", "kind": "product_request", "created_on": "%[6]s"}' | CSKPI_DATA_DIR=%[4]s bin/cskpi send --table feedback
Stop with Ctrl-C.
`, at.Metrics.URL(), at.Readers.URL(), query, dir, facts, time.Now().In(d.Zone).Format(time.DateOnly), at.Metrics.Readers(), at.Readers.Readers())
}
