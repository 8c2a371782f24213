package rules

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

// unread is the gap of a live thing; name tells which one of several.
func unread[T any](g review.Given[T], at review.Place, name string) review.Outcome {
	why := g.Why
	if why.IsZero() {
		why = review.Say("not read", "読み取っていない")
	}
	if name != "" {
		why = review.Text{EN: name + ": " + why.EN, JA: name + ": " + why.JA}
	}
	return review.Outcome{Status: review.NotExamined, Place: at, Observed: why, Todo: g.How}
}

// liveAt is where a finding about the service itself points.
func liveAt(s *review.Subject) review.Place {
	if arn := str(s.Live.Value.Service.Value.ServiceArn); arn != "" {
		return review.Place{File: arn}
	}
	if s.TaskDef.OK {
		return review.Place{File: s.TaskDef.Value.File}
	}
	return review.Place{}
}

// awslogs is an option of the awslogs driver; empty for other drivers.
func awslogs(c types.ContainerDefinition, option string) string {
	if c.LogConfiguration == nil || c.LogConfiguration.LogDriver != types.LogDriverAwslogs {
		return ""
	}
	return c.LogConfiguration.Options[option]
}

// runningTasks are those that have started and not stopped.
func runningTasks(l *review.Live) (out []types.Task) {
	for _, t := range l.Tasks.Value {
		if str(t.LastStatus) == "RUNNING" {
			out = append(out, t)
		}
	}
	return out
}

// valuesFrom lists the references to secrets of a definition, each once, with
// a name that it is given by.
func valuesFrom(td *review.TaskDef) (refs []types.Secret, at []review.Place) {
	seen := map[string]bool{}
	for i, c := range td.ContainerDefinitions {
		for j, s := range c.Secrets {
			if v := str(s.ValueFrom); v != "" && !seen[v] {
				seen[v] = true
				refs, at = append(refs, s), append(at, td.At("containerDefinitions", i, "secrets", j, "valueFrom"))
			}
		}
	}
	return refs, at
}

// covers reports whether an IAM pattern, with its * and ?, matches.
func covers(pattern, text string) bool {
	for pattern != "" {
		switch {
		case pattern[0] == '*':
			for i := 0; i <= len(text); i++ {
				if covers(strings.TrimLeft(pattern, "*"), text[i:]) {
					return true
				}
			}
			return false
		case text == "" || pattern[0] != '?' && pattern[0] != text[0]:
			return false
		}
		pattern, text = pattern[1:], text[1:]
	}
	return text == ""
}

func coversAny(patterns []string, text string) bool {
	for _, p := range patterns {
		if covers(p, text) {
			return true
		}
	}
	return false
}

// speaksOf reports whether a statement is about an action on a resource; an
// empty resource is any.
func speaksOf(a review.Allowed, action, resource string) bool {
	var lower []string
	for _, p := range append(a.Actions, a.NotActions...) {
		lower = append(lower, strings.ToLower(p))
	}
	if coversAny(lower, strings.ToLower(action)) == (len(a.NotActions) > 0) {
		return false
	}
	if len(a.NotResources) > 0 {
		return resource == "" || !coversAny(a.NotResources, resource)
	}
	return resource == "" || coversAny(a.Resources, resource)
}

// allows reports whether a role's own policies let it do something. Conditions
// are taken as met: the review cannot weigh them.
func allows(r review.Role, action, resource string) bool {
	for _, d := range r.Denies {
		if !d.Conditional && resource != "" && speaksOf(d, action, resource) {
			return false
		}
	}
	for _, a := range r.Policies {
		if speaksOf(a, action, resource) {
			return true
		}
	}
	return false
}
