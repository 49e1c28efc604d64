package queries

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// Usage is rolled up by one at a time: within a process a slot sees to it, among processes the table cs.usage_claims.
// Who wants to, says so there and looks after that whether another one has said so. Of two, at least the later one to
// speak sees the other, so that never both go on; each that sees another takes its word back and tries again a little
// later. That asks no more of the database than that a row which was inserted is read, and so holds for one ClickHouse,
// not among replicas. A claim that nobody has renewed for a while is that of a process that died.
const (
	claimRenewed = 5 * time.Second
	claimStale   = 30 * time.Second
	claimLook    = 200 * time.Millisecond // pause until the next look; the double at most
)

var (
	claimer   = rand.Text()            // this process
	claimStep atomic.Uint64            // of its last word
	claimSlot = make(chan struct{}, 1) // held by the one roll-up of this process
)

var errClaimLost = errors.New("its claim was not renewed in time, so another process may have begun to roll up usage")

// reserve waits until nobody else rolls up usage. The context that it returns ends when the claim is lost; done gives it back.
func reserve(ctx context.Context, conn driver.Conn) (held context.Context, done func(), err error) {
	select {
	case claimSlot <- struct{}{}:
	case <-ctx.Done():
		return nil, nil, ctx.Err()
	}
	defer func() {
		if err != nil {
			<-claimSlot
		}
	}()
	for {
		free, err := unclaimed(ctx, conn)
		if err != nil {
			return nil, nil, err
		}
		if free {
			if err := sayClaim(ctx, conn, false); err != nil {
				withdrawClaim(ctx, conn) // it may have arrived
				return nil, nil, err
			}
			if free, err = unclaimed(ctx, conn); free {
				break
			}
			withdrawClaim(ctx, conn)
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
		keepClaim(held, conn, cancel)
	}()
	return held, func() {
		cancel(nil)
		<-stopped
		withdrawClaim(ctx, conn)
		<-claimSlot
	}, nil
}

// keepClaim renews the claim until ctx ends.
func keepClaim(ctx context.Context, conn driver.Conn, lost context.CancelCauseFunc) {
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
			lost(errClaimLost)
			return
		}
		patient, cancel := context.WithTimeout(ctx, claimRenewed)
		if sayClaim(patient, conn, false) == nil {
			renewed = began
		}
		cancel()
	}
}

func sayClaim(ctx context.Context, conn driver.Conn, over bool) error {
	isOver := 0
	if over {
		isOver = 1
	}
	return conn.Exec(ctx, fmt.Sprintf("insert into cs.usage_claims (process, step, is_over, seen_at) select '%s', %d, %d, now64(3)", claimer, claimStep.Add(1), isOver))
}

// withdrawClaim works also when ctx has ended. If it fails, others wait until the claim is stale.
func withdrawClaim(ctx context.Context, conn driver.Conn) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), claimRenewed)
	defer cancel()
	_ = sayClaim(ctx, conn, true)
}

// unclaimed reports whether no other process rolls up usage.
func unclaimed(ctx context.Context, conn driver.Conn) (bool, error) {
	var others uint64
	err := conn.QueryRow(ctx, fmt.Sprintf(`
		select count()
		from (select process, argMax((is_over, seen_at), step) as latest from cs.usage_claims where process != '%s' group by process)
		where latest.1 = 0 and latest.2 > now64(3) - interval %d second`, claimer, int(claimStale.Seconds()))).Scan(&others)
	return others == 0, err
}
