// Package agent runs the tasks of one node. It keeps a session with the
// control plane, compares what is wanted with what runs, and gives every task
// a goroutine of its own that brings it there step by step. It never calls the
// API and never touches the store.
package agent

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	goruntime "runtime"
	"slices"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/agent/endpoint"
	"github.com/hatoba/hatoba/internal/agent/network"
	"github.com/hatoba/hatoba/internal/agent/proxy"
	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/underway"
)

// Network attaches tasks; network.Network is the real one.
type Network interface {
	Attach(ctx context.Context, req network.Request) (network.Attachment, error)
	Detach(ctx context.Context, taskID string) error
	Sweep(ctx context.Context, keep func(taskID string) bool) error
	// Resume takes up an attachment of an earlier life.
	Resume(req network.Request) error
	// Traffic reads what tasks' interfaces have carried.
	Traffic() (func(id string) (network.Counters, bool), error)
	// Guard applies what changed of security groups.
	Guard(complete bool, change *protocol.Firewall) error
}

// Endpoints opens what a task finds on 169.254.170.2 inside its own network
// namespace. It serves until stop is called, which returns when nothing is
// open any more: a socket left open would keep the namespace alive.
type Endpoints interface {
	Serve(ctx context.Context, task endpoint.Task) (stop func(), err error)
}

// Proxies opens the proxy of Service Connect in tasks' namespaces;
// proxy.Server is the real one.
type Proxies interface {
	// Apply takes over where services are answered.
	Apply(complete bool, changes map[string]*state.ConnectEndpoint)
	// Drain waits until no request is under way at a task that has left the
	// table, or until ctx ends.
	Drain(ctx context.Context, taskID string)
	// Measure is what was carried since it was last asked for.
	Measure() []protocol.ConnectMeasures
	// Open serves until stop is called, which returns when nothing is open.
	Open(ctx context.Context, task proxy.Task) (stop func(), err error)
}

// Disks makes disks of tasks' own; storage.Disks is the real one.
type Disks interface {
	Open(ctx context.Context, dir string, gib int32) (string, error)
	Close(dir string) error
}

// Config is what an Agent works with.
type Config struct {
	Node state.Node
	Dir  string // the agent's own state, survives restarts
	// Room refuses tasks for which the disk has no room, with the reason; it may
	// free some first. nil: there always is.
	Room      func(ctx context.Context) error
	Open      func(ctx context.Context, node state.Node) (protocol.Session, error)
	Engine    runtime.Engine
	Network   Network
	Ports     Ports // nil: no task publishes ports of the machine
	Endpoints Endpoints
	Proxies   Proxies                               // nil: there is no Service Connect
	Disks     Disks                                 // nil: tasks that ask for storage of their own are refused
	EFS       func(state.EFSVolume) (string, error) // the folder a volume shows
	BootID    string                                // of the machine's kernel; "": reboots are not told apart
	Unwatched bool                                  // tasks' counters are not read
	UnderWay  *underway.Place                       // where what is not handed up yet outlives a kill; nil: it does not
	Log       *slog.Logger
}

// Agent is one node's agent. Make it with New, run it with Run.
type Agent struct {
	cfg     Config
	link    link
	reports *reporter
	drops   drops
	watcher *watcher

	ctx context.Context // Run's; workers outlive the session that brought their task

	starts slots

	mu        sync.Mutex
	workers   map[state.Key]*worker
	pinned    map[string]map[state.Key]bool // images of tasks that are not done, by engine reference; guarded by mu
	addresses map[netip.Addr]string         // in use, by task id
	running   sync.WaitGroup
}

// New returns an Agent.
func New(cfg Config) *Agent {
	a := &Agent{
		cfg:       cfg,
		starts:    make(slots, max(8, 2*goruntime.NumCPU())),
		workers:   map[state.Key]*worker{},
		addresses: map[netip.Addr]string{},
		pinned:    map[string]map[state.Key]bool{},
	}
	a.link.changed = make(chan struct{})
	a.reports = newReporter(&a.link, cfg.Log)
	a.watcher = newWatcher(a)
	return a
}

// Run recovers the tasks of the last run and serves sessions until ctx ends.
// Containers go on running after it has returned.
func (a *Agent) Run(ctx context.Context) error {
	defer a.running.Wait()
	a.ctx = ctx
	if err := a.recover(ctx); err != nil {
		return fmt.Errorf("recover tasks: %w", err)
	}
	a.running.Go(func() { a.reports.run(ctx) })
	if !a.cfg.Unwatched {
		a.running.Go(func() { a.watcher.run(ctx) })
	}
	for {
		err := a.serve(ctx)
		if ctx.Err() != nil {
			return nil
		}
		a.cfg.Log.Warn("session ended, opening a new one", "error", err)
		if !pause(ctx, time.Second) {
			return nil
		}
	}
}

