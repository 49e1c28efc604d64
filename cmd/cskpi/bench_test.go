package main

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"cskpi/exporter"
	"cskpi/exporter/demo"
	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/history"
	"cskpi/exporter/intake"
	"cskpi/exporter/refresh"
	"cskpi/exporter/store"
	"cskpi/queries"
)

// BenchmarkRefresh computes all layers of today and then all KPIs, on 10,000 accounts with three years of facts, and what usage
// adds to its cost. Beside it, in the same run, stand the KPIs alone, one at a time over layers that are computed, the
// engine's own scan of the raw events, the same company whose users do ten times as much on the same days, and what a further
// day of 100,000 events costs in each of the two, and one of 10,000.
//
// CSKPI_BENCH_EVENTS is the number of usage events of the busier company; ten million if it is not set.
func BenchmarkRefresh(b *testing.B) {
	events := given(b, "CSKPI_BENCH_EVENTS", 10_000_000)
	for b.Loop() {
		w := newWorld(b, enginetest.Conn(b))
		w.company(10_000, false)
		first, last := w.until.AddDate(-3, 0, 1), w.until.AddDate(0, 0, -3)
		users := events / 10 / int(last.Sub(first).Hours()/24)

		w.usage(first, last, users, 0, 1)
		took, _ := w.rollUp()
		b.ReportMetric(took.Seconds(), "s/rollup-all")
		quiet, series := w.bestPass()
		b.ReportMetric(quiet.Seconds(), "s/refresh")
		b.ReportMetric(quiet.Seconds()/w.naive(w.until).Seconds(), "of-kpis-alone")
		b.ReportMetric(quiet.Seconds()/w.scan().Seconds(), "of-scan")
		b.ReportMetric(series, "series")
		b.ReportMetric(peakMB(b, engineStatus(b)), "engine-peak-MB")
		b.ReportMetric(peakMB(b, "/proc/self/status"), "own-peak-MB")

		w.usage(last, last.AddDate(0, 0, 1), 10_000, 0, 10)
		took, read := w.rollUp()
		b.ReportMetric(took.Seconds(), "s/day")
		b.ReportMetric(read, "rows/day")

		w.usage(first, last, users, 1, 9)
		took, _ = w.rollUp()
		b.ReportMetric(took.Seconds(), "s/rollup-all-busy")
		busy, _ := w.bestPass()
		b.ReportMetric(busy.Seconds(), "s/refresh-busy")
		b.ReportMetric(busy.Seconds()/quiet.Seconds(), "busy-of-quiet")
		scan := w.scan()
		b.ReportMetric(scan.Seconds(), "s/scan-busy")
		b.ReportMetric(busy.Seconds()/scan.Seconds(), "of-scan-busy")

		w.usage(last.AddDate(0, 0, 1), last.AddDate(0, 0, 2), 10_000, 0, 10)
		took, read = w.rollUp()
		b.ReportMetric(took.Seconds(), "s/day-busy")
		b.ReportMetric(read, "rows/day-busy")
		w.usage(last.AddDate(0, 0, 2), last.AddDate(0, 0, 3), 10_000, 0, 1)
		took, read = w.rollUp()
		b.ReportMetric(took.Seconds(), "s/tenth-day-busy")
		b.ReportMetric(read, "rows/tenth-day-busy")
		after, _ := w.bestPass()
		b.ReportMetric(after.Seconds()/busy.Seconds(), "after-day-of-busy")
		b.ReportMetric(peakMB(b, engineStatus(b)), "engine-peak-MB-busy")
	}
}

