package rules

import (
	"regexp"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/code"
)

var rls11 = review.Rule{
	ID:       "RLS-11",
	Pillar:   review.Operations,
	Factors:  []review.Factor{review.Codebase},
	Severity: review.Low,
	Sources:  []string{"S3-IaC"},
	Title: review.Text{
		EN: "Definitions take ids from what made them, not as literals",
		JA: "定義の ID は、作成元の出力から受け取る(直書きしない)",
	},
	Why: review.Text{
		EN: "A subnet or group that is made anew has another id; the definition goes on naming the old one until a deployment fails.",
		JA: "サブネットやグループを作り直すと ID は変わります。定義に古い ID が残り、デプロイの失敗で初めて気づきます。",
	},
	Todo: review.Text{
		EN: "Take the ids from Terraform's state ({{ tfstate }}), from stack outputs or from parameters.",
		JA: "ID は Terraform の state({{ tfstate }})、スタックの出力、パラメーターから受け取ってください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartSource}, Run: rls11Source},
	},
}

var literalID = regexp.MustCompile(`\b((?:subnet|sg|vpc)-[0-9a-f]{8}(?:[0-9a-f]{9})?)\b|(arn:aws[a-z-]*:elasticloadbalancing:[^"'\s{]+)`)

func rls11Source(s *review.Subject) (out []review.Outcome) {
	src, looked := s.Source.Value, 0
	for _, f := range src.Files {
		if code.Aside(f.Path) || !deployed.MatchString(f.Text) {
			continue
		}
		looked++
		for i, line := range splitLines(f.Text) {
			if id := literalID.FindString(line); id != "" {
				out = append(out, review.Failed(src.Place(f.Path, i+1), "%s stands here as a literal", "%s が直書きされている", id))
			}
		}
	}
	switch {
	case looked == 0:
		return []review.Outcome{review.Unexamined(review.Place{File: src.Root}, review.Say("point --source at the folder that has the definitions", "--source で定義のあるフォルダーを指定してください"), "there are no task or service definitions in the source folder", "ソースフォルダーにタスク定義もサービス定義もない")}
	case len(out) == 0:
		out = append(out, review.Passed(review.Place{File: src.Root}, "%d definition(s), no id of a subnet, group or balancer in them", "定義 %d 件に、サブネット、グループ、ロードバランサーの ID の直書きはない", looked))
	}
	return out
}

// deployed is a file that is a task or service definition.
var deployed = regexp.MustCompile(`"?(containerDefinitions|awsvpcConfiguration|serviceName)"?\s*:`)
