package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/queries"
	"cskpi/queries/sqltext"
)

// object is a view or function that is installed or is to be.
type object struct {
	kind, name string // kind: view, function
	file       string
	statement  string         // that makes it
	checksum   string         // of the statement, and of whatever ClickHouse copies into the object when it makes it
	query      *queries.Query // of a view or layer; nil: a function, or a view of facts
}

// key tells objects apart.
func (o object) key() string { return o.kind + " " + o.name }

// Install makes the functions and views of c, as far as they are not there already as they should be, and drops those
// that an earlier Install made and that c does not have. It never touches what others made: a table or view of somebody
// else that has the name of one of ours is an error. If there is nothing to do, it takes one query. Several instances may
// install the same at once.
func Install(ctx context.Context, conn driver.Conn, c queries.Catalogue) error {
	return Cluster("").Install(ctx, conn, c)
}

// InstallFunctions makes the functions of c in a database that has no facts and needs no views.
func InstallFunctions(ctx context.Context, conn driver.Conn, c queries.Catalogue) error {
	for _, o := range objectsOf(c) {
		if o.kind != "function" {
			continue
		}
		if err := conn.Exec(ctx, o.statement); err != nil {
			return fmt.Errorf("%s: install function %s: %w", o.file, o.name, err)
		}
	}
	return nil
}

func install(ctx context.Context, conn driver.Conn, cluster Cluster, c queries.Catalogue) error {
	have, err := readState(ctx, conn, cluster)
	if err != nil {
		return fmt.Errorf("read what is installed: %w", err)
	}
	var objects []object
	for _, f := range queries.Facts() {
		if have.engines[queries.StoredPrefix+f.Name] != "" { // tests have tables of their own
			objects = append(objects, object{kind: "view", name: f.Name, file: "tables/facts.sql", statement: f.View(), checksum: checksum(f.View())})
		}
	}
	objects = append(objects, objectsOf(c)...)
	wanted := map[string]bool{}
	var todo []object
	for _, o := range objects {
		wanted[o.key()] = true
		if have.partial || have.ours[o.key()] != o.checksum || o.kind == "view" && have.engines[o.name] != "View" {
			todo = append(todo, o)
		}
	}
	var gone []object
	for key := range have.ours {
		if kind, name, _ := strings.Cut(key, " "); !wanted[key] {
			gone = append(gone, object{kind: kind, name: name})
		}
	}
	if len(todo) == 0 && len(gone) == 0 {
		return nil
	}
	if err := claim(ctx, conn, cluster, have, todo); err != nil {
		return err
	}

	var errs []error
	var done []object
	for _, o := range todo {
		var err error
		if o.query != nil && o.query.Layer {
			err = installTable(ctx, conn, cluster, *o.query, have.engines[o.query.Stored()] != "")
		} else if o.query != nil && have.engines[o.query.Stored()] != "" && !queries.IsTable(o.query.Stored()) { // its result is no longer stored
			err = forgetLayer(ctx, conn, cluster, o.query.View())
		}
		if err == nil {
			statement := o.statement
			if o.kind == "view" && have.engines[o.name] == "" { // replacing takes three times as long
				statement = strings.Replace(statement, "create or replace view", "create view if not exists", 1)
			}
			err = cluster.define(ctx, conn, statement)
		}
		if err != nil {
			if unfit(err) {
				err = sqltext.Problem{File: o.file, Line: 1, Text: fmt.Sprintf("install %s %s: %v", o.kind, o.name, Brief(err))}
			} else {
				err = fmt.Errorf("%s: install %s %s: %w", o.file, o.kind, o.name, err)
			}
			errs = append(errs, err)
			continue
		}
		done = append(done, o)
	}
	if err := explainColumns(ctx, conn, cluster, done); err != nil {
		errs = append(errs, err)
	}
	for _, o := range gone {
		if err := drop(ctx, conn, cluster, have, o); err != nil {
			errs = append(errs, fmt.Errorf("drop %s %s, which the catalogue no longer has: %w", o.kind, o.name, err))
			continue
		}
		o.checksum = "dropped"
		done = append(done, o)
	}
	if err := record(ctx, conn, done, func(o object) string { return o.checksum }); err != nil {
		errs = append(errs, fmt.Errorf("record what was installed: %w", err))
	}
	return errors.Join(errs...)
}

