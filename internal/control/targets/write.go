package targets

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// maxWrites bounds one transaction.
const maxWrites = 500

// write writes what was found, and what could not be written before. A finding
// of a target that was begun with anew meanwhile is none any more.
func (l *Loop) write(ctx context.Context, findings []finding) error {
	findings = append(l.unwritten, findings...)
	l.unwritten = nil
	findings = slices.DeleteFunc(findings, func(f finding) bool {
		j := l.jobs[f.key]
		return j == nil || j.plan != f.plan
	})
	if len(findings) == 0 {
		return nil
	}
	err := l.cfg.Store.Update(ctx, func(w store.Writer) error {
		for _, f := range findings {
			if err := writeOne(w, f); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		l.unwritten = findings
	}
	return err
}

func writeOne(w store.Writer, f finding) error {
	t, ok := store.Targets.Get(w, f.key)
	if !ok || t.RegisteredAt.UnixNano() != f.plan.Registered {
		return nil
	}
	if f.drained {
		if t.Draining != nil {
			store.Targets.Delete(w, f.key)
		}
		return nil
	}
	if t.Draining != nil || t.Health.State == f.health.State && t.Health.Reason == f.health.Reason {
		return nil
	}
	t.Health = f.health
	return store.Targets.Put(w, f.key, t)
}

// settle writes which balancers answer, and removes the targets of tasks that
// have ended: there is nothing to drain. What the store does not take is tried
// again.
func (l *Loop) settle(ctx context.Context, seen touched) {
	maps.Copy(seen.balancers, l.unsettled.balancers)
	maps.Copy(seen.ended, l.unsettled.ended)
	l.unsettled = newTouched()
	states := map[state.Key]state.BalancerState{}
	for key := range seen.balancers {
		if b, ok := l.table.balancers[key]; ok {
			if want := l.stateOf(b); want != b.State {
				states[key] = want
			}
		}
	}
	if len(states)+len(seen.ended) == 0 {
		return
	}
	err := l.cfg.Store.Update(ctx, func(w store.Writer) error {
		for key, want := range states {
			b, ok := store.LoadBalancers.Get(w, key)
			if !ok {
				continue
			}
			b.State = want
			if err := store.LoadBalancers.Put(w, key, b); err != nil {
				return err
			}
		}
		for key := range seen.ended {
			if t, ok := store.Targets.Get(w, key); ok && hasEnded(w, key.Scope(), t.Task) {
				store.Targets.Delete(w, key)
			}
		}
		return nil
	})
	if err != nil && ctx.Err() == nil {
		l.cfg.Log.Error("state of load balancers could not be written", "error", err)
		l.unsettled.balancers, l.unsettled.ended = seen.balancers, seen.ended
	}
}

// holder names the other balancer that has a port of an address they share.
func (l *Loop) holder(b state.LoadBalancer, at netip.AddrPort) string {
	if !slices.Contains(l.cfg.Ingress, at.Addr()) {
		return ""
	}
	for key, record := range l.table.listeners {
		other := l.table.balancers[key.Scope().Key(record.Balancer)]
		if record.Port == int32(at.Port()) && other.ARN != b.ARN && other.Scheme == internetFacing && l.ports[record.ARN][at] == "" {
			return " (" + other.ARN + " has it)"
		}
	}
	return ""
}

func hasEnded(r store.Reader, scope state.Scope, id string) bool {
	task, ok := store.Tasks.Get(r, scope.Key(id))
	return !ok || task.Observed.Status == state.TaskStopped
}

// stateOf tells that a balancer answers, and where it does not.
func (l *Loop) stateOf(b state.LoadBalancer) state.BalancerState {
	var problems []string
	prefix := strings.Replace(b.ARN, ":loadbalancer/", ":listener/", 1) + "/"
	for listener, of := range l.ports {
		if strings.HasPrefix(listener, prefix) {
			for at, problem := range of {
				problems = append(problems, fmt.Sprintf("%s is not listened on: %s%s", at, problem, l.holder(b, at)))
			}
		}
	}
	slices.Sort(problems)
	if l.down != nil {
		return state.BalancerState{Code: "provisioning", Reason: l.down.Error()}
	}
	return state.BalancerState{Code: "active", Reason: strings.Join(problems, "; ")}
}

// note keeps what the plane said of addresses.
func (l *Loop) note(ctx context.Context) {
	l.mu.Lock()
	said := l.said
	l.said = map[binding]string{}
	l.mu.Unlock()
	of := map[string]bool{} // listeners that became others
	for at, problem := range said {
		switch {
		case problem != "":
			if l.ports[at.listener] == nil {
				l.ports[at.listener] = map[netip.AddrPort]string{}
			}
			l.ports[at.listener][at.address] = problem
		case l.ports[at.listener][at.address] != "":
			delete(l.ports[at.listener], at.address)
		default:
			continue
		}
		of[at.listener] = true
	}
	seen := newTouched()
	for key, record := range l.table.listeners {
		if of[record.ARN] {
			seen.balancers[key.Scope().Key(record.Balancer)] = ""
		}
	}
	l.settle(ctx, seen)
}
