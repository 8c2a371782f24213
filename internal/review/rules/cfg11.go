package rules

import (
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var cfg11 = review.Rule{
	ID:       "CFG-11",
	Pillar:   review.Security,
	Factors:  []review.Factor{review.Config},
	Severity: review.Low,
	Sources:  []string{"S0:10"},
	Title: review.Text{
		EN: "The version of a secret is left to the store",
		JA: "シークレットのバージョンはストアに任せる",
	},
	Why: review.Text{
		EN: "A pinned version id goes on being used after the secret was rotated, until the old value stops working.",
		JA: "バージョン ID を固定すると、ローテーション後も古い値を使い続け、いずれ認証に失敗します。",
	},
	Todo: review.Text{
		EN: "Leave version-stage and version-id empty, or name AWSCURRENT.",
		JA: "version-stage と version-id は空にするか、AWSCURRENT を指定してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: cfg11TaskDef},
	},
}

func cfg11TaskDef(s *review.Subject) (out []review.Outcome) {
	td := s.TaskDef.Value
	eachSecret(td, func(at review.Place, container, name, from string) {
		fields := strings.Split(from, ":")
		if !strings.Contains(from, ":secretsmanager:") || len(fields) != 10 {
			return
		}
		stage, id := fields[8], fields[9]
		switch {
		case id != "":
			out = append(out, review.Failed(at, "container %s: %s is pinned to version %s", "コンテナ %s: %s がバージョン %s に固定されている", container, name, id))
		case stage != "" && stage != "AWSCURRENT":
			out = append(out, review.Failed(at, "container %s: %s takes the stage %s", "コンテナ %s: %s が %s ステージを使う", container, name, stage))
		}
	})
	if len(out) == 0 {
		out = append(out, review.Passed(td.At("containerDefinitions"), "every secret is taken at its current version", "どのシークレットも現行バージョンを使う"))
	}
	return out
}
