package engine

import (
	"maps"
	"slices"
	"strings"
)

// liftSettings takes the SETTINGS clause off the end of a statement and makes its settings the request's, as if they
// had come with it: they are checked like those, and the engine would refuse the clause to a session that only reads.
// A clause that stands elsewhere, or that is not plainly a list of names and values, stays for the judge to refuse.
func (q *request) liftSettings(text string) string {
	tokens, err := tokensOf(text)
	if err != nil {
		return text
	}
	l := lexer{text: text}
	is := func(i int, want string) bool { return i < len(tokens) && l.is(tokens[i], want) }
	for i := range tokens {
		if !is(i, "SETTINGS") || !is(i+2, "=") {
			continue
		}
		var found []pair
		next := i + 1
		for ; next+2 < len(tokens) && tokens[next].kind == word && is(next+1, "="); next += 4 {
			value, ok := l.literal(tokens[next+2])
			if !ok {
				return text
			}
			found = append(found, pair{l.name(tokens[next]), value})
			if !is(next+3, ",") {
				next += 3
				break
			}
		}
		// Only the end may follow, or a FORMAT clause.
		rest := tokens[min(next, len(tokens)):]
		if len(rest) > 0 && is(next, "FORMAT") && len(rest) > 1 {
			rest = rest[2:]
		}
		for len(rest) > 0 && l.is(rest[0], ";") {
			rest = rest[1:]
		}
		if len(found) == 0 || len(rest) > 0 {
			continue
		}
		for _, s := range found {
			q.settings = slices.DeleteFunc(q.settings, func(given pair) bool { return given.name == s.name })
			q.settings = append(q.settings, s)
		}
		end := len(text)
		if next < len(tokens) {
			end = tokens[next].start
		}
		return text[:tokens[i].start] + " " + text[end:]
	}
	return text
}

// literal is the value of a number, a string or a truth value.
func (l *lexer) literal(t token) (string, bool) {
	text := l.text[t.start:t.end]
	switch {
	case t.kind == literal && text[0] == '\'':
		return unescapeTab(strings.ReplaceAll(text[1:len(text)-1], "''", "'")), true
	case t.kind == literal && text[0] != '$':
		return text, true
	case l.is(t, "TRUE"), l.is(t, "FALSE"):
		return strings.ToLower(text), true
	}
	return "", false
}

// settingsTable reads what system.settings is for a reader.
var settingsTable = "(SELECT * REPLACE (CAST(if(name IN (" + quotedList(permitted.settings) + ") AND name != 'readonly', 0, 1), 'UInt8') AS readonly) FROM system.settings)"

func quotedList(names map[string]bool) string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(names)) {
		list = append(list, quote(name))
	}
	return strings.Join(list, ", ")
}

// writable has system.settings say which settings a reader may give with a request. A session that only reads lists all
// settings as readonly, and clients such as clickhouse-connect then neither compress nor send what their users set. The
// statement must have been judged, in the form that the engine's formatter gave it.
func writable(query string) string {
	tokens, err := tokensOf(query)
	if err != nil {
		return query
	}
	l := lexer{text: query}
	var b strings.Builder
	done := 0
	for i := 1; i+2 < len(tokens); i++ {
		if tokens[i].kind != word || l.name(tokens[i]) != "system" || !l.is(tokens[i+1], ".") || l.name(tokens[i+2]) != "settings" {
			continue
		}
		following := token{}
		if i+3 < len(tokens) {
			following = tokens[i+3]
		}
		if !l.is(tokens[i-1], "FROM") && !l.is(tokens[i-1], "JOIN") || l.is(following, "FINAL") || l.is(following, "SAMPLE") {
			return query // The table is no operand of its own, or a column has its full name, which a subquery does not give it.
		}
		b.WriteString(query[done:tokens[i].start] + settingsTable)
		if !l.is(following, "AS") {
			b.WriteString(" AS settings")
		}
		done = tokens[i+2].end
	}
	return b.String() + query[done:]
}
