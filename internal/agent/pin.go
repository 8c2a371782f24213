package agent

import "github.com/hatoba/hatoba/internal/state"

// pin keeps an image for a task, from its pull until the task is done.
func (a *Agent) pin(image string, task state.Key) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.pinned[image] == nil {
		a.pinned[image] = map[state.Key]bool{}
	}
	a.pinned[image][task] = true
}

// unpin lets a task's images go; a.mu is held.
func (a *Agent) unpin(task state.Key) {
	for image, tasks := range a.pinned {
		if delete(tasks, task); len(tasks) == 0 {
			delete(a.pinned, image)
		}
	}
}

// Pinned is the images that tasks of this node are about to use, or use.
func (a *Agent) Pinned() map[string]bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := make(map[string]bool, len(a.pinned))
	for image := range a.pinned {
		out[image] = true
	}
	return out
}
