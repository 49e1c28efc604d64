package parts

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"
	"golang.org/x/sys/unix"
)

// The record lies in the data folder, outside the engine's own folder, so that whatever damages the parts leaves it alone.
const (
	recordFile = "parts.json"
	lockFile   = "parts.lock"
)

// record is the content of the file: the parts that must exist, by table.
type record struct {
	Tables map[string]*tableRecord `json:"tables"`
}

// tableRecord is what is known of one table.
type tableRecord struct {
	UUID  string                `json:"uuid"` // of the table; another table of the same name has another one
	Files map[string]int64      `json:"files"`
	Parts map[string]partRecord `json:"parts"`
	// Accepted are detached parts whose loss an operator has accepted.
	Accepted []string `json:"accepted,omitempty"`
}

// partRecord is one part. Parts never change once they are written, so every difference is damage.
type partRecord struct {
	Partition string           `json:"partition"`
	Hash      string           `json:"hash"` // of the checksums of all files
	Files     map[string]int64 `json:"files"`
	Texts     string           `json:"texts"`            // hash of its text files, some of which have no checksum of their own
	Damage    string           `json:"damage,omitempty"` // that reading it has shown (Verify)
}

// update reads the record in dir, lets change it, and stores it if change says so. Processes take turns. A record that does not
// exist is empty; one that cannot be read is an error, because starting again from what is there would hide a loss.
func update(dir string, change func(*record) (changed bool, err error)) error {
	lock, err := os.OpenFile(filepath.Join(dir, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("lock the record of parts: %w", err)
	}
	defer lock.Close() // unlocks
	if err := unix.Flock(int(lock.Fd()), unix.LOCK_EX); err != nil {
		return fmt.Errorf("lock the record of parts: %w", err)
	}
	path := filepath.Join(dir, recordFile)
	var r record
	text, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the record of the parts that must exist, %s: %w; restore the file from a backup, or delete it to trust the data as it is", path, err)
	}
	if r.Tables == nil {
		r.Tables = map[string]*tableRecord{}
	}
	changed, err := change(&r)
	if err != nil || !changed {
		return err
	}
	if err := write(path, r); err != nil {
		return fmt.Errorf("write the record of the parts that must exist: %w", err)
	}
	return nil
}

// write replaces the file as a whole, and returns when it is on disk.
func write(path string, r record) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := renameio.WriteFile(path, text, 0o600, renameio.WithTempDir(filepath.Dir(path))); err != nil {
		return err
	}
	dir, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}

// textsIn is a hash of the text files among files of a folder.
func textsIn(dir string, files map[string]int64) (string, error) {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasSuffix(name, ".txt") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s %d\n%s\n", name, len(text), text)
	}
	return hex.EncodeToString(sum.Sum(nil)[:16]), nil
}

// filesIn are the files of a folder with their sizes, without those in folders below it.
func filesIn(dir string) (map[string]int64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	files := make(map[string]int64, len(entries))
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		info, err := e.Info()
		if err != nil {
			return nil, err
		}
		files[e.Name()] = info.Size()
	}
	return files, nil
}
