package sched

import "fmt"

// members keeps the nodes for which all of a request's queries hold.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-placement-constraints.html
func members() filter {
	return filter{
		reason: "MemberOf placement constraint unsatisfied.",
		fits: func(s *Snapshot, n Candidate, r *Request) bool {
			if len(r.Members) == 0 {
				return true
			}
			facts := s.known(n, *r)
			for _, q := range r.Members {
				if !q.Holds(facts) {
					return false
				}
			}
			return true
		},
		explain: func(s *Snapshot, nodes []Candidate, r *Request) string {
			return fmt.Sprintf("None of %d nodes is what %d memberOf expressions ask for.", len(nodes), len(r.Members))
		},
	}
}
