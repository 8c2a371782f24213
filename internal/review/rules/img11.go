package rules

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/hatoba/hatoba/internal/review"
)

var img11 = review.Rule{
	ID:       "IMG-11",
	Pillar:   review.Performance,
	Severity: review.Low,
	Sources:  []string{"S0:16", "S0:19"},
	Title: review.Text{
		EN: "apt's lists and cache are removed in the layer that made them",
		JA: "apt の一覧とキャッシュを同じレイヤーで消す",
	},
	Why: review.Text{
		EN: "The lists of one apt-get update are tens of megabytes which nobody reads again, and a later RUN cannot take them out of the layer.",
		JA: "apt-get update の一覧は数十 MB あり、二度と読まれません。後の RUN では、そのレイヤーから取り除けません。",
	},
	Todo: review.Text{
		EN: "End the RUN with && rm -rf /var/lib/apt/lists/*, or mount a cache on /var/lib/apt and /var/cache/apt.",
		JA: "同じ RUN の最後に && rm -rf /var/lib/apt/lists/* を書くか、/var/lib/apt と /var/cache/apt にキャッシュをマウントしてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartDockerfile}, Run: img11Dockerfile},
		{Needs: []review.Part{review.PartImage}, Run: img11Image},
	},
}

// leftover is what a package manager's cache may weigh in an image: empty
// folders and locks are no finding.
const leftover = 1e6

func img11Dockerfile(s *review.Subject) (out []review.Outcome) {
	d := s.Dockerfile.Value
	runs := 0
	imageRuns(d, func(run *instructions.RunCommand, calls []call) {
		for _, p := range packageCalls(calls) {
			if p.family != "apt" || !p.installs() && !p.upgrades() && p.verb != "update" {
				continue
			}
			runs++
			if !removes(calls, "/var/lib/apt/lists") && !cached(run, "/var/lib/apt/lists") {
				out = append(out, review.Failed(d.At(run.Location()), "%s %s leaves /var/lib/apt/lists in the layer", "%s %s が /var/lib/apt/lists をレイヤーに残す", p.name(), p.verb))
			}
			break
		}
	})
	if len(out) == 0 {
		out = append(out, review.Passed(review.Place{File: d.File}, "RUNs of the image that use apt: %d, and none leaves its cache", "apt を使う RUN は %d 個で、キャッシュは残していない", runs))
	}
	return out
}

func img11Image(s *review.Subject) []review.Outcome {
	i := s.Image.Value
	bytes, layer := cacheBytes(i, func(file string) bool {
		return strings.HasPrefix(file, "var/lib/apt/lists/") || strings.HasPrefix(file, "var/cache/apt/")
	})
	if bytes > leftover {
		return []review.Outcome{review.Failed(i.At(), "%s of apt lists and cache, most of it in layer %s", "apt の一覧とキャッシュが %s(主にレイヤー %s)", size(bytes), layerName(i, layer))}
	}
	return []review.Outcome{review.Passed(i.At(), "no apt lists and cache in the image", "イメージにapt の一覧とキャッシュはない")}
}
