package elbv2

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func shownRule(r state.Rule) types.Rule {
	out := types.Rule{
		RuleArn: &r.ARN, IsDefault: aws.Bool(r.Priority == 0), Priority: aws.String("default"), Actions: r.Actions,
		Conditions: append([]types.RuleCondition{}, r.Conditions...), Transforms: r.Transforms,
	}
	if r.Priority != 0 {
		out.Priority = aws.String(strconv.Itoa(int(r.Priority)))
	}
	return out
}

// ruleOrder is where a rule stands among those of its listener: by priority, the
// default one last.
func ruleOrder(rule state.Rule) string {
	priority := rule.Priority
	if priority == 0 {
		priority = maxRulePriority + 1
	}
	return fmt.Sprintf("%05d %s", priority, rule.ID())
}

func checkPriority(p int32) error {
	if p < 1 || p > maxRulePriority {
		return invalid("Priority '%d' must be between 1 and %d inclusive", p, maxRulePriority)
	}
	return nil
}

func priorityInUse(p int32) error {
	return wire.Errorf("PriorityInUse", "Priority '%d' is currently in use", p)
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateRule.html
func (s *Service) createRule(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.CreateRuleInput) (*elasticloadbalancingv2.CreateRuleOutput, error) {
	if in.Priority == nil {
		return nil, invalid("A priority must be specified")
	}
	if err := checkPriority(*in.Priority); err != nil {
		return nil, err
	}
	conditions, err := checkConditions(in.Conditions)
	if err != nil {
		return nil, err
	}
	if err := checkTransforms(in.Transforms); err != nil {
		return nil, err
	}
	tags, err := mergedTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	id, scope := s.cfg.NewID(), caller.Scope
	out := &elasticloadbalancingv2.CreateRuleOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		l, err := findListener(w, scope, in.ListenerArn)
		if err != nil {
			return err
		}
		b, _ := store.LoadBalancers.Get(w, scope.Key(l.Balancer))
		if b.Type == typeNetwork {
			return unsupported("Rules are not supported for listeners of Network Load Balancers here: they have their default action")
		}
		others := 0
		for _, rule := range store.Rules.List(w, scope, l.Balancer+"/") {
			if rule.Priority == 0 {
				continue
			}
			if others++; others >= maxRules {
				return tooMany("TooManyRules", "rules of a load balancer", maxRules)
			}
			if rule.Priority == *in.Priority && state.ListenerOf(rule.ID()) == l.ID() {
				return priorityInUse(*in.Priority)
			}
		}
		rule := state.Rule{Priority: *in.Priority, Conditions: conditions, Transforms: in.Transforms, Tags: tags}
		if rule.Actions, err = checkActions(w, scope, b, l, in.Actions); err != nil {
			return err
		}
		storeID := l.ID() + "/" + id
		rule.ARN = scope.ARN("elasticloadbalancing", "listener-rule/"+storeID)
		if err := store.Rules.Put(w, scope.Key(storeID), rule); err != nil {
			return err
		}
		out.Rules = []types.Rule{shownRule(rule)}
		return associate(w, scope, b.ID(), state.ForwardsTo(rule.Actions))
	})
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeRules.html
func (s *Service) describeRules(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.DescribeRulesInput) (*elasticloadbalancingv2.DescribeRulesOutput, error) {
	switch {
	case in.ListenerArn == nil && len(in.RuleArns) == 0:
		return nil, invalid("You must specify either listener rule ARNs or a listener ARN")
	case in.ListenerArn != nil && len(in.RuleArns) > 0:
		return nil, invalid("Listener rule ARNs and a listener ARN cannot be specified at the same time")
	}
	out := &elasticloadbalancingv2.DescribeRulesOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		var list []state.Rule
		for _, arn := range in.RuleArns {
			rule, err := findRule(r, caller.Scope, &arn)
			if err != nil {
				return err
			}
			list = append(list, rule)
		}
		if in.ListenerArn != nil {
			l, err := findListener(r, caller.Scope, in.ListenerArn)
			if err != nil {
				return err
			}
			for _, rule := range store.Rules.List(r, caller.Scope, l.ID()+"/") {
				list = append(list, rule)
			}
		}
		cut, next, err := page("elb-rules", list, ruleOrder, in.Marker, in.PageSize)
		out.Rules, out.NextMarker = []types.Rule{}, next
		for _, rule := range cut {
			out.Rules = append(out.Rules, shownRule(rule))
		}
		return err
	})
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_ModifyRule.html
func (s *Service) modifyRule(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.ModifyRuleInput) (*elasticloadbalancingv2.ModifyRuleOutput, error) {
	var conditions []types.RuleCondition
	var err error
	if len(in.Conditions) > 0 {
		if conditions, err = checkConditions(in.Conditions); err != nil {
			return nil, err
		}
	}
	if err := checkTransforms(in.Transforms); err != nil {
		return nil, err
	}
	if aws.ToBool(in.ResetTransforms) && len(in.Transforms) > 0 {
		return nil, invalid("Transforms and ResetTransforms cannot be specified at the same time")
	}
	scope := caller.Scope
	out := &elasticloadbalancingv2.ModifyRuleOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		rule, err := findRule(w, scope, in.RuleArn)
		if err != nil {
			return err
		}
		if rule.Priority == 0 {
			return wire.Errorf("OperationNotPermitted", "Default rule '%s' cannot be modified", rule.ARN)
		}
		l, _ := store.Listeners.Get(w, scope.Key(state.ListenerOf(rule.ID())))
		b, _ := store.LoadBalancers.Get(w, scope.Key(l.Balancer))
		touched := state.ForwardsTo(rule.Actions)
		if len(in.Actions) > 0 {
			if rule.Actions, err = checkActions(w, scope, b, l, in.Actions); err != nil {
				return err
			}
		}
		if len(conditions) > 0 {
			rule.Conditions = conditions
		}
		if len(in.Transforms) > 0 || aws.ToBool(in.ResetTransforms) {
			rule.Transforms = in.Transforms
		}
		if err := store.Rules.Put(w, scope.Key(rule.ID()), rule); err != nil {
			return err
		}
		out.Rules = []types.Rule{shownRule(rule)}
		return associate(w, scope, b.ID(), append(touched, state.ForwardsTo(rule.Actions)...))
	})
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DeleteRule.html
func (s *Service) deleteRule(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.DeleteRuleInput) (*elasticloadbalancingv2.DeleteRuleOutput, error) {
	return &elasticloadbalancingv2.DeleteRuleOutput{}, s.update(ctx, func(w store.Writer) error {
		rule, err := findRule(w, caller.Scope, in.RuleArn)
		if err != nil {
			return err
		}
		if rule.Priority == 0 {
			return wire.Errorf("OperationNotPermitted", "Default rule '%s' cannot be deleted", rule.ARN)
		}
		store.Rules.Delete(w, caller.Scope.Key(rule.ID()))
		return associate(w, caller.Scope, state.BalancerOf(rule.ID()), state.ForwardsTo(rule.Actions))
	})
}

