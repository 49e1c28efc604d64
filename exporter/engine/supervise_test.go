//go:build linux && !server

package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cskpi/exporter/engine"
)

type endpoint struct {
	URL, Token string
	PID        int
}

func startIn(t *testing.T, dir string) *engine.Engine {
	t.Helper()
	return own(t, engine.Options{DataDir: dir})
}

func endpointIn(t *testing.T, dir string) endpoint {
	t.Helper()
	var at endpoint
	if err := json.Unmarshal([]byte(read(t, filepath.Join(dir, "engine.json"))), &at); err != nil {
		t.Fatal(err)
	}
	return at
}

func rss(t *testing.T, pid int) uint64 {
	t.Helper()
	fields := strings.Fields(read(t, fmt.Sprintf("/proc/%d/statm", pid)))
	pages, err := strconv.ParseUint(fields[1], 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return pages * uint64(os.Getpagesize())
}

func openFiles(t *testing.T, pid int) int {
	t.Helper()
	files, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", pid))
	if err != nil {
		t.Fatal(err)
	}
	return len(files)
}

func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, rest, _ := bytes.Cut(stat, []byte(") "))
	return len(rest) > 0 && rest[0] != 'Z' // A zombie waits for a parent that may not look.
}

// An engine that is killed comes back at the same address, and open connections find it.
func TestKilledEngineComesBack(t *testing.T) {
	dir := t.TempDir()
	e := startIn(t, dir)
	conn := open(t, e)
	execute(t, conn, "create database cs", "create table cs.t (a UInt64) engine = MergeTree order by a", "insert into cs.t select number from numbers(1000)")
	before := endpointIn(t, dir)
	if info, err := os.Stat(filepath.Join(dir, "engine.json")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("engine.json: %v, %v", info, err)
	}
	// What a kill leaves of a request is cleaned on the next start.
	if err := os.WriteFile(filepath.Join(dir, "engine", "spool", "left.in"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for round := 1; round <= 2; round++ {
		if err := syscall.Kill(endpointIn(t, dir).PID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		eventually(t, "the engine restarts", 20*time.Second, func() bool { return e.Restarts() == round && e.Up() })
		if n := count(t, conn, "select count() from cs.t"); n != 1000 {
			t.Errorf("after kill %d: %d rows", round, n)
		}
	}
	if after := endpointIn(t, dir); after.URL != before.URL || after.URL != private(e) || after.PID == before.PID {
		t.Errorf("got %+v, before %+v", after, before)
	}
	if _, err := os.Stat(filepath.Join(dir, "engine", "spool", "left.in")); err == nil {
		t.Error("the spool was not cleaned")
	}
}

func TestAttach(t *testing.T) {
	dir := t.TempDir()
	if _, ok := engine.Attach(dir); ok {
		t.Fatal("attached to nothing")
	}
	e, err := engine.Start(t.Context(), engine.Options{DataDir: dir, Public: "https://engine.example:8123", Log: quiet()})
	if err != nil {
		t.Fatal(err)
	}
	other, ok := engine.Attach(dir)
	if !ok || other.URL() != "https://engine.example:8123" || other.URL() != e.URL() || !other.Up() || other.Restarts() != 0 {
		t.Fatalf("got %v, %v", other, ok)
	}
	execute(t, open(t, other), "create database cs")
	if err := other.Close(); err != nil || !e.Up() {
		t.Errorf("closing an attached engine: %v, up %v", err, e.Up())
	}
	at := read(t, filepath.Join(dir, "engine.json"))
	// In a copy of the folder, commands must not reach the original.
	copied := t.TempDir()
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if _, ok := engine.Attach(copied); ok {
		t.Error("attached to the original of a copied folder")
	}
	pid := endpointIn(t, dir).PID
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "engine.json")); err == nil || alive(pid) || other.Up() || e.Up() {
		t.Errorf("after Close: engine.json %v, alive %v, up %v %v", err, alive(pid), other.Up(), e.Up())
	}
	// A file that a killed engine left is no engine.
	if err := os.WriteFile(filepath.Join(dir, "engine.json"), []byte(at), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok := engine.Attach(dir); ok {
		t.Error("attached to an engine that is gone")
	}
}

// A folder as earlier versions left it is moved, and has its data.
func TestFolderOfAnEarlierVersion(t *testing.T) {
	dir := t.TempDir()
	e := startIn(t, dir)
	execute(t, open(t, e), "create database cs", "create table cs.t (a UInt64) engine = MergeTree order by a", "insert into cs.t select number from numbers(1000)",
		"create view cs.v as select count() as n from cs.t", "create function cs_twice as x -> 2 * x")
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(dir, "metadata")); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(dir, "engine"))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if err := os.Rename(filepath.Join(dir, "engine", entry.Name()), filepath.Join(dir, entry.Name())); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"engine", "identity.json"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	if n := count(t, open(t, startIn(t, dir)), "select cs_twice(n) from cs.v"); n != 2000 {
		t.Errorf("got %d", n)
	}
}

