package store

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/queries/sqltext"
)

// turns sees to it that some work is done by one at a time: within a process by a slot, among processes by a table of claims.
// Who wants to, says so there and looks after that whether another one has said so. Of two, at least the later one to
// speak sees the other, so that never both go on; each that sees another takes its word back and tries again a little
// later. That asks no more of the database than that a row which was inserted is read, and so holds for one ClickHouse,
// not among replicas. A claim that nobody has renewed for a while is that of a process that died.
type turns struct {
	table string        // usage_claims, or one alike
	slot  chan struct{} // held by the one of this process
	lost  error         // cause of the end of a context whose claim was not renewed
}

func newTurns(table, work string) *turns {
	return &turns{table, make(chan struct{}, 1), errors.New("its claim was not renewed in time, so another process may have begun to " + work)}
}

var (
	usageTurns   = newTurns("usage_claims", "roll up usage")
	historyTurns = newTurns("history_claims", "compute past days")
	refreshTurns = newTurns("refresh_claims", "compute layers")
)

const (
	claimRenewed = 5 * time.Second
	claimStale   = 30 * time.Second
	claimLook    = 200 * time.Millisecond // pause until the next look; the double at most
)

var (
	claimer   = rand.Text() // this process
	claimStep atomic.Uint64 // of its last word
)

// reserve waits until nobody else is at it. The context that it returns ends when the claim is lost; done gives it back.
func (w *turns) reserve(ctx context.Context, conn driver.Conn) (held context.Context, done func(), err error) {
	select {
	case w.slot <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	defer func() {
		if err != nil {
			<-w.slot
		}
	}()
	for {
		free, err := w.unclaimed(ctx, conn)
		if err != nil {
			return nil, nil, err
		}
		if free {
			if err := w.say(ctx, conn, false); err != nil {
				w.withdraw(ctx, conn) // it may have arrived
				return nil, nil, err
			}
			if free, err = w.unclaimed(ctx, conn); free {
				break
			}
			w.withdraw(ctx, conn)
			if err != nil {
				return nil, nil, err
			}
		}
		timer := time.NewTimer(claimLook + mathrand.N(claimLook))
		select {
		case <-ctx.Done():
			timer.Stop()
			return nil, nil, ctx.Err()
		case <-timer.C:
		}
	}
	held, cancel := context.WithCancelCause(ctx)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		w.keep(held, conn, cancel)
	}()
	return held, func() {
		cancel(nil)
		<-stopped
		w.withdraw(ctx, conn)
		<-w.slot
	}, nil
}

// keep renews the claim until ctx ends.
func (w *turns) keep(ctx context.Context, conn driver.Conn, lost context.CancelCauseFunc) {
	renewed := time.Now().Round(0) // by the wall clock, which goes on while the machine sleeps
	ticker := time.NewTicker(claimRenewed)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		began := time.Now().Round(0)
		if began.Sub(renewed) > claimStale-claimRenewed {
			lost(w.lost)
			return
		}
		patient, cancel := context.WithTimeout(ctx, claimRenewed)
		if w.say(patient, conn, false) == nil {
			renewed = began
		}
		cancel()
	}
}

func (w *turns) say(ctx context.Context, conn driver.Conn, over bool) error {
	isOver := 0
	if over {
		isOver = 1
	}
	return conn.Exec(ctx, fmt.Sprintf("insert into %s (process, step, is_over, seen_at) select %s, %d, %d, now64(3)", w.table, sqltext.Quote(claimer), claimStep.Add(1), isOver))
}

// withdraw works also when ctx has ended. If it fails, others wait until the claim is stale.
func (w *turns) withdraw(ctx context.Context, conn driver.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), claimRenewed)
	defer cancel()
	_ = w.say(ctx, conn, true)
}

// unclaimed reports whether no other process is at it.
func (w *turns) unclaimed(ctx context.Context, conn driver.Conn) (bool, error) {
	var others uint64
	err := conn.QueryRow(ctx, fmt.Sprintf(`
		select count()
		from (select process, argMax((is_over, seen_at), step) as latest from %s where process != %s group by process)
		where latest.1 = 0 and latest.2 > now64(3) - interval %d second`, w.table, sqltext.Quote(claimer), int(claimStale.Seconds()))).Scan(&others)
	return others == 0, err
}
