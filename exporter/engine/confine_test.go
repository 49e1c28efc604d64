//go:build linux && !server

package engine_test

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"cskpi/exporter/engine"
)

// confined is an engine with a canary beside its data, on a kernel that can confine it fully.
func confined(t *testing.T, o engine.Options) (e *engine.Engine, dir string) {
	t.Helper()
	if most := engine.MostConfinement(); most != engine.ConfinedFull {
		t.Skipf("this kernel can confine the engine to %q only", most)
	}
	dir = t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "canary"), []byte("canary\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	o.DataDir = filepath.Join(dir, "data")
	e = own(t, o)
	if e.Confinement() != engine.ConfinedFull {
		t.Fatalf("confined to %q", e.Confinement())
	}
	return e, dir
}

// service runs a query with the token.
func service(t *testing.T, e *engine.Engine, query string) answer {
	t.Helper()
	return send(t, "http://"+e.Options().Addr[0]+"/?"+q(query, "max_execution_time", "20").Encode(), "", engine.TokenHeader, e.Options().HttpHeaders[engine.TokenHeader])
}

// Not even the service can reach anything but its own files: judged by what happens, not by what is refused.
func TestConfinement(t *testing.T) {
	var calls atomic.Int64
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	sockets := t.TempDir()
	local, err := net.Listen("unix", filepath.Join(sockets, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "canary") })}
	server.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			calls.Add(1)
		}
	}
	go func() { _ = server.Serve(listener) }()
	go func() { _ = server.Serve(local) }()
	t.Cleanup(func() { server.Close() })
	e, dir := confined(t, engine.Options{})
	port := listener.Addr().(*net.TCPAddr).Port
	script := filepath.Join(dir, "data", "engine", "user_scripts", "run.sh")
	if err := os.MkdirAll(filepath.Dir(script), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(script, fmt.Appendf(nil, "#!/bin/sh\necho ran > %s\necho ran\n", filepath.Join(dir, "data", "engine", "ran")), 0o755); err != nil {
		t.Fatal(err)
	}
	for _, query := range []string{
		"select file('/etc/passwd')",
		"select * from file('/etc/passwd', LineAsString)",
		"select file('/proc/self/environ')",
		"select * from file('/proc/self/environ', LineAsString)",
		"select file('" + dir + "/canary')",
		"select * from file('../../canary', LineAsString)",
		"select * from file('" + dir + "/*', LineAsString)",
		"select file('../engine.json')",
		"select file('" + dir + "/data/engine.json')",
		"select * from file('../*.json', LineAsString)",
		"select name, content from filesystem('" + dir + "') where name != '" + filepath.Base(dir) + "'", // stat is allowed, listing is not
		"insert into function file('" + dir + "/written', CSV) select 1",
		"insert into function file('../written', CSV) select 1",
		"select 1 into outfile '" + dir + "/written'",
		"insert into function sqlite('" + dir + "/written', 't') select 1",
		"select * from sqlite('" + dir + "/written', 't')",
		"create table default.out (a String) engine = File(CSV, '" + dir + "/written')",
		"insert into default.out values ('x')",
		fmt.Sprintf("select * from url('http://127.0.0.1:%d/', LineAsString)", port),
		fmt.Sprintf("insert into function url('http://127.0.0.1:%d/', CSV) select 1", port),
		fmt.Sprintf("select * from remote('127.0.0.1:%d', system.one)", port),
		fmt.Sprintf("select * from postgresql('127.0.0.1:%d', 'd', 't', 'u', 'p')", port),
		fmt.Sprintf("select * from postgresql('%s:5432', 'd', 't', 'u', 'p')", sockets),
		fmt.Sprintf("select * from mysql('127.0.0.1:%d', 'd', 't', 'u', 'p')", port),
		fmt.Sprintf("select * from s3('http://127.0.0.1:%d/bucket/key', NOSIGN, LineAsString)", port),
		"select * from executable('run.sh', TSV, 'a String')",
		"select * from executable('../../../../bin/sh', TSV, 'a String')",
	} {
		got := service(t, e, query)
		// Some fail and some find nothing. Messages repeat the query.
		if got.status == http.StatusOK && strings.TrimSpace(got.body) != "" {
			t.Errorf("%s: %.200s", query, got.body)
		}
	}
	if n := calls.Load(); n != 0 {
		t.Errorf("%d connections", n)
	}
	for _, name := range []string{"written", "data/written", "data/engine/ran"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s was made", name)
		}
	}
	conn := open(t, e)
	execute(t, conn, "create database cs", "create table cs.t (a UInt64, at DateTime64(3, 'Asia/Tokyo')) engine = MergeTree partition by a % 2 order by a",
		"insert into cs.t select number, now() from numbers(100000)", "insert into cs.t select number, now() from numbers(100000)", "optimize table cs.t final",
		"alter table cs.t delete where a < 10 settings mutations_sync = 2", "rename table cs.t to cs.u", "create view cs.v as select 1", "drop view cs.v sync",
		"create function cs_twice as x -> 2 * x", "drop table cs.u sync")
	if n := count(t, conn, "select toUInt64(toHour(toDateTime('2026-01-01 00:00:00', 'UTC'), 'America/New_York'))"); n != 19 {
		t.Errorf("time zones: %d", n)
	}
	if n := count(t, conn, "select toUInt64(value) from system.server_settings where name = 'max_server_memory_usage'"); n == 0 {
		t.Error("the engine does not know the machine's memory")
	}
}

// What an engine is given beside its folder it can read, and only that.
func TestConfinementGrants(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "5") })}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { server.Close() })
	given := t.TempDir()
	if err := os.WriteFile(filepath.Join(given, "a.csv"), []byte("7\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	e, dir := confined(t, engine.Options{Read: []string{given}, Ports: []uint16{uint16(listener.Addr().(*net.TCPAddr).Port)}})
	for query, want := range map[string]string{
		"select * from file('" + given + "/a.csv', CSV, 'a Int8')":           "7",
		"select * from url('http://" + listener.Addr().String() + "/', CSV)": "5",
		"select count() from file('" + given + "/*.csv', CSV, 'a Int8')":     "1",
	} {
		if got := service(t, e, query); strings.TrimSpace(got.body) != want {
			t.Errorf("%s: %d %.200s", query, got.status, got.body)
		}
	}
	for _, query := range []string{
		"insert into function file('" + given + "/b.csv', CSV) select 1", "select file('" + dir + "/canary')", "select file('" + given + "/../canary')",
		"select * from url('http://127.0.0.1:1/', CSV, 'a String')",
	} {
		if got := service(t, e, query); got.status == http.StatusOK {
			t.Errorf("%s: %d %.200s", query, got.status, got.body)
		}
	}
}
