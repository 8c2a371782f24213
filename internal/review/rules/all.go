package rules

import "github.com/hatoba/hatoba/internal/review"

// All lists the rules, by group and number.
func All() []*review.Rule {
	return []*review.Rule{
		// Configuration and secrets
		&cfg05,
		&cfg06,
		&cfg08,
		&cfg13,
		&cfg14,
		&cfg16,
		&cfg17,
		// Container image
		&img16,
		// Disposability
		&dsp01,
	}
}
