package ecs

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

const maxAttributes = 10

var (
	attributeName  = regexp.MustCompile(`^[a-zA-Z0-9_./\\-]{1,128}$`)
	attributeValue = regexp.MustCompile(`^[a-zA-Z0-9_.@/\\:-]([a-zA-Z0-9_.@/\\: -]{0,126}[a-zA-Z0-9_.@/\\:-])?$`)
)

// putAttributes sets custom attributes of container instances.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Attribute.html
func (s *Service) putAttributes(ctx context.Context, caller wire.Caller, in *ecs.PutAttributesInput) (*ecs.PutAttributesOutput, error) {
	if err := checkAttributes(in.Attributes); err != nil {
		return nil, err
	}
	put, err := s.changeAttributes(ctx, caller.Scope, in.Cluster, in.Attributes, func(have []types.Attribute, a types.Attribute) ([]types.Attribute, error) {
		have = without(have, a)
		if len(have) == maxAttributes {
			return nil, &types.AttributeLimitExceededException{Message: aws.String("You can apply up to 10 custom attributes for each resource.")}
		}
		have = append(have, types.Attribute{Name: a.Name, Value: a.Value})
		slices.SortFunc(have, func(a, b types.Attribute) int { return cmp.Compare(*a.Name, *b.Name) })
		return have, nil
	})
	return &ecs.PutAttributesOutput{Attributes: put}, err
}

// deleteAttributes removes custom attributes. One that is not there is no
// error.
func (s *Service) deleteAttributes(ctx context.Context, caller wire.Caller, in *ecs.DeleteAttributesInput) (*ecs.DeleteAttributesOutput, error) {
	if err := checkAttributes(in.Attributes); err != nil {
		return nil, err
	}
	gone, err := s.changeAttributes(ctx, caller.Scope, in.Cluster, in.Attributes, func(have []types.Attribute, a types.Attribute) ([]types.Attribute, error) {
		return without(have, a), nil
	})
	return &ecs.DeleteAttributesOutput{Attributes: gone}, err
}

func without(have []types.Attribute, a types.Attribute) []types.Attribute {
	return slices.DeleteFunc(slices.Clone(have), func(h types.Attribute) bool { return *h.Name == *a.Name })
}

func checkAttributes(attributes []types.Attribute) error {
	switch n := len(attributes); {
	case n == 0:
		return invalid("attributes can not be empty.")
	case n > maxAttributes:
		return invalid("attributes can have at most %d items.", maxAttributes)
	}
	for _, a := range attributes {
		name, value, target := aws.ToString(a.Name), aws.ToString(a.Value), aws.ToString(a.TargetId)
		switch {
		case !attributeName.MatchString(name):
			return invalid("Attribute name '%s' is invalid. It must have 1 to 128 letters, numbers, hyphens, underscores, slashes, back slashes or periods.", name)
		case a.Value != nil && !attributeValue.MatchString(value):
			return invalid("The value of the attribute '%s' is invalid. It must have 1 to 128 letters, numbers, hyphens, underscores, periods, at signs, slashes, back slashes, colons or inner spaces.", name)
		case target == "":
			return invalid("targetId can not be empty.")
		case a.TargetType != "" && !slices.Contains(a.TargetType.Values(), a.TargetType):
			return invalid("targetType should be one of %v.", a.TargetType.Values())
		case a.TargetType == "" && !strings.HasPrefix(target, "arn:"):
			return invalid("targetType is required when targetId is in the short form.")
		case strings.HasPrefix(name, "ecs.") || strings.HasPrefix(name, "com.amazonaws.ecs."):
			return invalid("The attribute '%s' is reserved: it is the container agent's.", name)
		}
	}
	return nil
}

// changeAttributes applies change for each attribute to its target, and
// returns the attributes with the targets' ARNs.
func (s *Service) changeAttributes(ctx context.Context, scope state.Scope, clusterID *string, attributes []types.Attribute, change func([]types.Attribute, types.Attribute) ([]types.Attribute, error)) (out []types.Attribute, err error) {
	if err := s.joined(ctx, scope, clusterID); err != nil {
		return nil, err
	}
	err = s.update(ctx, func(w store.Writer) error {
		out = []types.Attribute{}
		cluster, err := activeCluster(w, scope, clusterID)
		if err != nil {
			return err
		}
		for _, a := range attributes {
			inst, ok, err := findInstance(w, scope, cluster.Name, *a.TargetId)
			if err != nil {
				return err
			}
			if !ok || inst.Status == inactive {
				return &types.TargetNotFoundException{Message: aws.String("Could not find a target container instance with the ID '" + *a.TargetId + "'.")}
			}
			if inst.Attributes, err = change(inst.Attributes, a); err != nil {
				return err
			}
			inst.Version++
			if err := s.putInstance(w, scope, inst); err != nil {
				return err
			}
			out = append(out, types.Attribute{Name: a.Name, Value: a.Value, TargetId: aws.String(inst.ARN)})
		}
		return nil
	})
	return out, err
}
