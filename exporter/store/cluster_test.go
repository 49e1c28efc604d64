package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/store"
	"cskpi/queries"
)

// clustered is a connection to an engine that passes for a replica of the cluster main: it answers questions about clusters,
// and takes down what would be run on all replicas after its parser has read it. With a database of its own it is migrated
// before, so that the records are there.
type clustered struct {
	driver.Conn
	clusters string // rows of system.clusters: cluster, shard_num
	replicas string // how many answer
	have     string // how many of them have the tables
	lacks    string // view that only the first of these has
	engine   string // of the tables, as system.tables tells; empty: as it is
	parsed   []string
}

func (c *clustered) rewrite(query string) string {
	return strings.NewReplacer(
		"system.clusters", "(select c.1 as cluster, c.2 as shard_num from (select arrayJoin(["+c.clusters+"]) as c))",
		"system.macros", "(select arrayJoin(['shard', 'replica']) as macro)",
		"clusterAllReplicas('main', system.one)", "numbers("+c.replicas+")",
		"clusterAllReplicas('main', system.tables)", "(select t.* from (select * from system.tables where database = 'cs') as t cross join numbers("+c.have+") as n where n.number = 0 or t.name != '"+c.lacks+"')",
		"any(engine)", "if('"+c.engine+"' = '', any(engine), '"+c.engine+"')",
		"engine like 'Replicated%'", "engine like '%MergeTree'",
	).Replace(query)
}

func (c *clustered) Query(ctx context.Context, query string, args ...any) (driver.Rows, error) {
	return c.Conn.Query(ctx, c.rewrite(query), args...)
}

func (c *clustered) QueryRow(ctx context.Context, query string, args ...any) driver.Row {
	return c.Conn.QueryRow(ctx, c.rewrite(query), args...)
}

func (c *clustered) Exec(ctx context.Context, query string, args ...any) error {
	if first, _, _ := strings.Cut(strings.TrimSpace(query), " "); strings.EqualFold(first, "insert") {
		return nil
	}
	rows, err := c.Conn.Query(ctx, "explain ast "+query)
	if err != nil {
		return err
	}
	defer rows.Close()
	c.parsed = append(c.parsed, query)
	return rows.Err()
}

const oneShard = "('main', 1), ('main', 1), ('other', 1)"

// TestClusterSchema runs a whole schema and catalogue past the engine's parser, and looks at what would be run.
func TestClusterSchema(t *testing.T) {
	c := &clustered{Conn: conn(t), clusters: oneShard, replicas: "2", have: "2"}
	if err := store.Cluster("main").Migrate(t.Context(), c, nil); err != nil {
		t.Fatal(err)
	}
	schema := c.parsed
	catalogue, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	// What is installed is read from tables, which the database has when it was migrated.
	if err := store.Migrate(t.Context(), c.Conn); err != nil {
		t.Fatal(err)
	}
	c.parsed = nil
	if err := store.Cluster("main").Install(t.Context(), c, catalogue); err != nil {
		t.Fatal(err)
	}
	if want := len(catalogue) + 1 + len(queries.Facts()) + len(catalogue.Layout().Layers); len(c.parsed) != want {
		t.Errorf("%d views and functions would be installed, want %d", len(c.parsed), want)
	}
	tables := 0
	for _, text := range append(schema, c.parsed...) {
		if n := strings.Count(text, "on cluster 'main'"); n != 1 {
			t.Errorf("on cluster stands %d times in:\n%s", n, text)
		}
		if !strings.Contains(strings.ToLower(text), "create table") {
			continue
		}
		tables++
		replicated, claims := strings.Contains(text, "= Replicated"), strings.Contains(text, "= KeeperMap('/cskpi/")
		if replicated == claims || replicated && !strings.Contains(text, "MergeTree('/clickhouse/tables/{shard}/cs/") {
			t.Errorf("nothing is known to replicate:\n%s", text)
		}
	}
	if have := scalar(t, c.Conn, "select count() from system.tables where database = 'cs' and engine != 'View'"); have != fmt.Sprint(tables-len(catalogue.Layout().Layers)) {
		t.Errorf("%d tables would be made, a single server has %s", tables, have)
	}
	all := strings.Join(schema, "\n")
	if strings.Contains(all, "non_replicated_deduplication_window") || !strings.Contains(all, "replicated_deduplication_window = 10000") {
		t.Error("batches that are sent again would be stored twice: tables that replicate know another setting")
	}
	// The engine knows all settings of tables, which its parser does not look at.
	known := scalar(t, c.Conn, "select count() from system.merge_tree_settings where name = 'replicated_deduplication_window'")
	if known != "1" {
		t.Error("the engine does not know the setting replicated_deduplication_window")
	}
}

