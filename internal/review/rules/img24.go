package rules

import (
	"maps"
	"slices"
	"time"

	"github.com/hatoba/hatoba/internal/review"
)

var img24 = review.Rule{
	ID:       "IMG-24",
	Pillar:   review.Security,
	Severity: review.Medium,
	Sources:  []string{"S0:24", "S1:78"},
	Title: review.Text{
		EN: "Every running image was scanned within the last 30 days",
		JA: "実行中のイメージは 30 日以内にスキャンされている",
	},
	Why: review.Text{
		EN: "New flaws are found in old images. An image that was clean when it was built is not clean for ever.",
		JA: "古いイメージにも新しい脆弱性が見つかります。ビルド時に問題がなくても、ずっと安全とは限りません。",
	},
	Todo: review.Text{
		EN: "Turn on continuous (enhanced) scanning of the registry, or start a scan by a schedule.",
		JA: "レジストリの継続スキャン(拡張スキャン)を有効にするか、定期的にスキャンを実行してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartLive}, Run: img24Live},
	},
}

func img24Live(s *review.Subject) (out []review.Outcome) {
	const month = 30 * 24 * time.Hour
	l := s.Live.Value
	if !l.Tasks.OK {
		return append(out, unread(l.Tasks, liveAt(s), ""))
	}
	for _, digest := range slices.Sorted(maps.Keys(l.Scans)) {
		g := l.Scans[digest]
		at, age := review.Place{File: g.Value.Repository + "@" + digest}, s.Now.Sub(g.Value.Done)
		switch {
		case !g.OK:
			out = append(out, unread(g, liveAt(s), digest))
		case g.Value.Done.IsZero():
			out = append(out, review.Failed(at, "runs, and ECR has never scanned it", "実行中だが、ECR でスキャンされたことがない"))
		case age > month:
			out = append(out, review.Failed(at, "was last scanned %d days ago", "最後のスキャンは %d 日前", int(age.Hours()/24)))
		default:
			out = append(out, review.Passed(at, "was scanned %d days ago: %d critical and %d high findings", "%d 日前にスキャン済み: 緊急 %d 件、重要 %d 件", int(age.Hours()/24), g.Value.Critical, g.Value.High))
		}
	}
	if len(out) == 0 {
		out = append(out, review.Unexamined(liveAt(s), review.Say("scan the image with a tool of your own, and give its result with --evidence", "お使いのツールでイメージをスキャンし、結果を --evidence で渡してください"),
			"no running task has an image of ECR", "ECR のイメージを使う実行中のタスクがない"))
	}
	return out
}
