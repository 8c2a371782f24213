package proxy

import (
	"github.com/hatoba/hatoba/internal/connect"
	"github.com/hatoba/hatoba/internal/latency"
	"github.com/hatoba/hatoba/internal/protocol"
)

// Measure is what the proxies carried since it was last asked for, also those
// that have ended since. Each byte and request is told once.
func (s *Server) Measure() []protocol.ConnectMeasures {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.rest
	s.rest = nil
	for p, r := range s.open {
		out = append(out, r.since(p.Read())...)
	}
	return out
}

// since is what was counted since it was last told.
func (r *running) since(readings []connect.Reading) (out []protocol.ConnectMeasures) {
	for _, now := range readings {
		d := now.Since(r.told[now.Service])
		r.told[now.Service] = now
		if !d.Moved() {
			continue
		}
		m := protocol.ConnectMeasures{
			Task: r.Key, Service: d.Service, Targets: d.Hosts, Requests: d.Requests, GRPC: d.GRPC, Status: d.Status,
			ToTarget: d.ToTarget, FromTarget: d.FromTarget, NewConnections: d.Connections, Active: d.Active, ResponseTime: d.ResponseTime,
		}
		for i, n := range d.Buckets {
			if n > 0 {
				m.Times = append(m.Times, protocol.ResponseTimes{About: latency.Middle(i), Count: n})
			}
		}
		out = append(out, m)
	}
	return out
}
