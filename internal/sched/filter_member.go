package sched

import "fmt"

// members keeps the nodes for which all of a request's queries hold.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement-constraints.html
func members() filter {
	return filter{
		reason: "MemberOf placement constraint unsatisfied.",
		fits: func(n *node, r Request) bool {
			if len(r.Members) == 0 {
				return true
			}
			facts := n.known(r)
			for _, q := range r.Members {
				if !q.Holds(facts) {
					return false
				}
			}
			return true
		},
		explain: func(nodes []*node, r Request) string {
			return fmt.Sprintf("None of %d nodes is what %d memberOf expressions ask for.", len(nodes), len(r.Members))
		},
	}
}
