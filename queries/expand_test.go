package queries_test

import (
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter/engine/enginetest"
	"cskpi/queries"
)

// TestSelectIsTheView: what the exporter runs, with all views written out, gives what an analyst reads from the view.
func TestSelectIsTheView(t *testing.T) {
	conn := enginetest.Conn(t)
	c, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	if err := queries.Migrate(t.Context(), conn); err != nil {
		t.Fatal(err)
	}
	if err := queries.Install(t.Context(), conn, c); err != nil {
		t.Fatal(err)
	}
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
		if err := conn.Exec(t.Context(), insert); err != nil {
			t.Fatal(err)
		}
	}
	asOf := time.Date(2024, 11, 30, 0, 0, 0, 0, time.UTC)
	for _, q := range c.KPIs() {
		// One text holds both results, so that neither the driver nor the order of rows can hide a difference.
		sum := "select count(), sum(cityHash64(toString(tuple(*)))) from "
		direct, directSum := totals(t, conn, sum+"("+q.Select(asOf)+")")
		view, viewSum := totals(t, conn, sum+"cs."+q.View()+"(as_of = '2024-11-30')")
		if direct != view || directSum != viewSum {
			t.Errorf("%s: %d rows written out, %d from the view, sums %d and %d", q.Name, direct, view, directSum, viewSum)
		}
		if direct == 0 {
			t.Errorf("%s has no rows, so nothing was compared", q.Name)
		}
	}
}

func totals(t *testing.T, conn driver.Conn, sql string) (rows, sum uint64) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), sql).Scan(&rows, &sum); err != nil {
		t.Fatalf("%v\n%.600s", err, sql)
	}
	return rows, sum
}
