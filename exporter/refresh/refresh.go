// Package refresh computes the layers: tables that hold, for each day, what the facts say of it.
package refresh

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/store"
	"cskpi/queries"
	"cskpi/queries/sqltext"
)

// Refresher computes layers in the database of its connection.
type Refresher struct {
	Conn   driver.Conn
	Layout queries.Layout
	Now    func() time.Time // [time.Now]
	AtOnce int              // how many days one statement computes [31]
	// Whole reports whether these tables are whole; layers that read one that is not, which is a [store.ErrDamaged], are not computed. [always nil]
	Whole func(ctx context.Context, tables []string) error

	// Later are days of which what changes touch of KPIs may wait, unless it is needed: whoever refreshes comes back to them. [none]
	Later map[time.Time]bool

	last int64 // version of rows that were computed last
}

// version is that of rows that are computed now. It is above those of all rows before, whatever the clock says: by an earlier one they would not count.
func (r *Refresher) version() int64 {
	now := time.Now
	if r.Now != nil {
		now = r.Now
	}
	r.last = max(r.last+1, now().UnixMicro())
	return r.last
}

// Days computes all layers for some days; of layers by account only the rows of some accounts, if any are named. What was computed before is
// replaced, and rows that there are no longer are marked gone. Days are dates at midnight UTC, in any order. zone is the reporting time zone,
// whole the last day that is over.
func (r *Refresher) Days(ctx context.Context, days []time.Time, accounts []string, zone string, whole time.Time) error {
	for _, layer := range r.Layout.Layers {
		parts := r.chunksOf(layer, days)
		if len(accounts) > 0 {
			parts = [][]time.Time{days} // few rows
		}
		for _, chunk := range parts {
			if err := r.layer(ctx, layer, chunk, accounts, zone, whole); err != nil {
				return err
			}
		}
	}
	return nil
}

// chunks divides days into those that one statement computes, the latest first.
func (r *Refresher) chunks(days []time.Time) [][]time.Time {
	sorted := slices.SortedFunc(slices.Values(days), func(a, b time.Time) int { return b.Compare(a) })
	return slices.Collect(slices.Chunk(sorted, cmp.Or(r.AtOnce, 31)))
}

// dayList writes days as an array, for a statement or its parameter.
func dayList(days []time.Time) string {
	texts := make([]string, len(days))
	for i, d := range days {
		if d.IsZero() { // of a layer without days
			d = time.Unix(0, 0).UTC()
		}
		texts[i] = d.Format(time.DateOnly)
	}
	return sqltext.Array(texts)
}

// layer computes one layer.
func (r *Refresher) layer(ctx context.Context, layer queries.Query, days []time.Time, accounts []string, zone string, whole time.Time) error {
	if !layer.IsByAccount() {
		accounts = nil
	}
	ctx = clickhouse.Context(ctx,
		clickhouse.WithParameters(clickhouse.Parameters{
			"days": dayList(days), "accounts": sqltext.Array(accounts),
			"zone": zone, "whole": whole.Format(time.DateOnly), "version": fmt.Sprint(r.version()),
		}),
		clickhouse.WithSettings(clickhouse.Settings{
			// One part, so that a reader sees all of it or nothing.
			"min_insert_block_size_rows": 1 << 30, "min_insert_block_size_bytes": 1 << 30, "max_insert_threads": 1,
			// A layer gives each row once.
			"optimize_on_insert":              0,
			"max_partitions_per_insert_block": 0,
		}))
	if err := r.Conn.Exec(ctx, "insert into "+layer.Stored()+" select *, {version:UInt64} as version, toUInt8(0) as is_gone from (\n"+layer.Computation()+"\n)"); err != nil {
		return fmt.Errorf("compute the layer %s: %w", layer.View(), store.Brief(err))
	}
	// What was there and was not written again is there no longer.
	key := strings.Join(layer.Key, ", ")
	where := []string{"version < {version:UInt64}"}
	if layer.IsByDay() {
		where = append(where, "day in {days:Array(Date)}")
	}
	if layer.IsByAccount() && len(accounts) > 0 {
		where = append(where, "account_id in {accounts:Array(String)}")
	}
	if err := r.Conn.Exec(ctx, "insert into "+layer.Stored()+" ("+key+", version, is_gone) select "+key+", {version:UInt64}, 1 from "+layer.Stored()+" final where "+
		strings.Join(where, " and ")); err != nil {
		return fmt.Errorf("take rows of the layer %s away: %w", layer.View(), store.Brief(err))
	}
	return nil
}
