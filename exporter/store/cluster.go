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

// Cluster is the name of a ClickHouse cluster of one shard with any number of replicas; empty: a single server.
//
// Every replica has all facts, so that each can answer any question by itself, with `final`, and there is nothing that a
// Distributed table would be for. Several shards are refused: accounts would have to be divided among them by a sharding
// key, and every view would have to be computed in parts. A process talks to one replica at a time, since it keeps
// intermediate results there (Keeper, imports).
type Cluster string

// The places of tables in the Keeper. Paths do not have the table's UUID, so that a replica that is added later, or
// replaced, finds the others.
const (
	replicaPath = "/clickhouse/tables/{shard}/cs/"
	claimsPath  = "/cskpi/" // below the server's keeper_map_path_prefix
)

// Migrate is like the function Migrate, on all replicas. What takes long is reported as it goes on; report may be nil.
func (c Cluster) Migrate(ctx context.Context, conn driver.Conn, report func(string)) error {
	migrations, err := schema()
	if err != nil {
		return err
	}
	return applyMigrations(ctx, conn, c, migrations, false, report)
}

// Install is like the function Install, on all replicas.
func (c Cluster) Install(ctx context.Context, conn driver.Conn, catalogue queries.Catalogue) error {
	return install(ctx, conn, c, catalogue)
}

// check makes sure that the cluster is one that the schema can lie on, and returns the number of replicas that answer.
func (c Cluster) check(ctx context.Context, conn driver.Conn) (replicas uint64, err error) {
	rows, err := conn.Query(ctx, "select cluster, uniqExact(shard_num) from system.clusters group by cluster order by cluster")
	if err != nil {
		return 0, fmt.Errorf("read the clusters: %w", err)
	}
	defer rows.Close()
	var known []string
	var shards uint64
	for rows.Next() {
		var name string
		var n uint64
		if err := rows.Scan(&name, &n); err != nil {
			return 0, err
		}
		known = append(known, name)
		if name == string(c) {
			shards = n
		}
	}
	switch {
	case rows.Err() != nil:
		return 0, rows.Err()
	case shards == 0 && len(known) == 0:
		return 0, fmt.Errorf("the server knows no cluster %s, nor any other", c)
	case shards == 0:
		return 0, fmt.Errorf("the server knows no cluster %s; it knows %s", c, strings.Join(known, ", "))
	case shards > 1:
		return 0, fmt.Errorf("the cluster %s has %d shards; cskpi needs all facts on every server, so one shard with as many replicas as you like", c, shards)
	}
	var macros uint64
	if err := conn.QueryRow(ctx, "select count() from system.macros where macro in ('shard', 'replica')").Scan(&macros); err != nil {
		return 0, fmt.Errorf("read the macros: %w", err)
	}
	if macros < 2 {
		return 0, errors.New("the server has no macros {shard} and {replica}, by which replicas find each other; deploy/clickhouse/cluster.xml shows them")
	}
	if err := conn.QueryRow(ctx, "select count() from clusterAllReplicas("+sqltext.Quote(string(c))+", system.one) settings skip_unavailable_shards = 1").Scan(&replicas); err != nil {
		return 0, fmt.Errorf("count the replicas: %w", err)
	}
	return replicas, nil
}

// tables is where to read about the tables of all replicas.
func (c Cluster) tables() string {
	return "clusterAllReplicas(" + sqltext.Quote(string(c)) + ", system.tables)"
}

// fits says why tables of the engine that schema_migrations has cannot be those of c; empty engine: there are none yet.
func (c Cluster) fits(engine string) error {
	replicated := strings.HasPrefix(engine, "Replicated")
	switch {
	case engine == "":
		return nil
	case c != "" && !replicated:
		return errors.New("this database was made for a single server: its tables are not replicated; start on a cluster without a database cs and import the facts there, or unset CSKPI_CLICKHOUSE_CLUSTER")
	case c == "" && replicated:
		return errors.New("this database lies on a cluster: name it in CSKPI_CLICKHOUSE_CLUSTER, so that its replicas stay alike")
	}
	return nil
}

// complete gives replicas that were added since the tables that there are, as they are by now. The migrations would not do:
// the tables of a new replica must be what those of the others have become.
func (c Cluster) complete(ctx context.Context, conn driver.Conn, replicas uint64) error {
	var have uint64
	if err := conn.QueryRow(ctx, "select count() from "+c.tables()+" where database = currentDatabase() and name = 'schema_migrations' settings skip_unavailable_shards = 1").Scan(&have); err != nil {
		return fmt.Errorf("look at the other replicas: %w", err)
	}
	if have >= replicas {
		return nil
	}
	statements := []string{"create database if not exists cs"}
	rows, err := conn.Query(ctx, "select create_table_query from system.tables where database = currentDatabase() and (engine like 'Replicated%' or engine = 'KeeperMap') order by name = 'schema_migrations', name")
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var text string
		if err := rows.Scan(&text); err != nil {
			return err
		}
		statements = append(statements, text)
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, text := range statements {
		text, err := c.adapt(text)
		if err == nil {
			err = c.exec(ctx, conn, text)
		}
		if err != nil {
			return fmt.Errorf("complete the replicas: %w", err)
		}
	}
	return nil
}

