package app

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/hatoba/hatoba/internal/authorization"
	"github.com/hatoba/hatoba/internal/aws/kms"
	"github.com/hatoba/hatoba/internal/aws/s3"
	"github.com/hatoba/hatoba/internal/objects"
	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/secrets/kmskey"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
)

// openObjects opens S3 and its engine.
func (a *App) openObjects(keyring *secrets.Keyring) (err error) {
	a.objects, err = objects.Open(objects.Config{Dir: filepath.Join(a.cfg.DataDir, "objects"), Sealer: sealer{keyring, a.kms}, Log: a.log})
	if err != nil {
		return err
	}
	a.onClose(a.objects.Close)
	a.s3, err = s3.New(s3.Config{
		Objects: a.objects, Keys: objectKeys{a.kms}, Log: a.log, NewRequestID: newRequestID,
		Authorize: a.authorizer().Authorize, AuthorizeKey: a.authorizer().AuthorizeKey,
		Verifier: a.verifier(), Domains: append([]string{"localhost", "hatoba.internal", "host.hatoba.internal"}, a.cfg.TLSNames...),
	})
	return err
}

// authorizer decides what tasks may do.
func (a *App) authorizer() *authorization.Authorizer {
	return &authorization.Authorizer{
		Store: a.store, BucketPolicy: func(bucket string) string { return a.s3.Policy(bucket) }, KnownRolesOnly: a.auth() == wire.AuthSigV4,
	}
}

// sealer seals the data keys of objects: under a KMS key when they have one,
// and under the master key.
type sealer struct {
	keyring *secrets.Keyring
	keys    *kms.Service
}

// keyContext is what KMS binds an object's data key to.
func keyContext(aad []byte) map[string]string {
	return map[string]string{"hatoba:object": string(aad)}
}

// Seal implements objects.Sealer.
func (s sealer) Seal(ctx context.Context, key string, aad, dataKey []byte) ([]byte, error) {
	if key != "" {
		var err error
		if dataKey, err = s.keys.Seal(ctx, key, keyContext(aad), dataKey); err != nil {
			return nil, unusable(err)
		}
	}
	sealed, err := s.keyring.Seal(aad, dataKey)
	if err != nil {
		return nil, err
	}
	return json.Marshal(sealed)
}

// Open implements objects.Sealer.
func (s sealer) Open(ctx context.Context, key string, aad, raw []byte) ([]byte, error) {
	var sealed secrets.Sealed
	if err := json.Unmarshal(raw, &sealed); err != nil {
		return nil, fmt.Errorf("%w: its data key cannot be read", objects.ErrCorrupt)
	}
	dataKey, err := s.keyring.Open(aad, sealed)
	if err != nil || key == "" {
		return dataKey, err
	}
	dataKey, err = s.keys.Open(ctx, key, keyContext(aad), dataKey)
	return dataKey, unusable(err)
}

// unusable puts a KMS key's problem into S3's words.
func unusable(err error) error {
	problem, ok := kmskey.Of(err)
	if !ok {
		return err
	}
	return fmt.Errorf("%w: %w", objects.ErrKeyUnusable, wire.Errorf("KMS."+string(problem.Problem), "%s", problem.Text))
}

// objectKeys knows KMS keys for S3.
type objectKeys struct{ keys *kms.Service }

// S3Key implements s3.Keys.
func (k objectKeys) S3Key(ctx context.Context, scope state.Scope, ref string) (string, error) {
	if ref == "" {
		ref = "alias/aws/s3"
	}
	arn, err := k.keys.Usable(ctx, scope, ref)
	return arn, unusable(err)
}