// serve holds one session until it fails or ctx ends.
func (a *Agent) serve(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	session, err := a.cfg.Open(ctx, a.cfg.Node)
	if err != nil {
		return err
	}
	a.link.set(session)
	defer a.link.set(nil)
	for {
		message, err := session.Receive(ctx)
		if err != nil {
			if a.ctx.Err() != nil && !a.cfg.Unwatched {
				a.watcher.handOver(session)
			}
			return err
		}
		a.accept(message)
		for _, start := range message.Exec {
			a.running.Go(func() { a.exec(ctx, session, start) })
		}
		for _, look := range message.Looks {
			a.running.Go(func() { a.look(ctx, session, look) })
		}
	}
}

// accept applies a message. Workers live with the agent, not with the session
// that brought their task.
func (a *Agent) accept(m protocol.Message) {
	if m.Complete || m.Firewall != nil {
		if err := a.cfg.Network.Guard(m.Complete, m.Firewall); err != nil {
			a.cfg.Log.Error("security groups are not enforced as they should be", "error", err)
		}
	}
	if a.cfg.Proxies != nil && (m.Complete || len(m.Endpoints) > 0) {
		a.cfg.Proxies.Apply(m.Complete, m.Endpoints)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	listed := map[state.Key]bool{}
	for _, assignment := range m.Assign {
		listed[assignment.Key] = true
		if w, ok := a.workers[assignment.Key]; ok {
			a.updateDrained(w, assignment)
			continue
		}
		if assignment.Task.Observed.Status >= state.TaskStopped {
			continue
		}
		rec := &record{Assignment: assignment, Containers: map[string]*containerRecord{}, Observed: assignment.Task.Observed}
		rec.disown()
		a.begin(rec, nil)
	}
	for _, key := range m.Remove {
		if w, ok := a.workers[key]; ok {
			w.abandon()
		}
	}
	if m.Complete {
		for key, w := range a.workers {
			if !listed[key] {
				w.abandon()
			}
		}
	}
}

// begin starts a worker; a.mu is held. found is what the engine has of a task
// that is taken up again.
func (a *Agent) begin(rec *record, found map[string]runtime.Status) {
	w := newWorker(a, rec, found)
	a.workers[w.key] = w
	a.running.Go(func() {
		w.run(a.ctx)
		a.mu.Lock()
		delete(a.workers, w.key)
		a.unpin(w.key)
		a.mu.Unlock()
	})
}

// takeAddress picks a free address of the task's subnet for one of its users:
// the task itself or one of its containers.
func (a *Agent) takeAddress(taskID, user string, net protocol.Network) (netip.Addr, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	subnet := net.Range
	balancers := state.BalancerRange(subnet)
	used := func(addr netip.Addr) bool {
		_, taken := a.addresses[addr]
		return taken || balancers.Contains(addr) || slices.Contains(net.Reserved, addr)
	}
	addr, ok := network.Allocate(subnet, used, seed(user))
	if !ok {
		return addr, fmt.Errorf("no free address in subnet range %s", subnet)
	}
	a.addresses[addr] = taskID
	return addr, nil
}

func (a *Agent) releaseAddress(taskID string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for addr, id := range a.addresses {
		if id == taskID {
			delete(a.addresses, addr)
		}
	}
}

// seed spreads allocation over the range, so that an address is not reused the
// moment it is free.
func seed(taskID string) uint64 {
	var h uint64 = 14695981039346656037
	for _, c := range []byte(taskID) {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return h
}

// pause waits; false means that ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// link holds the current session, if any, for whoever needs the control plane.
type link struct {
	mu      sync.Mutex
	current protocol.Session
	changed chan struct{}
}

func (l *link) set(s protocol.Session) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.current = s
	close(l.changed)
	l.changed = make(chan struct{})
}

// call runs fn with the current session until it succeeds, is refused, or ctx
// ends: the control plane may be away for a while.
func (l *link) call(ctx context.Context, fn func(protocol.Session) error) error {
	for {
		l.mu.Lock()
		session, changed := l.current, l.changed
		l.mu.Unlock()
		if session == nil {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-changed:
				continue
			}
		}
		err := fn(session)
		var refused *protocol.Refusal
		if err == nil || errors.As(err, &refused) || ctx.Err() != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-changed:
		case <-time.After(retryAfter):
		}
	}
}

// retryAfter is how soon a call that failed for the control plane's own
// reasons is tried again.
const retryAfter = 500 * time.Millisecond
