//go:build linux && !server

package engine_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cskpi/exporter/engine"
	"cskpi/exporter/engine/enginetest"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// endless runs for minutes unless it is ended, in small steps and without memory.
const endless = "select sum(cityHash64(number)) from numbers(1000000000000)"

// running counts the engine's queries that bear the mark.
func running(t *testing.T, conn driver.Conn, mark string) uint64 {
	t.Helper()
	return count(t, conn, "select count() from system.processes where position(query, concat('MA', 'RK:"+mark+"')) > 0")
}

func eventually(t *testing.T, what string, limit time.Duration, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(limit); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s: not within %s", what, limit)
		}
	}
}

// A client that leaves takes its query along, whatever way the engine runs it.
func TestClientLeaves(t *testing.T) {
	conn := emptied(t)
	execute(t, conn, "create database cs", "create table cs.t (a UInt64) engine = MergeTree order by a")
	f := func(mark, query, body string, service bool) {
		t.Helper()
		ctx, leave := context.WithCancel(t.Context())
		defer leave()
		to := readers(t)
		if service {
			to = private(enginetest.Engine(t))
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, to+"/?"+q(query, "max_block_size", "10000").Encode(), strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if service {
			req.Header.Set(engine.TokenHeader, token(t))
		}
		done := make(chan error, 1)
		go func() {
			resp, err := http.DefaultClient.Do(req)
			if err == nil {
				// A result that nobody takes fills the buffers on the way and then holds the query.
				<-ctx.Done()
				resp.Body.Close()
			}
			done <- err
		}()
		eventually(t, mark+" starts", 5*time.Second, func() bool { return running(t, conn, mark) == 1 })
		left := time.Now()
		leave()
		<-done
		eventually(t, mark+" ends", 2*time.Second, func() bool { return running(t, conn, mark) == 0 })
		t.Logf("%s: gone after %s", mark, time.Since(left).Round(time.Millisecond))
	}
	f("reader", "with 'MARK:reader' as m "+endless, "", false)
	f("service", "with 'MARK:service' as m "+endless, "", true)
	f("piped", "with 'MARK:piped' as m "+endless+" format JSON", "", false)
	f("flood", "select 'MARK:flood', number from numbers(1000000000000)", "", false)
	f("piped flood", "select 'MARK:piped flood', number from numbers(1000000000000) format JSON", "", false)
	f("insert select", "insert into cs.t with 'MARK:insert select' as m "+endless, "", true)
	f("own log comment", "with 'MARK:own log comment' as m "+endless+" settings log_comment = 'mine'", "", true)
	f("insert", "insert into cs.t select a + length('MARK:insert') + sleepEachRow(0.1) from input('a UInt64') settings max_block_size = 10, function_sleep_max_microseconds_per_block = 100000000 format TSV",
		strings.Repeat("1\n", 10000), true)
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	begin := time.Now()
	if err := conn.Exec(ctx, endless); !errors.Is(err, context.DeadlineExceeded) || time.Since(begin) > 2*time.Second {
		t.Errorf("clickhouse-go: %v after %s", err, time.Since(begin))
	}
}

func exceptionCode(err error) int32 {
	var e *clickhouse.Exception
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}

func TestLimits(t *testing.T) {
	conn := emptied(t)
	ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_execution_time": "0.3"}))
	begin := time.Now()
	if err := conn.Exec(ctx, endless); exceptionCode(err) != 159 || time.Since(begin) > 3*time.Second {
		t.Errorf("time: got %v after %s", err, time.Since(begin))
	}
	ctx = clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_memory_usage": "10000000"}))
	if err := conn.Exec(ctx, "select groupUniqArray(number) from numbers(10000000)"); exceptionCode(err) != 241 {
		t.Errorf("memory: got %v", err)
	}
	if n := count(t, conn, "select toUInt64(2)"); n != 2 {
		t.Errorf("afterwards: got %d", n)
	}
}

func TestLimitsFromOptions(t *testing.T) {
	e := own(t, engine.Options{MaxMemory: 500 << 20, QueryTimeout: time.Second})
	to := readersOf(t, e)
	f := func(code, query string, params ...string) {
		t.Helper()
		begin := time.Now()
		if got := send(t, to+"/?"+q(query, params...).Encode(), ""); got.header.Get("X-ClickHouse-Exception-Code") != code || time.Since(begin) > 4*time.Second {
			t.Errorf("%s: got %s %.200q after %s, want %s", query, got.header.Get("X-ClickHouse-Exception-Code"), got.body, time.Since(begin), code)
		}
	}
	f("159", endless)
	f("241", "select length(groupArray(repeat('x', 100000))) from numbers(100000)")
	f("452", "select 1", "max_execution_time", "2")
	f("452", "select 1", "max_memory_usage", "500000000")
	f("", "select 1", "max_execution_time", "0.5")
	// The cap of the whole engine holds for the service too, with a limit of its own above it.
	conn := open(t, e)
	ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"max_memory_usage": 0, "max_execution_time": 60}))
	if err := conn.Exec(ctx, "select length(groupArray(number)) from numbers(100000000)"); exceptionCode(err) != 241 || !strings.Contains(err.Error(), "total") {
		t.Errorf("the engine's memory: got %v", err)
	}
}

func open(t *testing.T, e *engine.Engine) driver.Conn {
	t.Helper()
	conn, err := clickhouse.Open(e.Options())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// Thousands of queries, well and ill, leave nothing behind.
func TestNothingLeaks(t *testing.T) {
	dir := t.TempDir()
	e := startIn(t, dir)
	conn, to := open(t, e), readersOf(t, e)
	execute(t, conn, "create database cs", "create table cs.t (a UInt64, b String) engine = Null")
	round := func(n int) {
		for range n {
			count(t, conn, "select count() from numbers(1000)")
			batch, err := conn.PrepareBatch(t.Context(), "insert into cs.t")
			if err != nil {
				t.Fatal(err)
			}
			if err := errors.Join(batch.Append(uint64(1), "x"), batch.Send()); err != nil {
				t.Fatal(err)
			}
			if err := conn.Exec(t.Context(), "select throwIf(1)"); err == nil {
				t.Fatal("no error")
			}
			for _, format := range []string{"TSV", "JSON"} {
				req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, to, strings.NewReader("select number from numbers(100) format "+format))
				if err != nil {
					t.Fatal(err)
				}
				resp, err := http.DefaultClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := io.Copy(io.Discard, resp.Body); err != nil {
					t.Fatal(err)
				}
				resp.Body.Close()
			}
		}
	}
	pid := endpointIn(t, dir).PID
	round(150)
	memory, files := rss(t, pid), openFiles(t, pid)
	round(400)
	moreMemory, moreFiles := rss(t, pid), openFiles(t, pid)
	t.Logf("resident %d → %d MiB, open files %d → %d", memory>>20, moreMemory>>20, files, moreFiles)
	if moreFiles > files+20 {
		t.Errorf("open files grew from %d to %d", files, moreFiles)
	}
	if moreMemory > memory+100<<20 {
		t.Errorf("resident memory grew from %d to %d MiB", memory>>20, moreMemory>>20)
	}
	if left, err := os.ReadDir(filepath.Join(dir, "engine", "spool")); err != nil || len(left) > 0 {
		t.Errorf("left in the spool: %v, %v", left, err)
	}
}
