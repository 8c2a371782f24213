package state

import (
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// Alarm is a CloudWatch alarm: one of Metric and Composite, complete as
// DescribeAlarms shows it. ID: its name. What it watches and does is written by
// the CloudWatch operations and, for the alarms of scaling policies, by
// Application Auto Scaling; its State… members by control/alarm, and by
// SetAlarmState.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_MetricAlarm.html
type Alarm struct {
	Metric    *types.MetricAlarm
	Composite *types.CompositeAlarm
	Tags      map[string]string
	// Acted is the state that the actions of a composite alarm were last
	// performed for, or passed over for want of any. Where it is not its state,
	// its suppressor holds them back. Writer: as of its State… members.
	Acted types.StateValue
}

// Name is the alarm's name.
func (a Alarm) Name() string {
	if a.Composite != nil {
		return aws.ToString(a.Composite.AlarmName)
	}
	if a.Metric != nil {
		return aws.ToString(a.Metric.AlarmName)
	}
	return ""
}

// ARN is the alarm's ARN.
func (a Alarm) ARN() string {
	if a.Composite != nil {
		return aws.ToString(a.Composite.AlarmArn)
	}
	if a.Metric != nil {
		return aws.ToString(a.Metric.AlarmArn)
	}
	return ""
}

// AlarmARN names an alarm.
func (s Scope) AlarmARN(name string) string { return s.ARN("cloudwatch", "alarm:"+name) }

// AlarmHistory is something that happened to an alarm, which may be deleted
// since. ID: AlarmHistoryID. Writer: who makes it happen, in the same
// transaction; control/alarm deletes it after 30 days.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_AlarmHistoryItem.html
type AlarmHistory struct{ Item types.AlarmHistoryItem }

// AlarmHistoryID is the store id of an item: those of an alarm are in their
// order.
func AlarmHistoryID(alarm string, at time.Time, n int) string {
	return fmt.Sprintf("%s/%020d-%04d", alarm, at.UnixNano(), n)
}

// Value is the alarm's state: OK, ALARM or INSUFFICIENT_DATA.
func (a Alarm) Value() types.StateValue {
	if a.Composite != nil {
		return a.Composite.StateValue
	}
	if a.Metric != nil {
		return a.Metric.StateValue
	}
	return types.StateValueInsufficientData
}
