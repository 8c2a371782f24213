// Package expression compiles regular expressions that users send. Go's match
// in time that grows with the text, but also with the expression, and a
// thousand characters of one can stand for a hundred thousand steps at each of
// the text's: what is larger than anybody means is refused.
package expression

import (
	"fmt"
	"regexp"
	"regexp/syntax"
)

// MaxSteps is how many instructions an expression may have.
const MaxSteps = 4096

// Compile is regexp.Compile within bounds.
func Compile(text string) (*regexp.Regexp, error) {
	parsed, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		return nil, err
	}
	program, err := syntax.Compile(parsed.Simplify())
	if err != nil {
		return nil, err
	}
	if n := len(program.Inst); n > MaxSteps {
		return nil, fmt.Errorf("error parsing regexp: it has %d steps, of which %d are taken: repeat less", n, MaxSteps)
	}
	return regexp.Compile(text)
}
