package cloudwatch

import (
	"context"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/alarm"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// alarmTags is old with added; old stays as it is.
func alarmTags(old map[string]string, added []types.Tag) (map[string]string, error) {
	out := maps.Clone(old)
	if out == nil {
		out = map[string]string{}
	}
	seen := map[string]bool{}
	for _, t := range added {
		key, value := aws.ToString(t.Key), aws.ToString(t.Value)
		switch {
		case key == "" || utf8.RuneCountInString(key) > 128:
			return nil, validation("The tag key '%s' must have 1 to 128 characters", key)
		case t.Value == nil || utf8.RuneCountInString(value) > 256:
			return nil, validation("The value of the tag '%s' must be there and have at most 256 characters", key)
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, validation("The tag key '%s' must not begin with aws:", key)
		case seen[key]:
			return nil, validation("The tag key '%s' is given twice", key)
		}
		seen[key], out[key] = true, value
	}
	if len(out) > maxAlarmTags {
		return nil, validation("A resource can have at most %d tags", maxAlarmTags)
	}
	return out, nil
}

// taggedAlarm finds the alarm that an ARN names.
func taggedAlarm(r store.Reader, scope state.Scope, arn *string) (state.Key, state.Alarm, error) {
	switch given := aws.ToString(arn); {
	case given == "":
		return state.Key{}, state.Alarm{}, missing("ResourceARN")
	case !strings.HasPrefix(given, "arn:aws:cloudwatch:"):
		return state.Key{}, state.Alarm{}, invalid("The value %s for parameter ResourceARN is invalid.", given)
	case !strings.Contains(given, ":alarm:"):
		return state.Key{}, state.Alarm{}, unsupported("tags of anything but alarms (" + given + ")")
	default:
		key := scope.Key(alarm.ChildName(given))
		a, ok := store.Alarms.Get(r, key)
		if !ok || a.ARN() != given {
			return key, a, &types.ResourceNotFoundException{Message: aws.String("Unknown"), ResourceType: aws.String("alarm"), ResourceId: arn, ErrorCodeOverride: aws.String("ResourceNotFoundException")}
		}
		return key, a, nil
	}
}

// listTagsForResource gives the tags of an alarm.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_ListTagsForResource.html
func (s *Service) listTagsForResource(ctx context.Context, caller wire.Caller, in *cloudwatch.ListTagsForResourceInput) (*cloudwatch.ListTagsForResourceOutput, error) {
	out := &cloudwatch.ListTagsForResourceOutput{Tags: []types.Tag{}}
	return out, s.cfg.Store.View(ctx, func(r store.Reader) error {
		_, a, err := taggedAlarm(r, caller.Scope, in.ResourceARN)
		for _, key := range slices.Sorted(maps.Keys(a.Tags)) {
			out.Tags = append(out.Tags, types.Tag{Key: aws.String(key), Value: aws.String(a.Tags[key])})
		}
		return err
	})
}

// tagResource adds tags to an alarm.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_TagResource.html
func (s *Service) tagResource(ctx context.Context, caller wire.Caller, in *cloudwatch.TagResourceInput) (*cloudwatch.TagResourceOutput, error) {
	return &cloudwatch.TagResourceOutput{}, s.retag(ctx, caller.Scope, in.ResourceARN, func(old map[string]string) (map[string]string, error) {
		return alarmTags(old, in.Tags)
	})
}

// untagResource removes tags from an alarm.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_UntagResource.html
func (s *Service) untagResource(ctx context.Context, caller wire.Caller, in *cloudwatch.UntagResourceInput) (*cloudwatch.UntagResourceOutput, error) {
	return &cloudwatch.UntagResourceOutput{}, s.retag(ctx, caller.Scope, in.ResourceARN, func(old map[string]string) (map[string]string, error) {
		out := maps.Clone(old)
		for _, key := range in.TagKeys {
			delete(out, key)
		}
		return out, nil
	})
}

func (s *Service) retag(ctx context.Context, scope state.Scope, arn *string, change func(map[string]string) (map[string]string, error)) error {
	return s.cfg.Store.Update(ctx, func(w store.Writer) error {
		key, a, err := taggedAlarm(w, scope, arn)
		if err != nil {
			return err
		}
		if a.Tags, err = change(a.Tags); err != nil {
			return err
		}
		return store.Alarms.Put(w, key, a)
	})
}
