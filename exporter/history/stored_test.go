package history_test

import (
	"testing"
	"time"

	"cskpi/exporter/history"
	"cskpi/queries"
)

// TestAccountDays: how accounts stood is stored for past days and for today, is what the model says of each day by itself, follows facts
// that arrive late, and forgets an account that turns out not to have paid.
func TestAccountDays(t *testing.T) {
	f := newFixture(t)
	f.now = time.Date(2024, 7, 1, 12, 0, 0, 0, time.UTC)
	f.company()
	f.exec("insert into cs.contracts (contract_id, account_id, product, seats, acv, starts_on, ends_before, ingested_at) values ('c3', 'acme', 'core', 5, 10000, '2024-06-30', '2024-12-31', '2024-01-01 00:00:00')")
	model, _ := f.catalogue.Get("account_day")
	r := history.Request{From: day("2024-06-28"), To: day("2024-06-30"), KPIs: []string{"account_day"}}
	const columns = "day, account_id, name, segment, csm, phase, arr, at_risk_arr, band, due_on"
	stored := "cs.account_days final order by day, account_id"
	f.fill(r)
	f.equal("stored", f.rows(columns, stored), `2024-06-28|acme|Acme|high|kim|adoption|120000|0|unknown|NULL
2024-06-28|birch|Birch|low|lee|adoption|20000|0|unknown|NULL
2024-06-29|acme|Acme|high|kim|adoption|120000|0|unknown|NULL
2024-06-29|birch|Birch|low|lee|adoption|20000|0|unknown|NULL
2024-06-30|acme|Acme|high|kim|growth|130000|0|unknown|2024-12-31
2024-06-30|birch|Birch|low|lee|adoption|20000|0|unknown|NULL`)
	names := ""
	for _, c := range model.Columns {
		names += ", " + c.Name
	}
	keeper := queries.NewKeeper(f.conn, f.catalogue, time.Now)
	defer keeper.Close()
	alone, done := keeper.Select(t.Context(), model, day("2024-06-30"))
	f.equal("by itself", f.rows("count()", "(select "+names[2:]+" from cs.account_days final where day = '2024-06-30' except ("+alone+"))"), "0")
	done()
	f.settle()

	// Birch never was one, and Acme has another owner since the 29th.
	f.exec("insert into cs.accounts (account_id, name, csm, created_on, updated_at, is_test) values ('birch', 'Birch', 'lee', '2023-01-01', '2024-06-29 10:00:00', true)")
	f.exec("insert into cs.accounts (account_id, name, csm, created_on, updated_at) values ('acme', 'Acme', 'ada', '2023-01-01', '2024-06-29 10:00:00')")
	f.fill(r)
	f.equal("restated", f.rows(columns, stored), `2024-06-28|acme|Acme|high|kim|adoption|120000|0|unknown|NULL
2024-06-29|acme|Acme|high|ada|adoption|120000|0|unknown|NULL
2024-06-30|acme|Acme|high|ada|growth|130000|0|unknown|2024-12-31`)
	f.equal("runs", f.rows("as_of, rows, reason", "cs.kpi_runs where view = 'account_day' order by as_of, computed_at"), `2024-06-28|2|first
2024-06-28|1|facts
2024-06-29|2|first
2024-06-29|1|facts
2024-06-30|2|first
2024-06-30|1|facts`)

	today := "cs.account_days final where day = '2024-07-01'"
	for range 2 {
		if err := f.StoreToday(t.Context(), keeper.Select); err != nil {
			t.Fatal(err)
		}
		f.equal("today", f.rows("account_id, csm, arr", today), "acme|ada|130000")
	}
	f.equal("runs of today, which has not closed", f.rows("count()", "cs.kpi_runs where as_of = '2024-07-01'"), "0")
}
