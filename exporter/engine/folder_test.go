//go:build linux && !server

package engine

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func writeFiles(t *testing.T, dir string, names ...string) {
	t.Helper()
	for _, name := range names {
		path := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(name), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}

// files are all files below dir.
func files(t *testing.T, dir string) []string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			name, _ := filepath.Rel(dir, path)
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// The data of an earlier version is moved once, whatever step a kill interrupts, and nothing else is touched.
func TestArrangeIsSafeUnderKill(t *testing.T) {
	old := []string{"metadata/cs.sql", "store/1/t.sql", "data/x", "user_defined/f.sql", "status", "engine.lock", "cskpi-demo.json", "demo/metadata/cs.sql", "tokens.yaml"}
	want := []string{
		"cskpi-demo.json", "demo/metadata/cs.sql", "engine/data/x", "engine/metadata/cs.sql", "engine/status", "engine/store/1/t.sql",
		"engine/user_defined/f.sql", "engine.lock", "metadata", "tokens.yaml",
	}
	killed := 0
	for done := false; !done; killed++ {
		dir := t.TempDir()
		writeFiles(t, dir, old...)
		steps, err := arranging(dir)
		if err != nil {
			t.Fatal(err)
		}
		done = killed == len(steps)
		for _, step := range steps[:killed] {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
		for range 2 { // A second start changes nothing.
			if err := arrange(dir); err != nil {
				t.Fatalf("after a kill behind step %d: %v", killed, err)
			}
			if got := files(t, dir); !slices.Equal(got, want) {
				t.Errorf("after a kill behind step %d: %q", killed, got)
			}
		}
		if text, err := os.ReadFile(filepath.Join(dir, "engine", "metadata", "cs.sql")); err != nil || string(text) != "metadata/cs.sql" {
			t.Errorf("after a kill behind step %d: %q, %v", killed, text, err)
		}
	}
	if killed < 8 {
		t.Errorf("only %d steps", killed)
	}
}

func TestArrange(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, "data/mine", "tmp/mine") // No folder of an earlier version has no metadata.
	if err := arrange(dir); err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir); !slices.Equal(got, []string{"data/mine", "metadata", "tmp/mine"}) {
		t.Errorf("got %q", got)
	}
	// What an earlier version does first.
	if err := os.MkdirAll(filepath.Join(dir, "metadata"), 0o700); !errors.Is(err, syscall.ENOTDIR) {
		t.Errorf("an earlier version would start a second database: %v", err)
	}
	both := t.TempDir()
	writeFiles(t, both, "engine/metadata/cs.sql", "metadata/cs.sql", "store/x")
	if err := arrange(both); err == nil || !strings.Contains(err.Error(), "metadata, store") {
		t.Errorf("data in both places: %v", err)
	}
}

func TestOwnerOfTheFolder(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can make another user's files")
	}
	const other = 4711
	f := func(name string, refused bool, owned ...string) {
		t.Helper()
		dir := filepath.Join(t.TempDir(), "data")
		if err := os.Mkdir(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		for _, name := range owned {
			if name != "." {
				writeFiles(t, dir, name)
			}
			if err := os.Chown(filepath.Join(dir, name), other, other); err != nil {
				t.Fatal(err)
			}
		}
		before := files(t, dir)
		folder, err := takeFolder(t.Context(), dir, 0)
		switch {
		case err == nil:
			folder.close()
			if refused {
				t.Errorf("%s: not refused", name)
			}
		case !refused || !strings.Contains(err.Error(), "sudo -u #4711") || !strings.Contains(err.Error(), dir):
			t.Errorf("%s: %v", name, err)
		case !slices.Equal(files(t, dir), before):
			t.Errorf("%s: files were made: %q", name, files(t, dir))
		}
	}
	f("own", false)
	f("an empty folder of another user", true, ".")
	f("a folder that another user has used", true, "identity.json")
	f("a folder that an earlier version has used", true, "engine.lock")
}

func TestTakeFolder(t *testing.T) {
	dir := t.TempDir()
	first, err := takeFolder(t.Context(), dir, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := takeFolder(t.Context(), dir, 0); !errors.Is(err, errInUse) {
		t.Errorf("taken twice: %v", err)
	}
	time.AfterFunc(300*time.Millisecond, first.close)
	second, err := takeFolder(t.Context(), dir, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	second.close()
	if second.self != first.self || first.self.ID == "" {
		t.Errorf("identities %v and %v", first.self, second.self)
	}
	// A full disk leaves empty files.
	if err := os.WriteFile(filepath.Join(dir, identityFile), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	third, err := takeFolder(t.Context(), dir, 0)
	if err != nil || third.self.ID == "" {
		t.Fatalf("after an empty identity file: %v", err)
	}
	third.close()
}

// TestScratchFolder: scratch folders whose processes died are removed, and nothing else. Any number may start at once.
func TestScratchFolder(t *testing.T) {
	dir := t.TempDir()
	writeFiles(t, dir, "scratch-dead/engine.lock", "scratch-dead/engine/store/part", "scratch-early/none", "precious/scratch-not/file", "token")
	live, err := takeScratch(dir)
	if err != nil {
		t.Fatal(err)
	}
	writeFiles(t, live.engine(), "part")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 20 {
				f, err := takeScratch(dir)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := os.Stat(f.engine()); err != nil {
					t.Error(err)
				}
				f.close()
			}
		})
	}
	all.Wait()
	name := filepath.Base(live.path)
	want := []string{"precious/scratch-not/file", name + "/engine/part", name + "/engine.lock", name + "/metadata", "token"}
	if got := files(t, dir); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	live.close()
	if got := files(t, dir); !slices.Equal(got, []string{"precious/scratch-not/file", "token"}) {
		t.Errorf("left: %q", got)
	}
}
