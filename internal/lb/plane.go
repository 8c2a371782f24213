package lb

import (
	"context"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
)

// Options are what a plane needs from outside.
type Options struct {
	Log *slog.Logger

	// Key seals cookies. With the same key sticky clients find their targets
	// after a restart.
	Key [32]byte

	// AccessLog is told of requests where a balancer asks for it. nil: nobody.
	AccessLog AccessLog

	// Bound is told when a listener's address was opened (err is nil) or could
	// not be, for example because another process has the port. It is tried
	// again until it can. Bound does not call Apply, and nil is nobody.
	Bound func(listener string, address netip.AddrPort, err error)
}

// Plane carries the traffic of all load balancers of a table.
type Plane struct {
	opts Options
	log  *slog.Logger
	seal sealer

	mu        sync.Mutex // of Apply and of readings; requests do not take it
	balancers map[string]*balancer
	listeners map[string]*listener
	groups    map[string]*group
	targets   map[string]*target
	dirty     map[*listener]struct{} // sockets may have to change
	wakeup    chan struct{}

	hosts  sync.Map // host name -> *balancer
	ending atomic.Bool

	actionHash uint64 // what a cookie that binds to a group is about

	work sync.WaitGroup // goroutines of connections
}

// New makes a plane with an empty table.
func New(opts Options) *Plane {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	p := &Plane{
		opts: opts, log: opts.Log, seal: newSealer(opts.Key),
		balancers: map[string]*balancer{}, listeners: map[string]*listener{},
		groups: map[string]*group{}, targets: map[string]*target{},
		dirty: map[*listener]struct{}{}, wakeup: make(chan struct{}, 1),
	}
	p.actionHash = p.seal.hash("action")
	return p
}

func (p *Plane) wake() {
	select {
	case p.wakeup <- struct{}{}:
	default:
	}
}

// Run accepts and carries connections until ctx ends; then it accepts no more,
// gives requests under way a few seconds, and returns when no goroutine of the
// plane is left.
func (p *Plane) Run(ctx context.Context) error {
	s := sockets{plane: p, open: map[*listener]map[netip.AddrPort]*socket{}, taken: map[netip.AddrPort]*listener{}}
	s.run(ctx)
	return nil
}
