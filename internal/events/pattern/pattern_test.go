package pattern

import (
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const stopped = `{"version":"0","source":"aws.ecs","detail-type":"ECS Task State Change","resources":["arn:aws:ecs:eu-west-1:1:task/a/b"],
 "detail":{"lastStatus":"STOPPED","desiredStatus":"STOPPED","cpu":256,"price":3.0e2,"ok":true,"none":null,"empty":[],"ip":"10.0.0.7","ip6":"2001:db8::1",
 "containers":[{"name":"app","exitCode":0},{"name":"side","exitCode":137}],"nested":[[{"a":1}]],"path":"dir/a*b/file.jar","group":"service:Web"}}`

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		pattern string
		want    bool
	}{
		{`{"source":["aws.ecs"]}`, true},
		{`{"source":["aws.ec2","aws.ecs"],"detail":{"lastStatus":["STOPPED"]}}`, true},
		{`{"source":["aws.ecs"],"detail":{"lastStatus":["RUNNING"]}}`, false},
		{`{"resources":["arn:aws:ecs:eu-west-1:1:task/a/b"]}`, true},
		{`{"resources":[{"prefix":"arn:aws:ecs:"}]}`, true},
		{`{"resources":[{"suffix":"/b"}]}`, true},
		{`{"source":[{"prefix":"ecs"}]}`, false},
		{`{"detail":{"group":[{"prefix":{"equals-ignore-case":"SERVICE:"}}]}}`, true},
		{`{"detail":{"group":[{"suffix":{"equals-ignore-case":":wEB"}}]}}`, true},
		{`{"detail":{"group":[{"equals-ignore-case":"service:web"}]}}`, true},
		{`{"detail":{"lastStatus":[{"anything-but":"RUNNING"}]}}`, true},
		{`{"detail":{"lastStatus":[{"anything-but":["RUNNING","STOPPED"]}]}}`, false},
		{`{"detail":{"cpu":[{"anything-but":[256.0]}]}}`, false},
		{`{"detail":{"lastStatus":[{"anything-but":{"prefix":"STOP"}}]}}`, false},
		{`{"detail":{"lastStatus":[{"anything-but":{"suffix":["ING","X"]}}]}}`, true},
		{`{"detail":{"lastStatus":[{"anything-but":{"equals-ignore-case":["stopped"]}}]}}`, false},
		{`{"detail":{"path":[{"anything-but":{"wildcard":["*.zip","dir/*.jar"]}}]}}`, false},
		{`{"detail":{"lastStatus":[{"anything-but":{"prefix":{"equals-ignore-case":"stop"}}}]}}`, false},
		{`{"detail":{"absent":[{"anything-but":"x"}]}}`, false},
		{`{"detail":{"cpu":[256]}}`, true},
		{`{"detail":{"cpu":[256.0]}}`, false},
		{`{"detail":{"price":[{"numeric":["=",300]}]}}`, true},
		{`{"detail":{"cpu":[{"numeric":[">",0,"<=",256]}]}}`, true},
		{`{"detail":{"cpu":[{"numeric":[">",256]}]}}`, false},
		{`{"detail":{"lastStatus":[{"numeric":[">",0]}]}}`, false},
		{`{"detail":{"ok":[true]}}`, true},
		{`{"detail":{"ok":[false]}}`, false},
		{`{"detail":{"none":[null]}}`, true},
		{`{"detail":{"ok":[{"exists":true}]}}`, true},
		{`{"detail":{"ok":[{"exists":false}]}}`, false},
		{`{"detail":{"absent":[{"exists":false}]}}`, true},
		{`{"detail":{"empty":[{"exists":true}]}}`, false},
		{`{"absent":{"below":[{"exists":false}]}}`, true},
		{`{"absent":{"below":[{"exists":true}]}}`, false},
		{`{"detail":{"absent":[{"exists":false},"x"]}}`, true},
		{`{"detail":{"ip":[{"cidr":"10.0.0.0/24"}]}}`, true},
		{`{"detail":{"ip":[{"cidr":"10.0.1.0/24"}]}}`, false},
		{`{"detail":{"ip6":[{"cidr":"2001:db8::/32"}]}}`, true},
		{`{"detail":{"path":[{"wildcard":"dir/*/file*"}]}}`, true},
		{`{"detail":{"path":[{"wildcard":"dir/a\\*b/*.jar"}]}}`, true},
		{`{"detail":{"path":[{"wildcard":"dir/a\\*c/*.jar"}]}}`, false},
		{`{"detail":{"path":[{"wildcard":"*"}]}}`, true},
		{`{"detail":{"containers":{"exitCode":[{"anything-but":0}]}}}`, true},
		{`{"detail":{"containers":{"name":["app"],"exitCode":[0]}}}`, true},
		{`{"detail":{"containers":{"name":["app"],"exitCode":[137]}}}`, false},
		{`{"detail":{"nested":{"a":[1]}}}`, true},
		{`{"detail":{"$or":[{"lastStatus":["RUNNING"]},{"cpu":[256]}]}}`, true},
		{`{"source":["x"],"$or":[{"source":["aws.ecs"]},{"account":["1"]}]}`, false},
		{`{"detail":{"$or":[{"lastStatus":["RUNNING"]},{"$or":[{"cpu":[1]},{"cpu":[256]}]}]}}`, true},
	} {
		p, err := Compile(c.pattern)
		if err != nil {
			t.Errorf("%s: %v", c.pattern, err)
			continue
		}
		if got := p.Match([]byte(stopped)); got != c.want {
			t.Errorf("%s matches: %t, want %t", c.pattern, got, c.want)
		}
	}
}

