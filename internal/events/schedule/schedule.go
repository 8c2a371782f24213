// Package schedule reads AWS's schedule expressions, and tells when they are
// due: rate(5 minutes), cron(0 12 * * ? *), at(2026-01-01T00:00:00).
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
package schedule

import (
	"errors"
	"regexp"
	"strconv"
	"time"
)

// Schedule is a read expression.
type Schedule struct {
	every time.Duration // of a rate
	cron  *cron
	once  string // of at, without a zone
}

// ErrSyntax is the error of whatever is no expression.
var ErrSyntax = errors.New("the schedule expression is not valid")

var (
	rateForm = regexp.MustCompile(`^rate\(\s*([1-9][0-9]{0,8})\s+(minutes?|hours?|days?)\s*\)$`)
	cronForm = regexp.MustCompile(`^cron\((.*)\)$`)
	atForm   = regexp.MustCompile(`^at\(([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})\)$`)
)

const atLayout = "2006-01-02T15:04:05"

// Parse reads an expression. A rate of one has its unit in the singular, and no
// other has.
func Parse(text string) (Schedule, error) {
	if m := rateForm.FindStringSubmatch(text); m != nil {
		n, err := strconv.Atoi(m[1])
		unit := map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}[m[2][0]]
		plural := m[2][len(m[2])-1] == 's'
		if err != nil || plural != (n > 1) || n > int(1<<62/unit) {
			return Schedule{}, ErrSyntax
		}
		return Schedule{every: time.Duration(n) * unit}, nil
	}
	if m := cronForm.FindStringSubmatch(text); m != nil {
		c, err := parseCron(m[1])
		return Schedule{cron: c}, err
	}
	if m := atForm.FindStringSubmatch(text); m != nil {
		if _, err := time.Parse(atLayout, m[1]); err != nil {
			return Schedule{}, ErrSyntax
		}
		return Schedule{once: m[1]}, nil
	}
	return Schedule{}, ErrSyntax
}

// Once tells whether it is due once.
func (s Schedule) Once() bool { return s.once != "" }

// Rate tells whether it is a rate, which counts from when it was made.
func (s Schedule) Rate() bool { return s.every > 0 }

// Next is when it is due next after a moment; false when never again. from is
// where a rate counts from. zone is whose clock a cron expression and a moment
// are by: what that clock leaves out is not due, what it shows twice is once.
func (s Schedule) Next(after, from time.Time, zone *time.Location) (time.Time, bool) {
	switch {
	case s.every > 0:
		if after.Before(from) {
			return from.Add(s.every), true
		}
		return from.Add((after.Sub(from)/s.every + 1) * s.every), true
	case s.cron != nil:
		return s.cron.next(after, zone)
	}
	at, err := time.ParseInLocation(atLayout, s.once, zone)
	return at, err == nil && at.After(after)
}
