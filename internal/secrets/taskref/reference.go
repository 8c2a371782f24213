package taskref

import (
	"errors"
	"strings"
)

// Kind is the service that keeps a value.
type Kind string

// The services a task definition may name.
const (
	SecretsManager Kind = "secretsmanager"
	ParameterStore Kind = "ssm"
)

// Reference is a parsed secrets[].valueFrom.
type Reference struct {
	Kind Kind
	// ID is a secret's ARN, whole or without its last six characters, or a
	// parameter's ARN or name, without the parts below.
	ID string
	// Account and Region are the ARN's; "" with a bare name.
	Account, Region string
	// JSONKey picks one value of a secret that is a JSON object; "" is the
	// whole value.
	JSONKey string
	// VersionStage and VersionID pick a version; both "" is AWSCURRENT.
	VersionStage, VersionID string
}

// ErrInvalidARN is returned by Parse for an ARN that names no secret.
var ErrInvalidARN = errors.New("an invalid ARN format for the AWS Secrets Manager secret was specified. Specify a valid ARN and try again.") //nolint:staticcheck // the text is AWS's

// Parse reads a valueFrom: the ARN of a secret, alone or with
// :json-key:version-stage:version-id behind it, the ARN of a parameter, or a
// parameter's name.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/secrets-envvar-secrets-manager.html
func Parse(valueFrom string) (Reference, error) {
	if !strings.HasPrefix(valueFrom, "arn:") {
		if valueFrom == "" {
			return Reference{}, ErrInvalidARN
		}
		return Reference{Kind: ParameterStore, ID: valueFrom}, nil
	}
	// arn:partition:service:region:account:resource
	parts := strings.SplitN(valueFrom, ":", 6)
	if len(parts) < 6 || parts[1] == "" || parts[3] == "" || parts[4] == "" {
		return Reference{}, ErrInvalidARN
	}
	ref := Reference{Kind: Kind(parts[2]), ID: valueFrom, Region: parts[3], Account: parts[4]}
	switch ref.Kind {
	case SecretsManager:
		return parseSecret(ref, parts)
	case ParameterStore:
		if name, ok := strings.CutPrefix(parts[5], "parameter/"); !ok || name == "" {
			return Reference{}, ErrInvalidARN
		}
		return ref, nil
	default:
		return Reference{}, ErrInvalidARN
	}
}

// parseSecret takes secret:NAME or secret:NAME:KEY:STAGE:ID, as the ECS agent
// does: the colons are all there or none is.
func parseSecret(ref Reference, parts []string) (Reference, error) {
	resource := strings.Split(parts[5], ":")
	if resource[0] != "secret" || (len(resource) != 2 && len(resource) != 5) || resource[1] == "" {
		return Reference{}, ErrInvalidARN
	}
	if len(resource) == 5 {
		ref.JSONKey, ref.VersionStage, ref.VersionID = resource[2], resource[3], resource[4]
	}
	ref.ID = strings.Join(append(parts[:5:5], "secret", resource[1]), ":")
	return ref, nil
}
