//go:build !server

package engine

import (
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
)

// Landlock restricts threads. The process has several from its beginning, and go-landlock can restrict all of them only
// where nothing like cgo is linked in, which purego is. So one thread restricts itself and replaces the program by
// itself: what runs from then on, and every thread that the library makes, inherits the restriction.

// confinement is what the engine's process may still do.
type confinement struct {
	Level   Confinement
	Dir     string   // To read and write.
	Library string   // To read.
	Read    []string // More files and folders to read.
	Ports   []uint16 // TCP ports to connect to, on any host.
	Canary  string   // A file outside that the process's user can read. Where it can still be read, the confinement does not hold.
}

// Files and folders of the system that the library and the loader read. No user's data is in them.
var systemFiles = []string{
	"/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/local/lib", "/etc/ld.so.cache", "/etc/localtime", "/usr/share/zoneinfo",
	"/proc/meminfo", "/proc/cpuinfo", "/proc/stat",
	// Without this file jemalloc gives memory back by mapping holes over it, until the kernel's number of mappings is used up.
	"/proc/sys/vm/overcommit_memory",
	"/sys/fs/cgroup", "/sys/devices/system/cpu", "/sys/devices/system/node",
	"/sys/kernel/mm/transparent_hugepage", "/dev/urandom", "/dev/random", "/dev/zero",
}

// Files that are needed once connections are allowed.
var networkFiles = []string{"/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/services", "/etc/gai.conf", "/etc/ssl/certs", "/etc/pki/tls/certs", "/etc/pki/ca-trust", "/usr/share/ca-certificates"}

const (
	readFile = landlock.AccessFSSet(ll.AccessFSReadFile)
	readDir  = landlock.AccessFSSet(ll.AccessFSReadDir)
	execute  = landlock.AccessFSSet(ll.AccessFSExecute)
	ofFiles  = landlock.AccessFSSet(ll.AccessFSExecute | ll.AccessFSReadFile | ll.AccessFSWriteFile | ll.AccessFSTruncate | ll.AccessFSIoctlDev)
)

// versions are what each version of Landlock can restrict.
var versions = []landlock.Config{
	landlock.V1, landlock.V2, landlock.V3, landlock.V4, landlock.V5, landlock.V6, landlock.V7, landlock.V8, landlock.V9, landlock.V10, landlock.V11,
}

// able is what this kernel can restrict.
func able() landlock.Config {
	v, err := ll.LandlockGetABIVersion()
	if err != nil || v < 1 {
		return landlock.Config{}
	}
	return versions[min(v, len(versions))-1]
}

// MostConfinement is the level that this kernel can hold. Files take renaming between folders, which is Landlock 2 of
// Linux 5.19; connections take Landlock 4 of Linux 6.7.
func MostConfinement() Confinement {
	switch can := able(); {
	case can.HandledAccessNet != 0:
		return ConfinedFull
	case can.HandledAccessFS&ll.AccessFSRefer != 0:
		return ConfinedFiles
	}
	return Unconfined
}

// confine restricts the process and starts its program again. It returns only if it fails.
func (c *confinement) confine() error {
	exe, err := os.Executable()
	if err != nil {
		return fmt.Errorf("confine the engine: %w", err)
	}
	runtime.LockOSThread() // And never unlocked: a thread that is half restricted must not be used again.
	if err := c.restrict(exe); err != nil {
		return fmt.Errorf("confine the engine: %w; CSKPI_ENGINE_CONFINEMENT=none runs it without", err)
	}
	return fmt.Errorf("start the confined engine: %w", syscall.Exec(exe, os.Args, os.Environ()))
}

