package sched

import "fmt"

// connected keeps nodes that have a session.
func connected() filter {
	return filter{
		reason: "AGENT",
		fits:   func(_ *Snapshot, n Candidate, _ *Request) bool { return n.Connected },
		explain: func(_ *Snapshot, nodes []Candidate, _ *Request) string {
			if len(nodes) == 0 {
				return "There is no node yet. A node joins when its Hatoba starts."
			}
			return fmt.Sprintf("None of %d nodes is connected.", len(nodes))
		},
	}
}
