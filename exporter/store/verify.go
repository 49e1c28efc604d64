package store

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/queries"
	"cskpi/queries/sqltext"
)

// Verify compares what the installed views and layers return with their headers: names and order of the columns, and types that fit their
// kinds. The error joins every problem as file:line: message, in the order of the files.
func Verify(ctx context.Context, conn driver.Conn, c queries.Catalogue) error {
	views := c.Views()
	names := make([]string, len(views))
	for i, q := range views {
		names[i] = q.View()
	}
	columns, err := columnsOf(ctx, conn, names...)
	if err != nil {
		return fmt.Errorf("verify the views: %w", Brief(err))
	}
	var problems []sqltext.Problem
	for _, q := range views {
		problems = append(problems, compare(q, columns[q.View()])...)
	}
	if len(problems) == 0 {
		return nil
	}
	return sqltext.Join(problems)
}

// compare tells how a result differs from the header.
func compare(q queries.Query, result []queries.ResultColumn) []sqltext.Problem {
	var problems []sqltext.Problem
	fail := func(line int, format string, args ...any) {
		problems = append(problems, sqltext.Problem{File: q.File, Line: line, Text: fmt.Sprintf(format, args...)})
	}
	last := 1
	columns := q.Columns
	if q.Day.Name != "" {
		columns = slices.Concat([]queries.Column{q.Day}, q.Columns)
	}
	for i, c := range columns {
		last = c.Line
		switch {
		case i >= len(result):
			fail(c.Line, "column %s is not in the result", c.Name)
		case result[i].Name != c.Name:
			fail(c.Line, "column %d of the result is %s, and not %s", i+1, result[i].Name, c.Name)
		default:
			if err := fits(q, c.Kind, result[i].Type); err != nil {
				fail(c.Line, "column %s: %v", c.Name, err)
			}
		}
	}
	for _, extra := range result[min(len(columns), len(result)):] {
		fail(last, "the result has a further column %s, which the header does not list", extra.Name)
	}
	return problems
}

var (
	textType      = regexp.MustCompile(`^(String|LowCardinality\(String\)|Enum(8|16)\(.*\))$`)
	numberType    = regexp.MustCompile(`^(Nullable\()?(Float(32|64)|U?Int(8|16|32|64|128|256))\)?$`)
	decimalType   = regexp.MustCompile(`^(Nullable\()?Decimal(32|64|128|256)?\(.*\)\)?$`)
	histogramType = regexp.MustCompile(`^Tuple\(Array\(Float64\), Array\(U?Int(8|16|32|64)\), Float64(, Map\(U?Int(8|16|32|64), U?Int(8|16|32|64)\), U?Int(8|16|32|64))?\)$`)
)

// fits reports why a column of that kind cannot have the type.
func fits(q queries.Query, kind queries.Kind, typ string) error {
	switch kind {
	case queries.Label:
		if !textType.MatchString(typ) {
			return fmt.Errorf("a label is a String, LowCardinality(String) or Enum, and never null, but it is %s", typ)
		}
	case queries.Gauge:
		switch {
		case numberType.MatchString(typ), q.Model && decimalType.MatchString(typ):
		case decimalType.MatchString(typ):
			return fmt.Errorf("a gauge is a float or an integer, but it is %s; convert it with cs_float(…) in the outermost select", typ)
		default:
			return fmt.Errorf("a gauge is a float or an integer, may be Nullable, but it is %s", typ)
		}
	case queries.Part:
		if !numberType.MatchString(typ) && !decimalType.MatchString(typ) {
			return fmt.Errorf("a part is a number, but it is %s", typ)
		}
	case queries.Histogram:
		if !histogramType.MatchString(typ) {
			return errors.New("a histogram is Tuple(Array(Float64), Array(UInt64), Float64, Map(Int32, UInt64), UInt64) without names, as cs_histogram makes it, or the first three of these: upper bounds, the last one inf, cumulative counts, the sum, native buckets and how many values are zero; but it is " + typ)
		}
	}
	return nil
}
