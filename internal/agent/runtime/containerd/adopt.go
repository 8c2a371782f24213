package containerd

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	containerd "github.com/containerd/containerd/v2/client"
)

// adopt counts the containers an earlier life left, for their tasks' cgroups,
// and sweeps what belongs to none: Create and Delete may have been cut short.
func (e *Engine) adopt(ctx context.Context) error {
	all, err := e.client.Containers(ctx)
	if err != nil {
		return err
	}
	notes := map[string]bool{}
	for _, c := range all {
		info, err := c.Info(ctx, containerd.WithoutRefreshedMetadata)
		if err != nil {
			return err
		}
		taskID := info.Labels[labelTask]
		use := e.tasks[taskID]
		if use == nil {
			use = &taskUse{containers: map[string]bool{}}
			if e.cfg.hasCgroup(taskID) { // gone after a reboot
				use.make.Do(func() {})
			}
			e.tasks[taskID] = use
		}
		use.containers[c.ID()] = true
		notes[filepath.Base(e.cfg.notePath(c.ID()))] = true
	}
	e.endAttached(ctx)
	e.sweepCgroups()
	e.sweepShm()
	e.endIdleShims(ctx)
	e.sweepSockets()
	if err := e.sweepLeases(ctx); err != nil {
		return err
	}
	return e.sweepNotes(notes)
}

// sweepNotes removes the notes of containers that are not there.
func (e *Engine) sweepNotes(known map[string]bool) error {
	files, err := os.ReadDir(e.cfg.noteDir())
	if err != nil {
		return err
	}
	for _, f := range files {
		if known[strings.TrimSuffix(f.Name(), ".new")] {
			continue
		}
		if err := os.Remove(filepath.Join(e.cfg.noteDir(), f.Name())); err != nil {
			return err
		}
	}
	return nil
}

// sweepCgroups removes the cgroups of tasks that are not there.
func (e *Engine) sweepCgroups() {
	for _, root := range hierarchies() {
		groups, err := os.ReadDir(filepath.Join(root, e.cfg.instanceCgroup()))
		if err != nil {
			continue // not in this hierarchy
		}
		for _, g := range groups {
			path := e.cfg.taskCgroup(g.Name())
			if !g.IsDir() || path == e.cfg.shimCgroup() || e.tasks[g.Name()] != nil {
				continue
			}
			if err := removeCgroups(path); err != nil {
				e.cfg.Log.Warn("a left-over cgroup stays", "cgroup", path, "error", err)
			}
		}
	}
}

// sweepSockets removes the sockets of shims that were killed.
func (e *Engine) sweepSockets() {
	entries, _ := os.ReadDir(e.cfg.socketDir())
	for _, entry := range entries {
		path := filepath.Join(e.cfg.socketDir(), entry.Name())
		conn, err := net.Dial("unix", path)
		if err == nil {
			conn.Close()
		}
		if errors.Is(err, syscall.ECONNREFUSED) {
			_ = os.Remove(path)
		}
	}
}
