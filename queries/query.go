// Package queries holds what the product knows: the tables that facts lie in, and the definition of every KPI, as SQL.
package queries

import (
	"slices"
	"strings"
	"time"

	"cskpi/queries/sqltext"
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

// Query is one SQL file, and what its header says of it: a plain view, a layer (a table that the refresher computes), or a function. A KPI is a plain
// view, or a layer if its header says that its result is stored.
type Query struct {
	Name    string // file name without .sql
	File    string // path inside its file system, for messages
	Title   string // first sentence; the view's COMMENT
	TitleJA string // the same in Japanese, if given
	Doc     string // the paragraphs after the title, separated by blank lines
	DocJA   string // the same in Japanese, if given
	Columns []Column
	Group   string        // chapter of a KPI in lists for people; empty: Other
	Place   int           // place in its group; 0: after those that have one
	Every   time.Duration // how often the exporter reads it; 0: the exporter's default
	Timeout time.Duration // how long that may take; 0: the exporter's default
	Key     []string      // of a layer: the columns by which its table is ordered
	// Back says of a layer or view that is not read on the same day alone how many days before its own it is read; 0 is the same day.
	Back     map[string][]int
	SQL      string // the bare SELECT; of a function, the lambda
	Model    bool   // no KPI: installed, not exported
	Layer    bool   // a table with the result, by day or not
	Function bool   // no view but the SQL function <Name>; it is a Model, too
	Overlay  bool   // a file of the company, not a built-in one
	Shadowed bool   // facts have the name, so the view is called otherwise
	Inline   bool   // it is read by its text: whoever serves from the database may not have this file, or another one of its name

	// Day is the column day, the first one of every KPI and detail, which Columns leaves out. Its name is empty in layers and in views without it.
	Day Column

	reads, tables []string // views and layers that it reads itself; tables that it reads, directly or not
	own           []string // tables that it reads itself or by way of views, and not by way of layers
	definition    string   // hash of what it says, down to the tables
}

// DayColumn is the name of the column with the day.
const DayColumn = "day"

// View is the name of q's view: its own, or <Name>_kpi where facts have that name (the KPI targets and the facts targets), so that KPIs,
// metrics and facts all keep the name that everybody knows.
func (q Query) View() string {
	if q.Shadowed {
		return q.Name + "_kpi"
	}
	return q.Name
}

// Stored is the name of the table in which a layer lies.
func (q Query) Stored() string { return StoredPrefix + q.View() }

// IsByDay reports whether a layer has rows of its own for each day.
func (q Query) IsByDay() bool { return len(q.Key) > 0 && q.Key[0] == DayColumn }

// IsByAccount reports whether each row of a layer is about one account.
func (q Query) IsByAccount() bool { return slices.Contains(q.Key, "account_id") }

// Computation is the SELECT that gives the rows of a layer for the days of its parameter.
func (q Query) Computation() string {
	if q.Model {
		return q.SQL
	}
	// A KPI is a view with all days. Of two rows with the same labels the table would keep one without a word.
	return "select * except rows_of_key from (\n\tselect *, count() over (partition by " + strings.Join(q.Key, ", ") + ") as rows_of_key\n\tfrom (\n" + q.SQL + "\n\t) as result\n\twhere day in {days:Array(Date)}\n) as counted\n" +
		"where throwIf(rows_of_key > 1, 'two rows of a day have the same labels') = 0"
}

// Metric is the name of the Prometheus metric that column c of q becomes.
func (q Query) Metric(c Column) string { return "cs_" + q.Name + "_" + c.Name }

// Select is the statement that reads q on a day, without the column day. Of a view without a day it reads all.
func (q Query) Select(day time.Time) string {
	text := "select " + strings.Join(q.names(), ", ") + " from " + q.source()
	if q.Day.Name != "" {
		text += " where day = " + sqltext.Day(day)
	}
	return text
}

// SelectDays is the statement that reads q on some days, with the column day first.
func (q Query) SelectDays(days []time.Time) string {
	return "select " + strings.Join(append([]string{DayColumn}, q.names()...), ", ") + " from " + q.source() + " where day in (" + sqltext.Days(days) + ")"
}

// source is what q is read from: its view.
func (q Query) source() string {
	if q.Inline {
		return "(\n" + q.SQL + "\n) as own"
	}
	return q.View()
}

// Inlined is c with query files of the overlay read by their text.
func (c Catalogue) Inlined() Catalogue {
	c = slices.Clone(c)
	for i, q := range c {
		c[i].Inline = q.Overlay && !q.Layer && !q.Function
	}
	return c
}

// names are those of the columns, without the day.
func (q Query) names() []string {
	names := make([]string, len(q.Columns))
	for i, c := range q.Columns {
		names[i] = c.Name
	}
	return names
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

// ReadsTable reports whether q, or what it stands on, reads that table.
func (q Query) ReadsTable(table string) bool { return slices.Contains(q.tables, table) }

// Reads reports whether q, or what it stands on, reads a table whose name begins with prefix.
func (q Query) Reads(prefix string) bool {
	return slices.ContainsFunc(q.tables, func(table string) bool { return strings.HasPrefix(table, prefix) })
}

// Definition is a hash of what q says, down to the tables, functions included. Comments and layout play no part.
func (q Query) Definition() string { return q.definition }