func TestErrors(t *testing.T) {
	for text, want := range map[string]string{
		// As AWS has answered, place and all.
		`{"source":["test.event-pattern"],"detail":{"lenderId":"LenderA"}}`: "\"lenderId\" must be an object or an array\n at [Source: (String)\"{\"source\":[\"test.event-pattern\"],\"detail\":{\"lenderId\":\"LenderA\"}}\"; line: 1, column: 56]",
		`{"source": ["aws.health"], "detail": {}}`:                          "Empty objects are not allowed\n at [Source: (String)\"{\"source\": [\"aws.health\"], \"detail\": {}}\"; line: 1, column: 40]",

		`[]`:                                           "Filter is not an object",
		`{`:                                            "Invalid JSON",
		`{"a":[]}`:                                     "Empty arrays are not allowed",
		`{"a":[[1]]}`:                                  "Match value must be String, number, true, false, or null",
		`{"a":[{"sounds-like":"x"}]}`:                  "Unrecognized match type sounds-like",
		`{"a":[{}]}`:                                   "Match expression name not found",
		`{"a":[{"prefix":"x","suffix":"y"}]}`:          "Only one key allowed in match expression",
		`{"a":[{"suffix":["x"]}]}`:                     "suffix match pattern must be a string",
		`{"a":[{"exists":"yes"}]}`:                     "exists match pattern must be either true or false.",
		`{"a":[{"numeric":5}]}`:                        "Value of numeric must be an array.",
		`{"a":[{"numeric":[]}]}`:                       "Invalid member in numeric match: ]",
		`{"a":[{"numeric":["<","x"]}]}`:                "Value of < must be numeric",
		`{"a":[{"numeric":["!",1]}]}`:                  "Bad numeric range operator: !",
		`{"a":[{"numeric":[">",5,"<",5]}]}`:            "Bottom must be less than top",
		`{"a":[{"anything-but":["x",1]}]}`:             "Inside anything but list, either all values are number or string, mixed type is not supported",
		`{"a":[{"anything-but":[null]}]}`:              "Inside anything but list, start|null|boolean is not supported.",
		`{"a":[{"anything-but":{"numeric":[">",1]}}]}`: "Unsupported anything-but pattern: numeric",
		`{"a":[{"cidr":"10.0.0.0"}]}`:                  "Malformed CIDR, one '/' required",
		`{"a":[{"cidr":"10.0.0.0/33"}]}`:               "Malformed CIDR, mask bits must not be negative or exceed 32",
		`{"a":[{"wildcard":"a**b"}]}`:                  "Consecutive wildcard characters at pos 1",
		`{"a":[{"wildcard":"a\\b"}]}`:                  "Invalid escape character at pos 1",
		`{"$or":[{"a":[1]}]}`:                          "$or must be an array of at least two objects",
	} {
		_, err := Compile(text)
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	if _, err := Compile(`{` + strings.Repeat(`"a":{`, 200) + `"b":[1]` + strings.Repeat(`}`, 201)); err == nil {
		t.Error("no bound of depth")
	}
	or := `[` + strings.Repeat(`{"x":[1]},`, 10) + `{"x":[1]}]`
	if _, err := Compile(`{"a":{"$or":` + or + `},"b":{"$or":` + or + `},"c":{"$or":` + or + `}}`); err == nil || !strings.Contains(err.Error(), "too complex") {
		t.Errorf("1331 combinations: %v", err)
	}
}

func TestWhatCanBeHeard(t *testing.T) {
	p, _ := Compile(`{"source":["aws.ecs","mine"],"detail-type":[{"prefix":"ECS"}]}`)
	if len(p.Sources) != 2 || p.DetailTypes != nil {
		t.Errorf("%v %v", p.Sources, p.DetailTypes)
	}
}

// An event matches the pattern that is made of it, and one that names another
// value does not.
func TestAnEventMatchesItself(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		event := draw(t, 3)
		text, _ := json.Marshal(event)
		like, _ := json.Marshal(patternOf(event, func(v any) any { return v }))
		p, err := Compile(string(like))
		if err != nil {
			t.Fatalf("%s: %v", like, err)
		}
		if !p.Match(text) {
			t.Fatalf("%s does not match %s", like, text)
		}
		for name, of := range map[string]func(any) any{
			"anything-but": func(v any) any { return map[string]any{"anything-but": []any{v}} },
			"absent":       func(any) any { return map[string]any{"exists": false} },
		} {
			other, _ := json.Marshal(patternOf(event, of))
			p, err := Compile(string(other))
			if err != nil {
				t.Fatalf("%s: %v", other, err)
			}
			if p.Match(text) {
				t.Fatalf("%s: %s matches %s", name, other, text)
			}
		}
	})
}

