package sqltext

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Kind is what the lexer tells apart: as much of ClickHouse's grammar as its users need.
type Kind int

// The kinds of tokens.
const (
	Word    Kind = iota // keyword, name or function, unquoted
	Quoted              // name in backquotes or double quotes
	Literal             // string or number
	Symbol              // one punctuation character
	Comment
)

// Token is one lexical element of SQL text.
type Token struct {
	Kind Kind
	Text string // as written
	Pos  int    // byte offset of Text
	Line int    // 1 is the first line
}

// Is reports whether t is the unquoted word or symbol s, which must be lower-case.
func (t Token) Is(s string) bool {
	return (t.Kind == Word || t.Kind == Symbol) && strings.EqualFold(t.Text, s)
}

// Name is the name that t spells, without its quotes; empty if t is no name.
func (t Token) Name() string {
	switch t.Kind {
	case Word:
		return t.Text
	case Quoted:
		return t.Text[1 : len(t.Text)-1]
	}
	return ""
}

// End is the byte offset behind t.
func (t Token) End() int { return t.Pos + len(t.Text) }

// Problem is an error at a line of a file.
type Problem struct {
	File string
	Line int
	Text string
}

func (p Problem) Error() string { return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text) }

// Join is the error that joins problems, in the order of files and lines, without what was found twice.
func Join(problems []Problem) error {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	errs := make([]error, 0, len(problems))
	for _, p := range slices.Compact(problems) {
		errs = append(errs, p)
	}
	return errors.Join(errs...)
}

// Lex splits SQL into tokens, comments among them. The error is a [Problem] without its file.
func Lex(src string) ([]Token, error) {
	var tokens []Token
	line := 1
	for i := 0; i < len(src); {
		r, size := utf8.DecodeRuneInString(src[i:])
		rest := src[i:]
		var kind Kind
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
			kind, n = Comment, len(rest)
			if end := strings.IndexByte(rest, '\n'); end >= 0 {
				n = end
			}
		case strings.HasPrefix(rest, "/*"):
			kind, n = Comment, closing(rest, 2, "*/")
		case r == '\'':
			kind, n = Literal, quotedLen(rest)
		case r == '"', r == '`':
			kind, n = Quoted, quotedLen(rest)
		case r == '$':
			kind, n = heredoc(rest)
		case r >= '0' && r <= '9':
			kind, n = Literal, numberLen(rest)
		case r == '_' || unicode.IsLetter(r):
			kind = Word
			for n < len(rest) {
				r, size := utf8.DecodeRuneInString(rest[n:])
				if r != '_' && r != '$' && !unicode.IsLetter(r) && !unicode.IsDigit(r) {
					break
				}
				n += size
			}
		default:
			kind, n = Symbol, size
		}
		if n < 0 {
			return tokens, Problem{Line: line, Text: "what begins here with " + string(r) + " does not end: a quote or comment is left open"}
		}
		tokens = append(tokens, Token{Kind: kind, Text: rest[:n], Pos: i, Line: line})
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
func heredoc(s string) (Kind, int) {
	end := strings.IndexByte(s[1:], '$')
	if end < 0 || strings.ContainsFunc(s[1:1+end], func(r rune) bool { return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r) }) {
		return Symbol, 1
	}
	tag := s[:end+2]
	return Literal, closing(s, len(tag), tag)
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

// Statement is one of several statements of a file.
type Statement struct {
	Text   string  // from its first comment or word, without the semicolon
	Start  int     // where Text begins in the file
	Line   int     // line of its first word
	Tokens []Token // without comments
	Notes  []Token // its comments
}

// Split cuts src at its semicolons. Comments belong to the statement that follows them; what holds nothing else is left out. The error is that of [Lex].
func Split(src string) ([]Statement, error) {
	tokens, err := Lex(src)
	if err != nil {
		return nil, err
	}
	var all []Statement
	var s Statement
	start := -1
	finish := func(end int) {
		if len(s.Tokens) > 0 {
			s.Text, s.Start, s.Line = strings.TrimSpace(src[start:end]), start, s.Tokens[0].Line
			all = append(all, s)
		}
		s, start = Statement{}, -1
	}
	for _, t := range tokens {
		if t.Is(";") {
			finish(t.Pos)
			continue
		}
		if start < 0 {
			start = t.Pos
		}
		if t.Kind == Comment {
			s.Notes = append(s.Notes, t)
		} else {
			s.Tokens = append(s.Tokens, t)
		}
	}
	finish(len(src))
	return all, nil
}
