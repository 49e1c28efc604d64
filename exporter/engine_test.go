package exporter_test

import (
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"cskpi/exporter"
	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/policy"
	"cskpi/exporter/refresh"
	"cskpi/exporter/store"
	"cskpi/queries"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// someDays are the day of noon and its neighbours.
const someDays = "(select arrayJoin([toDate('2026-03-30'), toDate('2026-03-31'), toDate('2026-04-01')]) as day) as days"

// everyType returns columns of all types that a KPI may have.
const everyType = `select
    day,
    if(number = 3, '\xff', toString(number)) as plain,
    toLowCardinality('low') as short,
    cast('b', 'Enum8(''a'' = 1, ''b'' = 2)') as choice,
    toUInt128(number + 1) as whole,
    if(number = 1, null, toInt256(-5)) as small,
    multiIf(number = 1, null, number = 2, nan, number / 4) as real,
    if(number = 4, [], [2., 10., inf]) as bounds,
    (bounds, arrayMap(b -> arrayCount(s -> s <= b, [1., 3., toFloat64(toDayOfMonth(day))]), bounds), 35.) as score
from numbers(5) as numbers cross join ` + someDays

const everyTypeServed = `# HELP cs_every_type_real Help of real (computed every 5m)
# TYPE cs_every_type_real gauge
cs_every_type_real{choice="b",plain="0",short="low"} 0
cs_every_type_real{choice="b",plain="4",short="low"} 1
# HELP cs_every_type_score Help of score (computed every 5m)
# TYPE cs_every_type_score histogram
cs_every_type_score_bucket{choice="b",plain="0",short="low",le="2"} 1
cs_every_type_score_bucket{choice="b",plain="0",short="low",le="10"} 2
cs_every_type_score_bucket{choice="b",plain="0",short="low",le="+Inf"} 3
cs_every_type_score_sum{choice="b",plain="0",short="low"} 35
cs_every_type_score_count{choice="b",plain="0",short="low"} 3
cs_every_type_score_bucket{choice="b",plain="1",short="low",le="2"} 1
cs_every_type_score_bucket{choice="b",plain="1",short="low",le="10"} 2
cs_every_type_score_bucket{choice="b",plain="1",short="low",le="+Inf"} 3
cs_every_type_score_sum{choice="b",plain="1",short="low"} 35
cs_every_type_score_count{choice="b",plain="1",short="low"} 3
# HELP cs_every_type_small Help of small (computed every 5m)
# TYPE cs_every_type_small gauge
cs_every_type_small{choice="b",plain="0",short="low"} -5
cs_every_type_small{choice="b",plain="4",short="low"} -5
# HELP cs_every_type_whole Help of whole (computed every 5m)
# TYPE cs_every_type_whole gauge
cs_every_type_whole{choice="b",plain="0",short="low"} 1
cs_every_type_whole{choice="b",plain="1",short="low"} 2
cs_every_type_whole{choice="b",plain="4",short="low"} 5
`

// view creates a view as the installer would.
func view(t *testing.T, conn driver.Conn, name, body string) {
	t.Helper()
	if err := conn.Exec(t.Context(), "create or replace view "+name+" as (\n"+body+"\n)"); err != nil {
		t.Fatal(err)
	}
}

// TestEveryTypeFromTheEngine: what the driver makes of the types that a KPI may have.
func TestEveryTypeFromTheEngine(t *testing.T) {
	conn := enginetest.Conn(t)
	view(t, conn, "every_type", everyType)
	now := noon
	e := newExporter(t, conn, exporter.Options{
		Catalogue: queries.Catalogue{query("every_type", "plain label", "short label", "choice label", "whole gauge", "small gauge", "real gauge", "score histogram")},
		Now:       clock(&now),
	})
	if err := e.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := testutil.GatherAndCompare(e, strings.NewReader(everyTypeServed), "cs_every_type_real", "cs_every_type_score", "cs_every_type_small", "cs_every_type_whole"); err != nil {
		t.Error(err)
	}
	body := get(t, e, "/metrics").Body.String()
	for _, line := range []string{
		`cs_exporter_query_rejected_rows{query="every_type",reason="invalid_label"} 1`,
		`cs_exporter_query_rejected_rows{query="every_type",reason="not_finite"} 1`,
	} {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("no %s", line)
		}
	}
}

