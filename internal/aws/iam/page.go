package iam

import (
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam/types"

	"github.com/hatoba/hatoba/internal/wire"
)

// defaultPage and largestPage bound MaxItems.
const defaultPage, largestPage = 100, 1000

// pagedTags cuts a list of tags.
func pagedTags(tags []types.Tag, marker *string, maxItems *int32) ([]types.Tag, *string, error) {
	key := func(t types.Tag) string { return strings.ToLower(aws.ToString(t.Key)) }
	sorted := slices.SortedFunc(slices.Values(tags), func(a, b types.Tag) int { return strings.Compare(key(a), key(b)) })
	return paged(sorted, key, marker, maxItems)
}

// paged cuts a sorted list at the marker, which names the last item of the page
// before.
func paged[T any](list []T, id func(T) string, marker *string, maxItems *int32) (page []T, next *string, err error) {
	size, ok := wire.PageSize(maxItems, defaultPage, largestPage)
	if !ok {
		return nil, nil, constraint(size, "maxItems", wire.ValueWithin(size, 1, largestPage))
	}
	if page, next, err = wire.Cut("iam", list, id, marker, size); err != nil || marker != nil && *marker == "" {
		return nil, nil, invalid("Invalid Marker.")
	}
	return page, next, nil
}
