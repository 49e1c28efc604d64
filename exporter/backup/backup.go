// Package backup writes what cannot be computed again into one file, and restores a database from it. The file is a zip
// archive of Parquet files with a manifest, and moves a company between the local engine and a ClickHouse server.
package backup

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"cskpi/exporter/store"
	"cskpi/queries/sqltext"
)

// Options say what to write, and where.
type Options struct {
	File    string
	Replace bool     // an existing file
	Layers  []string // tables that a backup leaves out, since they are computed
	Cskpi   string   // version of this program
	// Before is called before the snapshot is taken, while nobody else may change what was stored (store.Alone); may be nil.
	Before   func(context.Context) error
	Progress func(Progress) // may be nil
}

// Progress tells how far a backup or a restore is.
type Progress struct {
	Step string // waiting, snapshot, table, verify, migrate
	Name string // of a table
	Rows uint64 // of it, so far
}

// Result is a backup that was written and verified.
type Result struct {
	Manifest Manifest
	Bytes    int64
	Others   []string // tables of the database that are not cskpi's and are not in the backup
}

const (
	partial  = ".partial" // ends the name of a file that is not complete
	fileRows = 2_000_000  // of a Parquet file, if it can be split by day
)

// Write writes a backup of d, reads it back, and only then gives it its name. It fails if the file exists, unless it may be
// replaced. Whatever goes wrong, no half-written file is left under that name.
func Write(ctx context.Context, d *Database, o Options) (Result, error) {
	if err := mayWrite(o); err != nil {
		return Result{}, err
	}
	out, err := lockPartial(o.File + partial)
	if err != nil {
		return Result{}, err
	}
	w := &writer{d: d, o: o, zip: zip.NewWriter(out)}
	err = w.run(ctx)
	if err == nil {
		err = out.Sync()
	}
	if err != nil {
		// What was written is of no use, and takes room that may be missing.
		return Result{}, errors.Join(fmt.Errorf("write %s: %w", o.File, err), os.Remove(out.Name()), out.Close())
	}
	defer out.Close()
	r, err := w.publish(ctx, out)
	if err != nil {
		return Result{}, errors.Join(err, os.Remove(out.Name()))
	}
	return r, nil
}

