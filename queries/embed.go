package queries

import (
	"embed"
	"io/fs"
)

//go:embed *.sql layers/*.sql views/*.sql functions/*.sql schema/*.sql
var builtin embed.FS

// Builtin is the product's own catalogue: *.sql (KPIs), views/*.sql, layers/*.sql, functions/*.sql and schema/*.sql.
func Builtin() fs.FS { return builtin }
