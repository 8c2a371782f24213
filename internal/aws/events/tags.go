package events

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/events"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const maxTags = 50

// mergeTags puts more over have.
func mergeTags(have map[string]string, more []types.Tag) (map[string]string, error) {
	out := maps.Clone(have)
	for _, t := range more {
		key, value := aws.ToString(t.Key), aws.ToString(t.Value)
		switch {
		case key == "" || len(key) > 128 || len(value) > 256:
			return nil, invalid("A tag key has 1 to 128 characters, a value at most 256.")
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, invalid("aws: prefixed tag key names are not allowed for external use.")
		}
		if out == nil {
			out = map[string]string{}
		}
		out[key] = value
	}
	if len(out) > maxTags {
		return nil, limited("A resource can have at most %d tags.", maxTags)
	}
	return out, nil
}

// tagged finds the tags of a rule or a bus by its ARN, lets fn change them and
// stores what it returns.
func tagged(w store.Writer, scope state.Scope, arn *string, fn func(map[string]string) (map[string]string, error)) error {
	rest, ok := strings.CutPrefix(aws.ToString(arn), scope.ARN("events", ""))
	kind, name, _ := strings.Cut(rest, "/")
	var err error
	switch {
	case ok && kind == "event-bus":
		bus, err := findBus(w, scope, name)
		if err != nil {
			return err
		}
		if bus.Tags, err = fn(bus.Tags); err != nil {
			return err
		}
		return store.EventBuses.Put(w, scope.Key(name), bus)
	case ok && kind == "rule":
		bus, short, long := strings.Cut(name, "/")
		if !long {
			bus, short = events.Default, name
		}
		rule, err := findRule(w, scope, bus, short)
		if err != nil {
			return err
		}
		if rule.Tags, err = fn(rule.Tags); err != nil {
			return err
		}
		return store.EventRules.Put(w, scope.Key(bus+"/"+short), rule)
	default:
		err = invalid("Parameter ResourceARN is not valid. Reason: rules and event buses have tags.")
	}
	return err
}

func (s *Service) tagResource(ctx context.Context, caller wire.Caller, in *sdk.TagResourceInput) (*sdk.TagResourceOutput, error) {
	return &sdk.TagResourceOutput{}, s.update(ctx, func(w store.Writer) error {
		return tagged(w, caller.Scope, in.ResourceARN, func(have map[string]string) (map[string]string, error) { return mergeTags(have, in.Tags) })
	})
}

func (s *Service) untagResource(ctx context.Context, caller wire.Caller, in *sdk.UntagResourceInput) (*sdk.UntagResourceOutput, error) {
	return &sdk.UntagResourceOutput{}, s.update(ctx, func(w store.Writer) error {
		return tagged(w, caller.Scope, in.ResourceARN, func(have map[string]string) (map[string]string, error) {
			out := maps.Clone(have)
			maps.DeleteFunc(out, func(key, _ string) bool { return slices.Contains(in.TagKeys, key) })
			return out, nil
		})
	})
}

func (s *Service) listTagsForResource(ctx context.Context, caller wire.Caller, in *sdk.ListTagsForResourceInput) (*sdk.ListTagsForResourceOutput, error) {
	out := &sdk.ListTagsForResourceOutput{Tags: []types.Tag{}}
	err := s.view(ctx, func(r store.Reader) error {
		out.Tags = []types.Tag{}
		return tagged(reading{r}, caller.Scope, in.ResourceARN, func(have map[string]string) (map[string]string, error) {
			for _, key := range slices.Sorted(maps.Keys(have)) {
				out.Tags = append(out.Tags, types.Tag{Key: &key, Value: aws.String(have[key])})
			}
			return have, nil
		})
	})
	return out, err
}

// reading is a Writer that writes nothing.
type reading struct{ store.Reader }

func (reading) Write(string, state.Key, any) error { return nil }
func (reading) Erase(string, state.Key)            {}
