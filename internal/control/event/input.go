package event

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/events/input"
	"github.com/hatoba/hatoba/internal/state"
)

// inputOf is what a target is given of an event.
func inputOf(t types.Target, rule state.EventRule, e state.Event, text []byte) (string, error) {
	switch {
	case t.Input != nil:
		return *t.Input, nil
	case t.InputPath != nil:
		out, found, err := input.ByPath(*t.InputPath, text)
		if !found && err == nil {
			return "{}", nil
		}
		return out, err
	case t.InputTransformer != nil:
		tr, err := input.ParseTransformer(t.InputTransformer.InputPathsMap, aws.ToString(t.InputTransformer.InputTemplate))
		if err != nil {
			return "", err
		}
		return tr.Apply(text, map[string]string{
			input.RuleARN: rule.ARN, input.RuleName: rule.Name, input.Ingestion: e.TakenAt.UTC().Format("2006-01-02T15:04:05Z"),
		})
	}
	return string(text), nil
}

// ruleName is the name in a rule's ARN.
func ruleName(arn string) string { return arn[strings.LastIndex(arn, "/")+1:] }

// logLine is the time and the message of what a log group is given. A
// transformer may name both.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-log-group-target.html
func logLine(inv state.EventInvocation, now time.Time) (time.Time, string) {
	if inv.Target.InputTransformer == nil || inv.Letter {
		return now, inv.Input
	}
	var line struct {
		Timestamp json.RawMessage
		Message   json.RawMessage
	}
	if json.Unmarshal([]byte(inv.Input), &line) != nil || line.Message == nil {
		return now, inv.Input
	}
	var message string
	if json.Unmarshal(line.Message, &message) != nil {
		message = string(line.Message)
	}
	var at time.Time
	var millis int64
	switch {
	case json.Unmarshal(line.Timestamp, &at) == nil && !at.IsZero():
	case json.Unmarshal(line.Timestamp, &millis) == nil && millis > 0:
		at = time.UnixMilli(millis)
	default:
		at = now
	}
	if at.Before(now.Add(-13*24*time.Hour)) || at.After(now.Add(time.Hour)) {
		at = now // log groups take no other times
	}
	return at, message
}
