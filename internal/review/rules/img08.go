package rules

import (
	"slices"
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/hatoba/hatoba/internal/review"
)

var img08 = review.Rule{
	ID:       "IMG-08",
	Pillar:   review.Operations,
	Severity: review.Info,
	Sources:  []string{"S0:18"},
	Title: review.Text{
		EN: "Packages are listed in alphabetical order",
		JA: "パッケージはアルファベット順に並べる",
	},
	Why: review.Text{
		EN: "In a sorted list nobody names a package twice, and a review shows at a glance what came and went.",
		JA: "順に並んでいれば二重の指定がなくなり、レビューで増減が一目で分かります。",
	},
	Todo: review.Text{
		EN: "Write one package per line, sorted.",
		JA: "1 行に 1 パッケージずつ、順に並べて書いてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartDockerfile}, Run: img08Dockerfile},
	},
}

func img08Dockerfile(s *review.Subject) (out []review.Outcome) {
	d := s.Dockerfile.Value
	lists := 0
	allRuns(d, func(_ int, run *instructions.RunCommand, calls []call) {
		for _, p := range packageCalls(calls) {
			if !p.installs() || len(p.packages) < 3 { // two are seen at a glance
				continue
			}
			lists++
			if a, b := unsorted(p.packages); a != "" {
				out = append(out, review.Failed(d.At(run.Location()), "%s %s: %s stands before %s", "%s %s: %s が %s より前にある", p.name(), p.verb, a, b))
			}
		}
	})
	if len(out) == 0 {
		out = append(out, review.Passed(review.Place{File: d.File}, "lists of three packages or more: %d, all sorted", "3 個以上のパッケージ一覧は %d 個で、すべて順に並んでいる", lists))
	}
	return out
}

// unsorted are the first two packages in wrong order. Whether a hyphen counts
// differs from one sorting program to the next: both are order enough.
func unsorted(packages []string) (a, b string) {
	var names []string
	for _, p := range packages {
		if name, _, _ := strings.Cut(strings.ToLower(p), "="); !strings.Contains(name, "$") {
			names = append(names, name)
		}
	}
	letters := make([]string, len(names))
	for i, n := range names {
		letters[i] = strings.NewReplacer("-", "", "_", "", ".", "", "+", "", ":", "").Replace(n)
	}
	if slices.IsSorted(names) || slices.IsSorted(letters) {
		return "", ""
	}
	for i := 1; i < len(names); i++ {
		if names[i] < names[i-1] {
			return names[i-1], names[i]
		}
	}
	return "", ""
}
