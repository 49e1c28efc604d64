package queries

import (
	"embed"
	"io/fs"
)

//go:embed *.sql layers/*.sql views/*.sql functions/*.sql schema/*.sql tables/*.sql rollup/*.sql
var builtin embed.FS

// Builtin is all SQL of the product: *.sql (KPIs), views/*.sql, layers/*.sql and functions/*.sql are its catalogue, tables/*.sql and schema/*.sql
// make its tables, and rollup/*.sql make daily usage of events.
func Builtin() fs.FS { return builtin }
