package secretsmanager

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/hatoba/hatoba/internal/secrets/kmskey"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) createSecret(ctx context.Context, caller wire.Caller, in *sdk.CreateSecretInput) (*sdk.CreateSecretOutput, error) {
	scope := caller.Scope
	value, err := checkCreate(in)
	if err != nil {
		return nil, err
	}
	token, err := checkToken(in.ClientRequestToken)
	if err != nil {
		return nil, err
	}
	tags, err := mergeTags(nil, in.Tags)
	if err != nil {
		return nil, err
	}
	suffix, err := newSuffix(s.random)
	if err != nil {
		return nil, err
	}
	now, name, ring := s.now(), *in.Name, s.ringOf(ctx, caller)
	var out *sdk.CreateSecretOutput
	err = s.store.Update(ctx, func(w store.Writer) error {
		secret := state.Secret{
			Name: name, Suffix: suffix, ARN: scope.SecretARN(name, suffix),
			Description: aws.ToString(in.Description), KmsKeyID: aws.ToString(in.KmsKeyId),
			CreatedAt: now, ChangedAt: now, Tags: tags,
		}
		if old, ok := store.Secrets.Get(w, scope.Key(name)); ok {
			if err := s.checkRepeatedCreate(ring, w, scope, old, token, value); err != nil {
				return err
			}
			out = created(old, token, value)
			return nil
		}
		if _, err := s.keyOf(w, scope, secret); err != nil {
			return err
		}
		if value != nil {
			if err := s.put(ring, w, scope, &secret, token, value, []string{stageCurrent}, now); err != nil {
				return err
			}
		}
		out = created(secret, token, value)
		return store.Secrets.Put(w, scope.Key(name), secret)
	})
	return out, err
}

func checkCreate(in *sdk.CreateSecretInput) (*payload, error) {
	if err := checkName(in.Name); err != nil {
		return nil, err
	}
	if err := checkDescription(in.Description); err != nil {
		return nil, err
	}
	switch {
	case len(in.AddReplicaRegions) > 0:
		return nil, unsupported("AddReplicaRegions")
	case in.ForceOverwriteReplicaSecret:
		return nil, unsupported("ForceOverwriteReplicaSecret")
	case aws.ToString(in.Type) != "":
		return nil, unsupported("Type (managed external secrets)")
	}
	return readPayload(in.SecretString, in.SecretBinary)
}

// checkRepeatedCreate returns nil when old is what this very request made.
func (s *Service) checkRepeatedCreate(ring kmskey.Ring, r store.Reader, scope state.Scope, old state.Secret, token string, value *payload) error {
	if old.DeletedAt != nil {
		return invalidRequest("You can't create this secret because a secret with this name is already scheduled for deletion.")
	}
	if value != nil {
		if same, err := s.repeated(ring, r, scope, old, token, value); err != nil || same {
			return err
		}
	}
	return exists("The operation failed because the secret %s already exists.", old.Name)
}

func created(secret state.Secret, token string, value *payload) *sdk.CreateSecretOutput {
	out := &sdk.CreateSecretOutput{ARN: aws.String(secret.ARN), Name: aws.String(secret.Name)}
	if value != nil {
		out.VersionId = aws.String(token)
	}
	return out
}

// newSuffix draws the six characters at the end of an ARN.
func newSuffix(random io.Reader) (string, error) {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	out := make([]byte, 6)
	for i := range out {
		n, err := draw(random, len(letters))
		if err != nil {
			return "", fmt.Errorf("ARN suffix: %w", err)
		}
		out[i] = letters[n]
	}
	return string(out), nil
}

// day is the UTC day of a moment: the precision of LastAccessedDate.
func day(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
