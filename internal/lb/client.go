package lb

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"sync/atomic"
	"time"
)

// client is a connection of HTTP/1.1 from a client. One goroutine carries it:
// it reads a request, sends it on, reads the answer and sends that back. Only a
// body that is not there yet gets a second one while it comes.
type client struct {
	link
	visit
	on     *listener
	req1   head
	out    []byte
	state  atomic.Int32
	opened time.Time
	sent   int64
	record Entry
	tlsIs  tls.ConnectionState
}

const (
	waiting int32 = iota // for a request
	working
	closed
)

// serve carries one connection of a listener to its end.
func (p *Plane) serve(s *serving, tcp *net.TCPConn) {
	remote, _ := netip.ParseAddrPort(tcp.RemoteAddr().String())
	remote = netip.AddrPortFrom(remote.Addr().Unmap(), remote.Port())
	n := &s.bal.count
	n.opened.Add(1)
	n.active.Add(1)
	defer n.active.Add(-1)
	if s.Protocol >= TCP {
		p.serveFlow(s, tcp, remote)
		return
	}
	c := &client{on: s.on, opened: time.Now()}
	c.Conn, c.tcp, c.plane, c.client, c.s = tcp, tcp, p, remote, s
	s.on.conns.add(c)
	defer s.on.conns.remove(c)
	defer func() { _ = c.Conn.Close() }()
	if s.Protocol == HTTPS && !c.handshake(s) {
		n.tlsErrors.Add(1)
		return
	}
	if c.tls != nil && c.tlsIs.NegotiatedProtocol == "h2" {
		p.serveHTTP2(c)
		return
	}
	for c.next() {
	}
	c.free()
	if c.out != nil {
		putBuffer(c.out)
	}
}

const handshakeTime = 10 * time.Second

// handshake makes the connection one of TLS.
func (c *client) handshake(s *serving) bool {
	bal := s.bal.conf.Load()
	if s.tls == nil || bal == nil {
		return false
	}
	config := s.tls.config
	if !bal.HTTP.DisableHTTP2 {
		config = s.tls.http2
	}
	c.tls = tls.Server(c.tcp, config)
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTime)
	defer cancel()
	if err := c.tls.HandshakeContext(ctx); err != nil {
		return false
	}
	c.Conn = c.tls
	c.tlsIs = c.tls.ConnectionState()
	c.secure = &c.tlsIs
	return true
}

// closeIfIdle ends a connection that waits for a request.
func (c *client) closeIfIdle() {
	if c.state.CompareAndSwap(waiting, closed) {
		_ = c.tcp.Close()
	}
}

// Close is for others than the connection's goroutine, which alone knows
// whether it speaks TLS yet.
func (c *client) Close() error { return c.tcp.Close() }

// next carries one request; false when the connection is at its end.
func (c *client) next() bool {
	c.req = nil
	if !c.current() || c.plane.ending.Load() {
		return false
	}
	c.now = time.Now()
	n, err := c.readHead()
	if n == 0 {
		c.refuseHead(err)
		return false
	}
	if !c.current() {
		return false
	}
	c.s.bal.count.requests.Add(1)
	c.reset()
	c.req, c.http2, c.sent = &c.req1, false, 0
	if err := c.req1.parseRequest(c.buf[c.r : c.r+n]); err != nil {
		c.startEntry()
		c.refuseHead(err)
		return false
	}
	c.r += n
	c.s.bal.count.in.Add(uint64(n))
	c.startEntry()
	keep := c.answer()
	if !keep {
		c.linger()
		return false
	}
	runtime.Gosched() // as behind a request: the next one may come meanwhile
	c.shrink()
	if cap(c.out) > largeBuffer {
		putBuffer(c.out)
		c.out = nil
	}
	return c.state.CompareAndSwap(working, waiting)
}

// current takes the listener and its balancer as they are now, which while a
// request is waited for may change.
func (c *client) current() bool {
	if c.s = c.on.conf.Load(); c.s == nil {
		return false
	}
	c.bal = c.s.bal.conf.Load()
	return c.bal != nil
}

