package ecr

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const maxTags = 50

func addTags(tags map[string]string, add []types.Tag) error {
	for _, t := range add {
		key := aws.ToString(t.Key)
		if key == "" || len(key) > 128 || len(aws.ToString(t.Value)) > 256 || strings.HasPrefix(strings.ToLower(key), "aws:") {
			return &types.InvalidTagParameterException{Message: aws.String("Invalid tag '" + key + "': a key has 1 to 128 characters and does not begin with aws:, a value has at most 256")}
		}
		tags[key] = aws.ToString(t.Value)
	}
	if len(tags) > maxTags {
		return &types.TooManyTagsException{Message: aws.String("A repository has at most 50 tags")}
	}
	return nil
}

// named takes the repository's name out of its ARN.
func named(caller wire.Caller, arn *string) (string, error) {
	name, ok := strings.CutPrefix(aws.ToString(arn), caller.Scope.ARN("ecr", "repository/"))
	if !ok {
		return "", invalid("Invalid parameter at 'resourceArn' failed to satisfy constraint: 'Invalid ARN'")
	}
	return name, nil
}

func (s *Service) changeTags(ctx context.Context, caller wire.Caller, arn *string, f func(map[string]string) error) error {
	name, err := named(caller, arn)
	if err != nil {
		return err
	}
	_, _, err = s.change(ctx, caller, nil, &name, func(r *state.Repository) error {
		tags := maps.Clone(r.Tags)
		if tags == nil {
			tags = map[string]string{}
		}
		r.Tags = tags
		return f(tags)
	})
	return err
}

// TagResource adds tags to a repository.
func (s *Service) TagResource(ctx context.Context, caller wire.Caller, in *ecr.TagResourceInput) (*ecr.TagResourceOutput, error) {
	err := s.changeTags(ctx, caller, in.ResourceArn, func(tags map[string]string) error { return addTags(tags, in.Tags) })
	return &ecr.TagResourceOutput{}, err
}

// UntagResource removes tags from a repository.
func (s *Service) UntagResource(ctx context.Context, caller wire.Caller, in *ecr.UntagResourceInput) (*ecr.UntagResourceOutput, error) {
	err := s.changeTags(ctx, caller, in.ResourceArn, func(tags map[string]string) error {
		for _, k := range in.TagKeys {
			delete(tags, k)
		}
		return nil
	})
	return &ecr.UntagResourceOutput{}, err
}

// ListTagsForResource lists a repository's tags.
func (s *Service) ListTagsForResource(ctx context.Context, caller wire.Caller, in *ecr.ListTagsForResourceInput) (*ecr.ListTagsForResourceOutput, error) {
	name, err := named(caller, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	out := &ecr.ListTagsForResourceOutput{Tags: []types.Tag{}}
	err = s.cfg.Store.View(ctx, func(r store.Reader) error {
		repo, err := find(r, caller.Scope, name)
		for _, k := range slices.Sorted(maps.Keys(repo.Tags)) {
			out.Tags = append(out.Tags, types.Tag{Key: aws.String(k), Value: aws.String(repo.Tags[k])})
		}
		return err
	})
	return out, err
}
