package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/queries"
	"cskpi/queries/sqltext"
)

// migration is one file of the schema.
type migration struct {
	version    int
	name       string
	checksum   string // of the statements, so that a comment may be corrected
	statements []sqltext.Statement
	move       func(context.Context, driver.Conn, Cluster, func(string)) error // instead of statements; nil: there are some
}

// amendments are for files that were edited when databases already had them: by name and earlier checksum, the statements
// that bring such a database to the present content. There must not be another one. TestMigrationsAreFrozen holds each file
// to the content that it was released with, and what has to change is a new file.
var amendments = map[[2]string]string{
	{"008_account_days.sql", "cbdcd3ad3710b059c4eba34cf346f04db7f5b18c9a64bad5173ccaa3388d58a0"}: "alter table cs.account_days add column if not exists signals Array(LowCardinality(String)) " +
		"comment 'Of a green account, where it has room to grow, as in expansion_signals.' after planned_items",
}

// amended is m with only the statements that a database with the earlier content lacks.
func (m migration) amended(earlier string) (_ migration, found bool) {
	text, found := amendments[[2]string{m.name, earlier}]
	if !found {
		return m, false
	}
	var err error
	m.statements, err = sqltext.Split(text)
	return m, err == nil
}

// Migrate brings the tables of the connection's database to the state that this binary knows. Applied files are recorded in schema_migrations and
// not run again; every statement may be run twice and by two instances at once. It is an error if an applied file was
// changed since, or if the database has been migrated by a newer binary.
func Migrate(ctx context.Context, conn driver.Conn) error {
	return Cluster("").Migrate(ctx, conn, nil)
}

// schema is all migrations: the numbered files, the move to the tables of tables/, and one for each revision of these.
func schema() ([]migration, error) {
	all, err := loadMigrations(queries.Builtin())
	if err != nil {
		return nil, err
	}
	all = append(all, stored(len(all)+1))
	for revision := 2; revision <= tablesRevision; revision++ {
		all = append(all, revised(len(all)+1, revision))
	}
	return all, nil
}

// applyMigrations brings the tables to the state of migrations. A database that is half restored is an error unless it is
// the restore that asks.
func applyMigrations(ctx context.Context, conn driver.Conn, cluster Cluster, migrations []migration, restoring bool, report func(string)) error {
	var err error
	if report == nil {
		report = func(string) {}
	}
	var replicas uint64
	if cluster != "" {
		if replicas, err = cluster.check(ctx, conn); err != nil {
			return err
		}
	}
	engine, half, err := readRecords(ctx, conn)
	if err != nil {
		return fmt.Errorf("look for schema_migrations: %w", err)
	}
	if half && !restoring {
		return ErrHalfRestored
	}
	if err := cluster.fits(engine); err != nil {
		return err
	}
	if cluster != "" && engine != "" {
		if err := cluster.complete(ctx, conn, replicas); err != nil {
			return err
		}
	}
	applied, err := appliedMigrations(ctx, conn, engine != "")
	if err != nil {
		return fmt.Errorf("read which migrations were applied: %w", err)
	}
	var pending []migration
	var errs []error
	for _, m := range migrations {
		was, found := applied[m.version]
		switch {
		case !found:
			pending = append(pending, m)
		case was.checksum == m.checksum:
		default:
			if m, found := m.amended(was.checksum); found {
				pending = append(pending, m)
				break
			}
			errs = append(errs, fmt.Errorf("schema/%s was applied to this database as %s with another content; leave it as it was and add a new file instead", m.name, was.name))
		}
		delete(applied, m.version)
	}
	for _, version := range sortedVersions(applied) {
		errs = append(errs, fmt.Errorf("this database has migration %s, which this binary does not know: a newer cskpi has been here; run that one", applied[version].name))
	}
	if len(errs) > 0 {
		return errors.Join(errs...)
	}

	if len(pending) == len(migrations) && migrations[len(migrations)-1].move != nil {
		there, err := tablesThere(ctx, conn)
		if err != nil {
			return err
		}
		if !there["accounts"] { // else a folder of an early build, which recorded nothing yet
			if err := cluster.CreateTables(ctx, conn); err != nil {
				return err
			}
			return recordMigrations(ctx, conn, migrations)
		}
	}

	// The table of records is itself made by a migration: what was applied before it is recorded after it.
	recorded := 0
	for i, m := range pending {
		for _, s := range m.statements {
			text, err := cluster.adapt(s.Text)
			if err == nil {
				err = cluster.exec(ctx, conn, text)
			}
			if err != nil {
				return fmt.Errorf("schema/%s:%d: %w", m.name, s.Line, err)
			}
		}
		if m.move != nil {
			if err := Alone(ctx, conn, func(ctx context.Context) error { return m.move(ctx, conn, cluster, report) }); err != nil {
				return fmt.Errorf("bring the tables up to date: %w", Brief(err))
			}
		}
		engine, _, err := readRecords(ctx, conn)
		if err != nil {
			return fmt.Errorf("look for schema_migrations: %w", err)
		}
		if engine == "" {
			continue
		}
		if err := recordMigrations(ctx, conn, pending[recorded:i+1]); err != nil {
			return fmt.Errorf("record migration %s: %w", m.name, err)
		}
		recorded = i + 1
	}
	return nil
}

