package metadata

import (
	"time"

	"golang.org/x/sys/unix"
)

// KernelClock is what whoever keeps the time told the kernel: ntp_adjtime(2).
func KernelClock() (bound time.Duration, synchronized, ok bool) {
	var t unix.Timex
	status, err := unix.Adjtimex(&t)
	if err != nil {
		return 0, false, false
	}
	return time.Duration(t.Maxerror) * time.Microsecond, status != unix.TIME_ERROR, true
}
