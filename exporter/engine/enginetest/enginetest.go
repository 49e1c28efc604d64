// Package enginetest gives tests a ClickHouse: the local engine, or the server
// that CSKPI_TEST_CLICKHOUSE_URL names.
package enginetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"cskpi/exporter/engine"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// URLVariable names a ClickHouse server to test against in place of the local engine.
const URLVariable = "CSKPI_TEST_CLICKHOUSE_URL"

// shared is the test binary's one engine, started by the first test that wants it.
// A process can hold no two engines of one directory, and starting one takes a second.
var shared struct {
	sync.Mutex
	engine  *engine.Engine
	dir     string
	conn    driver.Conn // to the database cs
	outside driver.Conn
}

// Main runs the tests of a package that uses this one; its TestMain calls nothing
// else. It lets the test binary be the child process of its own engine. What is to be done after all tests comes with it.
func Main(m *testing.M, after ...func()) {
	if slices.Equal(os.Args[1:], engine.ChildArgs()) {
		os.Exit(child())
	}
	code := m.Run()
	for _, do := range after {
		do()
	}
	shared.Lock()
	defer shared.Unlock()
	if err := stop(); err != nil {
		fmt.Fprintln(os.Stderr, "enginetest:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func child() int {
	ctx, cancel := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer cancel()
	if err := engine.Child(ctx, os.Stdin); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}

func stop() error {
	var err error
	if shared.conn != nil {
		err = errors.Join(shared.conn.Close(), shared.outside.Close())
	}
	if shared.engine != nil {
		err = errors.Join(err, shared.engine.Close(), os.RemoveAll(shared.dir))
	}
	return err
}

// Engine returns the test binary's engine. It runs until the binary ends.
func Engine(t testing.TB) *engine.Engine {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	return start(t)
}

func start(t testing.TB) *engine.Engine {
	t.Helper()
	if shared.engine != nil {
		return shared.engine
	}
	dir, err := os.MkdirTemp("", "cskpi-engine-") //nolint:usetesting // It outlives the test that starts it.
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.Start(t.Context(), engine.Options{
		DataDir: dir, Library: os.Getenv("CSKPI_LIBCHDB"), Confinement: engine.ConfinedFull,
		Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	})
	if err != nil {
		os.RemoveAll(dir)
		t.Fatalf("the tests need the local engine, or a server in %s: %v", URLVariable, err)
	}
	shared.engine, shared.dir = e, dir
	return e
}

// small are settings for little data, of which threads cost more than they gain.
var small = clickhouse.Settings{"max_threads": 1}

// Conn returns a connection to the database cs of the local engine, or of the server that
// CSKPI_TEST_CLICKHOUSE_URL names. The database is dropped and made anew first, so that
// every test starts empty; tests that use it cannot run in parallel.
func Conn(t testing.TB) driver.Conn {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.conn == nil {
		outside, err := options(t)
		if err != nil {
			t.Fatal(err)
		}
		inside := *outside
		inside.Auth.Database = "cs"
		inside.Settings = small
		if shared.outside, err = clickhouse.Open(outside); err != nil {
			t.Fatal(err)
		}
		if shared.conn, err = clickhouse.Open(&inside); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, statement := range []string{"drop database if exists cs sync", "create database cs"} {
		if err := shared.outside.Exec(ctx, statement); err != nil {
			t.Fatalf("empty the test database: %v", err)
		}
	}
	return shared.conn
}

// Database returns a connection to an empty database of the test's own, which is dropped when the test ends. Tests that use nothing else can
// run in parallel.
func Database(t testing.TB) driver.Conn {
	t.Helper()
	conn, drop := Lasting(t)
	t.Cleanup(func() {
		if err := drop(); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	return conn
}

// Lasting is a Database that outlives the test: it is there until drop is called.
func Lasting(t testing.TB) (conn driver.Conn, drop func() error) {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	o, err := options(t)
	if err != nil {
		t.Fatal(err)
	}
	own := *o
	own.Settings = small
	own.Auth.Database = fmt.Sprintf("test_%016x", rand.Uint64())
	first, err := clickhouse.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := first.Exec(t.Context(), "create database "+own.Auth.Database); err != nil {
		t.Fatal(err)
	}
	if conn, err = clickhouse.Open(&own); err != nil {
		t.Fatal(err)
	}
	return conn, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // that of the test is over
		defer cancel()
		return errors.Join(conn.Close(), first.Exec(ctx, "drop database "+own.Auth.Database), first.Close())
	}
}

func options(t testing.TB) (*clickhouse.Options, error) {
	t.Helper()
	if url := os.Getenv(URLVariable); url != "" {
		options, err := clickhouse.ParseDSN(url)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", URLVariable, err)
		}
		return options, nil
	}
	return start(t).Options(), nil
}

// Tool is the path of a program that make tools builds, for tests of any package
// of the repository.
func Tool(t testing.TB, name string) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		path := filepath.Join(dir, "deploy", "tools", "bin", name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
		if dir == filepath.Dir(dir) {
			t.Fatalf("there is no deploy/tools/bin/%s: run make tools", name)
		}
		dir = filepath.Dir(dir)
	}
}
