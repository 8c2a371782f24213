package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"sync"
	"syscall"
	"time"

	"github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2/task"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/pkg/shutdown"
	"github.com/containerd/containerd/v2/pkg/sys/reaper"
	"github.com/containerd/fifo"
	"github.com/containerd/log"
	"github.com/containerd/ttrpc"
	"golang.org/x/sys/unix"
)

// listener is the file descriptor on which the shim is handed its socket.
const listener = 3

// serve is the shim's long life, in the place of containerd's: that one keeps
// a connection for events nobody listens to, collects garbage every 30 s for
// as long as a task runs, and ends on the signals that end Hatoba.
func serve() error {
	var namespace string
	flag.StringVar(&namespace, "namespace", "", "namespace that owns the shim")
	for _, name := range []string{"id", "address", "publish-binary", "socket", "bundle", "debug-socket"} {
		flag.String(name, "", "taken as containerd gives it, and not used")
	}
	flag.Bool("debug", false, "taken as containerd gives it, and not used")
	flag.Parse()
	if namespace == "" {
		return errors.New("the flag -namespace is missing")
	}
	debug.SetGCPercent(-1) // a start is over before it pays; tidy turns it on
	debug.SetMemoryLimit(busyMemory)
	runtime.GOMAXPROCS(min(2, runtime.NumCPU()))

	// SIGTERM and SIGINT are caught and not ignored: what is ignored is
	// inherited by containers.
	signals := make(chan os.Signal, 32)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGPIPE, syscall.SIGCHLD)
	if err := reaper.SetSubreaper(1); err != nil {
		return err
	}
	ctx, end := shutdown.WithShutdown(namespaces.WithNamespace(context.Background(), namespace))
	defer end.Shutdown()
	if err := logTo(ctx); err != nil {
		return err
	}
	removeSocket(end)
	inner, err := task.NewTaskService(ctx, nobody{}, end)
	if err != nil {
		return err
	}
	server, err := ttrpc.NewServer(ttrpc.WithServerHandshaker(ttrpc.UnixSocketRequireSameUser()), ttrpc.WithUnaryServerInterceptor(tidy()))
	if err != nil {
		return err
	}
	if err := newService(ctx, inner).RegisterTTRPC(server); err != nil {
		return err
	}
	socket, err := net.FileListener(os.NewFile(listener, "socket"))
	if err != nil {
		return fmt.Errorf("the socket handed down: %w", err)
	}
	defer socket.Close()
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(ctx, socket) }()
	return reap(ctx, end, signals, failed)
}

// reap collects children until the shim ends.
func reap(ctx context.Context, end shutdown.Service, signals <-chan os.Signal, failed <-chan error) error {
	for {
		select {
		case s := <-signals:
			if s != syscall.SIGCHLD {
				continue
			}
			if err := reaper.Reap(); err != nil {
				log.G(ctx).WithError(err).Error("cannot collect a child's exit")
			}
		case err := <-failed:
			if err != nil && !errors.Is(err, net.ErrClosed) && ctx.Err() == nil {
				return fmt.Errorf("serve the task's calls: %w", err)
			}
			failed = nil
		case <-ctx.Done():
			select {
			case <-end.Done():
				return nil
			case <-time.After(5 * time.Second):
				return errors.New("the shim did not come to its end")
			}
		}
	}
}

// logTo sends what is logged, and what a crash prints, to the pipe that
// containerd reads.
func logTo(ctx context.Context) error {
	pipe, err := fifo.OpenFifoDup2(ctx, "log", unix.O_WRONLY, 0o700, int(os.Stderr.Fd()))
	if err != nil {
		return fmt.Errorf("open the log pipe: %w", err)
	}
	log.L.Logger.SetOutput(pipe)
	return log.SetLevel("error")
}

// busyMemory is how much the shim may take before it collects garbage while it
// has calls to answer.
const busyMemory = 24 << 20

// calm is how long after the last call the shim gives its memory back.
const calm = 5 * time.Second

// tidy gives memory back to the machine when calls have come to rest: a shim
// lives as long as its task and mostly waits.
func tidy() ttrpc.UnaryServerInterceptor {
	var mu sync.Mutex
	later := time.AfterFunc(calm, func() {
		debug.SetGCPercent(40)
		debug.FreeOSMemory()
	})
	return func(ctx context.Context, unmarshal ttrpc.Unmarshaler, info *ttrpc.UnaryServerInfo, method ttrpc.Method) (any, error) {
		mu.Lock()
		later.Reset(calm)
		mu.Unlock()
		return method(ctx, unmarshal)
	}
}
