package cloudwatchlogs

import (
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"

	"github.com/hatoba/hatoba/internal/logs"
)

func invalid(format string, args ...any) error {
	return &types.InvalidParameterException{Message: aws.String(fmt.Sprintf(format, args...))}
}

// answer turns the store's errors into AWS's.
func answer(err error) error {
	switch {
	case errors.Is(err, logs.ErrNoGroup):
		return &types.ResourceNotFoundException{Message: aws.String("The specified log group does not exist.")}
	case errors.Is(err, logs.ErrNoStream):
		return &types.ResourceNotFoundException{Message: aws.String("The specified log stream does not exist.")}
	case errors.Is(err, logs.ErrProtected):
		return &types.ValidationException{Message: aws.String("The specified log group has deletion protection enabled. Disable it with PutLogGroupDeletionProtection first.")}
	}
	return err
}
