package ecs

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

const maxTags = 50

// checkTags keeps AWS's tag restrictions.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Tag.html
func checkTags(tags []types.Tag) error {
	seen := map[string]bool{}
	for _, t := range tags {
		key, value := aws.ToString(t.Key), aws.ToString(t.Value)
		switch {
		case key == "" || utf8.RuneCountInString(key) > 128:
			return invalid("Tag keys must have 1 to 128 characters.")
		case utf8.RuneCountInString(value) > 256:
			return invalid("The value of the tag '%s' has more than 256 characters.", key)
		case reservedTag(key):
			return invalid("The tag key '%s' begins with aws:, which is reserved.", key)
		case seen[key]:
			return invalid("The tag key '%s' is given more than once.", key)
		}
		seen[key] = true
	}
	if len(tags) > maxTags {
		return invalid("A resource can have at most %d tags.", maxTags)
	}
	return nil
}

func reservedTag(key string) bool { return strings.HasPrefix(strings.ToLower(key), "aws:") }

// mergeTags returns have with more over it, sorted by key.
func mergeTags(have, more []types.Tag) []types.Tag {
	out := slices.Clone(more)
	for _, t := range have {
		if !slices.ContainsFunc(more, func(m types.Tag) bool { return aws.ToString(m.Key) == aws.ToString(t.Key) }) {
			out = append(out, t)
		}
	}
	slices.SortFunc(out, func(a, b types.Tag) int { return cmp.Compare(aws.ToString(a.Key), aws.ToString(b.Key)) })
	return out
}

// listed makes an absent list an empty one, which is returned as [].
func listed[T any](l []T) []T {
	if l == nil {
		return []T{}
	}
	return l
}
