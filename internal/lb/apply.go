package lb

import "slices"

// Apply makes a change so. Requests that are under way end as they began, later
// ones see it; sockets are opened and closed by Run, which tells Options.Bound.
// It may be called before Run, by one goroutine at a time or by many.
func (p *Plane) Apply(c Change) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.Reset {
		p.addGone(&c)
	}
	for i := range c.Groups {
		p.group(c.Groups[i].ID).conf.Store(&c.Groups[i])
	}
	p.applyTargets(c.Targets, c.GoneTargets)
	for i := range c.Balancers {
		p.putBalancer(&c.Balancers[i])
	}
	for i := range c.Listeners {
		p.putListener(&c.Listeners[i])
	}
	for _, id := range c.GoneListeners {
		p.dropListener(id)
	}
	for _, id := range c.GoneBalancers {
		p.dropBalancer(id)
	}
	for _, id := range c.GoneGroups {
		if g, ok := p.groups[id]; ok {
			g.conf.Store(nil)
			p.forget(g)
		}
	}
	p.wake()
}

// addGone names as gone what a reset does not name.
func (p *Plane) addGone(c *Change) {
	c.GoneBalancers = appendMissing(c.GoneBalancers, p.balancers, c.Balancers, func(b Balancer) string { return b.ID })
	c.GoneListeners = appendMissing(c.GoneListeners, p.listeners, c.Listeners, func(l Listener) string { return l.ID })
	c.GoneGroups = appendMissing(c.GoneGroups, p.groups, c.Groups, func(g Group) string { return g.ID })
	c.GoneTargets = appendMissing(c.GoneTargets, p.targets, c.Targets, func(t Target) string { return t.ID })
}

func appendMissing[L, R any](gone []string, live map[string]L, named []R, id func(R) string) []string {
	keep := make(map[string]bool, len(named))
	for _, r := range named {
		keep[id(r)] = true
	}
	for have := range live {
		if !keep[have] {
			gone = append(gone, have)
		}
	}
	return gone
}

// group is the live group of an id, made if nobody spoke of it before.
func (p *Plane) group(id string) *group {
	g, ok := p.groups[id]
	if !ok {
		g = &group{id: id}
		g.members.Store(&members{})
		p.groups[id] = g
	}
	return g
}

// forget drops the live group of a record that is gone, when nobody points to
// it: a later record of the same id must meet those who do.
func (p *Plane) forget(g *group) {
	if g.conf.Load() == nil && g.refs == 0 {
		delete(p.groups, g.id)
	}
}

// applyTargets copies the members of each group that is touched once, which
// costs nothing until a leaf is written to.
func (p *Plane) applyTargets(put []Target, gone []string) {
	touched := map[*group]*members{}
	open := func(g *group) *members {
		m := touched[g]
		if m == nil {
			old := g.members.Load()
			m = &members{healthy: *old.healthy.Copy(), other: *old.other.Copy()}
			touched[g] = m
		}
		return m
	}
	var closed []*target
	leave := func(t *target) {
		m := open(t.group)
		m.healthy.Delete(t.id)
		m.other.Delete(t.id)
		t.group.byHash.CompareAndDelete(t.hash, t)
		t.gone.Store(true)
		delete(p.targets, t.id)
		t.group.refs--
		p.forget(t.group)
		closed = append(closed, t)
	}
	for _, id := range gone {
		if t, ok := p.targets[id]; ok {
			leave(t)
		}
	}
	for i := range put {
		r := &put[i]
		t, ok := p.targets[r.ID]
		if ok && (t.addr != r.Address || t.group.id != r.Group) {
			leave(t)
			ok = false
		}
		if !ok {
			t = &target{id: r.ID, group: p.group(r.Group), addr: r.Address, hash: p.hash(r.ID)}
			t.pool.t = t
			t.group.refs++
			p.targets[r.ID] = t
			t.group.byHash.Store(t.hash, t)
		}
		p.putTarget(open(t.group), t, r)
	}
	for g, m := range touched {
		g.members.Store(m)
	}
	for _, t := range closed {
		p.cut(t)
	}
}

