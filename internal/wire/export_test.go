package wire

import (
	"context"
	"net/http"
	"reflect"
	"time"
)

// SetBodyTime shortens the time a body may take.
func SetBodyTime(h http.Handler, d time.Duration) { h.(*handler).bodies.time = d }

// OpOf is Op for tests that find their operations by reflection.
func OpOf(name string, in, out reflect.Type, call func(ctx context.Context, caller Caller, in any) (any, error)) Operation {
	return Operation{Name: name, Input: in, Output: out, call: call}
}
