package policy

import (
	"slices"
	"strings"
)

// Question is one call to be judged.
type Question struct {
	Caller   Caller
	Action   string // "secretsmanager:GetSecretValue"
	Resource string // an ARN, or "*" for calls that have none
	// AnyResource says that the resource cannot be told: an Allow of any will
	// do, and a Deny counts when it is of all.
	AnyResource bool
	// Context holds the condition keys that are known, in lower case. A key
	// that is there without values is known to be absent from the request;
	// one that is not there is not known.
	Context map[string][]string
}

// Caller is who asks, as principals name it.
type Caller struct {
	Account string
	ARN     string // of the user or the session
	Role    string // ARN of the role behind a session, "" without one
	Service string // for AWS's own services: "ecs-tasks.amazonaws.com"; the rest is "" then

	alone bool // principals that name the whole account do not count
}

// Decision is what policies say to a question.
type Decision int

// The decisions. A caller may go on with Allowed only.
const (
	ImplicitDeny Decision = iota // no statement speaks of it
	Allowed
	ExplicitDeny
)

// Evaluate asks documents together, as one identity's: a Deny of any wins,
// else an Allow of any.
func Evaluate(q Question, documents ...Document) Decision {
	out := ImplicitDeny
	for _, d := range documents {
		for _, s := range d.Statements {
			if !s.applies(q) {
				continue
			}
			if s.Deny {
				return ExplicitDeny
			}
			out = Allowed
		}
	}
	return out
}

// EvaluateResource asks the policy of a resource, for a caller of the
// resource's account. An Allow that names the caller is enough by itself; one
// that names the account leaves it to the caller's own policies.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-accounts
func EvaluateResource(q Question, d Document) (decision Decision, enough bool) {
	if decision = Evaluate(q, d); decision != Allowed {
		return decision, false
	}
	q.Caller.alone = true
	return decision, Evaluate(q, d) == Allowed
}

// Public tells whether a policy of a resource lets everybody in without a
// condition.
func (d Document) Public() bool {
	everybody := func(p Principal) bool { return p.Name == "*" && (p.Kind == "*" || p.Kind == "AWS") }
	return slices.ContainsFunc(d.Statements, func(s Statement) bool {
		return !s.Deny && len(s.Conditions) == 0 && slices.ContainsFunc(s.Principals, everybody)
	})
}

// Limit joins the decision of an identity's own policies with that of a
// boundary or of session policies: both must allow.
func (d Decision) Limit(by Decision) Decision {
	switch {
	case d == ExplicitDeny || by == ExplicitDeny:
		return ExplicitDeny
	case d == Allowed && by == Allowed:
		return Allowed
	}
	return ImplicitDeny
}

// applies tells whether a statement speaks of the question. What is uncertain
// applies to a Deny and not to an Allow.
func (s Statement) applies(q Question) bool {
	if !s.action(q.Action) || !s.principal(q.Caller) {
		return false
	}
	switch s.resource(q) {
	case no:
		return false
	case unsure:
		if !s.Deny {
			return false
		}
	}
	for _, c := range s.Conditions {
		switch c.holds(q.Context) {
		case no:
			return false
		case unsure:
			if !s.Deny {
				return false
			}
		}
	}
	return true
}

func (s Statement) action(action string) bool {
	action = strings.ToLower(action)
	is := func(patterns []string) bool {
		for _, p := range patterns {
			if Match(strings.ToLower(p), action) {
				return true
			}
		}
		return false
	}
	if s.NotActions != nil {
		return !is(s.NotActions)
	}
	return is(s.Actions)
}

// resource compares with variables filled in. A statement without resources
// is of a trust or resource policy and speaks of what it is attached to.
func (s Statement) resource(q Question) truth {
	if s.Resources == nil && s.NotResources == nil {
		return yes
	}
	if q.AnyResource {
		return truthOf(!s.Deny || slices.Contains(s.Resources, "*"))
	}
	list := s.Resources
	if s.NotResources != nil {
		list = s.NotResources
	}
	found := no
	for _, pattern := range list {
		filled, known := fill(pattern, q.Context)
		if Match(filled, q.Resource) {
			if known {
				found = yes
				break
			}
			found = unsure
		}
	}
	if s.NotResources != nil {
		return found.not()
	}
	return found
}

// fill puts the request's values in the place of ${key} and ${key, 'default'};
// ${*}, ${?} and ${$} are the signs themselves. A variable that is not known
// matches anything, and false says so.
func fill(pattern string, context map[string][]string) (filled string, known bool) {
	known = true
	var out strings.Builder
	for {
		before, rest, ok := strings.Cut(pattern, "${")
		out.WriteString(before)
		if !ok {
			return out.String(), known
		}
		name, after, ok := strings.Cut(rest, "}")
		if !ok {
			out.WriteString("${" + rest)
			return out.String(), known
		}
		pattern = after
		if name == "*" || name == "?" || name == "$" {
			out.WriteString(name) // wider than AWS's for * and ?, and so rare
			known = known && name == "$"
			continue
		}
		key, fallback, has := strings.Cut(name, ",")
		values, there := context[strings.ToLower(strings.TrimSpace(key))]
		switch {
		case len(values) == 1:
			out.WriteString(values[0])
		case there && has:
			out.WriteString(strings.Trim(strings.TrimSpace(fallback), "'"))
		default:
			out.WriteString("*")
			known = false
		}
	}
}

// Match compares with a pattern of * (any run of characters) and ? (one).
func Match(pattern, s string) bool {
	star, mark := -1, 0
	p, i := 0, 0
	for i < len(s) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, i
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == s[i]):
			p++
			i++
		case star >= 0:
			mark++
			p, i = star+1, mark
		default:
			return false
		}
	}
	for p < len(pattern) && pattern[p] == '*' {
		p++
	}
	return p == len(pattern)
}

// principal tells whether the statement speaks of the caller; one without
// principals speaks of whom it is attached to.
func (s Statement) principal(c Caller) bool {
	is := func(list []Principal) bool {
		for _, p := range list {
			if p.is(c) {
				return true
			}
		}
		return false
	}
	if s.NotPrincipals != nil {
		c.alone = false // who is of the account is none of the others
		return !is(s.NotPrincipals)
	}
	return s.Principals == nil || is(s.Principals)
}

func (p Principal) is(c Caller) bool {
	switch p.Kind {
	case "*":
		return true
	case "Service":
		return c.Service != "" && p.Name == c.Service
	case "AWS":
		if c.Service != "" {
			return false
		}
		whole := p.Name == c.Account || p.Name == "arn:aws:iam::"+c.Account+":root"
		return p.Name == "*" || whole && !c.alone || p.Name == c.ARN || c.Role != "" && p.Name == c.Role
	}
	return false
}
