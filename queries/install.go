package queries

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// object is a view or function that is installed or is to be.
type object struct {
	kind, name string // kind: view, function
	file       string
	statement  string // that makes it
	checksum   string // of the statement, and of whatever ClickHouse copies into the object when it makes it
}

// key tells objects apart.
func (o object) key() string { return o.kind + " " + o.name }

// Install makes the functions and views of c, as far as they are not there already as they should be, and drops those
// that an earlier Install made and that c does not have. It never touches what others made: a table or view of somebody
// else that has the name of one of ours is an error. If there is nothing to do, it takes one query. Several instances may
// install the same at once.
func Install(ctx context.Context, conn driver.Conn, c Catalogue) error {
	return Cluster("").Install(ctx, conn, c)
}

// InstallFunctions makes the functions of c in a database that has no facts and needs no views.
func InstallFunctions(ctx context.Context, conn driver.Conn, c Catalogue) error {
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

func install(ctx context.Context, conn driver.Conn, cluster Cluster, c Catalogue) error {
	objects := objectsOf(c)
	have, err := readState(ctx, conn, cluster)
	if err != nil {
		return fmt.Errorf("read what is installed: %w", err)
	}
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
		text, err := cluster.adapt(o.statement)
		if err == nil {
			err = cluster.exec(ctx, conn, text)
		}
		if err != nil {
			if unfit(err) {
				err = problem{o.file, 1, fmt.Sprintf("install %s %s: %v", o.kind, o.name, Brief(err))}
			} else {
				err = fmt.Errorf("%s: install %s %s: %w", o.file, o.kind, o.name, err)
			}
			errs = append(errs, err)
			continue
		}
		done = append(done, o)
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

// objectsOf lists the functions before the views, which need them, and the view of them all last.
func objectsOf(c Catalogue) []object {
	// ClickHouse copies the functions into a view when it makes it, so a view depends on all of them.
	functions := sha256.New()
	var objects []object
	for _, q := range c.functions() {
		statement := "create or replace function " + q.Name + " as\n" + q.SQL
		fmt.Fprintln(functions, statement)
		objects = append(objects, object{"function", q.Name, q.File, statement, checksum(statement)})
	}
	all := string(functions.Sum(nil))
	for _, q := range c.views() {
		// The line breaks keep a comment at the end of the body from swallowing the parenthesis.
		statement := "create or replace view cs." + q.View() + " as (\n" + q.SQL + "\n) comment " + QuoteText(q.Title)
		objects = append(objects, object{"view", q.View(), q.File, statement, checksum(statement + all)})
	}
	return append(objects, catalogueObject(c))
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
		select toString(kind) as kind, name, checksum from cs.installed final
		union all
		select 'engine' as kind, name, engine as checksum from system.tables where database = 'cs'`
	if cluster != "" {
		query += `
		union all
		select 'partial' as kind, '' as name, '' as checksum
		from ` + cluster.tables() + ` as t
		where t.database = 'cs' and t.name in (select i.name from cs.installed as i final where i.kind = 'view')
		group by t.name
		having count() < (select count() from ` + cluster.tables() + ` where database = 'cs' and name = 'schema_migrations')
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
			errs = append(errs, problem{o.file, 1, fmt.Sprintf("cs.%s exists and was not made by cskpi; rename or drop it, or rename the query file", o.name)})
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
			return fmt.Errorf("%s: cs.%s was replaced by something else, of the engine %s; rename or drop it", o.file, o.name, engine)
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
		statement = "drop view if exists cs." + o.name
	default:
		return nil
	}
	statement, err := cluster.adapt(statement)
	if err != nil {
		return err
	}
	return cluster.exec(ctx, conn, statement)
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
		values[i] = fmt.Sprintf("(%s, %s, %s, %d)", QuoteText(o.kind), QuoteText(o.name), QuoteText(sum(o)), gone)
	}
	return conn.Exec(ctx, "insert into cs.installed (kind, name, checksum, is_gone) select kind, name, checksum, is_gone from values("+
		"'kind String, name String, checksum String, is_gone UInt8', "+strings.Join(values, ", ")+")")
}
