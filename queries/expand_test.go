package queries_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/queries"
)

// TestSelectIsTheView: what the exporter runs, with all views written out, gives what an analyst reads from the view.
func TestSelectIsTheView(t *testing.T) {
	conn, c := installed(t)
	for _, insert := range []string{
		"insert into cs.settings (name, starts_on, value) values ('fiscal_year_start', '1970-01-01', '4'), ('grace_days', '2023-01-01', '10')",
		"insert into cs.fx_rates (currency, day, rate) values ('EUR', '2022-04-01', 1.1), ('EUR', '2023-04-01', 1.2), ('EUR', '2024-04-01', 1.3)",
		`insert into cs.contracts (contract_id, account_id, product, acv, currency, starts_on, ends_before, renewed_from, notice_on, cancel_reason)
		select 'c' || toString(number), 'a' || toString(number % 40), ['core', 'plus'][1 + number % 2], 900 * (1 + number % 150), ['USD', 'EUR'][1 + number % 2],
			toDate('2022-05-01') + number * 3, toDate('2022-05-01') + number * 3 + 365, if(number >= 120, 'c' || toString(number - 120), ''),
			if(number % 11 = 0, toDate('2022-05-01') + number * 3 + 300, null), if(number % 5 = 0, 'price', '')
		from numbers(240)`,
		"insert into cs.targets (kpi, starts_on, target) values ('nrr.ratio', '2023-01-01', 1.1)",
	} {
		exec(t, conn, insert)
	}
	keeper := queries.NewKeeper(conn, c, time.Now)
	asOf := time.Date(2025, 3, 31, 0, 0, 0, 0, time.UTC)
	compared := 0
	for _, q := range c.KPIs() {
		// The engine takes long over the longest texts, by name above all; how they are made is the same. Two stand for them.
		size := len(q.Select(asOf))
		if size > 12_000 && q.Name != "health_coverage" && q.Name != "arr_bridge" {
			continue
		}
		// One text holds each result, so that neither the driver nor the order of rows can hide a difference.
		sum := "select count(), sum(cityHash64(toString(tuple(*)))) from "
		view, viewSum := totals(t, conn, sum+"cs."+q.View()+"(as_of = '2025-03-31')")
		sql, done := keeper.Select(t.Context(), q, asOf)
		kept, keptSum := totals(t, conn, sum+"("+sql+")")
		done()
		if kept != view || keptSum != viewSum {
			t.Errorf("%s: %d rows with models kept, %d from the view, sums %d and %d", q.Name, kept, view, keptSum, viewSum)
		}
		if size < 9_000 { // TestReference asks all up to 12,000 so
			direct, directSum := totals(t, conn, sum+"("+q.Select(asOf)+")")
			if direct != view || directSum != viewSum {
				t.Errorf("%s: %d rows written out, %d from the view, sums %d and %d", q.Name, direct, view, directSum, viewSum)
			}
		}
		if view > 0 {
			compared++
		}
	}
	if compared < 20 {
		t.Errorf("only %d KPIs had rows to compare", compared)
	}
	keeper.Close()
	if n := keptTables(t, conn); n != 0 {
		t.Errorf("%d kept tables are left", n)
	}
}

// TestKeeper: a pass is kept for its time, for its day and for those who still read it, and no longer.
func TestKeeper(t *testing.T) {
	conn, c := installed(t)
	contract := func(id string, acv int) {
		t.Helper()
		exec(t, conn, fmt.Sprintf("insert into cs.contracts (contract_id, account_id, acv, starts_on) values ('%s', '%s', %d, '2024-01-01')", id, id, acv))
	}
	arr, _ := c.Get("arr")
	now := time.Date(2024, 6, 1, 12, 0, 0, 0, time.UTC)
	day := time.Date(2024, 6, 1, 0, 0, 0, 0, time.UTC)
	keeper := queries.NewKeeper(conn, c, func() time.Time { return now })
	total := func(asOf time.Time) (amount float64, done func()) {
		t.Helper()
		sql, done := keeper.Select(t.Context(), arr, asOf)
		if err := conn.QueryRow(t.Context(), "select sum(amount) from ("+sql+")").Scan(&amount); err != nil {
			t.Fatal(err)
		}
		return amount, done
	}
	expect := func(what string, got, want float64) {
		t.Helper()
		if got != want {
			t.Errorf("%s: ARR %v, want %v", what, got, want)
		}
	}

	contract("c1", 100)
	amount, first := total(day)
	expect("first", amount, 100)
	contract("c2", 10)
	amount, done := total(day)
	done()
	expect("the same pass stands on the same facts", amount, 100)
	amount, done = total(day.AddDate(0, 0, -1))
	done()
	expect("another day is another pass", amount, 110)
	now = now.Add(time.Hour)
	amount, done = total(day)
	done()
	expect("a later pass", amount, 110)
	both := keptTables(t, conn)
	first()
	first() // twice is once
	if n := keptTables(t, conn); n == 0 || both != 2*n {
		t.Errorf("%d kept tables, and %d while the first pass was still read, want half of that", n, both)
	}

	// A missing rate: nothing can be kept, and the query itself says why.
	exec(t, conn, "insert into cs.contracts (contract_id, account_id, acv, starts_on, currency) values ('c3', 'c3', 1, '2024-01-01', 'CHF')")
	now = now.Add(time.Hour)
	sql, done := keeper.Select(t.Context(), arr, day)
	err := conn.Exec(t.Context(), sql)
	done()
	if want := "no exchange rate for CHF in the fiscal year of 2024-06-01: import it into fx_rates"; err == nil || queries.Brief(err).Error() != want {
		t.Errorf("got %v, want %s", queries.Brief(err), want)
	}
	keeper.Close()
	if n := keptTables(t, conn); n != 0 {
		t.Errorf("%d kept tables are left", n)
	}
}

func keptTables(t *testing.T, conn driver.Conn) (n uint64) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), "select count() from system.tables where database = 'cs' and startsWith(name, 'kept_')").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func totals(t *testing.T, conn driver.Conn, sql string) (rows, sum uint64) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), sql).Scan(&rows, &sum); err != nil {
		t.Fatalf("%v\n%.600s", err, sql)
	}
	return rows, sum
}
