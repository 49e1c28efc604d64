//go:build linux && !server

package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Child is what `cskpi engine --supervised`, the child that [Start] runs, does: it loads the library, opens the
// engine's folder and serves ClickHouse's HTTP interface to those who have the token, as the parent orders on stdin, until ctx ends or stdin does
// because the parent has gone. The process is the engine's own: its working directory becomes the engine's folder, and
// the library cannot be unloaded. The order is one line of JSON, so that the token shows neither in the arguments nor in
// the environment. The listener comes as file descriptor 3, so that the port stays the same, and nobody else's, when the
// child is started again. File descriptor 4 is the data folder's lock, which is held while either process lives.
//
// If the order is to confine the process, that is done first, and the program starts again: it then finds the next order.
func Child(ctx context.Context, stdin io.Reader) error {
	order, err := readOrder(stdin)
	if err != nil {
		return err
	}
	if order.Confine {
		return order.Confinement.confine()
	}
	file := os.NewFile(childListener, "listener")
	listener, err := net.FileListener(file)
	if err != nil {
		return fmt.Errorf("take the listener over from the parent process: %w", err)
	}
	file.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	go func() { // Ends with the process: stdin is the parent's to close.
		_, _ = io.Copy(io.Discard, stdin)
		cancel()
	}()
	if err := order.Confinement.verify(listener); err != nil {
		return err
	}
	served := make(chan error, 1)
	go func() {
		served <- serve(ctx, order, listener, slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug})))
	}()
	return <-served
}

// init keeps the first thread of the child for the main goroutine, which only waits. On that thread the C library looks
// for its stack in a file that the confinement forbids, so that a query there would fail.
func init() {
	if slices.Equal(os.Args[1:], ChildArgs()) {
		runtime.LockOSThread()
	}
}

// childListener is the file descriptor of the listener that the child inherits.
const childListener = 3

// childOrder is what the parent tells its child.
type childOrder struct {
	Confine        bool // And start again, for the next order.
	Confinement    confinement
	Library, Token string
	MaxMemory      uint64
	QueryTimeout   time.Duration
	Temporary      []string
	Scratch        bool
}

// readOrder reads one line and nothing behind it, which may be for the program that replaces this one.
func readOrder(stdin io.Reader) (childOrder, error) {
	var order childOrder
	var line []byte
	for b := make([]byte, 1); ; line = append(line, b[0]) {
		if _, err := io.ReadFull(stdin, b); err != nil {
			return order, fmt.Errorf("read the order of the parent process (this command is for cskpi itself): %w", err)
		}
		if b[0] == '\n' {
			break
		}
	}
	if err := json.Unmarshal(line, &order); err != nil {
		return order, fmt.Errorf("read the order of the parent process: %w", err)
	}
	return order, nil
}

func serve(ctx context.Context, o childOrder, listener net.Listener, log *slog.Logger) error {
	if err := os.Chdir(o.Confinement.Dir); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	if err := cleanSpool(); err != nil {
		return err
	}
	// In a directory that is new the library now and then, under load, does not start the task that
	// removes dropped tables, and DROP … SYNC waits for ever. It does start it where this folder exists.
	if err := os.MkdirAll("metadata", 0o750); err != nil {
		return fmt.Errorf("data folder: %w", err)
	}
	defer listener.Close()
	if err := mend(o.Temporary, log); err != nil {
		return err
	}
	args := libraryLog
	switch {
	case o.MaxMemory > 0:
		args = append(args, "--max_server_memory_usage="+strconv.FormatUint(o.MaxMemory, 10))
	case o.Scratch: // There may be another engine on this machine.
		args = append(args, "--max_server_memory_usage_to_ram_ratio=0.5")
	}
	lib, err := openLibrary(o.Library, o.Confinement.Dir, args)
	if errors.Is(err, errNoConnection) {
		return fmt.Errorf("%w; if it names a lock, another process is using %s: stop that one, or choose another data folder", err, filepath.Dir(o.Confinement.Dir))
	}
	if err != nil {
		return err
	}
	defer lib.close()
	f, err := newFront(lib, o, log)
	if err != nil {
		return err
	}
	return f.listen(ctx, listener, o.Confinement.Dir)
}

func newFront(lib *library, o childOrder, log *slog.Logger) (*front, error) {
	f := &front{
		lib: lib, log: log, token: o.Token, timeout: o.QueryTimeout,
		service: make(chan struct{}, serviceSlots), readers: make(chan struct{}, readerSlots),
	}
	if err := f.readAbout(); err != nil {
		return nil, fmt.Errorf("ask the engine about itself: %w", err)
	}
	// One query must leave room for the others, a reader's more so.
	s := session{conn: lib.anchor}
	limit, err := s.text("SELECT value FROM system.server_settings WHERE name = 'max_server_memory_usage'")
	if err != nil {
		return nil, fmt.Errorf("ask the engine about its memory: %w", err)
	}
	memory, err := strconv.ParseUint(limit, 10, 64)
	if err != nil {
		return nil, fmt.Errorf("ask the engine about its memory: %w", err)
	}
	f.queryMemory, f.readerMemory = memory/10*8, memory/10*2
	functions, err := s.text("SELECT arrayStringConcat(groupArray(name), '\n') FROM system.functions WHERE origin = 'System'")
	if err != nil {
		return nil, fmt.Errorf("ask the engine about its functions: %w", err)
	}
	f.unknown = map[string]bool{}
	for name := range strings.FieldsSeq(functions) {
		if !permitted.function(name) && permitted.refused[strings.ToLower(name)] == "" {
			f.unknown[strings.ToLower(name)] = true
		}
	}
	return f, nil
}

// listen serves until ctx ends, then lets running queries finish for a moment.
func (f *front) listen(ctx context.Context, listener net.Listener, dir string) error {
	requests, abandon := context.WithCancel(context.Background())
	defer abandon()
	server := &http.Server{
		Handler:           f,
		ReadHeaderTimeout: 30 * time.Second,
		IdleTimeout:       time.Hour,
		ErrorLog:          slog.NewLogLogger(f.log.Handler(), slog.LevelWarn),
		BaseContext:       func(net.Listener) context.Context { return requests },
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }() // Ends by Shutdown below.
	go f.probe(ctx)
	f.log.Info("engine answers", "url", "http://"+listener.Addr().String(), "version", f.about.version, "data", dir)
	select {
	case err := <-failed:
		return fmt.Errorf("serve ClickHouse's HTTP interface: %w", err)
	case <-ctx.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), 4*time.Second)
	defer cancel()
	if server.Shutdown(grace) != nil {
		abandon() // Kills the queries that still run.
		last, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		if err := server.Shutdown(last); err != nil {
			return fmt.Errorf("stop the engine: queries did not end: %w", err)
		}
	}
	return nil
}
