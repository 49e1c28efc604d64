package main

import (
	"context"
	"errors"
	"fmt"

	"cskpi/exporter/intake"
	"cskpi/exporter/service"
)

type importCmd struct {
	Paths        []string `arg:"" name:"path" help:"Files named after their tables, folders of such files, or - for standard input."`
	Table        string   `placeholder:"TABLE" help:"Table of the files, if their names do not say it."`
	Mapping      string   `placeholder:"DIR" type:"existingdir" help:"Folder with one SELECT per table (contracts.sql) over the files, which are called by their names without endings."`
	AllowRead    []string `placeholder:"PATH" sep:"none" help:"File or folder that the SELECTs of the mapping may read with file(), beside the files that you import; may be repeated."`
	AllowConnect []uint16 `placeholder:"PORT" sep:"none" help:"TCP port to which the SELECTs of the mapping may connect, with url() or postgresql() for example, on any host; may be repeated."`
	Format       string   `enum:",csv,ndjson,parquet" default:"" placeholder:"FORMAT" help:"csv, ndjson or parquet, if the names do not say it."`
	Encoding     string   `placeholder:"NAME" help:"Encoding of text files, as in shift_jis or windows-1252; UTF-8 if not given."`
	Strict       bool     `help:"Store all rows, or none if any row is rejected."`
	Rejects      string   `default:"rejects" placeholder:"DIR" help:"Folder for the rows that were rejected, as FILE.rejects.csv [${default}]."`
}

// Help is the longer text of cskpi import --help.
func (importCmd) Help() string {
	return "Endings say what a file is: contracts.csv, usage_events.ndjson.gz, accounts.parquet, tickets.csv.zst. " +
		"A row that cannot be stored is reported with file, line, column, value and reason; the others are stored, and the exit code is 1. " +
		"With --strict, either all rows are stored or none, also if the command or the database is killed: an import that was interrupted while its rows were copied into " +
		"the tables is completed by cskpi serve within a minute, or by the next command. While the rows are copied, which takes seconds, KPIs may contain some of them and not others. " +
		"The rejects file has an apostrophe before text that a spreadsheet would run as a formula; remove it when you copy a row back. " +
		"Importing a file again changes nothing; a row of the same identity with a later updated_at replaces the earlier one.\n\n" +
		"The SELECTs of a mapping run in an engine process of their own, which the kernel confines and which ends with the import. " +
		"They see the source files as tables, and neither the facts nor any other file; by default they cannot connect anywhere. " +
		"--allow-read and --allow-connect allow more. The kernel limits ports and not hosts: with --allow-connect 443, a SELECT can connect to port 443 of every host. " +
		"file() takes absolute paths, and a pattern such as *.csv finds nothing in a folder that it may not read."
}

// shownRejects is how many rejected rows are printed; the rejects files have all.
const shownRejects = 20

// Run imports the files.
func (c *importCmd) Run(ctx context.Context, a *app) error {
	if c.Mapping != "" && (c.Table != "" || c.Format != "") {
		return usage("--mapping takes tables and formats from the files' names: leave out --table and --format")
	}
	if c.Mapping == "" && len(c.AllowRead)+len(c.AllowConnect) > 0 {
		return usage("--allow-read and --allow-connect are for the SELECTs of a --mapping")
	}
	if err := c.checkAccess(a); err != nil {
		return err
	}
	d, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer d.Close()
	show := newProgress(a.err)
	im := a.importer(d)
	im.Strict, im.RejectsDir, im.Format, im.Encoding = c.Strict, c.Rejects, intake.Format(c.Format), c.Encoding
	im.Progress = show.update
	im.Sources = func(ctx context.Context, files []string) (*intake.Sources, error) {
		return c.sources(ctx, a, d.Catalogue, files)
	}
	var s intake.Summary
	if c.Mapping != "" {
		s, err = im.Mapping(ctx, c.Mapping, c.Paths...)
	} else {
		s, err = im.Files(ctx, c.Table, c.Paths...)
	}
	show.clear()
	err = c.report(a, s, err)
	if ctx.Err() == nil {
		// What is stored counts, whatever became of the rest.
		_, interrupted := a.rollUp(ctx, d)
		err = errors.Join(err, interrupted)
	}
	return err
}

// report says what was stored and what was not.
func (c *importCmd) report(a *app, s intake.Summary, err error) error {
	for i, r := range s.Rejects {
		if i == shownRejects {
			break
		}
		fmt.Fprintln(a.err, r)
	}
	if more := s.Rejected() - int64(min(len(s.Rejects), shownRejects)); more > 0 {
		fmt.Fprintf(a.err, "and %s more\n", thousands(fmt.Sprint(more)))
	}
	for _, file := range s.RejectFiles {
		fmt.Fprintf(a.err, "rejected rows are in %s\n", file)
	}
	for _, file := range s.Ignored {
		fmt.Fprintf(a.err, "%s is named after no table and was left out\n", file)
	}
	if len(s.Tables) > 0 {
		t := table{columns: []string{"table", "files", "rows", "stored", "unchanged", "superseded", "rejected", "seconds"}}
		for _, sum := range s.Tables {
			t.rows = append(t.rows, []any{sum.Table, int64(sum.Files), sum.Read, sum.Stored, sum.Unchanged, sum.Superseded, sum.Rejected, sum.Duration.Seconds()})
		}
		if err := t.write(a.out, "table"); err != nil {
			return err
		}
	}
	switch {
	case err != nil:
		return fmt.Errorf("import: %w", err)
	case s.Rejected() == 0:
		return nil
	case c.Strict:
		fmt.Fprintln(a.err, "cskpi: rows were rejected, so nothing was stored (--strict)")
	default:
		fmt.Fprintf(a.err, "cskpi: rejected rows: %s; correct them and import them again\n", thousands(fmt.Sprint(s.Rejected())))
	}
	return errReported
}

// importer stores facts in d.
func (a *app) importer(d *service.Database) *intake.Importer {
	return &intake.Importer{
		Conn:    d.Conn,
		Zone:    d.Zone,
		UserKey: []byte(a.Config.UserIDKey),
	}
}
