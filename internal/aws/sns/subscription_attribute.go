package sns

import (
	"context"
	"strings"

	"github.com/hatoba/hatoba/internal/notify"
	"github.com/hatoba/hatoba/internal/state"
)

// checkSubscriptionAttribute refuses what a subscription cannot have, and by
// name what it can have on AWS alone. An empty value takes an attribute away.
func (s *Service) checkSubscriptionAttribute(ctx context.Context, scope state.Scope, name, value string) error {
	switch name {
	case "DeliveryPolicy":
		if value == "" {
			return nil
		}
		var p notify.DeliveryPolicy
		if err := strict(value, &p); err != nil {
			return invalid("DeliveryPolicy: %v", err)
		}
		return checkPolicy(p)
	case "FilterPolicy":
		if value == "" {
			return nil
		}
		if err := notify.CheckFilter(value); err != nil {
			return invalid("FilterPolicy: %v", err)
		}
	case "FilterPolicyScope":
		if value != "" && value != "MessageAttributes" && value != "MessageBody" {
			return invalid("FilterPolicyScope Reason: it is MessageAttributes or MessageBody")
		}
	case "RawMessageDelivery":
		if value != "" && value != "true" && value != "false" {
			return invalid("RawMessageDelivery Reason: Invalid value [%s]. Must be true or false.", value)
		}
	case "RedrivePolicy":
		return s.checkRedrive(ctx, scope, value)
	case "SubscriptionRoleArn":
		return invalid("SubscriptionRoleArn Reason: it is of Firehose subscriptions, which Hatoba has not")
	case "ReplayPolicy", "ReplayStatus":
		return invalid("%s Reason: it is of FIFO topics, which Hatoba has not", name)
	default:
		return invalid("AttributeName")
	}
	return nil
}

// checkRedrive takes a log group for dead letters, where AWS has a queue.
func (s *Service) checkRedrive(ctx context.Context, scope state.Scope, value string) error {
	if value == "" {
		return nil
	}
	var p struct {
		ARN string `json:"deadLetterTargetArn"`
	}
	if err := strict(value, &p); err != nil || p.ARN == "" {
		return invalid("RedrivePolicy: JSON of the form {\"deadLetterTargetArn\": \"...\"} is asked for")
	}
	group := scope.ARN("logs", "log-group:")
	switch {
	case strings.HasPrefix(p.ARN, "arn:aws:sqs:"):
		return invalid("RedrivePolicy: deadLetterTargetArn: Hatoba has no queues; name a log group of this account: %sNAME", group)
	case !strings.HasPrefix(p.ARN, group):
		return invalid("RedrivePolicy: deadLetterTargetArn: name a log group of this account and region: %sNAME", group)
	case !s.cfg.HasLogGroup(ctx, p.ARN):
		return invalid("RedrivePolicy: deadLetterTargetArn: the log group does not exist: %s", p.ARN)
	}
	return nil
}
