package store

import (
	"context"
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/queries/sqltext"
)

// Horizon says since when usage events are kept. Both are the first day of 1970 if they all are.
type Horizon struct {
	RefusedBefore time.Time // UTC day; events of days before are no longer taken
	KeptFrom      time.Time // UTC day; events of days before are deleted, and what they were rolled up to stays as it is
}

// froze reports whether a day in the reporting zone can no longer be rolled up: events of the UTC day before may belong to it.
func (h Horizon) froze(day time.Time) bool {
	return h.KeptFrom.Unix() > 0 && !day.After(h.KeptFrom)
}

const (
	// Before days of events are refused, some of them have been stored for so long: a company that imports its past has until then.
	expiredStored = 7 * 24 * time.Hour
	// Between refusing days and deleting them, so that no event of theirs arrives from somebody who has not heard of it.
	expiredNotice = 24 * time.Hour
	// Days that are refused and not deleted: of events that are taken, all events of the same day in any reporting zone are there.
	expiredMargin = 2
)

// ReadHorizon reads since when usage events are kept.
func ReadHorizon(ctx context.Context, conn driver.Conn) (h Horizon, err error) {
	err = conn.QueryRow(ctx, "select max(refused_before), max(kept_from) from stored_usage_horizon").Scan(&h.RefusedBefore, &h.KeptFrom)
	return h, err
}

// Expire deletes the usage events of months that ended before a day, and returns how many. First it records that they are refused, so that
// nothing of these months arrives any more, and a day later, at the earliest, it rolls up what is there and deletes it. Every step may be repeated. What
// was deleted does not come back when events are to be kept for longer.
func Expire(ctx context.Context, conn driver.Conn, oldest time.Time) (deleted uint64, err error) {
	oldest = time.Date(oldest.Year(), oldest.Month(), 1, 0, 0, 0, 0, time.UTC) // a deletion rewrites large parts, so there is one a month
	h, err := ReadHorizon(ctx, conn)
	if err != nil {
		return 0, fmt.Errorf("read since when usage events are kept: %w", err)
	}
	var expired, due, left, waiting uint64
	if err := conn.QueryRow(ctx, fmt.Sprintf(`
		select
			(select count() from stored_usage_events where toDate(ts) < %[1]s and ingested_at < now64(3) - interval %[5]d second),
			(select count() from stored_usage_horizon where refused_before = %[2]s and recorded_at < now64(3) - interval %[6]d second),
			(select count() from stored_usage_events where toDate(ts) < %[3]s),
			(select count() from stored_unattributed_events where toDate(ts) < %[4]s)`,
		sqltext.Day(oldest), sqltext.Day(h.RefusedBefore), sqltext.Day(h.KeptFrom), sqltext.Day(h.RefusedBefore), int(expiredStored.Seconds()), int(expiredNotice.Seconds()),
	)).Scan(&expired, &due, &left, &waiting); err != nil {
		return 0, fmt.Errorf("look for usage events that are no longer kept: %w", err)
	}
	next := h
	if due > 0 {
		if day := h.RefusedBefore.AddDate(0, 0, -expiredMargin); day.After(h.KeptFrom) {
			next.KeptFrom = day
		}
	}
	if next != h || left > 0 || waiting > 0 {
		if err := usageTurns.alone(ctx, conn, "see to it that nobody else rolls up usage", func(ctx context.Context) (err error) {
			deleted, err = remove(ctx, conn, next)
			return err
		}); err != nil {
			return 0, fmt.Errorf("delete usage events that are no longer kept: %w", err)
		}
	}
	if expired > 0 && oldest.After(h.RefusedBefore) {
		next.RefusedBefore = oldest
		if err := recordHorizon(ctx, conn, next); err != nil {
			return 0, fmt.Errorf("record which usage events are refused: %w", err)
		}
	}
	return deleted, nil
}

func recordHorizon(ctx context.Context, conn driver.Conn, h Horizon) error {
	return conn.Exec(ctx, "insert into stored_usage_horizon (refused_before, kept_from) values ("+sqltext.Quote(h.RefusedBefore.Format(time.DateOnly))+", "+sqltext.Quote(h.KeptFrom.Format(time.DateOnly))+")")
}

// remove deletes what is before a horizon, once it is rolled up.
func remove(ctx context.Context, conn driver.Conn, h Horizon) (deleted uint64, err error) {
	r := newRollUp(conn, nil)
	if _, _, _, err := r.plan(ctx); err != nil {
		return 0, err
	}
	if err := r.run(ctx); err != nil {
		return 0, err
	}
	if !h.KeptFrom.Equal(r.horizon.KeptFrom) {
		if err := recordHorizon(ctx, conn, h); err != nil {
			return 0, err
		}
	}
	r.horizon = h
	if err := conn.QueryRow(ctx, "select count() from stored_usage_events where toDate(ts) < "+sqltext.Day(h.KeptFrom)).Scan(&deleted); err != nil {
		return 0, err
	}
	for _, statement := range []string{"expire", "recede", "expire_unattributed"} {
		if err := r.exec(ctx, statement, r.with(map[string]string{})); err != nil {
			return 0, err
		}
	}
	return deleted, nil
}

// Recede takes back how far usage is rolled up where the latest blocks of events are gone, which would else look like a loss; version is above all
// that roll-ups wrote.
func Recede(ctx context.Context, conn driver.Conn, version uint64) error {
	r := newRollUp(conn, nil)
	r.version = version
	return r.exec(ctx, "recede", r.with(map[string]string{}))
}
