package ecs

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// maxDeployments is how many deployments or revisions one request describes.
const maxDeployments = 20

// describeServiceDeployments tells where deployments stand.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceDeployments.html
func (s *Service) describeServiceDeployments(ctx context.Context, caller wire.Caller, in *ecs.DescribeServiceDeploymentsInput) (*ecs.DescribeServiceDeploymentsOutput, error) {
	if err := checkTargets("ServiceDeploymentArns", in.ServiceDeploymentArns, maxDeployments); err != nil {
		return nil, err
	}
	out := &ecs.DescribeServiceDeploymentsOutput{ServiceDeployments: []types.ServiceDeployment{}, Failures: []types.Failure{}}
	err := s.view(ctx, func(r store.Reader) error {
		shapes := s.newServiceShapes(r, caller.Scope)
		for _, arn := range in.ServiceDeploymentArns {
			id, err := serviceResource(caller.Scope, "service-deployment", arn)
			if err != nil {
				return err
			}
			d, ok := store.ServiceDeployments.Get(r, caller.Scope.Key(id))
			if !ok {
				out.Failures = append(out.Failures, missing(arn))
				continue
			}
			out.ServiceDeployments = append(out.ServiceDeployments, shapes.serviceDeployment(d))
		}
		return nil
	})
	return out, err
}

// serviceResource reads the ARN of something that a service has, and returns
// its store id.
func serviceResource(scope state.Scope, kind, arn string) (string, error) {
	id, isARN, err := resource(scope, kind, arn)
	if err == nil && !isARN {
		err = invalid("Invalid identifier: '%s' is not the ARN of a %s.", arn, kind)
	}
	return id, err
}

// serviceDeployment is a deployment as AWS describes it.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceDeployment.html
func (s serviceShapes) serviceDeployment(d state.ServiceDeployment) types.ServiceDeployment {
	service := serviceOfARN(s.scope, d.ServiceARN)
	svc, _ := store.Services.Get(s.r, s.scope.Key(service))
	share := func(revision string, requested int32) types.ServiceRevisionSummary {
		n := s.count[service][revision]
		return types.ServiceRevisionSummary{
			Arn: aws.String(s.scope.ServiceRevisionARN(service, revision)), RequestedTaskCount: requested,
			RunningTaskCount: n.running, PendingTaskCount: n.pending,
		}
	}
	target := share(d.Target, svc.DesiredCount)
	if d.RollbackTo != "" {
		target.RequestedTaskCount = 0
	}
	out := types.ServiceDeployment{
		ServiceDeploymentArn: aws.String(d.ARN), ServiceArn: aws.String(d.ServiceARN), ClusterArn: aws.String(d.ClusterARN),
		CreatedAt: moment(d.CreatedAt), StartedAt: d.StartedAt, UpdatedAt: moment(d.UpdatedAt), StoppedAt: d.StoppedAt, FinishedAt: d.FinishedAt,
		Status: types.ServiceDeploymentStatus(d.Status), StatusReason: optional(d.StatusReason),
		DeploymentConfiguration: shapeConfiguration(d.Configuration), TargetServiceRevision: &target,
		DeploymentCircuitBreaker: &types.ServiceDeploymentCircuitBreaker{
			Status: types.ServiceDeploymentRollbackMonitorsStatus(d.Breaker.Status), FailureCount: d.Breaker.Failures, Threshold: d.Breaker.Threshold,
		},
	}
	if c := d.Configuration.Alarms; c != nil {
		out.Alarms = &types.ServiceDeploymentAlarms{
			Status:     types.ServiceDeploymentRollbackMonitorsStatus(cmp.Or(d.Alarms.Status, string(types.ServiceDeploymentRollbackMonitorsStatusDisabled))),
			AlarmNames: c.AlarmNames, TriggeredAlarmNames: append([]string{}, d.Alarms.Triggered...),
		}
	}
	for _, source := range d.Sources {
		requested := int32(0)
		if svc.Rollout(source.Revision) != nil {
			requested = source.Requested
		}
		out.SourceServiceRevisions = append(out.SourceServiceRevisions, share(source.Revision, requested))
	}
	if d.RollbackAt != nil {
		out.Rollback = &types.Rollback{
			Reason: optional(d.RollbackWhy), StartedAt: d.RollbackAt, ServiceRevisionArn: aws.String(s.scope.ServiceRevisionARN(service, d.RollbackTo)),
		}
	}
	return out
}

// serviceOfARN is the store id in a service's own ARN.
func serviceOfARN(scope state.Scope, arn string) string {
	id, _, _ := resource(scope, "service", arn) // it was written here
	return id
}
