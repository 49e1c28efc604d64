package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"cskpi/exporter/backup"
	"cskpi/exporter/config"
	"cskpi/exporter/intake"
	"cskpi/exporter/store"
)

type backupCmd struct {
	File  string `arg:"" name:"file" help:"File to write, such as cskpi-2026-01-31.backup."`
	Force bool   `help:"Replace the file if it exists."`
}

// Help is the longer text of cskpi backup --help.
func (backupCmd) Help() string {
	return "The backup contains everything that cannot be computed again: facts, settings, receipts of erasures and former values of KPIs. " +
		"It is of one instant, also while cskpi serve stores facts. The file appears under its name only after it was read back and verified. " +
		"It can be restored into a local engine and into a ClickHouse server alike. It contains customer data: protect it as you protect the database."
}

// Run writes a backup.
func (c *backupCmd) Run(ctx context.Context, a *app) error {
	if err := a.needsHTTP(); err != nil {
		return err
	}
	d, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	if damaged := d.Damaged(); len(damaged) > 0 {
		return fmt.Errorf("backup: stored data is damaged, and the backup would lack what is lost: restore the last backup, or accept the loss with cskpi check --accept-loss:\n%s", strings.Join(damaged, "\n"))
	}
	receipts, err := intake.OpenReceipts(a.Config.ReceiptsPath())
	if err != nil {
		return err
	}
	if err := receipts.Sync(ctx, d.Conn); err != nil {
		return err
	}
	db, err := backup.Connect(d.Options)
	if err != nil {
		return err
	}
	defer db.Conn.Close()
	var layers []string
	for _, q := range d.Catalogue.Layout().Layers {
		layers = append(layers, q.Stored())
	}
	show := newProgress(a.err)
	r, err := backup.Write(ctx, db, backup.Options{File: c.File, Replace: c.Force, Layers: layers, Cskpi: buildVersion(), Progress: show.backup,
		Before: func(ctx context.Context) error { return intake.CompleteAlone(ctx, d.Conn) }})
	show.clear()
	if err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if len(r.Others) > 0 {
		fmt.Fprintf(a.err, "cskpi: warning: these tables of the database cs are not cskpi's and are not in the backup: %s\n", strings.Join(r.Others, ", "))
	}
	path, err := filepath.Abs(c.File)
	if err != nil {
		path = c.File
	}
	if err := d.Conn.Exec(ctx, "insert into backups (finished_at, snapshot_at, file, bytes, rows) select now64(3), fromUnixTimestamp64Milli(toInt64(?), 'UTC'), ?, toUInt64(?), toUInt64(?)",
		r.Manifest.Snapshot.UnixMilli(), path, r.Bytes, r.Manifest.Rows()); err != nil {
		return fmt.Errorf("backup: %s is complete, but the database did not record it: %w", c.File, err)
	}
	_, err = fmt.Fprintf(a.out, "%s: %s rows of %d tables as of %s, %s bytes, verified\n", c.File, thousands(fmt.Sprint(r.Manifest.Rows())), len(r.Manifest.Tables),
		r.Manifest.Snapshot.Format(time.RFC3339), thousands(fmt.Sprint(r.Bytes)))
	return err
}

type restoreCmd struct {
	File       string `arg:"" name:"file" type:"existingfile" help:"Backup that cskpi backup wrote."`
	Erasures   string `placeholder:"FILE" help:"Receipts of erasures; if not given, erasures.ndjson in CSKPI_DATA_DIR."`
	NoErasures bool   `name:"no-erasures" help:"Restore without receipts: nobody was erased after the backup."`
}

// Help is the longer text of cskpi restore --help.
func (restoreCmd) Help() string {
	return "The whole file is verified before the first row is written. The database must be empty: a new CSKPI_DATA_DIR, or a ClickHouse server without " +
		"the database cs. A restore that was interrupted is repeated by the same command; until it is complete, no other command uses the database. " +
		"Accounts and users that were erased after the backup are erased again. The data folder of the original lists them in erasures.ndjson; on another " +
		"machine, take that file along and name it with --erasures."
}