func sortedVersions(m map[int]migration) []int {
	var versions []int
	for v := range m {
		versions = append(versions, v)
	}
	slices.Sort(versions)
	return versions
}

var migrationName = regexp.MustCompile(`^([0-9]{3})_[a-z0-9_]+\.sql$`)

// loadMigrations reads schema/NNN_name.sql. The error joins every problem as file:line: message.
func loadMigrations(fsys fs.FS) ([]migration, error) {
	files, err := fs.Glob(fsys, "schema/*.sql")
	if err != nil {
		return nil, err
	}
	var migrations []migration
	var problems []sqltext.Problem
	for _, file := range files { // Glob sorts.
		name := path.Base(file)
		match := migrationName.FindStringSubmatch(name)
		if match == nil {
			problems = append(problems, sqltext.Problem{File: file, Line: 1, Text: "a migration is named NNN_what_it_is.sql"})
			continue
		}
		version, _ := strconv.Atoi(match[1]) // Three digits always are a number.
		switch last := len(migrations); {
		case last > 0 && migrations[last-1].version == version:
			problems = append(problems, sqltext.Problem{File: file, Line: 1, Text: "number " + match[1] + " is taken by " + migrations[last-1].name})
		case version != last+1:
			problems = append(problems, sqltext.Problem{File: file, Line: 1, Text: fmt.Sprintf("the next migration must have the number %03d", last+1)})
		}
		text, err := fs.ReadFile(fsys, file)
		if err != nil {
			return nil, fmt.Errorf("read the migrations: %w", err)
		}
		m := migration{version: version, name: name}
		m.statements, err = sqltext.Split(string(text))
		if p := (sqltext.Problem{}); errors.As(err, &p) {
			p.File = file
			problems = append(problems, p)
		}
		hash := sha256.New()
		for _, s := range m.statements {
			if text := unsafe(s.Tokens); text != "" {
				problems = append(problems, sqltext.Problem{File: file, Line: s.Line, Text: text})
			}
			for _, t := range s.Tokens {
				fmt.Fprintf(hash, "%s\n", t.Text)
			}
			fmt.Fprintln(hash, ";")
		}
		m.checksum = hex.EncodeToString(hash.Sum(nil))
		migrations = append(migrations, m)
	}
	if len(problems) > 0 {
		return nil, sqltext.Join(problems)
	}
	return migrations, nil
}

