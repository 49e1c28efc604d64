package intake_test

import (
	"bufio"
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"

	"cskpi/exporter/engine/enginetest"
	"cskpi/exporter/store"
	"cskpi/exporter/store/storetest"
	"cskpi/queries"
)

// writeEvents writes n usage events of three years with properties, as a product sends them: in the order of their time, or in any order.
func writeEvents(tb testing.TB, path string, n int, shuffled bool) {
	tb.Helper()
	f, err := os.Create(path)
	if err != nil {
		tb.Fatal(err)
	}
	w := bufio.NewWriterSize(f, 1<<20)
	random := rand.New(rand.NewPCG(1, 2))
	start := time.Date(2022, 1, 1, 0, 0, 0, 0, time.UTC)
	step := 3 * 365 * 24 * time.Hour / time.Duration(n)
	places := make([]int, n)
	for i := range places {
		places[i] = i
	}
	if shuffled {
		random.Shuffle(n, func(i, j int) { places[i], places[j] = places[j], places[i] })
	}
	for _, i := range places {
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

// BenchmarkImport imports a file of usage events and rolls it up, in the order of time and in any order, and lets the engine insert the same file by
// itself (INSERT … FROM INFILE) into a plain MergeTree of the same columns, by turns. ratio is the speed of import and roll-up over the engine's;
// cpu-s/million are CPU seconds of both processes per million events, of which roll-up-cpu-s/million are the roll-up's; peak-MB is the most that this
// process's heap took. CSKPI_TEST_EVENTS sets the number of rows, by default 1,000,000.
func BenchmarkImport(b *testing.B) {
	if os.Getenv(enginetest.URLVariable) != "" {
		b.Fatal("a server cannot read this machine's files; run the benchmark on the local engine")
	}
	n, err := strconv.Atoi(cmp.Or(os.Getenv("CSKPI_TEST_EVENTS"), "1000000"))
	if err != nil {
		b.Fatal(err)
	}
	for _, order := range []string{"ordered", "shuffled"} {
		b.Run(order, func(b *testing.B) {
			path := filepath.Join(b.TempDir(), "usage_events.ndjson")
			writeEvents(b, path, n, order == "shuffled")
			cpu := func() float64 { return enginetest.EngineCPU(b) + enginetest.CPU(b, os.Getpid()) }
			var ours, theirs time.Duration
			var spent, rolledUp, plain float64
			var peak uint64
			for b.Loop() {
				f := newFixture(b)
				options, err := connOptions(b) // commands work without the settings of tests, in as many threads as there are cores
				if err != nil {
					b.Fatal(err)
				}
				if f.conn, err = clickhouse.Open(options); err != nil {
					b.Fatal(err)
				}
				f.Importer.Conn = f.conn
				catalogue, err := queries.Load()
				if err != nil {
					b.Fatal(err)
				}
				storetest.Install(b, f.conn, catalogue)
				const columns = "event_id, account_id, user_id, event, ts, properties"
				if err := f.conn.Exec(b.Context(), "create table plain engine = MergeTree order by tuple() as select "+columns+" from stored_usage_events limit 0"); err != nil {
					b.Fatal(err)
				}
				near := filepath.Join(f.query("path", "system.disks"), "bench.ndjson") // where the engine may read
				if err := os.Rename(path, near); err != nil {
					b.Fatal(err)
				}
				debug.FreeOSMemory()
				before, start := cpu(), time.Now()
				err = f.conn.Exec(b.Context(), "insert into plain from infile '"+near+"' format JSONEachRow")
				if err := errors.Join(err, os.Rename(near, path)); err != nil {
					b.Fatal(err)
				}
				theirs += time.Since(start)
				plain += cpu() - before

				done, sampled := make(chan struct{}), make(chan uint64)
				go func() { sampled <- samplePeak(done) }()
				before, start = cpu(), time.Now()
				s, err := f.Files(b.Context(), "", path)
				if err != nil || s.Rejected() > 0 {
					b.Fatal(err, rejects(s))
				}
				stored := cpu()
				b.Logf("%s: plain %s, import %s", order, theirs.Round(time.Millisecond), time.Since(start).Round(time.Millisecond))
				if err := store.RollUp(b.Context(), f.conn, nil); err != nil {
					b.Fatal(err)
				}
				ours += time.Since(start)
				spent += cpu() - before
				rolledUp += cpu() - stored
				close(done)
				peak = max(peak, <-sampled)
				if got := f.query("sum(events)", "stored_usage_totals"); got != strconv.Itoa(n) {
					b.Fatalf("%s events are rolled up of %d", got, n)
				}
				if err := f.conn.Close(); err != nil {
					b.Fatal(err)
				}
			}
			millions := float64(n*b.N) / 1e6
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(theirs.Seconds()/ours.Seconds(), "ratio")
			b.ReportMetric(spent/millions, "cpu-s/million")
			b.ReportMetric(rolledUp/millions, "roll-up-cpu-s/million")
			b.ReportMetric(plain/millions, "plain-cpu-s/million")
			b.ReportMetric(float64(n*b.N)/ours.Seconds(), "rows/s")
			b.ReportMetric(float64(peak)/1e6, "peak-MB")
		})
	}
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
