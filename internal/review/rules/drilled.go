package rules

import "github.com/hatoba/hatoba/internal/review"

// drilled is the half of a rule that only a drill can answer.
func drilled(rule, drill string) review.Check {
	return review.Check{Needs: []review.Part{review.PartDrill}, Run: func(s *review.Subject) []review.Outcome {
		if out := s.Drills.Value.Outcomes(rule); len(out) > 0 {
			return out
		}
		return []review.Outcome{review.Unexamined(review.Place{}, review.Say("hatoba review --service NAME --drill=%s", "hatoba review --service 名前 --drill=%s", drill),
			"drill %s has not been run", "ドリル %s を実行していない", drill)}
	}}
}

// proven is what a drill adds to a rule that is answered without it, too.
func proven(rule string) review.Check {
	return review.Check{Needs: []review.Part{review.PartDrill}, Extra: true, Run: func(s *review.Subject) []review.Outcome {
		return s.Drills.Value.Outcomes(rule)
	}}
}

// settled is proven of a rule that a drill answers whole: what was seen to
// happen needs no reading of what would.
func settled(rule string) review.Check {
	c := proven(rule)
	c.Settles = true
	return c
}