func (c *confinement) restrict(exe string) error {
	can := able()
	attr := ll.RulesetAttr{HandledAccessFS: uint64(can.HandledAccessFS)}
	if c.Level == ConfinedFull {
		attr.HandledAccessNet, attr.Scoped = uint64(can.HandledAccessNet), uint64(can.Scoped)
	}
	ruleset, err := ll.LandlockCreateRuleset(&attr, 0)
	if err != nil {
		return fmt.Errorf("make the rules: %w", err)
	}
	defer syscall.Close(ruleset)
	allow := func(path string, rights landlock.AccessFSSet) error {
		fd, err := syscall.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
		if errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.EACCES) {
			return nil // What is not there, or not for this user, needs no rule.
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		defer syscall.Close(fd)
		var stat syscall.Stat_t
		if err := syscall.Fstat(fd, &stat); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if stat.Mode&syscall.S_IFMT != syscall.S_IFDIR {
			rights &= ofFiles
		}
		rule := ll.PathBeneathAttr{ParentFd: fd, AllowedAccess: uint64(rights & can.HandledAccessFS)}
		if err := ll.LandlockAddPathBeneathRule(ruleset, &rule, 0); err != nil {
			return fmt.Errorf("allow %s: %w", path, err)
		}
		return nil
	}
	rules := map[string]landlock.AccessFSSet{}
	add := func(rights landlock.AccessFSSet, paths ...string) {
		for _, path := range paths {
			rules[path] |= rights
		}
	}
	add(can.HandledAccessFS&^(execute|ll.AccessFSMakeChar|ll.AccessFSMakeBlock|ll.AccessFSMakeSock|ll.AccessFSIoctlDev), c.Dir)
	add(readFile|readDir, systemFiles...)
	add(readFile|readDir, c.Read...)
	add(readFile|readDir, filepath.SplitList(os.Getenv("LD_LIBRARY_PATH"))...)
	add(readFile|ll.AccessFSWriteFile, os.DevNull)
	if filepath.IsAbs(c.Library) { // Else the loader finds it where libraries are.
		add(readFile, c.Library)
	}
	// The program itself is started once more, and with it its loader.
	add(readFile|execute, exe)
	if loader := loaderOf(exe); loader != "" {
		add(readFile|execute, loader)
	}
	if len(c.Ports) > 0 || c.Level < ConfinedFull {
		add(readFile|readDir, networkFiles...)
	}
	for path, rights := range rules {
		if path == "" {
			continue
		}
		if err := allow(path, rights); err != nil {
			return err
		}
	}
	if attr.HandledAccessNet != 0 {
		for _, port := range c.Ports {
			if err := ll.LandlockAddNetPortRule(ruleset, &ll.NetPortAttr{AllowedAccess: ll.AccessNetConnectTCP, Port: uint64(port)}, 0); err != nil {
				return fmt.Errorf("allow port %d: %w", port, err)
			}
		}
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up new privileges: %w", err)
	}
	if err := ll.LandlockRestrictSelf(ruleset, 0); err != nil {
		return err
	}
	if c.Level < ConfinedFull {
		return nil
	}
	return restrictSockets(len(c.Ports) > 0)
}

// loaderOf is the loader that the kernel starts for a program, or empty if it is linked statically.
func loaderOf(exe string) string {
	file, err := elf.Open(exe)
	if err != nil {
		return ""
	}
	defer file.Close()
	for _, p := range file.Progs {
		if p.Type == elf.PT_INTERP {
			name, _ := io.ReadAll(p.Open())
			return strings.TrimRight(string(name), "\x00")
		}
	}
	return ""
}

// verify tries what the confinement forbids.
func (c *confinement) verify(listener net.Listener) error {
	if c.Level >= ConfinedFiles {
		f, err := os.Open(c.Canary)
		if err == nil {
			f.Close()
			err = errors.New("access")
		}
		if !errors.Is(err, syscall.EACCES) {
			return fmt.Errorf("the engine's process is not confined: opening %s gave %w, not a refusal; CSKPI_ENGINE_CONFINEMENT=none runs it without", c.Canary, err)
		}
	}
	if c.Level >= ConfinedFull {
		conn, err := net.Dial("tcp", listener.Addr().String())
		if err == nil {
			conn.Close()
			err = errors.New("a connection")
		}
		if !errors.Is(err, syscall.EACCES) {
			return fmt.Errorf("the engine's process is not confined: connecting gave %w, not a refusal; CSKPI_ENGINE_CONFINEMENT=files runs it without that", err)
		}
		if _, err := net.Dial("unix", os.DevNull); !errors.Is(err, syscall.EACCES) {
			return fmt.Errorf("the engine's process is not confined: opening a Unix socket gave %w, not a refusal; CSKPI_ENGINE_CONFINEMENT=files runs it without that", err)
		}
	}
	return nil
}
