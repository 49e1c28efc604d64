package queries

import (
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"

	"cskpi/queries/sqltext"
)

// checkReferences makes sure that whatever the body reads is there, and in the database.
func (s *source) checkReferences(views map[string]*source) {
	ctes := map[string]bool{}
	for i, t := range s.tokens {
		if t.Name() != "" && s.at(i+1).Is("as") && (s.at(i+2).Is("(") || s.at(i+2).Is("materialized") && s.at(i+3).Is("(")) {
			ctes[t.Name()] = true
		}
	}

	var calls []string    // names before the open parentheses; empty: a mere grouping
	var sources []int     // depths at which a comma leads to the next table
	expectSource := false // the next token is where rows come from
	for i, t := range s.tokens {
		depth := len(calls)
		if expectSource {
			s.checkSource(i, ctes, views)
			expectSource = false
		}
		switch {
		case t.Is("("):
			calls = append(calls, strings.ToLower(s.at(i-1).Name()))
		case t.Is(")"):
			if depth > 0 {
				calls = calls[:depth-1]
			}
			sources = slices.DeleteFunc(sources, func(d int) bool { return d >= depth })
		case t.Is(","):
			expectSource = slices.Contains(sources, depth)
		case t.Is("from"):
			if s.at(i-1).Is("distinct") || depth > 0 && textFunctions[calls[depth-1]] {
				continue
			}
			expectSource = true
			sources = append(sources, depth)
		case t.Is("join"):
			expectSource = !s.at(i - 1).Is("array")
			sources = slices.DeleteFunc(sources, func(d int) bool { return d == depth })
		case t.Kind == sqltext.Word && clauses[strings.ToLower(t.Text)]:
			sources = slices.DeleteFunc(sources, func(d int) bool { return d == depth })
		}
	}
}

// textFunctions take a from inside their parentheses that leads to no table.
var textFunctions = set(`extract trim substring substr overlay position ltrim rtrim`)

// checkBare finds functions that are called without parentheses: ClickHouse does so where no column has the name, so the
// file or a view that it reads must have one.
func (s *source) checkBare(views map[string]*source) {
	columns := map[string]bool{}
	read, _ := s.sources(views)
	for _, view := range read {
		for _, c := range views[view].Columns {
			columns[c.Name] = true
		}
	}
	for i, t := range s.tokens {
		if t.Is("as") {
			columns[s.at(i+1).Name()] = true
		}
	}
	for i, t := range s.tokens {
		if t.Kind == sqltext.Word && bare[strings.ToLower(t.Text)] && !columns[t.Text] && !s.at(i-1).Is(".") && !s.at(i+1).Is("(") {
			s.fail(t.Line, "%s is forbidden: no column has the name, so ClickHouse takes it for the function", t.Text)
		}
	}
}

// clauses end the list of tables after a from.
var clauses = set(`where prewhere group order having limit union intersect except settings window qualify array using on sample offset fetch format select`)

// checkSource checks the table, view or function at the i-th token, which follows from, join or a comma between them.
func (s *source) checkSource(i int, ctes map[string]bool, views map[string]*source) {
	t := s.at(i)
	name := t.Name()
	switch {
	case name == "": // a subquery; anything else the engine refuses
	case s.at(i+1).Is(".") && name == Database:
		s.fail(t.Line, "names stand without the database, which is that of the connection: write %s", s.at(i+2).Name())
	case s.at(i + 1).Is("."):
		s.fail(t.Line, "%s.%s is outside of the database, and a query reads nothing else", name, s.at(i+2).Name())
	case views[name] != nil && s.at(i+1).Is("("):
		s.fail(t.Line, "%s takes no parameter: the day is its first column, so write from %s, and where day = …", name, name)
	case s.at(i + 1).Is("("):
		if !pureSources[strings.ToLower(name)] && !isImpure(name) {
			s.fail(t.Line, "%s(…) is forbidden as a source of rows: a query reads the facts alone", name)
		}
	case !ctes[name] && views[name] == nil && !IsTable(name):
		s.fail(t.Line, "there is no table or view %s%s", name, meant(name, views))
	}
}

// meant suggests the name that somebody may have wanted to write.
func meant(name string, views map[string]*source) string {
	if near := Nearest(name, slices.Concat(sortedNames(views), tableNames())); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// Nearest is the known word that most resembles another one, or "" if none does.
func Nearest(word string, known []string) string {
	best, bestAt := "", len(word)/2+1
	for _, k := range known {
		if d := levenshtein.ComputeDistance(strings.ToLower(word), k); d < bestAt {
			best, bestAt = k, d
		}
	}
	return best
}

// sources are the views and layers that the body reads, and the tables.
func (s *source) sources(views map[string]*source) (read, tables []string) {
	ctes := map[string]bool{}
	for i, t := range s.tokens {
		if t.Name() != "" && s.at(i+1).Is("as") && s.at(i+2).Is("(") {
			ctes[t.Name()] = true
		}
	}
	for i, t := range s.tokens {
		name := s.at(i + 1).Name()
		switch {
		case !t.Is("from") && !t.Is("join") || s.at(i-1).Is("array"): // array join unfolds a column
		case views[name] != nil && !ctes[name]:
			read = append(read, name)
		case IsFact(name) && !ctes[name]:
			tables = append(tables, StoredPrefix+name)
		case IsTable(name) && !ctes[name]:
			tables = append(tables, name)
		}
	}
	slices.Sort(read)
	slices.Sort(tables)
	return slices.Compact(read), slices.Compact(tables)
}

// checkCycles finds views that need themselves.
func checkCycles(views map[string]*source) {
	const entered, done = 1, 2
	state := map[string]int{}
	var visit func(name string, path []string)
	visit = func(name string, path []string) {
		path = append(path, name)
		switch state[name] {
		case done:
			return
		case entered:
			cycle := path[slices.Index(path, name):]
			s := views[name]
			s.fail(s.firstLine(), "it needs itself: %s", strings.Join(cycle, " → "))
			return
		}
		state[name] = entered
		read, _ := views[name].sources(views)
		for _, next := range read {
			visit(next, path)
		}
		state[name] = done
	}
	for _, name := range sortedNames(views) {
		visit(name, nil)
	}
}

func (s *source) firstLine() int {
	if len(s.tokens) > 0 {
		return s.tokens[0].Line
	}
	return 1
}
