package queries

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
)

//go:generate go test -run ^TestColumns$ -update -count=1 .

// columns.txt has the types of the columns of all built-in views and layers, so that they are installed without the engine having to plan each of
// them. A line is a file's definition, its name, and for each column name and type, apart by tabs. What has another definition is found out.
//
//go:embed columns.txt
var columnsFile string

// knownColumns are the columns by definition: those of the file, and what was found out since.
var knownColumns = sync.OnceValue(func() *sync.Map {
	known := &sync.Map{}
	for line := range strings.Lines(columnsFile) {
		fields := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		var columns []described
		for i := 2; i+1 < len(fields); i += 2 {
			columns = append(columns, described{fields[i], fields[i+1]})
		}
		known.Store(fields[0], columns)
	}
	return known
})

// columns are those that q is known to have; none: not known.
func (q Query) columns() []described {
	found, _ := knownColumns().Load(q.definition)
	columns, _ := found.([]described)
	return columns
}

// writeColumns is the text of the file for installed views and layers.
func writeColumns(c Catalogue, of map[string][]described) string {
	var out strings.Builder
	for _, q := range slices.SortedFunc(slices.Values(c.views()), func(a, b Query) int { return strings.Compare(a.View(), b.View()) }) {
		if q.Overlay {
			continue
		}
		fmt.Fprintf(&out, "%s\t%s", q.definition, q.View())
		for _, column := range of[q.View()] {
			fmt.Fprintf(&out, "\t%s\t%s", column.name, column.typ)
		}
		out.WriteByte('\n')
	}
	return out.String()
}
