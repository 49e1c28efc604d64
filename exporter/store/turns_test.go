package store_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/store"
)

// TestRollUpTakesTurns: usage is rolled up by one at a time, whichever process it is in.
func TestRollUpTakesTurns(t *testing.T) {
	c, _ := database(t)
	exec(t, c, "insert into stored_usage_events (event_id, account_id, user_id, event, ts) select toString(number), 'acme', toString(number % 7), 'login', toDateTime64('2024-01-01 12:00:00', 3, 'UTC') + interval number day from numbers(100)")

	// Another process says that it does, but is silent from then on, as if it had been killed; meanwhile nothing happens here.
	exec(t, c, "insert into usage_claims (process, step, is_over, seen_at) select 'another', 1, 0, now64(3)")
	short, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	if err := store.RollUp(short, c, nil); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("while another process rolls up: got %v, want it to wait", err)
	}
	if n := counted(t, c, "select count() from stored_usage_user_days"); n != 0 {
		t.Errorf("%d rows were written while another process rolls up", n)
	}
	// It says that it is done. Two at once then do the work of one.
	exec(t, c, "insert into usage_claims (process, step, is_over, seen_at) select 'another', 2, 1, now64(3)")
	counting := &insertCounter{Conn: c}
	var wg sync.WaitGroup
	for range 2 {
		wg.Go(func() {
			if err := store.RollUp(t.Context(), counting, nil); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := counted(t, c, "select sum(events) from stored_usage_account_days final"); n != 100 {
		t.Errorf("got %d events, want 100", n)
	}
	// 100 days are one chunk: what users did, and what is gone.
	if n := counting.userDays.Load(); n != 2 {
		t.Errorf("two at once wrote %d times what users did, want 2", n)
	}

	// A claim that nobody renews any more is that of a process that died.
	exec(t, c, "insert into stored_usage_events (event_id, account_id, user_id, event, ts) values ('late', 'acme', 'u', 'login', '2024-01-01 13:00:00')")
	exec(t, c, "insert into usage_claims (process, step, is_over, seen_at) select 'dead', 1, 0, now64(3) - interval 1 minute")
	rollUp(t, c)
	if n := counted(t, c, "select sum(events) from stored_usage_account_days final"); n != 101 {
		t.Errorf("got %d events, want 101", n)
	}
	if n := counted(t, c, "select count() from (select argMax(is_over, step) as over from usage_claims where process not in ('another', 'dead') group by process) where not over"); n != 0 {
		t.Errorf("%d claims are left behind", n)
	}
}

// insertCounter counts the inserts of user days that go through it.
type insertCounter struct {
	driver.Conn
	userDays atomic.Int64
}

func (c *insertCounter) Exec(ctx context.Context, sql string, args ...any) error {
	if strings.Contains(sql, "insert into stored_usage_user_days") {
		c.userDays.Add(1)
	}
	return c.Conn.Exec(ctx, sql, args...)
}

// TestRollUpStopped: what a roll-up that was stopped in the middle left is made up for by the next.
func TestRollUpStopped(t *testing.T) {
	c, _ := database(t)
	exec(t, c, "insert into stored_usage_events (event_id, account_id, user_id, event, ts) select toString(number), 'acme', toString(number % 7), 'login', toDateTime64('2024-01-01 12:00:00', 3, 'UTC') + interval number day from numbers(100)")
	// So that there are two chunks.
	exec(t, c, "insert into stored_settings (name, starts_on, value) values ('core_events', '2024-02-15', 'login')")
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var last store.RollUpProgress
	err := store.RollUp(ctx, c, func(p store.RollUpProgress) {
		if last = p; p.Days > 0 {
			stop()
		}
	})
	if !errors.Is(err, context.Canceled) || last.Days == 0 || last.Days >= last.Total || last.Total != 100 {
		t.Fatalf("got %v after %+v, want it to be stopped after the first of 100 days", err, last)
	}
	// The next events come in before anybody makes up for it.
	exec(t, c, "insert into stored_usage_events (event_id, account_id, user_id, event, ts) values ('late', 'birch', 'u', 'login', '2024-02-01 13:00:00')")
	rollUp(t, c)
	got := table(t, c, []string{"account_id", "count() as days", "sum(events) as n"}, "stored_usage_account_days final group by account_id order by account_id")
	if len(got) != 2 || strings.Join(got[0], " ") != "acme 100 100" || strings.Join(got[1], " ") != "birch 1 1" {
		t.Errorf("got %v", got)
	}
}
