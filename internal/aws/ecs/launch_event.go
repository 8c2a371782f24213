package ecs

import (
	"encoding/json"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/sched"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// LaunchForEvent makes the tasks of a rule's target the way RunTask makes its,
// inside the caller's transaction. An error is about what the target asks for;
// nothing was written then.
func (s *Service) LaunchForEvent(w store.Writer, l state.EventLaunch) (sched.Launched, error) {
	out := sched.Launched{}
	in, err := runTaskInput(l)
	if err != nil {
		return out, err
	}
	request, err := s.checkRunTask(l.Scope, in)
	if err != nil {
		return out, err
	}
	request.ids, request.seed, request.now = l.IDs, seedOf(l.IDs[0]), l.Now
	caller := wire.Caller{Scope: l.Scope, Identity: wire.Identity{Account: l.Scope.Account, ARN: "arn:aws:iam::" + l.Scope.Account + ":root"}}
	done, _, err := s.launch(w, caller, &l.Cluster, request)
	if err != nil {
		return out, err
	}
	for _, t := range done.tasks {
		out.Tasks = append(out.Tasks, taskIDOf(t))
	}
	for _, f := range done.failures {
		out.Refused = append(out.Refused, sched.Refused{Reason: aws.ToString(f.Reason), Detail: aws.ToString(f.Detail)})
	}
	return out, nil
}

// runTaskInput is what RunTask would have been asked for.
func runTaskInput(l state.EventLaunch) (*ecs.RunTaskInput, error) {
	p := l.Parameters
	in := &ecs.RunTaskInput{
		TaskDefinition: p.TaskDefinitionArn, Cluster: &l.Cluster, Count: aws.Int32(int32(len(l.IDs))), Group: p.Group, StartedBy: &l.StartedBy,
		LaunchType: types.LaunchType(p.LaunchType), PlatformVersion: p.PlatformVersion, PropagateTags: types.PropagateTags(p.PropagateTags),
		EnableECSManagedTags: p.EnableECSManagedTags, EnableExecuteCommand: p.EnableExecuteCommand, ReferenceId: p.ReferenceId,
	}
	if n := p.NetworkConfiguration; n != nil && n.AwsvpcConfiguration != nil {
		in.NetworkConfiguration = &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{
			Subnets: n.AwsvpcConfiguration.Subnets, SecurityGroups: n.AwsvpcConfiguration.SecurityGroups,
			AssignPublicIp: types.AssignPublicIp(n.AwsvpcConfiguration.AssignPublicIp),
		}}
	}
	for _, c := range p.CapacityProviderStrategy {
		in.CapacityProviderStrategy = append(in.CapacityProviderStrategy, types.CapacityProviderStrategyItem{CapacityProvider: c.CapacityProvider, Base: c.Base, Weight: c.Weight})
	}
	in.PlacementConstraints, in.PlacementStrategy = placements(p)
	for _, t := range p.Tags {
		in.Tags = append(in.Tags, types.Tag{Key: t.Key, Value: t.Value})
	}
	if l.Overrides != "" {
		// Names of members are read whatever their case; an event that is itself
		// the input has none of them.
		if err := json.Unmarshal([]byte(l.Overrides), &in.Overrides); err != nil {
			return nil, invalid("Overrides for task cannot be read: they are to be a JSON object as RunTask's overrides.")
		}
	}
	return in, nil
}

func placements(p eventtypes.EcsParameters) (constraints []types.PlacementConstraint, strategy []types.PlacementStrategy) {
	for _, c := range p.PlacementConstraints {
		constraints = append(constraints, types.PlacementConstraint{Expression: c.Expression, Type: types.PlacementConstraintType(c.Type)})
	}
	for _, s := range p.PlacementStrategy {
		strategy = append(strategy, types.PlacementStrategy{Field: s.Field, Type: types.PlacementStrategyType(s.Type)})
	}
	return constraints, strategy
}
