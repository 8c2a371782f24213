package rules

import (
	"regexp"

	"github.com/hatoba/hatoba/internal/review"
)

var log21 = review.Rule{
	ID:       "LOG-21",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.Logs},
	Severity: review.Low,
	Sources:  []string{"S1:87"},
	Title: review.Text{
		EN: "Log lines carry an id of the request",
		JA: "ログの行にリクエストの ID が含まれる",
	},
	Why: review.Text{
		EN: "When something fails, the lines of one request must be found among those of thousands.",
		JA: "障害のとき、何千ものリクエストの中から一つのリクエストの行を見つけられる必要があります。",
	},
	Todo: review.Text{
		EN: "Put a request or trace id into every line that a request causes, and hand it on to the services called.",
		JA: "リクエストが出すすべての行にリクエスト ID かトレース ID を入れ、呼び出し先のサービスにも渡してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartLive}, Run: log21Live},
	},
}

func log21Live(s *review.Subject) []review.Outcome {
	return eachLog(s, func(container string, lines []string) review.Outcome {
		n, name := 0, ""
		for _, line := range lines {
			if m := requestID.FindStringSubmatch(line); m != nil {
				n, name = n+1, m[1]
			}
		}
		switch {
		case n > 0: // lines of start-up and of timers have none
			return review.Passed(liveAt(s), "container %s: %d of its latest %d lines carry %s", "コンテナ %s: 最新 %[3]d 行のうち %[2]d 行に %[4]s がある", container, n, len(lines), name)
		case len(lines) < 10:
			return review.Unexamined(liveAt(s), review.Say("send the service some requests, then review", "サービスにリクエストをいくつか送ってからレビューしてください"),
				"container %s: %d lines are too few to tell", "コンテナ %s: %d 行だけでは判断できない", container, len(lines))
		}
		return review.Failed(liveAt(s), "container %s: none of its latest %d lines carries an id of a request or trace", "コンテナ %s: 最新 %d 行のどれにもリクエストやトレースの ID がない", container, len(lines))
	})
}

var requestID = regexp.MustCompile(`(?i)\b((?:x[-_.]?)?(?:amzn[-_.]?)?(?:request|req|trace|transaction|correlation|span)[-_.]?id)\b["']?\s*[:=]\s*["']?[\w-]|(?i)\b(X-Amzn-Trace-Id)\b`)
