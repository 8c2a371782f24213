package rules

import (
	"regexp"

	"github.com/hatoba/hatoba/internal/review"
)

var rls07 = review.Rule{
	ID:       "RLS-07",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.BuildReleaseRun},
	Severity: review.Medium,
	Sources:  []string{"S1:56", "S1:57", "S1:58"},
	Title: review.Text{
		EN: "The pipeline builds, pushes and deploys",
		JA: "パイプラインがビルド、プッシュ、デプロイまで行う",
	},
	Why: review.Text{
		EN: "A step that a person types is typed differently one day, and nobody else can do it.",
		JA: "人が打つ手順は、いつか違う打ち方をされ、他の人には実行できません。",
	},
	Todo: review.Text{
		EN: "Let CI build the image, push it to the registry and deploy the service.",
		JA: "イメージのビルド、レジストリへのプッシュ、サービスのデプロイを CI で行ってください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartSource}, Run: rls07Source},
	},
}

var rls07Step = regexp.MustCompile(`(?i)ecspresso\s+deploy|amazon-ecs-deploy|ecs\s+update-service|ecs-deploy|codedeploy|deploy create-deployment|copilot\s+(svc\s+)?deploy|cdk\s+deploy|terraform\b.*\bapply|imagedefinitions|appspec|helm upgrade|kubectl apply|hatoba`)

func rls07Source(s *review.Subject) []review.Outcome {
	return inPipeline(s, rls07Step, review.Say("no step deploys the service", "サービスをデプロイするステップがない"))
}
