package queries

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// What tests of other packages cannot reach: loading and migrating without the built-in files.
var LoadOnly = load

// MigrateOnly migrates a single server by other files.
func MigrateOnly(ctx context.Context, conn driver.Conn, fsys fs.FS) error {
	migrations, err := loadMigrations(fsys)
	if err != nil {
		return err
	}
	return applyMigrations(ctx, conn, "", migrations, false, nil)
}

// TablesRevision is the number of the present content of tables/.
const TablesRevision = tablesRevision

// TablesChecksum is that of the statements of tables/, whose comments may be corrected.
func TablesChecksum() (string, error) {
	statements, err := tableStatements()
	if err != nil {
		return "", err
	}
	hash := sha256.New()
	for _, s := range statements {
		for _, t := range s.tokens {
			fmt.Fprintln(hash, t.text)
		}
	}
	return hex.EncodeToString(hash.Sum(nil)), nil
}

// Conform is [conform] on one server.
func Conform(ctx context.Context, conn driver.Conn) error { return conform(ctx, conn, "") }

// Checksums are those of the migrations, by file.
func Checksums(fsys fs.FS) (map[string]string, error) {
	migrations, err := loadMigrations(fsys)
	sums := map[string]string{}
	for _, m := range migrations {
		sums[m.name] = m.checksum
	}
	return sums, err
}

// Amendments are the names and earlier checksums of the files that were edited after databases had them.
func Amendments() (files [][2]string) {
	return slices.Collect(maps.Keys(amendments))
}

// Adapt writes a statement as a cluster needs it.
func (c Cluster) Adapt(text string) (string, error) { return c.adapt(text) }

// Statement is one of several of a file.
type Statement struct {
	Text  string
	Line  int
	First string   // its first word, as written
	Notes []string // its comments
}

// Split cuts SQL text at its semicolons.
func Split(src string) ([]Statement, error) {
	all, err := split(src)
	out := make([]Statement, len(all))
	for i, s := range all {
		out[i] = Statement{Text: s.text, Line: s.line, First: s.tokens[0].text}
		for _, n := range s.notes {
			out[i].Notes = append(out[i].Notes, n.text)
		}
	}
	return out, err
}

// FactNames are the tables of facts, in one text.
func FactNames() string {
	var names []string
	for _, f := range facts() {
		names = append(names, f.name)
	}
	return strings.Join(names, " ")
}

// ColumnsFile is what columns.txt is to say, by the views and layers that are installed.
func ColumnsFile(ctx context.Context, conn driver.Conn, c Catalogue) (string, error) {
	var names []string
	for _, q := range c.views() {
		names = append(names, q.View())
	}
	columns, err := columnsOf(ctx, conn, names...)
	return writeColumns(c, columns), err
}

// ForgetColumns lets the engine find all columns out.
func ForgetColumns() { knownColumns().Clear() }

// SQL is the body of a layer or view; empty: there is none of the name.
func (l Layout) SQL(name string) string {
	for _, q := range slices.Concat(l.Layers, l.Views) {
		if q.View() == name {
			return q.SQL
		}
	}
	return ""
}

// KPIs are the views that have a place in a group.
func (l Layout) KPIs() []Query {
	return slices.DeleteFunc(slices.Concat(l.Layers, l.Views), func(q Query) bool { return q.Model })
}

// Mutated is the layout with another text in the body of a layer or view, which is made anew in the database of conn. The old text must be there once.
func (l Layout) Mutated(ctx context.Context, conn driver.Conn, name, old, replacement string) (Layout, error) {
	l.Layers, l.Views = slices.Clone(l.Layers), slices.Clone(l.Views)
	for _, all := range [][]Query{l.Layers, l.Views} {
		i := slices.IndexFunc(all, func(q Query) bool { return q.View() == name })
		if i < 0 {
			continue
		}
		if n := strings.Count(all[i].SQL, old); old != "" && n != 1 {
			return l, fmt.Errorf("%s has %d times %q", all[i].File, n, old)
		}
		all[i].SQL = strings.Replace(all[i].SQL, old, replacement, 1)
		if !all[i].Layer {
			return l, conn.Exec(ctx, all[i].create(nil))
		}
		return l, nil
	}
	return l, fmt.Errorf("there is no layer or view %s", name)
}
