package elbv2

import (
	"iter"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// The limits of an account, which DescribeAccountLimits tells.
//
// Source: https://docs.aws.amazon.com/elasticloadbalancing/latest/application/load-balancer-limits.html
const (
	maxBalancers            = 50
	maxListeners            = 50
	maxRules                = 100 // of a balancer, not counting default rules
	maxGroups               = 3000
	maxGroupsOfBalancer     = 100
	maxGroupsOfAction       = 5
	maxTargetsOfGroup       = 1000
	maxCertificates         = 25 // of a listener, not counting the default one
	maxCertificatesOfNetLB  = 25
	maxTags                 = 50
	maxAttributes           = 20
	maxPage                 = 400
	maxDescribedAtOnce      = 20
	maxTargetsAtOnce        = 1000
	maxSecurityGroups       = 5
	maxNameLength           = 32
	maxRulePriority         = 50000
	maxConditionsOfRule     = 5
	maxWildcardsOfRule      = 5
	maxValuesOfCondition    = 5
	maxConditionValueLength = 128
)

// findBalancer is the balancer of an ARN.
func findBalancer(r store.Reader, scope state.Scope, arn *string) (state.LoadBalancer, error) {
	text := aws.ToString(arn)
	id := state.LoadBalancerID(text)
	if id == "" {
		return state.LoadBalancer{}, invalid("'%s' is not a valid load balancer ARN", text)
	}
	b, ok := store.LoadBalancers.Get(r, scope.Key(id))
	if !ok || b.ARN != text {
		return b, noBalancer(text)
	}
	return b, nil
}

func findListener(r store.Reader, scope state.Scope, arn *string) (state.Listener, error) {
	text := aws.ToString(arn)
	id := state.ListenerID(text)
	if id == "" {
		return state.Listener{}, invalid("'%s' is not a valid listener ARN", text)
	}
	l, ok := store.Listeners.Get(r, scope.Key(id))
	if !ok || l.ARN != text {
		return l, noListener()
	}
	return l, nil
}

func findRule(r store.Reader, scope state.Scope, arn *string) (state.Rule, error) {
	text := aws.ToString(arn)
	id := state.RuleID(text)
	if id == "" {
		return state.Rule{}, invalid("'%s' is not a valid listener rule ARN", text)
	}
	rule, ok := store.Rules.Get(r, scope.Key(id))
	if !ok || rule.ARN != text {
		return rule, noRule()
	}
	return rule, nil
}

func findGroup(r store.Reader, scope state.Scope, arn *string) (state.TargetGroup, error) {
	text := aws.ToString(arn)
	id := state.TargetGroupID(text)
	if id == "" {
		return state.TargetGroup{}, invalid("'%s' is not a valid target group ARN", text)
	}
	g, ok := store.TargetGroups.Get(r, scope.Key(id))
	if !ok || g.ARN != text {
		return g, noGroup()
	}
	return g, nil
}

// balancerNamed finds a balancer of any type by its name.
func balancerNamed(r store.Reader, scope state.Scope, name string) (state.LoadBalancer, bool) {
	for _, kind := range []string{"app/", "net/"} {
		for _, b := range store.LoadBalancers.List(r, scope, kind+name+"/") {
			return b, true
		}
	}
	return state.LoadBalancer{}, false
}

func groupNamed(r store.Reader, scope state.Scope, name string) (state.TargetGroup, bool) {
	for _, g := range store.TargetGroups.List(r, scope, name+"/") {
		return g, true
	}
	return state.TargetGroup{}, false
}

// listenersOf are a balancer's listeners.
func listenersOf(r store.Reader, scope state.Scope, balancer string) iter.Seq2[state.Key, state.Listener] {
	return store.Listeners.List(r, scope, balancer+"/")
}

// defaultRule is a listener's.
func defaultRule(r store.Reader, scope state.Scope, listener string) (state.Rule, bool) {
	for _, rule := range store.Rules.List(r, scope, listener+"/") {
		if rule.Priority == 0 {
			return rule, true
		}
	}
	return state.Rule{}, false
}

func count[T any](list iter.Seq2[state.Key, T]) (n int) {
	for range list {
		n++
	}
	return n
}

// page is the part of a list behind a marker, in the order of what key says of
// its items. That carries on where an item was, if it is gone meanwhile.
func page[T any](kind string, list []T, key func(T) string, marker *string, size *int32) ([]T, *string, error) {
	limit, ok := wire.PageSize(size, maxPage, maxPage)
	if !ok {
		return nil, nil, invalid("1 validation error detected: Value '%d' at 'pageSize' failed to satisfy constraint: %s", limit, wire.ValueWithin(limit, 1, maxPage))
	}
	list = slices.SortedStableFunc(slices.Values(list), func(a, b T) int { return strings.Compare(key(a), key(b)) })
	cut, next, err := wire.Cut(kind, list, key, marker, limit)
	if err != nil {
		return nil, nil, invalid("Invalid marker")
	}
	return cut, next, nil
}
