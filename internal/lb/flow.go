package lb

import (
	"context"
	"crypto/tls"
	"encoding/binary"
	"hash/maphash"
	"net"
	"net/netip"
	"time"
)

const flowIdle = 350 * time.Second // AWS's, of TCP listeners

// flow is a connection through a network load balancer.
type flow struct {
	near, far link
}

func (f *flow) closeIfIdle() {} // flows go on when their listener is gone

func (f *flow) Close() error {
	_ = f.near.Close()
	if f.far.Conn != nil {
		_ = f.far.Close()
	}
	return nil
}

var flowSeed = maphash.MakeSeed()

// serveFlow carries a connection of a TCP or TLS listener to its end. A client
// for whom there is no target gets a reset, as from AWS's.
func (p *Plane) serveFlow(s *serving, tcp *net.TCPConn, remote netip.AddrPort) {
	f := &flow{}
	f.near.Conn, f.near.tcp = tcp, tcp
	defer f.Close()
	defer f.near.free()
	defer f.far.free()
	bal := s.bal.conf.Load()
	if bal == nil || len(s.def.groups) == 0 {
		reset(tcp)
		return
	}
	entry := Entry{Type: "tls", Listener: s.ID, Created: time.Now(), Client: remote}
	if s.Protocol == TLS && !f.handshake(s, &entry) {
		s.bal.count.tlsErrors.Add(1)
		return
	}
	g := s.def.groups[0].group
	conf := g.conf.Load()
	if conf == nil {
		reset(tcp)
		return
	}
	local, _ := netip.ParseAddrPort(tcp.LocalAddr().String())
	t := f.connect(g, conf, bal, flowHash(conf, remote, local))
	if t == nil {
		reset(tcp)
		return
	}
	if conf.ProxyProtocol {
		if err := f.far.send(proxyHeader(remote, local), time.Now(), connectTimeout); err != nil {
			t.pool.forget(f)
			reset(tcp)
			return
		}
	}
	s.on.conns.add(f)
	for _, n := range []*counters{&s.bal.count, &g.count, &t.count} {
		n.requests.Add(1)
	}
	carrier := tunnel{idle: s.IdleTimeout, in: &s.bal.count.in, out: &s.bal.count.out}
	if carrier.idle == 0 {
		carrier.idle = flowIdle
	}
	in, out := carrier.run(&f.near, &f.far)
	s.on.conns.remove(f)
	t.pool.forget(f)
	if s.Protocol == TLS && p.opts.AccessLog != nil && bal.HTTP.AccessLog {
		entry.Time, entry.Received, entry.Sent, entry.Target, entry.Group = time.Now(), in, out, t.addr, g.id
		p.opts.AccessLog.Log(s.bal.id, &entry)
	}
}

func (f *flow) handshake(s *serving, e *Entry) bool {
	if s.tls == nil {
		return false
	}
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTime)
	defer cancel()
	f.near.tls = tls.Server(f.near.tcp, s.tls.config)
	if err := f.near.tls.HandshakeContext(ctx); err != nil {
		return false
	}
	f.near.Conn = f.near.tls
	is := f.near.tls.ConnectionState()
	e.Host, e.Certificate = is.ServerName, s.tls.choose(is.ServerName).ID
	e.Cipher, e.TLSVersion = tls.CipherSuiteName(is.CipherSuite), tlsVersion(&is)
	return true
}

// connect opens a connection to the target of a hash, or to its neighbour when
// it cannot be reached.
func (f *flow) connect(g *group, conf *Group, bal *Balancer, hash uint64) *target {
	var not *target
	for range tries {
		t := g.hashed(conf, hash, not)
		if t == nil || t == not {
			return nil
		}
		ctx := context.Background()
		tcp, err := dialTCP(ctx, bal.Address, t.addr)
		if err == nil {
			f.far.Conn, f.far.tcp = tcp, tcp
			if conf.Protocol == TLS {
				f.far.tls, err = secureTarget(ctx, tcp, nil)
				if err == nil {
					f.far.Conn = f.far.tls
				}
			}
		}
		if err == nil && t.pool.track(f) {
			return t
		}
		t.count.connectErrors.Add(1)
		g.count.connectErrors.Add(1)
		if f.far.Conn != nil {
			_ = f.far.Close()
			f.far = link{}
		}
		not = t
	}
	return nil
}

func flowHash(conf *Group, remote, local netip.AddrPort) uint64 {
	if conf.Sticky == SourceAddress {
		return maphash.Comparable(flowSeed, remote.Addr())
	}
	return maphash.Comparable(flowSeed, [2]netip.AddrPort{remote, local})
}

// reset closes a connection so that its client learns it at once.
func reset(c *net.TCPConn) {
	_ = c.SetLinger(0)
	_ = c.Close()
}

// proxyHeader is PROXY protocol version 2's, of a TCP connection.
//
// Source: https://www.haproxy.org/download/2.8/doc/proxy-protocol.txt
func proxyHeader(from, to netip.AddrPort) []byte {
	b := append([]byte(nil), "\r\n\r\n\x00\r\nQUIT\n\x21"...)
	source, dest := from.Addr().Unmap(), to.Addr().Unmap()
	family := byte(0x11)
	if source.Is6() {
		family = 0x21
	}
	b = append(b, family)
	b = binary.BigEndian.AppendUint16(b, uint16(2*len(source.AsSlice())+4))
	b = append(b, source.AsSlice()...)
	b = append(b, dest.AsSlice()...)
	b = binary.BigEndian.AppendUint16(b, from.Port())
	return binary.BigEndian.AppendUint16(b, to.Port())
}
