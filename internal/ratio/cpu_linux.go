package ratio

import (
	"syscall"
	"time"
	"unsafe"
)

// threadClock is CLOCK_THREAD_CPUTIME_ID of clock_gettime(2). Its resolution is a nanosecond; that
// of getrusage(2) may be a tick of the kernel.
const threadClock = 3

// CPU returns the CPU time of the calling thread, for differences. The caller must be locked to
// its thread, which [OfTimed] does.
func CPU() time.Duration {
	var t syscall.Timespec
	_, _, errno := syscall.RawSyscall(syscall.SYS_CLOCK_GETTIME, threadClock,
		uintptr(unsafe.Pointer(&t)), 0)
	if errno != 0 {
		panic(errno)
	}
	return time.Duration(t.Nano())
}
