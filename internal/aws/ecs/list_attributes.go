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

// listAttributes lists one entry for each attribute of each instance.
func (s *Service) listAttributes(ctx context.Context, caller wire.Caller, in *ecs.ListAttributesInput) (*ecs.ListAttributesOutput, error) {
	const kind = "ecs/attributes"
	size, after, err := page(kind, in.MaxResults, in.NextToken, maxPage)
	switch {
	case err != nil:
		return nil, err
	case in.TargetType == "":
		return nil, invalid("targetType can not be empty.")
	case !slices.Contains(in.TargetType.Values(), in.TargetType):
		return nil, invalid("targetType should be one of %v.", in.TargetType.Values())
	case aws.ToString(in.AttributeValue) != "" && aws.ToString(in.AttributeName) == "":
		return nil, invalid("attributeName is required when attributeValue is given.")
	}
	if err := s.joined(ctx, caller.Scope, in.Cluster); err != nil {
		return nil, err
	}
	out := &ecs.ListAttributesOutput{Attributes: []types.Attribute{}}
	err = s.view(ctx, func(r store.Reader) error {
		cluster, err := activeCluster(r, caller.Scope, in.Cluster)
		if err != nil {
			return err
		}
		last := ""
		for _, inst := range instancesOf(r, caller.Scope, cluster.Name) {
			if inst.Status == inactive {
				continue
			}
			n, _ := store.Nodes.Get(r, nodeScope.Key(inst.Node))
			all := slices.Concat(s.builtInAttributes(inst, n), inst.Attributes)
			slices.SortFunc(all, func(a, b types.Attribute) int { return compareStrings(a.Name, b.Name) })
			for _, a := range all {
				id := inst.ID + "/" + *a.Name
				if id <= after ||
					aws.ToString(in.AttributeName) != "" && *in.AttributeName != *a.Name ||
					aws.ToString(in.AttributeValue) != "" && *in.AttributeValue != aws.ToString(a.Value) {
					continue
				}
				if len(out.Attributes) == size {
					out.NextToken = nextToken(kind, last, true)
					return nil
				}
				out.Attributes = append(out.Attributes, types.Attribute{
					Name: a.Name, Value: a.Value, TargetId: aws.String(inst.ARN), TargetType: types.TargetTypeContainerInstance,
				})
				last = id
			}
		}
		return nil
	})
	return out, err
}
