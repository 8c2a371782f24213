package alarm

import (
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
)

// The bounds of a composite alarm's rule.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
const (
	maxRule     = 10240
	maxChildren = 100
	maxElements = 500
)

// Rule is a composite alarm's rule.
type Rule struct {
	// Children are the alarms it is about, by name or ARN as written, each once.
	Children []string

	root node
}

// Holds tells whether the rule is true when the alarms are in the states that
// of gives.
func (r Rule) Holds(of func(child string) types.StateValue) bool { return r.root.holds(of) }

type node interface {
	holds(of func(string) types.StateValue) bool
}

type constant bool

func (c constant) holds(func(string) types.StateValue) bool { return bool(c) }

type inverse struct{ of node }

func (n inverse) holds(of func(string) types.StateValue) bool { return !n.of.holds(of) }

// all and one are AND and OR.
type all []node

func (n all) holds(of func(string) types.StateValue) bool {
	return !slices.ContainsFunc(n, func(part node) bool { return !part.holds(of) })
}

type one []node

func (n one) holds(of func(string) types.StateValue) bool {
	return slices.ContainsFunc(n, func(part node) bool { return part.holds(of) })
}

// in is a child that is in a state, or that is not.
type in struct {
	child string
	state types.StateValue
	not   bool
}

func (n in) holds(of func(string) types.StateValue) bool { return (of(n.child) == n.state) != n.not }

// atLeast is so many of some, or so many percent.
type atLeast struct {
	n       int
	percent bool
	some    []in
}

func (n atLeast) holds(of func(string) types.StateValue) bool {
	so := 0
	for _, part := range n.some {
		if part.holds(of) {
			so++
		}
	}
	if n.percent {
		return so*100 >= n.n*len(n.some)
	}
	return so >= n.n
}

// ParseRule reads a rule. Its errors are for whoever wrote the rule.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-combining.html
func ParseRule(text string) (Rule, error) {
	if len(text) > maxRule {
		return Rule{}, fmt.Errorf("the rule is longer than %d characters", maxRule)
	}
	tokens, err := lex(text)
	if err != nil {
		return Rule{}, err
	}
	p := &parser{tokens: tokens}
	root, err := p.or()
	if err != nil {
		return Rule{}, err
	}
	if t := p.peek(); t.kind != end {
		return Rule{}, p.unexpected(t, "AND, OR or the end")
	}
	if len(p.children) > maxChildren {
		return Rule{}, fmt.Errorf("the rule is about %d alarms; at most %d are possible", len(p.children), maxChildren)
	}
	return Rule{Children: p.children, root: root}, nil
}

// ChildName is the name of an alarm that a rule gives by name or ARN.
func ChildName(child string) string {
	if parts := strings.SplitN(child, ":", 7); len(parts) == 7 && parts[0] == "arn" && parts[2] == "cloudwatch" && parts[5] == "alarm" {
		return parts[6]
	}
	return child
}
