package ec2

import (
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hatoba/hatoba/internal/wire"
)

// Tag is a key with a value.
type Tag struct {
	Key   string
	Value string
}

// TagSpecification gives tags to what a request makes.
type TagSpecification struct {
	ResourceType string
	Tags         []Tag `ec2:"Tag"`
}

const maxTags = 50

// tagsOf are the tags that specifications give to a thing of the kind.
func tagsOf(specifications []TagSpecification, kind string) (map[string]string, error) {
	out := map[string]string{}
	for _, s := range specifications {
		if s.ResourceType != kind {
			return nil, invalid("'%s' is not a valid taggable resource type for this operation.", s.ResourceType)
		}
		if err := mergeTags(out, s.Tags); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// mergeTags adds tags, which replace those with the same key.
//
// Source: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html
func mergeTags(have map[string]string, more []Tag) error {
	seen := map[string]bool{}
	for _, t := range more {
		switch {
		case t.Key == "" || utf8.RuneCountInString(t.Key) > 127:
			return invalid("Tag key exceeds the maximum length of 127 characters, or is empty.")
		case utf8.RuneCountInString(t.Value) > 255:
			return invalid("Tag value exceeds the maximum length of 255 characters.")
		case strings.HasPrefix(strings.ToLower(t.Key), "aws:"):
			return invalid("Tag keys starting with 'aws:' are reserved for internal use")
		case seen[t.Key]:
			return invalid("Duplicate tag key '%s' specified.", t.Key)
		}
		seen[t.Key] = true
		have[t.Key] = t.Value
	}
	if len(have) > maxTags {
		return wire.Errorf("TagLimitExceeded", "The maximum number of tags for a resource has been reached: %d.", maxTags)
	}
	return nil
}

// listTags are tags as they are described, by key.
func listTags(tags map[string]string) []Tag {
	out := []Tag{}
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, Tag{key, tags[key]})
	}
	return out
}
