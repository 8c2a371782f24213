package ssm

import (
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm/types"

	"github.com/hatoba/hatoba/internal/wire"
)

func invalid(format string, args ...any) error {
	return wire.Errorf("ValidationException", format, args...)
}

// constraint is the answer to an input that breaks its shape's constraint.
func constraint(value, member, rule string) error {
	return invalid("1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: %s", value, member, rule)
}

// unsupported refuses by name what AWS has and Hatoba has not.
func unsupported(what string) error { return invalid("%s is not supported by Hatoba.", what) }

func parameterNotFound(name string) error {
	return &types.ParameterNotFound{Message: aws.String("Parameter " + name + " not found.")}
}

func versionNotFound(name, selector string) error {
	return &types.ParameterVersionNotFound{Message: aws.String(fmt.Sprintf(
		"Systems Manager could not find version %s of %s. Verify the version and try again.", selector, name))}
}

func invalidFilterKey(format string, args ...any) error {
	return &types.InvalidFilterKey{Message: aws.String(fmt.Sprintf(format, args...))}
}

func invalidFilterOption(format string, args ...any) error {
	return &types.InvalidFilterOption{Message: aws.String(fmt.Sprintf(format, args...))}
}

func invalidFilterValue(format string, args ...any) error {
	return &types.InvalidFilterValue{Message: aws.String(fmt.Sprintf(format, args...))}
}

// pageSize checks MaxResults.
func pageSize(asked *int32, most int) (int, error) {
	size, ok := wire.PageSize(asked, most, most)
	if !ok {
		return 0, constraint(strconv.Itoa(size), "maxResults", wire.ValueWithin(size, 1, most))
	}
	return size, nil
}

// readToken reads a pagination token of this service.
func readToken(kind string, token *string) (string, error) {
	value, err := wire.ReadPageToken(kind, aws.ToString(token))
	if err != nil {
		return "", &types.InvalidNextToken{Message: aws.String("The specified token isn't valid.")}
	}
	return value, nil
}
