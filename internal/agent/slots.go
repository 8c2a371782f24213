package agent

import (
	"context"
	"sync"
	"time"
)

// slots bound the containers being made at once: more of them than CPUs can
// work on only makes every one late.
type slots chan struct{}

// slotTime is how long a start keeps its slot. One that takes longer waits for
// something else than a CPU, such as an OCI runtime that hangs, and others
// need not wait for it.
const slotTime = 10 * time.Second

// take waits for a slot and returns how to give it back. It gives up when ctx
// ends or when withdrawn is closed.
func (s slots) take(ctx context.Context, withdrawn <-chan struct{}) (giveBack func(), ok bool) {
	select {
	case <-withdrawn: // which is looked at first
		return nil, false
	default:
	}
	select {
	case s <- struct{}{}:
	case <-withdrawn:
		return nil, false
	case <-ctx.Done():
		return nil, false
	}
	once := sync.OnceFunc(func() { <-s })
	late := time.AfterFunc(slotTime, once)
	return func() { late.Stop(); once() }, true
}
