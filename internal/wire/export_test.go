package wire

import (
	"context"
	"net/http"
	"reflect"
	"syscall"
	"time"
)

// CPUTime is what this process has had of the CPUs, which a busy machine does not
// change as it does the time of day.
func CPUTime() time.Duration {
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// SetBodyTime shortens the time a body may take.
func SetBodyTime(h http.Handler, d time.Duration) { h.(*handler).bodies.time = d }

// OpOf is Op for tests that find their operations by reflection.
func OpOf(name string, in, out reflect.Type, call func(ctx context.Context, caller Caller, in any) (any, error)) Operation {
	return Operation{Name: name, Input: in, Output: out, call: call}
}
