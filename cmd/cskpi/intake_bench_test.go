package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"cskpi/exporter/demo"
	"cskpi/exporter/engine"
	"cskpi/exporter/engine/enginetest"
)

// BenchmarkHTTPBatches sends a million usage events in batches of 10,000 over four connections to a service, which checks, stores and syncs them and rolls
// them up beside that, and the same batches to an engine that inserts them into a plain MergeTree of the same columns, without fsync. ratio is the
// service's speed over the engine's; cpu-s/million are the CPU seconds of the processes that take the events. CSKPI_TEST_EVENTS sets the number of rows.
func BenchmarkHTTPBatches(b *testing.B) {
	const size, connections = 10_000, 4
	bodies := usageBodies(b, size)
	n := float64(events(b))
	s := newService(b, filepath.Join(b.TempDir(), "data"))
	raw := enginetest.Engine(b)
	var ours, theirs time.Duration
	var spent, plain float64
	for b.Loop() {
		if err := os.RemoveAll(s.data); err != nil {
			b.Fatal(err)
		}
		s.start()
		k := newSoak(s)
		k.ready(b.Context())
		s.settled(b.Context())
		before := s.cpu()
		ours += sendAll(b, connections, bodies, k.sendUsage)
		spent += s.cpu() - before
		s.kill(syscall.SIGTERM)

		conn := enginetest.Conn(b)
		if err := conn.Exec(b.Context(), "create table plain (event_id String, account_id String, user_id String, event LowCardinality(String), ts DateTime64(3, 'UTC'), properties String) engine = MergeTree order by tuple()"); err != nil {
			b.Fatal(err)
		}
		target := "http://" + raw.Options().Addr[0] + "/?" + url.Values{"database": {"cs"}, "date_time_input_format": {"best_effort"}, "query": {"insert into plain format JSONEachRow"}}.Encode()
		before = enginetest.EngineCPU(b)
		theirs += sendAll(b, connections, bodies, func(body []byte) (int, error) {
			r, err := http.NewRequestWithContext(b.Context(), http.MethodPost, target, bytes.NewReader(body))
			if err != nil {
				return 0, err
			}
			r.Header.Set(engine.TokenHeader, raw.Options().HttpHeaders[engine.TokenHeader])
			w, err := k.client.Do(r)
			if err != nil {
				return 0, err
			}
			defer w.Body.Close()
			if w.StatusCode != http.StatusOK {
				return 0, fmt.Errorf("the engine answers %s", w.Status)
			}
			return w.StatusCode, nil
		})
		plain += enginetest.EngineCPU(b) - before
		var stored uint64
		if err := conn.QueryRow(b.Context(), "select count() from plain").Scan(&stored); err != nil || float64(stored) != n {
			b.Fatalf("the engine has %d events of %.0f: %v", stored, n, err)
		}
	}
	millions := n * float64(b.N) / 1e6
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(theirs.Seconds()/ours.Seconds(), "ratio")
	b.ReportMetric(millions*1e6/ours.Seconds(), "rows/s")
	b.ReportMetric(millions*1e6/theirs.Seconds(), "plain-rows/s")
	b.ReportMetric(spent/millions, "cpu-s/million")
	b.ReportMetric(plain/millions, "plain-cpu-s/million")
}

// sendUsage sends usage events, which may have to be sent again where they are not taken for the moment.
func (k *soak) sendUsage(body []byte) (status int, err error) {
	status, answer, err := k.post(k.service.t.Context(), "usage_events", body, map[string]string{"Content-Type": "application/x-ndjson"})
	if err == nil && status != http.StatusOK && status != http.StatusServiceUnavailable {
		err = fmt.Errorf("%d %s", status, answer)
	}
	return status, err
}

