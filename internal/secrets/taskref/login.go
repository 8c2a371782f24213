package taskref

import (
	"context"
	"errors"
	"strings"

	"github.com/aws/smithy-go"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
)

// ResolveRegistryLogin returns the secret that credentialsParameter names: its
// whole ARN, or the name of one in the task's own region. Errors are worded as
// Resolve's are.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RepositoryCredentials.html
func (r Resolver) ResolveRegistryLogin(ctx context.Context, scope state.Scope, parameter string) (secrets.Value, error) {
	if strings.HasPrefix(parameter, "arn:") {
		ref, err := Parse(parameter)
		if err == nil && ref.Kind != SecretsManager {
			err = ErrInvalidARN
		}
		if err != nil {
			return secrets.Value{}, errors.New(fromSecrets + err.Error())
		}
		return r.Resolve(ctx, scope, parameter)
	}
	value, err := r.Secrets.Resolve(ctx, scope, parameter, "", "")
	var refused smithy.APIError
	if errors.As(err, &refused) {
		return secrets.Value{}, errors.New(fromSecrets + retried + "failed to fetch secret " + parameter + " from secrets manager: " + text(refused))
	}
	return value, err
}
