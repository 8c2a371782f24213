package containerd

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/mount"
	"github.com/containerd/errdefs"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/protocol"
)

// Process implements runtime.Engine. A process that has ended keeps its number
// here until the container is deleted; the machine may have given it to another.
func (e *Engine) Process(ctx context.Context, id string) (int, error) {
	ctx = e.context(ctx)
	_, task, err := e.task(ctx, id)
	if err != nil {
		return 0, err
	}
	if task != nil && task.Pid() != 0 {
		var status containerd.Status
		err = e.bounded(id, patience, func() (err error) { status, err = task.Status(ctx); return err })
		switch {
		case err != nil && !errdefs.IsNotFound(err):
			return 0, err
		case err == nil && (status.Status == containerd.Running || status.Status == containerd.Paused):
			return int(task.Pid()), nil
		}
	}
	return 0, fmt.Errorf("%w: %s does not run", runtime.ErrNotFound, id)
}

// Changed implements runtime.Engine: it reads the directory that takes what the
// container writes, beside the process that writes it.
func (e *Engine) Changed(ctx context.Context, id string, most int) ([]protocol.Change, bool, error) {
	ctx = e.context(ctx)
	c, err := e.load(ctx, id)
	if err != nil {
		return nil, false, err
	}
	labels, err := c.Labels(ctx)
	if err != nil {
		return nil, false, err
	}
	spec, err := c.Spec(ctx)
	if err != nil {
		return nil, false, err
	}
	mounts, err := e.client.SnapshotService(e.snapshotter).Mounts(ctx, id)
	if err != nil {
		return nil, false, err
	}
	if layer := labels[labelLayer]; layer != "" {
		over, err := overlay(mounts, layer)
		if err != nil {
			return nil, false, err
		}
		mounts = []mount.Mount{over}
	}
	upper, lowers := layers(mounts)
	if upper == "" {
		return nil, false, errors.New("this machine's containers have no layer of their own that could be read")
	}
	var hidden []string
	for _, m := range spec.Mounts {
		hidden = append(hidden, filepath.Clean(m.Destination))
	}
	return changes(ctx, upper, lowers, hidden, most)
}

// layers are the directories of an overlay.
func layers(mounts []mount.Mount) (upper string, lowers []string) {
	if len(mounts) != 1 || mounts[0].Type != "overlay" {
		return "", nil
	}
	for _, option := range mounts[0].Options {
		if path, found := strings.CutPrefix(option, "upperdir="); found {
			upper = path
		}
		if paths, found := strings.CutPrefix(option, "lowerdir="); found {
			lowers = strings.Split(paths, ":")
		}
	}
	return upper, lowers
}

// changes lists the files of an upper directory. hidden are the places where
// something else is mounted: what lies below is never seen inside.
func changes(ctx context.Context, upper string, lowers, hidden []string, most int) (out []protocol.Change, more bool, err error) {
	out = []protocol.Change{}
	err = filepath.WalkDir(upper, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) { // it went meanwhile
			return nil
		}
		if err = errors.Join(err, ctx.Err()); err != nil {
			return err
		}
		inside := "/" + strings.TrimPrefix(strings.TrimPrefix(path, upper), "/")
		if slices.Contains(hidden, inside) {
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if d.IsDir() {
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return nil
		}
		if len(out) == most {
			more = true
			return fs.SkipAll
		}
		change := protocol.Change{Path: inside, Kind: protocol.Added, Bytes: info.Size(), At: info.ModTime()}
		switch {
		case whiteout(info):
			change.Kind, change.Bytes = protocol.Removed, 0
		case below(lowers, inside):
			change.Kind = protocol.Modified
		}
		out = append(out, change)
		return nil
	})
	return out, more, err
}

// whiteout tells whether a file says that a lower layer's is gone.
func whiteout(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && info.Mode()&fs.ModeCharDevice != 0 && stat.Rdev == 0
}

func below(lowers []string, path string) bool {
	for _, dir := range lowers {
		if info, err := os.Lstat(filepath.Join(dir, path)); err == nil && !whiteout(info) {
			return true
		}
	}
	return false
}
