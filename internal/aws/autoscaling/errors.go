package autoscaling

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/applicationautoscaling/types"
)

func invalid(format string, args ...any) error {
	return &types.ValidationException{Message: aws.String(fmt.Sprintf(format, args...))}
}

func missing(format string, args ...any) error {
	return &types.ObjectNotFoundException{Message: aws.String(fmt.Sprintf(format, args...))}
}

func tooMany(format string, args ...any) error {
	return &types.LimitExceededException{Message: aws.String(fmt.Sprintf(format, args...))}
}

func badToken() error {
	return &types.InvalidNextTokenException{Message: aws.String("Invalid next token")}
}

// where names a target as AWS's errors do.
func where(resource string) string {
	return "service namespace: ecs, resource ID: " + resource + ", scalable dimension: " + string(dimension)
}
