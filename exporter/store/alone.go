package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Alone runs do while nobody rolls up usage, neither here nor in another process. The context of do ends when that can no
// longer be relied on. Who takes events away works so: a roll-up that had read them would bring back what was made of them.
func Alone(ctx context.Context, conn driver.Conn, do func(context.Context) error) error {
	return usageTurns.alone(ctx, conn, "see to it that nobody rolls up usage", do)
}

// AloneInHistory runs do while nobody else computes KPIs of past days to be stored, as Alone does for usage.
func AloneInHistory(ctx context.Context, conn driver.Conn, do func(context.Context) error) error {
	return historyTurns.alone(ctx, conn, "see to it that nobody else computes past days", do)
}

// AloneInRefresh runs do while nobody else computes layers, as Alone does for usage. Of several turns, that of the history is taken first, then this
// one, then that of usage.
func AloneInRefresh(ctx context.Context, conn driver.Conn, do func(context.Context) error) error {
	return refreshTurns.alone(ctx, conn, "see to it that nobody else computes layers", do)
}

func (w *turns) alone(ctx context.Context, conn driver.Conn, what string, do func(context.Context) error) error {
	held, done, err := w.reserve(ctx, conn)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	defer done()
	if err := do(held); err != nil {
		if errors.Is(context.Cause(held), w.lost) {
			return w.lost
		}
		return err
	}
	return nil
}
