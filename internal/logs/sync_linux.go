package logs

import (
	"os"
	"syscall"
)

// syncData makes what was written to f durable, with the size it needs to be
// read back.
func syncData(f *os.File) error {
	for {
		if err := syscall.Fdatasync(int(f.Fd())); err != syscall.EINTR {
			return os.NewSyscallError("fdatasync", err)
		}
	}
}
