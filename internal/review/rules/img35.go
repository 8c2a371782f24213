package rules

import (
	"maps"
	"slices"

	"github.com/hatoba/hatoba/internal/review"
)

var img35 = review.Rule{
	ID:       "IMG-35",
	Pillar:   review.Security,
	Severity: review.Medium,
	Sources:  []string{"S3-Sec"},
	Title: review.Text{
		EN: "The repository is protected: fixed tags, scans, no public access",
		JA: "リポジトリが保護されている: タグの固定、スキャン、公開なし",
	},
	Why: review.Text{
		EN: "Whoever can move a tag decides what the next task runs.",
		JA: "タグを付け替えられる人が、次のタスクで動くものを決められます。",
	},
	Todo: review.Text{
		EN: "Set the tags to IMMUTABLE, turn on scanning, and name who may pull in the repository's policy.",
		JA: "タグを IMMUTABLE にし、スキャンを有効にし、リポジトリポリシーで取得できる相手を限定してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartLive}, Run: img35Live},
	},
}

func img35Live(s *review.Subject) (out []review.Outcome) {
	for _, name := range slices.Sorted(maps.Keys(s.Live.Value.Repositories)) {
		g := s.Live.Value.Repositories[name]
		at, r := review.Place{File: "ecr:" + name}, g.Value
		if !g.OK {
			out = append(out, unread(g, at, ""))
			continue
		}
		if !r.Exists {
			out = append(out, review.Failed(at, "there is no such repository", "このリポジトリは存在しない"))
			continue
		}
		if r.Immutable {
			out = append(out, review.Passed(at, "tags cannot be moved", "タグは付け替えられない"))
		} else {
			out = append(out, review.Failed(at, "tags can be moved to another image (MUTABLE)", "タグを別のイメージに付け替えられる(MUTABLE)"))
		}
		switch {
		case !r.Scanning.OK:
			out = append(out, unread(r.Scanning, at, ""))
		case r.Scanning.Value == "MANUAL":
			out = append(out, review.Failed(at, "images are scanned by hand only", "イメージは手動でしかスキャンされない"))
		default:
			out = append(out, review.Passed(at, "images are scanned: %s", "イメージはスキャンされる: %s", r.Scanning.Value))
		}
		switch {
		case !r.Public.OK:
			out = append(out, unread(r.Public, at, ""))
		case r.Public.Value:
			out = append(out, review.Failed(at, "its policy lets everybody in", "ポリシーが誰にでも許可している"))
		default:
			out = append(out, review.Passed(at, "its policy does not let everybody in", "ポリシーは誰にでも許可してはいない"))
		}
	}
	if len(out) == 0 {
		out = append(out, review.Passed(liveAt(s), "no image of ECR is used", "ECR のイメージは使われていない"))
	}
	return out
}
