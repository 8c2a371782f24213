package events

import (
	"github.com/hatoba/hatoba/internal/policy"
	"github.com/hatoba/hatoba/internal/state"
)

// Admits tells whether the policy of a bus lets a caller of another account put
// events on it.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-permissions-manage.html
func Admits(bus state.EventBus, caller policy.Caller) bool {
	if bus.Policy == "" {
		return false
	}
	d, err := policy.Parse(bus.Policy, policy.OfResource)
	return err == nil && policy.Evaluate(policy.Question{Caller: caller, Action: "events:PutEvents", Resource: bus.ARN}, d) == policy.Allowed
}
