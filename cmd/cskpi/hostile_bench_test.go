//go:build linux

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cskpi/exporter/service"
)

// BenchmarkHostileClients serves a company of 100 accounts while slow, greedy and hostile clients work against all three
// ports, and measures what everybody else sees: the slowest but one percent of scrapes and of requests that store facts,
// the age of the oldest KPI in intervals of its schedule, and failures of queries, which are errors.
//
// CSKPI_BENCH_SOAK is how long it lasts, such as 30m; one minute if it is not set.
func BenchmarkHostileClients(b *testing.B) {
	lasts := time.Minute
	if text := os.Getenv("CSKPI_BENCH_SOAK"); text != "" {
		var err error
		if lasts, err = time.ParseDuration(text); err != nil {
			b.Fatalf("CSKPI_BENCH_SOAK: %v", err)
		}
	}
	dir := filepath.Join(b.TempDir(), "demo")
	s := newService(b, dir)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	readers := l.Addr().String()
	l.Close()
	s.args = []string{"demo", "--accounts", "100", "--dir", dir}
	s.env = append(s.env, "CSKPI_PARALLEL=3", "CSKPI_ENGINE_LISTEN="+readers, "CSKPI_HISTORY=30d")
	for b.Loop() {
		s.start()
		h := hostile{s: s, readers: readers, client: &http.Client{Timeout: 5 * time.Minute, Transport: &http.Transport{MaxConnsPerHost: 0, DisableKeepAlives: true}}}
		for deadline := time.Now().Add(20 * time.Minute); ; time.Sleep(time.Second) {
			if status, _ := h.get(b.Context(), "http://"+s.metrics+"/-/ready"); status == http.StatusOK {
				break
			}
			if time.Now().After(deadline) {
				b.Fatal("the demo is not ready")
			}
		}
		_, before := h.get(b.Context(), "http://"+s.metrics+"/metrics")
		ctx, stop := context.WithTimeout(b.Context(), lasts)
		var clients, others sync.WaitGroup
		for i := range 40 {
			clients.Go(func() {
				h.again(ctx, h.halfSent(readers, "POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n\r\nselect"))
			})
			clients.Go(func() { h.again(ctx, h.halfSent(s.metrics, "GET /metrics HTTP/1.1\r\nHost: 127.0.0.1\r\nX-")) })
			clients.Go(func() {
				h.again(ctx, h.halfSent(s.address, "POST /v1/usage_events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100000\r\n"+
					map[bool]string{true: "Authorization: Bearer " + s.token() + "\r\n"}[i%2 == 0]+"\r\n{"))
			})
		}
		for range 10 {
			clients.Go(func() { h.again(ctx, h.slowReader) })
			for _, query := range []string{
				"select number % 1000003 as k, count(), uniqExact(number) from numbers(300000000) group by k order by k limit 10",
				"select repeat('x', 1000000) from numbers(100000)",
				"select account_id, user_id, event, count() from cs.stored_usage_events final group by all order by 4 desc",
				"select * from cs.risk_drivers where day = (select day from cs.current_day)",
			} {
				clients.Go(func() { h.again(ctx, h.query(query, "wait_end_of_query=1")) })
			}
		}
		for _, forbidden := range []string{
			"query=select+1&additional_result_filter=throwIf(file('engine.json')!='')", "query=select+file('/etc/passwd')", "query=select+*+from+url('http://127.0.0.1:1/')",
			"query=select+*+from+sqlite('x.sql','t')", "query=drop+table+cs.stored_contracts", "query=select+1+settings+max_memory_usage=0", "query=%00%ff", "query=" + strings.Repeat("(", 5000),
		} {
			clients.Go(func() { h.again(ctx, h.refused(forbidden)) })
		}

		var scrapes, stores []time.Duration
		oldest := 0.0
		others.Go(func() {
			for ctx.Err() == nil {
				begin := time.Now()
				status, text := h.get(ctx, "http://"+s.metrics+"/metrics")
				if ctx.Err() != nil {
					return
				}
				scrapes = append(scrapes, time.Since(begin))
				if status != http.StatusOK {
					b.Errorf("a scrape got %d", status)
				}
				age := samples(text, "cs_exporter_query_age_seconds")
				for query, every := range samples(text, "cs_exporter_query_interval_seconds") {
					oldest = max(oldest, age[query]/every)
				}
				service.Sleep(ctx, 500*time.Millisecond)
			}
		})
		others.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				begin := time.Now()
				body := fmt.Sprintf(`{"event_id":"soak-%d","account_id":"a1","event":"x","ts":"2026-01-01T00:00:00Z"}`, i)
				r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.address+"/v1/usage_events", strings.NewReader(body))
				if err != nil {
					b.Error(err)
					return
				}
				r.Header.Set("Authorization", "Bearer "+s.token())
				r.Header.Set("Content-Type", "application/x-ndjson")
				answer, err := h.client.Do(r)
				if ctx.Err() != nil {
					return
				}
				if err != nil {
					b.Errorf("storing a fact: %v", err)
					continue
				}
				text, _ := io.ReadAll(answer.Body)
				answer.Body.Close()
				stores = append(stores, time.Since(begin))
				// The token's other half belongs to the slow bodies, which give way: then the answer says when to retry.
				if answer.StatusCode != http.StatusOK && answer.StatusCode != http.StatusServiceUnavailable {
					b.Errorf("storing a fact: %d %s", answer.StatusCode, text)
				}
				if answer.StatusCode == http.StatusServiceUnavailable {
					h.busy.Add(1)
				}
				service.Sleep(ctx, 200*time.Millisecond)
			}
		})
		others.Wait()
		stop()
		clients.Wait()
		_, after := h.get(b.Context(), "http://"+s.metrics+"/metrics")
		failures := samples(after, "cs_exporter_query_failures_total")
		for query, n := range failures {
			if was := samples(before, "cs_exporter_query_failures_total")[query]; n > was {
				b.Errorf("%s failed %v times", query, n-was)
			}
		}
		if len(failures) == 0 {
			b.Error("no query is reported")
		}
		runs := 0.0
		for query, n := range samples(after, "cs_exporter_query_runs_total") {
			runs += n - samples(before, "cs_exporter_query_runs_total")[query]
		}
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(p99(scrapes), "scrape-p99-ms")
		b.ReportMetric(p99(stores), "intake-p99-ms")
		b.ReportMetric(float64(len(stores)), "stored")
		b.ReportMetric(float64(h.busy.Load()), "intake-busy")
		b.ReportMetric(oldest, "oldest-intervals")
		b.ReportMetric(runs, "query-runs")
		b.ReportMetric(float64(h.answers.Load()), "hostile-answers")
		b.ReportMetric(float64(h.leaks.Load()), "leaks")
		if h.leaks.Load() > 0 {
			b.Error("a hostile request was answered")
		}
		s.kill(15)
	}
}

