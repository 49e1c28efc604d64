package demo_test

import (
	"bytes"
	"fmt"
	"io/fs"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"testing"

	"cskpi/exporter/demo"
	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/store"
	"cskpi/queries"
	"cskpi/queries/sqltext"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// schema reads the columns of the tables from their definitions; columns that the database fills are left out.
func schema(t *testing.T) map[string][]string {
	t.Helper()
	tables := map[string][]string{}
	create, column := regexp.MustCompile(`^create table if not exists (?:cs\.|stored_)(\w+) \(`), regexp.MustCompile(`^    (\w+) +\w`)
	// What the first file lacks the company has only where it is here, too.
	for file, has := range map[string]func(table string) bool{
		"schema/001_facts.sql": func(string) bool { return true },
		"tables/facts.sql":     func(table string) bool { return table == "staff" },
	} {
		text, err := fs.ReadFile(queries.Builtin(), file)
		if err != nil {
			t.Fatal(err)
		}
		table := ""
		for line := range strings.Lines(string(text)) {
			if m := create.FindStringSubmatch(line); m != nil && has(m[1]) {
				table = m[1]
			} else if m := column.FindStringSubmatch(line); m != nil && table != "" && !slices.Contains(filled, m[1]) && !strings.Contains(line, " materialized ") {
				tables[table] = append(tables[table], m[1])
			} else if strings.HasPrefix(line, ")") {
				table = ""
			}
		}
	}
	return tables
}

// filled are the columns that no row has, since the database fills them.
var filled = []string{"ingested_at", "is_withdrawn", "valid_from"}

var keyPattern = regexp.MustCompile(`[{,]"(\w+)":(?:"(?:[^"\\]|\\.)*"|[^",]+)`)

// TestColumns holds that every row of every table of the schema has every column, in the schema's order.
func TestColumns(t *testing.T) {
	want := schema(t)
	c := company(t, demo.Options{Accounts: 50, Years: 1, Events: 2000})
	tables := c.Tables()
	for table := range want {
		if !slices.Contains(tables, table) {
			t.Errorf("no facts for %s", table)
		}
	}
	for _, table := range tables {
		n := 0
		for line := range bytes.Lines(dump(t, c, table)) {
			var keys []string
			for _, m := range keyPattern.FindAllSubmatch(line, -1) {
				keys = append(keys, string(m[1]))
			}
			if n++; !slices.Equal(keys, want[table]) {
				t.Fatalf("%s has the columns %v, want %v: %s", table, keys, want[table], line)
			}
		}
		if n == 0 {
			t.Errorf("%s is empty", table)
		}
	}
}

// TestEngineTakesAllRows lets ClickHouse parse every row by the types of the tables, refusing unknown columns, and
// holds the amounts to the last digit.
func TestEngineTakesAllRows(t *testing.T) {
	conn, ctx := enginetest.Conn(t), t.Context()
	if err := store.Migrate(ctx, conn); err != nil {
		t.Fatal(err)
	}
	c := company(t, demo.Options{Accounts: 150, Years: 2, Events: 10_000})
	for _, table := range c.Tables() {
		var structure string
		if err := conn.QueryRow(ctx, `select arrayStringConcat(groupArray(name || ' ' || type), ', ') from
			(select name, type from system.columns where database = currentDatabase() and table = concat('stored_', ?) and default_kind != 'MATERIALIZED' and name not in ('ingested_at', 'attributes', 'is_withdrawn') order by position)`,
			table).Scan(&structure); err != nil {
			t.Fatal(err)
		}
		columns := strings.Join(schema(t)[table], ", ")
		// A table that keeps all versions, so that each row can be counted.
		if err := conn.Exec(ctx, fmt.Sprintf("create table all_%s as stored_%s engine = Memory", table, table)); err != nil {
			t.Fatal(err)
		}
		rows := uint64(0)
		for chunk := range slices.Chunk(slices.Collect(bytes.Lines(dump(t, c, table))), 2000) {
			rows += uint64(len(chunk))
			insert := fmt.Sprintf(`insert into all_%s (%s) settings max_query_size = 10000000, date_time_input_format = 'best_effort',
				input_format_skip_unknown_fields = 0, input_format_null_as_default = 0, input_format_defaults_for_omitted_fields = 0, input_format_force_null_for_omitted_fields = 0
				select %s from format(JSONEachRow, %s, %s)`, table, columns, columns, sqltext.Quote(structure), sqltext.Quote(string(bytes.Join(chunk, nil))))
			if err := conn.Exec(ctx, insert); err != nil {
				t.Fatalf("%s: %v", table, err)
			}
		}
		var stored uint64
		if err := conn.QueryRow(ctx, "select count() from all_"+table).Scan(&stored); err != nil {
			t.Fatal(err)
		}
		if stored != rows {
			t.Errorf("%s: %d rows of %d stored", table, stored, rows)
		}
	}

	want := new(big.Rat)
	for _, m := range regexp.MustCompile(`"acv":([0-9.]+)`).FindAllSubmatch(dump(t, c, "contracts"), -1) {
		acv, _ := new(big.Rat).SetString(string(m[1]))
		want.Add(want, acv)
	}
	var sum string
	if err := conn.QueryRow(ctx, "select toString(sum(acv)) from all_contracts").Scan(&sum); err != nil {
		t.Fatal(err)
	}
	if got, ok := new(big.Rat).SetString(sum); !ok || got.Cmp(want) != 0 {
		t.Errorf("the ACVs add up to %s, want %s", sum, want.FloatString(4))
	}
	var empty uint64
	if err := conn.QueryRow(ctx, "select countIf(ts < '2000-01-01') + countIf(not isValidJSON(properties)) from all_usage_events").Scan(&empty); err != nil {
		t.Fatal(err)
	}
	if empty != 0 {
		t.Errorf("%d events without a time or with properties that are not JSON", empty)
	}
}
