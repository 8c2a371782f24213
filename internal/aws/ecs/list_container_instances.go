package ecs

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/hatoba/hatoba/internal/clusterquery"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// listContainerInstances lists all but those that were deregistered.
func (s *Service) listContainerInstances(ctx context.Context, caller wire.Caller, in *ecs.ListContainerInstancesInput) (*ecs.ListContainerInstancesOutput, error) {
	const kind = "ecs/container-instances"
	size, after, err := page(kind, in.MaxResults, in.NextToken, maxPage)
	if err != nil {
		return nil, err
	}
	if in.Status != "" && !slices.Contains(in.Status.Values(), in.Status) {
		return nil, invalid("status should be one of %v.", in.Status.Values())
	}
	var filter clusterquery.Query // holds for all
	if aws.ToString(in.Filter) != "" {
		if filter, err = parseQuery(in.Filter); err != nil {
			return nil, err
		}
	}
	if err := s.joined(ctx, caller.Scope, in.Cluster); err != nil {
		return nil, err
	}
	out := &ecs.ListContainerInstancesOutput{ContainerInstanceArns: []string{}}
	err = s.view(ctx, func(r store.Reader) error {
		cluster, err := activeCluster(r, caller.Scope, in.Cluster)
		if err != nil {
			return err
		}
		for _, inst := range instancesOf(r, caller.Scope, cluster.Name) {
			if inst.ID <= after || inst.Status == inactive || in.Status != "" && inst.Status != string(in.Status) {
				continue
			}
			if aws.ToString(in.Filter) != "" && !filter.Holds(s.factsOf(r, caller.Scope, inst)) {
				continue
			}
			if len(out.ContainerInstanceArns) == size {
				last := out.ContainerInstanceArns[size-1]
				out.NextToken = nextToken(kind, last[strings.LastIndexByte(last, '/')+1:], true)
				break
			}
			out.ContainerInstanceArns = append(out.ContainerInstanceArns, inst.ARN)
		}
		return nil
	})
	return out, err
}
