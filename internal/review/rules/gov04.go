package rules

import (
	"strings"

	"github.com/hatoba/hatoba/internal/review"
)

var gov04 = review.Rule{
	ID:       "GOV-04",
	Pillar:   review.Operations,
	Severity: review.Low,
	Sources:  []string{"S2-Tags"},
	Title: review.Text{
		EN: "Tags follow one strategy and are not overdone",
		JA: "タグは一つの方針に沿い、増やしすぎない",
	},
	Why: review.Text{
		EN: "Owner beside owner is two groups in every report, and nobody keeps thirty tags right.",
		JA: "Owner と owner が混ざると集計では別物になり、30 個のタグを正しく保てる人はいません。",
	},
	Todo: review.Text{
		EN: "Settle one spelling for each key, and keep those that somebody uses.",
		JA: "キーの綴りを一つに決め、実際に使うものだけを残してください。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: gov04TaskDef},
		{Needs: []review.Part{review.PartService}, Run: gov04Service},
	},
}

// manyTags is where tags stop being looked at; AWS allows 50.
const manyTags = 20

func gov04TaskDef(s *review.Subject) []review.Outcome {
	td := s.TaskDef.Value
	return gov04Tags(td.At("tags"), keys(td.Tags))
}

func gov04Service(s *review.Subject) []review.Outcome {
	service := s.Service.Value
	return gov04Tags(service.At("tags"), keys(service.Tags))
}

func gov04Tags(at review.Place, keys []string) (out []review.Outcome) {
	if len(keys) > manyTags {
		out = append(out, review.Failed(at, "%d tags", "タグが %d 個", len(keys)))
	}
	plain := strings.NewReplacer("-", "", "_", "", " ", "", ".", "")
	seen := map[string]string{}
	for _, key := range keys {
		same := strings.ToLower(plain.Replace(key))
		if other, ok := seen[same]; ok && other != key {
			out = append(out, review.Failed(at, "%s and %s are one thing spelled twice", "%s と %s は同じものの別表記", other, key))
		}
		seen[same] = key
	}
	if len(out) == 0 {
		out = append(out, review.Passed(at, "%d tag(s), each spelled one way", "タグ %d 個、表記のゆれなし", len(keys)))
	}
	return out
}
