//go:build linux && !server

package engine_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"cskpi/exporter/engine"
	"cskpi/exporter/engine/enginetest"
)

// What the front adds to a query: a whole request against a ping, which does not touch the library.
func BenchmarkSmallQuery(b *testing.B) {
	e := enginetest.Engine(b)
	var ping, query time.Duration
	for b.Loop() {
		ping += request(b, e, http.MethodGet, "/ping", nil)
		query += request(b, e, http.MethodPost, "/", bytes.NewReader([]byte("select 1")))
	}
	b.ReportMetric(float64(query)/float64(ping), "query/ping")
}

// An INSERT whose data comes over HTTP, against the engine reading the same file itself.
func BenchmarkInsert(b *testing.B) {
	e := enginetest.Engine(b)
	conn := enginetest.Conn(b)
	run := func(query string) {
		if err := conn.Exec(context.Background(), query); err != nil {
			b.Fatal(err)
		}
	}
	run("create database if not exists cs")
	run("create or replace table cs.events (id UInt64, account String, ts DateTime64(3, 'UTC'), event LowCardinality(String)) engine = MergeTree order by id")
	const rows = 500_000
	var data bytes.Buffer
	for i := range rows {
		fmt.Fprintf(&data, `{"id":%d,"account":"a%d","ts":"2024-01-01 00:00:00.%03d","event":"open"}`+"\n", i, i%400, i%1000)
	}
	file := filepath.Join(b.TempDir(), "events.ndjson")
	if err := os.WriteFile(file, data.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	var own, front time.Duration
	for b.Loop() {
		begin := time.Now()
		run("insert into cs.events from infile '" + file + "' format JSONEachRow")
		own += time.Since(begin)
		run("truncate table cs.events")
		front += request(b, e, http.MethodPost, "/?query=insert+into+cs.events+format+JSONEachRow", bytes.NewReader(data.Bytes()))
		run("truncate table cs.events")
	}
	b.ReportMetric(float64(own)/float64(front), "infile/http")
	b.ReportMetric(float64(rows*b.N)/front.Seconds(), "rows/s")
}

// A large result through the front, in a streamed and in a piped format.
func BenchmarkLargeResult(b *testing.B) {
	e := enginetest.Engine(b)
	for _, format := range []string{"Native", "TSV", "JSONCompact"} {
		b.Run(format, func(b *testing.B) {
			for b.Loop() {
				request(b, e, http.MethodPost, "/?default_format="+format, bytes.NewReader([]byte("select number, toString(number) from numbers(2000000)")))
			}
		})
	}
}

func request(b *testing.B, e *engine.Engine, method, path string, body io.Reader) time.Duration {
	b.Helper()
	begin := time.Now()
	req, err := http.NewRequestWithContext(context.Background(), method, private(e)+path, body)
	if err != nil {
		b.Fatal(err)
	}
	req.Header.Set(engine.TokenHeader, e.Options().HttpHeaders[engine.TokenHeader])
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		b.Fatal(err)
	}
	defer resp.Body.Close()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		b.Fatal(resp.Status, err)
	}
	return time.Since(begin)
}
