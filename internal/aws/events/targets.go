package events

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/events/target"
	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// maxTargets is how many targets a rule has at most.
const maxTargets = 5

// putTargets adds targets to a rule, or replaces those of the same ids.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html
func (s *Service) putTargets(ctx context.Context, caller wire.Caller, in *sdk.PutTargetsInput) (*sdk.PutTargetsOutput, error) {
	if n := len(in.Targets); n < 1 || n > 100 {
		return nil, invalid("1 validation error detected: Value at 'targets' failed to satisfy constraint: %s", wire.LengthWithin(n, 1, 100))
	}
	for i := range in.Targets {
		t := &in.Targets[i]
		if err := checkName(t.Id, "targets.1.member.id", 64, nameForm); err != nil {
			return nil, err
		}
		if err := checkTarget(caller.Scope, t); err != nil {
			return nil, err
		}
	}
	err := s.changeRule(ctx, caller.Scope, in.Rule, in.EventBusName, func(r store.Reader, rule *state.EventRule) error {
		rule.Targets = slices.Clone(rule.Targets)
		for _, t := range in.Targets {
			if i := slices.IndexFunc(rule.Targets, func(have types.Target) bool { return *have.Id == *t.Id }); i >= 0 {
				rule.Targets[i] = t
			} else {
				rule.Targets = append(rule.Targets, t)
			}
			noteRole(r, rule, aws.ToString(t.RoleArn))
		}
		if len(rule.Targets) > maxTargets {
			return limited("The requested resource exceeds the maximum number allowed.")
		}
		return nil
	})
	return &sdk.PutTargetsOutput{FailedEntries: []types.PutTargetsResultEntry{}}, err
}

// noteRole notes that a target's role is in IAM, so that it is missed when it is
// gone. Another one is taken unseen.
func noteRole(r store.Reader, rule *state.EventRule, arn string) {
	rule.KnownRoles = slices.DeleteFunc(slices.Clone(rule.KnownRoles), func(known string) bool {
		return known == arn || !slices.ContainsFunc(rule.Targets, func(t types.Target) bool { return aws.ToString(t.RoleArn) == known })
	})
	if _, known := identity.Role(r, arn); known {
		rule.KnownRoles = append(rule.KnownRoles, arn)
	}
}

// removeTargets removes targets. Force is about rules that AWS's services
// manage; there are none.
func (s *Service) removeTargets(ctx context.Context, caller wire.Caller, in *sdk.RemoveTargetsInput) (*sdk.RemoveTargetsOutput, error) {
	if n := len(in.Ids); n < 1 || n > 100 {
		return nil, invalid("1 validation error detected: Value at 'ids' failed to satisfy constraint: %s", wire.LengthWithin(n, 1, 100))
	}
	out := &sdk.RemoveTargetsOutput{}
	err := s.changeRule(ctx, caller.Scope, in.Rule, in.EventBusName, func(_ store.Reader, rule *state.EventRule) error {
		out.FailedEntries = []types.RemoveTargetsResultEntry{}
		for _, id := range in.Ids {
			left := slices.DeleteFunc(slices.Clone(rule.Targets), func(t types.Target) bool { return *t.Id == id })
			if len(left) == len(rule.Targets) {
				out.FailedEntries = append(out.FailedEntries, types.RemoveTargetsResultEntry{
					TargetId: &id, ErrorCode: aws.String("ResourceNotFoundException"),
					ErrorMessage: aws.String("Rule " + rule.Name + " does not have target " + id + "."),
				})
			}
			rule.Targets = left
		}
		out.FailedEntryCount = int32(len(out.FailedEntries))
		return nil
	})
	return out, err
}

func (s *Service) listTargetsByRule(ctx context.Context, caller wire.Caller, in *sdk.ListTargetsByRuleInput) (*sdk.ListTargetsByRuleOutput, error) {
	if err := checkName(in.Rule, "rule", 64, nameForm); err != nil {
		return nil, err
	}
	all, err := s.rules(ctx, caller.Scope, in.EventBusName, func(r state.EventRule) bool { return r.Name == *in.Rule })
	switch {
	case err != nil:
		return nil, err
	case len(all) == 0:
		bus, _ := busName(caller.Scope, in.EventBusName)
		return nil, notFound("Rule %s does not exist on EventBus %s.", *in.Rule, bus)
	}
	targets := slices.Clone(all[0].Targets)
	slices.SortFunc(targets, func(a, b types.Target) int {
		if *a.Id < *b.Id {
			return -1
		}
		return 1
	})
	list, next, err := page("targets", targets, func(t types.Target) string { return *t.Id }, in.NextToken, in.Limit)
	return &sdk.ListTargetsByRuleOutput{Targets: append([]types.Target{}, list...), NextToken: next}, err
}

// checkTarget holds that a target can be given events, and how.
func checkTarget(scope state.Scope, t *types.Target) error {
	kind, err := target.Parse(aws.ToString(t.Arn))
	if other := target.OtherServiceError(""); errors.As(err, &other) {
		return invalid("Parameter %s is not valid. Reason: %v It does to ECS clusters (RunTask), CloudWatch log groups, SNS topics, API destinations and event buses.", *t.Arn, other)
	}
	if err != nil {
		return invalid("Parameter %s is not valid. Reason: %v", aws.ToString(t.Arn), err)
	}
	if err := checkRole(t.RoleArn); err != nil {
		return err
	}
	switch {
	case kind.Kind != target.Bus && kind.Scope != scope:
		return invalid("Parameter %s is not valid. Reason: Hatoba gives events to targets of the rule's account and region only; to others through an event bus there.", *t.Arn)
	case kind.Kind == target.Bus && kind.Scope.Account == scope.Account && kind.Scope.Region == scope.Region && t.InputTransformer != nil:
		return unsupported("InputTransformer with an event bus as the target")
	}
	if err := checkForeignParameters(t); err != nil {
		return err
	}
	if err := checkInput(t); err != nil {
		return err
	}
	if err := checkFailure(scope, t); err != nil {
		return err
	}
	if err := checkRequest(t, kind.Kind); err != nil {
		return err
	}
	switch kind.Kind {
	case target.Task:
		return checkTask(t)
	case target.Bus, target.Logs, target.Topic, target.API:
		if t.EcsParameters != nil {
			return invalid("Parameter EcsParameters is not supported for target %s.", *t.Id)
		}
		if kind.Kind == target.Bus && (t.Input != nil || t.InputPath != nil || t.InputTransformer != nil) {
			return invalid("Parameter(s) Input, InputPath and InputTransformer are not supported for an event bus target.")
		}
	}
	return nil
}

// checkForeignParameters refuses what is for targets that Hatoba does not have.
func checkForeignParameters(t *types.Target) error {
	for _, p := range []struct {
		name string
		set  bool
	}{
		{"KinesisParameters", t.KinesisParameters != nil}, {"RunCommandParameters", t.RunCommandParameters != nil},
		{"BatchParameters", t.BatchParameters != nil}, {"SqsParameters", t.SqsParameters != nil},
		{"RedshiftDataParameters", t.RedshiftDataParameters != nil}, {"SageMakerPipelineParameters", t.SageMakerPipelineParameters != nil},
		{"AppSyncParameters", t.AppSyncParameters != nil},
	} {
		if p.set {
			return unsupported(p.name)
		}
	}
	return nil
}
