package sched

import "fmt"

// memory keeps nodes with enough of it.
func memory() filter {
	return filter{
		reason: "RESOURCE:MEMORY",
		fits: func(s *Snapshot, n Candidate, r *Request) bool {
			_, m, _, _ := s.room(n.Standing, r.Exact)
			return r.MemoryMiB <= m
		},
		explain: func(s *Snapshot, nodes []Candidate, r *Request) string {
			var free, total int64
			for _, n := range nodes {
				_, f, _, of := s.room(n.Standing, r.Exact)
				free, total = max(free, f), max(total, of)
			}
			return fmt.Sprintf("Not enough memory on any of %d nodes: the task asks for %d MiB, the most that is free on one is %d of %d MiB.",
				len(nodes), r.MemoryMiB, free, total)
		},
	}
}
