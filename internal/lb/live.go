package lb

import (
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidwall/btree"
)

// What the request path reads: objects that live as long as their record is in
// the table, whose contents are replaced whole through atomic pointers. Only
// Apply writes to them, holding Plane.mu.

type balancer struct {
	id    string
	conf  atomic.Pointer[Balancer] // nil: not in the table
	front atomic.Pointer[listener] // for ServeFront
	count counters

	listeners map[*listener]struct{} // of Apply
}

type listener struct {
	id    string
	conf  atomic.Pointer[serving] // nil: gone
	conns connSet
}

// serving is a listener as it is now.
type serving struct {
	Listener
	on     *listener
	bal    *balancer
	rules  []rule
	def    action
	tls    *tlsChoice
	groups []*group // all that actions name
}

type group struct {
	id      string
	conf    atomic.Pointer[Group] // nil: not in the table
	members atomic.Pointer[members]
	turn    atomic.Uint64
	byHash  sync.Map // uint64 -> *target, for cookies
	count   counters

	refs int // of Apply: targets and listeners that point here
}

// members are a group's targets that may be chosen. A change copies only what
// it touches of the trees.
type members struct {
	healthy btree.Map[string, *target]
	other   btree.Map[string, *target] // initial or unhealthy
}

type target struct {
	id    string
	hash  uint64
	group *group
	addr  netip.AddrPort
	state atomic.Uint32 // TargetState
	since atomic.Int64  // HealthySince in Unix nanoseconds
	gone  atomic.Bool
	count counters
	pool  pool
	h2    h2Pool
}

func (t *target) chosen() TargetState { return TargetState(t.state.Load()) }

// ramp is the share of its turns that a target takes in slow start.
func (t *target) ramp(now time.Time, over time.Duration) float64 {
	since := now.Sub(time.Unix(0, t.since.Load()))
	if since >= over {
		return 1
	}
	return max(float64(since)/float64(over), 0.01)
}
