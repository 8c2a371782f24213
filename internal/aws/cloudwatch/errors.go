package cloudwatch

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/hatoba/hatoba/internal/wire"
)

// Errors with AWS's codes and texts. What the query protocol calls them is not
// what their types are called.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/CommonErrors.html

func invalid(format string, args ...any) error {
	return &types.InvalidParameterValueException{Message: aws.String(fmt.Sprintf(format, args...)), ErrorCodeOverride: aws.String("InvalidParameterValue")}
}

func combination(format string, args ...any) error {
	return &types.InvalidParameterCombinationException{Message: aws.String(fmt.Sprintf(format, args...)), ErrorCodeOverride: aws.String("InvalidParameterCombination")}
}

func missing(parameter string) error {
	return &types.MissingRequiredParameterException{Message: aws.String("The parameter " + parameter + " is required."), ErrorCodeOverride: aws.String("MissingParameter")}
}

// validation is the refusal of newer operations.
func validation(format string, args ...any) error {
	return wire.Errorf("ValidationError", format, args...)
}

func badToken() error {
	return &types.InvalidNextToken{Message: aws.String("Request parameter NextToken is invalid"), ErrorCodeOverride: aws.String("InvalidNextToken")}
}

// unsupported refuses by name what AWS has and we have not.
func unsupported(what string) error {
	return wire.Errorf("UnsupportedOperationException", "Hatoba does not support %s yet.", what)
}

func unsupportedText(text string) error {
	return wire.Errorf("UnsupportedOperationException", "%s", text)
}

func badValue(value any, parameter string) error {
	return invalid("The value %v for parameter %s is invalid.", value, parameter)
}
