package enginetest

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// EngineCPU is the CPU time that the engines of this process have taken so far, in seconds.
func EngineCPU(t testing.TB) float64 {
	t.Helper()
	return ofEngines(t, "stat", func(text string) float64 {
		_, after, _ := strings.Cut(text, ") ")
		fields := strings.Fields(after)
		user, _ := strconv.ParseFloat(fields[11], 64)
		system, _ := strconv.ParseFloat(fields[12], 64)
		return (user + system) / 100
	})
}

// OwnCPU is the CPU time that this process itself has taken so far, in seconds.
func OwnCPU(t testing.TB) float64 {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	seconds := func(v syscall.Timeval) float64 { return float64(v.Sec) + float64(v.Usec)/1e6 }
	return seconds(u.Utime) + seconds(u.Stime)
}

// EnginePeak is the greatest memory that the engines of this process have had, in MiB.
func EnginePeak(t testing.TB) float64 {
	t.Helper()
	return ofEngines(t, "status", func(text string) float64 {
		_, after, _ := strings.Cut(text, "VmHWM:")
		kib, _ := strconv.ParseFloat(strings.Fields(after)[0], 64)
		return kib / 1024
	})
}

// ofEngines adds what a file of /proc says of the children of this process, which are engines.
func ofEngines(t testing.TB, file string, read func(text string) float64) float64 {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.
	for _, stat := range files {
		text, err := os.ReadFile(stat)
		if err != nil {
			continue // it has ended
		}
		_, after, _ := strings.Cut(string(text), ") ") // the name may have blanks
		if fields := strings.Fields(after); len(fields) < 2 || fields[1] != strconv.Itoa(os.Getpid()) {
			continue
		}
		if text, err = os.ReadFile(filepath.Join(filepath.Dir(stat), file)); err == nil {
			sum += read(string(text))
		}
	}
	return sum
}
