package engine

import "strings"

// statement is what the front must know about a statement that carries no data.
type statement struct {
	text    string // Without a closing semicolon and what follows it.
	verb    string // Its first word, in upper case; "(" for a query in parentheses.
	format  string // Of its FORMAT clause, or empty.
	clause  int    // Offset of the FORMAT clause, or of the end.
	outfile bool   // It has an INTO OUTFILE clause.
	totals  bool   // It may give rows beside its rows: WITH TOTALS or extremes.
	several bool   // Another statement follows.
}

func readStatement(text string) statement {
	s := statement{text: text, clause: len(text)}
	l := lexer{text: text}
	var previous token
	depth := 0
	for {
		t := l.next()
		if t.kind == endOfText || t.kind == unfinished {
			return s
		}
		if s.verb == "" {
			s.verb = strings.ToUpper(text[t.start:t.end])
		}
		switch {
		case l.is(t, "(") || l.is(t, "[") || l.is(t, "{"):
			depth++
		case l.is(t, ")") || l.is(t, "]") || l.is(t, "}"):
			depth--
		case l.is(t, ";") && depth == 0:
			s.text = text[:t.start]
			s.clause = min(s.clause, t.start)
			s.several = l.next().kind != endOfText
			return s
		case l.is(previous, "INTO") && l.is(t, "OUTFILE"):
			s.outfile = true
		case l.is(t, "TOTALS"), l.is(t, "extremes"):
			s.totals = true
		case depth == 0 && l.is(previous, "FORMAT") && (t.kind == word || t.kind == quotedName) && l.endsAfter():
			s.format, s.clause = l.name(t), previous.start
		}
		previous = t
	}
}

// endsAfter tells whether the statement ends here but for a SETTINGS clause; only
// there a FORMAT clause can stand, anywhere else format is a column's name.
func (l lexer) endsAfter() bool {
	t := l.next()
	return t.kind == endOfText || l.is(t, ";") || l.is(t, "SETTINGS")
}

// isSelect tells whether the statement gives rows that can be streamed.
func (s statement) isSelect() bool {
	return s.verb == "SELECT" || s.verb == "WITH" || s.verb == "(" || s.verb == "FROM"
}

// into is the statement with its rows going to the file (an SQL string), in the given format.
func (s statement) into(file, format string) string {
	clause := s.text[s.clause:]
	if clause == "" {
		clause = "FORMAT " + format
	}
	// The line break ends a comment that may stand last.
	return s.text[:s.clause] + "\nINTO OUTFILE " + file + " APPEND COMPRESSION 'none' " + clause
}

// quote makes a SQL string of s.
func quote(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(s) + "'"
}

// quoteName makes a SQL identifier of s.
func quoteName(s string) string {
	return "`" + strings.NewReplacer(`\`, `\\`, "`", "\\`").Replace(s) + "`"
}
