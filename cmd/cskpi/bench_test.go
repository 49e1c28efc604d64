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

	"cskpi/exporter"
	"cskpi/exporter/demo"
	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/intake"
	"cskpi/queries"
)

// BenchmarkRefresh is one pass of the exporter over all revenue KPIs, on 10,000 accounts with five years of contracts. Beside
// it, in the same run, stands the naive way: each view read by its name, one after the other.
func BenchmarkRefresh(b *testing.B) {
	conn := enginetest.Conn(b)
	catalogue, err := queries.Load()
	if err != nil {
		b.Fatal(err)
	}
	if err := queries.Migrate(b.Context(), conn); err != nil {
		b.Fatal(err)
	}
	if err := queries.Install(b.Context(), conn, catalogue); err != nil {
		b.Fatal(err)
	}
	until := time.Date(2025, 12, 31, 0, 0, 0, 0, time.UTC)
	company, err := demo.New(demo.Options{Seed: 1, Accounts: 10_000, Years: 5, Events: -1, Until: until, Currency: "USD"})
	if err != nil {
		b.Fatal(err)
	}
	im := intake.Importer{Conn: conn, Zone: time.UTC}
	for _, table := range []string{"accounts", "contracts", "fx_rates", "targets", "settings", "touchpoints", "value_reviews"} {
		r, w := io.Pipe()
		go func() { w.CloseWithError(company.Write(b.Context(), table, w)) }()
		if _, err := im.Reader(b.Context(), table, table, "ndjson", r); err != nil {
			b.Fatal(err)
		}
	}
	var contracts uint64
	if err := conn.QueryRow(b.Context(), "select count() from cs.contracts final").Scan(&contracts); err != nil {
		b.Fatal(err)
	}
	pass := func() { // with nothing kept from the pass before
		keeper := queries.NewKeeper(conn, catalogue, time.Now)
		defer keeper.Close()
		e, err := exporter.New(conn, exporter.Options{
			Catalogue: catalogue, Location: time.UTC, Parallel: 2, Timeout: time.Minute, MaxSeries: 100_000, Select: keeper.Select,
			Now: func() time.Time { return until.Add(12 * time.Hour) }, Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			b.Fatal(err)
		}
		if err := e.Refresh(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	pass() // fills the engine's caches
	var naive time.Duration
	for b.Loop() {
		pass()
		b.StopTimer()
		start := time.Now()
		for _, q := range catalogue.KPIs() {
			if err := conn.Exec(b.Context(), "select * from cs."+q.View()+"(as_of = '2025-12-31') format Null"); err != nil {
				b.Fatal(err)
			}
		}
		naive += time.Since(start)
		b.StartTimer()
	}
	seconds := b.Elapsed().Seconds() / float64(b.N)
	b.ReportMetric(seconds, "s/refresh")
	b.ReportMetric(seconds/(naive.Seconds()/float64(b.N)), "of-naive")
	b.ReportMetric(float64(contracts), "contracts")
	b.ReportMetric(peakMB(b, engineStatus(b)), "engine-peak-MB")
	b.ReportMetric(peakMB(b, "/proc/self/status"), "own-peak-MB")
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
