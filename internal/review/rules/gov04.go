package rules

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

var gov04 = review.Rule{
	ID:       "GOV-04",
	Pillar:   review.Operations,
	Severity: review.Low,
	Sources:  []string{"S2-Tags"},
	Title: review.Text{
		EN: "Tags follow one scheme and stay within AWS's limits",
		JA: "タグの付け方が統一され、AWS の制限内に収まる",
	},
	Why: review.Text{
		EN: "Env and env are two tags: reports and policies see half of the resources each. A tag beyond the limits stops the deployment.",
		JA: "Env と env は別のタグになり、集計やポリシーの対象が分かれます。制限を超えるタグはデプロイを止めます。",
	},
	Todo: review.Text{
		EN: "Use one spelling per key everywhere; at most 50 tags, keys to 128 and values to 256 characters, none beginning with aws:.",
		JA: "キーの表記を統一してください。タグは 50 個まで、キーは 128 文字、値は 256 文字までで、aws: で始めることはできません。",
	},
	Checks: []review.Check{
		{Needs: []review.Part{review.PartTaskDef}, Run: func(s *review.Subject) []review.Outcome {
			td := s.TaskDef.Value
			return gov04Tags(td.Tags, map[string]string{}, func(i int) review.Place { return td.At("tags", i) })
		}},
		{Needs: []review.Part{review.PartService}, Run: func(s *review.Subject) []review.Outcome {
			seen := map[string]string{}
			if s.TaskDef.OK {
				for _, t := range s.TaskDef.Value.Tags {
					seen[strings.ToLower(str(t.Key))] = str(t.Key)
				}
			}
			return gov04Tags(s.Service.Value.Tags, seen, func(i int) review.Place { return s.Service.Value.At("tags", i) })
		}},
	},
}

// gov04Tags looks at one list of tags; seen are spellings of lists before it.
func gov04Tags(tags []types.Tag, seen map[string]string, at func(int) review.Place) (out []review.Outcome) {
	if len(tags) > 50 {
		out = append(out, review.Failed(at(50), "%d tags; AWS takes 50", "タグが %d 個(上限は 50)", len(tags)))
	}
	here := map[string]bool{}
	for i, t := range tags {
		key, value := str(t.Key), str(t.Value)
		low := strings.ToLower(key)
		switch other := seen[low]; {
		case here[key]:
			out = append(out, review.Failed(at(i), "the tag %s stands here twice", "タグ %s が重複している", key))
		case other != "" && other != key:
			out = append(out, review.Failed(at(i), "the tag %s is also spelt %s", "タグ %s は %s とも書かれている", key, other))
		case strings.HasPrefix(low, "aws:"):
			// What AWS itself puts on a live resource is no tag of the user's,
			// but no definition may ask for it.
			if !strings.HasPrefix(at(i).File, "arn:") {
				out = append(out, review.Failed(at(i), "the tag %s: aws: belongs to AWS", "タグ %s: aws: は AWS の予約", key))
			}
		case key == "" || len([]rune(key)) > 128 || len([]rune(value)) > 256:
			out = append(out, review.Failed(at(i), "the tag %q is empty or too long", "タグ %q が空か長すぎる", key))
		}
		seen[low], here[key] = key, true
	}
	if len(out) == 0 {
		out = append(out, review.Passed(at(0), "tags: %d, spelt alike", "タグ %d 個、表記は統一されている", len(tags)))
	}
	return out
}
