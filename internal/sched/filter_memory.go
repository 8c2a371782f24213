package sched

import "fmt"

// memory keeps nodes with enough of it.
func memory() filter {
	return filter{
		reason: "RESOURCE:MEMORY",
		fits:   func(n *node, r Request) bool { return r.MemoryMiB <= n.freeMemory },
		explain: func(nodes []*node, r Request) string {
			var free, total int64
			for _, n := range nodes {
				free, total = max(free, n.freeMemory), max(total, n.totalMemory)
			}
			return fmt.Sprintf("Not enough memory on any of %d nodes: the task asks for %d MiB, the most that is free on one is %d of %d MiB.",
				len(nodes), r.MemoryMiB, free, total)
		},
	}
}
