package servicediscovery

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/servicediscovery"
	"github.com/aws/aws-sdk-go-v2/service/servicediscovery/types"

	"github.com/hatoba/hatoba/internal/discovery"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// mergedTags is old with added; old stays as it is.
func mergedTags(old map[string]string, added []types.Tag, arn string) (map[string]string, error) {
	out := maps.Clone(old)
	if out == nil {
		out = map[string]string{}
	}
	for _, t := range added {
		key, value := aws.ToString(t.Key), aws.ToString(t.Value)
		switch {
		case key == "" || utf8.RuneCountInString(key) > 128 || strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, invalid("The tag key %q is not valid.", key)
		case utf8.RuneCountInString(value) > 256:
			return nil, invalid("The value of the tag %q is longer than 256 characters.", key)
		}
		out[key] = value
	}
	if len(out) > maxTags {
		return nil, &types.TooManyTagsException{Message: aws.String("A resource can have at most 200 tags."), ResourceName: said(arn)}
	}
	return out, nil
}

// retag writes what change makes of the tags of an ARN's record; nil: it only
// reads them.
func retag(r store.Reader, scope state.Scope, arn string, change func(map[string]string) (map[string]string, error)) (map[string]string, error) {
	w, _ := r.(store.Writer)
	if ns, ok := discovery.Namespace(r, scope, arn); ok && ns.ARN == arn {
		if change == nil {
			return ns.Tags, nil
		}
		var err error
		if ns.Tags, err = change(ns.Tags); err != nil {
			return nil, err
		}
		return ns.Tags, store.Namespaces.Put(w, scope.Key(ns.ID), ns)
	}
	if svc, ok := discovery.Service(r, scope, arn); ok && svc.ARN == arn {
		if change == nil {
			return svc.Tags, nil
		}
		var err error
		if svc.Tags, err = change(svc.Tags); err != nil {
			return nil, err
		}
		return svc.Tags, store.DiscoveryServices.Put(w, scope.Key(svc.ID), svc)
	}
	return nil, &types.ResourceNotFoundException{Message: aws.String("The resource " + arn + " can't be found.")}
}

// https://docs.aws.amazon.com/cloud-map/latest/api/API_TagResource.html
func (s *Service) tagResource(ctx context.Context, caller wire.Caller, in *sdk.TagResourceInput) (*sdk.TagResourceOutput, error) {
	if in.ResourceARN == nil {
		return nil, missing("resourceARN")
	}
	return &sdk.TagResourceOutput{}, s.update(ctx, func(w store.Writer) error {
		_, err := retag(w, caller.Scope, *in.ResourceARN, func(old map[string]string) (map[string]string, error) {
			return mergedTags(old, in.Tags, *in.ResourceARN)
		})
		return err
	})
}

// https://docs.aws.amazon.com/cloud-map/latest/api/API_UntagResource.html
func (s *Service) untagResource(ctx context.Context, caller wire.Caller, in *sdk.UntagResourceInput) (*sdk.UntagResourceOutput, error) {
	if in.ResourceARN == nil {
		return nil, missing("resourceARN")
	}
	return &sdk.UntagResourceOutput{}, s.update(ctx, func(w store.Writer) error {
		_, err := retag(w, caller.Scope, *in.ResourceARN, func(old map[string]string) (map[string]string, error) {
			out := maps.Clone(old)
			for _, key := range in.TagKeys {
				delete(out, key)
			}
			return out, nil
		})
		return err
	})
}

// https://docs.aws.amazon.com/cloud-map/latest/api/API_ListTagsForResource.html
func (s *Service) listTagsForResource(ctx context.Context, caller wire.Caller, in *sdk.ListTagsForResourceInput) (*sdk.ListTagsForResourceOutput, error) {
	if in.ResourceARN == nil {
		return nil, missing("resourceARN")
	}
	out := &sdk.ListTagsForResourceOutput{Tags: []types.Tag{}}
	return out, s.view(ctx, func(r store.Reader) error {
		tags, err := retag(r, caller.Scope, *in.ResourceARN, nil)
		for _, key := range slices.Sorted(maps.Keys(tags)) {
			out.Tags = append(out.Tags, types.Tag{Key: &key, Value: aws.String(tags[key])})
		}
		return err
	})
}