// exec runs a statement that defines something.
func (c Cluster) exec(ctx context.Context, conn driver.Conn, statement string) error {
	settings := clickhouse.Settings{}
	if c != "" {
		settings["distributed_ddl_output_mode"] = "none" // errors still come
	}
	// ClickHouse takes 256 KiB where nothing else is said.
	if n := len(statement); n >= 1<<18 {
		settings["max_query_size"] = n + 1
	}
	if len(settings) > 0 {
		ctx = clickhouse.Context(ctx, clickhouse.WithSettings(settings))
	}
	return conn.Exec(ctx, statement)
}

// leading are the words that may stand between a statement's beginning and the name of what it is about.
var leading = strings.Fields(`create alter drop truncate rename or replace materialized if not exists database table view dictionary function`)

// adapt writes a statement that defines something as the cluster needs it: for all replicas, with engines that replicate.
// For a single server it stays as it is.
func (c Cluster) adapt(text string) (string, error) {
	if c == "" {
		return text, nil
	}
	all, err := sqltext.Lex(text)
	if err != nil {
		return "", err
	}
	tokens := slices.DeleteFunc(all, func(t sqltext.Token) bool { return t.Kind == sqltext.Comment })
	var edits []edit
	at := 0
	for at < len(tokens) && slices.Contains(leading, strings.ToLower(tokens[at].Text)) {
		at++
	}
	if at == 0 || at == len(tokens) {
		return "", fmt.Errorf("not known how to run this on a cluster: %s", text)
	}
	what, create := tokens[at-1], tokens[0].Is("create")
	if create && what.Is("table") { // as system.tables has it, without if not exists
		edits = append(edits, insertion(what.End(), " if not exists"))
	}
	create = create && !slices.ContainsFunc(tokens[:at], func(t sqltext.Token) bool {
		return t.Is("view") || t.Is("function") || t.Is("database") || t.Is("dictionary")
	})
	if at+2 < len(tokens) && tokens[at+1].Is(".") {
		at += 2
	}
	name := tokens[at]
	edits = append(edits, insertion(name.End(), " on cluster "+sqltext.Quote(string(c))))
	if create {
		more, err := replicate(tokens[at+1:], name.Name())
		if err != nil {
			return "", err
		}
		edits = append(edits, more...)
	}
	// What keeps an insert that is sent again from being stored twice has another name where tables are replicated.
	for _, t := range tokens {
		if t.Is("non_replicated_deduplication_window") {
			edits = append(edits, edit{t.Pos, t.End(), "replicated_deduplication_window"})
		}
	}
	return apply(text, edits), nil
}

// replicate replaces the engine of a table. tokens follow its name.
func replicate(tokens []sqltext.Token, table string) ([]edit, error) {
	depth := 0
	for i, t := range tokens {
		switch {
		case t.Is("("):
			depth++
		case t.Is(")"):
			depth--
		case depth == 0 && t.Is("engine") && i+2 < len(tokens) && tokens[i+1].Is("="):
			engine := tokens[i+2]
			switch {
			case strings.HasPrefix(engine.Text, "Replicated"), engine.Is("keepermap"): // as system.tables has it
				return nil, nil
			case strings.HasSuffix(engine.Text, "MergeTree"):
				edits := []edit{insertion(engine.Pos, "Replicated")}
				place := sqltext.Quote(replicaPath+table) + ", '{replica}'"
				if i+3 < len(tokens) && tokens[i+3].Is("(") {
					return append(edits, insertion(tokens[i+3].End(), place+", ")), nil
				}
				return append(edits, insertion(engine.End(), "("+place+")")), nil
			case engine.Is("memory"):
				// Claims are seen by all replicas only in the Keeper. It keeps the latest row of each process.
				end := engine.End()
				for j := i + 3; j < len(tokens) && !tokens[j].Is("comment"); j++ {
					end = tokens[j].End()
				}
				return []edit{{engine.Pos, end, "KeeperMap(" + sqltext.Quote(claimsPath+table) + ") primary key " + tokens[1].Text}}, nil
			}
			return nil, fmt.Errorf("%s: not known how to replicate a table of the engine %s", table, engine.Text)
		}
	}
	return nil, fmt.Errorf("%s: a table on a cluster must name its engine", table)
}

// edit replaces a part of a text.
type edit struct {
	from, to int
	text     string
}

func insertion(at int, text string) edit { return edit{at, at, text} }

func apply(text string, edits []edit) string {
	slices.SortStableFunc(edits, func(a, b edit) int { return a.from - b.from })
	var out strings.Builder
	at := 0
	for _, e := range edits {
		out.WriteString(text[at:e.from] + e.text)
		at = e.to
	}
	return out.String() + text[at:]
}
