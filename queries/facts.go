package queries

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"cskpi/queries/sqltext"
)

// Database is where everything lies unless the connection says otherwise.
const Database = "cs"

// factsAcrossSources are the tables whose ids are the same in all sources: what one source says of an account, another may change.
var factsAcrossSources = []string{"accounts", "milestones"}

// Table is a table of every database, as tables/ describes it.
type Table struct {
	Name    string
	Comment string
	Columns []TableColumn // in their order
	Key     []string      // that orders it; of facts it is what makes two rows versions of one fact, and valid_from where a fact may change from a day on
	SQL     string        // the statement that makes it
}

// TableColumn is a column of a [Table].
type TableColumn struct {
	Name, Type, Comment string
	Definition          string // the type and what follows it
}

// Has reports whether the table has the column.
func (t Table) Has(column string) bool {
	return slices.ContainsFunc(t.Columns, func(c TableColumn) bool { return c.Name == column })
}

// Tables are all tables of a database, in an order in which they can be made.
var Tables = sync.OnceValue(func() (all []Table) {
	// The files are built in.
	files, err := fs.Glob(builtin, "tables/*.sql")
	if err != nil {
		panic(err)
	}
	for _, file := range files {
		text, err := fs.ReadFile(builtin, file)
		if err != nil {
			panic(err)
		}
		statements, err := sqltext.Split(string(text))
		if err != nil {
			panic(fmt.Errorf("%s: %w", file, err))
		}
		for _, s := range statements {
			all = append(all, describe(s))
		}
	}
	return all
})

// describe reads a statement of tables/: create table if not exists name (columns) engine = … order by key … comment '…'.
func describe(s sqltext.Statement) Table {
	tokens := s.Tokens
	t := Table{Name: tokens[5].Name(), Comment: unquote(tokens[len(tokens)-1].Text), SQL: s.Text}
	depth, begin := 0, -1
	column := func(of []sqltext.Token) {
		c := TableColumn{Name: of[0].Name()}
		end := len(of)
		for i := 1; i < len(of); i++ {
			if of[i].Is("default") || of[i].Is("materialized") || of[i].Is("comment") || of[i].Is("codec") {
				end = min(end, i)
			}
			if of[i].Is("comment") {
				c.Comment = unquote(of[i+1].Text)
			}
		}
		c.Type = strings.TrimSpace(s.Text[of[1].Pos-s.Start : of[end-1].End()-s.Start])
		c.Definition = s.Text[of[1].Pos-s.Start : of[len(of)-1].End()-s.Start]
		t.Columns = append(t.Columns, c)
	}
	for i, token := range tokens[6:] {
		switch {
		case token.Is("("):
			if depth++; depth == 1 && begin < 0 {
				begin = 7 + i
			}
		case token.Is(")"):
			if depth--; depth == 0 && begin > 0 {
				column(tokens[begin : 6+i])
				begin = 0
			}
		case token.Is(",") && depth == 1 && begin > 0:
			column(tokens[begin : 6+i])
			begin = 7 + i
		case token.Is("order"):
			for _, k := range tokens[6+i+2:] {
				if k.Is("settings") || k.Is("comment") {
					break
				}
				if name := k.Name(); t.Has(name) { // and not the name of a function
					t.Key = append(t.Key, name)
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

// FactTable is a table of facts: it says where each row comes from and when it was stored. Its name is that of the view of what counts, which is
// that of the table without stored_.
type FactTable struct{ Table }

// Facts are the tables of facts.
var Facts = sync.OnceValue(func() (all []FactTable) {
	for _, t := range Tables() {
		if t.Has("ingested_at") {
			t.Name = strings.TrimPrefix(t.Name, StoredPrefix)
			all = append(all, FactTable{t})
		}
	}
	return all
})

// View is the statement that makes the view of what counts: the present state, one row for each id, without what its source took back. Columns
// and their comments are those of the table.
func (f FactTable) View() string {
	var declared, names []string
	for _, c := range f.Columns {
		if c.Name != "is_withdrawn" && c.Name != "payload_hash" && c.Name != "seniority" {
			declared = append(declared, sqltext.Name(c.Name)+" "+c.Type+" comment "+sqltext.Quote(c.Comment))
			names = append(names, sqltext.Name(c.Name))
		}
	}
	body := "select " + strings.Join(names, ", ") + " from " + StoredPrefix + f.Name + " final"
	if slices.Contains(f.Key, "valid_from") {
		var id, latest []string
		for _, c := range f.Key {
			if c != "valid_from" && (c != "source" || !slices.Contains(factsAcrossSources, f.Name)) {
				id = append(id, sqltext.Name(c))
			}
		}
		for i, name := range names {
			latest = append(latest, fmt.Sprintf("latest.%d as %s", i+1, name))
		}
		body = "select " + strings.Join(latest, ", ") + " from (" +
			"select argMax((" + strings.Join(names, ", ") + "), (t.valid_from, t.updated_at)) as latest" +
			" from (select *, argMax(is_withdrawn, updated_at) over (partition by " + strings.Join(id, ", ") + ", source) as is_gone from " + StoredPrefix + f.Name + " final) as t" +
			" where not is_gone and t.valid_from <= now64(3)" +
			" group by " + strings.Join(id, ", ") + ") as present"
	}
	return "create or replace view " + f.Name + " (" + strings.Join(declared, ", ") + ") as " + body + " comment " + sqltext.Quote(f.Comment)
}

// StoredTables are the tables whose names begin with stored_, which their names here leave out: facts, and what is rolled up of them.
var StoredTables = sync.OnceValue(func() (all []Table) {
	for _, t := range Tables() {
		if name, stored := strings.CutPrefix(t.Name, StoredPrefix); stored {
			t.Name = name
			all = append(all, t)
		}
	}
	return all
})

// IsFact reports whether facts have the name.
func IsFact(name string) bool {
	return slices.ContainsFunc(Facts(), func(f FactTable) bool { return f.Name == name })
}

// tableNames are the tables of a database, and the views of facts.
var tableNames = sync.OnceValue(func() (names []string) {
	for _, t := range Tables() {
		names = append(names, t.Name)
	}
	for _, f := range Facts() {
		names = append(names, f.Name)
	}
	return names
})

// IsTable reports whether every database has a table of this name, or a view of facts: layers are none of them.
func IsTable(name string) bool { return slices.Contains(tableNames(), name) }

// tableColumns are the names and types of a table's columns, in one text.
func tableColumns(name string) string {
	var text strings.Builder
	for _, t := range Tables() {
		if t.Name == name {
			for _, c := range t.Columns {
				text.WriteString(c.Name + " " + c.Type + "\n")
			}
		}
	}
	return text.String()
}
