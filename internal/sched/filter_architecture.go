package sched

import (
	"fmt"
	"slices"
	"strings"
)

// architecture keeps nodes of the architecture asked for.
func architecture() filter {
	return filter{
		reason: "ATTRIBUTE",
		fits: func(s *Snapshot, n Candidate, r *Request) bool {
			return r.Arch == "" || strings.EqualFold(n.Arch, r.Arch)
		},
		explain: func(s *Snapshot, nodes []Candidate, r *Request) string {
			var have []string
			for _, n := range nodes {
				have = append(have, n.Arch)
			}
			slices.Sort(have)
			return fmt.Sprintf("runtimePlatform.cpuArchitecture asks for %s; the %d connected nodes are %s.",
				strings.ToUpper(r.Arch), len(nodes), strings.ToUpper(strings.Join(slices.Compact(have), ", ")))
		},
	}
}
