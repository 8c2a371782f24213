package iam

import (
	"encoding/base64"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// defaultPage and largestPage bound MaxItems.
const defaultPage, largestPage = 100, 1000

// paged cuts a sorted list at the marker, which names the last item of the page
// before.
func paged[T any](list []T, id func(T) string, marker *string, maxItems *int32) (page []T, next *string, err error) {
	limit := defaultPage
	if maxItems != nil {
		if limit = int(*maxItems); limit < 1 || limit > largestPage {
			return nil, nil, constraint(limit, "maxItems", fmt.Sprintf("Member must have value between 1 and %d", largestPage))
		}
	}
	if marker != nil {
		after, err := base64.StdEncoding.DecodeString(*marker)
		if err != nil {
			return nil, nil, invalid("Invalid Marker.")
		}
		at := 0
		for at < len(list) && id(list[at]) <= string(after) {
			at++
		}
		list = list[at:]
	}
	if len(list) <= limit {
		return list, nil, nil
	}
	page = list[:limit]
	return page, aws.String(base64.StdEncoding.EncodeToString([]byte(id(page[limit-1])))), nil
}
