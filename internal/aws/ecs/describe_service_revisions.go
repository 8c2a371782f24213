package ecs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// describeServiceRevisions tells what the tasks of revisions are made of.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_DescribeServiceRevisions.html
func (s *Service) describeServiceRevisions(ctx context.Context, caller wire.Caller, in *ecs.DescribeServiceRevisionsInput) (*ecs.DescribeServiceRevisionsOutput, error) {
	if err := checkTargets("ServiceRevisionArns", in.ServiceRevisionArns, maxDeployments); err != nil {
		return nil, err
	}
	out := &ecs.DescribeServiceRevisionsOutput{ServiceRevisions: []types.ServiceRevision{}, Failures: []types.Failure{}}
	err := s.view(ctx, func(r store.Reader) error {
		for _, arn := range in.ServiceRevisionArns {
			id, err := serviceResource(caller.Scope, "service-revision", arn)
			if err != nil {
				return err
			}
			rev, ok := store.ServiceRevisions.Get(r, caller.Scope.Key(id))
			if !ok {
				out.Failures = append(out.Failures, missing(arn))
				continue
			}
			out.ServiceRevisions = append(out.ServiceRevisions, revisionShape(r, caller.Scope, rev))
		}
		return nil
	})
	return out, err
}

// revisionShape is a revision as AWS describes it.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ServiceRevision.html
func revisionShape(r store.Reader, scope state.Scope, rev state.ServiceRevision) types.ServiceRevision {
	out := types.ServiceRevision{
		ServiceRevisionArn: aws.String(rev.ARN), ServiceArn: aws.String(rev.ServiceARN), ClusterArn: aws.String(rev.ClusterARN),
		TaskDefinition: aws.String(rev.TaskDefinitionARN), CreatedAt: moment(rev.CreatedAt),
		LaunchType: types.LaunchType(rev.LaunchType), CapacityProviderStrategy: rev.Providers,
		PlatformVersion: optional(rev.PlatformResolved), NetworkConfiguration: rev.Network, LoadBalancers: rev.LoadBalancers, ServiceRegistries: rev.Registries,
		ServiceConnectConfiguration: connectConfiguration(scope, rev),
	}
	if rev.PlatformResolved != "" {
		out.PlatformFamily = aws.String("Linux")
	}
	ref, err := parseDefinition(scope, &rev.TaskDefinitionARN)
	if err != nil {
		return out
	}
	def, _ := store.TaskDefinitions.Get(r, scope.Key(state.TaskDefinitionID(ref.family, ref.revision)))
	for _, c := range def.Definition.ContainerDefinitions {
		out.ContainerImages = append(out.ContainerImages, types.ContainerImage{
			ContainerName: c.Name, Image: c.Image, ImageDigest: optional(rev.Images[aws.ToString(c.Name)]),
		})
	}
	return out
}
