package secretsmanager

import (
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager/types"

	"github.com/hatoba/hatoba/internal/wire"
)

func notFound(format string, args ...any) error {
	return &types.ResourceNotFoundException{Message: aws.String(fmt.Sprintf(format, args...))}
}

func secretNotFound() error { return notFound("Secrets Manager can't find the specified secret.") }

func versionNotFound(version string) error {
	return notFound("Secrets Manager can't find the specified secret value for VersionId: %s", version)
}

func invalidParameter(format string, args ...any) error {
	return &types.InvalidParameterException{Message: aws.String(fmt.Sprintf(format, args...))}
}

func invalidRequest(format string, args ...any) error {
	return &types.InvalidRequestException{Message: aws.String(fmt.Sprintf(format, args...))}
}

func exists(format string, args ...any) error {
	return &types.ResourceExistsException{Message: aws.String(fmt.Sprintf(format, args...))}
}

func limitExceeded(format string, args ...any) error {
	return &types.LimitExceededException{Message: aws.String(fmt.Sprintf(format, args...))}
}

func markedForDeletion() error {
	return invalidRequest("You can't perform this operation on the secret because it was marked for deletion.")
}

// constraint is the answer to an input that breaks its shape's constraint. The
// value is shown only where it cannot be a secret.
func constraint(value, member, rule string) error {
	return wire.Errorf("ValidationException", "1 validation error detected: Value '%s' at '%s' failed to satisfy constraint: %s", value, member, rule)
}

// unsupported refuses by name what AWS has and Hatoba has not.
func unsupported(what string) error {
	return invalidParameter("%s is not supported by Hatoba.", what)
}
