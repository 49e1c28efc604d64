package api

import (
	"errors"
	"fmt"
)

const maxNesting = 100 // of a JSON text

var errNoJSON = errors.New("the body is neither a JSON array nor an object")

// toLines turns a JSON array of rows, or a single row, into NDJSON: one row per line. It works in place, since a row never gets
// longer. It only finds where rows end; whether they are valid JSON is for the checker of rows to say.
func toLines(text []byte) ([]byte, error) {
	i := skipSpace(text, 0)
	if i == len(text) || text[i] != '[' && text[i] != '{' {
		return nil, errNoJSON
	}
	out := 0
	if text[i] == '{' {
		end, next, err := copyRow(text, out, i)
		if err != nil {
			return nil, err
		}
		if next = skipSpace(text, next); next < len(text) {
			return nil, fmt.Errorf("byte %d: there is more behind the JSON object; send several rows as an array, or as application/x-ndjson", next+1)
		}
		return text[:end], nil
	}
	if i = skipSpace(text, i+1); i < len(text) && text[i] == ']' {
		i++
	} else {
		for more := true; more; {
			end, next, err := copyRow(text, out, i)
			if err != nil {
				return nil, err
			}
			if next = skipSpace(text, next); next == len(text) {
				return nil, errors.New("the JSON array ends early; nothing of it was stored")
			}
			switch text[next] {
			case ',':
				i = skipSpace(text, next+1)
			case ']':
				more, i = false, next+1
			default:
				return nil, fmt.Errorf("byte %d: a comma is missing in the JSON array", next+1)
			}
			// The comma or bracket has been read, so there is room for the end of the line.
			text[end] = '\n'
			out = end + 1
		}
	}
	if i = skipSpace(text, i); i < len(text) {
		return nil, fmt.Errorf("byte %d: there is more behind the JSON array", i+1)
	}
	return text[:out], nil
}

// copyRow moves the JSON value at text[i] to text[out], white space made one blank, and returns the ends of both.
func copyRow(text []byte, out, i int) (end, next int, err error) {
	var open [maxNesting]byte
	depth, start := 0, i
	for i < len(text) {
		b := text[i]
		switch b {
		case '"':
			length, err := stringLength(text[i:])
			if err != nil {
				return 0, 0, fmt.Errorf("byte %d: %w", i+1, err)
			}
			out += copy(text[out:], text[i:i+length])
			i += length
			continue
		case '{', '[':
			if depth == maxNesting {
				return 0, 0, fmt.Errorf("byte %d: JSON is nested more than %d deep", i+1, maxNesting)
			}
			open[depth] = b + 2 // the bracket that closes it
			depth++
		case '}', ']':
			if depth == 0 && i > start {
				return out, i, nil
			}
			if depth == 0 {
				return 0, 0, fmt.Errorf("byte %d: a value is missing in the JSON array", i+1)
			}
			if depth--; open[depth] != b {
				return 0, 0, fmt.Errorf("byte %d: %q closes what %q opened", i+1, b, open[depth]-2)
			}
		case ',':
			if depth == 0 && i > start {
				return out, i, nil
			}
			if depth == 0 {
				return 0, 0, fmt.Errorf("byte %d: a value is missing in the JSON array", i+1)
			}
		case ' ', '\t', '\r', '\n':
			if i = skipSpace(text, i); depth == 0 {
				return out, i, nil
			}
			text[out] = ' '
			out++
			continue
		}
		text[out] = b
		out++
		if i++; depth == 0 && (b == '}' || b == ']') {
			return out, i, nil
		}
	}
	if depth > 0 || i == start {
		return 0, 0, errors.New("the JSON ends early; nothing of it was stored")
	}
	return out, i, nil
}

// stringLength is the length of the string at the start of text, with its quotes.
func stringLength(text []byte) (int, error) {
	for i := 1; i < len(text); i++ {
		switch b := text[i]; {
		case b == '"':
			return i + 1, nil
		case b == '\\':
			i++
		case b == '\n' || b == '\r':
			return 0, errors.New("a string is not closed at the end of its line")
		}
	}
	return 0, errors.New("a string is not closed; nothing was stored")
}

func skipSpace(text []byte, i int) int {
	for i < len(text) && (text[i] == ' ' || text[i] == '\t' || text[i] == '\r' || text[i] == '\n') {
		i++
	}
	return i
}
