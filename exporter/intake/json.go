package intake

import (
	"bytes"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// The JSON of one row is scanned here and not by a library: a row is a flat object of known columns, so that its fields
// can be cut out of the line without copying, and a reason can name the field. Fuzzing holds it to encoding/json's idea
// of what is valid.

const maxDepth = 64 // of nested properties

// scanSpace returns the position of the next character that is not white space.
func scanSpace(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t' || s[i] == '\r' || s[i] == '\n') {
		i++
	}
	return i
}

// scanString reads the string that begins at s[i] == '"' and returns its content and the position behind it.
func scanString(s string, i int) (string, int, string) {
	start := i + 1
	for j := start; j < len(s); j++ {
		switch b := s[j]; {
		case b == '"':
			return s[start:j], j + 1, ""
		case b == '\\':
			return scanEscaped(s, start, j)
		case b < 0x20:
			return "", 0, "a control character inside a string"
		}
	}
	return "", 0, "a string is not closed"
}

// scanEscaped goes on with a string from its first backslash.
func scanEscaped(s string, start, i int) (string, int, string) {
	var b strings.Builder
	b.Grow(2*(i-start) + 64)
	b.WriteString(s[start:i])
	for i < len(s) {
		c := s[i]
		switch {
		case c == '"':
			return b.String(), i + 1, ""
		case c < 0x20:
			return "", 0, "a control character inside a string"
		case c != '\\':
			end := i + 1
			for end < len(s) && s[end] != '"' && s[end] != '\\' && s[end] >= 0x20 {
				end++
			}
			b.WriteString(s[i:end])
			i = end
			continue
		}
		if i+1 >= len(s) {
			break
		}
		switch e := s[i+1]; e {
		case '"', '\\', '/':
			b.WriteByte(e)
		case 'b':
			b.WriteByte('\b')
		case 'f':
			b.WriteByte('\f')
		case 'n':
			b.WriteByte('\n')
		case 'r':
			b.WriteByte('\r')
		case 't':
			b.WriteByte('\t')
		case 'u':
			r, ok := hex4(s, i+2)
			if !ok {
				return "", 0, "a \\u escape without four hexadecimal digits"
			}
			i += 6
			if r >= 0xd800 && r < 0xe000 {
				low, ok := rune(0), false
				if i+1 < len(s) && s[i] == '\\' && s[i+1] == 'u' {
					low, ok = hex4(s, i+2)
				}
				if !ok || r >= 0xdc00 || low < 0xdc00 || low >= 0xe000 {
					return "", 0, "half a surrogate pair"
				}
				r = (r-0xd800)<<10 + (low - 0xdc00) + 0x10000
				i += 6
			}
			b.WriteRune(r)
			continue
		default:
			return "", 0, "an unknown escape"
		}
		i += 2
	}
	return "", 0, "a string is not closed"
}

func hex4(s string, i int) (rune, bool) {
	if i+4 > len(s) {
		return 0, false
	}
	var r rune
	for _, b := range []byte(s[i : i+4]) {
		r <<= 4
		switch {
		case b >= '0' && b <= '9':
			r |= rune(b - '0')
		case b >= 'a' && b <= 'f':
			r |= rune(b-'a') + 10
		case b >= 'A' && b <= 'F':
			r |= rune(b-'A') + 10
		default:
			return 0, false
		}
	}
	return r, true
}

// scanNumber returns the position behind the number at s[i].
func scanNumber(s string, i int) (int, string) {
	const malformed = "a malformed number"
	digits := func() bool {
		start := i
		for i < len(s) && s[i] >= '0' && s[i] <= '9' {
			i++
		}
		return i > start
	}
	if i < len(s) && s[i] == '-' {
		i++
	}
	if i < len(s) && s[i] == '0' {
		i++
	} else if !digits() {
		return 0, malformed
	}
	if i < len(s) && s[i] == '.' {
		i++
		if !digits() {
			return 0, malformed
		}
	}
	if i < len(s) && (s[i] == 'e' || s[i] == 'E') {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		if !digits() {
			return 0, malformed
		}
	}
	return i, ""
}

