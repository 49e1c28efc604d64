package parts

import (
	"context"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/store"
)

// RollUp is store.RollUp, unless the data for it is damaged: days would be rolled up anew without what is lost.
func (w *Watch) RollUp(ctx context.Context, progress func(store.RollUpProgress)) error {
	if err := w.usageWhole(ctx); err != nil {
		return err
	}
	return store.RollUp(ctx, guarded{w.o.Conn, w}, progress)
}

// guarded runs statements of a roll-up as long as its data is whole. The engine can lose data and be started again between any two
// statements, or just before it runs one. Then nothing that follows is done, so that a day which was rolled up without that data is
// not marked as done, and is rolled up again.
type guarded struct {
	driver.Conn
	watch *Watch
}

func (g guarded) Exec(ctx context.Context, query string, args ...any) error {
	if err := g.watch.usageWhole(ctx); err != nil {
		return err
	}
	if err := g.Conn.Exec(ctx, query, args...); err != nil {
		return err
	}
	return g.watch.usageWhole(ctx)
}

func (g guarded) Query(ctx context.Context, query string, args ...any) (driver.Rows, error) {
	if err := g.watch.usageWhole(ctx); err != nil {
		return nil, err
	}
	rows, err := g.Conn.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	if err := g.watch.usageWhole(ctx); err != nil {
		_ = rows.Close() // the other error is the cause
		return nil, err
	}
	return rows, nil
}