func (p *Plane) putTarget(m *members, t *target, r *Target) {
	t.since.Store(0)
	if !r.HealthySince.IsZero() {
		t.since.Store(r.HealthySince.UnixNano())
	}
	t.state.Store(uint32(r.State))
	switch r.State {
	case Healthy:
		m.other.Delete(t.id)
		m.healthy.Set(t.id, t)
	case Draining:
		m.healthy.Delete(t.id)
		m.other.Delete(t.id)
		t.pool.closeIdle()
	default:
		m.healthy.Delete(t.id)
		m.other.Set(t.id, t)
		if r.State == Unhealthy {
			t.pool.unhealthy()
		}
	}
}

// cut ends what a target that is gone still has. A network load balancer leaves
// flows alone unless its group says otherwise.
func (p *Plane) cut(t *target) {
	t.pool.closeIdle()
	t.h2.close()
	conf := t.group.conf.Load()
	if conf != nil && (conf.Protocol == TCP || conf.Protocol == TLS) && !conf.CutDrained {
		return
	}
	t.pool.closeAll()
}

// hash names a target in cookies. The seed is the key of the cookies, so it is
// the same after a restart.
func (p *Plane) hash(id string) uint64 { return p.seal.hash(id) }

func (p *Plane) balancer(id string) *balancer {
	b, ok := p.balancers[id]
	if !ok {
		b = &balancer{id: id, listeners: map[*listener]struct{}{}}
		p.balancers[id] = b
	}
	return b
}

func (p *Plane) putBalancer(r *Balancer) {
	b := p.balancer(r.ID)
	old := b.conf.Swap(r)
	if old != nil {
		for _, host := range old.Hosts {
			if !slices.Contains(r.Hosts, host) {
				p.hosts.CompareAndDelete(host, b)
			}
		}
	}
	for _, host := range r.Hosts {
		p.hosts.Store(host, b)
	}
	for l := range b.listeners {
		p.dirty[l] = struct{}{}
	}
}

func (p *Plane) dropBalancer(id string) {
	b, ok := p.balancers[id]
	if !ok {
		return
	}
	if old := b.conf.Swap(nil); old != nil {
		for _, host := range old.Hosts {
			p.hosts.CompareAndDelete(host, b)
		}
	}
	for l := range b.listeners {
		p.dirty[l] = struct{}{}
	}
	if len(b.listeners) == 0 {
		delete(p.balancers, id)
	}
}

func (p *Plane) putListener(r *Listener) {
	l, ok := p.listeners[r.ID]
	if !ok {
		l = &listener{id: r.ID}
		p.listeners[r.ID] = l
	}
	s := &serving{Listener: *r, on: l, bal: p.balancer(r.Balancer), tls: newTLSChoice(r)}
	s.def = p.compileAction(s, &r.Default)
	for i := range r.Rules {
		s.rules = append(s.rules, p.compileRule(s, &r.Rules[i]))
	}
	for _, g := range s.groups {
		g.refs++
	}
	if old := l.conf.Swap(s); old != nil {
		p.release(old)
	}
	s.bal.listeners[l] = struct{}{}
	p.dirty[l] = struct{}{}
	s.bal.chooseFront()
}

func (p *Plane) dropListener(id string) {
	l, ok := p.listeners[id]
	if !ok {
		return
	}
	delete(p.listeners, id)
	p.dirty[l] = struct{}{}
	p.release(l.conf.Swap(nil))
}

// release lets go of what a listener pointed to.
func (p *Plane) release(s *serving) {
	for _, g := range s.groups {
		g.refs--
		p.forget(g)
	}
	if now := s.on.conf.Load(); now == nil || now.bal != s.bal {
		delete(s.bal.listeners, s.on)
		s.bal.chooseFront()
		if s.bal.conf.Load() == nil && len(s.bal.listeners) == 0 {
			delete(p.balancers, s.bal.id)
		}
	}
}

// chooseFront decides which listener answers for what comes by ServeFront: HTTP
// before HTTPS, then the lower port.
func (b *balancer) chooseFront() {
	var best *serving
	for l := range b.listeners {
		s := l.conf.Load()
		if s == nil || s.Protocol > HTTPS {
			continue
		}
		if best == nil || s.Protocol < best.Protocol || s.Protocol == best.Protocol && s.Port < best.Port {
			best = s
		}
	}
	b.front.Store(nil)
	if best != nil {
		b.front.Store(best.on)
	}
}
