package queries

import (
	"strings"
	"time"
)

// asOfParameter is the one parameter of every view.
const asOfParameter = "{as_of:Date}"

// flatten writes the views that each query reads out in place of their calls, down to the tables. ClickHouse analyses a
// parameterised view twice wherever it is read, and so what that one reads four times, and so on: a KPI four layers deep
// takes four times as long to plan as the same text in one piece.
func flatten(views map[string]*source) {
	names := make(map[string]Query, len(views))
	for view, s := range views {
		names[view] = s.Query
	}
	expand := expander(names, nil)
	for view, s := range views {
		s.flat, _ = expand(view, true)
	}
}

// expander returns a function that gives the text of a view without calls of others. Where kept has a table for a view,
// a call for as_of itself reads that; what is asked about another day is always computed.
func expander(views map[string]Query, kept map[string]string) func(view string, today bool) (string, bool) {
	done := map[string]string{}
	var expand func(view string, today bool) (string, bool)
	expand = func(view string, today bool) (string, bool) {
		q, ok := views[view]
		switch {
		case !ok:
			return "", false
		case today && kept[view] != "":
			return "select * from cs." + kept[view], true
		case !today && kept != nil:
			return q.flat, true
		}
		if _, ok := done[view]; !ok {
			done[view] = inline(q.SQL, expand)
		}
		return done[view], true
	}
	return expand
}

// inline replaces each call cs.view(as_of = day) in a checked body by the view's text with that day, which text gives.
// Comments are left out.
func inline(body string, text func(view string, today bool) (string, bool)) string {
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
		view, ok := text(at(i+2).name(), day == asOfParameter)
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
