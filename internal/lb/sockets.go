package lb

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// sockets opens and closes what listeners accept on. Run's goroutine owns it.
type sockets struct {
	plane *Plane
	open  map[*listener]map[netip.AddrPort]*socket
	taken map[netip.AddrPort]*listener
}

type socket struct {
	net.Listener
	done chan struct{} // its accepting goroutine has ended
	err  string        // why it is not open
}

const (
	bindAgain = 2 * time.Second
	grace     = 5 * time.Second // for requests under way when Run ends
)

func (s *sockets) run(ctx context.Context) {
	again := time.NewTimer(0)
	again.Stop()
	failed := map[*listener]struct{}{}
	for {
		select {
		case <-ctx.Done():
			s.end()
			return
		case <-s.plane.wakeup:
		case <-again.C:
		}
		s.plane.mu.Lock()
		dirty := s.plane.dirty
		s.plane.dirty = map[*listener]struct{}{}
		s.plane.mu.Unlock()
		for l := range failed {
			dirty[l] = struct{}{}
		}
		clear(failed)
		for l := range dirty { // first, as another may have the port now
			s.shut(l)
		}
		for l := range dirty {
			if !s.set(ctx, l) {
				failed[l] = struct{}{}
			}
		}
		if len(failed) > 0 {
			again.Reset(bindAgain)
		}
	}
}

// wanted are the addresses a listener should accept on.
func (l *listener) wanted() map[netip.AddrPort]bool {
	want := map[netip.AddrPort]bool{}
	if conf := l.conf.Load(); conf != nil {
		if b := conf.bal.conf.Load(); b != nil {
			if b.Address.IsValid() {
				want[netip.AddrPortFrom(b.Address, conf.Port)] = true
			}
			for _, a := range b.Ingress {
				want[netip.AddrPortFrom(a, conf.Port)] = true
			}
		}
	}
	return want
}

// shut closes what a listener should not have any more.
func (s *sockets) shut(l *listener) {
	want := l.wanted()
	for at, sock := range s.open[l] {
		if !want[at] {
			s.close(at, sock)
			delete(s.open[l], at)
		}
	}
	if len(want) == 0 {
		delete(s.open, l)
		if l.conf.Load() == nil {
			l.conns.closeIdle()
		}
	}
}

// set opens what a listener should have. It is false when not all could be.
func (s *sockets) set(ctx context.Context, l *listener) (all bool) {
	want, have := l.wanted(), s.open[l]
	if have == nil && len(want) > 0 {
		have = map[netip.AddrPort]*socket{}
		s.open[l] = have
	}
	all = true
	for at := range want {
		if sock := have[at]; sock != nil && sock.Listener != nil {
			continue
		}
		sock, err := s.listen(ctx, l, at)
		if err != nil {
			all = false
			if old := have[at]; old != nil && old.err == err.Error() {
				continue // it was told
			}
			sock = &socket{err: err.Error()}
		}
		have[at] = sock
		if s.plane.opts.Bound != nil {
			s.plane.opts.Bound(l.id, at, err)
		}
	}
	return all
}

func (s *sockets) listen(ctx context.Context, l *listener, at netip.AddrPort) (*socket, error) {
	if other := s.taken[at]; other != nil {
		return nil, fmt.Errorf("listen on %s: listener %s has this address and port", at, other.id)
	}
	if err := s.probe(ctx, at); err != nil {
		return nil, err
	}
	config := net.ListenConfig{Control: shareport, KeepAliveConfig: net.KeepAliveConfig{Enable: false}}
	ln, err := config.Listen(ctx, "tcp", at.String())
	if err != nil {
		return nil, err
	}
	sock := &socket{Listener: ln, done: make(chan struct{})}
	s.taken[at] = l
	s.plane.work.Add(1)
	go func() {
		defer s.plane.work.Done()
		defer close(sock.done)
		s.plane.accept(l, ln)
	}()
	return sock, nil
}

// probe tells whether somebody else listens there: our own sockets share a port,
// so that one listener may have an address and another all addresses, and with
// such a socket one does not learn of others that share.
func (s *sockets) probe(ctx context.Context, at netip.AddrPort) error {
	for ours := range s.taken {
		if ours.Port() == at.Port() && (ours.Addr().IsUnspecified() || at.Addr().IsUnspecified()) {
			return nil
		}
	}
	config := net.ListenConfig{Control: freebind}
	ln, err := config.Listen(ctx, "tcp", at.String())
	if err != nil {
		return err
	}
	return ln.Close()
}

// freebind lets a socket have an address that is not up yet.
func freebind(network, _ string, c syscall.RawConn) error { return prepare(c, network, false) }

// shareport is freebind, and lets our other sockets have the port.
func shareport(network, _ string, c syscall.RawConn) error { return prepare(c, network, true) }

func prepare(c syscall.RawConn, network string, shared bool) (err error) {
	_ = c.Control(func(fd uintptr) {
		if network == "tcp4" {
			err = unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_FREEBIND, 1)
		}
		if err == nil && shared {
			err = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_REUSEPORT, 1)
		}
	})
	return err
}

func (s *sockets) close(at netip.AddrPort, sock *socket) {
	if sock.Listener != nil {
		_ = sock.Close()
		<-sock.done
		delete(s.taken, at)
	}
}

// end closes everything, and returns when nobody is left.
func (s *sockets) end() {
	for _, of := range s.open {
		for at, sock := range of {
			s.close(at, sock)
		}
	}
	p := s.plane
	p.ending.Store(true)
	p.mu.Lock()
	var listeners []*listener
	for _, l := range p.listeners {
		listeners = append(listeners, l)
	}
	p.mu.Unlock()
	for _, l := range listeners {
		l.conns.closeIdle()
	}
	done := make(chan struct{})
	go func() { p.work.Wait(); close(done) }()
	late := time.NewTimer(grace)
	defer late.Stop()
	select {
	case <-done:
	case <-late.C:
		for _, l := range listeners {
			l.conns.closeAll()
		}
		p.closeTargets()
		<-done
	}
	p.closeTargets()
}

// closeTargets ends all connections to targets.
func (p *Plane) closeTargets() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, t := range p.targets {
		t.pool.closeAll()
		t.h2.close()
	}
}

// accept hands each connection to a goroutine of its own.
func (p *Plane) accept(l *listener, ln net.Listener) {
	for {
		c, err := ln.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			p.log.Warn("a connection could not be accepted", "listener", l.id, "error", err)
			time.Sleep(10 * time.Millisecond) // out of descriptors: they come back
			continue
		}
		conf := l.conf.Load()
		if conf == nil {
			_ = c.Close()
			continue
		}
		p.work.Add(1)
		go func() {
			defer p.work.Done()
			p.serve(conf, c.(*net.TCPConn))
		}()
	}
}