func TestDirectoryInUse(t *testing.T) {
	dir := t.TempDir()
	startIn(t, dir)
	_, err := engine.Start(t.Context(), engine.Options{DataDir: dir, Log: quiet()})
	want := fmt.Sprintf("process %d (%s) is using %s", os.Getpid(), endpointIn(t, dir).URL, dir)
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got %v, want %s", err, want)
	}
}

// Another program that uses libchdb knows nothing of our lock file; ClickHouse's own holds.
func TestDirectoryInUseByOthers(t *testing.T) {
	dir := t.TempDir()
	startIn(t, dir)
	if err := os.Remove(filepath.Join(dir, "engine.lock")); err != nil {
		t.Fatal(err)
	}
	_, err := engine.Start(t.Context(), engine.Options{DataDir: dir, Log: quiet()})
	if err == nil || !strings.Contains(err.Error(), "another process is using "+dir) || !strings.Contains(err.Error(), "Cannot lock file") {
		t.Errorf("got %v", err)
	}
}

func TestLibraryProblems(t *testing.T) {
	f := func(library, want string) {
		t.Helper()
		_, err := engine.Start(t.Context(), engine.Options{DataDir: t.TempDir(), Library: library, Log: quiet()})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "make engine") || !strings.Contains(err.Error(), "CSKPI_LIBCHDB") {
			t.Errorf("%s: got %v, want %s", library, err, want)
		}
	}
	dir := t.TempDir()
	text := filepath.Join(dir, "text.so")
	if err := os.WriteFile(text, []byte("no library"), 0o600); err != nil {
		t.Fatal(err)
	}
	whole, err := engine.FindLibrary("")
	if err != nil {
		t.Fatal(err)
	}
	short := filepath.Join(dir, "short.so")
	head := make([]byte, 1<<20)
	file, err := os.Open(whole)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.Read(head); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(short, head, 0o600); err != nil {
		t.Fatal(err)
	}
	f(filepath.Join(dir, "absent.so"), "no such file")
	f(text, "is not a libchdb for this machine")
	f(short, "is not a libchdb for this machine")
	f("/lib/x86_64-linux-gnu/libm.so.6", "is not the libchdb that this version needs")
	t.Chdir(dir) // The test binary lies elsewhere, too, so that the package is not found.
	f("", "neither where make engine puts it nor where the system looks")
}

// In a new directory, on a busy machine, the library would not remove dropped tables, and this would wait for ever.
func TestDropInANewDirectory(t *testing.T) {
	ctx, idle := context.WithCancel(t.Context())
	defer idle()
	for range 4 * runtime.NumCPU() {
		go func() {
			for ctx.Err() == nil {
			}
		}()
	}
	conn := open(t, startIn(t, t.TempDir()))
	execute(t, conn, "create database cs", "create table cs.t (a Int8) engine = MergeTree order by a")
	limit, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := conn.Exec(limit, "drop table cs.t sync"); err != nil {
		t.Error(err)
	}
}

// The engine dies with the process that started it, even by SIGKILL, and the next start finds the directory free.
func TestEngineDiesWithItsParent(t *testing.T) {
	dir := t.TempDir()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	parent := exec.Command(exe, "-test.run=^TestParentRole$", "-test.v")
	parent.Env = append(os.Environ(), "CSKPI_TEST_PARENT_DIR="+dir)
	var out bytes.Buffer
	parent.Stdout, parent.Stderr = &out, &out
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the parent's engine answers", 20*time.Second, func() bool { _, ok := engine.Attach(dir); return ok })
	pid := endpointIn(t, dir).PID
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := parent.Wait(); err == nil {
		t.Error("the parent was not killed")
	}
	eventually(t, "the engine is gone", 5*time.Second, func() bool { return !alive(pid) })
	execute(t, open(t, startIn(t, dir)), "select 1")
}

