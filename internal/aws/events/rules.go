package events

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/events"
	"github.com/hatoba/hatoba/internal/schedule"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const maxRules = 300 // of a bus

func ruleARN(scope state.Scope, bus, name string) string {
	if bus == events.Default {
		return scope.ARN("events", "rule/"+name)
	}
	return scope.ARN("events", "rule/"+bus+"/"+name)
}

// putRule makes a rule or changes one. A change keeps targets and tags.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html
func (s *Service) putRule(ctx context.Context, caller wire.Caller, in *sdk.PutRuleInput) (*sdk.PutRuleOutput, error) {
	scope := caller.Scope
	bus, err := busName(scope, in.EventBusName)
	if err != nil {
		return nil, err
	}
	asked, err := checkRule(in, bus)
	if err != nil {
		return nil, err
	}
	asked.Bus, asked.ARN, asked.CreatedBy = bus, ruleARN(scope, bus, asked.Name), scope.Account
	now := s.now()
	err = s.update(ctx, func(w store.Writer) error {
		if _, err := findBus(w, scope, bus); err != nil {
			return err
		}
		rule, key := asked, scope.Key(bus+"/"+asked.Name)
		old, had := store.EventRules.Get(w, key)
		if had {
			rule.Targets, rule.Tags, rule.CreatedAt, rule.CreatedBy, rule.EnabledAt, rule.Next = old.Targets, old.Tags, old.CreatedAt, old.CreatedBy, old.EnabledAt, old.Next
		} else {
			rule.CreatedAt = now
			n := 0
			for range store.EventRules.List(w, scope, bus+"/") {
				n++
			}
			if n >= maxRules {
				return limited("The requested resource exceeds the maximum number allowed.")
			}
		}
		if !had || old.State != rule.State || old.Schedule != rule.Schedule {
			timed(&rule, now)
		}
		return store.EventRules.Put(w, key, rule)
	})
	return &sdk.PutRuleOutput{RuleArn: &asked.ARN}, err
}

// timed sets when a rule that was made, enabled, disabled or changed is due.
func timed(rule *state.EventRule, now time.Time) {
	rule.Next = nil
	if rule.State == types.RuleStateDisabled {
		return
	}
	rule.EnabledAt = now
	if sched, err := schedule.Parse(rule.Schedule, time.UTC); err == nil && rule.Schedule != "" {
		if next, ok := sched.Next(now, now); ok {
			rule.Next = &next
		}
	}
}

func checkRule(in *sdk.PutRuleInput, bus string) (state.EventRule, error) {
	out := state.EventRule{
		Name: aws.ToString(in.Name), State: types.RuleStateEnabled, Pattern: aws.ToString(in.EventPattern),
		Schedule: aws.ToString(in.ScheduleExpression), Description: aws.ToString(in.Description), RoleARN: aws.ToString(in.RoleArn),
	}
	if err := checkName(in.Name, "name", 64, nameForm); err != nil {
		return out, err
	}
	if err := checkLength(in.Description, "description", 512); err != nil {
		return out, err
	}
	if err := checkLength(in.ScheduleExpression, "scheduleExpression", 256); err != nil {
		return out, err
	}
	if err := checkRole(in.RoleArn); err != nil {
		return out, err
	}
	if err := checkEnum(in.State, "state", in.State.Values()); err != nil {
		return out, err
	}
	if in.State == types.RuleStateEnabledWithAllCloudtrailManagementEvents {
		return out, unsupported("State " + string(in.State) + ": there is no CloudTrail")
	}
	if in.State != "" {
		out.State = in.State
	}
	if out.Pattern == "" && out.Schedule == "" {
		return out, invalid("Parameter(s) EventPattern or ScheduleExpression must be specified.")
	}
	if out.Pattern != "" {
		p, err := compile(out.Pattern)
		if err != nil {
			return out, err
		}
		out.Heard = state.Heard{Sources: p.Sources, DetailTypes: p.DetailTypes}
	}
	if out.Schedule != "" {
		if bus != events.Default {
			return out, invalid("ScheduleExpression is supported only on the default event bus.")
		}
		sched, err := schedule.Parse(out.Schedule, time.UTC)
		if err != nil || sched.Kind() == schedule.At {
			return out, invalid("Parameter ScheduleExpression is not valid.")
		}
	}
	var err error
	out.Tags, err = mergeTags(nil, in.Tags)
	return out, err
}

// changeRule edits a copy of a rule.
func (s *Service) changeRule(ctx context.Context, scope state.Scope, name, bus *string, fn func(store.Reader, *state.EventRule) error) error {
	if err := checkName(name, "name", 64, nameForm); err != nil {
		return err
	}
	b, err := busName(scope, bus)
	if err != nil {
		return err
	}
	return s.update(ctx, func(w store.Writer) error {
		rule, err := findRule(w, scope, b, *name)
		if err != nil {
			return err
		}
		if err := fn(w, &rule); err != nil {
			return err
		}
		return store.EventRules.Put(w, scope.Key(b+"/"+*name), rule)
	})
}

func findRule(r store.Reader, scope state.Scope, bus, name string) (state.EventRule, error) {
	if _, err := findBus(r, scope, bus); err != nil {
		return state.EventRule{}, err
	}
	rule, ok := store.EventRules.Get(r, scope.Key(bus+"/"+name))
	if !ok {
		return rule, notFound("Rule %s does not exist on EventBus %s.", name, bus)
	}
	return rule, nil
}

