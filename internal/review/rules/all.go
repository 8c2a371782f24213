package rules

import "github.com/hatoba/hatoba/internal/review"

// All lists the rules, by group and number.
func All() []*review.Rule {
	return []*review.Rule{
		// Configuration and secrets
		&cfg05,
		// Container image
		&img16,
		&img22,
		&img23,
		// Disposability
		&dsp01,
	}
}
