package rules

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var scl01 = review.Rule{
	ID:       "SCL-01",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Concurrency},
	Severity: review.High,
	Sources:  []string{"S1:83"},
	Title: review.Text{
		EN: "More than one task runs, and nothing must be single",
		JA: "タスクは 2 つ以上動かし、単独でなければならないものを作らない",
	},
	Why: review.Text{
		EN: "With one task, every host failure, deployment and crash is an outage.",
		JA: "タスクが 1 つだけだと、ホスト障害もデプロイもクラッシュも、そのまま停止になります。",
	},
	Todo: review.Text{
		EN: "Set desiredCount to 2 or more; move what must be single (a lock, a schedule, a file) out of the service.",
		JA: "desiredCount を 2 以上にし、単独でなければならないもの(ロック、定期処理、ファイル)はサービスの外に出してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartService}, Run: scl01Service},
	},
}

func scl01Service(s *review.Subject) []review.Outcome {
	service := s.Service.Value
	at := service.At("desiredCount")
	switch {
	case service.SchedulingStrategy == types.SchedulingStrategyDaemon:
		return []review.Outcome{review.Passed(at, "a DAEMON service runs one task on each instance", "DAEMON サービスはインスタンスごとに 1 タスク動く")}
	case service.Doc.Get("desiredCount") == nil:
		return []review.Outcome{review.Unexamined(at, review.Say("set desiredCount, or give --service NAME to read what runs", "desiredCount を設定するか、--service NAME で稼働中の値を読ませてください"),
			"the definition has no desiredCount", "定義に desiredCount がない")}
	case service.DesiredCount < 2:
		return []review.Outcome{review.Failed(at, "desiredCount is %d", "desiredCount が %d", service.DesiredCount)}
	}
	out := []review.Outcome{review.Passed(at, "desiredCount is %d", "desiredCount は %d", service.DesiredCount)}
	if d := service.DeploymentConfiguration; d != nil && d.MaximumPercent != nil && *d.MaximumPercent <= 100 && d.MinimumHealthyPercent != nil && *d.MinimumHealthyPercent == 0 {
		out = append(out, review.Failed(service.At("deploymentConfiguration", "minimumHealthyPercent"),
			"deployments stop every task before they start new ones: the service seems to bear only one version at a time",
			"デプロイは全タスクを止めてから新しいタスクを始める: 同時に一つの版しか動けないように見える"))
	}
	return out
}
