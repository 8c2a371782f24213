package rules

import (
	"strings"

	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/hatoba/hatoba/internal/review"
)

var img13 = review.Rule{
	ID:       "IMG-13",
	Pillar:   review.Performance,
	Severity: review.Low,
	Sources:  []string{"S0:19"},
	Title: review.Text{
		EN: "apk adds with --no-cache",
		JA: "apk は --no-cache で入れる",
	},
	Why: review.Text{
		EN: "Without it the package index stays in the layer and is transferred with every pull; with it no separate apk update is needed either.",
		JA: "付けないとパッケージの索引がレイヤーに残り、pull のたびに転送されます。付ければ apk update も不要です。",
	},
	Todo: review.Text{
		EN: "Write apk add --no-cache, or mount a cache on /var/cache/apk.",
		JA: "apk add --no-cache と書くか、/var/cache/apk にキャッシュをマウントしてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartDockerfile}, Run: img13Dockerfile},
		{Needs: []review.Part{review.PartImage}, Run: img13Image},
	},
}

func img13Dockerfile(s *review.Subject) (out []review.Outcome) {
	d := s.Dockerfile.Value
	runs := 0
	imageRuns(d, func(run *instructions.RunCommand, calls []call) {
		for _, p := range packageCalls(calls) {
			if p.family != "apk" || !p.installs() && !p.upgrades() {
				continue
			}
			runs++
			if !p.has("--no-cache") && !removes(calls, "/var/cache/apk") && !cached(run, "/var/cache/apk") && !cached(run, "/etc/apk/cache") {
				out = append(out, review.Failed(d.At(run.Location()), "%s %s without --no-cache", "%s %s に --no-cache がない", p.name(), p.verb))
			}
			break
		}
	})
	if len(out) == 0 {
		out = append(out, review.Passed(review.Place{File: d.File}, "RUNs of the image that use apk: %d, and none leaves its cache", "apk を使う RUN は %d 個で、キャッシュは残していない", runs))
	}
	return out
}

func img13Image(s *review.Subject) []review.Outcome {
	i := s.Image.Value
	bytes, layer := cacheBytes(i, func(file string) bool {
		return strings.HasPrefix(file, "var/cache/apk/") || strings.HasPrefix(file, "etc/apk/cache/")
	})
	if bytes > leftover {
		return []review.Outcome{review.Failed(i.At(), "%s of apk index, most of it in layer %s", "apk の索引が %s(主にレイヤー %s)", size(bytes), layerName(i, layer))}
	}
	return []review.Outcome{review.Passed(i.At(), "no apk index in the image", "イメージにapk の索引はない")}
}