func draw(t *rapid.T, depth int) map[string]any {
	out := map[string]any{}
	for range rapid.IntRange(1, 3).Draw(t, "fields") {
		field := rapid.SampledFrom([]string{"a", "b", "c", "d"}).Draw(t, "field")
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			out[field] = rapid.String().Draw(t, "text")
		case 1:
			out[field] = rapid.IntRange(-5, 5).Draw(t, "number")
		default:
			if depth > 0 {
				out[field] = draw(t, depth-1)
			} else {
				out[field] = "x"
			}
		}
	}
	return out
}

func patternOf(event map[string]any, leaf func(any) any) map[string]any {
	out := map[string]any{}
	for k, v := range event {
		if below, ok := v.(map[string]any); ok {
			out[k] = patternOf(below, leaf)
		} else {
			out[k] = []any{leaf(v)}
		}
	}
	return out
}

func FuzzCompile(f *testing.F) {
	f.Add(`{"source":[{"anything-but":{"prefix":["a"]}},{"numeric":[">",1]}],"$or":[{"a":[1]},{"b":[{"wildcard":"a*"}]}]}`, stopped)
	f.Add(`{"a":[{"numeric":["=",1e999999999]}]}`, `{"a":1e999999999}`)
	f.Fuzz(func(t *testing.T, text, event string) {
		p, err := Compile(text)
		if err != nil {
			return
		}
		p.Match([]byte(event))
	})
}