// BenchmarkBackfill computes all layers and KPIs of a company of 1,000 accounts for each day of three years, as cskpi backfill does. Beside it, in
// the same run, stands the naive way to read the KPIs alone, one KPI and one day at a time, of a few days that are spread over the years.
//
// CSKPI_BENCH_DAYS is the number of days, if not three years.
func BenchmarkBackfill(b *testing.B) {
	for b.Loop() {
		w := newWorld(b, enginetest.Conn(b))
		w.company(1000, true)
		w.rollUp()
		w.settle()
		from := w.until.AddDate(-3, 0, 1)
		if text := os.Getenv("CSKPI_BENCH_DAYS"); text != "" {
			n, err := strconv.Atoi(text)
			if err != nil {
				b.Fatalf("CSKPI_BENCH_DAYS: %v", err)
			}
			from = w.until.AddDate(0, 0, 1-n)
		}
		h := history.New(history.Options{
			Conn: w.conn, Catalogue: w.catalogue, Lease: w.days.Read, AtOnce: w.days.AtOnce,
			Now: func() time.Time { return w.until.AddDate(0, 0, 1) },
		})
		s, err := h.Fill(b.Context(), history.Request{From: from, To: w.until, Parallel: 3})
		if err == nil {
			err = s.Err()
		}
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(s.Took.Seconds(), "s/backfill")
		perDay := s.Took.Seconds() / float64(s.Days)
		b.ReportMetric(1000*perDay, "ms/day")
		b.ReportMetric(w.number("select toFloat64(count()) from cs.kpi_daily"), "values")
		b.ReportMetric(peakMB(b, engineStatus(b)), "engine-peak-MB")
		b.ReportMetric(peakMB(b, "/proc/self/status"), "own-peak-MB")

		var naive time.Duration
		const sampled = 2
		for i := range sampled {
			naive += w.naive(from.AddDate(0, 0, (2*i+1)*s.Days/(2*sampled)))
		}
		b.ReportMetric(1000*naive.Seconds()/sampled, "ms/naive-day")
		b.ReportMetric(perDay/(naive.Seconds()/sampled), "of-naive")
	}
}

// world is a company with all facts but usage, and the users that it has besides.
type world struct {
	b         *testing.B
	conn      driver.Conn
	catalogue queries.Catalogue
	until     time.Time // the last day
	days      *refresh.Days
}

func newWorld(b *testing.B, conn driver.Conn) *world {
	b.Helper()
	w := &world{b: b, conn: conn, until: time.Date(2025, 12, 31, 0, 0, 0, 0, time.UTC)}
	var err error
	if w.catalogue, err = queries.Load(); err != nil {
		b.Fatal(err)
	}
	if err := store.Migrate(b.Context(), conn); err != nil {
		b.Fatal(err)
	}
	if err := store.Install(b.Context(), conn, w.catalogue); err != nil {
		b.Fatal(err)
	}
	w.days = refresh.NewDays(refresh.Options{Conn: conn, Layout: w.catalogue.Layout(), Zone: time.UTC, Now: func() time.Time { return w.until.Add(12 * time.Hour) }})
	return w
}

// company fills in the facts of so many accounts, with what their users would do or without usage.
func (w *world) company(accounts int, used bool) {
	w.b.Helper()
	o := demo.Options{Seed: 1, Accounts: accounts, Years: 3, Until: w.until, Currency: "USD"}
	if !used {
		o.Events = -1
	}
	company, err := demo.New(o)
	if err != nil {
		w.b.Fatal(err)
	}
	im := intake.Importer{Conn: w.conn, Zone: time.UTC}
	for _, table := range company.Tables() {
		if table == "usage_events" && !used {
			continue
		}
		r, pipe := io.Pipe()
		go func() { pipe.CloseWithError(company.Write(w.b.Context(), table, pipe)) }()
		if _, err := im.Reader(w.b.Context(), table, table, "ndjson", r); err != nil {
			w.b.Fatal(err)
		}
	}
}

// usage adds usage events: on each day of [from, before) that many users, the same ones however often it is called, do one of
// twelve things, each of them n times, the first of which is numbered `number`.
func (w *world) usage(from, before time.Time, users, number, n int) {
	w.b.Helper()
	for start := from; start.Before(before); {
		end := start.AddDate(0, 1, 1-start.Day()) // a partition at most
		if end.After(before) {
			end = before
		}
		days := int(end.Sub(start).Hours() / 24)
		w.exec(fmt.Sprintf(`
			insert into cs.stored_usage_events (event_id, account_id, user_id, event, ts, properties)
			with
				(select groupArray(account_id) from (select distinct account_id from cs.stored_accounts order by account_id)) as accounts,
				toDate('%s') + intDiv(number, %d) as day,
				intDiv(number %% %d, %d) as place,
				%d + number %% %d as time,
				(toUInt32(day) * 7919 + place * 20011) %% 50000 as user
			select
				concat(toString(toUInt32(day)), '-', toString(user), '-', toString(time)),
				accounts[1 + user %% length(accounts)],
				concat('user', toString(user)),
				concat('feature', toString(cityHash64(day, user, time) %% 12)),
				toDateTime64(day, 3, 'UTC') + toIntervalMillisecond(cityHash64(user, time, day) %% 86400000),
				if(user %% 4 = 0, concat('{"department": "', ['sales', 'service', 'finance'][1 + user %% 3], '"}'), '')
			from numbers(%d)`,
			start.Format(time.DateOnly), users*n, users*n, n, number, n, users*n*days))
		start = end
	}
}

