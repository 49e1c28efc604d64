//go:build !server

package engine

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"unsafe"

	"github.com/ebitengine/purego"
)

// library is libchdb, loaded. One per process: it cannot be unloaded, and all its
// connections share one data directory.
type library struct {
	args   [][]byte // Arguments of every connection, each ending in a zero byte.
	anchor *connection
	mu     sync.Mutex
	open   int // Connections and results not yet given back, for the tests.

	connect      func(argc int32, argv unsafe.Pointer) unsafe.Pointer
	closeConn    func(conn unsafe.Pointer)
	queryN       func(conn unsafe.Pointer, query []byte, queryLen uintptr, format []byte, formatLen uintptr) unsafe.Pointer
	streamQueryN func(conn unsafe.Pointer, query []byte, queryLen uintptr, format []byte, formatLen uintptr) unsafe.Pointer
	streamFetch  func(conn, stream unsafe.Pointer) unsafe.Pointer
	streamCancel func(conn, stream unsafe.Pointer)
	destroy      func(result unsafe.Pointer)
	buffer       func(result unsafe.Pointer) unsafe.Pointer
	length       func(result unsafe.Pointer) uintptr
	errorText    func(result unsafe.Pointer) unsafe.Pointer
	counters     [6]func(result unsafe.Pointer) uint64
}

// connection is one session of the library. It is not safe for concurrent use.
type connection struct {
	lib    *library
	handle unsafe.Pointer // What connect returned: a pointer to the connection proper.
}

// result is what a query gave. Its data lies in the library's memory until close.
type result struct {
	lib    *library
	handle unsafe.Pointer
}

// errNoConnection is libchdb's refusal to open; the reason is on stderr only.
var errNoConnection = errors.New("libchdb could not open the data directory; its reason is on standard error above")

// openLibrary loads libchdb and opens the data directory with more arguments of the
// server. Go's signal handlers are in force again when it returns.
func openLibrary(path, dataDir string, args []string) (*library, error) {
	saved, err := savedSignals()
	if err != nil {
		return nil, err
	}
	if filepath.IsAbs(path) {
		if err := checkLibrary(path); err != nil {
			return nil, err
		}
	}
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_GLOBAL)
	if err != nil && path == libraryName {
		return nil, fmt.Errorf("the engine library is neither where make engine puts it nor where the system looks (%w); %s", err, libraryRemedy)
	}
	if err != nil {
		return nil, notLoadable(err)
	}
	config, err := writeLibraryConfig(dataDir)
	if err != nil {
		return nil, err
	}
	lib := &library{args: [][]byte{[]byte("chdb\x00"), []byte("--path=" + dataDir + "\x00"), []byte("--config-file=" + config + "\x00")}}
	for _, arg := range args {
		lib.args = append(lib.args, []byte(arg+"\x00"))
	}
	if err := lib.bind(handle); err != nil {
		return nil, fmt.Errorf("%s is not the libchdb that this version needs: %w; %s", path, err, libraryRemedy)
	}
	// While one connection is open the library keeps the data directory open as well.
	lib.anchor, err = lib.newConnection()
	if restoreErr := saved.restore(); restoreErr != nil {
		return nil, restoreErr
	}
	if err != nil {
		return nil, err
	}
	return lib, nil
}

// libraryConfig has what the library takes from a file alone: the defaults of its tables.
//   - Empty parts stay, so that the block numbers of a table never have a gap unless data is lost (package parts relies on it).
//   - Parts that a merge has replaced stay for 8 minutes, as on a server, until the kernel has surely written the new ones. The
//     library would delete them at once, and with them the only safe copy of the rows.
const libraryConfig = `<clickhouse>
    <merge_tree>
        <remove_empty_parts>0</remove_empty_parts>
        <old_parts_lifetime>480</old_parts_lifetime>
    </merge_tree>
</clickhouse>
`

// writeLibraryConfig stores it in the data directory, unless it is there already: the disk may be full.
func writeLibraryConfig(dataDir string) (path string, err error) {
	path = filepath.Join(dataDir, "config.xml")
	if have, err := os.ReadFile(path); err == nil && string(have) == libraryConfig {
		return path, nil
	}
	if err := os.WriteFile(path, []byte(libraryConfig), 0o600); err != nil {
		return "", fmt.Errorf("write the configuration of the engine library: %w", err)
	}
	return path, nil
}

// checkLibrary finds a file that is cut short, which would kill the process while it is loaded.
func checkLibrary(path string) error {
	file, err := elf.Open(path)
	if err != nil {
		return notLoadable(fmt.Errorf("%s: %w", path, err))
	}
	return file.Close()
}

func notLoadable(err error) error {
	return fmt.Errorf("load the engine library: %w; the file is not a libchdb for this machine (Linux on x86-64 with glibc) or is cut short; %s", err, libraryRemedy)
}