// Run restores a backup.
func (c *restoreCmd) Run(ctx context.Context, a *app) error {
	if c.Erasures != "" && c.NoErasures {
		return usage("--erasures and --no-erasures exclude each other")
	}
	if a.Config.Cluster != "" {
		return usage("restoring into a cluster is not supported yet; unset CSKPI_CLICKHOUSE_CLUSTER and restore into a single server")
	}
	if err := a.needsHTTP(); err != nil {
		return err
	}
	catalogue, err := a.Load()
	if err != nil {
		return err
	}
	show := newProgress(a.err)
	defer show.clear()
	show.say("verifying " + c.File)
	b, err := backup.Open(ctx, c.File)
	if err != nil {
		return fmt.Errorf("restore: %w; nothing was restored", err)
	}
	defer b.Close()
	erased, err := c.receipts(a, b)
	if err != nil {
		return err
	}
	d, err := a.Connect(ctx, catalogue, a.OwnEngine())
	if err != nil {
		return err
	}
	defer d.Close()
	if d.Engine != nil && d.Shared {
		return fmt.Errorf("restore: another cskpi is running on %s; stop it first", a.Config.DataDir)
	}
	if err := d.Cluster.CreateDatabase(ctx, d.Options); err != nil {
		return err
	}
	// What was kept of a database that was there before is not of this one.
	if err := os.Remove(a.Config.LastPath()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	db, err := backup.Connect(d.Options)
	if err != nil {
		return err
	}
	defer db.Conn.Close()
	again := 0
	err = backup.Restore(ctx, db, b, backup.RestoreOptions{Progress: show.backup, Finish: func(ctx context.Context) (err error) {
		if err := d.Parts.Forget(ctx); err != nil { // what it knows is about the tables that are gone
			return err
		}
		if err := intake.Forget(ctx, d.Conn); err != nil {
			return err
		}
		show.say("installing views and rolling up usage")
		if err := d.Cluster.Install(ctx, d.Conn, catalogue); err != nil {
			return err
		}
		if err := store.RollUp(ctx, d.Conn, nil); err != nil {
			return err
		}
		if err := backup.Settle(ctx, db, b.Manifest); err != nil {
			return err
		}
		keep, err := intake.OpenReceipts(a.Config.ReceiptsPath())
		if err != nil {
			return err
		}
		if err := keep.Sync(ctx, d.Conn); err != nil {
			return err
		}
		if again, err = intake.EraseAgain(ctx, d.Conn, erased, keep); err != nil || again == 0 {
			return err
		}
		return store.RollUp(ctx, d.Conn, nil)
	}})
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if err := a.Configure(ctx, d, a.Config.Reporting()); err != nil {
		return err
	}
	show.clear()
	_, err = fmt.Fprintf(a.out, "restored %s rows of %d tables as of %s, verified; erasures done again: %d\n", thousands(fmt.Sprint(b.Manifest.Rows())), len(b.Manifest.Tables),
		b.Manifest.Snapshot.Format(time.RFC3339), again)
	return err
}

// needsHTTP refuses a server that is configured by its native protocol, which does not stream Parquet.
func (a *app) needsHTTP() error {
	if a.Config.ClickhouseURL == "" {
		return nil
	}
	o, err := a.Config.Clickhouse()
	if err != nil {
		return fmt.Errorf("CSKPI_CLICKHOUSE_URL: %w", err)
	}
	return backup.Supports(o)
}

// receipts reads which erasures the restored database is held to. A missing file must not pass for no erasures.
func (c *restoreCmd) receipts(a *app, b *backup.Backup) ([]intake.KeptReceipt, error) {
	if c.NoErasures {
		return nil, nil
	}
	path := c.Erasures
	if path == "" {
		path = a.Config.ReceiptsPath()
	}
	found, err := intake.ReadReceipts(path)
	if c.Erasures == "" && errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("restore: there is no %s, so accounts and users that were erased after the backup (%s) would come back. "+
			"Name the file %s from the data folder of the original with --erasures, or pass --no-erasures if nobody was erased since",
			path, b.Manifest.Snapshot.Format(time.RFC3339), config.ReceiptsFile)
	}
	return found, err
}

// backup shows how far a backup or a restore is.
func (p *progress) backup(at backup.Progress) {
	switch at.Step {
	case "waiting":
		p.say("waiting until usage is rolled up")
	case "snapshot":
		p.say("taking the snapshot")
	case "verify":
		p.say("reading back what was written")
	case "migrate":
		p.say("creating the tables")
	default:
		p.say(fmt.Sprintf("%s: %s rows", at.Name, thousands(fmt.Sprint(at.Rows))))
	}
}
