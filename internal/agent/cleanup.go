package agent

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/hatoba/hatoba/internal/state"
)

// cleanUp takes away all a task had, after its last words have been shipped.
// It is tried until it succeeds: a task is STOPPED only when nothing of it is
// left.
func (w *worker) cleanUp(ctx context.Context, stopEndpoints func()) func() {
	w.pumps.Wait()
	if stopEndpoints != nil {
		stopEndpoints()
	}
	for {
		err := w.remove(ctx)
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return nil
		}
		w.log.Error("clean-up failed, trying again", "error", err)
		if !pause(ctx, time.Second) {
			return nil
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	return func() {
		w.stage = finished
		if w.rec.ENI.ID != "" {
			w.rec.ENI.Status = "DELETED"
			w.note(state.EventNetwork, "", fmt.Sprintf("network interface %s with %s is removed", w.rec.ENI.ID, w.rec.ENI.PrivateIPv4))
		}
		w.rec.Observed.Connectivity = "DISCONNECTED"
		w.rec.Observed.StoppedAt = now()
		w.a.releaseAddress(w.key.ID)
	}
}

// remove takes containers and network away at the same time: the kernel takes
// as long for a link as the runtime does for a container.
func (w *worker) remove(ctx context.Context) error {
	network := make(chan error, 1)
	go func() { network <- w.detach(ctx) }()
	var err error
	for _, p := range w.plans {
		if err = w.a.cfg.Engine.Delete(ctx, containerID(w.key.ID, p.Name)); err != nil {
			break
		}
	}
	if err == nil && w.hasDisk() {
		err = w.a.cfg.Disks.Close(w.dir)
	}
	return errors.Join(err, <-network)
}

// forget removes the node's own traces of a task that is done and reported.
func (w *worker) forget() {
	if err := os.RemoveAll(w.dir); err != nil {
		w.log.Error("cannot remove the task's directory", "error", err)
	}
}