// rollUp rolls up what is new. It gives the time, and the number of rows that were read for it, whatever the table.
func (w *world) rollUp() (time.Duration, float64) {
	w.b.Helper()
	w.settle()
	const read = "select toFloat64(sum(value)) from system.events where event = 'SelectedRows'"
	before, start := w.number(read), time.Now()
	if err := store.RollUp(w.b.Context(), w.conn, nil); err != nil {
		w.b.Fatal(err)
	}
	took := time.Since(start)
	return took, w.number(read) - before
}

// settle waits until the engine has no merges left, which would disturb what is measured.
func (w *world) settle() {
	w.b.Helper()
	for quiet := 0; quiet < 3; quiet++ {
		if w.number("select toFloat64(count()) from system.merges") > 0 {
			quiet = -1
		}
		time.Sleep(200 * time.Millisecond)
	}
}

// pass computes all layers of today anew and then all KPIs. It gives the time and the number of series.
func (w *world) pass() (time.Duration, float64) {
	w.b.Helper()
	// The days that today looks back on are computed before, and not measured.
	if err := w.days.Compute(w.b.Context(), nil, w.until); err != nil {
		w.b.Fatal(err)
	}
	r := refresh.Refresher{Conn: w.conn, Layout: w.catalogue.Layout()}
	e, err := exporter.New(w.conn, exporter.Options{
		Catalogue: w.catalogue, Location: time.UTC, Timeout: time.Minute, MaxSeries: 100_000, Lease: w.days.Read,
		Now: func() time.Time { return w.until.Add(12 * time.Hour) }, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		w.b.Fatal(err)
	}
	start := time.Now()
	if err := r.Days(w.b.Context(), []time.Time{w.until}, nil, "UTC", w.until.AddDate(0, 0, -1)); err != nil {
		w.b.Fatal(err)
	}
	if err := e.Refresh(w.b.Context()); err != nil {
		w.b.Fatal(err)
	}
	took := time.Since(start)
	families, err := e.Gather()
	if err != nil {
		w.b.Fatal(err)
	}
	series := 0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if h := m.GetHistogram(); h != nil {
				series += len(h.GetBucket()) + 2 // _sum and _count
			} else {
				series++
			}
		}
	}
	return took, float64(series)
}

// bestPass is the shortest of three, since each is disturbed by what else the machine does.
func (w *world) bestPass() (time.Duration, float64) {
	w.b.Helper()
	w.settle()
	best, series := w.pass()
	for range 2 {
		took, _ := w.pass()
		best = min(best, took)
	}
	return best, series
}

// naive computes each KPI by itself.
func (w *world) naive(asOf time.Time) time.Duration {
	w.b.Helper()
	start := time.Now()
	for _, q := range w.catalogue.KPIs() {
		w.exec(q.Select(asOf) + " format Null")
	}
	return time.Since(start)
}

// scan is the engine's own reading of all raw events.
func (w *world) scan() time.Duration {
	w.b.Helper()
	start := time.Now()
	w.exec("select uniqExact(account_id, user_id), count() from cs.stored_usage_events format Null")
	return time.Since(start)
}

func (w *world) exec(sql string) {
	w.b.Helper()
	if err := w.conn.Exec(w.b.Context(), sql); err != nil {
		w.b.Fatal(err)
	}
}

func (w *world) number(sql string) float64 {
	w.b.Helper()
	var n float64
	if err := w.conn.QueryRow(w.b.Context(), sql).Scan(&n); err != nil {
		w.b.Fatal(err)
	}
	return n
}

// engineStatus is the status file of the engine, the child of this process.
func engineStatus(b *testing.B) string {
	b.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/status")
	if err != nil {
		b.Fatal(err)
	}
	parent := fmt.Sprintf("PPid:\t%d\n", os.Getpid())
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil && strings.Contains(string(text), parent) {
			return file
		}
	}
	b.Fatal("the engine is no child of this process")
	return ""
}

// peakMB is the peak resident memory of a process.
func peakMB(b *testing.B, status string) float64 {
	b.Helper()
	text, err := os.ReadFile(status)
	if err != nil {
		b.Fatal(err)
	}
	m := regexp.MustCompile(`VmHWM:\s+(\d+) kB`).FindSubmatch(text)
	if m == nil {
		b.Fatalf("no peak memory in %s", status)
	}
	kb, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		b.Fatal(err)
	}
	return kb / 1024
}
