package intake

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/store"
)

// horizonAge is how long what was read of the horizon is believed. Days are deleted a day after they are refused, at the earliest.
const horizonAge = time.Hour

// horizon is the instant before which usage events are refused: what they were rolled up to is kept without them, so they would be counted twice.
type horizon struct {
	at   atomic.Int64 // milliseconds since 1970; 0: none is
	read atomic.Int64 // when that was read, in seconds since 1970
}

// refresh reads it again after a while. If that fails, the last one holds.
func (h *horizon) refresh(ctx context.Context, conn driver.Conn) error {
	now := time.Now()
	if now.Sub(time.Unix(h.read.Load(), 0)) < horizonAge {
		return nil
	}
	kept, err := store.ReadHorizon(ctx, conn)
	if err != nil {
		return err
	}
	h.at.Store(kept.RefusedBefore.UnixMilli())
	h.read.Store(now.Unix())
	return nil
}

// rule refuses events before the horizon, where a table has the column ts.
func (h *horizon) rule(t *table) rule {
	at := t.index["ts"]
	return func(row []value) (string, string) {
		if first := h.at.Load(); first > 0 && row[at].n < first {
			return "ts", "is before " + time.UnixMilli(first).UTC().Format(time.DateOnly) + ": usage events of days before are no longer kept, and what they were rolled up to would count them twice"
		}
		return "", ""
	}
}
