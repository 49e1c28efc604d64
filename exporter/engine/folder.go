//go:build linux && !server

package engine

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// Names in the data folder. Everything that the library writes is in engineFolder, which is all that the engine's
// process may reach; what it must not read, such as the token, lies beside it.
const (
	engineFolder = "engine"
	movingFolder = "engine.moving" // While a folder of an earlier version is brought to this layout.
	lockFile     = "engine.lock"
	identityFile = "identity.json"
)

// folder is a data folder that this process, and the child that inherits lock, have for themselves.
type folder struct {
	path    string
	lock    *os.File
	self    identity
	scratch bool // The folder is removed when it is closed.
}

// identity says which data folder this is.
type identity struct {
	ID string `json:"id"` // Random. A copy of the folder has the same one.
}

// engine is where the library keeps its data.
func (f *folder) engine() string { return filepath.Join(f.path, engineFolder) }

// close releases the folder. A scratch folder that cannot be removed now is removed when the next one is made.
func (f *folder) close() {
	if f.scratch {
		_ = os.RemoveAll(f.path) // While it is locked, so that nobody else removes it at the same time.
	}
	f.lock.Close()
}

// scratchPrefix begins the names of scratch folders.
const scratchPrefix = "scratch-"

// takeScratch makes a folder in dir for an engine whose data nobody needs once it ends. It first removes the scratch
// folders there of processes that died: the kernel released their locks.
func takeScratch(dir string) (*folder, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("scratch folder: %w", err)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("scratch folder: %w", err)
	}
	left, err := filepath.Glob(filepath.Join(dir, scratchPrefix+"*"))
	if err != nil {
		return nil, fmt.Errorf("scratch folder: %w", err)
	}
	for _, path := range left {
		if !isOwner(path) {
			continue
		}
		if lock, err := lockFolder(path); err == nil {
			(&folder{path: path, lock: lock, scratch: true}).close()
		}
	}
	for {
		f := &folder{scratch: true}
		if f.path, err = os.MkdirTemp(dir, scratchPrefix); err != nil {
			return nil, fmt.Errorf("scratch folder: %w", err)
		}
		f.lock, err = lockFolder(f.path)
		if err != nil && (errors.Is(err, errInUse) || errors.Is(err, fs.ErrNotExist)) || err == nil && !f.holds() {
			if f.lock != nil {
				f.lock.Close()
			}
			continue // Another process took the new folder for one that was left, before it was locked.
		}
		if err != nil {
			return nil, err
		}
		if err := arrange(f.path); err != nil {
			f.close()
			return nil, err
		}
		return f, nil
	}
}

// holds tells whether the file that is locked is still the folder's.
func (f *folder) holds() bool {
	held, err := f.lock.Stat()
	if err != nil {
		return false
	}
	there, err := os.Stat(f.lock.Name())
	return err == nil && os.SameFile(held, there)
}

var errInUse = errors.New("the data folder is in use")

// takeFolder takes the data folder for this process and brings it to the current layout. If another process is using
// the folder, takeFolder waits for patience, unless that process is there to stay: then commands attach to it.
func takeFolder(ctx context.Context, path string, patience time.Duration) (*folder, error) {
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	if err := checkOwner(path); err != nil {
		return nil, err
	}
	f := &folder{path: path}
	until := time.Now().Add(patience)
	for {
		if f.lock, err = lockFolder(path); err == nil {
			break
		}
		if _, staying := Attach(path); staying || !errors.Is(err, errInUse) || time.Now().After(until) {
			return nil, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond):
		}
	}
	if f.self, err = identify(path); err == nil {
		err = arrange(path)
	}
	if err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// Serving returns an error that names the process if one serves from the data folder, so that others attach to it.
func Serving(path string) error {
	if _, live := Attach(path); !live {
		return nil
	}
	return fmt.Errorf("%w: %s is using %s; stop it, or choose another data folder", errInUse, userOf(path), path)
}

// userOf names the process that is using the folder.
func userOf(path string) string {
	who := "another process"
	if text, err := os.ReadFile(filepath.Join(path, lockFile)); err == nil {
		if id := strings.TrimSpace(string(text)); id != "" {
			who = "process " + id
		}
	}
	if at, err := readEndpoint(path); err == nil {
		who += " (" + cmp.Or(at.Public, at.URL) + ")"
	}
	return who
}

// checkOwner refuses a folder that belongs to another user: files that this process made there would lock that user out.
// The owner is the one who made the first files. Kubernetes gives a volume's root folder to root and lets a group write
// there, so an empty folder that this process can write is its own, except for root, who can write everywhere.
func checkOwner(path string) error {
	mine := os.Geteuid()
	for _, name := range []string{identityFile, lockFile, "."} {
		var stat unix.Stat_t
		err := unix.Stat(filepath.Join(path, name), &stat)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return fmt.Errorf("data folder: %s: %w", filepath.Join(path, name), err)
		}
		if name == "." && mine != 0 || int(stat.Uid) == mine {
			return nil
		}
		owner := userName(int(stat.Uid))
		return fmt.Errorf("the data folder %s belongs to the user %s, and this process runs as %s, whose files would lock that user out; run it as its owner: sudo -u %s cskpi …",
			path, owner, userName(mine), owner)
	}
	return nil
}

