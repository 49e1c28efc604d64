package queries

import (
	"slices"
	"strings"
	"time"
)

// asOfParameter is the one parameter of every view.
const asOfParameter = "{as_of:Date}"

// model is a view on a day: asOfParameter, or an expression of it.
type model struct{ view, day string }

// seenFrom is m, which stands in a text, where the text is computed for another day.
func (m model) seenFrom(day string) model {
	switch {
	case m.day == asOfParameter:
		m.day = day
	case day != asOfParameter:
		m.day = strings.ReplaceAll(m.day, asOfParameter, "("+day+")")
	}
	return m
}

// flatten writes the views that each query reads out in place of their calls, down to the tables. ClickHouse analyses a
// parameterised view twice wherever it is read, and so what that one reads four times, and so on: a KPI four layers deep
// takes four times as long to plan as the same text in one piece.
func flatten(views map[string]*source) {
	names := make(map[string]Query, len(views))
	for view, s := range views {
		names[view] = s.Query
	}
	expand := expander(names, nil)
	read := map[string][]string{}
	for view, s := range views {
		s.flat, _ = expand(model{view, asOfParameter})
		s.tables = tablesRead(views, view, read)
	}
}

// tablesRead are the tables in cs that a view reads, directly or not. done has those of views that were looked at.
func tablesRead(views map[string]*source, view string, done map[string][]string) []string {
	if tables, known := done[view]; known {
		return tables
	}
	done[view] = nil
	tokens, _ := lex(views[view].SQL) // what cannot be read is refused elsewhere
	var tables []string
	for i := 2; i < len(tokens); i++ {
		if tokens[i-2].name() != "cs" || !tokens[i-1].is(".") {
			continue
		}
		if name := tokens[i].name(); views[name] != nil {
			tables = append(tables, tablesRead(views, name, done)...)
		} else {
			tables = append(tables, name)
		}
	}
	slices.Sort(tables)
	done[view] = slices.Compact(tables)
	return done[view]
}

// expander returns a function that gives the text of a model, for its own day, without calls of views. Where kept has a
// table for a model, what is called reads that.
func expander(views map[string]Query, kept map[model]string) func(m model) (string, bool) {
	done := map[model]string{}
	var expand func(m model) (string, bool)
	expand = func(m model) (string, bool) {
		q, ok := views[m.view]
		if !ok {
			return "", false
		}
		if table := kept[m]; table != "" {
			return "select * from cs." + table, true
		}
		if _, ok := done[m]; !ok {
			done[m] = inline(q.SQL, func(called model) (string, bool) { return expand(called.seenFrom(m.day)) })
		}
		return done[m], true
	}
	return expand
}

// inline replaces each call cs.view(as_of = day) in a checked body by the view's text with that day, which text gives.
// Comments are left out.
func inline(body string, text func(called model) (string, bool)) string {
	tokens, err := lex(body)
	if err != nil {
		return body
	}
	at := func(i int) token {
		if i < len(tokens) {
			return tokens[i]
		}
		return token{kind: symbol}
	}
	var out strings.Builder
	end := 0 // of what has been copied
	for i := 0; i < len(tokens); i++ {
		t := tokens[i]
		if t.kind == comment {
			out.WriteString(body[end:t.pos])
			end = t.pos + len(t.text)
			continue
		}
		if t.name() != "cs" || !at(i+1).is(".") || !at(i+3).is("(") {
			continue
		}
		last, depth := i+3, 0
		for ; last < len(tokens); last++ {
			if at(last).is("(") {
				depth++
			} else if at(last).is(")") {
				if depth--; depth == 0 {
					break
				}
			}
		}
		day := strings.TrimSpace(body[at(i+6).pos:at(last).pos])
		view, ok := text(model{at(i + 2).name(), day})
		if !ok {
			continue
		}
		if day != asOfParameter {
			view = strings.ReplaceAll(view, asOfParameter, "("+day+")")
		}
		out.WriteString(body[end:t.pos] + "(\n" + view + "\n)")
		if !at(last + 1).is("as") {
			out.WriteString(" as " + at(i+2).name()) // a joined subquery needs a name
		}
		end = at(last).pos + 1
		i = last
	}
	out.WriteString(body[end:])
	return out.String()
}

// onDay is the text flat for the end of asOf's day.
func onDay(flat string, asOf time.Time) string {
	return strings.ReplaceAll(flat, asOfParameter, "toDate('"+asOf.Format(time.DateOnly)+"')")
}

// statement is the text that computes q at the end of asOf's day.
func (q Query) statement(asOf time.Time) string {
	if q.flat == "" {
		return "cs." + q.View() + "(as_of = '" + asOf.Format(time.DateOnly) + "')"
	}
	return "(\n" + onDay(q.flat, asOf) + "\n) as " + q.View()
}