// scanValue checks any JSON value and returns the position behind it, and whether there is white space between its tokens.
func scanValue(s string, i, depth int) (end int, spaces bool, reason string) {
	if i >= len(s) {
		return 0, false, "it ends early"
	}
	switch s[i] {
	case '"':
		_, end, reason = scanString(s, i)
		return end, false, reason
	case '{', '[':
	case 't':
		return scanLiteral(s, i, "true")
	case 'f':
		return scanLiteral(s, i, "false")
	case 'n':
		return scanLiteral(s, i, "null")
	default:
		end, reason = scanNumber(s, i)
		return end, false, reason
	}
	if depth >= maxDepth {
		return 0, false, "it is nested too deeply"
	}
	object, closing := s[i] == '{', s[i]+2
	skip := func(from int) int {
		to := scanSpace(s, from)
		spaces = spaces || to != from
		return to
	}
	i = skip(i + 1)
	if i < len(s) && s[i] == closing {
		return i + 1, spaces, ""
	}
	for {
		if object {
			if i >= len(s) || s[i] != '"' {
				return 0, false, "a name is missing"
			}
			if _, i, reason = scanString(s, i); reason != "" {
				return 0, false, reason
			}
			if i = skip(i); i >= len(s) || s[i] != ':' {
				return 0, false, "a colon is missing"
			}
			i = skip(i + 1)
		}
		var inner bool
		if i, inner, reason = scanValue(s, i, depth+1); reason != "" {
			return 0, false, reason
		}
		spaces = spaces || inner
		i = skip(i)
		switch {
		case i >= len(s):
			return 0, false, "it ends early"
		case s[i] == closing:
			return i + 1, spaces, ""
		case s[i] != ',':
			return 0, false, "a comma is missing"
		}
		i = skip(i + 1)
	}
}

func scanLiteral(s string, i int, word string) (int, bool, string) {
	if !strings.HasPrefix(s[i:], word) {
		return 0, false, "a malformed value"
	}
	return i + len(word), false, ""
}

// compact takes the white space between tokens out of valid JSON.
func compact(s string) string {
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(s)); err != nil {
		return s
	}
	return b.String()
}

// scanRow reads one line, a JSON object, and hands each name and value to set, which may refuse it with a reason. The
// reason that comes back is of the line as a whole, or set's.
func scanRow(s string, set func(name string, f field) string) string {
	if !utf8.ValidString(s) {
		return "is not valid UTF-8"
	}
	i := scanSpace(s, 0)
	if i >= len(s) || s[i] != '{' {
		return "is not a JSON object"
	}
	i = scanSpace(s, i+1)
	if i < len(s) && s[i] == '}' {
		return rowEnd(s, i+1)
	}
	for {
		var name, reason string
		if i >= len(s) || s[i] != '"' {
			return notJSON(s, i, "a name is missing")
		}
		if name, i, reason = scanString(s, i); reason != "" {
			return notJSON(s, i, reason)
		}
		if i = scanSpace(s, i); i >= len(s) || s[i] != ':' {
			return notJSON(s, i, "a colon is missing")
		}
		i = scanSpace(s, i+1)
		var f field
		if i >= len(s) {
			return notJSON(s, i, "")
		}
		start := i
		switch s[i] {
		case '"':
			f.kind = fieldText
			f.text, i, reason = scanString(s, i)
		case '{', '[':
			f.kind = fieldNested
			i, _, reason = scanValue(s, i, 0)
		case 't', 'f':
			f.kind = fieldBoolean
			i, _, reason = scanValue(s, i, 0)
		case 'n':
			f.kind = fieldAbsent
			i, _, reason = scanValue(s, i, 0)
		default:
			f.kind = fieldNumber
			i, reason = scanNumber(s, i)
		}
		if reason != "" {
			return notJSON(s, i, reason)
		}
		if f.kind > fieldText {
			f.text = s[start:i]
		}
		if reason := set(name, f); reason != "" {
			return reason
		}
		if i = scanSpace(s, i); i >= len(s) {
			return notJSON(s, i, "")
		}
		if s[i] == '}' {
			return rowEnd(s, i+1)
		}
		if s[i] != ',' {
			return notJSON(s, i, "a comma is missing")
		}
		i = scanSpace(s, i+1)
	}
}

func rowEnd(s string, i int) string {
	if i = scanSpace(s, i); i < len(s) {
		return "has text behind the JSON object"
	}
	return ""
}

func notJSON(s string, i int, reason string) string {
	if i >= len(s) || reason == "a string is not closed" {
		return "is not a whole JSON object: it ends early"
	}
	return "is not a JSON object: " + reason
}
