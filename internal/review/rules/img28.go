package rules

import (
	"regexp"

	"github.com/hatoba/hatoba/internal/review"
)

var img28 = review.Rule{
	ID:       "IMG-28",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.BuildReleaseRun},
	Severity: review.Low,
	Sources:  []string{"S1:75", "S1:76"},
	Title: review.Text{
		EN: "The Dockerfile is linted in the pipeline",
		JA: "パイプラインで Dockerfile を lint する",
	},
	Why: review.Text{
		EN: "What only a person checks is checked until the person is busy.",
		JA: "人だけが確認するものは、その人が忙しくなると確認されません。",
	},
	Todo: review.Text{
		EN: "Run hadolint, docker build --check or hatoba review in CI.",
		JA: "CI で hadolint、docker build --check、hatoba review のいずれかを実行してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartSource}, Run: img28Source},
	},
}

var img28Step = regexp.MustCompile(`(?i)hadolint|build\s+--check|dockerfile-?lint|hatoba review|trivy (config|conf)|checkov`)

func img28Source(s *review.Subject) []review.Outcome {
	return inPipeline(s, img28Step, review.Say("no step lints the Dockerfile", "Dockerfile を lint するステップがない"))
}
