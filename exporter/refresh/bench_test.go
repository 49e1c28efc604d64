package refresh_test

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/refresh"
	"cskpi/exporter/store/storetest"
	"cskpi/queries"
	"cskpi/queries/sqltext"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// BenchmarkLayers refreshes the layers of a company of 10,000 accounts as a service does: at first, for one more day, for five months, and after a late
// touchpoint and a late contract of ten accounts, five months back. Then it asks each view for one day, and some for all days. All figures are CPU
// seconds of the engine, and its greatest memory. With -v each layer and view has its own.
//
// CSKPI_BENCH_ACCOUNTS is the number of accounts, if not 10,000, and CSKPI_BENCH_MONTHS that of the months, if not 37.
func BenchmarkLayers(b *testing.B) {
	number := func(name string, otherwise int) int {
		n, err := strconv.Atoi(cmp.Or(os.Getenv(name), strconv.Itoa(otherwise)))
		if err != nil {
			b.Fatalf("%s: %v", name, err)
		}
		return n
	}
	accounts, months := number("CSKPI_BENCH_ACCOUNTS", 10_000), number("CSKPI_BENCH_MONTHS", 37)
	catalogue, err := queries.Load()
	if err != nil {
		b.Fatal(err)
	}
	layout := catalogue.Layout()
	for b.Loop() {
		c := enginetest.Database(b)
		storetest.Install(b, c, catalogue)
		run := func(file string, month int) {
			b.Helper()
			text, err := os.ReadFile(filepath.Join("testdata", file))
			if err != nil {
				b.Fatal(err)
			}
			_, body, _ := strings.Cut(string(text), "\n\n") // the comment
			ctx := clickhouse.Context(b.Context(), clickhouse.WithParameters(clickhouse.Parameters{"accounts": strconv.Itoa(accounts), "month": strconv.Itoa(month)}))
			for statement := range strings.SplitSeq(strings.TrimSpace(body), ";\n") {
				if err := c.Exec(ctx, strings.TrimSuffix(statement, ";")); err != nil {
					b.Fatalf("%s: %v\n%s", file, err, statement)
				}
			}
		}
		run("once.sql", 0)
		for month := range months {
			run("month.sql", month)
		}
		if err := c.Exec(b.Context(), "insert into stored_usage_accounts select account_id, min(day), 1, 0 from stored_usage_user_days group by account_id"); err != nil {
			b.Fatal(err)
		}
		last := time.Date(2022, 12, 1, 0, 0, 0, 0, time.UTC).AddDate(0, 0, months*30-1)
		var days []time.Time
		for d := last.AddDate(0, 0, -1); d.After(last.AddDate(0, 0, -151)); d = d.AddDate(0, 0, -1) {
			days = append(days, d)
		}
		took := func(do func() error) float64 {
			b.Helper()
			before := enginetest.EngineCPU(b)
			if err := do(); err != nil {
				b.Fatal(err)
			}
			return enginetest.EngineCPU(b) - before
		}
		r := &refresh.Refresher{Conn: c, Layout: layout}
		refreshed := func(days ...time.Time) float64 {
			b.Helper()
			return took(func() error {
				report, err := r.Refresh(b.Context(), refresh.Everything(layout, days...), "UTC", last)
				b.Logf("refresh of %d days: %v, of which %s", len(days), report.Took, strings.Join(report.Slowest(12), ", "))
				return err
			})
		}
		b.ReportMetric(refreshed(days[0]), "cpu-s/first-day")
		b.ReportMetric(refreshed(last), "cpu-s/day")
		b.ReportMetric(refreshed(days...), "cpu-s/150-days")
		var layers []string
		for _, layer := range layout.Layers {
			one := *r
			one.Layout.Layers = []queries.Query{layer}
			layers = append(layers, fmt.Sprintf("%.2f %s", took(func() error { return one.Days(b.Context(), []time.Time{last}, nil, "UTC", last) }), layer.Name))
		}
		slices.Sort(layers)
		slices.Reverse(layers)
		b.Log("slowest layers of one day: " + strings.Join(layers[:25], ", "))
		late := func(batch uint64, table, rows string) float64 {
			b.Helper()
			stage := "stage_" + table
			for _, sql := range []string{"create table " + stage + " as stored_" + table + " engine = Memory", "insert into " + stage + " " + rows} {
				if err := c.Exec(b.Context(), sql); err != nil {
					b.Fatal(err)
				}
			}
			if err := refresh.Announce(b.Context(), c, batch, table, stage, "UTC"); err != nil {
				b.Fatal(err)
			}
			if err := c.Exec(b.Context(), "insert into stored_"+table+" select * from "+stage); err != nil {
				b.Fatal(err)
			}
			if err := refresh.Stored(b.Context(), c, batch); err != nil {
				b.Fatal(err)
			}
			return refreshed()
		}
		on := sqltext.Quote(days[len(days)-1].Format(time.DateOnly))
		b.ReportMetric(late(1, "touchpoints", "(touchpoint_id, account_id, happened_at) select concat('late', toString(number)), concat('a', leftPad(toString(number * 7), 5, '0')), toDateTime64("+on+", 3, 'UTC') from numbers(10)"), "cpu-s/late-touchpoints")
		b.ReportMetric(late(2, "contracts", "(contract_id, account_id, acv, starts_on) select concat('late', toString(number)), concat('a', leftPad(toString(number * 7), 5, '0')), 1000, "+on+" from numbers(10)"), "cpu-s/late-contracts")

		var slowest []string
		var times []float64
		for _, v := range slices.Concat(layout.Layers, layout.Views) {
			if v.Day.Name == "" {
				continue
			}
			ask := "select * from " + v.View() + " where day = " + sqltext.Day(last) + " format Null"
			var best float64
			for i := range 4 {
				before := enginetest.EngineCPU(b)
				if err := c.Exec(b.Context(), ask); err != nil {
					b.Fatalf("%s: %v", v.View(), err)
				}
				if t := enginetest.EngineCPU(b) - before; i == 1 || i > 1 && t < best {
					best = t
				}
			}
			times = append(times, best)
			slowest = append(slowest, fmt.Sprintf("%.2f %s", best, v.View()))
		}
		slices.Sort(times)
		slices.Sort(slowest)
		slices.Reverse(slowest)
		b.Log("slowest views of one day: " + strings.Join(slowest[:min(25, len(slowest))], ", "))
		b.ReportMetric(times[len(times)/2], "cpu-s/view-median")
		b.ReportMetric(times[len(times)*9/10], "cpu-s/view-p90")
		var worst float64
		for _, v := range slices.Concat(layout.Layers, layout.Views) {
			if v.Day.Name == "" || v.Model {
				continue
			}
			t := took(func() error {
				return c.Exec(b.Context(), "select * from "+v.View()+" where day <= "+sqltext.Day(last)+" and day >= "+sqltext.Day(days[len(days)-1])+" format Null")
			})
			b.Logf("%s over 151 days: %.2f", v.View(), t)
			worst = max(worst, t)
		}
		b.ReportMetric(worst, "cpu-s/151-days-of-a-kpi")
		b.ReportMetric(enginetest.EnginePeak(b), "MiB/engine")
	}
}
