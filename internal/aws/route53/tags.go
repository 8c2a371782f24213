package route53

import (
	"context"
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// zonesOnly refuses tags of health checks, which there are none of.
func zonesOnly(kind types.TagResourceType, id string) error {
	if kind == types.TagResourceTypeHealthcheck {
		return &types.NoSuchHealthCheck{Message: aws.String("A health check with id " + id + " does not exist.")}
	}
	return nil
}

// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeTagsForResource.html
func (s *Service) changeTags(ctx context.Context, caller wire.Caller, in *route53.ChangeTagsForResourceInput) (*route53.ChangeTagsForResourceOutput, error) {
	if err := zonesOnly(in.ResourceType, aws.ToString(in.ResourceId)); err != nil {
		return nil, err
	}
	for _, t := range in.AddTags {
		key, value := aws.ToString(t.Key), aws.ToString(t.Value)
		if key == "" || utf8.RuneCountInString(key) > 128 || utf8.RuneCountInString(value) > 256 {
			return nil, invalid("The tag %q is not valid: keys have 1 to 128 characters, values at most 256.", key)
		}
	}
	return &route53.ChangeTagsForResourceOutput{}, s.update(ctx, func(w store.Writer) error {
		key, z, err := find(w, caller.Scope, in.ResourceId)
		if err != nil {
			return err
		}
		tags := maps.Clone(z.Tags)
		if tags == nil {
			tags = map[string]string{}
		}
		for _, name := range in.RemoveTagKeys {
			delete(tags, name)
		}
		for _, t := range in.AddTags {
			tags[*t.Key] = aws.ToString(t.Value)
		}
		if z.Tags = tags; len(tags) > maxTags {
			return invalid("A resource can have at most %d tags.", maxTags)
		}
		return store.HostedZones.Put(w, key, z)
	})
}

// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListTagsForResource.html
func (s *Service) listTags(ctx context.Context, caller wire.Caller, in *route53.ListTagsForResourceInput) (*route53.ListTagsForResourceOutput, error) {
	many, err := s.listTagsOfSeveral(ctx, caller, &route53.ListTagsForResourcesInput{ResourceIds: []string{aws.ToString(in.ResourceId)}, ResourceType: in.ResourceType})
	if err != nil {
		return nil, err
	}
	return &route53.ListTagsForResourceOutput{ResourceTagSet: &many.ResourceTagSets[0]}, nil
}

// https://docs.aws.amazon.com/Route53/latest/APIReference/API_ListTagsForResources.html
func (s *Service) listTagsOfSeveral(ctx context.Context, caller wire.Caller, in *route53.ListTagsForResourcesInput) (*route53.ListTagsForResourcesOutput, error) {
	if len(in.ResourceIds) == 0 || len(in.ResourceIds) > 10 {
		return nil, invalid("There must be 1 to 10 resource ids.")
	}
	if err := zonesOnly(in.ResourceType, in.ResourceIds[0]); err != nil {
		return nil, err
	}
	out := &route53.ListTagsForResourcesOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		for _, id := range in.ResourceIds {
			_, z, err := find(r, caller.Scope, &id)
			if err != nil {
				return err
			}
			set := types.ResourceTagSet{ResourceId: &z.ID, ResourceType: types.TagResourceTypeHostedzone, Tags: []types.Tag{}}
			for _, key := range slices.Sorted(maps.Keys(z.Tags)) {
				set.Tags = append(set.Tags, types.Tag{Key: &key, Value: aws.String(z.Tags[key])})
			}
			out.ResourceTagSets = append(out.ResourceTagSets, set)
		}
		return nil
	})
}
