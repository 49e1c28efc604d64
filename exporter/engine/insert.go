package engine

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// insert is an INSERT whose data follows its text. The library takes such data
// only as part of the text, where binary data breaks, so the front writes it to a
// file and has the library read that.
type insert struct {
	head     string // INSERT INTO table (columns), or up to the data's place in an INSERT SELECT.
	input    int    // Offset in head of the name of the table function input, or -1.
	settings string // The SETTINGS clause, or empty.
	format   string
	data     int // Offset of the first byte of data.
}

// readInsert reads the statement that text starts with; false if it is not an
// INSERT followed by data.
func readInsert(text string) (insert, bool) {
	l := lexer{text: text}
	if !l.is(l.next(), "INSERT") {
		return insert{}, false
	}
	in := insert{input: -1}
	t := l.next()
	for l.is(t, "INTO") || l.is(t, "TABLE") || l.is(t, "FUNCTION") {
		t = l.next()
	}
	// The target's name may be a keyword; what is behind a dot belongs to it.
	for t = l.next(); l.is(t, "."); t = l.next() {
		l.next()
	}
	depth, selects, headEnd := 0, false, 0
	for ; t.kind != endOfText && t.kind != unfinished; t = l.next() {
		switch {
		case l.is(t, "(") || l.is(t, "[") || l.is(t, "{"):
			depth++
		case l.is(t, ")") || l.is(t, "]") || l.is(t, "}"):
			depth--
		case l.is(t, "input") && selects:
			if ahead := l; ahead.is(ahead.next(), "(") {
				in.input = t.start
			}
		case depth > 0:
		case l.is(t, "SELECT") || l.is(t, "WITH"):
			selects = true
		case l.is(t, "INFILE") || l.is(t, ";"):
			return in, false
		case l.is(t, "SETTINGS") && !selects && headEnd == 0:
			headEnd = t.start
		case l.is(t, "VALUES") && !selects, l.is(t, "FORMAT"):
			if selects && in.input < 0 {
				return in, false
			}
			if headEnd == 0 {
				headEnd = t.start
			}
			in.head, in.settings = text[:headEnd], text[headEnd:t.start]
			in.format, in.data = "Values", t.end
			if l.is(t, "FORMAT") {
				in.format = l.name(l.next())
				in.data = in.dataAfterFormat(&l)
			}
			return in, true
		}
	}
	return in, false
}

// dataAfterFormat passes what may stand between the format's name and the data: a
// SETTINGS clause, a semicolon, and white space up to and with one line break.
func (in *insert) dataAfterFormat(l *lexer) int {
	if ahead := *l; ahead.is(ahead.next(), "SETTINGS") {
		start := ahead.pos - len("SETTINGS")
		for {
			ahead.next() // name
			ahead.next() // =
			ahead.next() // value
			end := ahead.pos
			comma := ahead
			if !comma.is(comma.next(), ",") {
				in.settings = l.text[start:end]
				l.pos = end
				break
			}
			ahead = comma
		}
	}
	data := l.pos
	at := func(chars string) bool {
		return data < len(l.text) && strings.IndexByte(chars, l.text[data]) >= 0
	}
	for at(" \t\f") {
		data++
	}
	if at(";") {
		data++
		for at(" \t\f") {
			data++
		}
	}
	if at("\r") {
		data++
	}
	if at("\n") {
		data++
	}
	return data
}

// from is the statement that reads the data from file, a path without the engine's wildcards.
func (in insert) from(file string) string {
	if in.input < 0 {
		return fmt.Sprintf("%s FROM INFILE %s COMPRESSION 'none' %s FORMAT %s", in.head, quote(file), in.settings, in.format)
	}
	// input('structure') becomes file('path', format, 'structure').
	args := strings.IndexByte(in.head[in.input:], '(') + in.input + 1
	return fmt.Sprintf("%sfile(%s, %s, %s %s", in.head[:in.input], quote(file), quote(in.format), in.head[args:], in.settings)
}

// spoolDir holds the data of INSERTs and the pipes of SELECTs while they run. It is
// relative to the engine's folder, which is the working directory of the process:
// so the folder's own name never meets the engine's file name wildcards.
const spoolDir = "spool"

// cleanSpool removes what a killed process left behind.
func cleanSpool() error {
	if err := os.RemoveAll(spoolDir); err != nil {
		return fmt.Errorf("clean the spool directory: %w", err)
	}
	if err := os.Mkdir(spoolDir, 0o700); err != nil {
		return fmt.Errorf("make the spool directory: %w", err)
	}
	return nil
}

// spool writes r to a file and returns its path; the caller removes it. Errors are exceptions.
func spool(name string, r io.Reader) (string, error) {
	path := filepath.Join(spoolDir, name)
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return "", refuse(codeNoSpace, "NOT_ENOUGH_SPACE", "cannot keep the data of the INSERT in the data directory: %v", err)
	}
	_, err = io.Copy(f, r)
	err = errors.Join(err, f.Close())
	if err == nil {
		return path, nil
	}
	os.Remove(path)
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return "", refuse(codeNoSpace, "NOT_ENOUGH_SPACE", "no space left in the data directory for the data of the INSERT; free some and send it again")
	}
	var refused *exception
	if errors.As(err, &refused) {
		return "", refused
	}
	return "", refuse(codeBadArguments, "BAD_ARGUMENTS", "the body of the request ends early or cannot be decoded: %v", err)
}
