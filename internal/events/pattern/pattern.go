// Package pattern matches events against EventBridge's patterns: exact values,
// prefix, suffix, equals-ignore-case, anything-but, numeric, exists, cidr,
// wildcard and $or, nested as the event is.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html
package pattern

import (
	"bytes"
	"encoding/json"
	"slices"
)

// Pattern is a compiled pattern. It may be used concurrently.
type Pattern struct {
	top node
	// Sources and DetailTypes are the only ones that can match; nil: any can.
	Sources     []string
	DetailTypes []string
}

// Error tells why a pattern is none, in the words of AWS's answer that follow
// "Event pattern is not valid. Reason: ".
type Error struct{ Reason string }

// Error returns the reason.
func (e *Error) Error() string { return e.Reason }

// Compile reads a pattern. Its errors are *Error.
func Compile(text string) (*Pattern, error) {
	top, err := parse(text)
	if err != nil {
		return nil, err
	}
	return &Pattern{top: top, Sources: top.literals("source"), DetailTypes: top.literals("detail-type")}, nil
}

// Match tells whether an event, a JSON object, matches. What is no object
// matches nothing.
func (p *Pattern) Match(event []byte) bool {
	d := json.NewDecoder(bytes.NewReader(event))
	d.UseNumber()
	var v map[string]any
	return d.Decode(&v) == nil && v != nil && p.top.object(v)
}

// node is an object of a pattern: all of its fields must match, and one of the
// alternatives of each $or.
type node struct {
	leaves map[string][]matcher
	nested map[string]node
	either [][]node
}

// literals are the values a field can have, when each is given exactly.
func (n node) literals(field string) (out []string) {
	for _, m := range n.leaves[field] {
		is, ok := m.(text)
		if !ok {
			return nil
		}
		out = append(out, string(is))
	}
	return out
}

// object tells whether an object of the event matches.
func (n node) object(event map[string]any) bool {
	for field, matchers := range n.leaves {
		if !leaf(event[field], has(event, field), matchers) {
			return false
		}
	}
	for field, below := range n.nested {
		if !below.value(event[field]) {
			return false
		}
	}
	return !slices.ContainsFunc(n.either, func(alternatives []node) bool {
		return !slices.ContainsFunc(alternatives, func(a node) bool { return a.object(event) })
	})
}

func has(event map[string]any, field string) bool {
	_, ok := event[field]
	return ok
}

// value matches what stands where the pattern has an object: an object, or one
// of a list of them. Where there is none, it matches what needs nothing.
func (n node) value(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		return n.object(v)
	case []any:
		objects := objectsIn(v, nil)
		if len(objects) > 0 {
			return slices.ContainsFunc(objects, n.object)
		}
	}
	return n.object(nil)
}

func objectsIn(list []any, out []map[string]any) []map[string]any {
	for _, v := range list {
		switch v := v.(type) {
		case map[string]any:
			out = append(out, v)
		case []any:
			out = objectsIn(v, out)
		}
	}
	return out
}

// leaf matches a value, or one of a list. Objects are no values: a field that
// has one is as absent.
func leaf(v any, there bool, matchers []matcher) bool {
	var values []any
	if there {
		values = valuesIn(v, nil)
	}
	for _, m := range matchers {
		if e, ok := m.(exists); ok {
			if bool(e) == (len(values) > 0) {
				return true
			}
			continue
		}
		if slices.ContainsFunc(values, m.matches) {
			return true
		}
	}
	return false
}

func valuesIn(v any, out []any) []any {
	switch v := v.(type) {
	case map[string]any:
	case []any:
		for _, item := range v {
			out = valuesIn(item, out)
		}
	default:
		out = append(out, v)
	}
	return out
}
