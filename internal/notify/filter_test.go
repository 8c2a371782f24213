package notify

import (
	"testing"

	"github.com/hatoba/hatoba/internal/state"
)

func TestFilterPolicies(t *testing.T) {
	m := Message{Default: `{"kind":"alarm","depth":{"n":3}}`, Attributes: map[string]state.MessageAttribute{
		"store": {Type: "String", Value: "harbour"}, "price": {Type: "Number", Value: "99.5"},
		"colours": {Type: "String.Array", Value: `["red","blue"]`}, "raw": {Type: "Binary", Value: "aGVsbG8="},
	}}
	for policy, want := range map[string]bool{
		`{"store":["harbour"]}`: true,
		`{"store":["other"]}`:   false,
		`{"store":["harbour"],"price":[{"numeric":[">",100]}]}`: false,
		`{"price":[{"numeric":[">=",99,"<",100]}]}`:             true,
		`{"colours":["blue"]}`:                                  true,
		`{"colours":["green"]}`:                                 false,
		`{"raw":[{"exists":true}]}`:                             false,
		`{"missing":[{"exists":false}]}`:                        true,
		`{"$or":[{"store":["x"]},{"colours":["red"]}]}`:         true,
		`{"kind":["alarm"]}`:                                    false,
	} {
		if got := takes(state.Subscription{Attributes: map[string]string{"FilterPolicy": policy}}, m); got != want {
			t.Errorf("%s takes it: %v", policy, got)
		}
	}
	body := map[string]string{"FilterPolicy": `{"kind":["alarm"],"depth":{"n":[3]}}`, "FilterPolicyScope": "MessageBody"}
	if !takes(state.Subscription{Protocol: "http", Attributes: body}, m) {
		t.Error("the body is not looked at")
	}
	if takes(state.Subscription{Protocol: "http", Attributes: body}, Message{Default: "plain text"}) {
		t.Error("a policy of bodies takes what is no JSON")
	}
	if CheckFilter(`{"a":"b"}`) == nil {
		t.Error("a policy without lists is taken")
	}
}
