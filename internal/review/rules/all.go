package rules

import "github.com/hatoba/hatoba/internal/review"

// All lists the rules, by group and number.
func All() []*review.Rule {
	return []*review.Rule{
		// Configuration and secrets
		&cfg03,
		&cfg05,
		&cfg06,
		&cfg08,
		&cfg13,
		&cfg14,
		&cfg16,
		&cfg17,
		// Container image
		&img01,
		&img02,
		&img04,
		&img05,
		&img06,
		&img07,
		&img08,
		&img09,
		&img10,
		&img11,
		&img12,
		&img13,
		&img15,
		&img16,
		&img17,
		&img18,
		&img19,
		&img20,
		&img21,
		&img22,
		&img23,
		&img24,
		&img29,
		&img30,
		&img31,
		&img35,
		// Code base, release, parity, port
		&rls12,
		&rls14,
		&rls17,
		&rls20,
		// Disposability
		&dsp01,
		&dsp02,
		// Logs
		&log03,
		&log06,
		&log10,
		&log11,
		&log12,
		&log13,
		&log14,
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
		// Scaling, sizing, placement
		&scl01,
		&scl04,
		&scl05,
		&scl06,
		&scl07,
		&scl12,
		&scl13,
		&scl14,
		// Access and network
		&sec01,
		&sec03,
		&sec04,
		&sec05,
		&sec06,
		// Operations and governance
		&gov01,
		&gov02,
		&gov04,
	}
}