// readHead waits for a whole head and gives its length, which stays in the
// buffer. The time of the request is that of its last byte.
func (c *client) readHead() (int, error) {
	idle := c.bal.idle()
	seen := 0
	for {
		if have := c.buf[c.r:c.w]; len(have) > 0 {
			if c.state.Load() == waiting && !c.state.CompareAndSwap(waiting, working) {
				return 0, net.ErrClosed
			}
			for len(have) >= 2 && have[0] == '\r' && have[1] == '\n' && seen < 4 {
				c.r, have, seen = c.r+2, have[2:], 0 // some clients end a body so
			}
			n, err := findHead(have, seen)
			if err != nil || n > 0 {
				return n, err
			}
			seen = len(have)
			if seen > maxLine+2 && c.lineTooLong(have) {
				return 0, refuse(414, "a request line that is too long")
			}
			if !c.room(hugeBuffer) {
				return 0, refuse(400, "a head that is too long")
			}
		}
		if err := c.fill(c.now, idle); err != nil {
			return 0, err
		}
		if seen == 0 {
			c.now = time.Now()
		} else if time.Since(c.now) > idle {
			return 0, os.ErrDeadlineExceeded // a byte now and then is not enough
		}
	}
}

func (c *client) lineTooLong(b []byte) bool {
	for _, x := range b[:maxLine+2] {
		if x == '\n' {
			return false
		}
	}
	return true
}

// refuseHead answers a head that could not be read.
func (c *client) refuseHead(err error) {
	var no *refusal
	switch {
	case errors.As(err, &no):
		if c.entry != nil {
			c.entry.Classification, c.entry.ClassificationReason = "Severe", no.reason
		}
		c.say(errorReply(no.status, ""), false)
		c.endEntry()
		c.linger()
	case errors.Is(err, os.ErrDeadlineExceeded) && c.w > c.r:
		c.say(errorReply(408, ""), false)
	}
}

// answer carries a request whose head has been read. It tells whether the
// connection goes on.
func (c *client) answer() (keep bool) {
	defer c.endEntry()
	h := c.req
	keep = h.persists() && h.ambiguous == "" && !c.plane.ending.Load() && c.now.Sub(c.opened) < c.keepAlive()
	if r := c.decide(); r != nil {
		return c.say(r, c.skipBody() && keep)
	}
	defer c.end()
	return c.forward(keep)
}

// skipBody leaves out a body that is in the buffer; false when it is not, and
// the connection cannot go on.
func (c *client) skipBody() bool {
	switch h := c.req; {
	case h.chunked || h.length > int64(c.w-c.r):
		return false
	case h.length > 0:
		c.r += int(h.length)
	}
	return true
}

func (c *client) keepAlive() time.Duration {
	if c.bal.HTTP.ClientKeepAlive > 0 {
		return c.bal.HTTP.ClientKeepAlive
	}
	return time.Hour
}

// say sends an answer of our own; it tells whether the connection goes on.
func (c *client) say(r *reply, keep bool) bool {
	c.noteReply(r)
	if r.status == 460 {
		return false // nobody is there to read it
	}
	c.begin()
	c.now = time.Now()
	c.out = r.append(c.out, c.now, keep, c.req != nil && c.req.has(c.req.method) && string(c.req.bytes(c.req.method)) == "HEAD")
	c.s.bal.count.ownStatus(r.status)
	return c.flush() == nil && keep
}

// begin empties the buffer of what is sent.
func (c *client) begin() {
	if c.out == nil {
		c.out = getBuffer(smallBuffer)
	}
	c.out = c.out[:0]
}

// flush sends the buffer to the client.
func (c *client) flush() error {
	err := c.send(c.out, c.now, c.bal.idle())
	if err == nil {
		c.sent += int64(len(c.out))
		c.s.bal.count.out.Add(uint64(len(c.out)))
	}
	return err
}

const lingerTime = 2 * time.Second

// linger reads a little of what a client still sends before its connection is
// closed: a reset would take the answer away from it.
func (c *client) linger() {
	if c.tls != nil {
		_ = c.tls.CloseWrite()
	}
	_ = c.tcp.CloseWrite()
	if c.r == c.w && peek(c.tcp) == ended {
		return
	}
	_ = c.tcp.SetReadDeadline(time.Now().Add(lingerTime))
	buf := getBuffer(smallBuffer)
	defer putBuffer(buf)
	for total := 0; total < 1<<20; {
		n, err := c.tcp.Read(buf)
		if err != nil {
			return
		}
		total += n
	}
}
