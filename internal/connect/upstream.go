package connect

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

const (
	connectTimeout = 5 * time.Second
	tries          = 3 // hosts that are asked: the first and two more
	maxIdle        = 256
)

var (
	errNoHost  = errors.New("no healthy upstream")
	errTimeout = errors.New("upstream request timeout")
)

// dialError is a connection that was not made: nothing was sent.
type dialError struct{ err error }

func (e *dialError) Error() string { return e.err.Error() }
func (e *dialError) Unwrap() error { return e.err }

// upstream is a service as one proxy sees it.
type upstream struct {
	route Route
	table *Table
	dial  Dial
	hosts atomic.Pointer[[]*host]
	turn  atomic.Uint64
	count counters
}

// host is an endpoint as one proxy sees it, for as long as it is in the table.
type host struct {
	endpoint
	up        *upstream
	ctx       context.Context // ends when it leaves the table
	leave     context.CancelFunc
	transport *http.Transport // nil: TCP

	mu     sync.Mutex
	record record
	conns  map[*counted]struct{}
}

func newUpstream(route Route, table *Table, dial Dial) *upstream {
	u := &upstream{route: route, table: table, dial: dial}
	u.hosts.Store(&[]*host{})
	table.watch(u)
	return u
}

// update takes over the endpoints there are now. Hosts that stay keep their
// record and their connections. It is called with the table's lock.
func (u *upstream) update(endpoints []endpoint) {
	have := map[string]*host{}
	for _, h := range *u.hosts.Load() {
		have[h.id] = h
	}
	next := make([]*host, 0, len(endpoints))
	for _, e := range endpoints {
		h := have[e.id]
		if h == nil || h.endpoint != e {
			h = u.newHost(e)
		} else {
			delete(have, e.id)
		}
		next = append(next, h)
	}
	u.hosts.Store(&next)
	for _, h := range have {
		h.leave() // dials that are under way end, and are made elsewhere
		if h.transport != nil {
			h.transport.CloseIdleConnections() // what is under way goes on
		}
	}
}

func (u *upstream) newHost(e endpoint) *host {
	h := &host{endpoint: e, up: u}
	h.ctx, h.leave = context.WithCancel(context.Background())
	if u.route.Protocol == TCP {
		return h
	}
	protocols := new(http.Protocols)
	protocols.SetHTTP1(u.route.Protocol == HTTP)
	protocols.SetUnencryptedHTTP2(u.route.Protocol != HTTP)
	h.transport = &http.Transport{
		Protocols: protocols, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) { return h.connect(ctx) },
		DisableCompression: true, MaxIdleConnsPerHost: maxIdle, IdleConnTimeout: u.route.Idle,
		MaxResponseHeaderBytes: maxHeader, WriteBufferSize: 4 << 10, ReadBufferSize: 4 << 10,
	}
	return h
}

// connect opens a connection that is counted.
func (h *host) connect(ctx context.Context) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	stop := context.AfterFunc(h.ctx, cancel)
	defer stop()
	c, err := h.up.dial(ctx, h.address)
	if err != nil {
		h.up.count.connectErrors.Add(1)
		return nil, &dialError{err}
	}
	return h.keep(c), nil
}

// keep counts a connection, and has it closed when the proxy ends.
func (h *host) keep(c net.Conn) *counted {
	kept := h.up.count.conn(c)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.conns == nil {
		h.conns = map[*counted]struct{}{}
	}
	h.conns[kept] = struct{}{}
	kept.closed = func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.conns, kept)
	}
	return kept
}

// cut closes every connection.
func (h *host) cut() {
	h.mu.Lock()
	all := make([]*counted, 0, len(h.conns))
	for c := range h.conns {
		all = append(all, c)
	}
	h.mu.Unlock()
	for _, c := range all {
		_ = c.Close()
	}
}

// whole waits until the table is: after a start it comes with the session's
// first message.
func (u *upstream) whole(ctx context.Context) error {
	select {
	case <-u.table.known:
		return nil
	default:
	}
	select {
	case <-u.table.known:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// choose takes the host whose turn it is, nil without any. Those in not were
// tried before.
func (u *upstream) choose(now time.Time, not []netip.AddrPort) *host {
	hosts := *u.hosts.Load()
	i := choose(len(hosts), u.turn.Add(1),
		func(i int) bool { return hosts[i].out(now) },
		func(i int) bool {
			for _, a := range not {
				if hosts[i].address == a {
					return true
				}
			}
			return false
		})
	if i < 0 {
		return nil
	}
	return hosts[i]
}

func (h *host) out(now time.Time) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.record.out(now)
}

// judge notes how a request or a connection went.
func (h *host) judge(ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	before := h.record
	h.record = before.after(ok, time.Now())
	if h.record.until != before.until {
		h.up.count.ejections.Add(1)
	}
}

// close lets go of everything.
func (u *upstream) close() {
	hosts := *u.hosts.Load()
	u.table.unwatch(u)
	for _, h := range hosts {
		h.cut()
	}
}
