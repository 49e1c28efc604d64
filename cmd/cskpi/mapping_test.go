package main

import (
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// mapping writes a mapping and returns its folder.
func mapping(t *testing.T, selects map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for table, text := range selects {
		writeFile(t, filepath.Join(dir, table+".sql"), text)
	}
	return dir
}

// listening is an HTTP server that answers with text and counts the connections to it.
func listening(t *testing.T, network, address, text string) (at net.Addr, connections *atomic.Int64) {
	t.Helper()
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	connections = &atomic.Int64{}
	s := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, text) }),
		ConnState: func(_ net.Conn, state http.ConnState) {
			if state == http.StateNew {
				connections.Add(1)
			}
		},
	}
	go s.Serve(listener) // until Close
	t.Cleanup(func() { s.Close() })
	return listener.Addr(), connections
}

// scratchFolders are the folders of mappings in dir.
func scratchFolders(t *testing.T, dir string) []string {
	return matches(t, filepath.Join(dir, "scratch-*"))
}

// summary is what an import prints, without the padding.
func summary(stdout string) string { return strings.Join(strings.Fields(stdout), " ") }

// TestMappingReachesNothing holds the SELECTs of a mapping to the source files, by what happens: nothing that they should
// not reach is stored, and nobody is connected to.
func TestMappingReachesNothing(t *testing.T) {
	facts(t)
	beside(t)
	data := os.Getenv("CSKPI_DATA_DIR")
	writeFile(t, filepath.Join(data, "token"), "hidden\n")
	t.Setenv("CSKPI_USER_ID_KEY", "hidden-hidden-hidden")
	outside := filepath.Join(t.TempDir(), "outside.csv")
	writeFile(t, outside, "hidden\n")
	address, connections := listening(t, "tcp", "127.0.0.1:0", "hidden\n")
	sockets := t.TempDir()
	_, local := listening(t, "unix", filepath.Join(sockets, ".s.PGSQL.5432"), "")
	source := filepath.Join(t.TempDir(), "known.csv")
	writeFile(t, source, "id\nk1\n")
	port := address.(*net.TCPAddr).Port
	file := func(path string) string { return "file('" + path + "', LineAsString, 'line String')" }
	const read, connect = "--allow-read", "--allow-connect"
	type attempt struct{ from, want string }
	// An import tries one for each of these tables. What fails before any SELECT runs stands apart.
	tables := map[string]string{
		"accounts": "line as account_id", "contracts": "line as contract_id, line as account_id, 1 as acv, '2024-01-01' as starts_on",
		"tickets": "line as ticket_id, line as account_id, '2024-01-01' as opened_at", "touchpoints": "line as touchpoint_id, line as account_id, 'call' as kind, '2024-01-01' as happened_at",
		"feedback": "line as feedback_id, line as account_id, 'case_study' as kind, '2024-01-01' as created_on", "risks": "line as risk_id, line as account_id, 'budget' as kind, 1 as severity, '2024-01-01' as raised_on",
		"action_items": "line as item_id, line as account_id, '2024-01-01' as due_on", "surveys": "line as response_id, line as account_id, 'nps' as kind, 1 as score, '2024-01-01' as responded_at",
		"usage_events": "line as event_id, line as account_id, line as event, '2024-01-01' as ts",
	}
	for _, attempts := range [][]attempt{{
		{"(select contract_id as line from cs.stored_contracts)", "no source file is named after; there are known"},
		{fmt.Sprintf("(select contract_id as line from remote('%s', cs.stored_contracts))", address), connect},
		{fmt.Sprintf("(select x as line from postgresql('%s', 'd', 't', 'u', 'p'))", address), connect},
		{fmt.Sprintf("(select x as line from postgresql('%s:5432', 'd', 't', 'u', 'p'))", sockets), connect},
		{fmt.Sprintf("(select x as line from mysql('%s', 'd', 't', 'u', 'p'))", address), connect},
		{"(select file('" + data + "/token') as line)", read},
	}, {
		{file("/etc/passwd"), read},
		{file(outside), read},
		{file(data + "/token"), read},
		{file(data + "/engine.json"), read},
		{file("/proc/self/environ"), read},
		{file(fmt.Sprintf("/proc/%d/environ", os.Getpid())), read},
		{fmt.Sprintf("url('http://%s/', LineAsString, 'line String')", address), connect},
		{fmt.Sprintf("url('http://localhost:%d/', LineAsString, 'line String')", port), connect},
		{fmt.Sprintf("s3('http://%s/bucket/key', NOSIGN, LineAsString, 'line String')", address), connect},
	}} {
		selects, left := map[string]string{}, attempts
		wants := map[string]attempt{}
		for table, columns := range tables {
			if len(left) > 0 {
				selects[table], wants[table], left = "select "+columns+" from "+left[0].from, left[0], left[1:]
			}
		}
		code, stdout, stderr := execute(t, "import", "--rejects", t.TempDir(), "--mapping", mapping(t, selects), source)
		if code != exitProblem || len(left) > 0 || strings.Contains(stdout+stderr, "hidden") {
			t.Errorf("got %d\n%s\n%s", code, stdout, stderr)
		}
		for table, a := range wants {
			_, said, _ := strings.Cut(stderr, "/"+table+".sql: ")
			if said, _, _ = strings.Cut(said, ".sql: "); !strings.Contains(said, a.want) {
				t.Errorf("%s: want %q in %q", a.from, a.want, said)
			}
		}
	}
	// A pattern finds nothing in a folder that may not be read. A source file may be.
	code, stdout, stderr := execute(t, "import", "--mapping", mapping(t, map[string]string{
		"tickets":  "select " + tables["tickets"] + " from " + file(filepath.Dir(outside)+"/*"),
		"accounts": "select line as account_id from " + file(source) + " where line in (select id from known)",
	}), source)
	if code != exitOK || !strings.Contains(summary(stdout), "accounts 1 1 1 0") {
		t.Errorf("got %d\n%s\n%s", code, stdout, stderr)
	}
	if n := connections.Load() + local.Load(); n != 0 {
		t.Errorf("%d connections", n)
	}
	if left := scratchFolders(t, data); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
	_, d := opened(t)
	defer d.Close()
	for table := range tables {
		stored, want := uint64(0), map[string]uint64{"accounts": 1, "contracts": 6}[table]
		if err := d.Conn.QueryRow(t.Context(), "select count() from stored_"+table).Scan(&stored); err != nil || stored != want {
			t.Errorf("stored_%s has %d rows, want %d; %v", table, stored, want, err)
		}
	}
}

