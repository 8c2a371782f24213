package elbv2

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// shownListener is a listener as DescribeListeners tells it; rule is its
// default one.
func shownListener(r store.Reader, scope state.Scope, l state.Listener, rule state.Rule) types.Listener {
	b, _ := store.LoadBalancers.Get(r, scope.Key(l.Balancer))
	out := types.Listener{
		ListenerArn: &l.ARN, LoadBalancerArn: &b.ARN, Port: &l.Port, Protocol: types.ProtocolEnum(l.Protocol),
		AlpnPolicy: l.ALPN, DefaultActions: rule.Actions,
	}
	if l.Policy != "" {
		out.SslPolicy = &l.Policy
	}
	if len(l.Certificates) > 0 {
		out.Certificates = []types.Certificate{{CertificateArn: aws.String(l.Certificates[0])}}
	}
	if l.Protocol == protocolHTTPS {
		out.MutualAuthentication = &types.MutualAuthenticationAttributes{Mode: aws.String("off")}
	}
	return out
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeListeners.html
func (s *Service) describeListeners(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.DescribeListenersInput) (*elasticloadbalancingv2.DescribeListenersOutput, error) {
	switch {
	case in.LoadBalancerArn == nil && len(in.ListenerArns) == 0:
		return nil, invalid("You must specify either listener ARNs or a load balancer ARN")
	case in.LoadBalancerArn != nil && len(in.ListenerArns) > 0:
		return nil, invalid("Listener ARNs and a load balancer ARN cannot be specified at the same time")
	}
	scope := caller.Scope
	out := &elasticloadbalancingv2.DescribeListenersOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		var list []state.Listener
		for _, arn := range in.ListenerArns {
			l, err := findListener(r, scope, &arn)
			if err != nil {
				return err
			}
			list = append(list, l)
		}
		if in.LoadBalancerArn != nil {
			b, err := findBalancer(r, scope, in.LoadBalancerArn)
			if err != nil {
				return err
			}
			for _, l := range listenersOf(r, scope, b.ID()) {
				list = append(list, l)
			}
		}
		cut, next, err := page("elb-listeners", list, state.Listener.ID, in.Marker, in.PageSize)
		out.Listeners, out.NextMarker = []types.Listener{}, next
		for _, l := range cut {
			rule, _ := defaultRule(r, scope, l.ID())
			out.Listeners = append(out.Listeners, shownListener(r, scope, l, rule))
		}
		return err
	})
}

// deleteListener deletes a listener with its rules.
//
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteListener.html
func (s *Service) deleteListener(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.DeleteListenerInput) (*elasticloadbalancingv2.DeleteListenerOutput, error) {
	return &elasticloadbalancingv2.DeleteListenerOutput{}, s.update(ctx, func(w store.Writer) error {
		l, err := findListener(w, caller.Scope, in.ListenerArn)
		if err != nil {
			return err
		}
		groups := eraseListener(w, caller.Scope.Key(l.ID()))
		return associate(w, caller.Scope, l.Balancer, groups)
	})
}

// eraseListener removes a listener and its rules, and tells the groups that
// they forwarded to.
func eraseListener(w store.Writer, key state.Key) (groups []string) {
	var rules []state.Key
	for k, rule := range store.Rules.List(w, key.Scope(), key.ID+"/") {
		rules = append(rules, k)
		groups = append(groups, state.ForwardsTo(rule.Actions)...)
	}
	for _, k := range rules {
		store.Rules.Delete(w, k)
	}
	store.Listeners.Delete(w, key)
	return groups
}

// associate writes into target groups which balancers forward to them, after
// the rules of one balancer changed for the groups of the given ARNs.
func associate(w store.Writer, scope state.Scope, balancer string, groups []string) error {
	used := map[string]bool{}
	for _, rule := range store.Rules.List(w, scope, balancer+"/") {
		for _, arn := range state.ForwardsTo(rule.Actions) {
			used[arn] = true
		}
	}
	if len(used) > maxGroupsOfBalancer {
		return tooMany("TooManyUniqueTargetGroupsPerLoadBalancer", "target groups of a load balancer", maxGroupsOfBalancer)
	}
	for _, arn := range groups {
		key := scope.Key(state.TargetGroupID(arn))
		g, ok := store.TargetGroups.Get(w, key)
		has := slices.Contains(g.Balancers, balancer)
		if !ok || has == used[arn] {
			continue
		}
		if used[arn] && len(g.Balancers) > 0 {
			return wire.Errorf("TargetGroupAssociationLimit", "The following target groups cannot be associated with more than one load balancer: %s", arn)
		}
		if g.Balancers = nil; used[arn] {
			g.Balancers = []string{balancer}
		}
		if err := store.TargetGroups.Put(w, key, g); err != nil {
			return err
		}
	}
	return nil
}
