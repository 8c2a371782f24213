package cloudwatch

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/state"
)

// The bounds of alarms.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_limits.html
const (
	maxAlarms           = 5000
	maxAlarmDescription = 1024
	maxActions          = 5
	maxAlarmsAtOnce     = 100
	maxAlarmTags        = 50
)

// alarmName checks an alarm's name.
func alarmName(name *string) error {
	switch n := aws.ToString(name); {
	case n == "":
		return missing("AlarmName")
	case utf8.RuneCountInString(n) > maxName:
		return validation("1 validation error detected: Value '%s' at 'alarmName' failed to satisfy constraint: Member must have length less than or equal to %d", n, maxName)
	case !utf8.ValidString(n) || strings.ContainsFunc(n, unicode.IsControl):
		return validation("AlarmName must contain UTF-8 characters only, and no control characters")
	}
	return nil
}

func alarmNames(names []string) error {
	switch {
	case len(names) == 0:
		return missing("AlarmNames")
	case len(names) > maxAlarmsAtOnce:
		return validation("1 validation error detected: Value at 'alarmNames' failed to satisfy constraint: Member must have length less than or equal to %d", maxAlarmsAtOnce)
	}
	return nil
}

func alarmDescription(text *string) error {
	if utf8.RuneCountInString(aws.ToString(text)) > maxAlarmDescription {
		return validation("1 validation error detected: Value at 'alarmDescription' failed to satisfy constraint: Member must have length less than or equal to %d", maxAlarmDescription)
	}
	return nil
}

// alarmActions checks the lists of actions, each once. Composite alarms scale
// nothing.
func alarmActions(scope state.Scope, composite bool, lists ...[]string) error {
	for _, list := range lists {
		if len(list) > maxActions {
			return validation("An alarm must have at most %d actions for each state", maxActions)
		}
		for i, action := range list {
			if slices.Contains(list[:i], action) {
				return validation("The action %s is given twice", action)
			}
			if err := alarmAction(scope, composite, action); err != nil {
				return err
			}
		}
	}
	return nil
}

// alarmAction takes the ARNs of SNS topics and of Application Auto Scaling's
// policies, and refuses the others by name.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-actions.html
func alarmAction(scope state.Scope, composite bool, arn string) error {
	parts := strings.SplitN(arn, ":", 6)
	if len(arn) > 1024 || len(parts) < 6 || parts[0] != "arn" || parts[5] == "" {
		return validation("Invalid arn syntax: %s", arn)
	}
	service, region, resource := parts[2], parts[3], parts[5]
	switch {
	case service == "automate" || service == "swf":
		return unsupported("alarm actions on EC2 instances (" + arn + ")")
	case service == "lambda" || service == "ssm" || service == "ssm-incidents" || service == "aiops" || service == "ssm-contacts":
		return unsupported("alarm actions of the service " + service + " (" + arn + ")")
	case service == "autoscaling" && !strings.Contains(resource, ":resource/"):
		return unsupported("alarm actions on EC2 Auto Scaling groups (" + arn + ")")
	case service == "autoscaling" && composite:
		return validation("Composite alarms cannot have Auto Scaling actions: %s", arn)
	case service != "sns" && service != "autoscaling", service == "autoscaling" && !strings.HasPrefix(resource, "scalingPolicy:"):
		return validation("Invalid arn syntax: %s", arn)
	case region != scope.Region:
		return validation("Invalid region %s specified. Only %s is supported.", region, scope.Region)
	case service == "sns" && strings.Contains(resource, ":"):
		return validation("Invalid arn syntax: %s", arn)
	case parts[4] != scope.Account:
		return unsupported("alarm actions in other accounts (" + arn + ")")
	}
	return nil
}

// actionConfiguration refuses by name what changes notifications.
func actionConfiguration(c *types.ActionConfiguration) error {
	if c != nil && c.AlarmTagsPropagation != nil {
		return unsupported("ActionConfiguration.AlarmTagsPropagation of alarms")
	}
	return nil
}

func orTrue(b *bool) *bool {
	if b == nil {
		return aws.Bool(true)
	}
	return b
}

func actionList(list []string) []string { return append([]string{}, list...) }
