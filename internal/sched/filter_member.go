package sched

import "fmt"

// members keeps the nodes for which all of a request's queries hold.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement-constraints.html
func members() filter {
	return filter{
		reason: "MemberOf placement constraint unsatisfied.",
		fits: func(s Snapshot, n *candidate, r Request) bool {
			if len(r.Members) == 0 {
				return true
			}
			facts := n.known(s, r)
			for _, q := range r.Members {
				if !q.Holds(facts) {
					return false
				}
			}
			return true
		},
		explain: func(s Snapshot, nodes []*candidate, r Request) string {
			return fmt.Sprintf("None of %d nodes is what %d memberOf expressions ask for.", len(nodes), len(r.Members))
		},
	}
}
