package agent

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// Bounds of a look: it is asked by people, not by loops.
const (
	lookTime    = 8 * time.Second
	mostChanges = 500
)

// look answers what a task's containers are from the machine's side, or kills
// one of them.
func (a *Agent) look(ctx context.Context, session protocol.Session, look protocol.Look) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	plans, ok := a.plansOf(look.Task)
	var seen protocol.Sight
	switch {
	case !ok:
		seen.Failure = "the task is not on this node"
	case look.Kill != "":
		seen.Killed, seen.Failure = a.kill(ctx, look, plans)
	default:
		for _, p := range plans {
			c, err := a.see(ctx, look.Task.ID, p)
			if err != nil && !errors.Is(err, runtime.ErrNotFound) {
				c.Unread = err.Error()
			}
			if err == nil || c.Unread != "" {
				seen.Containers = append(seen.Containers, c)
			}
		}
	}
	if err := session.Looked(ctx, look.ID, seen); err != nil {
		a.cfg.Log.Debug("what was seen of a task was not told", "task", look.Task.ID, "error", err)
	}
}

func (a *Agent) plansOf(key state.Key) ([]state.ContainerPlan, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	w, ok := a.workers[key]
	if !ok {
		return nil, false
	}
	return w.plans, true // written once, before the worker runs
}

// kill ends a container's process as a crash would: its worker finds it gone.
// One that does not run is not killed, and that is no failure.
func (a *Agent) kill(ctx context.Context, look protocol.Look, plans []state.ContainerPlan) (killed []protocol.Killed, failure string) {
	if !slices.ContainsFunc(plans, func(p state.ContainerPlan) bool { return p.Name == look.Kill }) {
		return nil, fmt.Sprintf("the task has no container %q", look.Kill)
	}
	id := containerID(look.Task.ID, look.Kill)
	process, err := a.cfg.Engine.Process(ctx, id)
	if err == nil {
		err = a.cfg.Engine.Signal(ctx, id, "SIGKILL")
	}
	switch {
	case errors.Is(err, runtime.ErrNotFound):
		return nil, ""
	case err != nil:
		return nil, err.Error()
	}
	a.cfg.Log.Info("a container is killed, as was asked for", "task", look.Task.ID, "container", look.Kill, "process", process)
	return []protocol.Killed{{Name: look.Kill, Process: process}}, ""
}

// see reads what /proc and the container's own layer tell.
func (a *Agent) see(ctx context.Context, task string, p state.ContainerPlan) (out protocol.SeenContainer, err error) {
	out.Name = p.Name
	id := containerID(task, p.Name)
	if out.Process, err = a.cfg.Engine.Process(ctx, id); err != nil {
		return out, err
	}
	if err := process(&out); err != nil {
		return out, err
	}
	environ, err := environOf(out.Process)
	if err != nil {
		return out, err
	}
	out.Variables = variables(environ, p)
	out.Changes, out.More, err = a.cfg.Engine.Changed(ctx, id, mostChanges)
	return out, err
}

// shortest is the length from which on a value in another one is no chance.
const shortest = 8

// variables tells of each variable where it came from, and whether it holds
// what secrets gave to another one.
func variables(environ []string, p state.ContainerPlan) []protocol.Variable {
	given, secret := map[string]string{}, map[string]bool{}
	for _, v := range p.Environment {
		given[v.Name] = v.Value
	}
	for _, s := range p.Secrets {
		secret[s.Name] = true
	}
	hidden := map[string]string{} // values that secrets gave, by name
	for _, kv := range environ {
		if name, value, _ := strings.Cut(kv, "="); secret[name] && len(value) >= shortest {
			hidden[name] = value
		}
	}
	out := []protocol.Variable{}
	for _, kv := range environ {
		name, value, _ := strings.Cut(kv, "=")
		v := protocol.Variable{Name: name, From: protocol.FromElsewhere}
		plain, ok := given[name]
		switch {
		case secret[name]:
			v.From = protocol.FromSecrets
		case ok && plain == value:
			v.From = protocol.FromEnvironment
		}
		if v.From != protocol.FromSecrets {
			for other, value0 := range hidden {
				if strings.Contains(value, value0) && (v.Secret == "" || other < v.Secret) {
					v.Secret = other
				}
			}
		}
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b protocol.Variable) int { return strings.Compare(a.Name, b.Name) })
	return out
}
