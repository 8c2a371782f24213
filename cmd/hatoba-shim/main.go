// Command hatoba-shim keeps the containers of one task while Hatoba comes and
// goes: containerd's runc shim, with the task's log pump and a durable note of
// every exit added. It is small because one runs per task.
package main

import (
	"context"
	"os"

	"github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2/manager"
	"github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2/task"
	"github.com/containerd/containerd/v2/core/events"
	"github.com/containerd/containerd/v2/pkg/shim"
	"github.com/containerd/containerd/v2/pkg/shutdown"
	"github.com/containerd/containerd/v2/plugins"
	"github.com/containerd/log"
	"github.com/containerd/plugin"
	"github.com/containerd/plugin/registry"
	"golang.org/x/sys/unix"
)

func main() {
	if len(os.Args) > 2 && os.Args[0] == initName && os.Args[1] == "--" {
		os.Exit(runInit(os.Args[2:]))
	}
	registry.Reset()
	registry.Register(&plugin.Registration{
		Type:     plugins.TTRPCPlugin,
		ID:       "task",
		Requires: []plugin.Type{plugins.EventPlugin, plugins.InternalPlugin},
		InitFn:   taskService,
	})
	shim.RunShim(context.Background(), manager.NewShimManager("io.containerd.runc.v2"))
}

func taskService(ic *plugin.InitContext) (any, error) {
	// What is logged goes to Hatoba's standard error, past its own log.
	if err := log.SetLevel("error"); err != nil {
		return nil, err
	}
	publisher, err := ic.GetByID(plugins.EventPlugin, "publisher")
	if err != nil {
		return nil, err
	}
	end, err := ic.GetByID(plugins.InternalPlugin, "shutdown")
	if err != nil {
		return nil, err
	}
	removeSocket(end.(shutdown.Service))
	inner, err := task.NewTaskService(ic.Context, quiet{publisher.(shim.Publisher)}, end.(shutdown.Service))
	if err != nil {
		return nil, err
	}
	return newService(ic.Context, inner), nil
}

// quiet publishes no events: nobody listens to them. Sending them would cost
// every start, and complaints while Hatoba is down.
type quiet struct{ shim.Publisher }

// Publish implements shim.Publisher.
func (quiet) Publish(context.Context, string, events.Event) error { return nil }

// listener is the file descriptor on which the shim is handed its socket.
const listener = 3

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
