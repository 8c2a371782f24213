package rules

import (
	"path"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var rls10 = review.Rule{
	ID:       "RLS-10",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.Codebase},
	Severity: review.Low,
	Sources:  []string{"S3-IaC"},
	Title: review.Text{
		EN: "The infrastructure is code",
		JA: "インフラをコードで管理する",
	},
	Why: review.Text{
		EN: "What was clicked together cannot be reviewed, repeated or brought back.",
		JA: "画面操作で作ったものは、レビューも再現も復元もできません。",
	},
	Todo: review.Text{
		EN: "Describe it with Terraform, CDK, CloudFormation or Pulumi. Code in another repository can be waived with its place.",
		JA: "Terraform、CDK、CloudFormation、Pulumi などで記述してください。別のリポジトリにあるなら、その場所を理由に書いて免除できます。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartSource}, Run: rls10Source},
	},
}

func rls10Source(s *review.Subject) []review.Outcome {
	src := s.Source.Value
	if file := infrastructure(src); file != "" {
		return []review.Outcome{review.Passed(src.Place(file, 1), "%s", "%s", file)}
	}
	return []review.Outcome{review.Failed(review.Place{File: src.Root}, "no Terraform, CDK, CloudFormation or Pulumi stands in the folder", "Terraform、CDK、CloudFormation、Pulumi の定義がない")}
}

// infrastructure is the first file that describes infrastructure; empty if there
// is none.
func infrastructure(src *review.Source) string {
	for _, f := range src.Files {
		base := path.Base(f.Path)
		if strings.HasSuffix(base, ".tf") || strings.HasSuffix(base, ".tf.json") || base == "cdk.json" || base == "Pulumi.yaml" || base == "samconfig.toml" ||
			strings.Contains(f.Text, "AWSTemplateFormatVersion") {
			return f.Path
		}
	}
	return ""
}
