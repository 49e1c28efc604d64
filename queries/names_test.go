package queries_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/refresh"
	"cskpi/exporter/store"
)

// memory is what a query may take in the tests of names.
const memory = 200 << 20

// TestManyEventNames: no query takes more memory because events have many names, whether they have one each or all accounts use the same ones. That goes for the layers, which alone see names, and for the KPIs over them.
func TestManyEventNames(t *testing.T) {
	c, catalogue := installed(t)
	exec(t, c, "insert into stored_settings (name, starts_on, value) values ('core_events', '1970-01-01', 'pay')")
	exec(t, c, "insert into stored_contracts (contract_id, account_id, product, seats, acv, starts_on) select toString(number), toString(number), 'core', 50, 20000, '2024-01-01' from numbers(200)")
	// 100,000 names by 6,000 users of 200 accounts in 28 days: each second event has a name of its own. Each user has a core event.
	exec(t, c, `insert into stored_usage_events (event_id, account_id, user_id, event, ts)
		select concat('n', toString(number)), toString(number % 200), toString(number % 6000),
			if(intDiv(number, 6000) % 2 = 0, concat('order_', toString(number), '_opened'), concat('page ', toString(sipHash64(number) % 25000))),
			toDateTime64('2024-06-03 10:00:00', 3, 'UTC') + interval number % 28 day from numbers(150000)
		union all
		select concat('p', toString(number)), toString(number % 200), toString(number), 'pay', toDateTime64('2024-06-03 10:00:00', 3, 'UTC') + interval number % 28 day from numbers(6000)`)
	asOf := date(2024, 6, 30)
	rollUp(t, c)
	if names := counted(t, c, "select max(names) from (select uniqExactArray(features) as names from stored_usage_user_days final group by day)"); names > 1001 {
		t.Errorf("%d names of a day are kept apart", names)
	}
	limited := limitedConn{c}
	if err := (&refresh.Refresher{Conn: limited, Layout: catalogue.Layout()}).Days(t.Context(), []time.Time{asOf.time()}, nil, "UTC", asOf.time()); err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, q := range catalogue.KPIs() {
		if !q.Reads("stored_usage_") {
			continue
		}
		read++
		if err := limited.Exec(t.Context(), "select count() from ("+q.Select(asOf.time())+")"); err != nil {
			t.Errorf("%s: %v", q.Name, store.Brief(err))
		}
	}
	if read < 5 {
		t.Errorf("%d KPIs read usage", read)
	}
	if n := counted(t, c, "select toUInt64(max(users)) from features where day = '2024-06-30' and feature = 'pay'"); n != 6000 {
		t.Errorf("%d users have the core event, want 6000", n)
	}
	if n := counted(t, c, "select countIf(has(features, '(other)')) from stored_usage_user_days final"); n == 0 {
		t.Error("no name is one of the others")
	}
}

// limitedConn bounds the memory of each statement.
type limitedConn struct{ driver.Conn }

func (c limitedConn) limit(ctx context.Context) context.Context {
	return clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_memory_usage": fmt.Sprint(memory)}))
}

func (c limitedConn) Exec(ctx context.Context, query string, args ...any) error {
	return c.Conn.Exec(c.limit(ctx), query, args...)
}

func (c limitedConn) QueryRow(ctx context.Context, query string, args ...any) driver.Row {
	return c.Conn.QueryRow(c.limit(ctx), query, args...)
}

// TestRollUpAdopts: days that were rolled up by a build without the bound are rolled up again only where they have too many names.
func TestRollUpAdopts(t *testing.T) {
	c, _ := installed(t)
	exec(t, c, `insert into stored_usage_events (event_id, account_id, user_id, event, ts)
		select concat('e', toString(number)), 'a', 'ann', concat('name ', toString(number)), toDateTime64('2024-06-03 10:00:00', 3, 'UTC') + interval 10 * intDiv(number, 1001) day from numbers(1003)`)
	rollUp(t, c)
	const days = "select arrayStringConcat(groupArray(concat(toString(day), ' ', settings)), '\n') from (select * from stored_usage_totals final where events > 0 order by day)"
	want := scalar(t, c, days)
	// As an earlier build left it: all names, and settings without the number of names.
	exec(t, c, "insert into stored_usage_user_days select * replace(arrayMap(x -> concat('name ', toString(x)), range(1001)) as features, version + 1 as version) from stored_usage_user_days final where day = '2024-06-03'")
	exec(t, c, "insert into stored_usage_totals select * replace(substring(settings, position(settings, '|') + 1) as settings, version + 1 as version) from stored_usage_totals final")
	later := counted(t, c, "select max(version) from stored_usage_user_days final where day = '2024-06-13'")
	rollUp(t, c)
	if got := scalar(t, c, days); got != want {
		t.Errorf("days:\n%s\nwant:\n%s", got, want)
	}
	if n := counted(t, c, "select max(length(features)) from stored_usage_user_days final"); n != 1001 || counted(t, c, "select countIf(has(features, '(other)')) from stored_usage_user_days final") != 1 {
		t.Errorf("%d names of a day", n)
	}
	if now := counted(t, c, "select max(version) from stored_usage_user_days final where day = '2024-06-13'"); now != later {
		t.Error("a day without too many names was rolled up again")
	}
}