func TestClusterAdapt(t *testing.T) {
	tests := []struct{ text, want string }{
		{"create database if not exists cs comment 'x'", "create database if not exists cs on cluster 'main' comment 'x'"},
		{"create table if not exists cs.t (engine String, `b ` Array(String)) engine = ReplacingMergeTree order by engine",
			"create table if not exists cs.t on cluster 'main' (engine String, `b ` Array(String)) engine = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/cs/t', '{replica}') order by engine"},
		{"create table if not exists cs.t (a String) engine = ReplacingMergeTree(a, b) order by a",
			"create table if not exists cs.t on cluster 'main' (a String) engine = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/cs/t', '{replica}', a, b) order by a"},
		{"-- In memory.\ncreate table if not exists cs.t (process String) engine = Memory settings min_rows_to_keep = 1, max_rows_to_keep = 2\ncomment 'x'",
			"-- In memory.\ncreate table if not exists cs.t on cluster 'main' (process String) engine = KeeperMap('/cskpi/t') primary key process\ncomment 'x'"},
		{"alter table cs.t modify setting non_replicated_deduplication_window = 5", "alter table cs.t on cluster 'main' modify setting replicated_deduplication_window = 5"},
		{"create or replace view cs.v as (\nselect 1 as engine\n) comment 'x'", "create or replace view cs.v on cluster 'main' as (\nselect 1 as engine\n) comment 'x'"},
		{"create or replace function cs_f as\n(a) -> a", "create or replace function cs_f on cluster 'main' as\n(a) -> a"},
		{"drop view if exists cs.v", "drop view if exists cs.v on cluster 'main'"},
		{"drop function if exists cs_f", "drop function if exists cs_f on cluster 'main'"},
		// As system.tables tells them, for a replica that is added.
		{"CREATE TABLE cs.t (`a` String) ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/cs/t', '{replica}') ORDER BY a",
			"CREATE TABLE if not exists cs.t on cluster 'main' (`a` String) ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/cs/t', '{replica}') ORDER BY a"},
	}
	for _, tt := range tests {
		if got, err := store.Cluster("main").Adapt(tt.text); err != nil || got != tt.want {
			t.Errorf("got %v\n%s\nwant\n%s", err, got, tt.want)
		}
		if got, err := store.Cluster("").Adapt(tt.text); err != nil || got != tt.text {
			t.Errorf("for a single server got %v\n%s", err, got)
		}
	}
	for text, want := range map[string]string{
		"create table if not exists cs.t (a String) engine = Log":       "not known how to replicate a table of the engine Log",
		"create table if not exists cs.t as cs.s":                       "must name its engine",
		"optimize table cs.t":                                           "not known how to run this on a cluster",
		"create table if not exists cs.t (a String) engine = 'unclosed": "does not end",
	} {
		_, err := store.Cluster("main").Adapt(text)
		wantError(t, err, want)
	}
	// A name is quoted, whatever it is.
	if got, err := store.Cluster("it's").Adapt("drop view if exists cs.v"); err != nil || got != `drop view if exists cs.v on cluster 'it\'s'` {
		t.Errorf("got %s, %v", got, err)
	}
}

// TestClusterRefused: what would go wrong later is said before anything is run.
func TestClusterRefused(t *testing.T) {
	plain := migrated(t)
	tests := []struct {
		cluster          store.Cluster
		clusters, engine string
		want             string
	}{
		{"main", "('other', 1), ('third', 1)", "", "the server knows no cluster main; it knows other, third"},
		{"main", "('main', 1), ('main', 2)", "", "the cluster main has 2 shards; cskpi needs all facts on every server"},
		{"main", oneShard, "", "this database was made for a single server"},
		{"", oneShard, "ReplicatedReplacingMergeTree", "this database lies on a cluster: name it in CSKPI_CLICKHOUSE_CLUSTER"},
	}
	for _, tt := range tests {
		c := &clustered{Conn: plain, clusters: tt.clusters, replicas: "2", have: "2", engine: tt.engine}
		wantError(t, tt.cluster.Migrate(t.Context(), c, nil), tt.want)
		if len(c.parsed) > 0 {
			t.Errorf("%s: these would be run: %q", tt.want, c.parsed)
		}
	}
}

