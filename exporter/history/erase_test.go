package history_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/history"
	"cskpi/exporter/intake"
)

// slow is a connection that stores values only after release is closed.
type slow struct {
	driver.Conn
	reached, release chan struct{}
	once             sync.Once
}

func (s *slow) PrepareBatch(ctx context.Context, query string, o ...driver.PrepareBatchOption) (driver.Batch, error) {
	if strings.HasPrefix(query, "insert into kpi_daily") {
		s.once.Do(func() {
			close(s.reached)
			<-s.release
		})
	}
	return s.Conn.PrepareBatch(ctx, query, o...)
}

// TestErasedMeanwhile: what was read of an account before it is erased is not stored afterwards, neither by a process that computes past days
// nor by a statement.
func TestErasedMeanwhile(t *testing.T) {
	f := newFixture(t)
	f.now = time.Date(2024, 7, 1, 12, 0, 0, 0, time.UTC)
	f.company()
	f.store("insert into stored_risks (risk_id, account_id, csm, kind, severity, raised_on) values ('r1', 'acme', 'kim', 'budget', 3, '2024-06-20')")
	conn := &slow{Conn: f.conn, reached: make(chan struct{}), release: make(chan struct{})}
	f.options.Conn = conn
	f.use(f.catalogue, 7)
	names := func() string { return f.rows("count()", "kpi_daily where labels['account'] = 'acme'") }

	var wg sync.WaitGroup
	r := history.Request{From: day("2024-06-29"), To: day("2024-06-30"), KPIs: []string{"risk_accounts"}}
	wg.Go(func() {
		if _, err := f.Fill(t.Context(), r); err != nil {
			t.Error(err)
		}
	})
	<-conn.reached
	erased := make(chan struct{})
	wg.Go(func() {
		defer close(erased)
		if _, err := intake.Erase(t.Context(), f.conn, intake.What{Account: "acme"}); err != nil {
			t.Error(err)
		}
	})
	select {
	case <-erased:
		t.Error("the account was erased while its name was about to be stored")
	case <-time.After(4 * time.Second):
	}
	close(conn.release)
	wg.Wait()
	f.equal("values that name the account", names(), "0")
	f.equal("runs", f.rows("count()", "kpi_runs where view = 'risk_accounts'"), "2") // so the values had been stored

	f.company()
	wg.Go(func() {
		if err := f.conn.Exec(t.Context(), `insert into stored_account_days (day, account_id, version)
			select toDate('1999-01-01'), account_id, 1 from stored_accounts where sleepEachRow(1) = 0 settings max_threads = 1`); err != nil {
			t.Error(err)
		}
	})
	for f.rows("count()", "system.processes where query_kind = 'Insert' and position(query, 'sleepEachRow') > 0") == "0" {
		time.Sleep(10 * time.Millisecond)
	}
	if _, err := intake.Erase(t.Context(), f.conn, intake.What{Account: "acme"}); err != nil {
		t.Error(err)
	}
	wg.Wait()
	f.equal("days of accounts", f.rows("account_id", "stored_account_days where day = '1999-01-01'"), "birch")
}
