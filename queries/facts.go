package queries

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// factsAcrossSources are the tables whose ids are the same in all sources: what one source says of an account, another may change.
var factsAcrossSources = []string{"accounts", "milestones"}

// installFacts makes a view of each table of facts, of the name without stored_: the present state, one row for each id, without what its
// source took back. Columns and their comments are those of the table.
func installFacts(ctx context.Context, conn driver.Conn) error {
	rows, err := conn.Query(ctx, `
		select t.name, any(t.comment), splitByString(', ', any(t.sorting_key)), groupArray((c.name, c.type, c.comment))
		from system.tables as t
		join (select * from system.columns where database = currentDatabase() and default_kind != 'MATERIALIZED' order by table, position) as c on c.table = t.name
		where t.database = currentDatabase() and t.name in (select table from system.columns where database = currentDatabase() and name = 'ingested_at')
		group by t.name
		order by t.name`)
	if err != nil {
		return err
	}
	defer rows.Close()
	var statements []string
	for rows.Next() {
		var table, comment string
		var key []string
		var columns [][]any
		if err := rows.Scan(&table, &comment, &key, &columns); err != nil {
			return err
		}
		f := factTable{name: strings.TrimPrefix(table, StoredPrefix), comment: comment, key: key}
		for _, c := range columns {
			f.columns = append(f.columns, [3]string{c[0].(string), c[1].(string), c[2].(string)})
		}
		statements = append(statements, f.view())
	}
	if err := rows.Err(); err != nil {
		return err
	}
	for _, s := range statements {
		if err := conn.Exec(ctx, s); err != nil {
			return fmt.Errorf("make the view of a table of facts: %w", err)
		}
	}
	return nil
}

// factTable is a table of facts as the database describes it.
type factTable struct {
	name, comment string
	key           []string    // that orders it
	columns       [][3]string // name, type, comment
}

// view is the statement that makes the view of what counts.
func (f factTable) view() string {
	var declared, names []string
	for _, c := range f.columns {
		if c[0] != "is_withdrawn" {
			declared = append(declared, QuoteName(c[0])+" "+c[1]+" comment "+QuoteText(c[2]))
			names = append(names, QuoteName(c[0]))
		}
	}
	body := "select " + strings.Join(names, ", ") + " from " + StoredPrefix + f.name + " final"
	if slices.Contains(f.key, "valid_from") {
		var id, latest []string
		for _, c := range f.key {
			if c != "valid_from" && (c != "source" || !slices.Contains(factsAcrossSources, f.name)) {
				id = append(id, QuoteName(c))
			}
		}
		for i, name := range names {
			latest = append(latest, fmt.Sprintf("latest.%d as %s", i+1, name))
		}
		body = "select " + strings.Join(latest, ", ") + " from (" +
			"select argMax((" + strings.Join(names, ", ") + "), (t.valid_from, t.updated_at)) as latest" +
			" from (select *, argMax(is_withdrawn, updated_at) over (partition by " + strings.Join(id, ", ") + ", source) as is_gone from " + StoredPrefix + f.name + " final) as t" +
			" where not is_gone and t.valid_from <= now64(3)" +
			" group by " + strings.Join(id, ", ") + ") as present"
	}
	return "create or replace view " + f.name + " (" + strings.Join(declared, ", ") + ") as " + body + " comment " + QuoteText(f.comment)
}
