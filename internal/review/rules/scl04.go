package rules

import (
	"github.com/hatoba/hatoba/internal/review"
)

var scl04 = review.Rule{
	ID:       "SCL-04",
	Pillar:   review.Cost,
	Severity: review.Low,
	Sources:  []string{"S3-Size"},
	Title: review.Text{
		EN: "What tasks use of what they reserve is measured",
		JA: "予約した量に対する使用量が計測されている",
	},
	Why: review.Text{
		EN: "Who does not compare use with reservation pays for idle CPU and memory, or learns of the lack of it by a kill.",
		JA: "使用量と予約量を比べなければ、余分な CPU やメモリに払い続けるか、強制終了で不足を知ることになります。",
	},
	Todo: review.Text{
		EN: "Turn on Container Insights and compare CpuUtilized with CpuReserved and MemoryUtilized with MemoryReserved.",
		JA: "Container Insights を有効にし、CpuUtilized と CpuReserved、MemoryUtilized と MemoryReserved を比べてください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartLive}, Run: scl04Live},
	},
}

func scl04Live(s *review.Subject) []review.Outcome {
	const space = "ECS/ContainerInsights/"
	return ofRunning(s, space+"CpuUtilized", space+"CpuReserved", space+"MemoryUtilized", space+"MemoryReserved")
}
