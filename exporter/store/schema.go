package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/queries"
	"cskpi/queries/sqltext"
)

// CreateDatabase makes the database of o, if it is not there. A connection to a database that does not exist can do nothing, not even this.
func (c Cluster) CreateDatabase(ctx context.Context, o *clickhouse.Options) error {
	outside := *o
	outside.Auth.Database = ""
	conn, err := clickhouse.Open(&outside)
	if err != nil {
		return err
	}
	text, err := c.adapt("create database if not exists " + sqltext.Name(o.Auth.Database) + " comment 'Customer Success: facts, settings and KPIs (cskpi)'")
	if err == nil {
		err = c.exec(ctx, conn, text)
	}
	if err = errors.Join(err, conn.Close()); err != nil {
		return fmt.Errorf("make the database %s: %w", o.Auth.Database, err)
	}
	return nil
}

// CreateTables makes the tables that are missing.
func (c Cluster) CreateTables(ctx context.Context, conn driver.Conn) error {
	for _, t := range queries.Tables() {
		if err := c.define(ctx, conn, t.SQL); err != nil {
			return fmt.Errorf("make the table %s: %w", t.Name, err)
		}
	}
	return nil
}

// define runs a statement that defines something, on all replicas.
func (c Cluster) define(ctx context.Context, conn driver.Conn, statement string) error {
	text, err := c.adapt(statement)
	if err != nil {
		return err
	}
	return c.exec(ctx, conn, text)
}

// stored is the last migration: facts move to the tables of tables/, by whose names what is stored is kept apart from what counts.
// Numbered files lead up to it and remain for the folders of earlier builds; a new database begins with what it leads to.
func stored(version int) migration {
	return migration{version: version, name: fmt.Sprintf("%03d_stored", version), checksum: "stored", move: moveFacts}
}

// tablesRevision counts the contents that tables/ has had. TestTablesAreFrozen holds each to its number: who changes tables/ adds one, so that
// databases that have the earlier tables get what they lack.
const tablesRevision = 7

// revised is the migration of a database with the tables of an earlier revision.
func revised(version, revision int) migration {
	return migration{version: version, name: fmt.Sprintf("%03d_tables_%d", version, revision), checksum: "tables", move: func(ctx context.Context, conn driver.Conn, c Cluster, report func(string)) error {
		if revision < tablesRevision {
			return nil // the last one does it all
		}
		report("bringing tables up to date")
		if err := c.CreateTables(ctx, conn); err != nil {
			return err
		}
		return conform(ctx, conn, c)
	}}
}

// conform gives tables the columns that they lack, and the types and comments that tables/ says. Tables that begin to keep versions get valid_from at the
// end of their key. Other keys, and partitions, stay as they are, since they can only be changed by a copy: usage events that an earlier build stored
// remain partitioned by month.
func conform(ctx context.Context, conn driver.Conn, c Cluster) error {
	var names []string
	for _, t := range queries.Tables() {
		names = append(names, t.Name)
	}
	for _, t := range queries.Tables() {
		if err := keepVersions(ctx, conn, c, t); err != nil {
			return fmt.Errorf("keep versions in %s: %w", t.Name, err)
		}
	}
	there, err := columnsOf(ctx, conn, names...)
	if err != nil {
		return fmt.Errorf("read the columns of tables: %w", err)
	}
	for _, t := range queries.Tables() {
		types := map[string]string{}
		for _, have := range there[t.Name] {
			types[have.Name] = have.Type
		}
		place := "first"
		for _, column := range t.Columns {
			change := ""
			switch types[column.Name] {
			case column.Type:
			case "":
				change = "add column if not exists " + sqltext.Name(column.Name) + " " + column.Definition + " " + place
			default:
				change = "modify column " + sqltext.Name(column.Name) + " " + column.Definition
			}
			if change != "" {
				if err := c.define(ctx, conn, "alter table "+t.Name+" "+change); err != nil {
					return fmt.Errorf("change the column %s of %s: %w", column.Name, t.Name, err)
				}
			}
			place = "after " + sqltext.Name(column.Name)
		}
	}
	return commentAnew(ctx, conn, c)
}

