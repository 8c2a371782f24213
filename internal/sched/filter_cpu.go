package sched

import "fmt"

// cpu keeps nodes with enough units.
func cpu() filter {
	return filter{
		reason: "RESOURCE:CPU",
		fits: func(s *Snapshot, n Candidate, r *Request) bool {
			c, _, _, _ := s.room(n.Standing, r.Exact)
			return r.CPU <= c
		},
		explain: func(s *Snapshot, nodes []Candidate, r *Request) string {
			var free, total int64
			for _, n := range nodes {
				f, _, of, _ := s.room(n.Standing, r.Exact)
				free, total = max(free, f), max(total, of)
			}
			return fmt.Sprintf("Not enough CPU on any of %d nodes: the task asks for %d units, the most that is free on one is %d of %d.",
				len(nodes), r.CPU, free, total)
		},
	}
}
