package enginetest

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// CPU is the CPU time that a process has taken so far, in seconds. An engine is a child of this process.
func CPU(t testing.TB, pid int) float64 {
	t.Helper()
	fields := stat(read(t, pid, "stat"))
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100
}

// EngineCPU is the CPU time that the engines of this process have taken so far, in seconds.
func EngineCPU(t testing.TB) (seconds float64) {
	t.Helper()
	for _, pid := range children(t) {
		seconds += CPU(t, pid)
	}
	return seconds
}

// EnginePeak is the greatest memory that the engines of this process have had, in MiB.
func EnginePeak(t testing.TB) (mib float64) {
	t.Helper()
	for _, pid := range children(t) {
		_, after, _ := strings.Cut(read(t, pid, "status"), "VmHWM:")
		kib, _ := strconv.ParseFloat(strings.Fields(after)[0], 64)
		mib += kib / 1024
	}
	return mib
}

func read(t testing.TB, pid int, file string) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// stat are the fields behind the name, which may have blanks.
func stat(text string) []string {
	_, after, _ := strings.Cut(text, ") ")
	return strings.Fields(after)
}

// children are the processes that this one has started.
func children(t testing.TB) (pids []int) {
	t.Helper()
	folders, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		t.Fatal(err)
	}
	for _, folder := range folders {
		text, err := os.ReadFile(filepath.Join(folder, "stat"))
		if err != nil {
			continue // it has ended
		}
		if fields := stat(string(text)); len(fields) < 2 || fields[1] != strconv.Itoa(os.Getpid()) {
			continue
		}
		if pid, err := strconv.Atoi(filepath.Base(folder)); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}