// keepVersions adds valid_from to the key of a table that has it by tables/ and not yet. The engine takes a new column into a key only without a
// default, which it gets then: of rows that are there it is updated_at.
func keepVersions(ctx context.Context, conn driver.Conn, c Cluster, t queries.Table) error {
	if !slices.Contains(t.Key, "valid_from") {
		return nil
	}
	var key, otherwise string
	if err := conn.QueryRow(ctx, `
		select (select any(sorting_key) from system.tables where database = currentDatabase() and name = ?),
			(select any(default_expression) from system.columns where database = currentDatabase() and table = ? and name = 'valid_from')`, t.Name, t.Name).Scan(&key, &otherwise); err != nil {
		return err
	}
	if otherwise != "" {
		return nil
	}
	i := slices.IndexFunc(t.Columns, func(c queries.TableColumn) bool { return c.Name == "valid_from" })
	if key += ", valid_from"; key == strings.Join(t.Key, ", ") {
		if err := c.define(ctx, conn, "alter table "+t.Name+" add column if not exists valid_from DateTime64(3, 'UTC') after "+sqltext.Name(t.Columns[i-1].Name)+", modify order by ("+key+")"); err != nil {
			return err
		}
	}
	return c.define(ctx, conn, "alter table "+t.Name+" modify column valid_from "+t.Columns[i].Definition)
}

// Tables of earlier builds whose rows are stored as they were. All others of facts are copied, since they have another key now.
var renamedTables = [][2]string{
	{"usage_events", "stored_usage_events"},
	{"usage_user_days", "stored_usage_user_days"},
	{"usage_account_days", "stored_usage_account_days"},
	{"usage_accounts", "stored_usage_accounts"},
	{"usage_identities", "stored_usage_identities"},
	{"usage_conflicts", "stored_usage_conflicts"},
	{"usage_progress", "stored_usage_progress"},
	{"usage_days", "stored_usage_totals"},
	{"usage_ahead", "stored_usage_ahead"},
}

// droppedTables are those whose rows are made anew: how accounts stood is a layer now, and what has changed is a matter of the layers.
var droppedTables = []string{"account_days", "fact_changes"}

// MovedTo is the table that has the rows of a table of earlier builds once they are moved, or shows that the move has begun; empty: there is no such
// table of earlier builds. Until that table is there, the one of the earlier build must be.
func MovedTo(name string) string {
	for _, r := range renamedTables {
		if name == r[0] {
			return r[1]
		}
	}
	if slices.Contains(droppedTables, name) {
		return renamedTables[0][1]
	}
	if name = strings.TrimPrefix(name, movedPrefix); queries.IsFact(name) {
		return queries.StoredPrefix + name
	}
	return ""
}

// FactsToMove reports whether facts lie in tables of an earlier build.
func FactsToMove(ctx context.Context, conn driver.Conn) (bool, error) {
	tables, err := tablesThere(ctx, conn)
	return slices.ContainsFunc(queries.Facts(), func(f queries.FactTable) bool { return tables[f.Name] }), err
}

// movedPrefix begins the name of a table whose rows are all copied.
const movedPrefix = "moved_"

