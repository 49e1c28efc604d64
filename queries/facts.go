package queries

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// factsAcrossSources are the tables whose ids are the same in all sources: what one source says of an account, another may change.
var factsAcrossSources = []string{"accounts", "milestones"}

// tableText is a table as tables/ describes it.
type tableText struct {
	name, comment string
	columns       []columnText
	key           []string // that orders it
}

type columnText struct {
	name, typ, comment string
	definition         string // the type and what follows it
}

// table reads a statement of tables/: create table if not exists name (columns) engine = … order by key … comment '…'.
func (s statement) table() tableText {
	t := tableText{name: s.tableName()}
	tokens := s.tokens
	last := tokens[len(tokens)-1]
	t.comment = unquote(last.text)
	depth, begin := 0, -1
	column := func(of []token) {
		c := columnText{name: of[0].name()}
		end := len(of)
		for i := 1; i < len(of); i++ {
			if of[i].is("default") || of[i].is("materialized") || of[i].is("comment") || of[i].is("codec") {
				end = min(end, i)
			}
			if of[i].is("comment") {
				c.comment = unquote(of[i+1].text)
			}
		}
		c.typ = strings.TrimSpace(s.text[of[1].pos-s.start : of[end-1].end()-s.start])
		c.definition = s.text[of[1].pos-s.start : of[len(of)-1].end()-s.start]
		t.columns = append(t.columns, c)
	}
	for i, token := range tokens[6:] {
		switch {
		case token.is("("):
			if depth++; depth == 1 && begin < 0 {
				begin = 7 + i
			}
		case token.is(")"):
			if depth--; depth == 0 && begin > 0 {
				column(tokens[begin : 6+i])
				begin = 0
			}
		case token.is(",") && depth == 1 && begin > 0:
			column(tokens[begin : 6+i])
			begin = 7 + i
		case token.is("order"):
			for _, k := range tokens[6+i+2:] {
				if k.is("settings") || k.is("comment") {
					break
				}
				// And not the name of a function.
				if name := k.name(); slices.ContainsFunc(t.columns, func(c columnText) bool { return c.name == name }) {
					t.key = append(t.key, name)
				}
			}
		}
	}
	return t
}

// unquote reads a literal as tables/ writes it.
func unquote(literal string) string {
	return strings.ReplaceAll(strings.Trim(literal, "'"), "''", "'")
}

// factTable is a table of facts: it says where each row comes from and when it was stored.
type factTable struct{ tableText }

// facts are the tables of facts, without stored_ in their names.
var facts = sync.OnceValue(func() (all []factTable) {
	statements, err := tableStatements()
	if err != nil {
		panic(err) // the files are built in
	}
	for _, s := range statements {
		t := s.table()
		if slices.ContainsFunc(t.columns, func(c columnText) bool { return c.name == "ingested_at" }) {
			t.name = strings.TrimPrefix(t.name, StoredPrefix)
			all = append(all, factTable{t})
		}
	}
	return all
})

// view is the statement that makes the view of what counts, of the name without stored_: the present state, one row for each id, without what
// its source took back. Columns and their comments are those of the table.
func (f factTable) view() string {
	var declared, names []string
	for _, c := range f.columns {
		if c.name != "is_withdrawn" && c.name != "payload_hash" && c.name != "seniority" {
			declared = append(declared, QuoteName(c.name)+" "+c.typ+" comment "+QuoteText(c.comment))
			names = append(names, QuoteName(c.name))
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

// StoredTable describes a table of facts, or of what is rolled up of them.
type StoredTable struct {
	Name    string         // without stored_
	Columns []StoredColumn // in their order
	Key     []string       // what makes two rows versions of one fact, and valid_from where a fact may change from a day on
}

// StoredColumn is a column of a [StoredTable] and its type.
type StoredColumn struct{ Name, Type string }

// Has reports whether the table has the column.
func (t StoredTable) Has(column string) bool {
	return slices.ContainsFunc(t.Columns, func(c StoredColumn) bool { return c.Name == column })
}

// StoredTables are those whose names begin with stored_, as tables/ describes them.
var StoredTables = sync.OnceValue(func() (all []StoredTable) {
	statements, err := tableStatements()
	if err != nil {
		panic(err) // the files are built in
	}
	for _, s := range statements {
		described := s.table()
		name, stored := strings.CutPrefix(described.name, StoredPrefix)
		if !stored {
			continue
		}
		t := StoredTable{Name: name, Key: described.key}
		for _, c := range described.columns {
			t.Columns = append(t.Columns, StoredColumn{c.name, c.typ})
		}
		all = append(all, t)
	}
	return all
})

// isFact reports whether facts have the name.
func isFact(name string) bool {
	return slices.ContainsFunc(facts(), func(f factTable) bool { return f.name == name })
}

// tableNames are the tables of a database, and the views of facts.
var tableNames = sync.OnceValue(func() (names []string) {
	statements, err := tableStatements()
	if err != nil {
		panic(err) // the files are built in
	}
	for _, s := range statements {
		names = append(names, s.tableName())
	}
	for _, f := range facts() {
		names = append(names, f.name)
	}
	return names
})

// IsTable reports whether every database has a table of this name, or a view of facts: layers are none of them.
func IsTable(name string) bool { return isTable(name) }

func isTable(name string) bool { return slices.Contains(tableNames(), name) }

// tableColumns are the names and types of a table's columns, in one text.
func tableColumns(name string) string {
	statements, err := tableStatements()
	if err != nil {
		panic(err) // the files are built in
	}
	for _, s := range statements {
		if s.tableName() != name {
			continue
		}
		var text strings.Builder
		for _, c := range s.table().columns {
			text.WriteString(c.name + " " + c.typ + "\n")
		}
		return text.String()
	}
	return ""
}

// FirstFact is the first day of which facts say something: the start of the first contract, or the first usage where that was before any. Zero: none.
func FirstFact(ctx context.Context, conn driver.Conn) (time.Time, error) {
	var found uint64
	var first time.Time
	if err := conn.QueryRow(ctx, `
		select count(), min(day)
		from (
			select min(starts_on) as day from stored_contracts where starts_on > toDate(0) having count() > 0
			union all
			select min(first_on) from stored_usage_accounts final where first_on > toDate(0) having count() > 0
		) as firsts`).Scan(&found, &first); err != nil {
		return time.Time{}, fmt.Errorf("find the first day of facts: %w", Brief(err))
	}
	if found == 0 {
		return time.Time{}, nil
	}
	return first.UTC(), nil
}
