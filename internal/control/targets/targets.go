// Package targets keeps load balancers as the store wants them: it feeds the
// data plane, asks targets for their health, and removes those that have
// drained. One change costs what it touches, however many targets there are.
//
// Health follows AWS's rules: a target that is new is healthy after its first
// good answer, and then thresholds count. Where AWS asks for the first time
// after one interval, a few questions are asked before; of these only good
// answers count, so that a target that is well gets requests within a second,
// and none is unhealthy sooner than on AWS.
//
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/target-group-health-checks.html
package targets

import (
	"context"
	"crypto/tls"
	"log/slog"
	"net/netip"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/lb"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// Config is what a Loop works with.
type Config struct {
	Store store.Store
	Log   *slog.Logger
	// Apply changes the data plane's table.
	Apply func(lb.Change)
	// Certificate opens a certificate with its key.
	Certificate func(state.Key, state.Certificate) (*tls.Certificate, error)
	// Addresses puts these addresses up on the machine, and no other balancer's.
	Addresses func([]netip.Addr) error
	// Names are the names that balancers have in tasks.
	Names func(map[string][]netip.Addr)
	// Instance is the address of a machine by its instance id.
	Instance func(id string) (netip.Addr, bool)
	// Ingress are further addresses internet-facing balancers are reached on.
	Ingress []netip.Addr
	// Ask asks a target once; nil: over the network.
	Ask func(context.Context, Question) Answer
}

// Loop is the writer of targets' health and of balancers' state.
type Loop struct {
	cfg   Config
	table table
	found chan finding
	jobs  map[state.Key]*job
	work  sync.WaitGroup

	mu    sync.Mutex
	said  map[binding]string // what the plane said last and the loop has not heard: the problem, "" for none
	heard chan struct{}      // holds one token while something is said

	unwritten []finding                            // what the store did not take
	unsettled touched                              // as well
	ports     map[string]map[netip.AddrPort]string // what cannot be listened on, and why, by listener's ARN
	up        []netip.Addr
	down      error // why they are not up
	names     map[string][]netip.Addr
}

// binding is an address of a listener.
type binding struct {
	listener string // ARN
	address  netip.AddrPort
}

// New returns a loop; Run does its work.
func New(cfg Config) *Loop {
	if cfg.Ask == nil {
		cfg.Ask = ask
	}
	if cfg.Addresses == nil {
		cfg.Addresses = func([]netip.Addr) error { return nil }
	}
	if cfg.Names == nil {
		cfg.Names = func(map[string][]netip.Addr) {}
	}
	if cfg.Instance == nil {
		cfg.Instance = func(string) (netip.Addr, bool) { return netip.Addr{}, false }
	}
	return &Loop{
		cfg: cfg, table: newTable(), found: make(chan finding, 256), jobs: map[state.Key]*job{},
		said: map[binding]string{}, heard: make(chan struct{}, 1), unsettled: newTouched(), ports: map[string]map[netip.AddrPort]string{},
	}
}

// Bound is told by the plane which of its addresses it has; it does not wait
// for the loop.
func (l *Loop) Bound(listener string, address netip.AddrPort, err error) {
	problem := ""
	if err != nil {
		problem = err.Error()
		l.cfg.Log.Warn("a load balancer's port cannot be had; it is tried again", "listener", listener, "address", address, "error", err)
	}
	l.mu.Lock()
	l.said[binding{listener, address}] = problem
	l.mu.Unlock()
	select {
	case l.heard <- struct{}{}:
	default:
	}
}

// Run works until ctx ends; then every question it asks has ended too.
func (l *Loop) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer l.work.Wait()
	defer stop()
	batches := make(chan batch)
	l.work.Go(func() { l.follow(ctx, batches) })
	again := time.NewTimer(0)
	again.Stop()
	waiting := false // for again
	for {
		var findings []finding
		select {
		case <-ctx.Done():
			return nil
		case b := <-batches:
			l.take(ctx, b)
		case <-l.heard:
			l.note(ctx)
		case f := <-l.found:
			findings = l.gather(f)
		case <-again.C:
			waiting = false
			l.retry(ctx)
		}
		if err := l.write(ctx, findings); err != nil && ctx.Err() == nil {
			l.cfg.Log.Error("health of targets could not be written", "error", err)
		}
		if !waiting && (len(l.unwritten) > 0 || !l.unsettled.empty() || l.down != nil) {
			again.Reset(time.Second)
			waiting = true
		}
	}
}

// gather takes what else is there: it is one write.
func (l *Loop) gather(first finding) []finding {
	out := []finding{first}
	for len(out) < maxWrites {
		select {
		case f := <-l.found:
			out = append(out, f)
		default:
			return out
		}
	}
	return out
}

// retry does again what failed.
func (l *Loop) retry(ctx context.Context) {
	seen := newTouched()
	if l.down != nil {
		l.network()
		for key := range l.table.balancers {
			seen.balancers[key] = ""
		}
	}
	l.settle(ctx, seen)
}
