package history

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"cskpi/queries"
)

// StoreToday stores how the rows of the stored models are now, at the end of today so far. read gives the statement for a model and a
// day, as queries.Keeper does.
func (h *History) StoreToday(ctx context.Context, read func(context.Context, queries.Query, time.Time) (sql string, done func())) error {
	today := h.Yesterday().AddDate(0, 0, 1)
	at, err := now(ctx, h.o.Conn)
	if err != nil {
		return queries.Brief(err)
	}
	for _, q := range h.stored {
		if err := h.whole(ctx, q); err != nil {
			return err
		}
		sql, done := read(ctx, q, today)
		err := h.replace(ctx, q, "select "+queries.QuoteDay(today)+" as "+queries.DayColumn+", * from ("+sql+")", []time.Time{today}, at)
		done()
		if err != nil {
			return err
		}
	}
	return nil
}

// store stores the rows of a model on days. Where that fails for several together, it is tried with half as many.
func (f *filling) store(ctx context.Context, q queries.Query, tasks []task, at time.Time) error {
	if len(tasks) == 0 || ctx.Err() != nil {
		return nil
	}
	if f.r.Before != nil {
		if err := f.r.Before(ctx); err != nil {
			return err
		}
	}
	days := make([]time.Time, len(tasks))
	for i, t := range tasks {
		days[i] = t.day
	}
	rows, err := f.storeDays(ctx, q, days, at)
	switch {
	case err == nil:
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.Is(err, queries.ErrDamaged):
		for _, day := range days {
			f.fail(q, day, err)
		}
		return nil
	case len(tasks) > 1:
		if err := f.store(ctx, q, tasks[:len(tasks)/2], at); err != nil {
			return err
		}
		return f.store(ctx, q, tasks[len(tasks)/2:], at)
	default:
		return f.failed(ctx, q, days[0], err)
	}
	runs := f.runs(q, tasks, at)
	ended := make([]endedRun, len(days))
	for i, day := range days {
		ended[i] = endedRun{run: runs[day.Format(time.DateOnly)], asOf: day, rows: rows[day]}
	}
	if err := f.h.insertRuns(ctx, q.Name, ended); err != nil {
		return fmt.Errorf("store that %s was computed: %w", q.Name, queries.Brief(err))
	}
	return nil
}

// storeDays gives how many rows each day has.
func (f *filling) storeDays(ctx context.Context, q queries.Query, days []time.Time, at time.Time) (map[time.Time]uint64, error) {
	if err := f.h.whole(ctx, q); err != nil {
		return nil, err
	}
	sql, done, err := f.h.o.Reader.Select(ctx, q, days)
	if err != nil {
		return nil, err
	}
	defer done()
	if err := f.h.replace(ctx, q, sql, days, at); err != nil {
		return nil, err
	}
	rows, err := f.h.o.Conn.Query(ctx, "select day, count() from cs."+q.Store+" final where day in "+dayList(days)+" group by day")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := map[time.Time]uint64{}
	for rows.Next() {
		var day time.Time
		var n uint64
		if err := rows.Scan(&day, &n); err != nil {
			return nil, err
		}
		found[day.UTC()] = n
	}
	return found, rows.Err()
}

// replace puts the result of sql, whose columns are queries.DayColumn and those of the model, in place of what its table has of the days.
// A row that is there no longer is marked as gone. It may be done again after it failed.
func (h *History) replace(ctx context.Context, q queries.Query, sql string, days []time.Time, at time.Time) error {
	ctx, cancel := context.WithTimeoutCause(ctx, h.o.Timeout*time.Duration(len(days)), errors.New("it took too long; raise CSKPI_TIMEOUT"))
	defer cancel()
	columns, keys := make([]string, len(q.Columns)), []string{}
	for i, c := range q.Columns {
		if columns[i] = c.Name; c.Kind == queries.Key {
			keys = append(keys, c.Name)
		}
	}
	table := "cs." + q.Store
	for _, statement := range []string{
		"insert into " + table + " (day, " + strings.Join(columns, ", ") + ", computed_at)\n" +
			"select " + queries.DayColumn + ", " + strings.Join(columns, ", ") + ", " + timeLiteral(at) + " from (\n" + sql + "\n) as computed",
		"insert into " + table + " (day, " + strings.Join(keys, ", ") + ", computed_at, is_gone)\n" +
			"select day, " + strings.Join(keys, ", ") + ", " + timeLiteral(at) + ", 1 from " + table + " final where day in " + dayList(days) + " and computed_at < " + timeLiteral(at),
	} {
		if err := h.o.Conn.Exec(ctx, statement); err != nil {
			return fmt.Errorf("store %s: %w", q.Name, queries.Brief(err))
		}
	}
	return nil
}
