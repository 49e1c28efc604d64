//go:build !server

package engine

import (
	"fmt"
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Landlock holds TCP alone. A database of this machine may also listen on a Unix socket, which table functions such as
// postgresql() reach by the name of a folder, and a name that is looked up leaves the machine over UDP. So the kernel
// refuses the process any such socket (seccomp).

// architectures are those that a filter can be written for, as the kernel numbers them.
var architectures = map[string]uint32{"amd64": unix.AUDIT_ARCH_X86_64, "arm64": unix.AUDIT_ARCH_AARCH64}

// Offsets in struct seccomp_data, of numbers of 4 bytes in little-endian order.
const (
	dataNumber       = 0
	dataArchitecture = 4
	dataFamily       = 16 // The first argument of socket(2).
	dataType         = 24 // The second.
)

// restrictSockets keeps the calling thread, and what it executes, from sockets other than those of TCP. If it may look
// up names, only Unix sockets are refused.
func restrictSockets(names bool) error {
	arch, ok := architectures[runtime.GOARCH]
	if !ok {
		return fmt.Errorf("restrict sockets: no filter is known for %s", runtime.GOARCH)
	}
	const (
		load  = unix.BPF_LD | unix.BPF_W | unix.BPF_ABS
		mask  = unix.BPF_ALU | unix.BPF_AND | unix.BPF_K
		equal = unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K
		least = unix.BPF_JMP | unix.BPF_JGE | unix.BPF_K
		give  = unix.BPF_RET | unix.BPF_K

		otherABI = 0x40000000 // Calls of the x32 ABI have this bit.
		typeMask = 0xf        // The rest of the type are flags.
	)
	// Jt and Jf are how many instructions to skip if a comparison is true or false. The last two instructions are to allow
	// and to refuse.
	filter := []unix.SockFilter{
		{Code: load, K: dataArchitecture},
		{Code: equal, K: arch, Jf: 10},
		{Code: load, K: dataNumber},
		{Code: least, K: otherABI, Jt: 8},
		{Code: equal, K: unix.SYS_IO_URING_SETUP, Jt: 7}, // It makes sockets as well.
		{Code: equal, K: unix.SYS_SOCKET, Jf: 5},
		{Code: load, K: dataFamily},
		{Code: equal, K: unix.AF_UNIX, Jt: 4},
		{Code: load, K: dataType},
		{Code: mask, K: typeMask},
		{Code: equal, K: unix.SOCK_STREAM, Jf: 1},
		{Code: give, K: unix.SECCOMP_RET_ALLOW},
		{Code: give, K: unix.SECCOMP_RET_ERRNO | uint32(unix.EACCES)},
	}
	if names {
		filter[10].Jf = 0
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	if err := unix.Prctl(unix.PR_SET_SECCOMP, unix.SECCOMP_MODE_FILTER, uintptr(unsafe.Pointer(&program)), 0, 0); err != nil {
		return fmt.Errorf("restrict sockets: %w", err)
	}
	runtime.KeepAlive(filter)
	return nil
}
