package store

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// FirstFact is the first day of which facts say something: the start of the first contract, or the first usage where that was before any. Zero: none.
func FirstFact(ctx context.Context, conn driver.Conn) (time.Time, error) {
	var found uint64
	var first time.Time
	if err := conn.QueryRow(ctx, `
		select count(), min(day)
		from (
			select min(starts_on) as day from stored_contracts where starts_on > toDate(0) having count() > 0
			union all
			select min(first_on) from stored_usage_accounts final where first_on > toDate(0) having count() > 0
		) as firsts`).Scan(&found, &first); err != nil {
		return time.Time{}, fmt.Errorf("find the first day of facts: %w", Brief(err))
	}
	if found == 0 {
		return time.Time{}, nil
	}
	return first.UTC(), nil
}
