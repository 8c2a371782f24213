package containerd

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"syscall"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/errdefs"
	"golang.org/x/sys/unix"
)

// Signal implements runtime.Engine.
func (e *Engine) Signal(ctx context.Context, id, signal string) error {
	ctx = e.context(ctx)
	number, err := signalNumber(signal)
	if err != nil {
		return err
	}
	container, task, err := e.task(ctx, id)
	if err != nil || task == nil {
		return err
	}
	if number == syscall.SIGKILL {
		if info, err := container.Info(ctx, containerd.WithoutRefreshedMetadata); err == nil {
			e.cfg.unthrottle(info.Labels[labelTask])
		}
	}
	err = e.bounded(id, patience, func() error { return task.Kill(ctx, number) })
	if err != nil && !errdefs.IsNotFound(err) {
		return signalDirectly(task.Pid(), number, err)
	}
	return nil
}

// signalNumber reads "SIGTERM", "TERM" or "15", as an image's STOPSIGNAL may be.
func signalNumber(name string) (syscall.Signal, error) {
	if n, err := strconv.Atoi(name); err == nil && n > 0 && n <= 64 {
		return syscall.Signal(n), nil
	}
	upper := "SIG" + strings.TrimPrefix(strings.ToUpper(name), "SIG")
	if s := unix.SignalNum(upper); s != 0 {
		return s, nil
	}
	return 0, fmt.Errorf("unknown signal %q", name)
}
