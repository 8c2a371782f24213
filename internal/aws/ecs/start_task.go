package ecs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/aws/ecs/fields"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
)

const (
	maxStartInstances = 10
	maxStartStartedBy = 36
)

// startTask makes a task on each of the named container instances, without
// choosing among them. It is an EC2-type launch.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_StartTask.html
func (s *Service) startTask(ctx context.Context, caller wire.Caller, in *ecs.StartTaskInput) (*ecs.StartTaskOutput, error) {
	l, err := s.checkStartTask(caller.Scope, in)
	if err != nil {
		return nil, err
	}
	out, err := s.start(ctx, caller, in.Cluster, l)
	if err != nil {
		return nil, err
	}
	return &ecs.StartTaskOutput{Tasks: out.tasks, Failures: out.failures}, nil
}

func (s *Service) checkStartTask(scope state.Scope, in *ecs.StartTaskInput) (launch, error) {
	if err := checkTargets("Container instances", in.ContainerInstances, maxStartInstances); err != nil {
		return launch{}, err
	}
	if len(aws.ToString(in.StartedBy)) > maxStartStartedBy {
		return launch{}, invalid("startedBy should have at most %d characters.", maxStartStartedBy)
	}
	if err := refusal(fields.StartTask(), in); err != nil {
		return launch{}, err
	}
	l, err := s.checkRunTask(scope, &ecs.RunTaskInput{
		TaskDefinition: in.TaskDefinition, Cluster: in.Cluster, LaunchType: types.LaunchTypeEc2,
		Count: aws.Int32(int32(len(in.ContainerInstances))),
		Group: in.Group, StartedBy: in.StartedBy, Overrides: in.Overrides, NetworkConfiguration: in.NetworkConfiguration,
		PropagateTags: in.PropagateTags, EnableECSManagedTags: in.EnableECSManagedTags, EnableExecuteCommand: in.EnableExecuteCommand,
		Tags: in.Tags, ReferenceId: in.ReferenceId,
	})
	l.instances = in.ContainerInstances
	return l, err
}