// unsafe says why a statement may not be run twice, or by two instances at once; empty if it may.
func unsafe(tokens []sqltext.Token) string {
	begins := func(from int, words ...string) bool {
		for i, w := range words {
			if from+i >= len(tokens) || !tokens[from+i].Is(w) {
				return false
			}
		}
		return true
	}
	ours := func(i int) bool { return i+1 < len(tokens) && tokens[i].Name() == "cs" && tokens[i+1].Is(".") }
	const foreign = "a migration is about the database cs, so the name must begin with cs."

	switch {
	case begins(0, "create", "database", "if", "not", "exists", "cs"):
		return ""
	case begins(0, "create", "table", "if", "not", "exists"), begins(0, "create", "view", "if", "not", "exists"), begins(0, "create", "dictionary", "if", "not", "exists"):
		if !ours(5) {
			return foreign
		}
		return ""
	case begins(0, "create", "materialized", "view", "if", "not", "exists"):
		if !ours(6) {
			return foreign
		}
		return ""
	case begins(0, "create", "or", "replace", "view"), begins(0, "create", "or", "replace", "dictionary"):
		if !ours(4) {
			return foreign
		}
		return ""
	case begins(0, "create", "or", "replace", "function"):
		return ""
	case begins(0, "alter", "table"):
		if !ours(2) {
			return foreign
		}
		depth := 0
		for i := 4; i < len(tokens); i++ { // The first command follows cs . table.
			switch t := tokens[i]; {
			case t.Is("("):
				depth++
			case t.Is(")"):
				depth--
			case depth == 0 && (i == 4 || t.Is(",")):
				at := i + 1
				switch {
				case begins(at, "add", "column", "if", "not", "exists"), begins(at, "add", "index", "if", "not", "exists"),
					begins(at, "add", "projection", "if", "not", "exists"), begins(at, "add", "constraint", "if", "not", "exists"),
					begins(at, "modify", "column"), begins(at, "modify", "comment"), begins(at, "comment", "column"),
					begins(at, "modify", "setting"), begins(at, "modify", "ttl"):
				default:
					return "alter table may add what is not there yet (add column if not exists) and modify columns, comments, settings and ttl; anything else cannot be run twice"
				}
			}
		}
		return ""
	}
	return "a migration is made of statements that can be run twice and by two instances at once: create … if not exists, create or replace of what holds no data, alter table"
}

// appliedMigrations reads the records; a database without the table of records has none.
func appliedMigrations(ctx context.Context, conn driver.Conn, there bool) (map[int]migration, error) {
	applied := map[int]migration{}
	if !there {
		return applied, nil
	}
	rows, err := conn.Query(ctx, "select version, name, checksum from schema_migrations final order by version")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var version uint16
		var m migration
		if err := rows.Scan(&version, &m.name, &m.checksum); err != nil {
			return nil, err
		}
		m.version = int(version)
		applied[m.version] = m
	}
	return applied, rows.Err()
}

// readRecords returns the engine of the table of records, which is empty if there is no such table, and whether the database
// is half restored.
func readRecords(ctx context.Context, conn driver.Conn) (engine string, half bool, err error) {
	err = conn.QueryRow(ctx, "select any(engine), (select count() > 0 from system.tables where database = currentDatabase() and name = '"+halfRestored+"')"+
		" from system.tables where database = currentDatabase() and name = 'schema_migrations'").Scan(&engine, &half)
	return engine, half, err
}

func recordMigrations(ctx context.Context, conn driver.Conn, migrations []migration) error {
	values := make([]string, len(migrations))
	for i, m := range migrations {
		values[i] = fmt.Sprintf("(%d, %s, %s)", m.version, sqltext.Quote(m.name), sqltext.Quote(m.checksum))
	}
	return conn.Exec(ctx, "insert into schema_migrations (version, name, checksum) select version, name, checksum from values("+
		"'version UInt16, name String, checksum String', "+strings.Join(values, ", ")+")")
}
