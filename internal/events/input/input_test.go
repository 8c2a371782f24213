package input

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"
)

const event = `{"version":"0","id":"7bf7","detail-type":"EC2 Instance State-change Notification","source":"aws.ec2","resources":["arn:1","arn:2"],
 "detail":{"instance-id":"i-0123456789","state":"RUNNING","say":"a \"b\" <c>","n":1.50,"list":[{"x":1},{"x":2},{"y":3}],"object":{"k":"v"}}}`

func TestPaths(t *testing.T) {
	for path, want := range map[string]string{
		"$.detail.state":           `"RUNNING"`,
		"$.detail['instance-id']":  `"i-0123456789"`,
		`$["detail"]["n"]`:         `1.50`,
		"$.detail-type":            `"EC2 Instance State-change Notification"`,
		"$.resources[1]":           `"arn:2"`,
		"$.detail.list[*].x":       `[1,2]`,
		"$.detail.object.*":        `["v"]`,
		"$.detail.object":          `{"k":"v"}`,
		"$.resources[2]":           "",
		"$.detail.absent.further":  "",
		"$.detail.state.something": "",
	} {
		got, found, err := ByPath(path, []byte(event))
		if err != nil || found != (want != "") || got != want {
			t.Errorf("%s is %q, %t, %v; want %q", path, got, found, err, want)
		}
	}
	for _, bad := range []string{"", "detail", "$.", "$..x", "$[", "$[-1]", "$['x", "$.a b", "$.a[?(@.x)]"} {
		if _, err := ParsePath(bad); err == nil {
			t.Errorf("%q is a path", bad)
		}
	}
}

func TestTemplates(t *testing.T) {
	paths := map[string]string{"instance": "$.detail.instance-id", "state": "$.detail.state", "say": "$.detail.say", "object": "$.detail.object", "gone": "$.detail.gone", "n": "$.detail.n"}
	given := map[string]string{RuleARN: "arn:rule", RuleName: "rule", Ingestion: "2026-01-02T03:04:05Z"}
	for template, want := range map[string]string{
		`"instance <instance> is in <state>"`:          `"instance i-0123456789 is in RUNNING"`,
		`{"instance": <instance>, "state": "<state>"}`: `{"instance": "i-0123456789", "state": "RUNNING"}`,
		`{"said": "<say>", "as": <say>}`:               `{"said": "a \"b\" <c>", "as": "a \"b\" <c>"}`,
		`{"o": <object>, "t": "<object>"}`:             `{"o": {"k":"v"}, "t": "{\"k\":\"v\"}"}`,
		`{"gone": <gone>, "t": "<gone>", "n": <n>}`:    `{"gone": "", "t": "", "n": 1.50}`,
		`{"rule": "<aws.events.rule-name>", "arn": <aws.events.rule-arn>, "at": <aws.events.event.ingestion-time>}`: `{"rule": "rule", "arn": "arn:rule", "at": "2026-01-02T03:04:05Z"}`,
		"\"one <state>\"\n\"two <n>\"": "\"one RUNNING\"\n\"two 1.50\"",
	} {
		tr, err := ParseTransformer(paths, template)
		if err != nil {
			t.Errorf("%s: %v", template, err)
			continue
		}
		if got, err := tr.Apply([]byte(event), given); err != nil || got != want {
			t.Errorf("%s becomes\n%s, want\n%s (%v)", template, got, want, err)
		}
	}
	tr, err := ParseTransformer(nil, `{"all": <aws.events.event.json>, "head": <aws.events.event>}`)
	if err != nil {
		t.Fatal(err)
	}
	got, _ := tr.Apply([]byte(event), nil)
	var both struct{ All, Head map[string]any }
	if err := json.Unmarshal([]byte(got), &both); err != nil || both.All["detail"] == nil || both.Head["detail"] != nil || both.Head["id"] != "7bf7" {
		t.Errorf("%s: %v", got, err)
	}
	for _, bad := range []string{"", "plain text", `{"a": <unknown>}`, `"open`, `{"a": 1`} {
		if _, err := ParseTransformer(paths, bad); err == nil {
			t.Errorf("%q is a template", bad)
		}
	}
	if _, err := ParseTransformer(map[string]string{"aws.x": "$"}, `"x"`); err == nil {
		t.Error("a reserved name is taken")
	}
}

// Whatever an event says, a template that was taken stays JSON.
func TestTemplatesStayJSON(t *testing.T) {
	tr, err := ParseTransformer(map[string]string{"v": "$.detail.v"}, `{"a": <v>, "b": "say <v>!"}`)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.OneOf(
			rapid.Map(rapid.String(), func(s string) any { return s }), rapid.Map(rapid.Int(), func(n int) any { return n }),
			rapid.Map(rapid.SliceOf(rapid.String()), func(s []string) any { return s }),
		).Draw(t, "v")
		b, _ := json.Marshal(map[string]any{"detail": map[string]any{"v": v}})
		got, err := tr.Apply(b, nil)
		if err != nil || !json.Valid([]byte(got)) {
			t.Fatalf("%s: %v", got, err)
		}
	})
}

func FuzzTransformer(f *testing.F) {
	f.Add(`$.detail.x`, `{"a": <v>}`, `{"detail":{"x":[1]}}`)
	f.Fuzz(func(t *testing.T, path, template, event string) {
		tr, err := ParseTransformer(map[string]string{"v": path}, template)
		if err != nil {
			return
		}
		_, _ = tr.Apply([]byte(event), nil)
	})
}