// TestMappingAllowed: what the command names can be reached, beside the engine of the facts and beside a server.
func TestMappingAllowed(t *testing.T) {
	address, connections := listening(t, "tcp", "127.0.0.1:0", "web\n")
	port := fmt.Sprint(address.(*net.TCPAddr).Port)
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "more", "a.csv"), "file\n")
	source := filepath.Join(dir, "known.csv")
	writeFile(t, source, "id,amount\nk1,100\n")
	from := mapping(t, map[string]string{
		"accounts": "select line as account_id from file('" + dir + "/more/*', LineAsString, 'line String') " +
			"union all select line from url('http://localhost:" + port + "/', LineAsString, 'line String')",
		"contracts": "select id as contract_id, id as account_id, '2024-01-01' as starts_on, cs_annual_value(toFloat64(amount), toDate('2024-01-01'), toDate('2024-07-01')) as acv from known",
	})
	args := []string{"import", "--mapping", from, "--allow-read", filepath.Join(dir, "more"), "--allow-connect", port, source}
	check := func(t *testing.T) {
		t.Helper()
		code, stdout, stderr := execute(t, args...)
		if code != exitOK || !strings.Contains(summary(stdout), "accounts 1 2 2 0") || !strings.Contains(summary(stdout), "contracts 1 1 1 0") {
			t.Errorf("got %d\n%s\n%s", code, stdout, stderr)
		}
	}
	t.Run("engine", func(t *testing.T) {
		folder(t, t.TempDir())
		check(t)
		if left := scratchFolders(t, os.Getenv("CSKPI_DATA_DIR")); len(left) > 0 {
			t.Errorf("left: %q", left)
		}
		if connections.Load() == 0 {
			t.Error("nobody connected")
		}
	})
	t.Run("server", func(t *testing.T) {
		at, begin := server(t)
		begin()
		temporary := t.TempDir()
		environment(t, "CSKPI_CLICKHOUSE_URL", at, "CSKPI_DATA_DIR", filepath.Join(t.TempDir(), "none"), "TMPDIR", temporary)
		check(t)
		if left := scratchFolders(t, temporary); len(left) > 0 {
			t.Errorf("left: %q", left)
		}
	})
}

