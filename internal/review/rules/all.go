package rules

import "github.com/hatoba/hatoba/internal/review"

// All lists the rules, by group and number.
func All() []*review.Rule {
	return []*review.Rule{
		// Configuration and secrets
		&cfg05,
		&cfg07,
		&cfg09,
		&cfg10,
		&cfg11,
		&cfg12,
		&cfg15,
		// Container image
		&img02,
		&img16,
		// Build, release, run
		&rls17,
		&rls20,
		// Disposability
		&dsp01,
		&dsp02,
		// Logs
		&log03,
		&log07,
		&log11,
		&log12,
		&log13,
		&log14,
		&log15,
		&log16,
		&log23,
		// Scaling, sizing, placement
		&scl01,
		&scl05,
		&scl06,
		&scl12,
		&scl13,
		// Access and network
		&sec01,
		&sec03,
		&sec06,
		// Operations and governance
		&gov01,
		&gov04,
	}
}
