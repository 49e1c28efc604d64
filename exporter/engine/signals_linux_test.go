//go:build !server

package engine

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// A nil dereference in Go is a panic that can be recovered from also with the
// library in the process. Where it is not, the process hangs or dies, so this
// plays in one of its own.
func TestNilDereferenceIsRecoverable(t *testing.T) {
	if os.Getenv("CSKPI_TEST_FAULT") != "" {
		faultWithLibrary(t)
		return
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), exe, "-test.run=^TestNilDereferenceIsRecoverable$", "-test.v")
	cmd.Env = append(os.Environ(), "CSKPI_TEST_FAULT=1")
	timer := time.AfterFunc(30*time.Second, func() { cmd.Process.Kill() })
	defer timer.Stop()
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "recovered 200 times") {
		t.Errorf("got %v:\n%s", err, out)
	}
}

func faultWithLibrary(t *testing.T) {
	path, err := FindLibrary("")
	if err != nil {
		t.Fatal(err)
	}
	lib, err := openLibrary(path, t.TempDir(), nil)
	if err != nil {
		t.Fatal(err)
	}
	recovered := 0
	fault := func() {
		defer func() {
			if recover() != nil {
				recovered++
			}
		}()
		var nothing *[2]int
		nothing[1]++
	}
	for range 100 {
		fault()
		conn, err := lib.newConnection()
		if err != nil {
			t.Fatal(err)
		}
		r := conn.query("select count() from system.stack_trace", "TSV")
		if err := r.err(); err != nil {
			t.Fatal(err)
		}
		r.close()
		conn.close()
		done := make(chan struct{})
		go func() { // On another thread, with a stack that has to grow.
			defer close(done)
			grow(100)
			fault()
		}()
		<-done
	}
	if n := lib.inUse(); n != 0 {
		t.Errorf("%d connections and results were not given back", n)
	}
	lib.close()
	t.Logf("recovered %d times", recovered)
}

func grow(n int) byte {
	var room [1 << 10]byte
	if n > 0 {
		room[n] = grow(n - 1)
	}
	return room[0]
}
