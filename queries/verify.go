package queries

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// verifiers is how many views are verified at once.
const verifiers = 4

// Verify asks the engine what each view of c returns, and compares that with its header: names and order of
// the columns, and types that fit their kinds. The error joins every problem as file:line: message, in the order of the
// files.
func Verify(ctx context.Context, conn driver.Conn, c Catalogue) error {
	v := verifier{conn: conn, results: map[string]func() ([]described, error){}, leaves: map[string]string{}}
	views := c.views()
	for _, q := range views {
		if q.flat != "" && !readsViews(q) {
			v.leaves[q.View()] = q.flat
		}
		v.results[q.View()] = sync.OnceValues(func() ([]described, error) { return v.describe(ctx, q) })
	}
	next := make(chan Query)
	var workers sync.WaitGroup
	for range verifiers {
		workers.Go(func() {
			for q := range next {
				_, _ = v.results[q.View()]()
			}
		})
	}
	for _, q := range views {
		next <- q
	}
	close(next)
	workers.Wait()

	if err := ctx.Err(); err != nil {
		return fmt.Errorf("verify the views: %w", err)
	}
	var problems []problem
	for _, q := range views {
		result, err := v.results[q.View()]()
		if err != nil && !unfit(err) {
			return fmt.Errorf("verify %s: %w", q.File, Brief(err))
		}
		if err != nil {
			problems = append(problems, problem{q.File, 1, "the engine refuses the query: " + Brief(err).Error()})
			continue
		}
		problems = append(problems, compare(q, result)...)
	}
	if len(problems) == 0 {
		return nil
	}
	return join(problems)
}

// described is a column of a result.
type described struct{ name, typ string }

type verifier struct {
	conn    driver.Conn
	results map[string]func() ([]described, error) // by view, each asked once
	leaves  map[string]string                      // texts of the views that read no others
}

func readsViews(q Query) bool {
	found := false
	inline(q.SQL, func(model) (string, bool) {
		found = true
		return "", false
	})
	return found
}

// describe asks for the columns of q. In place of the views that it reads stands nothing but their columns, because the
// engine takes seconds over a text that is many views deep.
func (v verifier) describe(ctx context.Context, q Query) ([]described, error) {
	text := inline(q.SQL, func(called model) (string, bool) {
		if text, leaf := v.leaves[called.view]; leaf {
			return text, true
		}
		result, known := v.results[called.view]
		if !known {
			return "", false
		}
		columns, err := result()
		if err != nil {
			return "", false // the engine says why
		}
		list := make([]string, len(columns))
		for i, c := range columns {
			list[i] = "`" + c.name + "` " + c.typ
		}
		return "select * from null(" + QuoteText(strings.Join(list, ", ")) + ")", true
	})
	// The day matters to no type. An early one keeps scalar subqueries, which the engine computes even now, cheap.
	statement := q.statement(time.Unix(0, 0).UTC())
	if text != "" {
		statement = "(\n" + onDay(text, time.Unix(0, 0).UTC()) + "\n) as " + q.View()
	}
	rows, err := v.conn.Query(ctx, "describe (select * from "+statement+")")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var result []described
	for rows.Next() {
		var d described
		var unused string // defaults, comments and the like; how many depends on the version of ClickHouse
		fields := []any{&d.name, &d.typ}
		for range rows.Columns()[len(fields):] {
			fields = append(fields, &unused)
		}
		if err := rows.Scan(fields...); err != nil {
			return nil, err
		}
		result = append(result, d)
	}
	return result, rows.Err()
}

// compare tells how a result differs from the header.
func compare(q Query, result []described) []problem {
	var problems []problem
	fail := func(line int, format string, args ...any) {
		problems = append(problems, problem{q.File, line, fmt.Sprintf(format, args...)})
	}
	last := 1
	for i, c := range q.Columns {
		last = c.Line
		switch {
		case i >= len(result):
			fail(c.Line, "column %s is not in the result", c.Name)
		case result[i].name != c.Name:
			fail(c.Line, "column %d of the result is %s, and not %s", i+1, result[i].name, c.Name)
		default:
			if err := fits(q, c.Kind, result[i].typ); err != nil {
				fail(c.Line, "column %s: %v", c.Name, err)
			}
		}
	}
	for _, extra := range result[min(len(q.Columns), len(result)):] {
		fail(last, "the result has a further column %s, which the header does not list", extra.name)
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
func fits(q Query, kind Kind, typ string) error {
	switch kind {
	case Label:
		if !textType.MatchString(typ) {
			return fmt.Errorf("a label is a String, LowCardinality(String) or Enum, and never null, but it is %s", typ)
		}
	case Gauge:
		switch {
		case numberType.MatchString(typ), q.Model && decimalType.MatchString(typ):
		case decimalType.MatchString(typ):
			return fmt.Errorf("a gauge is a float or an integer, but it is %s; convert it with cs_float(…) in the outermost select", typ)
		default:
			return fmt.Errorf("a gauge is a float or an integer, may be Nullable, but it is %s", typ)
		}
	case Part:
		if !numberType.MatchString(typ) && !decimalType.MatchString(typ) {
			return fmt.Errorf("a part is a number, but it is %s", typ)
		}
	case Histogram:
		if !histogramType.MatchString(typ) {
			return errors.New("a histogram is Tuple(Array(Float64), Array(UInt64), Float64, Map(Int32, UInt64), UInt64) without names, as cs_histogram makes it, or the first three of these: upper bounds, the last one inf, cumulative counts, the sum, native buckets and how many values are zero; but it is " + typ)
		}
	}
	return nil
}
