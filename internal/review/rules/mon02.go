package rules

import (
	"github.com/hatoba/hatoba/internal/review"
)

var mon02 = review.Rule{
	ID:       "MON-02",
	Pillar:   review.Operations,
	Severity: review.Medium,
	Sources:  []string{"S0:36"},
	Title: review.Text{
		EN: "Requests and response times are measured",
		JA: "リクエスト数と応答時間が計測されている",
	},
	Why: review.Text{
		EN: "They are what users feel. CPU can be fine while every request fails.",
		JA: "利用者が感じるのはこの二つです。CPU が正常でも全リクエストが失敗していることがあります。",
	},
	Todo: review.Text{
		EN: "Put the service behind an Application Load Balancer that gets traffic, or publish the two as metrics of your own.",
		JA: "リクエストを受ける Application Load Balancer の背後に置くか、自分でメトリクスとして送ってください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartLive}, Run: mon02Live},
	},
}

func mon02Live(s *review.Subject) []review.Outcome {
	l := s.Live.Value
	switch {
	case !l.Service.OK:
		return []review.Outcome{unread(l.Service, liveAt(s), "")}
	case len(l.Service.Value.LoadBalancers) == 0:
		return []review.Outcome{review.Passed(liveAt(s), "the service is behind no load balancer: it gets no requests of that kind", "ロードバランサーの背後になく、この種のリクエストは受けない")}
	case !l.Metrics.OK:
		return []review.Outcome{unread(l.Metrics, liveAt(s), "")}
	case !l.TargetGroups.OK:
		return []review.Outcome{unread(l.TargetGroups, liveAt(s), "")}
	}
	for _, g := range l.TargetGroups.Value {
		if g.Protocol != "HTTP" && g.Protocol != "HTTPS" {
			return []review.Outcome{review.Unexamined(liveAt(s), review.Say("look whether the service publishes request metrics itself", "サービス自身がリクエストのメトリクスを送っているか確認してください"),
				"target group %s speaks %s: its balancer counts connections, not requests", "ターゲットグループ %s は %s で、ロードバランサーはリクエストではなく接続を数える", g.Name, g.Protocol)}
		}
	}
	return wantMetrics(s, "AWS/ApplicationELB/RequestCount", "AWS/ApplicationELB/TargetResponseTime")
}
