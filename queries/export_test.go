package queries

import (
	"context"
	"io/fs"
	"maps"
	"slices"
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
