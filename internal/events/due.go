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
	zone, err := time.LoadLocation(s.Zone)
	if err != nil || s.State == types.ScheduleStateDisabled {
		return nil
	}
	parsed, err := schedule.Parse(s.Expression, zone)
	if err != nil {
		return nil
	}
	anchor := s.CreatedAt
	if s.From != nil && parsed.Kind() != schedule.At {
		anchor = *s.From
		if before := anchor.Add(-time.Second); after.Before(before) {
			if parsed.Kind() == schedule.Rate {
				return limit(s, anchor) // the start itself is due
			}
			after = before
		}
	}
	next, ok := parsed.Next(after, anchor)
	if !ok {
		return nil
	}
	return limit(s, next)
}

func limit(s state.EventSchedule, at time.Time) *time.Time {
	if s.To != nil && at.After(*s.To) {
		return nil
	}
	return &at
}
