// Package clusterquery is the language in which container instances are chosen:
// by placement constraints of the type memberOf, and by the filter of
// ListContainerInstances. It is pure.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/cluster-query-language.html
package clusterquery

import (
	"slices"
	"time"
)

// Facts are what is known of a container instance.
type Facts struct {
	AgentConnected bool
	AgentVersion   string
	EC2InstanceID  string
	RegisteredAt   time.Time
	RunningTasks   int
	Attributes     map[string]string // those without a value are there with ""
	Groups         []string          // of the tasks on it
}

// Query is an expression that was read. Its zero value holds for every
// instance.
type Query struct {
	root node
	text string
}

// Equal tells whether two queries were read from the same text.
func (q Query) Equal(p Query) bool { return q.text == p.text }

// Holds tells whether an instance is among those that the query means.
func (q Query) Holds(f Facts) bool { return q.root == nil || q.root.holds(&f) }

// node is a part of an expression.
type node interface{ holds(*Facts) bool }

type (
	not struct{ of node }
	and struct{ all []node }
	or  struct{ any []node }
	// comparison is true when one of the subject's values is accepted; negated,
	// when none is.
	comparison struct {
		values  func(*Facts) []string
		accepts func(value string) bool
		negated bool
	}
)

func (n not) holds(f *Facts) bool { return !n.of.holds(f) }

func (n and) holds(f *Facts) bool {
	return !slices.ContainsFunc(n.all, func(e node) bool { return !e.holds(f) })
}

func (n or) holds(f *Facts) bool {
	return slices.ContainsFunc(n.any, func(e node) bool { return e.holds(f) })
}

func (c comparison) holds(f *Facts) bool {
	return slices.ContainsFunc(c.values(f), c.accepts) != c.negated
}