// moveFacts brings the tables of a database that the numbered files made to the state of tables/. It may be cut short at any point and
// done again: a table is copied from the beginning until it is renamed, and then only dropped.
func moveFacts(ctx context.Context, conn driver.Conn, c Cluster, report func(string)) error {
	tables, err := tablesThere(ctx, conn)
	if err != nil {
		return err
	}
	for _, r := range renamedTables {
		if tables[r[0]] {
			if err := c.define(ctx, conn, "rename table "+r[0]+" to "+r[1]); err != nil {
				return fmt.Errorf("rename the table %s to %s: %w", r[0], r[1], err)
			}
			delete(tables, r[0])
		}
	}
	for _, name := range droppedTables {
		if tables[name] {
			if err := c.define(ctx, conn, "drop table if exists "+name); err != nil {
				return err
			}
		}
	}
	if err := c.CreateTables(ctx, conn); err != nil {
		return err
	}
	if err := commentAnew(ctx, conn, c); err != nil {
		return err
	}
	var pending []string
	for _, f := range queries.Facts() {
		if tables[f.Name] {
			pending = append(pending, f.Name)
		}
	}
	if err := roomFor(ctx, conn, pending); err != nil {
		return err
	}
	for i, name := range pending {
		report(fmt.Sprintf("moving facts to their new tables: %s, %d of %d", name, i+1, len(pending)))
		if err := moveTable(ctx, conn, c, name); err != nil {
			return fmt.Errorf("move %s to %s: %w", name, queries.StoredPrefix+name, err)
		}
		tables[movedPrefix+name] = true
	}
	for _, f := range queries.Facts() {
		if tables[movedPrefix+f.Name] {
			if err := c.define(ctx, conn, "drop table if exists "+movedPrefix+f.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// tablesThere are the tables of the database that hold rows.
func tablesThere(ctx context.Context, conn driver.Conn) (map[string]bool, error) {
	var names []string
	if err := conn.QueryRow(ctx, "select groupArray(name) from system.tables where database = currentDatabase() and engine like '%MergeTree'").Scan(&names); err != nil {
		return nil, fmt.Errorf("look for tables: %w", err)
	}
	there := map[string]bool{}
	for _, n := range names {
		there[n] = true
	}
	return there, nil
}

// moveTable copies the rows of a table, looks whether all have arrived, and takes the old table out of the way.
func moveTable(ctx context.Context, conn driver.Conn, c Cluster, name string) error {
	target := queries.StoredPrefix + name
	var columns []string
	if err := conn.QueryRow(ctx, `
		select groupArray(name) from system.columns
		where database = currentDatabase() and table = ? and name in (select name from system.columns where database = currentDatabase() and table = ?)`, name, target).Scan(&columns); err != nil {
		return err
	}
	list := sqltext.Names(columns)
	if err := c.define(ctx, conn, "truncate table "+target); err != nil {
		return err
	}
	if err := conn.Exec(ctx, fmt.Sprintf("insert into %s (%s) select %s from %s final settings max_execution_time = 0", target, list, list, sqltext.Name(name))); err != nil {
		return err
	}
	var before, after uint64
	if err := conn.QueryRow(ctx, fmt.Sprintf("select (select count() from %s final), (select count() from %s final)", sqltext.Name(name), target)).Scan(&before, &after); err != nil {
		return err
	}
	if before != after {
		return fmt.Errorf("%d of %d rows have arrived; nothing is lost, and the next start tries again", after, before)
	}
	return c.define(ctx, conn, "rename table "+sqltext.Name(name)+" to "+movedPrefix+name)
}

// roomFor makes sure that the disk has room for copies of tables.
func roomFor(ctx context.Context, conn driver.Conn, names []string) error {
	if len(names) == 0 {
		return nil
	}
	const margin = 64 << 20
	var needed, free uint64
	if err := conn.QueryRow(ctx, `
		select (select sum(bytes_on_disk) from system.parts where database = currentDatabase() and active and has(?, table)), (select min(free_space) from system.disks where type = 'Local')`,
		names).Scan(&needed, &free); err != nil {
		return fmt.Errorf("look for room on the disk: %w", err)
	}
	if free < needed+margin {
		return fmt.Errorf("the upgrade copies %d MiB of facts and wants %d MiB more to spare, and the disk of the database has %d MiB free: make room and start again; nothing is changed",
			needed>>20, margin>>20, free>>20)
	}
	return nil
}

// commentAnew lets tables that stay say of themselves what those of a new database do.
func commentAnew(ctx context.Context, conn driver.Conn, c Cluster) error {
	rows, err := conn.Query(ctx, "select table, name, comment from system.columns where database = currentDatabase() union all select name, '', comment from system.tables where database = currentDatabase()")
	if err != nil {
		return err
	}
	defer rows.Close()
	there := map[[2]string]string{}
	for rows.Next() {
		var table, column, comment string
		if err := rows.Scan(&table, &column, &comment); err != nil {
			return err
		}
		there[[2]string{table, column}] = comment
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, t := range queries.Tables() {
		if there[[2]string{t.Name, ""}] != t.Comment {
			if err := c.define(ctx, conn, "alter table "+t.Name+" modify comment "+sqltext.Quote(t.Comment)); err != nil {
				return err
			}
		}
		for _, column := range t.Columns {
			// What a renamed table lacks, a later migration adds.
			if comment, found := there[[2]string{t.Name, column.Name}]; found && comment != column.Comment {
				if err := c.define(ctx, conn, "alter table "+t.Name+" comment column "+sqltext.Name(column.Name)+" "+sqltext.Quote(column.Comment)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
