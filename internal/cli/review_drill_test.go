//go:build unix

package cli

import (
	"syscall"
	"testing"
)

func TestADrillOutlivesItsTerminal(t *testing.T) {
	for _, sig := range []syscall.Signal{syscall.SIGHUP, syscall.SIGPIPE} {
		ctx, stop := untilGone(t.Context())
		if err := syscall.Kill(syscall.Getpid(), sig); err != nil {
			t.Fatal(err)
		}
		<-ctx.Done()
		stop()
	}
}
