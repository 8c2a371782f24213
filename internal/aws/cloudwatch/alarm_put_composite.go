package cloudwatch

import (
	"context"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/alarm"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// maxParents is how many composite alarms may be about one alarm.
const maxParents = 150

// putCompositeAlarm makes or changes a composite alarm. One that comes to depend
// on itself is taken, as AWS does, and not evaluated.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
func (s *Service) putCompositeAlarm(ctx context.Context, caller wire.Caller, in *cloudwatch.PutCompositeAlarmInput) (*cloudwatch.PutCompositeAlarmOutput, error) {
	rule, err := checkCompositeAlarm(caller.Scope, in)
	if err != nil {
		return nil, err
	}
	tags, err := alarmTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	now := s.alarmTime()
	return &cloudwatch.PutCompositeAlarmOutput{}, s.cfg.Store.Update(ctx, func(w store.Writer) error {
		if err := checkChildren(w, caller.Scope, in, rule); err != nil {
			return err
		}
		return s.putAlarm(w, caller.Scope, state.Alarm{Composite: &types.CompositeAlarm{
			AlarmName: in.AlarmName, AlarmArn: aws.String(caller.Scope.AlarmARN(*in.AlarmName)), AlarmDescription: in.AlarmDescription, AlarmRule: in.AlarmRule, AlarmConfigurationUpdatedTimestamp: &now,
			ActionsEnabled: orTrue(in.ActionsEnabled), OKActions: actionList(in.OKActions), AlarmActions: actionList(in.AlarmActions), InsufficientDataActions: actionList(in.InsufficientDataActions),
			ActionsSuppressor: in.ActionsSuppressor, ActionsSuppressorWaitPeriod: in.ActionsSuppressorWaitPeriod, ActionsSuppressorExtensionPeriod: in.ActionsSuppressorExtensionPeriod,
		}}, tags, now)
	})
}

func checkCompositeAlarm(scope state.Scope, in *cloudwatch.PutCompositeAlarmInput) (alarm.Rule, error) {
	if err := alarmName(in.AlarmName); err != nil {
		return alarm.Rule{}, err
	}
	if err := actionConfiguration(in.ActionConfiguration); err != nil {
		return alarm.Rule{}, err
	}
	if err := alarmDescription(in.AlarmDescription); err != nil {
		return alarm.Rule{}, err
	}
	if err := alarmActions(scope, true, in.OKActions, in.AlarmActions, in.InsufficientDataActions); err != nil {
		return alarm.Rule{}, err
	}
	if aws.ToString(in.AlarmRule) == "" {
		return alarm.Rule{}, missing("AlarmRule")
	}
	rule, err := alarm.ParseRule(*in.AlarmRule)
	if err != nil {
		return alarm.Rule{}, validation("AlarmRule is invalid: %v", err)
	}
	wait, extension := in.ActionsSuppressorWaitPeriod, in.ActionsSuppressorExtensionPeriod
	switch {
	case in.ActionsSuppressor == nil && (wait != nil || extension != nil):
		return alarm.Rule{}, validation("ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod can be specified only with ActionsSuppressor")
	case in.ActionsSuppressor != nil && (wait == nil || extension == nil):
		return alarm.Rule{}, validation("ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod are required when ActionsSuppressor is specified")
	case aws.ToInt32(wait) < 0 || aws.ToInt32(extension) < 0:
		return alarm.Rule{}, validation("ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod must not be negative")
	}
	return rule, nil
}

// checkChildren holds that there are the alarms that a composite alarm is about.
func checkChildren(r store.Reader, scope state.Scope, in *cloudwatch.PutCompositeAlarmInput, rule alarm.Rule) error {
	names := map[string]bool{}
	for _, child := range rule.Children {
		name, err := existing(r, scope, child, "AlarmRule")
		if err != nil {
			return err
		}
		if name == *in.AlarmName {
			return validation("AlarmRule must not refer to the alarm itself")
		}
		names[name] = true
	}
	if in.ActionsSuppressor != nil {
		name, err := existing(r, scope, *in.ActionsSuppressor, "ActionsSuppressor")
		if err != nil {
			return err
		}
		if name == *in.AlarmName {
			return validation("ActionsSuppressor must not be the alarm itself")
		}
	}
	parents := map[string]int{}
	for _, a := range store.Alarms.List(r, scope, "") {
		if a.Composite != nil && a.Name() != *in.AlarmName {
			for name := range childrenOf(*a.Composite) {
				parents[name]++
			}
		}
	}
	for name := range names {
		if parents[name] >= maxParents {
			return &types.LimitExceededFault{Message: aws.String("The alarm " + name + " is part of 150 composite alarms already"), ErrorCodeOverride: aws.String("LimitExceeded")}
		}
	}
	return nil
}

// existing is the name of an alarm of this account and region.
func existing(r store.Reader, scope state.Scope, written, parameter string) (string, error) {
	name := alarm.ChildName(written)
	if strings.HasPrefix(written, "arn:") && written != scope.AlarmARN(name) {
		return "", validation("%s refers to %s, which is not in the same account and region", parameter, written)
	}
	if _, ok := store.Alarms.Get(r, scope.Key(name)); !ok {
		return "", validation("%s refers to the alarm %s, which does not exist", parameter, name)
	}
	return name, nil
}

// childrenOf are the names of the alarms that a composite alarm's rule is about.
func childrenOf(c types.CompositeAlarm) map[string]bool {
	out := map[string]bool{}
	rule, err := alarm.ParseRule(aws.ToString(c.AlarmRule))
	if err != nil {
		return out // it was checked when it was made
	}
	for _, child := range rule.Children {
		out[alarm.ChildName(child)] = true
	}
	return out
}
