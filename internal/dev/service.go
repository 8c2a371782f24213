package dev

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// deployed is a service as the loop found it and what it has told of it.
type deployed struct {
	name   string
	before *string // its task definition before the loop; nil: the loop made it
	events map[string]bool
}

// deployService makes or updates the service and waits for the deployment's
// end.
func (l *loop) deployService(ctx context.Context, p *Project, def *ecstypes.TaskDefinition) error {
	if l.service == nil {
		if err := l.meet(ctx, p); err != nil {
			return err
		}
	}
	if err := l.send(ctx, p, def); err != nil {
		return err
	}
	for {
		s, err := l.newEvents(ctx)
		if err != nil {
			return err
		}
		for _, d := range s.Deployments {
			if aws.ToString(d.TaskDefinition) != aws.ToString(def.TaskDefinitionArn) {
				continue
			}
			switch d.RolloutState {
			case ecstypes.DeploymentRolloutStateCompleted:
				l.say("service %s: %d of %d tasks run", l.service.name, s.RunningCount, s.DesiredCount)
				return l.tellWhere(ctx, s)
			case ecstypes.DeploymentRolloutStateFailed:
				return fmt.Errorf("the deployment failed: %s", aws.ToString(d.RolloutStateReason))
			}
		}
		if err := pause(ctx, glance); err != nil {
			return err
		}
	}
}

// tellWhere says where the service's load balancers are.
func (l *loop) tellWhere(ctx context.Context, s *ecstypes.Service) error {
	for _, b := range s.LoadBalancers {
		if b.TargetGroupArn == nil {
			continue
		}
		at, err := l.Where(ctx, *b.TargetGroupArn)
		if err != nil {
			return err
		}
		if at != "" {
			l.say("it is at %s", at)
		}
	}
	return nil
}

// meet looks whether the service is there.
func (l *loop) meet(ctx context.Context, p *Project) error {
	name := aws.ToString(p.Service.ServiceName)
	s, err := l.describe(ctx, name)
	if err != nil {
		return err
	}
	l.service = &deployed{name: name, events: map[string]bool{}}
	if s == nil || aws.ToString(s.Status) != "ACTIVE" {
		return nil
	}
	l.service.before = s.TaskDefinition
	for _, e := range s.Events {
		l.service.events[aws.ToString(e.Id)] = true
	}
	if len(p.Settings.Mounts) > 0 && s.LaunchType != ecstypes.LaunchTypeEc2 {
		l.service = nil
		return fmt.Errorf("service %s is there, and not of launch type EC2: with mounts, delete it first, or run a task (--task)", name)
	}
	l.say("service %s is there: it goes back to %s at the end", name, ID(aws.ToString(s.TaskDefinition)))
	return nil
}

// send makes the service, or gives it the new revision. Of a service that is
// there, only that is changed.
func (l *loop) send(ctx context.Context, p *Project, def *ecstypes.TaskDefinition) error {
	s, err := l.describe(ctx, l.service.name)
	if err != nil {
		return err
	}
	if s == nil || aws.ToString(s.Status) == "INACTIVE" {
		in := *p.Service
		in.Cluster, in.TaskDefinition = l.cluster, def.TaskDefinitionArn
		_, err := l.ECS.CreateService(ctx, &in)
		return err
	}
	_, err = l.ECS.UpdateService(ctx, &ecs.UpdateServiceInput{Cluster: l.cluster, Service: &l.service.name, TaskDefinition: def.TaskDefinitionArn})
	return err
}

// describe is the service, nil when there is none.
func (l *loop) describe(ctx context.Context, name string) (*ecstypes.Service, error) {
	out, err := l.ECS.DescribeServices(ctx, &ecs.DescribeServicesInput{Cluster: l.cluster, Services: []string{name}})
	if err != nil || len(out.Services) == 0 {
		return nil, err
	}
	return &out.Services[0], nil
}

// newEvents prints the events that are new, oldest first.
func (l *loop) newEvents(ctx context.Context) (*ecstypes.Service, error) {
	s, err := l.describe(ctx, l.service.name)
	if err == nil && s == nil {
		err = errors.New("service " + l.service.name + " is gone")
	}
	if err != nil {
		return nil, err
	}
	for _, e := range slices.Backward(s.Events) {
		if id := aws.ToString(e.Id); !l.service.events[id] {
			l.service.events[id] = true
			l.say("%s", aws.ToString(e.Message))
		}
	}
	return s, nil
}

// endService deletes the service if the loop made it; else it gets the task
// definition back that it had.
func (l *loop) endService(ctx context.Context) error {
	name := l.service.name
	if l.service.before != nil {
		l.say("service %s goes back to %s", name, ID(*l.service.before))
		_, err := l.ECS.UpdateService(ctx, &ecs.UpdateServiceInput{Cluster: l.cluster, Service: &name, TaskDefinition: l.service.before})
		return err
	}
	s, err := l.describe(ctx, name)
	if err != nil || s == nil || aws.ToString(s.Status) == "INACTIVE" {
		return err
	}
	if _, err := l.ECS.DeleteService(ctx, &ecs.DeleteServiceInput{Cluster: l.cluster, Service: &name, Force: aws.Bool(true)}); err != nil {
		return err
	}
	for {
		s, err := l.describe(ctx, name)
		if err != nil || s == nil || aws.ToString(s.Status) == "INACTIVE" {
			l.say("service %s is deleted", name)
			return err
		}
		if err := pause(ctx, glance); err != nil {
			return fmt.Errorf("service %s is still draining: %w", name, err)
		}
	}
}
