// Package queries holds what the product knows: the tables that facts lie in, and the definition of every KPI, as SQL.
package queries

import (
	"slices"
	"strings"
	"time"
)

// Kind says what a result column is for.
type Kind string

// The kinds of columns. KPIs have labels, gauges and histograms; details have labels, keys, parts and facts.
const (
	Label     Kind = "label"     // a bounded set of strings; a label of the metric
	Gauge     Kind = "gauge"     // a number; a metric of its own
	Histogram Kind = "histogram" // a distribution; a Prometheus histogram
	Key       Kind = "key"       // what a row of a detail is about: an account, a contract
	Part      Kind = "part"      // what a row contributes to the KPI's column of the same name
	Fact      Kind = "fact"      // what decided
)

// Column is one result column of a query, as its header declares it.
type Column struct {
	Name string
	Kind Kind
	Help string // one sentence: HELP text, panel description
	Line int    // line of the declaration in the file
}

// Query is one SQL file: a view in the database cs, and what its header says of it.
type Query struct {
	Name     string // file name without .sql
	File     string // path inside its file system, for messages
	Title    string // first sentence; the view's COMMENT
	TitleJA  string // the same in Japanese, if given
	Doc      string // the paragraphs after the title, separated by blank lines
	DocJA    string // the same in Japanese, if given
	Columns  []Column
	Group    string        // chapter of a KPI in lists for people; empty: Other
	Place    int           // place in its group; 0: after those that have one
	Every    time.Duration // how often the exporter refreshes it; 0: the exporter's default
	Timeout  time.Duration // how long one refresh may take; 0: the exporter's default
	Keep     time.Duration // of a model: how long its rows may be kept for the queries of one pass; 0: never
	Key      []string      // of a layer: the columns by which its table is ordered
	Store    string        // of a model: the table in which its rows of each day are stored; empty: in none
	SQL      string        // the bare SELECT; of a function, the lambda
	Model    bool          // a building block: installed, not exported
	Function bool          // a building block that is no view but the SQL function <Name>; it is a Model, too
	Overlay  bool          // a file of the company, not a built-in one
	Shadowed bool          // a table of facts has the name, so the view is called otherwise

	flat   string   // SQL with the views that it reads written out; empty: not known
	tables []string // that flat reads
}

// View is the name of q's view in the database cs: its own, or <Name>_kpi where a table of facts has that name (the
// KPI targets and the table targets), so that KPIs, metrics and tables all keep the name that everybody knows.
func (q Query) View() string {
	if q.Shadowed {
		return q.Name + "_kpi"
	}
	return q.Name
}

// Metric is the name of the Prometheus metric that column c of q becomes.
func (q Query) Metric(c Column) string { return "cs_" + q.Name + "_" + c.Name }

// Select is the statement that computes q at the end of asOf's day: what a select from its view gives, but planned faster.
func (q Query) Select(asOf time.Time) string {
	names := make([]string, len(q.Columns))
	for i, c := range q.Columns {
		names[i] = c.Name
	}
	return "select " + strings.Join(names, ", ") + " from " + q.statement(asOf)
}

// Of returns the columns of the given kinds, in order.
func (q Query) Of(kinds ...Kind) []Column {
	var cs []Column
	for _, c := range q.Columns {
		for _, k := range kinds {
			if c.Kind == k {
				cs = append(cs, c)
			}
		}
	}
	return cs
}

// ReadsTable reports whether q, or a view that it stands on, reads that table of cs.
func (q Query) ReadsTable(table string) bool {
	return q.flat == "" || slices.Contains(q.tables, table)
}

// Reads reports whether q, or a view that it stands on, reads a table of cs whose name begins with prefix.
func (q Query) Reads(prefix string) bool {
	return q.flat == "" || slices.ContainsFunc(q.tables, func(table string) bool { return strings.HasPrefix(table, prefix) })
}
