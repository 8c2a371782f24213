package rules

import (
	"github.com/moby/buildkit/frontend/dockerfile/instructions"

	"github.com/hatoba/hatoba/internal/review"
)

var img09 = review.Rule{
	ID:       "IMG-09",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Dependencies},
	Severity: review.Medium,
	Sources:  []string{"S0:18"},
	Title: review.Text{
		EN: "update and install share one RUN",
		JA: "update と install を一つの RUN で行う",
	},
	Why: review.Text{
		EN: "The build cache keeps the update: weeks later a changed install works on the old lists and finds packages gone or outdated.",
		JA: "update がビルドキャッシュに残るため、後で install だけを変えると古い一覧を使い、パッケージが見つからなかったり古かったりします。",
	},
	Todo: review.Text{
		EN: "Write RUN apt-get update && apt-get install -y … in one instruction.",
		JA: "RUN apt-get update && apt-get install -y … のように一つの命令に書いてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartDockerfile}, Run: img09Dockerfile},
	},
}

func img09Dockerfile(s *review.Subject) (out []review.Outcome) {
	d := s.Dockerfile.Value
	alone := map[string]review.Place{} // family: a RUN that only updates
	stage := -1
	allRuns(d, func(n int, run *instructions.RunCommand, calls []call) {
		if n != stage {
			stage = n
			clear(alone)
		}
		updates, brings := map[string]bool{}, map[string]bool{}
		for _, p := range packageCalls(calls) {
			updates[p.family] = updates[p.family] || p.verb == "update" && p.family != "yum" || p.verb == "makecache"
			brings[p.family] = brings[p.family] || p.installs() || p.upgrades()
		}
		for _, family := range sortedKeys(brings) {
			if at, ok := alone[family]; ok && brings[family] && !updates[family] {
				out = append(out, review.Failed(at, "%s: the lists are updated here and used in the RUN of line %d", "%s: 一覧の更新はここ、利用は %d 行目の RUN", family, d.At(run.Location()).Line))
				delete(alone, family)
			}
		}
		for family, yes := range updates {
			if yes && !brings[family] {
				alone[family] = d.At(run.Location())
			}
		}
	})
	if len(out) == 0 {
		out = append(out, review.Passed(review.Place{File: d.File}, "no RUN installs from lists that another RUN updated", "別の RUN で更新した一覧を使う install はない"))
	}
	return out
}
