package policy

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// truth is the value of a condition.
type truth int

const (
	no truth = iota
	yes
	unsure
)

func (t truth) not() truth {
	switch t {
	case no:
		return yes
	case yes:
		return no
	}
	return unsure
}

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// operators compare one value of the request with one of the condition. ok is
// false when a value cannot be read as what the operator compares.
var operators = map[string]func(have, want string) (holds, ok bool){
	"StringEquals":           func(have, want string) (bool, bool) { return have == want, true },
	"StringEqualsIgnoreCase": func(have, want string) (bool, bool) { return strings.EqualFold(have, want), true },
	"StringLike":             func(have, want string) (bool, bool) { return Match(want, have), true },
	"ArnEquals":              func(have, want string) (bool, bool) { return arnLike(want, have), true },
	"ArnLike":                func(have, want string) (bool, bool) { return arnLike(want, have), true },
	"Bool":                   func(have, want string) (bool, bool) { return strings.EqualFold(have, want), true },
	"BinaryEquals":           func(have, want string) (bool, bool) { return have == want, true },
	"IpAddress":              inRange,
	"NumericEquals":          number(func(c int) bool { return c == 0 }),
	"NumericLessThan":        number(func(c int) bool { return c < 0 }),
	"NumericLessThanEquals":  number(func(c int) bool { return c <= 0 }),
	"NumericGreaterThan":     number(func(c int) bool { return c > 0 }),
	"NumericGreaterThanEquals": number(func(c int) bool {
		return c >= 0
	}),
	"DateEquals":            date(func(c int) bool { return c == 0 }),
	"DateLessThan":          date(func(c int) bool { return c < 0 }),
	"DateLessThanEquals":    date(func(c int) bool { return c <= 0 }),
	"DateGreaterThan":       date(func(c int) bool { return c > 0 }),
	"DateGreaterThanEquals": date(func(c int) bool { return c >= 0 }),
}

// negations are operators that hold where another does not.
var negations = map[string]string{
	"StringNotEquals": "StringEquals", "StringNotEqualsIgnoreCase": "StringEqualsIgnoreCase", "StringNotLike": "StringLike",
	"ArnNotEquals": "ArnEquals", "ArnNotLike": "ArnLike", "NotIpAddress": "IpAddress",
	"NumericNotEquals": "NumericEquals", "DateNotEquals": "DateEquals",
}

// holds judges a condition by the context.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
func (c Condition) holds(context map[string][]string) truth {
	operator, set := c.Operator, ""
	if before, after, ok := strings.Cut(operator, ":"); ok {
		set, operator = before, after
	}
	have, known := context[c.Key]
	if operator == "Null" {
		if !known || len(c.Values) != 1 {
			return unsure
		}
		return truthOf((len(have) == 0) == strings.EqualFold(c.Values[0], "true"))
	}
	operator, ifExists := strings.CutSuffix(operator, "IfExists")
	negated := false
	if positive, ok := negations[operator]; ok {
		operator, negated = positive, true
	}
	compare, ok := operators[operator]
	if !ok || !known {
		return unsure
	}
	wants := make([]string, len(c.Values))
	for i, v := range c.Values {
		filled, sure := fill(v, context)
		if !sure {
			return unsure
		}
		wants[i] = filled
	}
	// one value of the request holds when any of the condition's matches it,
	// or for a negation when none does.
	one := func(v string) bool {
		return slices.ContainsFunc(wants, func(want string) bool {
			holds, ok := compare(v, want)
			return ok && holds
		}) != negated
	}
	switch set {
	case "ForAllValues":
		return truthOf(!slices.ContainsFunc(have, func(v string) bool { return !one(v) }))
	case "ForAnyValue":
		return truthOf(slices.ContainsFunc(have, one))
	case "":
	default:
		return unsure
	}
	switch len(have) {
	case 0: // absent: a negation holds, and so does IfExists
		return truthOf(negated || ifExists)
	case 1:
		return truthOf(one(have[0]))
	}
	return unsure
}

// arnLike compares the six parts of two ARNs one by one.
func arnLike(pattern, arn string) bool {
	patterns, parts := strings.SplitN(pattern, ":", 6), strings.SplitN(arn, ":", 6)
	if len(patterns) != 6 || len(parts) != 6 {
		return pattern == "*"
	}
	for i := range patterns {
		if !Match(patterns[i], parts[i]) {
			return false
		}
	}
	return true
}

func inRange(have, want string) (holds, ok bool) {
	addr, err := netip.ParseAddr(have)
	if err != nil {
		return false, false
	}
	if single, err := netip.ParseAddr(want); err == nil {
		return single.Unmap() == addr.Unmap(), true
	}
	prefix, err := netip.ParsePrefix(want)
	return err == nil && prefix.Contains(addr.Unmap()), err == nil
}

func number(holds func(int) bool) func(have, want string) (bool, bool) {
	return func(have, want string) (bool, bool) {
		a, err := strconv.ParseFloat(have, 64)
		b, err2 := strconv.ParseFloat(want, 64)
		if err != nil || err2 != nil {
			return false, false
		}
		switch {
		case a < b:
			return holds(-1), true
		case a > b:
			return holds(1), true
		}
		return holds(0), true
	}
}

func date(holds func(int) bool) func(have, want string) (bool, bool) {
	return func(have, want string) (bool, bool) {
		a, ok := instant(have)
		b, ok2 := instant(want)
		return ok && ok2 && holds(a.Compare(b)), ok && ok2
	}
}

func instant(s string) (time.Time, bool) {
	if seconds, err := strconv.ParseInt(s, 10, 64); err == nil {
		return time.Unix(seconds, 0), true
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}
