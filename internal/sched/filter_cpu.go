package sched

import "fmt"

// cpu keeps nodes with enough units.
func cpu() filter {
	return filter{
		reason: "RESOURCE:CPU",
		fits:   func(s Snapshot, n *candidate, r Request) bool { c, _, _, _ := n.room(r); return r.CPU <= c },
		explain: func(s Snapshot, nodes []*candidate, r Request) string {
			var free, total int64
			for _, n := range nodes {
				f, _, of, _ := n.room(r)
				free, total = max(free, f), max(total, of)
			}
			return fmt.Sprintf("Not enough CPU on any of %d nodes: the task asks for %d units, the most that is free on one is %d of %d.",
				len(nodes), r.CPU, free, total)
		},
	}
}