// objectsOf lists the functions before the views, which need them, each view behind what it reads, and the view of them all last.
func objectsOf(c queries.Catalogue) []object {
	var objects []object
	for _, q := range c.Functions() {
		statement := "create or replace function " + q.Name + " as\n" + q.SQL
		objects = append(objects, object{kind: "function", name: q.Name, file: q.File, statement: statement, checksum: checksum(statement)})
	}
	for _, q := range c.Views() {
		objects = append(objects, object{kind: "view", name: q.View(), file: q.File, statement: createView(q, known(q)), checksum: checksum(createView(q, nil) + comments(q) + q.Definition()), query: &q})
	}
	listing := c.Listing()
	return append(objects, object{kind: "view", name: queries.CatalogueView, file: queries.CatalogueView, statement: listing, checksum: checksum(listing)})
}

// columnsFound has the columns of views and layers that the engine reported, by definition.
var columnsFound sync.Map

// known are the columns that q is known to have; none: not known.
func known(q queries.Query) []queries.ResultColumn {
	if found, ok := columnsFound.Load(q.Definition()); ok {
		columns, _ := found.([]queries.ResultColumn)
		return columns
	}
	return queries.KnownColumns()[q.Definition()]
}

// createView is the statement that makes the view of q, of a layer that of its rows that count. With columns the engine need not find them, and shows
// what they mean.
func createView(q queries.Query, columns []queries.ResultColumn) string {
	var declared string
	if len(columns) > 0 {
		help := map[string]string{q.Day.Name: q.Day.Help}
		for _, c := range q.Columns {
			help[c.Name] = c.Help
		}
		list := make([]string, len(columns))
		for i, c := range columns {
			list[i] = sqltext.Name(c.Name) + " " + c.Type + " comment " + sqltext.Quote(help[c.Name])
		}
		declared = " (" + strings.Join(list, ", ") + ")"
	}
	body := q.SQL
	if q.Layer {
		body = "select * except (version, is_gone) from " + q.Stored() + " final"
	}
	// The line breaks keep a comment at the end of the body from swallowing the parenthesis.
	return "create or replace view " + q.View() + declared + " as (\n" + body + "\n) comment " + sqltext.Quote(q.Title)
}

// comments are the texts that the view of q gets beside its columns.
func comments(q queries.Query) string {
	texts := []string{q.Day.Help}
	for _, c := range q.Columns {
		texts = append(texts, c.Name, c.Help)
	}
	return strings.Join(texts, "\n")
}

// installTable makes the table of a layer. One with other columns or another order is made anew, and its days are computed again.
func installTable(ctx context.Context, conn driver.Conn, cluster Cluster, q queries.Query, there bool) error {
	columns := known(q)
	if columns == nil {
		asked := clickhouse.Context(ctx, clickhouse.WithParameters(clickhouse.Parameters{"days": "['2000-01-01']", "accounts": "[]", "zone": "UTC", "whole": "2000-01-01"}))
		found, err := columnsOfSelect(asked, conn, q.Computation())
		if err != nil {
			return err
		}
		columns = found
		columnsFound.Store(q.Definition(), columns)
	}
	columns = append(slices.Clip(columns), queries.ResultColumn{Name: "version", Type: "UInt64"}, queries.ResultColumn{Name: "is_gone", Type: "UInt8"})
	key := strings.Join(q.Key, ", ")
	order := key
	if len(q.Key) > 1 {
		order = "(" + key + ")"
	}
	if there {
		have, err := columnsOf(ctx, conn, q.Stored())
		if err != nil {
			return err
		}
		var sorted string
		if err := conn.QueryRow(ctx, "select any(sorting_key) from system.tables where database = currentDatabase() and name = ?", q.Stored()).Scan(&sorted); err != nil {
			return err
		}
		if slices.Equal(have[q.Stored()], columns) && sorted == key {
			return nil
		}
		if err := forgetLayer(ctx, conn, cluster, q.View()); err != nil {
			return err
		}
	}
	help := map[string]string{q.Day.Name: q.Day.Help, "version": "When the row was computed, in microseconds since 1970; the highest counts.", "is_gone": "1: there is no such row any more."}
	for _, c := range q.Columns {
		help[c.Name] = c.Help
	}
	list := make([]string, len(columns))
	for i, c := range columns {
		list[i] = sqltext.Name(c.Name) + " " + c.Type + " comment " + sqltext.Quote(help[c.Name])
	}
	partition := ""
	if q.IsByDay() {
		partition = " partition by toYYYYMM(day)"
	}
	return cluster.define(ctx, conn, "create table if not exists "+q.Stored()+" ("+strings.Join(list, ", ")+") engine = ReplacingMergeTree(version, is_gone)"+partition+
		" order by "+order+" settings default_compression_codec = 'ZSTD(1)' comment "+sqltext.Quote("As stored: "+q.Title))
}

