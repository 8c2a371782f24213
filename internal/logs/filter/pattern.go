// Package filter reads and matches CloudWatch Logs filter patterns: terms, JSON
// conditions and space-delimited fields.
// https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
package filter

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// maxLength is AWS's bound on a pattern, in characters.
const maxLength = 1024

// Pattern is a filter pattern. It may be used by many at once.
type Pattern struct {
	expr expr
}

// expr is a condition on a message, or on a field of it.
type expr struct {
	match func(b []byte) bool
	// needles are strings of which every match holds at least one; nil when
	// nothing is known.
	needles []string
}

// SyntaxError tells why a pattern is none. Its text is for the user, in AWS's
// words as far as they are known.
type SyntaxError struct{ text string }

// Error returns the text.
func (e *SyntaxError) Error() string { return e.text }

func invalid(format string, args ...any) error {
	return &SyntaxError{"Invalid filter pattern: " + fmt.Sprintf(format, args...)}
}

// Parse reads a pattern. An empty or blank one matches everything. Every error
// is a *SyntaxError.
func Parse(text string) (*Pattern, error) {
	if utf8.RuneCountInString(text) > maxLength {
		return nil, invalid("it is longer than %d characters", maxLength)
	}
	p := &parser{rest: strings.TrimSpace(text)}
	var e expr
	var err error
	switch {
	case p.rest == "":
		e = expr{match: func([]byte) bool { return true }}
	case p.rest[0] == '{':
		e, err = p.json()
	case p.rest[0] == '[':
		e, err = p.fields()
	default:
		e, err = p.terms()
	}
	if err != nil {
		return nil, err
	}
	return &Pattern{expr: e}, nil
}

// Match tells whether the pattern matches a message.
func (p *Pattern) Match(message []byte) bool { return p.expr.match(message) }

// Needles returns strings of which every matching message holds at least one,
// nil when nothing is known.
func (p *Pattern) Needles() []string { return p.expr.needles }

// maxNeedles is how many needles are worth looking for.
const maxNeedles = 8

// both returns what is known when both conditions hold: the rarer of two, and
// the longest is taken for that.
func both(a, b []string) []string {
	if shortest(b) > shortest(a) {
		return b
	}
	return a
}

// either returns what is known when one of two conditions holds.
func either(a, b []string) []string {
	if a == nil || b == nil || len(a)+len(b) > maxNeedles {
		return nil
	}
	return append(a[:len(a):len(a)], b...)
}

// shortest is the length of the shortest needle, 0 when there is none.
func shortest(needles []string) int {
	n := 0
	for _, s := range needles {
		if s != escaped && (n == 0 || len(s) < n) {
			n = len(s)
		}
	}
	return n
}
