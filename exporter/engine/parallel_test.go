//go:build linux && !server

package engine_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"cskpi/exporter/engine/enginetest"
)

// Many clients at once, some of whom fail and some of whom leave, do not disturb each other.
func TestParallelClients(t *testing.T) {
	conn := emptied(t)
	execute(t, conn, "create database cs", "create table cs.t (w UInt32, i UInt32, s String) engine = MergeTree order by (w, i)")
	const clients, rounds, batchRows = 12, 15, 100
	var wait sync.WaitGroup
	for w := range clients {
		wait.Go(func() {
			random := rand.New(rand.NewPCG(7, uint64(w)))
			for i := range rounds {
				switch random.IntN(4) {
				case 0:
					ctx, cancel := context.WithTimeout(t.Context(), time.Duration(random.IntN(40))*time.Millisecond)
					_ = conn.Exec(ctx, endless) // Ends by the client's leaving, whatever it says.
					cancel()
				case 1:
					if err := conn.Exec(t.Context(), "select throwIf(number = 500000) from numbers(1000000)"); exceptionCode(err) != 395 {
						t.Errorf("got %v", err)
					}
				case 2:
					if got := ask(t, q("select number from numbers(100000) format JSON"), ""); got.status != 200 || got.err != nil {
						t.Errorf("got %d %v", got.status, got.err)
					}
				}
				batch, err := conn.PrepareBatch(t.Context(), "insert into cs.t")
				if err != nil {
					t.Error(err)
					return
				}
				for j := range batchRows {
					if err := batch.Append(uint32(w), uint32(i*batchRows+j), fmt.Sprint(i)); err != nil {
						t.Error(err)
						return
					}
				}
				if err := batch.Send(); err != nil {
					t.Error(err)
					return
				}
				if n := count(t, conn, "select count() from cs.t where w = {w:UInt32}", clickhouse.Named("w", fmt.Sprint(w))); n != uint64((i+1)*batchRows) {
					t.Errorf("client %d: %d rows after round %d", w, n, i)
				}
			}
		})
	}
	wait.Wait()
	if n := count(t, conn, "select count() from cs.t"); n != clients*rounds*batchRows {
		t.Errorf("got %d rows", n)
	}
	if !enginetest.Engine(t).Up() {
		t.Error("the engine is not up")
	}
}
