package clusterquery

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// operator is one of the language's, in its affirmative form.
type operator string

const (
	equals  operator = "=="
	greater operator = ">"
	atLeast operator = ">="
	less    operator = "<"
	atMost  operator = "<="
	exists  operator = "exists"
	among   operator = "in"
	matches operator = "=~"
)

// subject is what a comparison is about.
type subject struct {
	values func(*Facts) []string
	takes  []operator
	// order compares two values for the operators that order; nil: there is no
	// order.
	order func(a, b string) int
	check func(argument string) error // nil: any will do
}

var (
	ordering = []operator{equals, greater, atLeast, less, atMost}
	choosing = []operator{equals, among, matches}
)

// subjectOf finds a subject by its name.
func subjectOf(name string) (subject, error) {
	one := func(value func(*Facts) string) func(*Facts) []string {
		return func(f *Facts) []string { return []string{value(f)} }
	}
	switch {
	case name == "agentConnected":
		return subject{values: one(func(f *Facts) string { return strconv.FormatBool(f.AgentConnected) }), takes: choosing}, nil
	case name == "ec2InstanceId":
		return subject{values: one(func(f *Facts) string { return f.EC2InstanceID }), takes: choosing}, nil
	case name == "agentVersion":
		return subject{values: one(func(f *Facts) string { return f.AgentVersion }), takes: ordering, order: versions}, nil
	case name == "runningTasksCount":
		return subject{values: one(func(f *Facts) string { return strconv.Itoa(f.RunningTasks) }), takes: ordering, order: numbers, check: number}, nil
	case name == "registeredAt":
		return subject{values: one(func(f *Facts) string { return f.RegisteredAt.UTC().Format(time.RFC3339Nano) }), takes: ordering, order: times, check: date}, nil
	case name == "task:group":
		return subject{values: func(f *Facts) []string { return f.Groups }, takes: append(choosing, exists)}, nil
	case strings.HasPrefix(name, "attribute:") && name != "attribute:":
		attribute := strings.TrimPrefix(name, "attribute:")
		return subject{takes: append(choosing, exists), values: func(f *Facts) []string {
			if v, ok := f.Attributes[attribute]; ok {
				return []string{v}
			}
			return nil
		}}, nil
	}
	return subject{}, fmt.Errorf("unknown subject %q", clip(name))
}

// comparison reads subject, operator and argument.
func (p *parser) comparison() (node, error) {
	name := p.name()
	if name == "" {
		return nil, fmt.Errorf("a subject is missing before %q", clip(p.rest))
	}
	s, err := subjectOf(name)
	if err != nil {
		return nil, err
	}
	op, negated, ok := p.operator()
	if !ok {
		return nil, fmt.Errorf("an operator is missing after %s", clip(name))
	}
	if !slices.Contains(s.takes, op) {
		return nil, fmt.Errorf("the operator %s is not valid for %s", op, clip(name))
	}
	c := comparison{values: s.values, negated: negated}
	switch op {
	case exists:
		c.accepts = func(string) bool { return true }
	case among:
		list, err := p.list()
		if err != nil {
			return nil, err
		}
		c.accepts = func(v string) bool { return slices.Contains(list, v) }
	default:
		argument, err := p.value("()")
		if err != nil {
			return nil, err
		}
		if c.accepts, err = accepts(s, op, argument); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// accepts is the test of one value against an argument.
func accepts(s subject, op operator, argument string) (func(string) bool, error) {
	if op == matches {
		// Java's syntax, of which this is all but look-around and back
		// references; a pattern is of the whole value.
		if _, err := regexp.Compile(argument); err != nil {
			return nil, fmt.Errorf("the pattern %q cannot be read: %w", clip(argument), err)
		}
		pattern, err := regexp.Compile(`^(?:` + argument + `)$`)
		if err != nil {
			return nil, fmt.Errorf("the pattern %q cannot be read: %w", clip(argument), err)
		}
		return pattern.MatchString, nil
	}
	if s.check != nil {
		if err := s.check(argument); err != nil {
			return nil, err
		}
	}
	if s.order == nil {
		return func(v string) bool { return v == argument }, nil
	}
	return func(v string) bool {
		switch c := s.order(v, argument); op {
		case greater:
			return c > 0
		case atLeast:
			return c >= 0
		case less:
			return c < 0
		case atMost:
			return c <= 0
		default:
			return c == 0
		}
	}, nil
}

// operator takes an operator, as a sign or as a word.
func (p *parser) operator() (op operator, negated, ok bool) {
	if s, ok := p.sign("==", "!=", ">=", "<=", "=~", "!~", ">", "<"); ok {
		switch s {
		case "!=":
			return equals, true, true
		case "!~":
			return matches, true, true
		}
		return operator(s), false, true
	}
	before := p.rest
	_, bang := p.sign("!")
	if word, ok := p.keyword("exists", "in"); ok {
		return operator(word), bang, true
	}
	p.rest = before
	word, ok := p.keyword("equals", "not_equals", "greater_than", "greater_than_equal", "less_than", "less_than_equal", "not_exists", "not_in", "matches", "not_matches")
	word, negated = strings.CutPrefix(word, "not_")
	spelled := map[string]operator{"equals": equals, "greater_than": greater, "greater_than_equal": atLeast, "less_than": less, "less_than_equal": atMost, "exists": exists, "in": among, "matches": matches}
	return spelled[word], negated, ok
}

// versions compares by the numbers between the dots.
func versions(a, b string) int {
	x, y := strings.Split(strings.TrimPrefix(a, "v"), "."), strings.Split(strings.TrimPrefix(b, "v"), ".")
	for i := range max(len(x), len(y)) {
		var s, t string
		if i < len(x) {
			s = x[i]
		}
		if i < len(y) {
			t = y[i]
		}
		n, errN := strconv.ParseUint("0"+s, 10, 64)
		m, errM := strconv.ParseUint("0"+t, 10, 64)
		if c := cmp.Compare(n, m); errN == nil && errM == nil && c != 0 {
			return c
		}
		if errN != nil || errM != nil {
			if c := strings.Compare(s, t); c != 0 {
				return c
			}
		}
	}
	return 0
}

func number(s string) error {
	if _, err := strconv.ParseInt(s, 10, 64); err != nil {
		return fmt.Errorf("%q is not a number", clip(s))
	}
	return nil
}

func numbers(a, b string) int {
	n, _ := strconv.ParseInt(a, 10, 64)
	m, _ := strconv.ParseInt(b, 10, 64)
	return cmp.Compare(n, m)
}

// dates are the forms of a date; without a zone it is UTC.
var dates = []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02"}

func parseDate(s string) (time.Time, bool) {
	for _, form := range dates {
		if t, err := time.Parse(form, s); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

func date(s string) error {
	if _, ok := parseDate(s); !ok {
		return fmt.Errorf("%q is not a date such as 2018-06-18T22:28:28Z", clip(s))
	}
	return nil
}

func times(a, b string) int {
	t, _ := parseDate(a)
	u, _ := parseDate(b)
	return t.Compare(u)
}
