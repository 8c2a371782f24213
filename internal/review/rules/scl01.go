package rules

import (
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var scl01 = review.Rule{
	ID:       "SCL-01",
	Pillar:   review.Reliability,
	Factors:  []review.Factor{review.Concurrency},
	Severity: review.Medium,
	Sources:  []string{"S1:83"},
	Title: review.Text{
		EN: "More than one task serves",
		JA: "二つ以上のタスクで動かす",
	},
	Why: review.Text{
		EN: "One task is one failure away from none, and grows only by making it bigger.",
		JA: "タスクが一つでは、一度の障害で全停止し、負荷が増えても大きくするしかありません。",
	},
	Todo: review.Text{
		EN: "Set desiredCount to 2 or more and the autoscaling minimum likewise; if there may only be one, waive this and say why.",
		JA: "desiredCount とオートスケーリングの最小値を 2 以上にしてください。一つしか動かせないなら、理由を書いて waiver に入れてください。",
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartService}, Run: scl01Count}},
}

func scl01Count(s *review.Subject) []review.Outcome {
	service := s.Service.Value
	at := service.At("desiredCount")
	if service.SchedulingStrategy == types.SchedulingStrategyDaemon {
		return []review.Outcome{review.Passed(service.At("schedulingStrategy"), "a daemon runs on every host", "デーモンは全ホストで動く")}
	}
	if s.Live.OK && s.Live.Value.Scaling.OK && s.Live.Value.Scaling.Value.Registered {
		scaling := s.Live.Value.Scaling.Value
		switch {
		case scaling.Max < 2:
			return []review.Outcome{review.Failed(at, "autoscaling runs %d to %d tasks", "オートスケーリングの範囲は %d〜%d タスク", scaling.Min, scaling.Max)}
		case scaling.Min < 2:
			return []review.Outcome{review.Failed(at, "autoscaling may go down to %d of at most %d tasks", "オートスケーリングで %d タスクまで減りうる(最大 %d)", scaling.Min, scaling.Max)}
		}
		return []review.Outcome{review.Passed(at, "autoscaling runs %d to %d tasks", "オートスケーリングの範囲は %d〜%d タスク", scaling.Min, scaling.Max)}
	}
	switch count, said := desired(service); {
	case !said:
		return []review.Outcome{review.Unexamined(at, review.Say("set desiredCount, or review the running service: its autoscaling may say", "desiredCount を設定するか、稼働中のサービスをレビューしてください(オートスケーリングで分かります)"),
			"the definition does not say how many tasks", "定義にタスク数がない")}
	case count < 2:
		return []review.Outcome{review.Failed(at, "desiredCount is %d", "desiredCount が %d", count)}
	default:
		return []review.Outcome{review.Passed(at, "desiredCount is %d", "desiredCount は %d", count)}
	}
}
