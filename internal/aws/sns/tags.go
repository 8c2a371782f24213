package sns

import (
	"context"
	"maps"
	"net/http"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const maxTags = 50

// mergedTags is old with added; old stays as it is.
func mergedTags(old map[string]string, added []types.Tag) (map[string]string, error) {
	out := maps.Clone(old)
	for _, t := range added {
		key, value := aws.ToString(t.Key), aws.ToString(t.Value)
		if key == "" || utf8.RuneCountInString(key) > 128 || utf8.RuneCountInString(value) > 256 {
			return nil, invalid("Tags Reason: a key has 1 to 128 characters and a value at most 256")
		}
		if out == nil {
			out = map[string]string{}
		}
		out[key] = value
	}
	if len(out) > maxTags {
		return nil, wire.Errorf("TagLimitExceeded", "Could not complete request: tag quota of per resource exceeded")
	}
	return out, nil
}

func (s *Service) retag(ctx context.Context, scope state.Scope, arn *string, change func(map[string]string) (map[string]string, error)) error {
	return s.update(ctx, func(w store.Writer) error {
		t, err := tagged(w, scope, arn)
		if err != nil {
			return err
		}
		if t.Tags, err = change(t.Tags); err != nil {
			return err
		}
		return store.Topics.Put(w, scope.Key(t.Name), t)
	})
}

// tagged is topic, with the error of operations on tags.
func tagged(r store.Reader, scope state.Scope, arn *string) (state.Topic, error) {
	t, ok := store.Topics.Get(r, scope.Key(state.TopicName(aws.ToString(arn))))
	if !ok || t.ARN != *arn {
		return t, &wire.Error{Code: "ResourceNotFound", Message: "Resource does not exist", Status: http.StatusNotFound}
	}
	return t, nil
}

// https://docs.aws.amazon.com/sns/latest/api/API_TagResource.html
func (s *Service) tagResource(ctx context.Context, caller wire.Caller, in *sns.TagResourceInput) (*sns.TagResourceOutput, error) {
	return &sns.TagResourceOutput{}, s.retag(ctx, caller.Scope, in.ResourceArn, func(old map[string]string) (map[string]string, error) {
		return mergedTags(old, in.Tags)
	})
}

// https://docs.aws.amazon.com/sns/latest/api/API_UntagResource.html
func (s *Service) untagResource(ctx context.Context, caller wire.Caller, in *sns.UntagResourceInput) (*sns.UntagResourceOutput, error) {
	return &sns.UntagResourceOutput{}, s.retag(ctx, caller.Scope, in.ResourceArn, func(old map[string]string) (map[string]string, error) {
		out := maps.Clone(old)
		for _, k := range in.TagKeys {
			delete(out, k)
		}
		return out, nil
	})
}

// https://docs.aws.amazon.com/sns/latest/api/API_ListTagsForResource.html
func (s *Service) listTagsForResource(ctx context.Context, caller wire.Caller, in *sns.ListTagsForResourceInput) (*sns.ListTagsForResourceOutput, error) {
	out := &sns.ListTagsForResourceOutput{Tags: []types.Tag{}}
	return out, s.view(ctx, func(r store.Reader) error {
		t, err := tagged(r, caller.Scope, in.ResourceArn)
		for _, k := range sorted(t.Tags) {
			out.Tags = append(out.Tags, types.Tag{Key: aws.String(k), Value: aws.String(t.Tags[k])})
		}
		return err
	})
}
