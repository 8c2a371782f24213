package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2/process"
	"github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2/runc"
	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/pkg/shim"
)

// remains is containerd's shim, but for shims that have ended in order:
// containerd has what they leave deleted as if they had been killed, and asking
// the runtime about a container it has deleted costs as much as deleting one.
type remains struct{ shim.Shim }

// Stop implements shim.Shim.
func (r remains) Stop(ctx context.Context, id string) (shim.StopStatus, error) {
	cwd, err := os.Getwd()
	if err != nil {
		return shim.StopStatus{}, err
	}
	bundle := filepath.Join(filepath.Dir(cwd), id)
	if known, err := runtimeKnows(ctx, bundle, id); err != nil || known {
		return r.Shim.Stop(ctx, id)
	}
	status := shim.StopStatus{ExitedAt: time.Now(), ExitStatus: 128 + 9}
	if seen, err := runc.ReadExitStatus(bundle); err == nil {
		status = shim.StopStatus{ExitedAt: seen.Timestamp, ExitStatus: seen.Status, Pid: seen.Pid}
	}
	return status, mount.UnmountRecursive(filepath.Join(bundle, "rootfs"), 0)
}

// runtimeKnows tells whether the OCI runtime keeps a state of the container.
func runtimeKnows(ctx context.Context, bundle, id string) (bool, error) {
	namespace, err := namespaces.NamespaceRequired(ctx)
	if err != nil {
		return false, err
	}
	options, err := runc.ReadOptions(bundle)
	if err != nil {
		return false, err
	}
	root := process.RuncRoot
	if options != nil && options.Root != "" {
		root = options.Root
	}
	_, err = os.Stat(filepath.Join(root, namespace, id))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}