func (s *Service) enableRule(ctx context.Context, caller wire.Caller, in *sdk.EnableRuleInput) (*sdk.EnableRuleOutput, error) {
	return &sdk.EnableRuleOutput{}, s.changeRule(ctx, caller.Scope, in.Name, in.EventBusName, s.switched(types.RuleStateEnabled))
}

func (s *Service) disableRule(ctx context.Context, caller wire.Caller, in *sdk.DisableRuleInput) (*sdk.DisableRuleOutput, error) {
	return &sdk.DisableRuleOutput{}, s.changeRule(ctx, caller.Scope, in.Name, in.EventBusName, s.switched(types.RuleStateDisabled))
}

func (s *Service) switched(to types.RuleState) func(store.Reader, *state.EventRule) error {
	now := s.now()
	return func(_ store.Reader, rule *state.EventRule) error {
		if rule.State != to {
			rule.State = to
			timed(rule, now)
		}
		return nil
	}
}

// deleteRule deletes a rule without targets. One that does not exist is none, as
// AWS has it. Force is about rules that AWS's services manage; there are none.
func (s *Service) deleteRule(ctx context.Context, caller wire.Caller, in *sdk.DeleteRuleInput) (*sdk.DeleteRuleOutput, error) {
	if err := checkName(in.Name, "name", 64, nameForm); err != nil {
		return nil, err
	}
	bus, err := busName(caller.Scope, in.EventBusName)
	if err != nil {
		return nil, err
	}
	return &sdk.DeleteRuleOutput{}, s.update(ctx, func(w store.Writer) error {
		key := caller.Scope.Key(bus + "/" + *in.Name)
		if rule, ok := store.EventRules.Get(w, key); ok && len(rule.Targets) > 0 {
			return invalid("Rule can't be deleted since it has targets.")
		}
		store.EventRules.Delete(w, key)
		return nil
	})
}

func (s *Service) describeRule(ctx context.Context, caller wire.Caller, in *sdk.DescribeRuleInput) (*sdk.DescribeRuleOutput, error) {
	if err := checkName(in.Name, "name", 64, nameForm); err != nil {
		return nil, err
	}
	bus, err := busName(caller.Scope, in.EventBusName)
	if err != nil {
		return nil, err
	}
	var out *sdk.DescribeRuleOutput
	err = s.view(ctx, func(r store.Reader) error {
		rule, err := findRule(r, caller.Scope, bus, *in.Name)
		out = &sdk.DescribeRuleOutput{
			Name: &rule.Name, Arn: &rule.ARN, EventBusName: &rule.Bus, State: rule.State, EventPattern: optional(rule.Pattern),
			ScheduleExpression: optional(rule.Schedule), Description: optional(rule.Description), RoleArn: optional(rule.RoleARN), CreatedBy: &rule.CreatedBy,
		}
		return err
	})
	return out, err
}

// rules are those of a bus that fn keeps, by name.
func (s *Service) rules(ctx context.Context, scope state.Scope, bus *string, fn func(state.EventRule) bool) (out []state.EventRule, err error) {
	name, err := busName(scope, bus)
	if err != nil {
		return nil, err
	}
	return out, s.view(ctx, func(r store.Reader) error {
		out = nil
		if _, err := findBus(r, scope, name); err != nil {
			return err
		}
		for _, rule := range store.EventRules.List(r, scope, name+"/") {
			if fn(rule) {
				out = append(out, rule)
			}
		}
		return nil
	})
}

func ruleName(r state.EventRule) string { return r.Name }

func (s *Service) listRules(ctx context.Context, caller wire.Caller, in *sdk.ListRulesInput) (*sdk.ListRulesOutput, error) {
	all, err := s.rules(ctx, caller.Scope, in.EventBusName, func(r state.EventRule) bool { return strings.HasPrefix(r.Name, aws.ToString(in.NamePrefix)) })
	if err != nil {
		return nil, err
	}
	list, next, err := page("rules", all, ruleName, in.NextToken, in.Limit)
	out := &sdk.ListRulesOutput{Rules: []types.Rule{}, NextToken: next}
	for _, rule := range list {
		out.Rules = append(out.Rules, types.Rule{
			Name: &rule.Name, Arn: &rule.ARN, EventBusName: &rule.Bus, State: rule.State, EventPattern: optional(rule.Pattern),
			ScheduleExpression: optional(rule.Schedule), Description: optional(rule.Description), RoleArn: optional(rule.RoleARN),
		})
	}
	return out, err
}

func (s *Service) listRuleNamesByTarget(ctx context.Context, caller wire.Caller, in *sdk.ListRuleNamesByTargetInput) (*sdk.ListRuleNamesByTargetOutput, error) {
	if aws.ToString(in.TargetArn) == "" {
		return nil, constraint("", "targetArn", "Member must have length greater than or equal to 1")
	}
	all, err := s.rules(ctx, caller.Scope, in.EventBusName, func(r state.EventRule) bool {
		for _, t := range r.Targets {
			if aws.ToString(t.Arn) == *in.TargetArn {
				return true
			}
		}
		return false
	})
	if err != nil {
		return nil, err
	}
	list, next, err := page("rules-by-target", all, ruleName, in.NextToken, in.Limit)
	out := &sdk.ListRuleNamesByTargetOutput{RuleNames: []string{}, NextToken: next}
	for _, rule := range list {
		out.RuleNames = append(out.RuleNames, rule.Name)
	}
	return out, err
}

func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
