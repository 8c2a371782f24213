package alarm

import (
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// Suppress tells what holds a composite alarm's actions back now, "" when
// nothing does, and until when that is known to last; zero: until the
// suppressor changes. What held them back before is read from the alarm;
// changed says that its state changes now. suppressor is nil when there is none
// any more.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-suppression.html
func Suppress(c types.CompositeAlarm, suppressor *Child, changed bool, now time.Time) (by types.ActionsSuppressedBy, until time.Time) {
	if aws.ToString(c.ActionsSuppressor) == "" || suppressor == nil {
		return "", time.Time{}
	}
	if suppressor.State == types.StateValueAlarm {
		return types.ActionsSuppressedByAlarm, time.Time{}
	}
	switch c.ActionsSuppressedBy {
	case types.ActionsSuppressedByAlarm, types.ActionsSuppressedByExtensionPeriod:
		by, until = types.ActionsSuppressedByExtensionPeriod, suppressor.Since.Add(seconds(c.ActionsSuppressorExtensionPeriod))
		if now.Before(until) {
			return by, until
		}
	}
	switch {
	case changed:
		by, until = types.ActionsSuppressedByWaitPeriod, now.Add(seconds(c.ActionsSuppressorWaitPeriod))
	case c.ActionsSuppressedBy == types.ActionsSuppressedByWaitPeriod:
		by, until = types.ActionsSuppressedByWaitPeriod, aws.ToTime(c.StateTransitionedTimestamp).Add(seconds(c.ActionsSuppressorWaitPeriod))
	default:
		return "", time.Time{}
	}
	if !now.Before(until) {
		return "", time.Time{}
	}
	return by, until
}

func seconds(n *int32) time.Duration { return time.Duration(aws.ToInt32(n)) * time.Second }

// SuppressedReason is how CloudWatch tells of it.
func SuppressedReason(by types.ActionsSuppressedBy) string {
	return "Actions suppressed by " + string(by)
}
