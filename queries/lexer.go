package queries

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// tokenKind is what the lexer tells apart: as much of ClickHouse's grammar as the lint and the splitter need.
type tokenKind int

const (
	word    tokenKind = iota // keyword, name or function, unquoted
	quoted                   // name in backquotes or double quotes
	literal                  // string or number
	symbol                   // one punctuation character
	comment
)

// token is one lexical element of SQL text.
type token struct {
	kind tokenKind
	text string // as written
	pos  int    // byte offset of text
	line int    // 1 is the first line
}

// is reports whether t is the unquoted word or symbol s, which must be lower-case.
func (t token) is(s string) bool {
	return (t.kind == word || t.kind == symbol) && strings.EqualFold(t.text, s)
}

// name is the name that t spells, without its quotes; empty if t is no name.
func (t token) name() string {
	switch t.kind {
	case word:
		return t.text
	case quoted:
		return t.text[1 : len(t.text)-1]
	}
	return ""
}

// problem is what is wrong at a line of a file.
type problem struct {
	file string
	line int
	text string
}

func (p problem) Error() string { return fmt.Sprintf("%s:%d: %s", p.file, p.line, p.text) }

// lex splits SQL into tokens, comments among them. The error is a problem without its file.
func lex(src string) ([]token, error) {
	var tokens []token
	line := 1
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRuneInString(src[i:])
		rest := src[i:]
		var kind tokenKind
		var n int // length of the token; -1: it does not end
		switch {
		case r == '\n':
			line++
			i++
			continue
		case unicode.IsSpace(r), r == '\ufeff':
			i += size
			continue
		case strings.HasPrefix(rest, "--"), strings.HasPrefix(rest, "#!"), strings.HasPrefix(rest, "# "):
			kind, n = comment, len(rest)
			if end := strings.IndexByte(rest, '\n'); end >= 0 {
				n = end
			}
		case strings.HasPrefix(rest, "/*"):
			kind, n = comment, closing(rest, 2, "*/")
		case r == '\'':
			kind, n = literal, quotedLen(rest)
		case r == '"', r == '`':
			kind, n = quoted, quotedLen(rest)
		case r == '$':
			kind, n = heredoc(rest)
		case r >= '0' && r <= '9':
			kind, n = literal, numberLen(rest)
		case r == '_' || unicode.IsLetter(r):
			kind = word
			for n < len(rest) {
				r, size := utf8.DecodeRuneInString(rest[n:])
				if r != '_' && r != '$' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
					break
				}
				n += size
			}
		default:
			kind, n = symbol, size
		}
		if n < 0 {
			return tokens, problem{line: line, text: "what begins here with " + string(r) + " does not end: a quote or comment is left open"}
		}
		tokens = append(tokens, token{kind: kind, text: rest[:n], pos: i, line: line})
		line += strings.Count(rest[:n], "\n")
		i += n
	}
	return tokens, nil
}

// closing is the length of s up to and with the first end at or after from; -1 if there is none.
func closing(s string, from int, end string) int {
	i := strings.Index(s[from:], end)
	if i < 0 {
		return -1
	}
	return from + i + len(end)
}

// quotedLen is the length of the quoted text that s begins with: the quote is escaped by a backslash or by doubling it.
func quotedLen(s string) int {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == '\\':
			i++
		case s[i] == s[0] && i+1 < len(s) && s[i+1] == s[0]:
			i++
		case s[i] == s[0]:
			return i + 1
		}
	}
	return -1
}

// heredoc measures $tag$ text $tag$; a dollar sign that opens none is a symbol.
func heredoc(s string) (tokenKind, int) {
	end := strings.IndexByte(s[1:], '$')
	if end < 0 || strings.ContainsFunc(s[1:1+end], func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		return symbol, 1
	}
	tag := s[:end+2]
	return literal, closing(s, len(tag), tag)
}

// numberLen is the length of the number that s begins with; a sign belongs to it only after an exponent.
func numberLen(s string) int {
	n := 1
	for ; n < len(s); n++ {
		c := s[n]
		exponent := (s[n-1] == 'e' || s[n-1] == 'E') && !strings.HasPrefix(s, "0x")
		if c == '.' || c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || exponent && (c == '+' || c == '-') {
			continue
		}
		break
	}
	return n
}

// statement is one of several statements of a file.
type statement struct {
	text   string  // from its first comment or word, without the semicolon
	start  int     // where text begins in the file
	line   int     // line of its first word
	tokens []token // without comments
	notes  []token // its comments
}

// split cuts src at its semicolons. Comments belong to the statement that follows them; what holds nothing else is left out.
func split(src string) ([]statement, error) {
	tokens, err := lex(src)
	if err != nil {
		return nil, err
	}
	var all []statement
	var s statement
	start := -1
	finish := func(end int) {
		if len(s.tokens) > 0 {
			s.text, s.start, s.line = strings.TrimSpace(src[start:end]), start, s.tokens[0].line
			all = append(all, s)
		}
		s, start = statement{}, -1
	}
	for _, t := range tokens {
		if t.is(";") {
			finish(t.pos)
			continue
		}
		if start < 0 {
			start = t.pos
		}
		if t.kind == comment {
			s.notes = append(s.notes, t)
		} else {
			s.tokens = append(s.tokens, t)
		}
	}
	finish(len(src))
	return all, nil
}
