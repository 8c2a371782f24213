package ecs

import (
	"errors"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/aws/ecs/fields"
	"github.com/hatoba/hatoba/internal/wire"
)

func invalid(format string, args ...any) error {
	return &types.InvalidParameterException{Message: aws.String(fmt.Sprintf(format, args...))}
}

func client(format string, args ...any) error {
	return &types.ClientException{Message: aws.String(fmt.Sprintf(format, args...))}
}

func clusterNotFound() error {
	return &types.ClusterNotFoundException{Message: aws.String("Cluster not found.")}
}

// refusal answers a request with a field that the table refuses.
func refusal(table fields.Table, in any) error {
	if r := table.Check(in); r != nil {
		return invalid("%s", r)
	}
	return nil
}

// page reads a listing's paging parameters: at most limit entries, after the
// id the token carries.
func page(kind string, maxResults *int32, token *string, limit int32) (size int, after string, err error) {
	size, ok := wire.PageSize(maxResults, int(limit), int(limit))
	if !ok {
		return 0, "", invalid("maxResults should be between 1 and %d.", limit)
	}
	after, err = wire.ReadPageToken(kind, aws.ToString(token))
	var bad *wire.Error
	if errors.As(err, &bad) {
		return 0, "", invalid("%s", bad.Message)
	}
	return size, after, err
}

// nextToken carries where the next page starts; nil at the end.
func nextToken(kind, last string, more bool) *string {
	if !more {
		return nil
	}
	return aws.String(wire.PageToken(kind, last))
}

// maxPage is the largest page of nearly every ECS listing.
const maxPage = 100

// failure is one entry of an answer's failures.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/api_failures_messages.html
func failure(arn, reason, detail string) types.Failure {
	return types.Failure{Arn: optional(arn), Reason: aws.String(reason), Detail: optional(detail)}
}

func compareStrings(a, b *string) int { return strings.Compare(aws.ToString(a), aws.ToString(b)) }
