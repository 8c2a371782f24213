// Package logpattern is how the awslogs driver tells where an event of several
// lines begins: by awslogs-datetime-format or awslogs-multiline-pattern.
//
// Source: https://docs.docker.com/engine/logging/drivers/awslogs/
package logpattern

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/hatoba/hatoba/internal/expression"
)

// The options.
const (
	DatetimeFormat   = "awslogs-datetime-format"
	MultilinePattern = "awslogs-multiline-pattern"
)

// Parse reads the options of a container: the pattern that a line matches with
// which an event begins, nil when every line is an event.
func Parse(options map[string]string) (*regexp.Regexp, error) {
	format, pattern := options[DatetimeFormat], options[MultilinePattern]
	_, both := options[DatetimeFormat]
	if _, has := options[MultilinePattern]; has && both {
		return nil, fmt.Errorf("you cannot configure log opt '%s' and '%s' at the same time", DatetimeFormat, MultilinePattern)
	}
	if format != "" {
		var err error
		if pattern, err = fromDatetime(format); err != nil {
			return nil, err
		}
	}
	if pattern == "" {
		return nil, nil
	}
	compiled, err := expression.Compile(pattern)
	if err != nil {
		return nil, fmt.Errorf("awslogs could not parse multiline pattern key %q: %w", pattern, err)
	}
	return compiled, nil
}

// fromDatetime makes a regular expression of a strftime format. What is not a
// sequence is one already: a bracket needs its backslash.
func fromDatetime(format string) (string, error) {
	var out strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			out.WriteByte(format[i])
			continue
		}
		i++
		expression, ok := sequences[format[i]]
		if !ok {
			return "", fmt.Errorf("the sequence %%%c of %s is not known", format[i], DatetimeFormat)
		}
		out.WriteString(expression)
	}
	return out.String(), nil
}

// sequences are those the driver knows.
var sequences = map[byte]string{
	'a': `(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)`,
	'A': `(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)`,
	'w': `[0-6]`,                      // day of the week
	'd': `(?:0[1-9]|[12][0-9]|3[01])`, // day of the month
	'b': `(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)`,
	'B': `(?:January|February|March|April|May|June|July|August|September|October|November|December)`,
	'm': `(?:0[1-9]|1[0-2])`,
	'Y': `[0-9]{4}`,
	'y': `[0-9]{2}`,
	'H': `(?:[01][0-9]|2[0-3])`,
	'I': `(?:0[0-9]|1[0-2])`,
	'p': `[AP]M`,
	'M': `[0-5][0-9]`,
	'S': `[0-5][0-9]`,
	'L': `\.[0-9]{3}`, // milliseconds, with their point
	'f': `[0-9]{6}`,   // microseconds
	'z': `[+-][0-9]{4}`,
	'Z': `[A-Z]{1,4}T`,                           // name of the zone
	'j': `(?:[0-2][0-9]{2}|3[0-5][0-9]|36[0-6])`, // day of the year
	'%': `%`,
}
