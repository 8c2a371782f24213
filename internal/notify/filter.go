package notify

import (
	"encoding/json"

	"github.com/hatoba/hatoba/internal/events/pattern"
	"github.com/hatoba/hatoba/internal/state"
)

// CheckFilter tells why a text is no filter policy, which is written as an event
// pattern is; nil when it is one.
//
// Source: https://docs.aws.amazon.com/sns/latest/dg/sns-subscription-filter-policies.html
func CheckFilter(text string) error {
	_, err := pattern.Compile(text)
	return err
}

// takes tells whether a subscription's filter policy takes a message: by its
// attributes, or by its body where the policy's scope says so.
func takes(s state.Subscription, m Message) bool {
	text := s.Attributes["FilterPolicy"]
	if text == "" {
		return true
	}
	p, err := pattern.Compile(text)
	if err != nil {
		return false // it was checked when it was set: what cannot be read takes nothing
	}
	if s.Attributes["FilterPolicyScope"] == "MessageBody" {
		return p.Match([]byte(m.of(s.Protocol)))
	}
	values := map[string]any{}
	for name, a := range m.Attributes {
		switch a.Type {
		case "String":
			values[name] = a.Value
		case "Number", "String.Array":
			values[name] = json.RawMessage(a.Value)
		}
	}
	event, err := json.Marshal(values)
	return err == nil && p.Match(event)
}