// sendAll sends bodies over so many connections, again where send says that there is no room at the moment, and returns how long that took.
func sendAll(b *testing.B, connections int, bodies [][]byte, send func([]byte) (status int, err error)) time.Duration {
	b.Helper()
	begin := time.Now()
	var at atomic.Int64
	var senders sync.WaitGroup
	for range connections {
		senders.Go(func() {
			for i := at.Add(1) - 1; i < int64(len(bodies)); i = at.Add(1) - 1 {
				for {
					status, err := send(bodies[i])
					if err != nil {
						b.Error(err)
						return
					}
					if status == http.StatusOK {
						break
					}
					time.Sleep(100 * time.Millisecond)
				}
			}
		})
	}
	senders.Wait()
	return time.Since(begin)
}

// BenchmarkIdleCompany serves a company of 400 accounts with four years of facts and sends it one usage event every ten seconds, at first with nothing
// else and then with one touchpoint that is 60 days late. Service and engine take cpu-s/hour, if such a touchpoint comes every 15 minutes; a late one takes
// late-cpu-s of it, and nothing-cpu-s/hour is what they take if nothing comes. CSKPI_BENCH_MINUTES is how long each of the three lasts, by default 5.
func BenchmarkIdleCompany(b *testing.B) {
	minutes := given(b, "CSKPI_BENCH_MINUTES", 5)
	until := time.Now().UTC().Truncate(24 * time.Hour)
	company, err := demo.New(demo.Options{Seed: 1, Accounts: 400, Years: 4, Until: until, Currency: "USD"})
	if err != nil {
		b.Fatal(err)
	}
	files := b.TempDir()
	for _, table := range company.Tables() {
		f, err := os.Create(filepath.Join(files, table+".ndjson"))
		if err != nil {
			b.Fatal(err)
		}
		if err := company.Write(b.Context(), table, f); err != nil {
			b.Fatal(err)
		}
		if err := f.Close(); err != nil {
			b.Fatal(err)
		}
	}
	var account struct {
		ID string `json:"account_id"`
	}
	text, err := os.ReadFile(filepath.Join(files, "accounts.ndjson"))
	if err != nil {
		b.Fatal(err)
	}
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&account); err != nil {
		b.Fatal(err)
	}
	s := newService(b, filepath.Join(b.TempDir(), "data"))
	cmd := exec.CommandContext(b.Context(), s.bin, "import", files)
	cmd.Env = slices.Clone(s.env)
	if out, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for b.Loop() {
		s.start()
		k := newSoak(s)
		k.ready(b.Context())
		s.settled(b.Context())
		for before := s.cpu(); ; { // until all that a start does is done
			time.Sleep(time.Minute)
			now := s.cpu()
			if now-before < 2 {
				break
			}
			before = now
		}
		post := func(table, row string) {
			if status, answer, err := k.post(b.Context(), table, []byte(row), map[string]string{"Content-Type": "application/x-ndjson"}); err != nil || status != http.StatusOK {
				b.Fatalf("%v %d %s", err, status, answer)
			}
		}
		sent := 0
		lasts := func(isUsed, isLate bool) float64 {
			before := s.cpu()
			for i := range minutes * 6 {
				if isUsed {
					sent++
					post("usage_events", fmt.Sprintf(`{"event_id":"idle-%d","account_id":%q,"user_id":"u%d","event":"report","ts":%q}`, sent, account.ID, sent%5, time.Now().UTC().Format(time.RFC3339)))
				}
				if isLate && i == 1 {
					post("touchpoints", fmt.Sprintf(`{"touchpoint_id":"late-%d","account_id":%q,"kind":"call","happened_at":%q}`, sent, account.ID, until.AddDate(0, 0, -60).Format(time.RFC3339)))
				}
				time.Sleep(10 * time.Second)
			}
			return s.cpu() - before
		}
		perHour := 60 / float64(minutes)
		nothing := lasts(false, false)
		used := lasts(true, false)
		late := lasts(true, true) - used
		s.kill(syscall.SIGTERM)
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(nothing*perHour, "nothing-cpu-s/hour")
		b.ReportMetric(late, "late-cpu-s")
		b.ReportMetric(used*perHour+4*late, "cpu-s/hour")
	}
}
