package enginetest

import (
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
)

// SmallDiskVariable names a folder on a small file system, for machines that do not let a test mount one.
const SmallDiskVariable = "CSKPI_TEST_SMALL_DISK"

// SmallDisk gives a test an empty folder on a file system of its own, of so many megabytes, to fill it. Where it may not be mounted, the
// folder that CSKPI_TEST_SMALL_DISK names is taken; without that, the test is skipped.
func SmallDisk(t testing.TB, megabytes int) string {
	t.Helper()
	dir := t.TempDir()
	err := syscall.Mount("tmpfs", dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=700", megabytes))
	switch at := os.Getenv(SmallDiskVariable); {
	case err == nil:
		t.Cleanup(func() {
			// What a process that is gone had open may keep it busy for a moment.
			if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
				t.Errorf("unmount %s: %v", dir, err)
			}
		})
	case at != "":
		if dir, err = os.MkdirTemp(at, "cskpi-"); err != nil { //nolint:usetesting // It must be on that file system.
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = os.RemoveAll(dir) })
	case errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EACCES):
		t.Skipf("a test may not mount a file system here (%v), and %s names no folder on a small one", err, SmallDiskVariable)
	default:
		t.Fatal(err)
	}
	return dir
}
