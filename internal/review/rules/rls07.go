package rules

import (
	"path"
	"regexp"
	"strings"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/code"
)

var rls07 = review.Rule{
	ID:       "RLS-07",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.BuildReleaseRun},
	Severity: review.Medium,
	Sources:  []string{"S1:56", "S1:57", "S1:58"},
	Title: review.Text{
		EN: `A pipeline builds, pushes and deploys`,
		JA: `ビルド・レジストリ登録・デプロイをパイプラインで自動化`,
	},
	Why: review.Text{
		EN: `A deployment by hand is different every time, and only some people can do it at night.`,
		JA: `手作業のデプロイは毎回異なり、夜間に実施できる人も限られます。`,
	},
	Todo: review.Text{
		EN: `Let the pipeline run the same steps: build, push to the registry, deploy.`,
		JA: `同じ手順(ビルド、レジストリへの push、デプロイ)をパイプラインで実行してください。`,
	},
	Checks: []review.Check{{Needs: []review.Part{review.PartSource}, Run: rls07Source}},
}

var deploys = regexp.MustCompile(`\baws ecs update-service\b|\becspresso deploy\b|amazon-ecs-deploy-task-definition|\becs-deploy\b|\bcdk deploy\b|\bcopilot (svc )?deploy\b|\bterraform apply\b|aws deploy create-deployment|\becs deploy\b|imagedefinitions\.json|imageDetail\.json`)

func rls07Source(s *review.Subject) []review.Outcome {
	src := s.Source.Value
	ci := code.Pipelines(src)
	for _, f := range ci {
		for i, line := range splitLines(f.Text) {
			if what := deploys.FindString(line); what != "" {
				return []review.Outcome{review.Passed(src.Place(f.Path, i+1), "the pipeline deploys: %s", "パイプラインがデプロイする: %s", what)}
			}
		}
	}
	for _, f := range src.Files {
		if base := path.Base(f.Path); len(ci) > 0 || base != "Makefile" && path.Ext(base) != ".sh" || code.Aside(f.Path) {
			continue
		}
		for i, line := range splitLines(code.Uncomment(code.Shell, f.Text)) {
			if what := deploys.FindString(line); what != "" {
				return []review.Outcome{review.Failed(src.Place(f.Path, i+1), "a script deploys (%s), and no pipeline stands beside it", "スクリプトがデプロイし(%s)、パイプラインの定義はない", what)}
			}
		}
	}
	return []review.Outcome{review.Unexamined(review.Place{File: src.Root},
		review.Say("show where the pipeline is that deploys this service", "このサービスをデプロイするパイプラインの場所を示してください"),
		"%d pipeline files, none of which deploys by a command that is known: it may stand elsewhere", "パイプライン定義 %d 個に既知のデプロイ手順はない(別の場所にある可能性)", len(ci))}
}

func splitLines(text string) []string {
	return strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
}
