package alarm

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"pgregory.net/rapid"
)

func TestRules(t *testing.T) {
	states := map[string]types.StateValue{"a": types.StateValueAlarm, "b": types.StateValueOk, "c": types.StateValueInsufficientData, "d, (e)": types.StateValueAlarm, `q"q`: types.StateValueAlarm}
	of := func(child string) types.StateValue { return states[ChildName(child)] }
	for rule, want := range map[string]bool{
		"ALARM(a)":                       true,
		"ALARM(b)":                       false,
		"OK(b)":                          true,
		"INSUFFICIENT_DATA(c)":           true,
		"TRUE":                           true,
		"FALSE":                          false,
		"NOT ALARM(a)":                   false,
		"NOT(ALARM(a))":                  false,
		"NOT NOT TRUE":                   true,
		"FALSE AND FALSE OR TRUE":        true,
		"TRUE OR TRUE AND FALSE":         true,
		"(TRUE OR TRUE) AND FALSE":       false,
		"NOT FALSE AND FALSE":            false,
		`ALARM("a") AND ALARM("d, (e)")`: true,
		`ALARM("q\"q")`:                  true,
		" \n ALARM ( a ) AND\tOK ( b ) ": true,
		"ALARM(arn:aws:cloudwatch:us-east-1:123456789012:alarm:a)": true,
		"AT_LEAST(2, ALARM, (a, b, c))":                            false,
		"AT_LEAST(1, ALARM, (a, b, c))":                            true,
		"AT_LEAST(2, NOT ALARM, (a, b, c))":                        true,
		"AT_LEAST(50%, NOT OK, (a, b, c))":                         true,
		"AT_LEAST(67%, NOT OK, (a, b, c))":                         false,
		"AT_LEAST(100%, OK, (b))":                                  true,
		"NOT AT_LEAST(1, INSUFFICIENT_DATA, (c))":                  false,
	} {
		r, err := ParseRule(rule)
		if err != nil {
			t.Errorf("%s: %v", rule, err)
		} else if got := r.Holds(of); got != want {
			t.Errorf("%s is %v", rule, got)
		}
	}
	for _, rule := range []string{
		"", "ALARM", "ALARM()", "ALARM(a", "ALARM(a b)", "ALARM(a, b)", "alarm(a)", "ALARM(a) ALARM(b)", "ALARM(a) AND", "AND", "(", ")", "()", "NOT", `ALARM("a)`, `ALARM("")`,
		"AT_LEAST(0, ALARM, (a))", "AT_LEAST(2, ALARM, (a))", "AT_LEAST(101%, ALARM, (a))", "AT_LEAST(1, BAD, (a))", "AT_LEAST(1, ALARM, a)", "AT_LEAST(1, ALARM, ())", "AT_LEAST(1; ALARM, (a))",
		strings.Repeat("(", 600) + "TRUE" + strings.Repeat(")", 600), strings.Repeat("NOT ", 600) + "TRUE", strings.Repeat("TRUE OR ", 1500) + "TRUE",
		strings.Repeat("TRUE OR ", 500) + "TRUE", "ALARM(" + strings.Repeat("x", 10240) + ")", many(101), "ALARM(\xff)",
	} {
		if _, err := ParseRule(rule); err == nil {
			t.Errorf("%.60q is taken", rule)
		}
	}
	r, err := ParseRule(many(100))
	if err != nil || len(r.Children) != 100 {
		t.Errorf("a hundred alarms: %d, %v", len(r.Children), err)
	}
	if r, _ := ParseRule("ALARM(a) OR OK(a) AND OK(b)"); !slices.Equal(r.Children, []string{"a", "b"}) {
		t.Errorf("children %q", r.Children)
	}
}

func many(n int) string {
	var names []string
	for i := range n {
		names = append(names, fmt.Sprint("n", i))
	}
	return "AT_LEAST(1, ALARM, (" + strings.Join(names, ",") + "))"
}

// A rule that is written out of a tree means what the tree means.
func TestRulesMeanTheirTrees(t *testing.T) {
	names := []string{"a", "b b", `c"`, `d\`, "e,(f)"}
	quote := func(name string) string {
		return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(name) + `"`
	}
	rapid.Check(t, func(t *rapid.T) {
		states := map[string]types.StateValue{}
		for _, n := range names {
			states[n] = rapid.SampledFrom(types.StateValue("").Values()).Draw(t, n)
		}
		var tree func(depth int) (string, bool)
		tree = func(depth int) (string, bool) {
			kind := rapid.IntRange(0, 4).Draw(t, "kind")
			if depth == 0 {
				kind = 0
			}
			switch kind {
			case 1:
				text, value := tree(depth - 1)
				return "NOT (" + text + ")", !value
			case 2, 3:
				left, l := tree(depth - 1)
				right, r := tree(depth - 1)
				if kind == 2 {
					return "(" + left + ") AND (" + right + ")", l && r
				}
				return "(" + left + ") OR (" + right + ")", l || r
			}
			name, state := rapid.SampledFrom(names).Draw(t, "name"), rapid.SampledFrom(types.StateValue("").Values()).Draw(t, "state")
			return string(state) + "(" + quote(name) + ")", states[name] == state
		}
		text, want := tree(4)
		r, err := ParseRule(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got := r.Holds(func(n string) types.StateValue { return states[n] }); got != want {
			t.Errorf("%s is %v", text, got)
		}
	})
}

func FuzzParseRule(f *testing.F) {
	for _, seed := range []string{"ALARM(a) AND NOT (OK(\"b\\\"\") OR TRUE)", "AT_LEAST(50%, NOT OK, (a, b))", "((", "\"", "NOT NOT"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := ParseRule(text)
		if err != nil {
			return
		}
		r.Holds(func(string) types.StateValue { return types.StateValueOk })
		if len(r.Children) > maxChildren || slices.Contains(r.Children, "") {
			t.Errorf("%q has the children %q", text, r.Children)
		}
	})
}
