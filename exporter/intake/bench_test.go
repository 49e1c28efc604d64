package intake_test

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"
	"time"

	"cskpi/exporter/engine/enginetest"
)

// writeEvents writes n usage events of three years in the order of their time, with properties, as a product sends them.
func writeEvents(tb testing.TB, path string, n int) {
	tb.Helper()
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	random := rand.New(rand.NewPCG(1, 2))
	start := time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC)
	step := 3 * 365 * 24 * time.Hour / time.Duration(n)
	for i := range n {
		account := random.IntN(400)
		at := start.Add(time.Duration(i)*step + time.Duration(random.IntN(1000))*time.Millisecond)
		fmt.Fprintf(w, `{"event_id":"ev-%09d","account_id":"acc-%04d","user_id":"acc-%04d-u%02d","event":"feature_%d_used","ts":"%s","properties":"{\"plan\":\"pro\",\"n\":%d}"}`+"\n",
			i, account, account, random.IntN(20), random.IntN(20), at.Format("2006-01-02T15:04:05.000Z"), random.IntN(100))
	}
	if err := w.Flush(); err != nil {
		tb.Fatal(err)
	}
	if err := f.Close(); err != nil {
		tb.Fatal(err)
	}
}

// BenchmarkImportNDJSON imports a file of usage events and lets the engine insert the same file by itself
// (INSERT … FROM INFILE), by turns. ratio is our speed over the engine's; peak-MB is the most this process's heap took.
// CSKPI_TEST_EVENTS sets the number of rows, by default 500,000.
func BenchmarkImportNDJSON(b *testing.B) {
	if os.Getenv(enginetest.URLVariable) != "" {
		b.Fatal("a server cannot read this machine's files; run the benchmark on the local engine")
	}
	n := 500_000
	if text := os.Getenv("CSKPI_TEST_EVENTS"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil {
			b.Fatal(err)
		}
	}
	f := newFixture(b)
	path := filepath.Join(f.dir, "usage_events.ndjson")
	writeEvents(b, path, n)
	empty := func() {
		if err := f.conn.Exec(b.Context(), "truncate table stored_usage_events"); err != nil {
			b.Fatal(err)
		}
		debug.FreeOSMemory()
	}
	stored := func(by string) {
		if got := f.query("count()", "stored_usage_events"); got != strconv.Itoa(n) {
			b.Fatalf("%s stored %s rows of %d", by, got, n)
		}
	}
	var ours, theirs time.Duration
	var peak uint64
	for b.Loop() {
		empty()
		start := time.Now()
		if err := f.conn.Exec(b.Context(), "insert into stored_usage_events (event_id, account_id, user_id, event, ts, properties) from infile '"+path+"' format JSONEachRow"); err != nil {
			b.Fatal(err)
		}
		theirs += time.Since(start)
		stored("the engine")

		empty()
		done, sampled := make(chan struct{}), make(chan uint64)
		go func() { sampled <- samplePeak(done) }()
		start = time.Now()
		s, err := f.Files(b.Context(), "", path)
		ours += time.Since(start)
		close(done)
		peak = max(peak, <-sampled)
		if err != nil || s.Rejected() > 0 {
			b.Fatal(err, rejects(s))
		}
		stored("the import")
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "ratio")
	b.ReportMetric(float64(n*b.N)/ours.Seconds(), "rows/s")
	b.ReportMetric(float64(n*b.N)/theirs.Seconds(), "engine-rows/s")
	b.ReportMetric(float64(peak)/1e6, "peak-MB")
}

// samplePeak returns the most memory that the Go runtime held until done.
func samplePeak(done <-chan struct{}) uint64 {
	var peak uint64
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			peak = max(peak, m.Sys-m.HeapReleased)
		case <-done:
			return peak
		}
	}
}
