package rules

import (
	"regexp"

	"github.com/hatoba/hatoba/internal/review"
)

var rls08 = review.Rule{
	ID:       "RLS-08",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.BuildReleaseRun},
	Severity: review.Low,
	Sources:  []string{"S3-CI/CD"},
	Title: review.Text{
		EN: "Changes to the infrastructure go through a pipeline, too",
		JA: "インフラの変更もパイプラインを通す",
	},
	Why: review.Text{
		EN: "Infrastructure that is applied from a laptop is as reproducible as the laptop.",
		JA: "手元の端末から適用したインフラは、その端末の状態に左右されます。",
	},
	Todo: review.Text{
		EN: "Plan and apply Terraform, CDK or CloudFormation in CI; a pipeline of its own elsewhere can be waived with its place.",
		JA: "Terraform、CDK、CloudFormation の適用を CI で行ってください。別のリポジトリにあるなら、その場所を理由に書いて免除できます。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartSource}, Run: rls08Source},
	},
}

var rls08Step = regexp.MustCompile(`(?i)terraform\b.*\b(plan|apply)|tofu\b.*\b(plan|apply)|cdk\s+(deploy|diff)|cloudformation\s+(deploy|create-change-set)|sam\s+deploy|pulumi\s+(up|preview)|tfaction|atlantis`)

func rls08Source(s *review.Subject) []review.Outcome {
	if src := s.Source.Value; infrastructure(src) == "" {
		return []review.Outcome{review.Unexamined(review.Place{File: src.Root},
			review.Say("review the folder that has the infrastructure's code", "インフラのコードがあるフォルダーをレビューしてください"),
			"no infrastructure is described here, so its pipeline stands elsewhere", "インフラの定義がここにない(パイプラインも別の場所にある)")}
	}
	return inPipeline(s, rls08Step, review.Say("no step plans or applies infrastructure", "インフラを適用するステップがない"))
}
