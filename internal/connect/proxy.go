package connect

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Protocol is a port mapping's appProtocol.
type Protocol uint8

// What a service's tasks speak.
const (
	TCP Protocol = iota
	HTTP
	HTTP2
	GRPC
)

// Route leads what is sent to an alias to a service.
type Route struct {
	Service    string // as the Table names it
	Alias      netip.AddrPort
	Protocol   Protocol
	Idle       time.Duration // a connection without traffic ends; 0: never
	PerRequest time.Duration // a request without a whole answer ends; 0: never
}

// Dial opens a connection to a task.
type Dial func(ctx context.Context, to netip.AddrPort) (net.Conn, error)

// Options are what a proxy needs from outside.
type Options struct {
	Table  *Table
	Routes []Route
	Dial   Dial
	// Meant tells the address that a connection was made to.
	Meant func(net.Conn) (netip.AddrPort, error)
	Log   *slog.Logger
}

// maxConnections bounds what one namespace has open through its proxy, each of
// which takes two descriptors of this process. Further ones wait.
const maxConnections = 4096

// Proxy carries what one network namespace sends to its aliases.
type Proxy struct {
	opts    Options
	lanes   map[netip.AddrPort]*lane
	ctx     context.Context // of what is served; ends with Serve
	end     context.CancelFunc
	ends    sync.WaitGroup // connections that were accepted
	slots   chan struct{}  // a token for each
	servers sync.WaitGroup
}

// lane is a route with what serves it.
type lane struct {
	up     *upstream
	server *http.Server // nil: TCP
	in     *inlet
}

// New makes a proxy that watches the table until Serve has returned.
func New(opts Options) *Proxy {
	p := &Proxy{opts: opts, lanes: map[netip.AddrPort]*lane{}, slots: make(chan struct{}, maxConnections)}
	p.ctx, p.end = context.WithCancel(context.Background())
	for _, r := range opts.Routes {
		l := &lane{up: newUpstream(r, opts.Table, opts.Dial)}
		if r.Protocol != TCP {
			l.serve(p.ctx, opts.Log)
			p.servers.Go(func() { _ = l.server.Serve(l.in) }) // always ends with an error: it was closed
		}
		p.lanes[r.Alias] = l
	}
	return p
}

// Serve accepts until ctx ends or the listener is closed. When it returns,
// nothing of the proxy is open any more: a socket left open would keep the
// namespace alive.
func (p *Proxy) Serve(ctx context.Context, ln net.Listener) error {
	stop := context.AfterFunc(ctx, func() { _ = ln.Close(); p.end() })
	err := p.accept(ln)
	stop()
	_ = ln.Close()
	p.end()
	for _, l := range p.lanes {
		if l.server != nil {
			_ = l.server.Close()
		}
		l.up.close()
	}
	p.ends.Wait()
	p.servers.Wait()
	return err
}

func (p *Proxy) accept(ln net.Listener) error {
	for {
		select {
		case p.slots <- struct{}{}:
		case <-p.ctx.Done():
			return nil
		}
		c, err := ln.Accept()
		if err == nil {
			p.ends.Add(1)
			p.take(&awaited{Conn: c, closed: p.ended})
			continue
		}
		<-p.slots
		switch {
		case isShort(err):
			pause(p.ctx, 50*time.Millisecond)
		case errors.Is(err, net.ErrClosed):
			return nil
		default:
			return err
		}
	}
}

func (p *Proxy) ended() {
	<-p.slots
	p.ends.Done()
}

// take hands a connection to its lane.
func (p *Proxy) take(c *awaited) {
	meant, err := p.opts.Meant(c.Conn)
	l := p.lanes[meant]
	if err != nil || l == nil {
		p.opts.Log.Debug("a connection is meant for nobody", "address", meant, "error", err)
		_ = c.Close()
		return
	}
	if l.server != nil {
		l.in.put(c)
		return
	}
	go l.up.carry(p.ctx, c) // it ends by closing the connection, which is waited for
}

// awaited is a connection whose end is waited for, also after a handler has
// taken it over.
type awaited struct {
	net.Conn
	once   sync.Once
	closed func()
}

func (a *awaited) Close() error {
	err := a.Conn.Close()
	a.once.Do(a.closed)
	return err
}

// CloseWrite ends one direction.
func (a *awaited) CloseWrite() error { return closeWrite(a.Conn) }

// Read tells what was counted.
func (p *Proxy) Read() (out []Reading) {
	for _, l := range p.lanes {
		r := l.up.count.read(l.up.route.Service)
		r.Hosts = len(*l.up.hosts.Load())
		out = append(out, r)
	}
	slices.SortFunc(out, func(a, b Reading) int { return cmp.Compare(a.Service, b.Service) })
	return out
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// inlet is a listener whose connections are put into it.
type inlet struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newInlet() *inlet { return &inlet{conns: make(chan net.Conn), closed: make(chan struct{})} }

func (i *inlet) put(c net.Conn) {
	select {
	case i.conns <- c:
	case <-i.closed:
		_ = c.Close()
	}
}

func (i *inlet) Accept() (net.Conn, error) {
	select {
	case c := <-i.conns:
		return c, nil
	case <-i.closed:
		return nil, net.ErrClosed
	}
}

func (i *inlet) Close() error {
	i.once.Do(func() { close(i.closed) })
	return nil
}

func (i *inlet) Addr() net.Addr { return &net.TCPAddr{} }
