package containerd

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/errdefs"

	"github.com/hatoba/hatoba/internal/agent/runtime"
)

// List implements runtime.Engine.
func (e *Engine) List(ctx context.Context) ([]runtime.Status, error) {
	ctx = e.context(ctx)
	all, err := e.client.Containers(ctx)
	if err != nil {
		return nil, err
	}
	var out []runtime.Status
	for _, c := range all {
		s, err := e.status(ctx, c)
		if err != nil {
			return nil, err
		}
		out = append(out, s)
	}
	return out, nil
}

// status tells where in its life a container is. One that ran, and of which
// neither a process nor an exit is left, is Stopped without an exit.
func (e *Engine) status(ctx context.Context, c containerd.Container) (runtime.Status, error) {
	info, err := c.Info(ctx, containerd.WithoutRefreshedMetadata)
	if err != nil {
		return runtime.Status{}, err
	}
	s := runtime.Status{ID: c.ID(), TaskID: info.Labels[labelTask], Phase: runtime.Created, Labels: info.Labels}
	var running containerd.Status
	task, err := c.Task(ctx, nil)
	if err == nil {
		running, err = task.Status(ctx)
	}
	if err != nil && !errdefs.IsNotFound(err) {
		return s, err
	}
	if running.Status == containerd.Stopped {
		// It may be ending just now: this returns when the note is there.
		if _, err := e.waitTask(ctx, c.ID(), task); err != nil && ctx.Err() != nil {
			return s, err
		}
	}
	note := e.note(c.ID())
	s.StartedAt = note.StartedAt
	switch {
	case note.Ended:
		exit := ended(note)
		s.Phase, s.Exit = runtime.Stopped, &exit
	case running.Status == containerd.Running, running.Status == containerd.Paused, running.Status == containerd.Pausing:
		s.Phase = runtime.Running
	case !note.StartedAt.IsZero():
		s.Phase = runtime.Stopped
	}
	return s, nil
}

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
			use.make.Do(func() {}) // it was made
			e.tasks[taskID] = use
		}
		use.containers[c.ID()] = true
		notes[filepath.Base(e.cfg.notePath(c.ID()))] = true
	}
	return e.sweep(notes)
}

// sweep removes the notes and cgroups of containers that are not there.
func (e *Engine) sweep(notes map[string]bool) error {
	files, err := os.ReadDir(e.cfg.noteDir())
	if err != nil {
		return err
	}
	for _, f := range files {
		if name := strings.TrimSuffix(f.Name(), ".new"); !notes[name] {
			if err := os.Remove(filepath.Join(e.cfg.noteDir(), f.Name())); err != nil {
				return err
			}
		}
	}
	for _, root := range hierarchies() {
		groups, err := os.ReadDir(filepath.Join(root, e.cfg.instanceCgroup()))
		if err != nil {
			continue // not in this hierarchy
		}
		for _, g := range groups {
			if path := e.cfg.taskCgroup(g.Name()); g.IsDir() && path != e.cfg.shimCgroup() && e.tasks[g.Name()] == nil {
				if err := removeCgroups(path); err != nil {
					e.cfg.Log.Warn("a left-over cgroup stays", "cgroup", path, "error", err)
				}
			}
		}
	}
	return nil
}
