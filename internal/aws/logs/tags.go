package cloudwatchlogs

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/hatoba/hatoba/internal/logs"
	"github.com/hatoba/hatoba/internal/wire"
)

// maxTags is how many tags a group can have.
const maxTags = 50

// tags checks keys and values.
func (f *faults) tags(tags map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		value := tags[key]
		f.length(&key, "tags", 1, 128)
		f.length(&value, "tags", 0, 256)
		if strings.HasPrefix(strings.ToLower(key), "aws:") {
			f.add("'"+key+"'", "tags", `Member must satisfy regular expression pattern: (?!aws:)([\p{L}\p{Z}\p{N}_.:/=+\-@]+)`)
		}
	}
}

// tag adds tags to a group.
func (s *Service) tag(ctx context.Context, caller wire.Caller, group string, tags map[string]string, tooMany error) error {
	var f faults
	if len(tags) == 0 {
		f.add("null", "tags", "Member must not be null")
	}
	f.tags(tags)
	if err := f.err(); err != nil {
		return err
	}
	return answer(s.engine.UpdateGroup(ctx, caller.Scope, group, func(g *logs.Group) error {
		if g.Tags == nil {
			g.Tags = map[string]string{}
		}
		maps.Copy(g.Tags, tags)
		if len(g.Tags) > maxTags {
			return tooMany
		}
		return nil
	}))
}

// untag removes tags, those that are there.
func (s *Service) untag(ctx context.Context, caller wire.Caller, group string, keys []string) error {
	return answer(s.engine.UpdateGroup(ctx, caller.Scope, group, func(g *logs.Group) error {
		for _, key := range keys {
			delete(g.Tags, key)
		}
		return nil
	}))
}

func (s *Service) tagsOf(ctx context.Context, caller wire.Caller, group string) (map[string]string, error) {
	g, err := s.engine.GetGroup(ctx, caller.Scope, group)
	if err != nil {
		return nil, answer(err)
	}
	if g.Tags == nil {
		g.Tags = map[string]string{}
	}
	return g.Tags, nil
}

// tagResource tags a group named by its ARN.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TagResource.html
func (s *Service) tagResource(ctx context.Context, caller wire.Caller, in *sdk.TagResourceInput) (*sdk.TagResourceOutput, error) {
	group, err := resource(caller.Scope, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	tooMany := &types.TooManyTagsException{Message: aws.String("A resource can have no more than 50 tags."), ResourceName: in.ResourceArn}
	return &sdk.TagResourceOutput{}, s.tag(ctx, caller, group, in.Tags, tooMany)
}

// untagResource removes tags of a group named by its ARN.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_UntagResource.html
func (s *Service) untagResource(ctx context.Context, caller wire.Caller, in *sdk.UntagResourceInput) (*sdk.UntagResourceOutput, error) {
	group, err := resource(caller.Scope, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	return &sdk.UntagResourceOutput{}, s.untag(ctx, caller, group, in.TagKeys)
}

// listTagsForResource returns the tags of a group named by its ARN.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListTagsForResource.html
func (s *Service) listTagsForResource(ctx context.Context, caller wire.Caller, in *sdk.ListTagsForResourceInput) (*sdk.ListTagsForResourceOutput, error) {
	group, err := resource(caller.Scope, in.ResourceArn)
	if err != nil {
		return nil, err
	}
	tags, err := s.tagsOf(ctx, caller, group)
	return &sdk.ListTagsForResourceOutput{Tags: tags}, err
}

// tagLogGroup tags a group named by its name.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TagLogGroup.html
func (s *Service) tagLogGroup(ctx context.Context, caller wire.Caller, in *sdk.TagLogGroupInput) (*sdk.TagLogGroupOutput, error) {
	var f faults
	f.group(in.LogGroupName, "logGroupName")
	if err := f.err(); err != nil {
		return nil, err
	}
	tooMany := invalid("A log group can have at most %d tags.", maxTags)
	return &sdk.TagLogGroupOutput{}, s.tag(ctx, caller, *in.LogGroupName, in.Tags, tooMany)
}

// untagLogGroup removes tags of a group named by its name.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_UntagLogGroup.html
func (s *Service) untagLogGroup(ctx context.Context, caller wire.Caller, in *sdk.UntagLogGroupInput) (*sdk.UntagLogGroupOutput, error) {
	var f faults
	f.group(in.LogGroupName, "logGroupName")
	if err := f.err(); err != nil {
		return nil, err
	}
	return &sdk.UntagLogGroupOutput{}, s.untag(ctx, caller, *in.LogGroupName, in.Tags)
}

// listTagsLogGroup returns the tags of a group named by its name.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListTagsLogGroup.html
func (s *Service) listTagsLogGroup(ctx context.Context, caller wire.Caller, in *sdk.ListTagsLogGroupInput) (*sdk.ListTagsLogGroupOutput, error) {
	var f faults
	f.group(in.LogGroupName, "logGroupName")
	if err := f.err(); err != nil {
		return nil, err
	}
	tags, err := s.tagsOf(ctx, caller, *in.LogGroupName)
	return &sdk.ListTagsLogGroupOutput{Tags: tags}, err
}
