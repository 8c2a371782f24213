package secretsmanager

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	sdk "github.com/aws/aws-sdk-go-v2/service/secretsmanager"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/secrets/kmskey"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) getSecretValue(ctx context.Context, caller wire.Caller, in *sdk.GetSecretValueInput) (*sdk.GetSecretValueOutput, error) {
	got, err := s.read(ctx, s.ringOf(ctx, caller), caller.Scope, in.SecretId, in.VersionId, in.VersionStage)
	if err != nil {
		return nil, err
	}
	out := &sdk.GetSecretValueOutput{
		ARN: aws.String(got.secret.ARN), Name: aws.String(got.secret.Name),
		CreatedDate: aws.Time(got.version.CreatedAt), VersionId: aws.String(got.version.ID),
		VersionStages: labelsOf(got.secret.Stages, got.version.ID),
	}
	if got.value.binary {
		out.SecretBinary = got.value.data
	} else {
		out.SecretString = aws.String(string(got.value.data))
	}
	return out, nil
}

// Resolve returns the string value of a secret for a task. id is a name or a
// whole or partial ARN of the scope; versionStage and versionID may be "". The
// errors are those of GetSecretValue; a binary value is an
// InvalidRequestException.
func (s *Service) Resolve(ctx context.Context, scope state.Scope, id, versionStage, versionID string) (secrets.Value, error) {
	got, err := s.read(ctx, s.ring(), scope, aws.String(id), aws.String(versionID), aws.String(versionStage))
	if err != nil {
		return secrets.Value{}, err
	}
	if got.value.binary {
		return secrets.Value{}, invalidRequest("The secret has a binary value. Only a SecretString can become an environment variable.")
	}
	return secrets.NewValue(string(got.value.data)), nil
}

type reading struct {
	secret  state.Secret
	version state.SecretVersion
	value   payload
}

func (s *Service) read(ctx context.Context, ring kmskey.Ring, scope state.Scope, id, versionID, stage *string) (out reading, err error) {
	err = s.store.View(ctx, func(r store.Reader) error {
		var err error
		if out.secret, err = findActive(r, scope, id); err != nil {
			return err
		}
		if out.version, err = selectVersion(r, scope, out.secret, versionID, stage); err != nil {
			return err
		}
		out.value, err = s.open(ring, r, scope, out.secret, out.version)
		return err
	})
	if err != nil {
		return reading{}, err
	}
	return out, s.accessed(ctx, scope, out, day(s.now()))
}

// accessed notes the day of a read. AWS tells days only, so a version costs at
// most one write a day.
func (s *Service) accessed(ctx context.Context, scope state.Scope, got reading, today time.Time) error {
	if onDay(got.secret.AccessedDay, today) && onDay(got.version.AccessedDay, today) {
		return nil
	}
	return s.store.Update(ctx, func(w store.Writer) error {
		secret, ok := store.Secrets.Get(w, scope.Key(got.secret.Name))
		if !ok || secret.Suffix != got.secret.Suffix {
			return nil // deleted since
		}
		if !onDay(secret.AccessedDay, today) {
			secret.AccessedDay = &today
			if err := store.Secrets.Put(w, scope.Key(secret.Name), secret); err != nil {
				return err
			}
		}
		key := versionKey(scope, secret, got.version.ID)
		version, ok := store.SecretVersions.Get(w, key)
		if !ok || onDay(version.AccessedDay, today) {
			return nil
		}
		version.AccessedDay = &today
		return store.SecretVersions.Put(w, key, version)
	})
}

func onDay(at *time.Time, day time.Time) bool { return at != nil && !at.Before(day) }
