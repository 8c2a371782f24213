package rules

import (
	"regexp"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var mon09 = review.Rule{
	ID:       "MON-09",
	Pillar:   review.Reliability,
	Severity: review.Medium,
	Sources:  []string{"S0:37"},
	Title: review.Text{
		EN: "Alarms exist for errors and for slow responses",
		JA: "エラーと応答遅延のアラームがある",
	},
	Why: review.Text{
		EN: "Without an alarm the users notice first.",
		JA: "アラームがなければ、最初に気づくのは利用者です。",
	},
	Todo: review.Text{
		EN: "Make alarms on failed work (5xx, error lines of the log, unhealthy targets) and, where requests are served, on response time.",
		JA: "失敗(5xx、ログのエラー行、異常なターゲット)と、リクエストを受ける場合は応答時間に、アラームを作ってください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartLive}, Run: mon09Live},
	},
}

func mon09Live(s *review.Subject) (out []review.Outcome) {
	l := s.Live.Value
	if !l.Alarms.OK {
		return []review.Outcome{unread(l.Alarms, liveAt(s), "")}
	}
	var failing, slow []string
	for _, a := range l.Alarms.Value {
		switch {
		case a.Scaling || a.Composite:
		case alarmOnErrors.MatchString(a.Metric):
			failing = append(failing, a.Name)
		case alarmOnLatency.MatchString(a.Metric):
			slow = append(slow, a.Name)
		}
	}
	if len(failing) > 0 {
		out = append(out, review.Passed(liveAt(s), "alarms on failures: %s", "失敗のアラーム: %s", strings.Join(failing, ", ")))
	} else {
		out = append(out, review.Failed(liveAt(s), "none of the %d alarms of the service is on failures", "サービスの %d 個のアラームに、失敗を見るものがない", len(l.Alarms.Value)))
	}
	switch {
	case len(slow) > 0:
		out = append(out, review.Passed(liveAt(s), "alarms on response time: %s", "応答時間のアラーム: %s", strings.Join(slow, ", ")))
	case len(l.Service.Value.LoadBalancers) > 0:
		out = append(out, review.Failed(liveAt(s), "the service is behind a load balancer, and no alarm is on response time", "ロードバランサーの背後にあるのに、応答時間のアラームがない"))
	}
	return out
}

var (
	alarmOnErrors  = regexp.MustCompile(`(?i)5xx|error|fail|fault|exception|unhealthy|healthyhost|runningtaskcount|restart`)
	alarmOnLatency = regexp.MustCompile(`(?i)latency|responsetime|duration|elapsed`)
)
