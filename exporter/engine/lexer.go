package engine

import "strings"

// The front reads just enough of a statement to know what it must do with it
// (is it an INSERT with data, which format does it ask for, is it one statement);
// ClickHouse itself parses and judges it.

type tokenKind byte

const (
	endOfText  tokenKind = iota
	word                 // A keyword or an identifier without quotes.
	quotedName           // An identifier in double quotes or backquotes.
	literal              // A string, heredoc or number.
	sign                 // One other character.
	unfinished           // A quote or comment without its end.
)

type token struct {
	kind       tokenKind
	start, end int // Byte offsets in the text.
}

// lexer yields the tokens of a ClickHouse statement, without white space and comments.
type lexer struct {
	text string
	pos  int
}

func (l *lexer) next() token {
	if !l.skipBlank() {
		return token{unfinished, l.pos, len(l.text)}
	}
	start := l.pos
	if start >= len(l.text) {
		return token{endOfText, start, start}
	}
	switch c := l.text[start]; {
	case c == '\'':
		return l.quoted(start, c, literal)
	case c == '"' || c == '`':
		return l.quoted(start, c, quotedName)
	case c == '$':
		if end := heredocEnd(l.text[start:]); end > 0 {
			l.pos = start + end
			return token{literal, start, l.pos}
		}
		l.pos++
		return token{sign, start, l.pos}
	case '0' <= c && c <= '9':
		l.skipWord()
		return token{literal, start, l.pos}
	case isWordByte(c):
		l.skipWord()
		return token{word, start, l.pos}
	default:
		l.pos++
		return token{sign, start, l.pos}
	}
}

func (l *lexer) skipWord() {
	for l.pos < len(l.text) && isWordByte(l.text[l.pos]) {
		l.pos++
	}
}

// skipBlank passes white space and comments; false if a comment does not end.
func (l *lexer) skipBlank() bool {
	for l.pos < len(l.text) {
		rest := l.text[l.pos:]
		switch {
		case rest[0] <= ' ':
			l.pos++
		case strings.HasPrefix(rest, "--"), strings.HasPrefix(rest, "#!"), strings.HasPrefix(rest, "# "):
			end := strings.IndexByte(rest, '\n')
			if end < 0 {
				end = len(rest)
			}
			l.pos += end
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				return false
			}
			l.pos += 2 + end + 2
		default:
			return true
		}
	}
	return true
}

// quoted reads to the closing quote; a backslash escapes, and a doubled quote stands for one.
func (l *lexer) quoted(start int, quote byte, kind tokenKind) token {
	for i := start + 1; i < len(l.text); i++ {
		switch l.text[i] {
		case '\\':
			i++
		case quote:
			if i+1 < len(l.text) && l.text[i+1] == quote {
				i++
				continue
			}
			l.pos = i + 1
			return token{kind, start, l.pos}
		}
	}
	l.pos = len(l.text)
	return token{unfinished, start, l.pos}
}

// heredocEnd is the length of the heredoc ($tag$ … $tag$) that text starts with, or 0.
func heredocEnd(text string) int {
	tag := 1
	for tag < len(text) && isWordByte(text[tag]) && text[tag] != '$' {
		tag++
	}
	if tag >= len(text) || text[tag] != '$' {
		return 0
	}
	mark := text[:tag+1]
	end := strings.Index(text[tag+1:], mark)
	if end < 0 {
		return 0
	}
	return tag + 1 + end + len(mark)
}

func isWordByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '$' || c >= 0x80
}

// is tells whether the token is the given keyword (in upper case) or sign.
func (l *lexer) is(t token, want string) bool {
	return (t.kind == word || t.kind == sign) && strings.EqualFold(l.text[t.start:t.end], want)
}

// name is the identifier that the token stands for, without its quotes.
func (l *lexer) name(t token) string {
	text := l.text[t.start:t.end]
	if t.kind == quotedName {
		quote := text[:1]
		text = strings.ReplaceAll(text[1:len(text)-1], quote+quote, quote)
		return strings.ReplaceAll(text, `\`+quote, quote)
	}
	return text
}
