package targets

import (
	"net/netip"
	"strconv"
	"time"

	"github.com/hatoba/hatoba/internal/state"
)

const (
	drainAttribute = "deregistration_delay.timeout_seconds"
	drainDefault   = 300 * time.Second
)

// plan is what is done for a target. A target whose plan becomes another one
// is begun with anew.
type plan struct {
	Registered int64    // which registration, Unix nanoseconds
	Check      Question // the zero value: it is not asked
	Count      thresholds
	Interval   time.Duration
	Drained    int64 // when it has, Unix nanoseconds; 0: it does not drain
	Drain      time.Duration
}

// decide tells what is to be done for a target; place is where it is.
func decide(t state.Target, g state.TargetGroup, place netip.AddrPort, source netip.Addr) plan {
	p := plan{Registered: t.RegisteredAt.UnixNano()}
	switch {
	case t.Draining != nil:
		at := *t.Draining
		if g.Associated() {
			p.Drain = drainTime(g)
			at = at.Add(p.Drain)
		}
		p.Drained = at.UnixNano()
		return p
	case !g.Associated() || !place.IsValid():
		return p
	}
	h := g.HealthCheck
	port := place.Port()
	if n, err := strconv.ParseUint(h.Port, 10, 16); err == nil {
		port = uint16(n)
	}
	p.Check = Question{
		Protocol: h.Protocol, Version: g.ProtocolVersion, Address: netip.AddrPortFrom(place.Addr(), port), Path: h.Path, Codes: h.Codes,
		Timeout: time.Duration(h.Timeout) * time.Second, Source: source,
	}
	p.Count, p.Interval = thresholds{h.Healthy, h.Unhealthy}, time.Duration(h.Interval)*time.Second
	return p
}

func drainTime(g state.TargetGroup) time.Duration {
	if n, err := strconv.Atoi(g.Attributes[drainAttribute]); err == nil {
		return time.Duration(n) * time.Second
	}
	return drainDefault
}

// thresholds are how many answers in a row change a target's health.
type thresholds struct{ healthy, unhealthy int32 }

// counts are a target's health, and the answers in a row that speak for the
// other.
type counts struct {
	state string
	good  int32
	bad   int32
}

// AWS's names of a target's health.
const (
	initial   = "initial"
	healthy   = "healthy"
	unhealthy = "unhealthy"
	unused    = "unused"
)

// next is what an answer makes of a target's health. An early one, that AWS
// would not have asked for, counts only when it is good.
func next(c counts, th thresholds, good, early bool) counts {
	if good {
		c.bad = 0
		c.good++
		if c.state != healthy && (c.state == initial || c.good >= th.healthy) {
			c.state = healthy
		}
		return c
	}
	if early {
		return c
	}
	c.good = 0
	c.bad++
	if c.state != unhealthy && c.bad >= th.unhealthy {
		c.state = unhealthy
	}
	return c
}

// health is how a state is told; the answer is the last that was not good.
func health(c counts, a Answer, now time.Time) state.TargetHealth {
	h := state.TargetHealth{State: c.state, Since: now}
	switch c.state {
	case initial:
		h.Reason, h.Description = "Elb.InitialHealthChecking", "Initial health checks in progress"
	case unhealthy:
		h.Reason, h.Description = a.Reason, a.Description
	}
	return h
}

// notInUse is the health of a target that nothing is sent to.
func notInUse(now time.Time) state.TargetHealth {
	return state.TargetHealth{State: unused, Reason: "Target.NotInUse", Description: "Target group is not configured to receive traffic from the load balancer", Since: now}
}
