package events

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/service/scheduler/types"

	"github.com/hatoba/hatoba/internal/schedule"
	"github.com/hatoba/hatoba/internal/state"
)

// Due is when a schedule is due next after a moment; nil when it is not any
// more, or is disabled. A rate counts from its start, else from when it was
// made.
//
// Source: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
func Due(s state.EventSchedule, after time.Time) *time.Time {
	parsed, ok := expression(s)
	if !ok || s.State == types.ScheduleStateDisabled {
		return nil
	}
	if parsed.Kind() == schedule.At { // start and end are ignored, as on AWS
		return next(parsed, after, s.CreatedAt)
	}
	anchor := anchorOf(s)
	if before := anchor.Add(-time.Second); s.From != nil && after.Before(before) {
		if parsed.Kind() == schedule.Rate {
			return limit(s, &anchor) // the start itself is due
		}
		after = before
	}
	return limit(s, next(parsed, after, anchor))
}

// First is when a schedule that was just made is due first. A moment that comes
// once may have passed: AWS takes it, and it is only late.
func First(s state.EventSchedule, now time.Time) *time.Time {
	if parsed, ok := expression(s); ok && parsed.Kind() == schedule.At {
		return Due(s, time.Time{})
	}
	return Due(s, now)
}

// Changed is when a schedule is due next after a change of it. A moment that
// has passed is due when it is another one than before: nothing is done twice
// because its description is changed.
func Changed(old, s state.EventSchedule, now time.Time) *time.Time {
	if old.Expression == s.Expression && old.Zone == s.Zone {
		return Due(s, now)
	}
	return First(s, now)
}

// Missed is when a schedule whose Next has come was due last: Next, unless that
// was missed and others after it.
func Missed(s state.EventSchedule, now time.Time) time.Time {
	if s.To != nil && s.To.Before(now) {
		now = *s.To
	}
	if parsed, ok := expression(s); ok {
		if last, ok := parsed.Last(*s.Next, anchorOf(s), now); ok {
			return last
		}
	}
	return *s.Next
}

// expression is what a schedule's expression says in its zone; it was checked
// when it was made.
func expression(s state.EventSchedule) (schedule.Schedule, bool) {
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		return schedule.Schedule{}, false
	}
	parsed, err := schedule.Parse(s.Expression, zone)
	return parsed, err == nil
}

// anchorOf is what a rate counts from.
func anchorOf(s state.EventSchedule) time.Time {
	if s.From != nil {
		return *s.From
	}
	return s.CreatedAt
}

func next(s schedule.Schedule, after, anchor time.Time) *time.Time {
	at, ok := s.Next(after, anchor)
	if !ok {
		return nil
	}
	return &at
}

func limit(s state.EventSchedule, at *time.Time) *time.Time {
	if at == nil || s.To != nil && at.After(*s.To) {
		return nil
	}
	return at
}
