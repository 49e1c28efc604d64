package queries

import (
	"slices"
	"strings"
)

// checkReferences makes sure that whatever the body reads is in cs, qualified, and called as it must be: ClickHouse
// resolves nested views late, ignores misspelt parameters and checks nothing when a view is created.
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
		switch name := t.name(); {
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
		case name != "" && s.at(i+1).is("(") && views[name] != nil && !s.at(i-1).is(".") && !ctes[name]:
			s.fail(t.line, "the view %s must be called as cs.%s(as_of = …)", name, name)
		}
	}
}

// textFunctions take a from inside their parentheses that leads to no table.
var textFunctions = set(`extract trim substring substr overlay position ltrim rtrim`)

// checkBare finds functions that are called without parentheses: ClickHouse does so where no column has the name, so the
// file or a view that it reads must have one.
func (s *source) checkBare(views map[string]*source) {
	columns := map[string]bool{}
	for _, view := range s.calls(views) {
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
	case s.at(i + 1).is("."):
		s.checkQualified(i, views)
	case views[name] != nil && s.at(i+1).is("("):
		s.fail(t.line, "the view %s must be called as cs.%s(as_of = …)", name, name)
	case s.at(i + 1).is("("):
		if !pureSources[strings.ToLower(name)] && !isImpure(name) {
			s.fail(t.line, "%s(…) is forbidden as a source of rows: a query reads the facts in cs alone", name)
		}
	case !ctes[name]:
		s.fail(t.line, "%s is none of this file's CTEs; a table or view must be written as cs.%s", name, name)
	}
}

func (s *source) checkQualified(i int, views map[string]*source) {
	t, member := s.at(i), s.at(i+2)
	name := member.name()
	view := views[name]
	switch {
	case t.name() != "cs":
		s.fail(t.line, "%s.%s is outside of the database cs, and a query reads nothing else", t.name(), name)
	case !s.at(i + 3).is("("):
		if view != nil {
			s.fail(t.line, "cs.%s is a view; call it as cs.%s(as_of = …)", name, name)
		}
	case view == nil:
		s.fail(t.line, "there is no view cs.%s", name)
	case !s.at(i+4).is("as_of") || !s.at(i+5).is("="):
		s.fail(t.line, "cs.%s must be given as_of = …, by which ClickHouse knows the parameter", name)
	default:
		depth := 0
		for j := i + 3; j < len(s.tokens); j++ {
			switch a := s.tokens[j]; {
			case a.is("(") || a.is("["):
				depth++
			case a.is(")") || a.is("]"):
				depth--
			case a.is(",") && depth == 1:
				s.fail(a.line, "cs.%s takes as_of and nothing else; ClickHouse would ignore the rest", name)
			}
			if depth == 0 {
				return
			}
		}
	}
}

// calls are the views that the body reads.
func (s *source) calls(views map[string]*source) []string {
	var names []string
	for i, t := range s.tokens {
		if name := s.at(i + 2).name(); t.name() == "cs" && s.at(i+1).is(".") && s.at(i+3).is("(") && views[name] != nil {
			names = append(names, name)
		}
	}
	return names
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
			s.fail(s.firstLine(), "the view needs itself: cs.%s", strings.Join(cycle, " → cs."))
			return
		}
		state[name] = entered
		for _, next := range views[name].calls(views) {
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
