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
	done := map[string]string{}
	var expand func(view string) string
	expand = func(view string) string {
		if text, ok := done[view]; ok {
			return text
		}
		done[view] = inline(views[view].SQL, func(name string) (string, bool) {
			if views[name] == nil {
				return "", false
			}
			return expand(name), true
		})
		return done[view]
	}
	for view, s := range views {
		s.flat = expand(view)
	}
}

// inline replaces each call cs.view(as_of = day) in a checked body by the view's text with that day. Comments are left out.
func inline(body string, text func(view string) (string, bool)) string {
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
		view, ok := text(at(i + 2).name())
		if !ok {
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
		out.WriteString(body[end:t.pos])
		if day := strings.TrimSpace(body[at(i+6).pos:at(last).pos]); day != asOfParameter {
			view = strings.ReplaceAll(view, asOfParameter, "("+day+")")
		}
		out.WriteString("(\n" + view + "\n)")
		if !at(last + 1).is("as") {
			out.WriteString(" as " + at(i+2).name()) // a joined subquery needs a name
		}
		end = at(last).pos + 1
		i = last
	}
	out.WriteString(body[end:])
	return out.String()
}

// statement is the text that computes q at the end of asOf's day.
func (q Query) statement(asOf time.Time) string {
	day := asOf.Format(time.DateOnly)
	if q.flat == "" {
		return "cs." + q.View() + "(as_of = '" + day + "')"
	}
	return "(\n" + strings.ReplaceAll(q.flat, asOfParameter, "toDate('"+day+"')") + "\n) as " + q.View()
}