// TestNoRowsFromTheEngine: a KPI about which the facts say nothing yet has succeeded.
func TestNoRowsFromTheEngine(t *testing.T) {
	conn := enginetest.Conn(t)
	view(t, conn, "nothing", "select toDate('2000-01-01') as day, 'a' as segment, toFloat64(1) as value from numbers(3)")
	now := noon
	e := newExporter(t, conn, exporter.Options{Catalogue: queries.Catalogue{query("nothing", "segment label", "value gauge")}, Now: clock(&now)})
	if err := e.Refresh(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := sampleOf(t, e, "cs_exporter_query_success", "nothing"); got != 1 {
		t.Errorf("success is %v", got)
	}
	if got := sampleOf(t, e, "cs_exporter_query_rows", "nothing"); got != 0 {
		t.Errorf("%v rows", got)
	}
}

// TestTheProductsKPIs computes the real catalogue, on the first day of one contract. (Without facts, TestLawsOfLittle of package queries does.)
func TestTheProductsKPIs(t *testing.T) {
	conn := enginetest.Conn(t)
	ctx := t.Context()
	catalogue, err := queries.Load()
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Migrate(ctx, conn); err != nil {
		t.Fatal(err)
	}
	if err := store.Install(ctx, conn, catalogue); err != nil {
		t.Fatal(err)
	}
	now := noon
	days := refresh.NewDays(refresh.Options{Conn: conn, Layout: catalogue.Layout(), Now: clock(&now)})
	e := newExporter(t, conn, exporter.Options{Catalogue: catalogue, Now: clock(&now), Lease: days.Read, Reporting: policy.Reporting{Currency: "USD", Timezone: "UTC", FiscalYearStart: 1}})
	if err := conn.Exec(ctx, "insert into stored_contracts (contract_id, account_id, acv, starts_on) values ('c1', 'a1', 123456, '"+now.Format(time.DateOnly)+"')"); err != nil {
		t.Fatal(err)
	}
	if err := e.Refresh(ctx); err != nil {
		t.Fatal(err)
	}
	families, err := e.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() == "cs_arr_amount" {
			for _, m := range f.Metric {
				sum += m.Gauge.GetValue()
			}
		}
	}
	if sum != 123456 {
		t.Errorf("cs_arr_amount is %v in all, want 123456", sum)
	}
	body := get(t, e, "/metrics").Body.String()
	problems, err := promlint.New(strings.NewReader(body)).Lint()
	if err != nil {
		t.Error(err)
	}
	for _, p := range problems {
		t.Errorf("%s: %s", p.Metric, p.Text)
	}
	if strings.Contains(body, "cs_exporter_query_rejected_rows{") {
		t.Error("rows of our own KPIs were refused")
	}
	if page := texts(get(t, e, "/").Body.String()); !strings.Contains(page, "$123,456") {
		t.Errorf("the page does not show the ARR: %.2000s", page)
	}
}

// TestEngineTimeout: a query that takes too long is ended, on the engine too, and harms no other.
func TestEngineTimeout(t *testing.T) {
	conn := enginetest.Conn(t)
	ctx := t.Context()
	view(t, conn, "quick", "select day, toFloat64(toDayOfMonth(day)) as value from "+someDays)
	view(t, conn, "slow", "select day, toFloat64(sum(sleepEachRow(1))) as value from numbers(30) as seconds cross join "+someDays+" group by day settings function_sleep_max_microseconds_per_block = 60000000")
	now := noon
	e := newExporter(t, conn, exporter.Options{
		Catalogue: queries.Catalogue{query("quick", "value gauge"), query("slow", "value gauge")},
		Timeout:   500 * time.Millisecond, Now: clock(&now),
	})
	start := time.Now()
	err := e.Refresh(ctx)
	if err == nil || !strings.Contains(err.Error(), "query slow: no result within 500ms, raise the timeout") {
		t.Errorf("the error is %v", err)
	}
	if took := time.Since(start); took > 10*time.Second {
		t.Errorf("the pass took %s", took)
	}
	if got := sampleOf(t, e, "cs_quick_value", ""); got != 31 {
		t.Errorf("the other query's value is %v", got)
	}
	running := uint64(1)
	for range 50 {
		if err := conn.QueryRow(ctx, "select count() from system.processes where query like '% from slow %' and query not like '%system.processes%'").Scan(&running); err != nil {
			t.Fatal(err)
		}
		if running == 0 {
			return
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Errorf("the slow query still runs on the engine")
}
