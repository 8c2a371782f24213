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
		&img24,
		&img35,
		// Build, release, run
		&rls12,
		// Disposability
		&dsp01,
		// Logs
		&log06,
		&log10,
		&log18,
		&log19,
		&log21,
		// Monitoring and tracing
		&mon01,
		&mon02,
		&mon03,
		&mon09,
		&mon10,
		&mon17,
		&mon19,
		&mon20,
		&mon21,
		// Scaling and sizing
		&scl04,
		&scl07,
		&scl14,
		// Security
		&sec04,
		&sec05,
		// Governance
		&gov02,
	}
}
