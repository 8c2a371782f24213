// Command hatoba-shim keeps the containers of one task while Hatoba comes and
// goes: containerd's runc shim, with the task's log pump and a durable note of
// every exit added. It is small because one runs per task.
package main

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2/manager"
	"github.com/containerd/containerd/v2/core/events"
	"github.com/containerd/containerd/v2/pkg/shim"
	"github.com/containerd/containerd/v2/pkg/shutdown"
	"golang.org/x/sys/unix"
)

func main() {
	if len(os.Args) > 2 && os.Args[0] == initName && os.Args[1] == "--" {
		os.Exit(runInit(os.Args[2:]))
	}
	// What containerd asks of a shim and has answered at once.
	short := func(arg string) bool {
		return slices.Contains([]string{"start", "delete", "-info", "-v", "-version"}, arg)
	}
	if slices.ContainsFunc(os.Args[1:], short) {
		shim.RunShim(context.Background(), remains{manager.NewShimManager("io.containerd.runc.v2")})
		return
	}
	if err := serve(); err != nil {
		fmt.Fprintln(os.Stderr, "hatoba-shim:", err)
		os.Exit(1)
	}
}

// nobody is whom events are published to: nobody listens to them. Sending
// them would cost every start, and complaints while Hatoba is down.
type nobody struct{}

// Publish implements shim.Publisher.
func (nobody) Publish(context.Context, string, events.Event) error { return nil }

// Close implements shim.Publisher.
func (nobody) Close() error { return nil }

// removeSocket removes the shim's socket when it ends, which containerd leaves
// to a file it no longer writes.
func removeSocket(end shutdown.Service) {
	address, err := unix.Getsockname(listener)
	if err != nil {
		return
	}
	socket, ok := address.(*unix.SockaddrUnix)
	if !ok {
		return
	}
	ours, err := os.Stat(socket.Name)
	if err != nil {
		return
	}
	end.RegisterCallback(func(context.Context) error {
		// The task's next shim may have put its own in the place.
		if there, err := os.Stat(socket.Name); err != nil || !os.SameFile(ours, there) {
			return nil
		}
		return os.Remove(socket.Name)
	})
}
