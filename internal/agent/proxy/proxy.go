// Package proxy opens the proxy of Service Connect inside the network
// namespaces of tasks, where AWS puts a container with Envoy. The data path is
// internal/connect.
package proxy

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/agent/network"
	"github.com/hatoba/hatoba/internal/connect"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// listenAt is where what is sent to aliases is accepted: a port above those the
// kernel gives to connections, beside the endpoints' ones.
var listenAt = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 255, 255, 254}), 61900)

// Task is what a proxy is opened for: a task, or, where each has a network of
// its own, one container of it.
type Task struct {
	Key     state.Key
	NetNS   string
	Gateway netip.Addr // the machine, as it is seen from inside
	Plan    *state.ConnectPlan
	Served  bool // the ingress ports are opened here
}

// Server opens proxies. They share a table, which Apply changes.
type Server struct {
	table *connect.Table
	log   *slog.Logger

	mu   sync.Mutex
	open map[*connect.Proxy]*running
	rest []protocol.ConnectMeasures // of proxies that have ended
}

// running is an open proxy, with what was told of it.
type running struct {
	Task
	told map[string]connect.Reading // by service
}

// New makes one whose table is not whole yet.
func New(log *slog.Logger) *Server {
	return &Server{table: connect.NewTable(), log: log, open: map[*connect.Proxy]*running{}}
}

// Apply takes over where services are answered. When it returns nothing new is
// sent to what is gone.
func (s *Server) Apply(complete bool, changes map[string]*state.ConnectEndpoint) {
	out := make(map[string]*connect.Place, len(changes))
	for id, e := range changes {
		if e == nil {
			out[id] = nil
			continue
		}
		out[id] = &connect.Place{Service: e.Service, Address: e.Address}
	}
	s.table.Apply(complete, out)
}

// Drain waits until no request is under way at a task that has left the table,
// or until ctx ends.
func (s *Server) Drain(ctx context.Context, taskID string) {
	s.table.Drain(ctx, func(id string) bool { return strings.HasPrefix(id, taskID+"/") })
}

// Open opens a task's proxy and returns once its sockets are there. stop
// returns when nothing is open any more: a socket left open would keep the
// namespace alive.
func (s *Server) Open(ctx context.Context, t Task) (stop func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	var ends sync.WaitGroup
	stop = func() { cancel(); ends.Wait() }
	defer func() {
		if err != nil {
			stop()
		}
	}()
	dialer := network.NewDialer(t.NetNS)
	if t.Served {
		if err := s.openIngress(ctx, &ends, t, dialer); err != nil {
			return nil, err
		}
	}
	if len(t.Plan.Reaches) == 0 {
		return stop, nil
	}
	ln, err := network.Listen(t.NetNS, listenAt)
	if err != nil {
		return nil, fmt.Errorf("open the proxy of Service Connect: %w", err)
	}
	if err := network.LeadAliases(t.NetNS, listenAt); err != nil {
		ln.Close()
		return nil, err
	}
	p := connect.New(connect.Options{
		Table: s.table, Routes: Routes(t.Plan), Meant: network.Meant, Log: s.log.With("task", t.Key.ID),
		Dial: func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			if to.Addr().IsUnspecified() { // a port of the machine
				to = netip.AddrPortFrom(t.Gateway, to.Port())
			}
			return dialer.Dial(ctx, to)
		},
	})
	s.mu.Lock()
	s.open[p] = &running{Task: t, told: map[string]connect.Reading{}}
	s.mu.Unlock()
	ends.Go(func() {
		if err := p.Serve(ctx, ln); err != nil {
			s.log.Warn("a task's proxy of Service Connect ended", "task", t.Key.ID, "error", err)
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.rest = append(s.rest, s.open[p].since(p.Read())...)
		delete(s.open, p)
	})
	return stop, nil
}

// openIngress listens on the ports that the task's proxy has for others.
func (s *Server) openIngress(ctx context.Context, ends *sync.WaitGroup, t Task, dialer *network.Dialer) error {
	for _, p := range t.Plan.Serves {
		if p.Ingress == 0 {
			continue
		}
		ln, err := network.Listen(t.NetNS, netip.AddrPortFrom(netip.IPv4Unspecified(), uint16(p.Ingress)))
		if err != nil {
			return fmt.Errorf("open the ingress port %d of Service Connect: %w", p.Ingress, err)
		}
		to := netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(p.Port))
		idle := time.Duration(p.Alias.Idle) * time.Second
		ends.Go(func() {
			if err := connect.Forward(ctx, ln, to, dialer.Dial, idle); err != nil {
				s.log.Warn("a task's ingress port of Service Connect ended", "task", t.Key.ID, "error", err)
			}
		})
	}
	return nil
}