// forgetLayer drops the table of a layer, and what is known of its days.
func forgetLayer(ctx context.Context, conn driver.Conn, cluster Cluster, name string) error {
	stored := queries.StoredPrefix + name
	if err := conn.Exec(ctx, "insert into dropped_tables (name, uuid) select name, uuid from system.tables where database = currentDatabase() and name = "+sqltext.Quote(stored)); err != nil {
		return fmt.Errorf("record that the table %s is dropped: %w", stored, err)
	}
	for _, statement := range []string{"truncate table if exists " + stored, "drop table if exists " + stored} {
		if err := cluster.define(ctx, conn, statement); err != nil {
			return err
		}
	}
	return conn.Exec(ctx, "insert into stored_layer_days (layer, day, definition, whole, hash, computed_at) select layer, day, '', whole, 0, now64(6) from stored_layer_days final where layer = "+sqltext.Quote(name))
}

// columnsOfSelect asks the engine for the columns of a SELECT.
func columnsOfSelect(ctx context.Context, conn driver.Conn, text string) ([]queries.ResultColumn, error) {
	rows, err := conn.Query(ctx, "describe (\n"+text+"\n)")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var result []queries.ResultColumn
	for rows.Next() {
		var d queries.ResultColumn
		var unused string // defaults, comments and the like; how many depends on the version of ClickHouse
		fields := []any{&d.Name, &d.Type}
		for range rows.Columns()[len(fields):] {
			fields = append(fields, &unused)
		}
		if err := rows.Scan(fields...); err != nil {
			return nil, err
		}
		result = append(result, d)
	}
	return result, rows.Err()
}

// columnsOf reads the columns of tables and views.
func columnsOf(ctx context.Context, conn driver.Conn, names ...string) (map[string][]queries.ResultColumn, error) {
	rows, err := conn.Query(ctx, "select table, name, type from system.columns where database = currentDatabase() and has(?, table) order by table, position", names)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[string][]queries.ResultColumn{}
	for rows.Next() {
		var table string
		var d queries.ResultColumn
		if err := rows.Scan(&table, &d.Name, &d.Type); err != nil {
			return nil, err
		}
		found[table] = append(found[table], d)
	}
	return found, rows.Err()
}

// explainColumns lets views say what their columns mean, which takes their types.
func explainColumns(ctx context.Context, conn driver.Conn, cluster Cluster, done []object) error {
	var names []string
	for _, o := range done {
		if o.query != nil && o.statement == createView(*o.query, nil) {
			names = append(names, o.name)
		}
	}
	if len(names) == 0 {
		return nil
	}
	columns, err := columnsOf(ctx, conn, names...)
	if err != nil {
		return fmt.Errorf("read the columns of views: %w", err)
	}
	for _, o := range done {
		if o.query == nil || len(columns[o.name]) == 0 {
			continue
		}
		columnsFound.Store(o.query.Definition(), columns[o.name])
		if err := cluster.define(ctx, conn, createView(*o.query, columns[o.name])); err != nil {
			return fmt.Errorf("%s: say what the columns of %s mean: %w", o.file, o.name, err)
		}
	}
	return nil
}

