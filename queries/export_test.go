package queries

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// What tests of other packages cannot reach: loading and migrating without the built-in files.
var LoadOnly = load

// MigrateOnly migrates a single server by other files.
func MigrateOnly(ctx context.Context, conn driver.Conn, fsys fs.FS) error {
	return migrate(ctx, conn, "", fsys)
}

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

// OverDays rewrites a body that may read the built-in views.
func OverDays(body string, days ...time.Time) (string, error) {
	c, err := Load()
	if err != nil {
		return "", err
	}
	views := map[string]Query{}
	for _, q := range c.views() {
		views[q.View()] = q
	}
	return overDays(inline(body, expander(views, nil)), days, nil)
}

// SQL is the body of a layer or view; empty: there is none of the name.
func (l Layout) SQL(name string) string {
	for _, q := range slices.Concat(l.Layers, l.Views) {
		if q.Name == name {
			return q.SQL
		}
	}
	return ""
}

// KPIs are the views that have a place in a group.
func (l Layout) KPIs() []Query {
	return slices.DeleteFunc(slices.Clone(l.Views), func(q Query) bool { return q.Model })
}

// Mutated is the layout with another text in the body of a layer or view, which is made anew in the database of conn. The old text must be there once.
func (l Layout) Mutated(ctx context.Context, conn driver.Conn, name, old, replacement string) (Layout, error) {
	l.Layers, l.Views = slices.Clone(l.Layers), slices.Clone(l.Views)
	for _, all := range [][]Query{l.Layers, l.Views} {
		i := slices.IndexFunc(all, func(q Query) bool { return q.Name == name })
		if i < 0 {
			continue
		}
		if n := strings.Count(all[i].SQL, old); old != "" && n != 1 {
			return l, fmt.Errorf("%s has %d times %q", all[i].File, n, old)
		}
		all[i].SQL = strings.Replace(all[i].SQL, old, replacement, 1)
		if strings.HasPrefix(all[i].File, "views/") {
			return l, l.installView(ctx, conn, all[i])
		}
		return l, nil
	}
	return l, fmt.Errorf("there is no layer or view %s", name)
}