type hostile struct {
	s                    *served
	readers              string
	client               *http.Client
	answers, leaks, busy atomic.Int64
}

// again does something over and over until ctx ends.
func (h *hostile) again(ctx context.Context, do func(context.Context)) {
	for ctx.Err() == nil {
		do(ctx)
		service.Sleep(ctx, 50*time.Millisecond)
	}
}

func (h *hostile) get(ctx context.Context, url string) (int, string) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, ""
	}
	answer, err := h.client.Do(r)
	if err != nil {
		return 0, ""
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text)
}

// halfSent opens a connection, sends the beginning of a request and waits until it is thrown out.
func (h *hostile) halfSent(address, text string) func(context.Context) {
	return func(ctx context.Context) {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
		if err != nil {
			return
		}
		defer c.Close()
		defer context.AfterFunc(ctx, func() { c.Close() })()
		_, _ = io.WriteString(c, text)
		_, _ = io.Copy(io.Discard, c)
		h.answers.Add(1)
	}
}

// slowReader asks for a large result and reads a byte each second.
func (h *hostile) slowReader(ctx context.Context) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", h.readers)
	if err != nil {
		return
	}
	defer c.Close()
	_, _ = io.WriteString(c, "GET /?query="+url.QueryEscape("select repeat('x', 1000000) from numbers(10000)")+" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
	for service.Sleep(ctx, time.Second) {
		if _, err := c.Read(make([]byte, 1)); err != nil {
			break
		}
	}
	h.answers.Add(1)
}

func (h *hostile) query(query, params string) func(context.Context) {
	return func(ctx context.Context) {
		_, _ = h.get(ctx, "http://"+h.readers+"/?"+params+"&query="+url.QueryEscape(query))
		h.answers.Add(1)
	}
}

func (h *hostile) refused(params string) func(context.Context) {
	return func(ctx context.Context) {
		if status, _ := h.get(ctx, "http://"+h.readers+"/?"+params); status == http.StatusOK {
			h.leaks.Add(1)
		}
		h.answers.Add(1)
	}
}

// samples are the values of a metric by the label query.
func samples(text, metric string) map[string]float64 {
	values := map[string]float64{}
	lines := bufio.NewScanner(bytes.NewReader([]byte(text)))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if m := sample.FindStringSubmatch(lines.Text()); m != nil && m[1] == metric {
			values[m[2]], _ = strconv.ParseFloat(m[3], 64)
		}
	}
	return values
}

var sample = regexp.MustCompile(`^(\w+)\{query="(\w+)"\} (\S+)$`)

func p99(all []time.Duration) float64 {
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return float64(all[len(all)*99/100].Microseconds()) / 1000
}
