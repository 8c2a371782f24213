package cloudwatch

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const alarmsPage = 50

// describeAlarms lists alarms by name. Without AlarmTypes it gives metric
// alarms, as AWS does.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_DescribeAlarms.html
func (s *Service) describeAlarms(ctx context.Context, caller wire.Caller, in *cloudwatch.DescribeAlarmsInput) (*cloudwatch.DescribeAlarmsOutput, error) {
	size, err := checkDescribeAlarms(in)
	if err != nil {
		return nil, err
	}
	var found []state.Alarm
	err = s.cfg.Store.View(ctx, func(r store.Reader) error {
		found, err = findAlarms(r, caller.Scope, in)
		return err
	})
	if err != nil {
		return nil, err
	}
	page, next, err := wire.Cut("alarms", found, state.Alarm.Name, in.NextToken, size)
	if err != nil {
		return nil, badToken()
	}
	out := &cloudwatch.DescribeAlarmsOutput{NextToken: next, MetricAlarms: []types.MetricAlarm{}, CompositeAlarms: []types.CompositeAlarm{}}
	for _, a := range page {
		a = briefly(a, in)
		if a.Composite != nil {
			out.CompositeAlarms = append(out.CompositeAlarms, *a.Composite)
		} else {
			out.MetricAlarms = append(out.MetricAlarms, *a.Metric)
		}
	}
	return out, nil
}

func checkDescribeAlarms(in *cloudwatch.DescribeAlarmsInput) (size int, err error) {
	size, ok := wire.PageSize(in.MaxRecords, alarmsPage, maxAlarmsAtOnce)
	if !ok {
		return 0, validation("1 validation error detected: Value '%d' at 'maxRecords' failed to satisfy constraint: %s", size, wire.ValueWithin(size, 1, maxAlarmsAtOnce))
	}
	related := 0
	for _, name := range []*string{in.ChildrenOfAlarmName, in.ParentsOfAlarmName} {
		if name != nil {
			related++
		}
	}
	others := len(in.AlarmNames) > 0 || in.AlarmNamePrefix != nil || len(in.AlarmTypes) > 0 || in.StateValue != "" || in.ActionPrefix != nil
	switch {
	case related > 1 || related == 1 && others:
		return 0, validation("ChildrenOfAlarmName and ParentsOfAlarmName cannot be specified with other parameters than MaxRecords and NextToken")
	case len(in.AlarmNames) > 0 && in.AlarmNamePrefix != nil:
		return 0, combination("AlarmNamePrefix and AlarmNames cannot be specified together.")
	case len(in.AlarmNames) > maxAlarmsAtOnce:
		return 0, alarmNames(in.AlarmNames)
	case in.StateValue != "" && !slices.Contains(in.StateValue.Values(), in.StateValue):
		return 0, enum(string(in.StateValue), "stateValue", in.StateValue.Values())
	}
	return size, checkAlarmTypes(in.AlarmTypes)
}

func checkAlarmTypes(list []types.AlarmType) error {
	for _, t := range list {
		if t == "LogAlarm" {
			return unsupported("alarms on log queries (LogAlarm)")
		}
		if t != types.AlarmTypeCompositeAlarm && t != types.AlarmTypeMetricAlarm {
			return enum(string(t), "alarmTypes", []types.AlarmType{types.AlarmTypeCompositeAlarm, types.AlarmTypeMetricAlarm})
		}
	}
	return nil
}

// ofTypes tells whether alarms of a type are asked for.
func ofTypes(composite bool, list []types.AlarmType) bool {
	if composite {
		return slices.Contains(list, types.AlarmTypeCompositeAlarm)
	}
	return len(list) == 0 || slices.Contains(list, types.AlarmTypeMetricAlarm)
}

func findAlarms(r store.Reader, scope state.Scope, in *cloudwatch.DescribeAlarmsInput) (out []state.Alarm, err error) {
	switch {
	case in.ChildrenOfAlarmName != nil:
		of, ok := store.Alarms.Get(r, scope.Key(*in.ChildrenOfAlarmName))
		if !ok || of.Composite == nil {
			return nil, validation("The composite alarm %s does not exist", *in.ChildrenOfAlarmName)
		}
		names := childrenOf(*of.Composite)
		for name, a := range store.Alarms.List(r, scope, "") {
			if names[name.ID] {
				out = append(out, a)
			}
		}
	case in.ParentsOfAlarmName != nil:
		if _, ok := store.Alarms.Get(r, scope.Key(*in.ParentsOfAlarmName)); !ok {
			return nil, validation("The alarm %s does not exist", *in.ParentsOfAlarmName)
		}
		for _, a := range store.Alarms.List(r, scope, "") {
			if a.Composite != nil && childrenOf(*a.Composite)[*in.ParentsOfAlarmName] {
				out = append(out, a)
			}
		}
	default:
		for _, a := range store.Alarms.List(r, scope, aws.ToString(in.AlarmNamePrefix)) {
			if len(in.AlarmNames) > 0 && !slices.Contains(in.AlarmNames, a.Name()) || !ofTypes(a.Composite != nil, in.AlarmTypes) ||
				in.StateValue != "" && a.Value() != in.StateValue || in.ActionPrefix != nil && !hasAction(a, *in.ActionPrefix) {
				continue
			}
			out = append(out, a)
		}
	}
	return out, nil
}

func hasAction(a state.Alarm, prefix string) bool {
	var lists [][]string
	if c := a.Composite; c != nil {
		lists = [][]string{c.OKActions, c.AlarmActions, c.InsufficientDataActions}
	} else {
		lists = [][]string{a.Metric.OKActions, a.Metric.AlarmActions, a.Metric.InsufficientDataActions}
	}
	return slices.ContainsFunc(slices.Concat(lists...), func(arn string) bool { return strings.HasPrefix(arn, prefix) })
}

// briefly leaves what AWS tells of an alarm's children and parents.
func briefly(a state.Alarm, in *cloudwatch.DescribeAlarmsInput) state.Alarm {
	switch {
	case in.ChildrenOfAlarmName != nil && a.Composite != nil:
		c := a.Composite
		a.Composite = &types.CompositeAlarm{AlarmName: c.AlarmName, AlarmArn: c.AlarmArn, StateValue: c.StateValue, StateUpdatedTimestamp: c.StateUpdatedTimestamp}
	case in.ChildrenOfAlarmName != nil:
		m := a.Metric
		a.Metric = &types.MetricAlarm{AlarmName: m.AlarmName, AlarmArn: m.AlarmArn, StateValue: m.StateValue, StateUpdatedTimestamp: m.StateUpdatedTimestamp}
	case in.ParentsOfAlarmName != nil:
		a.Composite = &types.CompositeAlarm{AlarmName: a.Composite.AlarmName, AlarmArn: a.Composite.AlarmArn}
	}
	return a
}
