package elbv2

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

var tagText = regexp.MustCompile(`^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$`)

// mergedTags is old with added; old stays as it is.
func mergedTags(old, added []types.Tag) ([]types.Tag, error) {
	out := slices.Clone(old)
	seen := map[string]bool{}
	for _, t := range added {
		key, value := aws.ToString(t.Key), aws.ToString(t.Value)
		switch {
		case key == "" || utf8.RuneCountInString(key) > 128 || !tagText.MatchString(key):
			return nil, invalid("Tag key '%s' is invalid: it must have 1 to 128 letters, spaces, digits and _.:/=+-@", key)
		case utf8.RuneCountInString(value) > 256 || !tagText.MatchString(value):
			return nil, invalid("Tag value '%s' is invalid: it must have at most 256 letters, spaces, digits and _.:/=+-@", value)
		case strings.HasPrefix(strings.ToLower(key), "aws:"):
			return nil, invalid("aws: prefixed tag key names are not allowed for external use")
		case seen[key]:
			return nil, wire.Errorf("DuplicateTagKeys", "Tag keys must be unique: '%s'", key)
		}
		seen[key] = true
		tag := types.Tag{Key: aws.String(key), Value: aws.String(value)}
		if i := slices.IndexFunc(out, func(o types.Tag) bool { return aws.ToString(o.Key) == key }); i >= 0 {
			out[i] = tag
		} else {
			out = append(out, tag)
		}
	}
	if len(out) > maxTags {
		return nil, wire.Errorf("TooManyTags", "Cannot have more than %d tags", maxTags)
	}
	return out, nil
}

// retag changes the tags of whatever an ARN names.
func retag(w store.Writer, scope state.Scope, arn string, change func([]types.Tag) ([]types.Tag, error)) (err error) {
	switch {
	case state.LoadBalancerID(arn) != "":
		b, err := findBalancer(w, scope, &arn)
		if err != nil {
			return err
		}
		if b.Tags, err = change(b.Tags); err != nil {
			return err
		}
		return store.LoadBalancers.Put(w, scope.Key(b.ID()), b)
	case state.ListenerID(arn) != "":
		l, err := findListener(w, scope, &arn)
		if err != nil {
			return err
		}
		if l.Tags, err = change(l.Tags); err != nil {
			return err
		}
		return store.Listeners.Put(w, scope.Key(l.ID()), l)
	case state.RuleID(arn) != "":
		r, err := findRule(w, scope, &arn)
		if err != nil {
			return err
		}
		if r.Tags, err = change(r.Tags); err != nil {
			return err
		}
		return store.Rules.Put(w, scope.Key(r.ID()), r)
	case state.TargetGroupID(arn) != "":
		g, err := findGroup(w, scope, &arn)
		if err != nil {
			return err
		}
		if g.Tags, err = change(g.Tags); err != nil {
			return err
		}
		return store.TargetGroups.Put(w, scope.Key(g.ID()), g)
	}
	return invalid("'%s' is not a valid ARN", arn)
}

// tagsOf reads what retag changes.
func tagsOf(r store.Reader, scope state.Scope, arn string) ([]types.Tag, error) {
	switch {
	case state.LoadBalancerID(arn) != "":
		b, err := findBalancer(r, scope, &arn)
		return b.Tags, err
	case state.ListenerID(arn) != "":
		l, err := findListener(r, scope, &arn)
		return l.Tags, err
	case state.RuleID(arn) != "":
		rule, err := findRule(r, scope, &arn)
		return rule.Tags, err
	case state.TargetGroupID(arn) != "":
		g, err := findGroup(r, scope, &arn)
		return g.Tags, err
	}
	return nil, invalid("'%s' is not a valid ARN", arn)
}

func checkResources(arns []string) error {
	if len(arns) == 0 {
		return invalid("At least one resource ARN must be specified")
	}
	if len(arns) > maxDescribedAtOnce {
		return invalid("Cannot specify more than %d resource ARNs", maxDescribedAtOnce)
	}
	return nil
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_AddTags.html
func (s *Service) addTags(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.AddTagsInput) (*elasticloadbalancingv2.AddTagsOutput, error) {
	if err := checkResources(in.ResourceArns); err != nil {
		return nil, err
	}
	if len(in.Tags) == 0 {
		return nil, invalid("At least one tag must be specified")
	}
	return &elasticloadbalancingv2.AddTagsOutput{}, s.update(ctx, func(w store.Writer) error {
		for _, arn := range in.ResourceArns {
			if err := retag(w, caller.Scope, arn, func(old []types.Tag) ([]types.Tag, error) { return mergedTags(old, in.Tags) }); err != nil {
				return err
			}
		}
		return nil
	})
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_RemoveTags.html
func (s *Service) removeTags(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.RemoveTagsInput) (*elasticloadbalancingv2.RemoveTagsOutput, error) {
	if err := checkResources(in.ResourceArns); err != nil {
		return nil, err
	}
	return &elasticloadbalancingv2.RemoveTagsOutput{}, s.update(ctx, func(w store.Writer) error {
		for _, arn := range in.ResourceArns {
			err := retag(w, caller.Scope, arn, func(old []types.Tag) ([]types.Tag, error) {
				return slices.DeleteFunc(slices.Clone(old), func(t types.Tag) bool { return slices.Contains(in.TagKeys, aws.ToString(t.Key)) }), nil
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_DescribeTags.html
func (s *Service) describeTags(ctx context.Context, caller wire.Caller, in *elasticloadbalancingv2.DescribeTagsInput) (*elasticloadbalancingv2.DescribeTagsOutput, error) {
	if err := checkResources(in.ResourceArns); err != nil {
		return nil, err
	}
	out := &elasticloadbalancingv2.DescribeTagsOutput{}
	return out, s.view(ctx, func(r store.Reader) error {
		for _, arn := range in.ResourceArns {
			tags, err := tagsOf(r, caller.Scope, arn)
			if err != nil {
				return err
			}
			out.TagDescriptions = append(out.TagDescriptions, types.TagDescription{ResourceArn: aws.String(arn), Tags: append([]types.Tag{}, tags...)})
		}
		return nil
	})
}