// userName is a user's name, or #id if it has none, as sudo takes it.
func userName(id int) string {
	if u, err := user.LookupId(strconv.Itoa(id)); err == nil {
		return u.Username
	}
	return "#" + strconv.Itoa(id)
}

// lockFolder locks the folder for this process and those that inherit the file. The kernel releases the lock when the
// last of them has ended, however that happens. The file has the process's id, for messages.
func lockFolder(path string) (*os.File, error) {
	lock, err := os.OpenFile(filepath.Join(path, lockFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	err = unix.Flock(int(lock.Fd()), unix.LOCK_EX|unix.LOCK_NB)
	if err == nil {
		err = lock.Truncate(0)
		if err == nil {
			_, err = lock.WriteString(strconv.Itoa(os.Getpid()) + "\n")
		}
		if err == nil {
			return lock, nil
		}
	}
	defer lock.Close()
	if !errors.Is(err, unix.EWOULDBLOCK) {
		return nil, fmt.Errorf("lock the data folder: %w", err)
	}
	return nil, fmt.Errorf("%w: %s is using %s; stop it, or choose another data folder", errInUse, userOf(path), path)
}

// identify returns the folder's identity, and gives it one if it has none.
func identify(path string) (identity, error) {
	name := filepath.Join(path, identityFile)
	var self identity
	text, err := os.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(text, &self)
	}
	if err == nil && self.ID != "" {
		return self, nil
	}
	// An empty file is what a full disk or a lost machine leaves; the identity is only compared while a process runs.
	if err != nil && !errors.Is(err, fs.ErrNotExist) && len(text) > 0 {
		return self, fmt.Errorf("data folder: %s: %w; delete the file, which is then made again", name, err)
	}
	self.ID = randomTag() + randomTag()
	return self, writeJSON(path, identityFile, self)
}

// libraryNames are the files and folders that the library makes in its folder. Earlier versions had them in the data
// folder itself.
var libraryNames = []string{
	"access", "caches", "data", "detached", "dictionaries_lib", "disks", "filesystem_caches", "flags", "format_schemas",
	"metadata", "metadata_dropped", "named_collections", "preprocessed_configs", "shadow", "spool", "status", "store", "tmp",
	"user_defined", "user_files", "user_scripts", "uuid",
}

// oldNames are what an earlier version left in the data folder.
func oldNames(path string) ([]string, error) {
	entries, err := os.ReadDir(path)
	if err != nil {
		return nil, fmt.Errorf("data folder: %w", err)
	}
	var names []string
	for _, e := range entries {
		if slices.Contains(libraryNames, e.Name()) && (e.Name() != barrier || !e.Type().IsRegular()) {
			names = append(names, e.Name())
		}
	}
	return names, nil
}

// barrier is a file of the data folder in the place of a folder that earlier versions make there: so they end with an
// error that names it. Otherwise they would find no data and start from nothing.
const (
	barrier     = "metadata"
	barrierText = "The data of this folder is in " + engineFolder + "/, and is that of a later version of cskpi. This file keeps earlier versions from starting a second database here.\n"
)

// arrange makes the folder of the library. If an earlier version had the library's files in the data folder itself,
// they are moved there.
func arrange(path string) error {
	steps, err := arranging(path)
	if err != nil {
		return err
	}
	for _, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("move the data of an earlier version to %s: %w; nothing is lost, and the next start goes on with it", filepath.Join(path, engineFolder), err)
		}
	}
	return nil
}

// arranging returns the steps from the present state to the layout. Each step is atomic, and after any of them
// arranging returns the rest. The folder has its final name when everything is in it.
func arranging(path string) ([]func() error, error) {
	at := func(names ...string) string { return filepath.Join(append([]string{path}, names...)...) }
	old, err := oldNames(path)
	if err != nil {
		return nil, err
	}
	exists := func(name string) bool { _, err := os.Lstat(at(name)); return err == nil }
	done, begun := exists(engineFolder), exists(movingFolder)
	if !begun && !slices.Contains(old, barrier) {
		old = nil // Every earlier version made that folder first; what has the other names is somebody else's.
	}
	if done && len(old) > 0 {
		return nil, fmt.Errorf("the data folder %s has data in %s/ and, of an earlier version, in %s; cskpi cannot know which of the two is current: move the other one away",
			path, engineFolder, strings.Join(old, ", "))
	}
	var steps []func() error
	if !done {
		if !begun {
			steps = append(steps, func() error { return os.Mkdir(at(movingFolder), 0o700) })
		}
		for _, name := range old {
			steps = append(steps, func() error { return os.Rename(at(name), at(movingFolder, name)) })
		}
	}
	steps = append(steps, func() error { return writeOnce(path, barrier, barrierText) })
	if !done {
		steps = append(steps,
			func() error { return cmp.Or(syncFolder(at(movingFolder)), syncFolder(path)) },
			func() error { return os.Rename(at(movingFolder), at(engineFolder)) },
			func() error { return syncFolder(path) },
		)
	}
	return steps, nil
}

// writeOnce writes a small file unless it is there. A part of it would do as well.
func writeOnce(dir, name, text string) error {
	path := filepath.Join(dir, name)
	if _, err := os.Lstat(path); err == nil {
		return nil
	}
	return os.WriteFile(path, []byte(text), 0o600)
}

func syncFolder(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
