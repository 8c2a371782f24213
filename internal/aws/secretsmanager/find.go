package secretsmanager

import (
	"regexp"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

var arnSuffix = regexp.MustCompile(`-[A-Za-z0-9]{6}$`)

// find returns the secret that id means: a name, a whole ARN, or an ARN
// without the hyphen and the six characters at its end. Secrets marked for
// deletion are found too.
// Source: https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen
func find(r store.Reader, scope state.Scope, id *string) (state.Secret, error) {
	if aws.ToString(id) == "" {
		return state.Secret{}, constraint(aws.ToString(id), "secretId", "Member must have length greater than or equal to 1")
	}
	if !strings.HasPrefix(*id, "arn:") {
		if secret, ok := store.Secrets.Get(r, scope.Key(*id)); ok {
			return secret, nil
		}
		return state.Secret{}, secretNotFound()
	}
	name, ok := strings.CutPrefix(*id, scope.ARN("secretsmanager", "secret:"))
	if !ok {
		if len(strings.SplitN(*id, ":", 7)) < 7 || !strings.HasPrefix(*id, "arn:aws:secretsmanager:") {
			return state.Secret{}, invalidParameter("Invalid ARN: %s", *id)
		}
		return state.Secret{}, secretNotFound() // of another account or region
	}
	if arnSuffix.MatchString(name) {
		if secret, ok := store.Secrets.Get(r, scope.Key(name[:len(name)-7])); ok && secret.ARN == *id {
			return secret, nil
		}
	}
	if secret, ok := store.Secrets.Get(r, scope.Key(name)); ok {
		return secret, nil
	}
	return state.Secret{}, secretNotFound()
}

// findActive is find for what a secret marked for deletion refuses.
func findActive(r store.Reader, scope state.Scope, id *string) (state.Secret, error) {
	secret, err := find(r, scope, id)
	if err == nil && secret.DeletedAt != nil {
		return state.Secret{}, markedForDeletion()
	}
	return secret, err
}

func versionKey(scope state.Scope, secret state.Secret, version string) state.Key {
	return scope.Key(state.SecretVersionID(secret.Name, secret.Suffix, version))
}

// versions lists all versions of a secret in id order.
func versions(r store.Reader, scope state.Scope, secret state.Secret) (out []state.SecretVersion) {
	for _, v := range store.SecretVersions.List(r, scope, state.SecretVersionPrefix(secret.Name, secret.Suffix)) {
		out = append(out, v)
	}
	return out
}
