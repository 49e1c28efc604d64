package store

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

	"cskpi/queries"
	"cskpi/queries/sqltext"
)

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
	hash := sha256.New()
	for _, t := range queries.Tables() {
		statements, err := sqltext.Split(t.SQL)
		if err != nil {
			return "", err
		}
		for _, t := range statements[0].Tokens {
			fmt.Fprintln(hash, t.Text)
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

// ColumnsFile is what columns.txt is to say, by the views and layers that are installed.
func ColumnsFile(ctx context.Context, conn driver.Conn, c queries.Catalogue) (string, error) {
	var names []string
	for _, q := range c.Views() {
		names = append(names, q.View())
	}
	columns, err := columnsOf(ctx, conn, names...)
	var out strings.Builder
	for _, q := range slices.SortedFunc(slices.Values(c.Views()), func(a, b queries.Query) int { return strings.Compare(a.View(), b.View()) }) {
		if q.Overlay {
			continue
		}
		fmt.Fprintf(&out, "%s\t%s", q.Definition(), q.View())
		for _, column := range columns[q.View()] {
			fmt.Fprintf(&out, "\t%s\t%s", column.Name, column.Type)
		}
		out.WriteByte('\n')
	}
	return out.String(), err
}

// ForgetColumns lets the engine find the columns of views and layers out.
func ForgetColumns(c queries.Catalogue) {
	for _, q := range c.Views() {
		columnsFound.Store(q.Definition(), []queries.ResultColumn(nil))
	}
}

// Link is a [link] from alias to user.
type Link struct {
	Alias, User string
	Weak        bool
}

// SamePeople is [samePeople].
func SamePeople(links []Link) map[string]string {
	all := make([]link, len(links))
	for i, l := range links {
		all[i] = link{l.Alias, l.User, l.Weak}
	}
	return samePeople(all)
}
