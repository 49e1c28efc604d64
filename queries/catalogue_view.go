package queries

import (
	"slices"
	"strings"

	"cskpi/queries/sqltext"
)

// CatalogueView is the name of the view that lists all others.
const CatalogueView = "catalogue"

// Listing is the statement that makes the view catalogue: what there is to select from and what it means, one row for each column. It is
// made of the query files, and of the comments of the tables.
func (c Catalogue) Listing() string {
	var views []string
	for _, q := range c {
		columns := make([]string, 0, len(q.Columns)+1)
		all := q.Columns
		if q.Day.Name != "" {
			all = slices.Concat([]Column{q.Day}, q.Columns)
		}
		for _, column := range all {
			metric := ""
			if !q.Model && (column.Kind == Gauge || column.Kind == Histogram) {
				metric = q.Metric(column)
			}
			columns = append(columns, sqltext.Tuple(column.Name, string(column.Kind), c.unit(q, column), column.Help, metric))
		}
		if q.Function {
			columns = append(columns, sqltext.Tuple("", "", "", "", ""))
		}
		name := q.View()
		if q.Function {
			name = q.Name
		}
		views = append(views, "("+sqltext.Quotes([]string{name, q.sort(), q.Title, q.TitleJA, q.File, c.chapter(q)})+", ["+strings.Join(columns, ", ")+"])")
	}
	made := ""
	if len(views) > 0 {
		made = `select v.1 as view, v.2 as kind, c.1 as column, toUInt64(position) as position, c.2 as type, c.3 as unit, c.4 as help, v.3 as title, v.4 as title_ja, c.5 as metric, v.6 as chapter, v.5 as file
from (select arrayJoin([
` + strings.Join(views, ",\n") + `
]) as v) as views
array join v.7 as c, arrayEnumerate(v.7) as position
union all
`
	}
	return "create or replace view " + CatalogueView + " as (\n" + made + `select
    t.name as view, 'table' as kind, c.name as column, c.position as position, c.type as type, '' as unit, c.comment as help,
    t.comment as title, '' as title_ja, '' as metric, '' as chapter, '' as file
from system.tables as t
inner join system.columns as c on c.database = t.database and c.table = t.name
where t.database = currentDatabase() and (t.engine like '%MergeTree' or t.engine in ('Memory', 'KeeperMap') or t.name in (` + factList() + `))
) comment 'Every view, function and table with its columns: what they mean and what they are counted in.'`
}

// sort says what sort of query q is: kpi, detail, view, layer or function.
func (q Query) sort() string {
	switch {
	case q.Function:
		return "function"
	case q.Layer && q.Model:
		return "layer"
	case q.IsDetail():
		return "detail"
	case q.Model:
		return "view"
	}
	return "kpi"
}

// unit is the unit of a column; a part is counted in what its KPI is counted in.
func (c Catalogue) unit(q Query, column Column) string {
	if column.Kind == Part && q.IsDetail() {
		if kpi, found := c.Get(strings.TrimSuffix(q.Name, "_detail")); found {
			for _, g := range kpi.Of(Gauge) {
				if g.Name == column.Name {
					return g.Unit()
				}
			}
		}
	}
	return column.Unit()
}

// chapter is the chapter of a KPI, and of its detail.
func (c Catalogue) chapter(q Query) string {
	if kpi, found := c.Get(strings.TrimSuffix(q.Name, "_detail")); found && q.IsDetail() {
		return kpi.Group
	}
	return q.Group
}

// factList has the names of the views of facts, as texts of SQL.
func factList() string {
	var names []string
	for _, f := range Facts() {
		names = append(names, f.Name)
	}
	return sqltext.Quotes(names)
}