func (l *library) bind(handle uintptr) error {
	functions := map[string]any{
		"chdb_connect":                   &l.connect,
		"chdb_close_conn":                &l.closeConn,
		"chdb_query_n":                   &l.queryN,
		"chdb_stream_query_n":            &l.streamQueryN,
		"chdb_stream_fetch_result":       &l.streamFetch,
		"chdb_stream_cancel_query":       &l.streamCancel,
		"chdb_destroy_query_result":      &l.destroy,
		"chdb_result_buffer":             &l.buffer,
		"chdb_result_length":             &l.length,
		"chdb_result_error":              &l.errorText,
		"chdb_result_storage_rows_read":  &l.counters[0],
		"chdb_result_storage_bytes_read": &l.counters[1],
		"chdb_result_rows_written":       &l.counters[2],
		"chdb_result_bytes_written":      &l.counters[3],
		"chdb_result_rows_read":          &l.counters[4],
		"chdb_result_bytes_read":         &l.counters[5],
	}
	for name, function := range functions {
		symbol, err := purego.Dlsym(handle, name)
		if err != nil {
			return err
		}
		purego.RegisterFunc(function, symbol)
	}
	return nil
}

func (l *library) newConnection() (*connection, error) {
	argv := make([]*byte, len(l.args)+1)
	for i, arg := range l.args {
		argv[i] = &arg[0]
	}
	handle := l.connect(int32(len(l.args)), unsafe.Pointer(&argv[0]))
	runtime.KeepAlive(argv)
	if handle == nil || *(*unsafe.Pointer)(handle) == nil {
		return nil, errNoConnection
	}
	l.count(1)
	return &connection{lib: l, handle: handle}, nil
}

// close gives all connections back and with them the data directory.
func (l *library) close() {
	l.anchor.close()
}

func (l *library) count(n int) {
	l.mu.Lock()
	l.open += n
	l.mu.Unlock()
}

// inUse is the number of connections and results that were not given back, the anchor not counted.
func (l *library) inUse() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.open - 1
}

func (c *connection) close() {
	c.lib.closeConn(c.handle)
	c.handle = nil
	c.lib.count(-1)
}

func (c *connection) raw() unsafe.Pointer {
	return *(*unsafe.Pointer)(c.handle)
}

// query runs a statement to its end. The result must be closed; its err tells of failure.
func (c *connection) query(query, format string) *result {
	q, f := cBytes(query), cBytes(format)
	return c.result(c.lib.queryN(c.raw(), q, uintptr(len(query)), f, uintptr(len(format))))
}

// stream starts a SELECT whose rows fetch returns piece by piece.
func (c *connection) stream(query, format string) *result {
	q, f := cBytes(query), cBytes(format)
	return c.result(c.lib.streamQueryN(c.raw(), q, uintptr(len(query)), f, uintptr(len(format))))
}

// fetch returns the stream's next piece; an empty one is the end.
func (c *connection) fetch(stream *result) *result {
	return c.result(c.lib.streamFetch(c.raw(), stream.handle))
}

// cancel ends a stream before its end.
func (c *connection) cancel(stream *result) {
	c.lib.streamCancel(c.raw(), stream.handle)
}

func (c *connection) result(handle unsafe.Pointer) *result {
	if handle != nil {
		c.lib.count(1)
	}
	return &result{lib: c.lib, handle: handle}
}

// data is the result's bytes, valid until close.
func (r *result) data() []byte {
	if r.handle == nil {
		return nil
	}
	n := r.lib.length(r.handle)
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(r.lib.buffer(r.handle)), n)
}

// err is the exception that ended the query, or nil.
func (r *result) err() error {
	if r.handle == nil {
		return newException("Code: 1002. DB::Exception: the engine library returned no result. (UNKNOWN_EXCEPTION)")
	}
	text := (*byte)(r.lib.errorText(r.handle))
	if text == nil {
		return nil
	}
	if message := goString(text); message != "" {
		return newException(message)
	}
	return nil
}

// summary is what the query has read and written so far.
func (r *result) summary() summary {
	if r.handle == nil {
		return summary{}
	}
	value := func(i int) uint64 { return r.lib.counters[i](r.handle) }
	return summary{
		ReadRows: value(0), ReadBytes: value(1), WrittenRows: value(2), WrittenBytes: value(3),
		ResultRows: value(4), ResultBytes: value(5),
	}
}

func (r *result) close() {
	if r.handle == nil {
		return
	}
	r.lib.destroy(r.handle)
	r.handle = nil
	r.lib.count(-1)
}

// cBytes is s with a zero byte behind it, so that an empty string has an address too.
func cBytes(s string) []byte {
	b := make([]byte, len(s)+1)
	copy(b, s)
	return b
}

func goString(text *byte) string {
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(text), n)) != 0 {
		n++
	}
	return string(unsafe.Slice(text, n))
}
