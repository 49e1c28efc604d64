package queries

import (
	"context"
	"errors"
	"fmt"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Alone runs do while nobody rolls up usage, neither here nor in another process. The context of do ends when that can no
// longer be relied on. Who takes events away works so: a roll-up that had read them would bring back what was made of them.
func Alone(ctx context.Context, conn driver.Conn, do func(context.Context) error) error {
	held, done, err := reserve(ctx, conn)
	if err != nil {
		return fmt.Errorf("see to it that nobody rolls up usage: %w", err)
	}
	defer done()
	if err := do(held); err != nil {
		if errors.Is(context.Cause(held), errClaimLost) {
			return errClaimLost
		}
		return err
	}
	return nil
}
