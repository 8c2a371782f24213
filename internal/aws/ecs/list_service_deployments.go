package ecs

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// listServiceDeployments lists a service's deployments, the newest first.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ListServiceDeployments.html
func (s *Service) listServiceDeployments(ctx context.Context, caller wire.Caller, in *ecs.ListServiceDeploymentsInput) (*ecs.ListServiceDeploymentsOutput, error) {
	const kind = "ecs/service-deployments"
	size, after, err := page(kind, in.MaxResults, in.NextToken, maxPage)
	if err != nil {
		return nil, err
	}
	if in.MaxResults == nil {
		size = 20
	}
	for _, status := range in.Status {
		if !slices.Contains(status.Values(), status) {
			return nil, invalid("status should be one of %v.", status.Values())
		}
	}
	out := &ecs.ListServiceDeploymentsOutput{ServiceDeployments: []types.ServiceDeploymentBrief{}}
	err = s.view(ctx, func(r store.Reader) error {
		_, svc, err := findService(r, caller.Scope, in.Cluster, in.Service)
		if err != nil {
			return err
		}
		last := ""
		for _, d := range deploymentsOf(r, caller.Scope, svc) {
			place := deploymentPlace(d)
			if after != "" && place <= after || !listedDeployment(in, d) {
				continue
			}
			if len(out.ServiceDeployments) == size {
				out.NextToken = nextToken(kind, last, true)
				return nil
			}
			out.ServiceDeployments = append(out.ServiceDeployments, types.ServiceDeploymentBrief{
				ServiceDeploymentArn: aws.String(d.ARN), ServiceArn: aws.String(d.ServiceARN), ClusterArn: aws.String(d.ClusterARN),
				CreatedAt: moment(d.CreatedAt), StartedAt: d.StartedAt, FinishedAt: d.FinishedAt,
				Status: types.ServiceDeploymentStatus(d.Status), StatusReason: optional(d.StatusReason),
				TargetServiceRevisionArn: aws.String(caller.Scope.ServiceRevisionARN(svc.ID(), d.Target)),
			})
			last = place
		}
		return nil
	})
	return out, err
}

// deploymentPlace sorts as the listing does: the newest first.
func deploymentPlace(d state.ServiceDeployment) string {
	return fmt.Sprintf("%020d %s", 1<<62-d.CreatedAt.UnixNano(), d.ID)
}

func deploymentsOf(r store.Reader, scope state.Scope, svc state.Service) (out []state.ServiceDeployment) {
	for _, d := range store.ServiceDeployments.List(r, scope, svc.ID()+"/") {
		out = append(out, d)
	}
	slices.SortFunc(out, func(a, b state.ServiceDeployment) int { return cmp.Compare(deploymentPlace(a), deploymentPlace(b)) })
	return out
}

func listedDeployment(in *ecs.ListServiceDeploymentsInput, d state.ServiceDeployment) bool {
	if len(in.Status) > 0 && !slices.Contains(in.Status, types.ServiceDeploymentStatus(d.Status)) {
		return false
	}
	c := in.CreatedAt
	return c == nil || (c.After == nil || d.CreatedAt.After(*c.After)) && (c.Before == nil || d.CreatedAt.Before(*c.Before))
}
