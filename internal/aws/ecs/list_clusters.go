package ecs

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ecs"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) listClusters(ctx context.Context, caller wire.Caller, in *ecs.ListClustersInput) (*ecs.ListClustersOutput, error) {
	const kind = "ecs/clusters"
	size, after, err := page(kind, in.MaxResults, in.NextToken, maxPage)
	if err != nil {
		return nil, err
	}
	out := &ecs.ListClustersOutput{ClusterArns: []string{}}
	err = s.view(ctx, func(r store.Reader) error {
		last := ""
		for key, c := range store.Clusters.After(r, caller.Scope, "", after) {
			if c.Status != active {
				continue
			}
			if len(out.ClusterArns) == size {
				out.NextToken = nextToken(kind, last, true)
				break
			}
			out.ClusterArns = append(out.ClusterArns, c.ARN)
			last = key.ID
		}
		return nil
	})
	return out, err
}
