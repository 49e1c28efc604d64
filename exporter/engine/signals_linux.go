//go:build !server

package engine

import (
	"fmt"
	"syscall"
	"unsafe"
)

const (
	lastSignal  = 64
	sigStack    = 34 // ClickHouse asks its threads for their stacks with it (system.stack_trace).
	sigDefault  = 0
	flagOnStack = 0x08000000
)

// sigaction is the kernel's struct, of which only the first two fields concern us.
type sigaction struct {
	handler  uintptr
	flags    uint64
	restorer uintptr
	mask     uint64
}

// signalActions are the actions of all signals, as the kernel holds them.
type signalActions [lastSignal + 1]sigaction

// savedSignals reads what is installed now. It is called before libchdb is
// loaded, because the library replaces the handlers by which Go turns a nil
// dereference into a panic; without them such a fault hangs the process.
func savedSignals() (signalActions, error) {
	var saved signalActions
	for sig := 1; sig <= lastSignal; sig++ {
		if err := rtSigaction(sig, nil, &saved[sig]); err != nil {
			return saved, fmt.Errorf("read the action of signal %d: %w", sig, err)
		}
	}
	return saved, nil
}

// restore puts the saved actions back, but for the stack signal: its default is
// the process's death, so the library's handler stays, moved to the signal
// stack, since Go's own threads have too little room on theirs.
func (saved signalActions) restore() error {
	for sig := 1; sig <= lastSignal; sig++ {
		var now sigaction
		if err := rtSigaction(sig, nil, &now); err != nil {
			return fmt.Errorf("read the action of signal %d: %w", sig, err)
		}
		want := saved[sig]
		if sig == sigStack && want.handler == sigDefault {
			want = now
			want.flags |= flagOnStack
		}
		if now == want {
			continue
		}
		if err := rtSigaction(sig, &want, nil); err != nil {
			return fmt.Errorf("restore the action of signal %d: %w", sig, err)
		}
	}
	return nil
}

func rtSigaction(sig int, set, get *sigaction) error {
	const maskSize = 8
	_, _, errno := syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(sig),
		uintptr(unsafe.Pointer(set)), uintptr(unsafe.Pointer(get)), maskSize, 0, 0)
	if errno != 0 {
		return errno
	}
	return nil
}
