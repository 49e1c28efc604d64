package backup

import (
	"context"
	"fmt"
	"strings"

	"cskpi/exporter/store"
	"cskpi/queries/sqltext"
)

// RestoreOptions say what else a restore needs.
type RestoreOptions struct {
	// Finish is called when all facts are there and the schema is the present one. It installs the views, rolls up usage and
	// does again the erasures that are younger than the backup. Only when it has returned is the database whole.
	Finish   func(context.Context) error
	Progress func(Progress) // may be nil
}

// Restore fills an empty database with a backup. Until it returns without an error, the database is marked as half restored,
// and nothing serves it; a restore that was interrupted is begun anew by the next.
func Restore(ctx context.Context, d *Database, b *Backup, o RestoreOptions) error {
	report := func(p Progress) {
		if o.Progress != nil {
			o.Progress(p)
		}
	}
	m := b.Manifest
	if m.Schema > store.Schema() {
		return fmt.Errorf("the backup has version %d of the schema, and this binary knows versions up to %d: cskpi %s made it; restore with that version or a later one", m.Schema, store.Schema(), m.Cskpi)
	}
	if err := store.BeginRestore(ctx, d.Conn); err != nil {
		return err
	}
	report(Progress{Step: "migrate"})
	if err := store.MigrateRestored(ctx, d.Conn, m.Schema); err != nil {
		return err
	}
	for _, t := range m.Tables {
		report(Progress{Step: "table", Name: t.Name})
		if err := b.load(ctx, d, t, report); err != nil {
			return fmt.Errorf("restore %s: %w", t.Name, err)
		}
	}
	report(Progress{Step: "migrate"})
	if err := store.MigrateRestored(ctx, d.Conn, 0); err != nil {
		return err
	}
	// Usage by account follows from that by user, which a backup has of days whose events are no longer kept.
	if err := d.Conn.Exec(ctx, "insert into stored_usage_totals (day, settings, events, version) select distinct day, '' as settings, 0 as events, 1 as version from stored_usage_user_days"); err != nil {
		return err
	}
	if o.Finish != nil {
		if err := o.Finish(ctx); err != nil {
			return err
		}
	}
	return store.EndRestore(ctx, d.Conn)
}

// load fills a table and compares it with the manifest.
func (b *Backup) load(ctx context.Context, d *Database, t Table, report func(Progress)) error {
	there, err := columns(ctx, d, t.Name)
	if err != nil {
		return err
	}
	types := map[string]string{}
	for _, c := range there {
		types[c.Name] = c.Type
	}
	list, structure := make([]string, len(t.Columns)), make([]string, len(t.Columns))
	for i, c := range t.Columns {
		if types[c.Name] != c.Type {
			return fmt.Errorf("the column %s has the type %q in version %d of the schema, and %q in the backup", c.Name, types[c.Name], b.Manifest.Schema, c.Type)
		}
		list[i] = sqltext.Name(c.Name)
		structure[i] = sqltext.Name(c.Name) + " " + c.Type
	}
	all := strings.Join(list, ", ")
	// By input(), since only an insert from a select takes materialised columns.
	statement := fmt.Sprintf("insert into %s (%s) select %s from input(%s) format Parquet",
		t.Name, all, all, sqltext.Quote(strings.Join(structure, ", ")))
	rows := uint64(0)
	for _, f := range t.Files {
		content, err := b.content(f.Name)
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		if f.Rows == 0 {
			continue
		}
		answer, err := d.do(ctx, statement, content, map[string]string{
			"insert_allow_materialized_columns": "1",
			"max_partitions_per_insert_block":   "0",
			"async_insert":                      "0",
		})
		if err != nil {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		answer.Close()
		rows += f.Rows
		report(Progress{Step: "table", Name: t.Name, Rows: rows})
	}
	last, err := final(ctx, d, d.name, t.Name)
	if err != nil {
		return err
	}
	rows, hash, err := fingerprint(ctx, d, t.Columns, t.Name+last)
	if err != nil {
		return err
	}
	if rows != t.Rows || hash != t.Hash {
		return fmt.Errorf("the restored table has %d rows with the hash %d, want %d rows with the hash %d", rows, hash, t.Rows, t.Hash)
	}
	return nil
}

// Settle makes the history of KPIs take the first roll-up of usage after a restore for what it is: nothing that arrived late. (The layers do
// not need to hear of it: none of their days is computed yet.) Usage that had arrived shortly before the backup stays late, since the
// original may not have rolled it up yet.
func Settle(ctx context.Context, d *Database, m Manifest) error {
	at := fmt.Sprintf("fromUnixTimestamp64Milli(toInt64(%d), 'UTC')", m.Snapshot.UnixMilli())
	for _, statement := range []string{
		"alter table stored_fact_changes delete where startsWith(table, 'usage_') and at > " + at + " settings mutations_sync = 2, max_execution_time = 0",
		`insert into fact_changes (table, changed_at, first_on, last_on, rows)
			select 'usage_events', ` + at + `, min(toDate(ts)) - 1, max(toDate(ts)), uniqExact(toDate(ts))
			from stored_usage_events
			where ingested_at > ` + at + ` - interval 1 hour and toDate(ts) <= toDate(ingested_at)
			having count() > 0
			settings max_execution_time = 0`,
	} {
		if err := d.Conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("record which past days usage touches: %w", err)
		}
	}
	return nil
}