// TestClusterGrows: a replica that has nothing yet gets the tables as they are, and all views.
func TestClusterGrows(t *testing.T) {
	plain := migrated(t)
	catalogue, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Install(t.Context(), plain, catalogue); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		replicas, have, lacks string
		tables, views         bool // are made
	}{{"2", "2", "", false, false}, {"3", "2", "", true, false}, {"3", "3", "nrr", false, true}} {
		c := &clustered{Conn: plain, clusters: oneShard, replicas: tt.replicas, have: tt.have, lacks: tt.lacks, engine: "ReplicatedReplacingMergeTree"}
		if err := store.Cluster("main").Migrate(t.Context(), c, nil); err != nil {
			t.Fatal(err)
		}
		if got := len(c.parsed) > 20; got != tt.tables {
			t.Errorf("%+v: %d statements would be run for tables", tt, len(c.parsed))
		}
		if tt.tables && !strings.Contains(strings.ToLower(c.parsed[len(c.parsed)-1]), "schema_migrations") {
			t.Errorf("the records must come last, since who has them is taken for complete; last is %s", c.parsed[len(c.parsed)-1])
		}
		c.parsed = nil
		if err := store.Cluster("main").Install(t.Context(), c, catalogue); err != nil {
			t.Fatal(err)
		}
		if got := len(c.parsed) > len(catalogue); got != tt.views || !tt.views && len(c.parsed) > 0 {
			t.Errorf("%+v: %d statements would be run for views and functions", tt, len(c.parsed))
		}
	}
}

// keeper is a connection to an engine whose cs.stored_usage_events passes for a replicated table, with inserts under way that have
// taken block numbers.
type keeper struct {
	driver.Conn
	taken  string // names of the nodes
	synced int
}

func (k *keeper) Query(ctx context.Context, query string, args ...any) (driver.Rows, error) {
	return k.Conn.Query(ctx, strings.NewReplacer(
		"system.replicas", "(select 'cs' as database, 'stored_usage_events' as table, '/keeper/events' as zookeeper_path)",
		"system.zookeeper", "(select '/keeper/events/block_numbers/2026' as path, arrayJoin(["+k.taken+"]) as name)",
	).Replace(query), args...)
}

func (k *keeper) Exec(ctx context.Context, query string, args ...any) error {
	if strings.HasPrefix(query, "system sync replica ") {
		k.synced++
		return nil
	}
	return k.Conn.Exec(ctx, query, args...)
}

// TestClusterRollUp: an insert that took its block number early and is stored late is not missed.
func TestClusterRollUp(t *testing.T) {
	k := &keeper{Conn: migrated(t), taken: "''"}
	catalogue, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Install(t.Context(), k.Conn, catalogue); err != nil {
		t.Fatal(err)
	}
	exec(t, k.Conn, "system stop merges cs.stored_usage_events")
	store := func(id string) {
		t.Helper()
		exec(t, k.Conn, "insert into cs.stored_usage_events (event_id, account_id, user_id, event, ts) values ('"+id+"', 'acme', '"+id+"', 'used', '2026-01-1"+id+" 10:00:00')")
	}
	rolled := func(want string) {
		t.Helper()
		rollUp(t, k)
		if got := scalar(t, k.Conn, "select arrayStringConcat(arraySort(groupArray(user_id)), ' ') from cs.stored_usage_user_days final"); got != want {
			t.Errorf("users %q are rolled up, want %q", got, want)
		}
	}
	for _, id := range []string{"1", "2", "3"} {
		store(id)
	}
	blocks := scalar(t, k.Conn, "select arrayStringConcat(arraySort(groupArray(toString(min_block_number))), ' ') from system.parts where database = 'cs' and table = 'stored_usage_events' and active")
	if blocks != "1 2 3" {
		t.Fatalf("the events lie in blocks %s", blocks)
	}
	// Somebody has taken 2 and what is stored there is not known to be all.
	k.taken = "'block-0000000002', 'block-0000000009', 'abandonable_lock-insert'"
	rolled("1")
	if k.synced == 0 {
		t.Error("nothing was fetched from other replicas")
	}
	rolled("1")
	k.taken = "'block-0000000009'"
	rolled("1 2 3")
	store("4")
	rolled("1 2 3 4")
	// All that is new is taken, so there is nothing to do.
	k.taken = "'block-0000000005'"
	store("5")
	rolled("1 2 3 4")
	k.taken = "''"
	rolled("1 2 3 4 5")
}