// TestMappingRefuses: options that would open what a mapping must not read, or do nothing.
func TestMappingRefuses(t *testing.T) {
	dir := t.TempDir()
	tokens := filepath.Join(dir, "secrets", "tokens.yaml")
	writeFile(t, tokens, "")
	writeFile(t, filepath.Join(dir, "data", "token"), "hidden\n")
	if err := os.Symlink(filepath.Join(dir, "data"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	source := filepath.Join(dir, "known.csv")
	writeFile(t, source, "id\nk1\n")
	environment(t, "CSKPI_DATA_DIR", filepath.Join(dir, "data"), "CSKPI_INTAKE_TOKENS", tokens)
	from := mapping(t, map[string]string{"accounts": "select id as account_id from known"})
	for _, tt := range []struct{ args, want string }{
		{"--mapping " + from + " --allow-read " + dir, "the data folder"},
		{"--mapping " + from + " --allow-read /", "must not read"},
		{"--mapping " + from + " --allow-read " + dir + "/link/token", "the data folder"},
		{"--mapping " + from + " --allow-read " + dir + "/secrets", "the file of tokens"},
		{"--mapping " + from + " --allow-read " + dir + "/none", "no such file"},
		{"--mapping " + from + " --allow-connect db.example.com:5432", "--allow-connect"},
		{"--mapping " + from + " --allow-connect 0", "0 is no port"},
		{"--allow-connect 443", "--mapping"},
	} {
		code, _, stderr := execute(t, append(append([]string{"import"}, strings.Fields(tt.args)...), source)...)
		if code != exitUsage || !strings.Contains(stderr, tt.want) {
			t.Errorf("%s: got %d, want %q in %s", tt.args, code, tt.want, stderr)
		}
	}
}

// TestMappingInterrupted: the source tables go with the import. If it is killed, they go with the next one.
func TestMappingInterrupted(t *testing.T) {
	facts(t)
	beside(t)
	bin := binary(t)
	data := os.Getenv("CSKPI_DATA_DIR")
	source := filepath.Join(t.TempDir(), "known.csv")
	writeFile(t, source, "id\nk1\n")
	endless := mapping(t, map[string]string{"accounts": "select toString(number) as account_id from numbers(1000000000000) where sipHash64(number) = 1"})
	interrupted := func(signal os.Signal) (left []string) {
		before := scratchFolders(t, data)
		cmd := exec.CommandContext(t.Context(), bin, "import", "--mapping", endless, source)
		var log output
		cmd.Stderr = &log
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		until(t, func() bool {
			return slices.ContainsFunc(scratchFolders(t, data), func(dir string) bool {
				return !slices.Contains(before, dir) && len(matches(t, filepath.Join(dir, "engine", "data", mappingDatabase, "known"))) > 0
			})
		})
		time.Sleep(time.Second) // The SELECT runs.
		begin := time.Now()
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err == nil || strings.Contains(log.String(), "import:") {
			t.Fatalf("it was over before the signal: %v\n%s", err, log.String())
		}
		if took := time.Since(begin); took > 12*time.Second {
			t.Errorf("%s: it took %s", signal, took)
		}
		return scratchFolders(t, data)
	}
	if left := interrupted(syscall.SIGINT); len(left) > 0 {
		t.Errorf("left after SIGINT: %q", left)
	}
	left := interrupted(syscall.SIGKILL)
	if len(left) != 1 {
		t.Errorf("left after SIGKILL: %q; want one, or this test shows nothing", left)
	}
	if again := interrupted(syscall.SIGKILL); len(again) != 1 || again[0] == left[0] {
		t.Errorf("left after another: %q, before: %q", again, left)
	}
	good := mapping(t, map[string]string{"accounts": "select id as account_id from known"})
	if code, stdout, stderr := execute(t, "import", "--mapping", good, source); code != exitOK {
		t.Errorf("got %d\n%s\n%s", code, stdout, stderr)
	}
	if left := scratchFolders(t, data); len(left) > 0 {
		t.Errorf("left: %q", left)
	}
}
