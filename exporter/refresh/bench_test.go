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
	"cskpi/queries"
)

func TestMain(m *testing.M) { enginetest.Main(m) }

// engineCPU is the CPU time of the engine so far, in seconds.
func engineCPU(b *testing.B) float64 {
	b.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		b.Fatal(err)
	}
	sum := 0.
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		_, after, _ := strings.Cut(string(text), ") ") // the name may have blanks
		fields := strings.Fields(after)
		if len(fields) < 13 || fields[1] != strconv.Itoa(os.Getpid()) {
			continue
		}
		user, _ := strconv.ParseFloat(fields[11], 64)
		system, _ := strconv.ParseFloat(fields[12], 64)
		sum += (user + system) / 100
	}
	return sum
}

// BenchmarkLayers computes the layers of a company of 10,000 accounts: of one day, of a month, and of some accounts; then it asks each view for one day.
// All figures are CPU seconds of the engine. With -v each layer and view has its own.
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
	layout, err := queries.LoadLayout()
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		c := enginetest.Database(b)
		if err := layout.Install(b.Context(), c); err != nil {
			b.Fatal(err)
		}
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
		var month, half []time.Time
		for d := last; d.After(last.AddDate(0, 0, -150)); d = d.AddDate(0, 0, -1) {
			half = append(half, d)
			if len(month) < 30 && d.Month() == last.AddDate(0, -1, 0).Month() {
				month = append(month, d)
			}
		}
		r := &refresh.Refresher{Conn: c, Layout: layout}
		took := func(days []time.Time, of ...string) float64 {
			b.Helper()
			before := engineCPU(b)
			if err := r.Days(b.Context(), days, of, "UTC", last); err != nil {
				b.Fatal(err)
			}
			return engineCPU(b) - before
		}
		took(half[:1]) // warm
		b.ReportMetric(took(half[:1]), "cpu-s/day")
		var layers []string
		for _, layer := range layout.Layers {
			one := *r
			one.Layout.Layers = []queries.Query{layer}
			before := engineCPU(b)
			if err := one.Days(b.Context(), half[:1], nil, "UTC", last); err != nil {
				b.Fatal(err)
			}
			layers = append(layers, fmt.Sprintf("%.2f %s", engineCPU(b)-before, layer.Name))
		}
		slices.Sort(layers)
		slices.Reverse(layers)
		b.Log("slowest layers of one day: " + strings.Join(layers[:25], ", "))
		b.ReportMetric(took(month), "cpu-s/month")
		var some []string
		for i := range 10 {
			some = append(some, fmt.Sprintf("a%05d", i*7))
		}
		b.ReportMetric(took(half, some...), "cpu-s/10-accounts-150-days")

		var slowest []string
		var times []float64
		for _, v := range layout.Views {
			if v.Day.Name == "" {
				continue
			}
			ask := "select * from " + v.Name + " where day = " + queries.QuoteDay(last) + " format Null"
			var best float64
			for i := range 4 {
				before := engineCPU(b)
				if err := c.Exec(b.Context(), ask); err != nil {
					b.Fatalf("%s: %v", v.Name, err)
				}
				if t := engineCPU(b) - before; i == 1 || i > 1 && t < best {
					best = t
				}
			}
			times = append(times, best)
			slowest = append(slowest, fmt.Sprintf("%.2f %s", best, v.Name))
		}
		slices.Sort(times)
		slices.Sort(slowest)
		slices.Reverse(slowest)
		b.Log("slowest views of one day: " + strings.Join(slowest[:min(25, len(slowest))], ", "))
		b.ReportMetric(times[len(times)/2], "cpu-s/view-median")
		b.ReportMetric(times[len(times)*9/10], "cpu-s/view-p90")
	}
}
