package lb

import (
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

const (
	connectTimeout = 10 * time.Second // AWS's, of TCP and of TLS to targets
	maxIdle        = 1024             // connections that wait in a pool
	idleFor        = 50 * time.Second
	trustIdle      = time.Millisecond // younger ones are used without a look
)

// upstream is a connection to a target.
type upstream struct {
	link
	t      *target
	res    head
	idleAt time.Time
	used   bool // it has carried an answer
}

// pool is a target's connections: those that wait for a request, and all there
// are, so that they can be cut.
type pool struct {
	t      *target
	mu     sync.Mutex
	idle   []*upstream
	all    map[closable]struct{}
	timer  *time.Timer
	closed bool
}

// take is a connection that waits, the one that was used last; nil if there is
// none. With careful even a fresh one is looked at: its request could not be
// sent again.
func (p *pool) take(now time.Time, careful bool) *upstream {
	for {
		p.mu.Lock()
		n := len(p.idle)
		if n == 0 {
			p.mu.Unlock()
			return nil
		}
		u := p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		if !careful && now.Sub(u.idleAt) < trustIdle {
			return u
		}
		if found := peek(u.tcp); found == nothing || found == something && u.tls != nil {
			return u
		}
		p.drop(u)
	}
}

// give puts a connection back whose answer has been read to its end.
func (p *pool) give(u *upstream, now time.Time) {
	u.idleAt, u.used = now, true
	u.shrink()
	if u.r != u.w || p.t.chosen() == Draining || p.t.gone.Load() {
		p.drop(u)
		return
	}
	p.mu.Lock()
	if p.closed || len(p.idle) >= maxIdle {
		p.mu.Unlock()
		p.drop(u)
		return
	}
	p.idle = append(p.idle, u)
	if p.timer == nil {
		p.timer = time.AfterFunc(idleFor, p.expire)
	}
	p.mu.Unlock()
}

// drop closes a connection for good.
func (p *pool) drop(u *upstream) {
	_ = u.Close()
	p.forget(u)
	u.free()
}

func (p *pool) forget(c closable) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.all[c]; ok {
		delete(p.all, c)
		p.t.count.active.Add(-1)
		p.t.group.count.active.Add(-1)
	}
}

// expire closes what has waited too long.
func (p *pool) expire() {
	p.mu.Lock()
	now, n := time.Now(), 0
	for n < len(p.idle) && now.Sub(p.idle[n].idleAt) >= idleFor {
		n++
	}
	old := append([]*upstream(nil), p.idle[:n]...)
	p.idle = append(p.idle[:0], p.idle[n:]...)
	if p.timer = nil; len(p.idle) > 0 && !p.closed {
		p.timer = time.AfterFunc(max(time.Second, idleFor-now.Sub(p.idle[0].idleAt)), p.expire)
	}
	p.mu.Unlock()
	for _, u := range old {
		p.drop(u)
	}
}

func (p *pool) closeIdle() {
	p.mu.Lock()
	old := p.idle
	p.idle = nil
	if p.timer != nil {
		p.timer.Stop()
		p.timer = nil
	}
	p.mu.Unlock()
	for _, u := range old {
		p.drop(u)
	}
}

// closeAll cuts every connection; who uses one reads an error.
func (p *pool) closeAll() {
	p.closeIdle()
	p.mu.Lock()
	all := make([]closable, 0, len(p.all))
	for c := range p.all {
		all = append(all, c)
	}
	p.mu.Unlock()
	for _, c := range all {
		_ = c.Close()
	}
}

// unhealthy is told when the target has become so: nothing waits for it, and a
// network load balancer cuts its flows.
func (p *pool) unhealthy() {
	conf := p.t.group.conf.Load()
	if conf != nil && (conf.Protocol == TCP || conf.Protocol == TLS) && !conf.KeepUnhealthy {
		p.closeAll()
		return
	}
	p.closeIdle()
}

// track counts a connection as one of the target's.
func (p *pool) track(c closable) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.t.gone.Load() {
		return false
	}
	if p.all == nil {
		p.all = map[closable]struct{}{}
	}
	p.all[c] = struct{}{}
	for _, n := range []*counters{&p.t.count, &p.t.group.count} {
		n.opened.Add(1)
		n.active.Add(1)
	}
	return true
}

func (u *upstream) closeIfIdle() {}

// dial opens a connection to a target, from the balancer's own address.
func (p *pool) dial(ctx context.Context, from netip.Addr, secure bool) (*upstream, error) {
	tcp, err := dialTCP(ctx, from, p.t.addr)
	if err != nil {
		p.t.count.connectErrors.Add(1)
		p.t.group.count.connectErrors.Add(1)
		return nil, err
	}
	u := &upstream{t: p.t}
	u.Conn, u.tcp = tcp, tcp
	if secure {
		u.tls, err = secureTarget(ctx, tcp, nil)
		if err != nil {
			_ = tcp.Close()
			p.t.count.connectErrors.Add(1)
			p.t.group.count.connectErrors.Add(1)
			return nil, err
		}
		u.Conn = u.tls
	}
	if !p.track(u) {
		_ = u.Close()
		return nil, net.ErrClosed
	}
	return u, nil
}

func dialTCP(ctx context.Context, from netip.Addr, to netip.AddrPort) (*net.TCPConn, error) {
	d := net.Dialer{Timeout: connectTimeout, Control: lateBind}
	if from.IsValid() && !from.IsUnspecified() && from.Is4() == to.Addr().Is4() {
		d.LocalAddr = &net.TCPAddr{IP: from.AsSlice()}
	}
	c, err := d.DialContext(ctx, "tcp", to.String())
	if err != nil {
		return nil, err
	}
	return c.(*net.TCPConn), nil
}

// lateBind leaves the choice of the port to connect, so that ports are shared
// between targets.
func lateBind(_, _ string, c syscall.RawConn) (err error) {
	_ = c.Control(func(fd uintptr) {
		err = unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1)
	})
	return err
}

// secureTarget speaks TLS to a target. Its certificate is not looked at: load
// balancers encrypt to targets and do not verify who they are, AWS's neither.
//
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-target-groups.html#target-group-routing-configuration
func secureTarget(ctx context.Context, c net.Conn, protocols []string) (*tls.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	t := tls.Client(c, &tls.Config{InsecureSkipVerify: true, NextProtos: protocols}) //nolint:gosec // as said
	if err := t.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	return t, nil
}
