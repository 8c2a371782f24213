package rules

import (
	"regexp"

	"github.com/hatoba/hatoba/internal/review"
)

var img25 = review.Rule{
	ID:       "IMG-25",
	Pillar:   review.Security,
	Factors:  []review.Factor{review.BuildReleaseRun},
	Severity: review.Medium,
	Sources:  []string{"S1:78", "S1:79"},
	Title: review.Text{
		EN: "The pipeline fails on known vulnerabilities",
		JA: "既知の脆弱性があればパイプラインが失敗する",
	},
	Why: review.Text{
		EN: "A scan whose result stops nothing is read by nobody.",
		JA: "結果が何も止めないスキャンは、誰にも読まれません。",
	},
	Todo: review.Text{
		EN: "Run Trivy, Grype or another scanner with an exit code in CI, and mend findings by upgrading.",
		JA: "CI で Trivy や Grype などを終了コード付きで実行し、検出したものはアップグレードで直してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartSource}, Run: img25Source},
	},
}

var img25Step = regexp.MustCompile(`(?i)\b(trivy|grype|snyk|osv-scanner|docker scout|inspector|clair|anchore|npm audit|pip-audit|govulncheck|bundle.audit|cargo audit)\b`)

func img25Source(s *review.Subject) []review.Outcome {
	return inPipeline(s, img25Step, review.Say("no step scans for vulnerabilities", "脆弱性をスキャンするステップがない"))
}
