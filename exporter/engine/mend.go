//go:build linux && !server

package engine

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// A full disk leaves files of no length, and a machine that loses power leaves files cut short. The library then opens
// none of its data. mend repairs, before the library is loaded, what holds no facts: definitions of temporary tables and
// of views are removed (views are made again when the service starts), and what can be derived is written anew. For the
// rest it returns what is damaged and what to do.

// mender works in the engine's folder, which is the working directory.
type mender struct {
	temporary []string // Patterns of tables, as in cs.kept_*, that nothing is lost with.
	log       *slog.Logger
	problems  []error
}

func mend(temporary []string, log *slog.Logger) error {
	m := &mender{temporary: temporary, log: log}
	for _, file := range m.glob("metadata/*.sql") {
		m.database(file)
	}
	for _, file := range m.glob("metadata/*/*.sql") { // Through the link of each database.
		m.table(file)
	}
	for _, file := range m.glob("store/*/*/format_version.txt") {
		if text, err := os.ReadFile(file); err == nil && len(bytes.TrimSpace(text)) == 0 {
			m.done("an empty file with a format's version was written again", file, os.WriteFile(file, []byte("1"), 0o640))
		}
	}
	for _, file := range m.glob("store/*/*/mutation_*.txt") {
		// An ALTER is answered when this file is whole, and without the file it does not take place.
		if text, err := os.ReadFile(file); err == nil && !(bytes.Contains(text, []byte("\ncommands: ")) && bytes.HasSuffix(text, []byte("\n"))) {
			m.done("a change of a table that was never accepted was removed; if an erasure failed lately, run it again", file, os.Remove(file))
		}
	}
	return errors.Join(m.problems...)
}

func (m *mender) glob(pattern string) []string {
	files, err := filepath.Glob(pattern)
	if err != nil {
		m.problems = append(m.problems, err)
	}
	return files
}

func (m *mender) done(what, file string, err error) {
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		m.problems = append(m.problems, fmt.Errorf("repair %s: %w", file, err))
		return
	}
	m.log.Warn("repaired the data folder, which a full disk or a power failure had damaged", "repair", what, "file", file)
}

// whole tells whether a file has a definition from beginning to end.
func whole(file string) bool {
	text, err := os.ReadFile(file)
	return err == nil && bytes.HasPrefix(text, []byte("ATTACH ")) && bytes.HasSuffix(text, []byte("\n"))
}

// named is the name that a file stands for.
func named(file string) string {
	escaped := strings.TrimSuffix(filepath.Base(file), ".sql")
	if name, err := url.PathUnescape(escaped); err == nil {
		return name
	}
	return escaped
}

func (m *mender) isTemporary(table string) bool {
	for _, pattern := range m.temporary {
		if ok, err := path.Match(pattern, table); ok && err == nil {
			return true
		}
	}
	return false
}

// database mends the definition of a database, which says nothing that its link does not.
func (m *mender) database(file string) {
	if whole(file) {
		return
	}
	link := strings.TrimSuffix(file, ".sql")
	target, err := os.Readlink(link)
	switch {
	case err == nil:
		text := "ATTACH DATABASE _ UUID '" + filepath.Base(target) + "'\nENGINE = Atomic\n"
		m.done("the definition of database "+named(file)+" was written again", file, os.WriteFile(file, []byte(text), 0o640))
	case errors.Is(err, fs.ErrNotExist): // It was being made, and has no tables.
		m.done("the definition of a database without tables was removed", file, os.Remove(file))
	default:
		m.problems = append(m.problems, fmt.Errorf("%s is damaged, and %w; restore the file from a copy of the data folder", file, err))
	}
}

// table mends the definition of a table or view.
func (m *mender) table(file string) {
	if whole(file) {
		return
	}
	database := filepath.Base(filepath.Dir(file))
	table := named(database) + "." + named(file)
	link := filepath.Join("data", database, strings.TrimSuffix(filepath.Base(file), ".sql"))
	_, err := os.Lstat(link)
	switch {
	case m.isTemporary(table):
		m.removeData(link)
		m.done("the temporary table "+table+" was removed", file, os.Remove(file))
	case errors.Is(err, fs.ErrNotExist):
		m.done("the definition of "+table+" was removed; it has no rows, and a view is made again when the service starts", file, os.Remove(file))
	default:
		data, err := os.Readlink(link)
		if err != nil {
			data = link
		}
		m.problems = append(m.problems, fmt.Errorf("%s, the definition of table %s, is empty or cut short, so that the engine cannot open any table; the table's rows are untouched in %s. "+
			"Restore that one file from a copy of the data folder, or restore a backup into a new folder (cskpi restore)", file, table, filepath.Clean(filepath.Join(filepath.Dir(link), data))))
	}
}

// removeData removes the rows of a table, to which link leads.
func (m *mender) removeData(link string) {
	target, err := os.Readlink(link)
	if err != nil {
		return
	}
	dir := filepath.Join(filepath.Dir(link), target)
	if strings.HasPrefix(dir, "store"+string(filepath.Separator)) {
		if err := os.RemoveAll(dir); err != nil {
			m.problems = append(m.problems, fmt.Errorf("remove a temporary table's rows: %w", err))
		}
	}
	os.Remove(link)
}
