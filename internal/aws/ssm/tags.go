package ssm

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// maxTags is how many tags a parameter may have.
const maxTags = 50

func (s *Service) addTagsToResource(ctx context.Context, caller wire.Caller, in *sdk.AddTagsToResourceInput) (*sdk.AddTagsToResourceOutput, error) {
	err := s.changeTags(ctx, caller.Scope, in.ResourceType, in.ResourceId, func(tags []types.Tag) ([]types.Tag, error) {
		return mergeTags(tags, in.Tags)
	})
	if err != nil {
		return nil, err
	}
	return &sdk.AddTagsToResourceOutput{}, nil
}

func (s *Service) removeTagsFromResource(ctx context.Context, caller wire.Caller, in *sdk.RemoveTagsFromResourceInput) (*sdk.RemoveTagsFromResourceOutput, error) {
	err := s.changeTags(ctx, caller.Scope, in.ResourceType, in.ResourceId, func(tags []types.Tag) ([]types.Tag, error) {
		return slices.DeleteFunc(slices.Clone(tags), func(t types.Tag) bool { return slices.Contains(in.TagKeys, aws.ToString(t.Key)) }), nil
	})
	if err != nil {
		return nil, err
	}
	return &sdk.RemoveTagsFromResourceOutput{}, nil
}

func (s *Service) listTagsForResource(ctx context.Context, caller wire.Caller, in *sdk.ListTagsForResourceInput) (*sdk.ListTagsForResourceOutput, error) {
	if err := checkResourceType(in.ResourceType); err != nil {
		return nil, err
	}
	out := &sdk.ListTagsForResourceOutput{TagList: []types.Tag{}}
	err := s.store.View(ctx, func(r store.Reader) error {
		p, err := findExact(r, caller.Scope, in.ResourceId)
		out.TagList = append(out.TagList, p.Tags...)
		return err
	})
	if err != nil {
		return nil, resourceError(err)
	}
	return out, nil
}

func (s *Service) changeTags(ctx context.Context, scope state.Scope, kind types.ResourceTypeForTagging, id *string, fn func([]types.Tag) ([]types.Tag, error)) error {
	if err := checkResourceType(kind); err != nil {
		return err
	}
	_, err := s.change(ctx, scope, id, func(p *state.Parameter) (err error) {
		p.Tags, err = fn(p.Tags)
		return err
	})
	return resourceError(err)
}

func checkResourceType(kind types.ResourceTypeForTagging) error {
	switch {
	case kind == types.ResourceTypeForTaggingParameter:
		return nil
	case slices.Contains(kind.Values(), kind):
		return &types.InvalidResourceType{Message: aws.String("ResourceType " + string(kind) + " is not supported by Hatoba (only Parameter).")}
	}
	return constraint(string(kind), "resourceType", "Member must satisfy enum value set: [Document, ManagedInstance, MaintenanceWindow, Parameter, PatchBaseline, OpsItem, OpsMetadata, Automation, Association]")
}

// resourceError gives a missing parameter the code that tag operations use.
func resourceError(err error) error {
	var absent *types.ParameterNotFound
	if errors.As(err, &absent) {
		return &types.InvalidResourceId{Message: absent.Message}
	}
	return err
}

// mergeTags returns tags with added ones replacing those of the same key.
func mergeTags(tags, added []types.Tag) ([]types.Tag, error) {
	out := slices.Clone(tags)
	for _, tag := range added {
		key := aws.ToString(tag.Key)
		switch {
		case key == "" || len(key) > 128:
			return nil, constraint(key, "tags", "Member must have length between 1 and 128")
		case len(aws.ToString(tag.Value)) > 256:
			return nil, constraint(*tag.Value, "tags", "Member must have length less than or equal to 256")
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, invalid("aws: prefixed tag key names are not allowed for external use.")
		}
		tag.Value = aws.String(aws.ToString(tag.Value))
		if i := slices.IndexFunc(out, func(t types.Tag) bool { return aws.ToString(t.Key) == key }); i >= 0 {
			out[i] = tag
		} else {
			out = append(out, tag)
		}
	}
	if len(out) > maxTags {
		return nil, &types.TooManyTagsError{Message: aws.String("A parameter can't have more than 50 tags.")}
	}
	return out, nil
}
