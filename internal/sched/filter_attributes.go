package sched

import (
	"fmt"
	"slices"
	"strings"
)

// attributes keeps nodes that have every attribute the definition requires.
func attributes() filter {
	return filter{
		reason: "ATTRIBUTE",
		fits:   func(n *node, r Request) bool { return len(n.lacks(r)) == 0 },
		explain: func(nodes []*node, r Request) string {
			var lacking []string
			for _, n := range nodes {
				lacking = append(lacking, n.lacks(r)...)
			}
			slices.Sort(lacking)
			return fmt.Sprintf("Each of %d nodes lacks an attribute the task definition requires: %s.", len(nodes), strings.Join(slices.Compact(lacking), ", "))
		},
	}
}

func (n *node) lacks(r Request) (out []string) {
	for _, name := range r.Attributes {
		if !n.attributes[name] {
			out = append(out, name)
		}
	}
	return out
}
