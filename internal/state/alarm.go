package state

import "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

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
