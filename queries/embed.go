package queries

import (
	"embed"
	"io/fs"
)

//go:embed *.sql models/*.sql functions/*.sql schema/*.sql
var builtin embed.FS

// Builtin is the product's own catalogue: *.sql, models/*.sql, functions/*.sql and schema/*.sql.
func Builtin() fs.FS { return builtin }
