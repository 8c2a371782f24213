package sched

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/state"
)

// ports keeps nodes where the host ports asked for are free.
func ports() filter {
	return filter{
		reason: "RESOURCE:PORTS",
		fits:   func(s *Snapshot, n Candidate, r *Request) bool { return len(s.taken(n, r.Ports)) == 0 },
		explain: func(s *Snapshot, nodes []Candidate, r *Request) string {
			var taken []string
			for _, n := range nodes {
				for _, p := range s.taken(n, r.Ports) {
					taken = append(taken, fmt.Sprintf("%d/%s", p.Port, p.Protocol))
				}
			}
			slices.Sort(taken)
			return fmt.Sprintf("A host port the task asks for is in use on each of %d nodes: %s.", len(nodes), strings.Join(slices.Compact(taken), ", "))
		},
	}
}

// taken tells which of the ports are not free.
func (s *Snapshot) taken(n Candidate, want []state.HostPort) (out []state.HostPort) {
	for _, p := range want {
		if count(n.ports, p) > 0 || slices.Contains(s.Ports, p) {
			out = append(out, p)
		}
	}
	return out
}
