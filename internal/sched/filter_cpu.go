package sched

import "fmt"

// cpu keeps nodes with enough units.
func cpu() filter {
	return filter{
		reason: "RESOURCE:CPU",
		fits:   func(n *node, r Request) bool { return r.CPU <= n.freeCPU },
		explain: func(nodes []*node, r Request) string {
			var free, total int64
			for _, n := range nodes {
				free, total = max(free, n.freeCPU), max(total, n.totalCPU)
			}
			return fmt.Sprintf("Not enough CPU on any of %d nodes: the task asks for %d units, the most that is free on one is %d of %d.",
				len(nodes), r.CPU, free, total)
		},
	}
}
