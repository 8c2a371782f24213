// Package schedule tells when a schedule expression of AWS is due: at(…),
// rate(…) and cron(…), in any time zone.
//
// Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
// Source: https://docs.aws.amazon.com/autoscaling/application/userguide/scheduled-scaling-using-cron-expressions.html
package schedule

import (
	"errors"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // zones are known where the machine has no list of them
)

// Schedule is a parsed expression. The zero value is never due.
type Schedule struct {
	at    time.Time
	every time.Duration
	cron  *cron
}

// Kinds of expressions.
const (
	At   = "at"
	Rate = "rate"
	Cron = "cron"
)

// Kind is At, Rate or Cron; "" for the zero value.
func (s Schedule) Kind() string {
	switch {
	case s.cron != nil:
		return Cron
	case s.every > 0:
		return Rate
	case !s.at.IsZero():
		return At
	}
	return ""
}

// Parse reads an expression. The times of at and cron are those of the zone's
// clocks; nil is UTC. An error says what of the expression cannot be read.
func Parse(text string, zone *time.Location) (Schedule, error) {
	if zone == nil {
		zone = time.UTC
	}
	kind, rest, ok := strings.Cut(text, "(")
	body, end := strings.CutSuffix(rest, ")")
	if !ok || !end {
		return Schedule{}, errors.New("it is none of at(yyyy-mm-ddThh:mm:ss), rate(value unit) and cron(fields)")
	}
	switch kind {
	case At:
		at, err := time.ParseInLocation("2006-01-02T15:04:05", body, zone)
		if err != nil {
			return Schedule{}, errors.New("at takes a time as yyyy-mm-ddThh:mm:ss")
		}
		return Schedule{at: at.UTC()}, nil
	case Rate:
		every, err := rate(body)
		return Schedule{every: every}, err
	case Cron:
		c, err := parseCron(body, zone)
		return Schedule{cron: c}, err
	}
	return Schedule{}, errors.New("it is none of at(yyyy-mm-ddThh:mm:ss), rate(value unit) and cron(fields)")
}

// longest is the longest rate: what is longer could not be added to a time.
const longest = 100 * 365 * 24 * time.Hour

// rate reads "5 minutes". AWS wants the singular for one and the plural for
// more.
func rate(body string) (time.Duration, error) {
	number, unit, _ := strings.Cut(body, " ")
	n, err := strconv.Atoi(number)
	if err != nil || n < 1 {
		return 0, errors.New("rate takes a positive whole number and a unit")
	}
	units := map[string]time.Duration{"minute": time.Minute, "hour": time.Hour, "day": 24 * time.Hour}
	name, plural := strings.CutSuffix(unit, "s")
	every, ok := units[name]
	if !ok || plural != (n > 1) {
		return 0, errors.New("the unit of a rate is minute, hour or day for 1, and minutes, hours or days for more")
	}
	if n > int(longest/every) {
		return 0, errors.New("the rate is too long")
	}
	return time.Duration(n) * every, nil
}

// Next is the first time after a given one at which the schedule is due; zero and
// false when there is none. A rate counts from anchor, which itself is not due.
func (s Schedule) Next(after, anchor time.Time) (time.Time, bool) {
	switch s.Kind() {
	case At:
		if s.at.After(after) {
			return s.at, true
		}
	case Rate:
		if after.Before(anchor) {
			after = anchor
		}
		return anchor.Add(after.Sub(anchor).Truncate(s.every) + s.every).UTC(), true
	case Cron:
		return s.cron.next(after)
	}
	return time.Time{}, false
}

// Last is the last time up to now at which the schedule is due, after a given
// one; false when there is none. It looks back further and further: a schedule
// that is due often is found near.
func (s Schedule) Last(after, anchor, now time.Time) (last time.Time, found bool) {
	for back := time.Minute; ; back *= 4 {
		from := now.Add(-back)
		if from.Before(after) {
			from = after
		}
		for t, ok := s.Next(from, anchor); ok && !t.After(now); t, ok = s.Next(t, anchor) {
			last, found = t, true
		}
		if found || !from.After(after) {
			return last, found
		}
	}
}
