package lb

import (
	"sync/atomic"
	"time"

	"github.com/hatoba/hatoba/internal/latency"
)

// Reading is what was counted for a balancer, a group or a target since it came
// into the table. All but the gauges only grow.
type Reading struct {
	Requests       uint64
	TargetStatus   [6]uint64 // answers of targets, by the first digit of the status
	OwnStatus      [6]uint64 // answers of our own; of balancers only
	Own502         uint64
	Own503         uint64
	Own504         uint64
	Redirects      uint64 // of those
	FixedResponses uint64
	BytesIn        uint64 // from clients
	BytesOut       uint64 // to clients

	NewConnections    uint64 // from clients, for groups and targets: to targets
	ActiveConnections int64  // gauge
	Outstanding       int64  // gauge: requests under way
	ConnectionErrors  uint64 // to targets
	ClientTLSErrors   uint64
	TargetResets      uint64

	// How long targets took, from the request's last byte until the answer's
	// head.
	ResponseTime  time.Duration // sum
	ResponseCount uint64
	Buckets       latency.Counts
}

type counters struct {
	requests, redirects, fixed, in, out atomic.Uint64
	target, own                         [6]atomic.Uint64
	own502, own503, own504              atomic.Uint64
	opened, connectErrors, tlsErrors    atomic.Uint64
	resets                              atomic.Uint64
	active, outstanding                 atomic.Int64

	took latency.Counter
}

func (c *counters) targetStatus(status int) {
	if class := status / 100; class < len(c.target) {
		c.target[class].Add(1)
	}
}

func (c *counters) ownStatus(status int) {
	if class := status / 100; class < len(c.own) {
		c.own[class].Add(1)
	}
	switch status {
	case 502:
		c.own502.Add(1)
	case 503:
		c.own503.Add(1)
	case 504:
		c.own504.Add(1)
	}
}

func (c *counters) read() Reading {
	r := Reading{
		Requests: c.requests.Load(), Redirects: c.redirects.Load(), FixedResponses: c.fixed.Load(),
		BytesIn: c.in.Load(), BytesOut: c.out.Load(),
		Own502: c.own502.Load(), Own503: c.own503.Load(), Own504: c.own504.Load(),
		NewConnections: c.opened.Load(), ActiveConnections: c.active.Load(), Outstanding: c.outstanding.Load(),
		ConnectionErrors: c.connectErrors.Load(), ClientTLSErrors: c.tlsErrors.Load(), TargetResets: c.resets.Load(),
	}
	for i := range r.TargetStatus {
		r.TargetStatus[i], r.OwnStatus[i] = c.target[i].Load(), c.own[i].Load()
	}
	r.ResponseTime, r.ResponseCount, r.Buckets = c.took.Read()
	return r
}

// Counts tells whether there is a balancer that may count.
func (p *Plane) Counts() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.balancers) > 0
}

// ReadBalancer tells what was counted for a balancer of the table.
func (p *Plane) ReadBalancer(id string) (Reading, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b, ok := p.balancers[id]
	if !ok {
		return Reading{}, false
	}
	return b.count.read(), true
}

// ReadGroup tells what was counted for a group of the table.
func (p *Plane) ReadGroup(id string) (Reading, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	g, ok := p.groups[id]
	if !ok {
		return Reading{}, false
	}
	return g.count.read(), true
}

// ReadTarget tells what was counted for a target of the table.
func (p *Plane) ReadTarget(id string) (Reading, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t, ok := p.targets[id]
	if !ok {
		return Reading{}, false
	}
	return t.count.read(), true
}
