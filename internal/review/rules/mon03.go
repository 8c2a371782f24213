package rules

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var mon03 = review.Rule{
	ID:       "MON-03",
	Pillar:   review.Operations,
	Severity: review.Low,
	Sources:  []string{"S0:41"},
	Title: review.Text{
		EN: "Container Insights is on",
		JA: "Container Insights が有効",
	},
	Why: review.Text{
		EN: "CloudWatch gives averages of the service only. Container Insights adds tasks, disk and network, which is where one bad task shows.",
		JA: "標準の CloudWatch はサービスの平均だけです。Container Insights を使うと、異常な一つのタスクやディスク、ネットワークまで見えます。",
	},
	Todo: review.Text{
		EN: "Turn it on: aws ecs update-cluster-settings --cluster NAME --settings name=containerInsights,value=enhanced",
		JA: "有効にしてください: aws ecs update-cluster-settings --cluster NAME --settings name=containerInsights,value=enhanced",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartLive}, Run: mon03Live},
	},
}

func mon03Live(s *review.Subject) []review.Outcome {
	g := s.Live.Value.Cluster
	if !g.OK {
		return []review.Outcome{unread(g, liveAt(s), "")}
	}
	at := review.Place{File: str(g.Value.ClusterArn)}
	for _, setting := range g.Value.Settings {
		if setting.Name != types.ClusterSettingNameContainerInsights {
			continue
		}
		if v := str(setting.Value); v == "enabled" || v == "enhanced" {
			return []review.Outcome{review.Passed(at, "containerInsights is %s", "containerInsights は %s", v)}
		}
		return []review.Outcome{review.Failed(at, "containerInsights is %s", "containerInsights は %s", str(setting.Value))}
	}
	return []review.Outcome{review.Unexamined(at, review.Say("look at the settings of the cluster", "クラスターの設定を確認してください"), "the cluster's answer holds no setting", "クラスターの応答に設定が含まれていない")}
}
