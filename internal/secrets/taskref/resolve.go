// Package taskref gives the value that a task definition's secrets[].valueFrom
// names, or the text that Fargate puts on a task which cannot have it.
package taskref

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/aws/smithy-go"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
)

// SecretReader reads Secrets Manager: id is a whole or partial ARN;
// versionStage and versionID may be "". Refusals are smithy.APIError.
type SecretReader interface {
	Resolve(ctx context.Context, scope state.Scope, id, versionStage, versionID string) (secrets.Value, error)
}

// ParameterReader reads Parameter Store, decrypted: name is a name or ARN.
// Refusals are smithy.APIError.
type ParameterReader interface {
	Resolve(ctx context.Context, scope state.Scope, name string) (secrets.Value, error)
}

// Resolver reads both. It may be used concurrently.
type Resolver struct {
	Secrets    SecretReader
	Parameters ParameterReader
}

// What Fargate writes before the cause.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/resource-initialization-error.html
const (
	pullFailed  = "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: "
	fromSecrets = pullFailed + "unable to retrieve secret from asm: "
	fromSSM     = pullFailed + "unable to retrieve secrets from ssm: "
	retried     = "service call has been retried 1 time(s): "
)

// ResolveTaskSecret is Resolve with the value itself, for what hands it on to
// a task.
func (r Resolver) ResolveTaskSecret(ctx context.Context, scope state.Scope, valueFrom string) (string, error) {
	v, err := r.Resolve(ctx, scope, valueFrom)
	if err != nil {
		return "", err
	}
	return v.Reveal(), nil
}

// Resolve returns the value that valueFrom names for a task of the scope. The
// error's text is the task's stoppedReason and holds no part of any value.
// Errors that are nobody's refusal, such as the end of ctx, are wrapped as
// they are.
func (r Resolver) Resolve(ctx context.Context, scope state.Scope, valueFrom string) (secrets.Value, error) {
	ref, err := Parse(valueFrom)
	if err != nil {
		return secrets.Value{}, fmt.Errorf("%s%w", fromSecrets, err)
	}
	if ref.Region != "" {
		scope.Region = ref.Region
	}
	if ref.Kind == ParameterStore {
		return r.parameter(ctx, scope, ref)
	}
	return r.secret(ctx, scope, ref)
}

func (r Resolver) secret(ctx context.Context, scope state.Scope, ref Reference) (secrets.Value, error) {
	if ref.Account != scope.Account {
		return secrets.Value{}, fmt.Errorf("%s%sfailed to fetch secret %s from secrets manager: %s", fromSecrets, retried, ref.ID,
			denied("secretsmanager:GetSecretValue", ref.ID))
	}
	value, err := r.Secrets.Resolve(ctx, scope, ref.ID, ref.VersionStage, ref.VersionID)
	var refused smithy.APIError
	switch {
	case errors.As(err, &refused) && refused.ErrorCode() == "ResourceNotFoundException":
		return secrets.Value{}, fmt.Errorf("ResourceInitializationError: The task can't pull the secret from Secrets Manager. The task can't retrieve the secret with ARN '%s' from Secrets Manager. Check whether the secret exists in the specified Region. %s", ref.ID, text(refused))
	case errors.As(err, &refused):
		return secrets.Value{}, fmt.Errorf("%s%sfailed to fetch secret %s from secrets manager: %s", fromSecrets, retried, ref.ID, text(refused))
	case err != nil:
		return secrets.Value{}, fmt.Errorf("%sfailed to fetch secret %s: %w", fromSecrets, ref.ID, err)
	case ref.JSONKey == "":
		return value, nil
	}
	return pick(value, ref.JSONKey)
}

// pick returns one key of a secret that is a JSON object. Values that are no
// strings are written as the ECS agent does: numbers as floats, objects as Go
// maps.
func pick(value secrets.Value, key string) (secrets.Value, error) {
	var object map[string]any
	// The decoder's error is not told: it shows a piece of the secret.
	if err := json.Unmarshal([]byte(value.Reveal()), &object); err != nil {
		return secrets.Value{}, fmt.Errorf("%s%sretrieved secret from Secrets Manager is not a JSON object, it has no json key %s", fromSecrets, retried, key)
	}
	got, ok := object[key]
	if !ok {
		return secrets.Value{}, fmt.Errorf("%s%sretrieved secret from Secrets Manager did not contain json key %s", fromSecrets, retried, key)
	}
	return secrets.NewValue(fmt.Sprintf("%v", got)), nil
}

func (r Resolver) parameter(ctx context.Context, scope state.Scope, ref Reference) (secrets.Value, error) {
	if ref.Account != "" && ref.Account != scope.Account {
		return secrets.Value{}, errors.New(fromSSM + retried + denied("ssm:GetParameters", ref.ID))
	}
	value, err := r.Parameters.Resolve(ctx, scope, ref.ID)
	var refused smithy.APIError
	switch {
	case errors.As(err, &refused) && (refused.ErrorCode() == "ParameterNotFound" || refused.ErrorCode() == "ParameterVersionNotFound"):
		return secrets.Value{}, fmt.Errorf("%s%sinvalid ssm parameters: %s", fromSSM, retried, ref.ID)
	case errors.As(err, &refused):
		return secrets.Value{}, errors.New(fromSSM + retried + text(refused))
	case err != nil:
		return secrets.Value{}, fmt.Errorf("%s%s: %w", fromSSM, ref.ID, err)
	}
	return value, nil
}

func text(err smithy.APIError) string { return err.ErrorCode() + ": " + err.ErrorMessage() }

// denied: nothing is shared between accounts.
func denied(action, arn string) string {
	return fmt.Sprintf("AccessDeniedException: not authorized to perform: %s on resource: %s because no resource-based policy allows the %s action", action, arn, action)
}
