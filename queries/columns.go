package queries

import (
	_ "embed"
	"strings"
	"sync"
)

//go:generate go test cskpi/exporter/store -run ^TestColumns$ -update -count=1

// columns.txt has the types of the columns of all built-in views and layers, so that they are installed without the engine having to plan each of
// them. A line is a file's definition, its name, and for each column name and type, apart by tabs. What has another definition is found out.
//
//go:embed columns.txt
var columnsFile string

// ResultColumn is a column of a result.
type ResultColumn struct{ Name, Type string }

// KnownColumns are the columns of the built-in views and layers, by [Query.Definition].
var KnownColumns = sync.OnceValue(func() map[string][]ResultColumn {
	known := map[string][]ResultColumn{}
	for line := range strings.Lines(columnsFile) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		var columns []ResultColumn
		for i := 2; i+1 < len(fields); i += 2 {
			columns = append(columns, ResultColumn{fields[i], fields[i+1]})
		}
		known[fields[0]] = columns
	}
	return known
})
