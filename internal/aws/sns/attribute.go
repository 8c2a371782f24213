package sns

import (
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/notify"
	"github.com/hatoba/hatoba/internal/policy"
)

func sorted(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

func count[K, V any](list iter.Seq2[K, V]) (n int) {
	for range list {
		n++
	}
	return n
}

// checkTopicAttribute refuses what a topic cannot have, and by name what it can
// have on AWS alone.
func (s *Service) checkTopicAttribute(name, value string) error {
	switch name {
	case "DisplayName":
		if len(value) > 100 {
			return invalid("DisplayName Reason: it has at most 100 characters")
		}
	case "Policy":
		if value == "" {
			return nil
		}
		if _, err := policy.Parse(value, policy.OfResource); err != nil {
			return invalid("Policy Reason: %v", err)
		}
	case "DeliveryPolicy":
		return checkTopicPolicy(value)
	case "SignatureVersion":
		if value != "" && value != "1" && value != "2" {
			return invalid("Attributes Reason: SignatureVersion must be 1 or 2")
		}
	case "TracingConfig":
		if value != "" && value != "PassThrough" {
			return invalid("TracingConfig Reason: Hatoba has no active tracing of topics; PassThrough is what it has")
		}
	case "FifoTopic":
		if value != "" && value != "false" {
			return invalid("FifoTopic Reason: Hatoba has no FIFO topics")
		}
	case "KmsMasterKeyId":
		if value != "" {
			return invalid("KmsMasterKeyId Reason: Hatoba does not encrypt messages that wait for their delivery under a key of KMS")
		}
	case "ContentBasedDeduplication", "FifoThroughputScope", "ArchivePolicy":
		return invalid("%s Reason: it is of FIFO topics, which Hatoba has not", name)
	default:
		if strings.HasSuffix(name, "FeedbackRoleArn") || strings.HasSuffix(name, "FeedbackSampleRate") {
			return invalid("%s Reason: Hatoba logs no delivery status", name)
		}
		return invalid("AttributeName")
	}
	return nil
}

func checkTopicPolicy(value string) error {
	if value == "" {
		return nil
	}
	var p notify.TopicPolicy
	if err := strict(value, &p); err != nil || p.HTTP == nil {
		return invalid("DeliveryPolicy: JSON of the form {\"http\": {\"defaultHealthyRetryPolicy\": {...}}} is asked for")
	}
	return checkPolicy(notify.DeliveryPolicy{Retry: p.HTTP.Retry, Throttle: p.HTTP.Throttle, Request: p.HTTP.Request})
}

func checkPolicy(p notify.DeliveryPolicy) error {
	if err := p.Retry.Check(); err != nil {
		return invalid("DeliveryPolicy: HTTP healthyRetryPolicy: %v", err)
	}
	if p.Throttle != nil && p.Throttle.PerSecond < 1 {
		return invalid("DeliveryPolicy: throttlePolicy: maxReceivesPerSecond must be at least 1")
	}
	if p.Request != nil && !slices.Contains(contentTypes, p.Request.ContentType) {
		return invalid("DeliveryPolicy: requestPolicy: headerContentType must be one of %s", strings.Join(contentTypes, ", "))
	}
	return nil
}

// contentTypes are those that AWS sends on demand.
//
// Source: https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html#creating-delivery-policy
var contentTypes = []string{
	"text/css; charset=UTF-8", "text/css", "text/html; charset=UTF-8", "text/html", "text/plain; charset=UTF-8", "text/plain", "text/xml; charset=UTF-8", "text/xml",
	"application/atom+xml; charset=UTF-8", "application/atom+xml", "application/json; charset=UTF-8", "application/json", "application/octet-stream",
	"application/soap+xml; charset=UTF-8", "application/soap+xml", "application/x-www-form-urlencoded; charset=UTF-8", "application/x-www-form-urlencoded",
	"application/xhtml+xml; charset=UTF-8", "application/xhtml+xml", "application/xml; charset=UTF-8", "application/xml",
}

// strict decodes JSON that has no members but those of v.
func strict(text string, v any) error {
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return err
	}
	if d.More() {
		return fmt.Errorf("more than one value")
	}
	return nil
}

func effectiveOfTopic(attributes map[string]string) string {
	p := notify.Effective(attributes, nil)
	http := map[string]any{"defaultHealthyRetryPolicy": p.Retry, "disableSubscriptionOverrides": false}
	var own notify.TopicPolicy
	if json.Unmarshal([]byte(attributes["DeliveryPolicy"]), &own) == nil && own.HTTP != nil {
		http["disableSubscriptionOverrides"] = own.HTTP.Override
	}
	if p.Throttle != nil {
		http["defaultThrottlePolicy"] = p.Throttle
	}
	http["defaultRequestPolicy"] = map[string]string{"headerContentType": "text/plain; charset=UTF-8"}
	if p.Request != nil {
		http["defaultRequestPolicy"] = p.Request
	}
	return text(map[string]any{"http": http})
}

func text(v any) string {
	b, _ := json.Marshal(v) // plain values
	return string(b)
}

// DefaultPolicy is the policy of a topic that was given none: its account does
// with it what it likes.
func DefaultPolicy(arn, account string) string {
	return text(map[string]any{
		"Version": "2008-10-17", "Id": "__default_policy_ID",
		"Statement": []any{map[string]any{
			"Sid": "__default_statement_ID", "Effect": "Allow", "Principal": map[string]string{"AWS": "*"},
			"Action": []string{
				"SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission", "SNS:RemovePermission", "SNS:DeleteTopic",
				"SNS:Subscribe", "SNS:ListSubscriptionsByTopic", "SNS:Publish",
			},
			"Resource": arn, "Condition": map[string]any{"StringEquals": map[string]string{"AWS:SourceOwner": account}},
		}},
	})
}
