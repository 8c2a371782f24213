package ecs

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) describeClusters(ctx context.Context, caller wire.Caller, in *ecs.DescribeClustersInput) (*ecs.DescribeClustersOutput, error) {
	ids := in.Clusters
	if len(ids) == 0 {
		ids = []string{defaultCluster}
	}
	if len(ids) > maxPage {
		return nil, invalid("Clusters cannot have more than %d elements.", maxPage)
	}
	show := include{
		tags: slices.Contains(in.Include, types.ClusterFieldTags), settings: slices.Contains(in.Include, types.ClusterFieldSettings),
		configurations: slices.Contains(in.Include, types.ClusterFieldConfigurations),
		statistics:     slices.Contains(in.Include, types.ClusterFieldStatistics),
		attachments:    slices.Contains(in.Include, types.ClusterFieldAttachments),
	}
	for _, i := range in.Include {
		if !slices.Contains(i.Values(), i) {
			return nil, invalid("include should be one of %v.", i.Values())
		}
	}
	out := &ecs.DescribeClustersOutput{Clusters: []types.Cluster{}, Failures: []types.Failure{}}
	err := s.view(ctx, func(r store.Reader) error {
		counts := countTasks(r, caller.Scope)
		seen := map[string]bool{}
		for _, id := range ids {
			name, err := clusterName(caller.Scope, id)
			if err != nil {
				return err
			}
			if seen[name] {
				continue
			}
			seen[name] = true
			c, ok := store.Clusters.Get(r, caller.Scope.Key(name))
			if !ok {
				out.Failures = append(out.Failures, missing(caller.Scope.ClusterARN(name)))
				continue
			}
			out.Clusters = append(out.Clusters, *clusterShape(c, counts[name], show))
		}
		return nil
	})
	return out, err
}

// missing is the failure of an id that names nothing.
func missing(arn string) types.Failure {
	return types.Failure{Arn: aws.String(arn), Reason: aws.String("MISSING")}
}