// TestParentRole is the parent process of TestEngineDiesWithItsParent.
func TestParentRole(t *testing.T) {
	dir := os.Getenv("CSKPI_TEST_PARENT_DIR")
	if dir == "" {
		return
	}
	if _, err := engine.Start(t.Context(), engine.Options{DataDir: dir, Log: quiet()}); err != nil {
		t.Fatal(err)
	}
	time.Sleep(time.Minute)
	t.Error("was not killed")
}

// A stopped engine is not up, and one that goes on is up again.
func TestUpTellsOfAStoppedEngine(t *testing.T) {
	dir := t.TempDir()
	e := startIn(t, dir)
	pid := endpointIn(t, dir).PID
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, "not up", 15*time.Second, func() bool { return !e.Up() })
	if err := syscall.Kill(pid, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	eventually(t, "up again", 15*time.Second, e.Up)
	if e.Restarts() != 0 {
		t.Errorf("%d restarts", e.Restarts())
	}
}

// An engine that hangs is killed and started again, and those who wait for it get an error.
func TestHungEngineIsStartedAgain(t *testing.T) {
	o := engine.Options{DataDir: t.TempDir()}
	engine.SetHeartbeat(&o, 50*time.Millisecond)
	e := own(t, o)
	conn := open(t, e)
	execute(t, conn, "create database cs", "create table cs.t (a UInt64) engine = MergeTree order by a", "insert into cs.t select number from numbers(1000)")
	waiting := make(chan error, 1)
	go func() { waiting <- conn.Exec(t.Context(), endless) }()
	eventually(t, "the query runs", 5*time.Second, func() bool { return count(t, conn, "select count() from system.processes") > 1 })
	if err := syscall.Kill(endpointIn(t, o.DataDir).PID, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	if err := <-waiting; err == nil {
		t.Error("no error for the one who waited")
	}
	eventually(t, "the engine is started again", time.Minute, func() bool { return e.Restarts() == 1 && e.Up() })
	if n := count(t, conn, "select count() from cs.t"); n != 1000 {
		t.Errorf("%d rows", n)
	}
}

// Abandon ends an engine that does not react to anything.
func TestAbandon(t *testing.T) {
	dir := t.TempDir()
	e := startIn(t, dir)
	pid := endpointIn(t, dir).PID
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	e.Abandon()
	if err := e.Close(); err != nil || alive(pid) {
		t.Errorf("alive %v, %v", alive(pid), err)
	}
}

// What the engine finds wrong with its data is in the log, as an error.
func TestEngineErrorsAreLogged(t *testing.T) {
	dir := t.TempDir()
	e := startIn(t, dir)
	execute(t, open(t, e), "create database cs", "create table cs.t (a UInt64) engine = MergeTree order by a", "insert into cs.t select number from numbers(1000)")
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(dir, "engine", "store", "*", "*", "all_1_1_0", "columns.txt"))
	if err != nil || len(found) != 1 {
		t.Fatalf("%q, %v", found, err)
	}
	if err := os.Truncate(found[0], 0); err != nil {
		t.Fatal(err)
	}
	var log lockedBuffer
	e = own(t, engine.Options{DataDir: dir, Log: slog.New(slog.NewTextHandler(&log, nil))})
	conn := open(t, e)
	count(t, conn, "select count() from cs.t")
	eventually(t, "the damage is logged", 10*time.Second, func() bool {
		return strings.Contains(log.String(), `level=ERROR msg="engine library" says="Detaching broken part`) && strings.Contains(log.String(), "from=\"cs.t ")
	})
	if err := conn.Exec(t.Context(), "select * from cs.nope"); err == nil {
		t.Error("no error")
	}
	count(t, conn, "select count() from cs.t")
	if text := log.String(); strings.Contains(text, "nope") || strings.Contains(text, " @ 0x") {
		t.Errorf("a client's mistake, or a stack trace, is in the log:\n%s", text)
	}
}

func TestChildOutputIsLogged(t *testing.T) {
	var log lockedBuffer
	own(t, engine.Options{Log: slog.New(slog.NewTextHandler(&log, nil))})
	eventually(t, "the child's line is in the log", 5*time.Second, func() bool { return strings.Contains(log.String(), "engine answers") })
}

type lockedBuffer struct {
	sync.Mutex
	bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.Lock()
	defer b.Unlock()
	return b.Buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.Lock()
	defer b.Unlock()
	return b.Buffer.String()
}
