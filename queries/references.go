package queries

import (
	"slices"
	"strings"
)

// checkReferences makes sure that whatever the body reads is there, and in the database.
func (s *source) checkReferences(views map[string]*source) {
	ctes := map[string]bool{}
	for i, t := range s.tokens {
		if t.name() != "" && s.at(i+1).is("as") && (s.at(i+2).is("(") || s.at(i+2).is("materialized") && s.at(i+3).is("(")) {
			ctes[t.name()] = true
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
		case t.is("("):
			calls = append(calls, strings.ToLower(s.at(i-1).name()))
		case t.is(")"):
			if depth > 0 {
				calls = calls[:depth-1]
			}
			sources = slices.DeleteFunc(sources, func(d int) bool { return d >= depth })
		case t.is(","):
			expectSource = slices.Contains(sources, depth)
		case t.is("from"):
			if s.at(i-1).is("distinct") || depth > 0 && textFunctions[calls[depth-1]] {
				continue
			}
			expectSource = true
			sources = append(sources, depth)
		case t.is("join"):
			expectSource = !s.at(i - 1).is("array")
			sources = slices.DeleteFunc(sources, func(d int) bool { return d == depth })
		case t.kind == word && clauses[strings.ToLower(t.text)]:
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
		if t.is("as") {
			columns[s.at(i+1).name()] = true
		}
	}
	for i, t := range s.tokens {
		if t.kind == word && bare[strings.ToLower(t.text)] && !columns[t.text] && !s.at(i-1).is(".") && !s.at(i+1).is("(") {
			s.fail(t.line, "%s is forbidden: no column has the name, so ClickHouse takes it for the function", t.text)
		}
	}
}

// clauses end the list of tables after a from.
var clauses = set(`where prewhere group order having limit union intersect except settings window qualify array using on sample offset fetch format select`)

// checkSource checks the table, view or function at the i-th token, which follows from, join or a comma between them.
func (s *source) checkSource(i int, ctes map[string]bool, views map[string]*source) {
	t := s.at(i)
	name := t.name()
	switch {
	case name == "": // a subquery; anything else the engine refuses
	case s.at(i+1).is(".") && name == Database:
		s.fail(t.line, "names stand without the database, which is that of the connection: write %s", s.at(i+2).name())
	case s.at(i + 1).is("."):
		s.fail(t.line, "%s.%s is outside of the database, and a query reads nothing else", name, s.at(i+2).name())
	case views[name] != nil && s.at(i+1).is("("):
		s.fail(t.line, "%s takes no parameter: the day is its first column, so write from %s, and where day = …", name, name)
	case s.at(i + 1).is("("):
		if !pureSources[strings.ToLower(name)] && !isImpure(name) {
			s.fail(t.line, "%s(…) is forbidden as a source of rows: a query reads the facts alone", name)
		}
	case !ctes[name] && views[name] == nil && !isTable(name):
		s.fail(t.line, "there is no table or view %s%s", name, meant(name, views))
	}
}

// meant suggests the name that somebody may have wanted to write.
func meant(name string, views map[string]*source) string {
	if near := Nearest(name, slices.Concat(sortedNames(views), tableNames())); near != "" {
		return "; did you mean " + near + "?"
	}
	return ""
}

// sources are the views and layers that the body reads, and the tables.
func (s *source) sources(views map[string]*source) (read, tables []string) {
	ctes := map[string]bool{}
	for i, t := range s.tokens {
		if t.name() != "" && s.at(i+1).is("as") && s.at(i+2).is("(") {
			ctes[t.name()] = true
		}
	}
	for i, t := range s.tokens {
		name := s.at(i + 1).name()
		switch {
		case !t.is("from") && !t.is("join") || s.at(i-1).is("array"): // array join unfolds a column
		case views[name] != nil && !ctes[name]:
			read = append(read, name)
		case isFact(name) && !ctes[name]:
			tables = append(tables, StoredPrefix+name)
		case isTable(name) && !ctes[name]:
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
		return s.tokens[0].line
	}
	return 1
}