func mayWrite(o Options) error {
	if _, err := os.Lstat(o.File); err == nil && !o.Replace {
		return fmt.Errorf("%s exists; choose another name, or replace it with --force", o.File)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// lockPartial opens the file to write into. One that an interrupted backup left is used again; one that is being written is not.
func lockPartial(path string) (*os.File, error) {
	out, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(out.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		return nil, errors.Join(fmt.Errorf("%s is being written by another backup: %w", path, err), out.Close())
	}
	if err := out.Truncate(0); err != nil {
		return nil, errors.Join(err, out.Close())
	}
	return out, nil
}

// publish verifies what was written and gives it its name.
func (w *writer) publish(ctx context.Context, out *os.File) (Result, error) {
	w.report(Progress{Step: "verify"})
	written, err := Open(ctx, out.Name())
	if err != nil {
		return Result{}, fmt.Errorf("read back what was written: %w", err)
	}
	defer written.Close()
	info, err := out.Stat()
	if err != nil {
		return Result{}, err
	}
	if err := mayWrite(w.o); err != nil {
		return Result{}, err
	}
	if err := os.Rename(out.Name(), w.o.File); err != nil {
		return Result{}, err
	}
	if err := syncDir(filepath.Dir(w.o.File)); err != nil {
		return Result{}, err
	}
	return Result{Manifest: written.Manifest, Bytes: info.Size(), Others: w.others}, nil
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// writer is the state of one call of Write.
type writer struct {
	d        *Database
	o        Options
	zip      *zip.Writer
	scratch  string // database of the snapshots
	manifest Manifest
	others   []string
}

func (w *writer) report(p Progress) {
	if w.o.Progress != nil {
		w.o.Progress(p)
	}
}

func (w *writer) run(ctx context.Context) (err error) {
	defer func() { err = errors.Join(err, w.drop(ctx)) }()
	if err := w.snapshot(ctx); err != nil {
		return fmt.Errorf("take the snapshot: %w", err)
	}
	for i := range kept {
		t, err := w.table(ctx, kept[i])
		if err != nil {
			return fmt.Errorf("%s: %w", kept[i].name, w.explain(ctx, err))
		}
		w.manifest.Tables = append(w.manifest.Tables, t)
	}
	text, err := json.MarshalIndent(w.manifest, "", "  ")
	if err != nil {
		return err
	}
	entry, err := w.zip.Create(manifestName)
	if err != nil {
		return err
	}
	if _, err := entry.Write(append(text, '\n')); err != nil {
		return err
	}
	return w.zip.Close()
}

// snapshot clones the tables while nobody erases or rolls up.
func (w *writer) snapshot(ctx context.Context) error {
	if replicated, err := w.d.strings(ctx, "select name from system.tables where database = currentDatabase() and engine like 'Replicated%'"); err != nil {
		return err
	} else if len(replicated) > 0 {
		return errors.New("the database lies on a cluster, where this is not supported yet; use ClickHouse's own BACKUP there")
	}
	w.report(Progress{Step: "waiting"})
	return store.Alone(ctx, w.d.Conn, func(ctx context.Context) error {
		w.report(Progress{Step: "snapshot"})
		if w.o.Before != nil {
			if err := w.o.Before(ctx); err != nil {
				return err
			}
		}
		if err := store.DropSnapshots(ctx, w.d.Conn); err != nil { // of backups that were interrupted
			return err
		}
		var at time.Time
		if err := w.d.query(ctx, "select now64(3, 'UTC')", &at); err != nil {
			return err
		}
		w.scratch = store.SnapshotPrefix + at.UTC().Format("20060102150405")
		if err := w.d.Conn.Exec(ctx, "create database "+w.scratch+" comment 'Snapshot of cs for a backup that is being written'"); err != nil {
			return err
		}
		for _, t := range kept {
			if err := w.d.Conn.Exec(ctx, "create table "+w.scratch+"."+t.name+" clone as "+t.name); err != nil {
				return fmt.Errorf("%s: %w", t.name, err)
			}
		}
		version, err := store.SchemaVersion(ctx, w.d.Conn)
		if err != nil {
			return err
		}
		w.manifest = Manifest{Format: format, Cskpi: w.o.Cskpi, Schema: version, Snapshot: at.UTC(), Consistency: consistency, LeftOut: map[string]string{}}
		for _, t := range derived {
			w.manifest.LeftOut[t.name] = t.why
		}
		layers := []table{{name: "stored_layer_days"}}
		for _, name := range w.o.Layers {
			layers = append(layers, table{name: name})
		}
		w.others, err = w.d.strings(ctx, "select name from system.tables where database = currentDatabase() and engine not like '%View' and name not in ("+
			names(kept)+", "+names(derived)+", "+names(layers)+") order by name")
		return err
	})
}

func names(tables []table) string {
	all := make([]string, len(tables))
	for i, t := range tables {
		all[i] = t.name
	}
	return sqltext.Quotes(all)
}

// drop removes the snapshots, also if the backup was cancelled.
func (w *writer) drop(ctx context.Context) error {
	if w.scratch == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 20*time.Second)
	defer cancel()
	return store.DropSnapshot(ctx, w.d.Conn, w.scratch)
}

// explain tells why a snapshot cannot be read any more.
func (w *writer) explain(ctx context.Context, err error) error {
	if left, lookErr := w.d.strings(ctx, "select name from system.databases where name = "+sqltext.Quote(w.scratch)); lookErr == nil && len(left) == 0 {
		return fmt.Errorf("an erasure or another backup began and dropped the snapshot that this one was reading; run the backup again (%w)", err)
	}
	return err
}

// columns are those of a table, the materialised ones included: they cannot all be computed again.
func columns(ctx context.Context, d *Database, table string) (found []Column, err error) {
	rows, err := d.Conn.Query(ctx, "select name, type from system.columns where database = currentDatabase() and table = "+sqltext.Quote(table)+" and default_kind not in ('ALIAS', 'EPHEMERAL') order by position")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var c Column
		if err := rows.Scan(&c.Name, &c.Type); err != nil {
			return nil, err
		}
		found = append(found, c)
	}
	return found, rows.Err()
}

// final reads the last version of each row, whatever the database has merged.
func final(ctx context.Context, d *Database, database, table string) (string, error) {
	var engine string
	if err := d.query(ctx, "select any(engine) from system.tables where database = "+sqltext.Quote(database)+" and name = "+sqltext.Quote(table), &engine); err != nil {
		return "", err
	}
	if strings.HasSuffix(engine, "ReplacingMergeTree") {
		return " final", nil
	}
	return "", nil
}

// table writes the files of a table.
func (w *writer) table(ctx context.Context, of table) (Table, error) {
	t := Table{Name: of.name}
	var err error
	if t.Columns, err = columns(ctx, w.d, of.name); err != nil {
		return t, err
	}
	last, err := final(ctx, w.d, w.scratch, of.name)
	if err != nil {
		return t, err
	}
	from, where := w.scratch+"."+of.name, strings.ReplaceAll(of.only, "{snapshot}", w.scratch)
	parts, err := w.parts(ctx, of, from, where)
	if err != nil {
		return t, err
	}
	for i, part := range parts {
		f := File{Name: fmt.Sprintf("%s/%05d.parquet", of.name, i+1)}
		w.report(Progress{Step: "table", Name: of.name, Rows: t.Rows})
		if err := w.file(ctx, &f, t.Columns, from+last+part); err != nil {
			return t, err
		}
		t.Rows += f.Rows
		t.Files = append(t.Files, f)
	}
	rows, hash, err := fingerprint(ctx, w.d, t.Columns, from+last+clause(where))
	if err != nil {
		return t, err
	}
	if rows != t.Rows {
		return t, fmt.Errorf("%d rows were written of %d", t.Rows, rows)
	}
	t.Hash = hash
	return t, nil
}

func clause(conditions ...string) string {
	conditions = slices.DeleteFunc(conditions, func(c string) bool { return c == "" })
	if len(conditions) == 0 {
		return ""
	}
	return " where " + strings.Join(conditions, " and ")
}

// parts are the conditions by which a table is cut into files: whole months, or parts of a month with many rows.
func (w *writer) parts(ctx context.Context, of table, from, where string) ([]string, error) {
	if of.by == "" {
		return []string{clause(where)}, nil
	}
	rows, err := w.d.Conn.Query(ctx, "select "+of.by+" as day, count() from "+from+clause(where)+" group by day order by day")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var found []string
	var first, last time.Time
	n := uint64(0)
	end := func() {
		if n > 0 {
			found = append(found, clause(where, of.by+" between "+sqltext.Day(first)+" and "+sqltext.Day(last)))
		}
		n = 0
	}
	for rows.Next() {
		var day time.Time
		var count uint64
		if err := rows.Scan(&day, &count); err != nil {
			return nil, err
		}
		if n > 0 && (n+count > fileRows || day.Format("200601") != last.Format("200601")) {
			end()
		}
		if n == 0 {
			first = day
		}
		last = day
		n += count
	}
	end()
	return found, rows.Err()
}

// file writes some rows as Parquet.
func (w *writer) file(ctx context.Context, f *File, columns []Column, from string) error {
	selected := make([]string, len(columns))
	for i, c := range columns {
		selected[i] = sqltext.Name(c.Name)
		if strings.HasPrefix(c.Type, "Enum") {
			selected[i] = "toString(" + sqltext.Name(c.Name) + ") as " + sqltext.Name(c.Name) // as people read it
		}
	}
	answer, err := w.d.do(ctx, "select "+strings.Join(selected, ", ")+" from "+from+" format Parquet", nil, map[string]string{
		"output_format_parquet_compression_method": "zstd",
		"output_format_parquet_row_group_size":     "200000",
		"output_format_parquet_string_as_string":   "1",
	})
	if err != nil {
		return err
	}
	defer answer.Close()
	entry, err := w.zip.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Store})
	if err != nil {
		return err
	}
	c := &counter{Writer: entry, sum: sha256.New()}
	_, err = io.Copy(c, answer)
	if _, message, failed := strings.Cut(string(c.tail), "__exception__\r\n"); failed && !bytes.HasSuffix(c.tail, []byte("PAR1")) {
		return fmt.Errorf("the database broke off: %s", strings.TrimSpace(message))
	}
	if err != nil {
		return err
	}
	f.Bytes, f.SHA256 = c.bytes, hex.EncodeToString(c.sum.Sum(nil))
	return w.d.query(ctx, "select count() from "+from, &f.Rows)
}

// fingerprint counts rows, and hashes them in a way that does not depend on their order.
func fingerprint(ctx context.Context, d *Database, columns []Column, from string) (rows, hash uint64, err error) {
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = sqltext.Name(c.Name)
	}
	err = d.query(ctx, "select count(), sum(sipHash64(formatRow('RowBinary', "+strings.Join(list, ", ")+"))) from "+from, &rows, &hash)
	return rows, hash, err
}