// setRulePriorities changes several at once, so that two may change places.
//
// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_SetRulePriorities.html
func (s *Service) setRulePriorities(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.SetRulePrioritiesInput) (*elasticloadbalancingv2.SetRulePrioritiesOutput, error) {
	if len(in.RulePriorities) == 0 {
		return nil, invalid("At least one rule priority must be specified")
	}
	scope := caller.Scope
	out := &elasticloadbalancingv2.SetRulePrioritiesOutput{}
	return out, s.update(ctx, func(w store.Writer) error {
		changed := map[string]state.Rule{}
		out.Rules = nil
		for _, p := range in.RulePriorities {
			rule, err := findRule(w, scope, p.RuleArn)
			if err != nil {
				return err
			}
			if err := checkPriority(aws.ToInt32(p.Priority)); err != nil {
				return err
			}
			if rule.Priority == 0 {
				return wire.Errorf("OperationNotPermitted", "The priority of default rule '%s' cannot be changed", rule.ARN)
			}
			rule.Priority = *p.Priority
			changed[rule.ID()] = rule
			out.Rules = append(out.Rules, shownRule(rule))
		}
		for _, rule := range changed {
			for key, other := range store.Rules.List(w, scope, state.ListenerOf(rule.ID())+"/") {
				if c, ok := changed[key.ID]; ok {
					other = c
				}
				if key.ID != rule.ID() && other.Priority == rule.Priority {
					return priorityInUse(rule.Priority)
				}
			}
		}
		for id, rule := range changed {
			if err := store.Rules.Put(w, scope.Key(id), rule); err != nil {
				return err
			}
		}
		return nil
	})
}
