package kms

import (
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms/types"

	"github.com/hatoba/hatoba/internal/wire"
)

// page reads Limit and Marker.
func page(kind string, limit *int32, marker *string, most int) (int, string, error) {
	after, err := wire.ReadPageToken(kind, aws.ToString(marker))
	if err != nil {
		return 0, "", &types.InvalidMarkerException{Message: aws.String("The marker is not valid.")}
	}
	size, ok := wire.PageSize(limit, min(100, most), most)
	if !ok {
		return 0, "", constraint(strconv.Itoa(size), "limit", wire.ValueWithin(size, 1, most))
	}
	return size, after, nil
}

// cut takes a page out of a short list, whose items have no names to go on from.
func cut[T any](kind string, list []T, limit *int32, marker *string, most int) (part []T, next *string, err error) {
	size, after, err := page(kind, limit, marker, most)
	if err != nil {
		return nil, nil, err
	}
	begin := 0
	if after != "" {
		if begin, err = strconv.Atoi(after); err != nil || begin < 0 {
			return nil, nil, &types.InvalidMarkerException{Message: aws.String("The marker is not valid.")}
		}
	}
	list = list[min(begin, len(list)):]
	if len(list) <= size {
		return list, nil, nil
	}
	return list[:size], aws.String(wire.PageToken(kind, strconv.Itoa(begin+size))), nil
}
