package sched

import (
	"fmt"
	"strings"
)

// distinct keeps nodes without a task of the same group, for requests whose
// group must be on distinct instances.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_PlacementConstraint.html
func distinct() filter {
	return filter{
		reason: "DistinctInstance placement constraint unsatisfied.",
		fits:   func(s *Snapshot, n Candidate, r *Request) bool { return !r.Distinct || count(n.groups, r.Group) == 0 },
		explain: func(s *Snapshot, nodes []Candidate, r *Request) string {
			_, group, _ := strings.Cut(r.Group, " ")
			return fmt.Sprintf("Each of %d nodes has a task of the group %s already.", len(nodes), group)
		},
	}
}
