package rules

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/hatoba/hatoba/internal/review"
)

var img12 = review.Rule{
	ID:       "IMG-12",
	Pillar:   review.Performance,
	Severity: review.Low,
	Sources:  []string{"S0:19"},
	Title: review.Text{
		EN: "yum's and dnf's cache is cleaned in the layer that made it",
		JA: "yum・dnf のキャッシュを同じレイヤーで消す",
	},
	Why: review.Text{
		EN: "The metadata of the repositories stays in the layer: tens of megabytes with every pull, for nothing.",
		JA: "リポジトリのメタデータがレイヤーに残り、pull のたびに数十 MB を無駄に転送します。",
	},
	Todo: review.Text{
		EN: "End the RUN with && yum clean all (dnf clean all, microdnf clean all), or mount a cache on /var/cache.",
		JA: "同じ RUN の最後に && yum clean all(dnf clean all、microdnf clean all)を書くか、/var/cache にキャッシュをマウントしてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartDockerfile}, Run: img12Dockerfile},
		{Needs: []review.Part{review.PartImage}, Run: img12Image},
	},
}

func img12Dockerfile(s *review.Subject) (out []review.Outcome) {
	d := s.Dockerfile.Value
	runs := 0
	imageRuns(d, func(run *instructions.RunCommand, calls []call) {
		clean := cached(run, "/var/cache/dnf") || cached(run, "/var/cache/yum") || cached(run, "/var/cache/libdnf5") ||
			removes(calls, "/var/cache/dnf") || removes(calls, "/var/cache/yum") || removes(calls, "/var/cache/libdnf5")
		for _, p := range packageCalls(calls) {
			clean = clean || p.family == "yum" && p.verb == "clean"
		}
		for _, p := range packageCalls(calls) {
			if p.family != "yum" || !p.installs() && !p.upgrades() {
				continue
			}
			runs++
			if !clean {
				out = append(out, review.Failed(d.At(run.Location()), "%s %s leaves the metadata of the repositories in the layer", "%s %s がリポジトリのメタデータをレイヤーに残す", p.name(), p.verb))
			}
			break
		}
	})
	if len(out) == 0 {
		out = append(out, review.Passed(review.Place{File: d.File}, "RUNs of the image that use yum: %d, and none leaves its cache", "yum を使う RUN は %d 個で、キャッシュは残していない", runs))
	}
	return out
}

func img12Image(s *review.Subject) []review.Outcome {
	i := s.Image.Value
	bytes, layer := cacheBytes(i, func(file string) bool {
		return strings.HasPrefix(file, "var/cache/yum/") || strings.HasPrefix(file, "var/cache/dnf/") || strings.HasPrefix(file, "var/cache/libdnf5/")
	})
	if bytes > leftover {
		return []review.Outcome{review.Failed(i.At(), "%s of yum or dnf cache, most of it in layer %s", "yum・dnf のキャッシュが %s(主にレイヤー %s)", size(bytes), layerName(i, layer))}
	}
	return []review.Outcome{review.Passed(i.At(), "no yum or dnf cache in the image", "イメージにyum・dnf のキャッシュはない")}
}
