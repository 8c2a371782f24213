package autoscaling

import (
	"context"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/applicationautoscaling"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const maxTags = 50

var tagForm = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// mergedTags is a target's tags with added ones.
func mergedTags(t state.ScalableTarget, added map[string]string) (map[string]string, error) {
	if len(added) == 0 {
		return t.Tags, nil
	}
	out := tagsOf(t)
	for key, value := range added {
		switch {
		case key == "" || utf8.RuneCountInString(key) > 128 || !tagForm.MatchString(key):
			return nil, invalid("The tag key '%s' is not valid: it has 1 to 128 letters, spaces, digits and _.:/=+-@", key)
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, invalid("The tag key '%s' is not valid: aws: is reserved", key)
		case utf8.RuneCountInString(value) > 256 || !tagForm.MatchString(value):
			return nil, invalid("The value of the tag '%s' is not valid: it has up to 256 letters, spaces, digits and _.:/=+-@", key)
		}
		out[key] = value
	}
	if len(out) > maxTags {
		return nil, &types.TooManyTagsException{Message: aws.String("A scalable target can have at most 50 tags."), ResourceName: &t.ARN}
	}
	return out, nil
}

// Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_TagResource.html
func (s *Service) tagResource(ctx context.Context, caller wire.Caller, in *sdk.TagResourceInput) (*sdk.TagResourceOutput, error) {
	return &sdk.TagResourceOutput{}, s.update(ctx, func(w store.Writer) error {
		t, err := targetOf(w, caller.Scope, in.ResourceARN)
		if err != nil {
			return err
		}
		if t.Tags, err = mergedTags(t, in.Tags); err != nil {
			return err
		}
		return store.ScalableTargets.Put(w, caller.Scope.Key(t.ResourceID), t)
	})
}

// Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_UntagResource.html
func (s *Service) untagResource(ctx context.Context, caller wire.Caller, in *sdk.UntagResourceInput) (*sdk.UntagResourceOutput, error) {
	return &sdk.UntagResourceOutput{}, s.update(ctx, func(w store.Writer) error {
		t, err := targetOf(w, caller.Scope, in.ResourceARN)
		if err != nil {
			return err
		}
		t.Tags = tagsOf(t)
		for _, key := range in.TagKeys {
			delete(t.Tags, key)
		}
		return store.ScalableTargets.Put(w, caller.Scope.Key(t.ResourceID), t)
	})
}

// Source: https://docs.aws.amazon.com/autoscaling/application/APIReference/API_ListTagsForResource.html
func (s *Service) listTagsForResource(ctx context.Context, caller wire.Caller, in *sdk.ListTagsForResourceInput) (*sdk.ListTagsForResourceOutput, error) {
	out := &sdk.ListTagsForResourceOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		t, err := targetOf(r, caller.Scope, in.ResourceARN)
		out.Tags = tagsOf(t)
		return err
	})
}
