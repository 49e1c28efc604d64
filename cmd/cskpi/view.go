package main

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"cskpi/exporter/service"
	"cskpi/exporter/store"
	"cskpi/queries"
	"cskpi/queries/sqltext"
)

// view reads a view on a day, narrowed by a condition or limit, in an order that is the same each time.
func view(ctx context.Context, d *service.Database, q queries.Query, asOf time.Time, where, limit string, args ...any) (table, error) {
	order := strings.Join(names(q.Of(queries.Label, queries.Key)), ", ")
	if order != "" {
		order = " order by " + order
	}
	if err := d.Parts.Whole(ctx, nil, q); err != nil {
		return table{}, fmt.Errorf("%s: %w", q.View(), err)
	}
	done, err := d.Days.Read(ctx, []queries.Query{q}, asOf)
	if err != nil {
		return table{}, fmt.Errorf("%s: %w", q.View(), err)
	}
	defer done()
	if err := d.Days.Broken(q); err != nil {
		return table{}, fmt.Errorf("%s: %w", q.View(), err)
	}
	if own, found := d.Catalogue.Get(q.Name); found {
		q = own
	}
	statement := q.Select(asOf)
	switch {
	case q.Day.Name != "":
		where = strings.Replace(where, " where ", " and ", 1)
	case q.IsByDay(): // a layer, in which the day is a column like the others
		where = " where day = " + sqltext.Day(asOf) + strings.Replace(where, " where ", " and ", 1)
	}
	rows, err := d.Conn.Query(ctx, statement+where+order+limit, args...)
	if err != nil {
		return table{}, refusedBy(d, q, err)
	}
	t, err := readTable(rows)
	if err != nil {
		return table{}, refusedBy(d, q, err)
	}
	// Over HTTP a result without rows has no columns either.
	t.columns = names(q.Columns)
	return t, nil
}

// refused names the view that a query failed on, and if something is not there, what to do.
func refusedBy(d *service.Database, q queries.Query, err error) error {
	const unknownTable, unknownFunction = 60, 46
	var e *clickhouse.Exception
	if d.Shared && errors.As(err, &e) && (e.Code == unknownTable || e.Code == unknownFunction) {
		return fmt.Errorf("something that %s stands on is not installed there; start cskpi serve with these query files, which installs them: %w", q.View(), store.Brief(err))
	}
	return fmt.Errorf("%s: %w", q.View(), store.Brief(err))
}