func checksum(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// state is what is in the database.
type state struct {
	ours    map[string]string // checksum by key of what was installed
	engines map[string]string // by name, of all tables and views in cs
	partial bool              // some replica lacks a view of ours
}

// readState takes one query, since it is all that most starts do.
func readState(ctx context.Context, conn driver.Conn, cluster Cluster) (state, error) {
	s := state{ours: map[string]string{}, engines: map[string]string{}}
	query := `
		select toString(kind) as kind, name, checksum from installed final
		union all
		select 'engine' as kind, name, engine as checksum from system.tables where database = currentDatabase()`
	if cluster != "" {
		query += `
		union all
		select 'partial' as kind, '' as name, '' as checksum
		from ` + cluster.tables() + ` as t
		where t.database = currentDatabase() and t.name in (select i.name from installed as i final where i.kind = 'view')
		group by t.name
		having count() < (select count() from ` + cluster.tables() + ` where database = currentDatabase() and name = 'schema_migrations')
		limit 1
		settings skip_unavailable_shards = 1`
	}
	rows, err := conn.Query(ctx, query)
	if err != nil {
		return s, err
	}
	defer rows.Close()
	for rows.Next() {
		var kind, name, value string
		if err := rows.Scan(&kind, &name, &value); err != nil {
			return s, err
		}
		switch kind {
		case "engine":
			s.engines[name] = value
		case "partial":
			s.partial = true
		default:
			s.ours[object{kind: kind, name: name}.key()] = value
		}
	}
	return s, rows.Err()
}

// claim records the names that are about to be made, after it has made sure that they are nobody else's. Names are
// claimed first, so that an Install that was cut short, or one that runs at the same time, is not taken for somebody else.
func claim(ctx context.Context, conn driver.Conn, cluster Cluster, have state, todo []object) error {
	taken := func(s state) (names []object) {
		for _, o := range todo {
			if _, ours := s.ours[o.key()]; o.kind == "view" && !ours && s.engines[o.name] != "" {
				names = append(names, o)
			}
		}
		return names
	}
	if len(taken(have)) > 0 {
		// Another instance may have claimed and made it between the two halves of the query; then its claim shows now.
		again, err := readState(ctx, conn, cluster)
		if err != nil {
			return fmt.Errorf("read what is installed: %w", err)
		}
		var errs []error
		for _, o := range taken(again) {
			errs = append(errs, sqltext.Problem{File: o.file, Line: 1, Text: fmt.Sprintf("%s exists in the database and was not made by cskpi; rename or drop it, or rename the query file", o.name)})
		}
		if len(errs) > 0 {
			return errors.Join(errs...)
		}
		have = again
	}
	var claims []object
	for _, o := range todo {
		if _, ours := have.ours[o.key()]; !ours {
			claims = append(claims, o)
			continue
		}
		if engine := have.engines[o.name]; o.kind == "view" && engine != "" && engine != "View" {
			return fmt.Errorf("%s: %s was replaced by something else, of the engine %s; rename or drop it", o.file, o.name, engine)
		}
	}
	if err := record(ctx, conn, claims, func(object) string { return "" }); err != nil {
		return fmt.Errorf("record what is to be installed: %w", err)
	}
	return nil
}

// drop removes an object of ours.
func drop(ctx context.Context, conn driver.Conn, cluster Cluster, have state, o object) error {
	statement := ""
	switch {
	case o.kind == "function":
		statement = "drop function if exists " + o.name
	case have.engines[o.name] == "View":
		statement = "drop view if exists " + o.name
	default:
		return nil
	}
	if err := cluster.define(ctx, conn, statement); err != nil {
		return err
	}
	if o.kind == "view" && have.engines[queries.StoredPrefix+o.name] != "" && !queries.IsTable(queries.StoredPrefix+o.name) {
		return forgetLayer(ctx, conn, cluster, o.name)
	}
	return nil
}

// record writes rows to cs.installed; objects without a statement are gone.
func record(ctx context.Context, conn driver.Conn, objects []object, sum func(object) string) error {
	if len(objects) == 0 {
		return nil
	}
	values := make([]string, len(objects))
	for i, o := range objects {
		gone := 0
		if o.statement == "" {
			gone = 1
		}
		values[i] = fmt.Sprintf("(%s, %s, %s, %d)", sqltext.Quote(o.kind), sqltext.Quote(o.name), sqltext.Quote(sum(o)), gone)
	}
	return conn.Exec(ctx, "insert into installed (kind, name, checksum, is_gone) select kind, name, checksum, is_gone from values("+
		"'kind String, name String, checksum String, is_gone UInt8', "+strings.Join(values, ", ")+")")
}

// passing are the codes with which ClickHouse refuses a statement for reasons that lie outside of it: too slow, too many,
// no memory, no space, no network, shutting down.
var passing = []int32{74, 75, 76, 159, 160, 164, 202, 209, 210, 236, 241, 242, 243, 252, 279, 319, 394, 439, 473, 999}

// unfit reports whether the engine refuses a statement because of its text.
func unfit(err error) bool {
	var e *clickhouse.Exception
	return errors.As(err, &e) && !slices.Contains(passing, e.Code)
}
