package sched

import "fmt"

// memory keeps nodes with enough of it.
func memory() filter {
	return filter{
		reason: "RESOURCE:MEMORY",
		fits:   func(s Snapshot, n *candidate, r Request) bool { _, m, _, _ := n.room(r); return r.MemoryMiB <= m },
		explain: func(s Snapshot, nodes []*candidate, r Request) string {
			var free, total int64
			for _, n := range nodes {
				_, f, _, of := n.room(r)
				free, total = max(free, f), max(total, of)
			}
			return fmt.Sprintf("Not enough memory on any of %d nodes: the task asks for %d MiB, the most that is free on one is %d of %d MiB.",
				len(nodes), r.MemoryMiB, free, total)
		},
	}
}
