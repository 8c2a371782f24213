package app

import (
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"

	"github.com/hatoba/hatoba/internal/aws/s3"
	"github.com/hatoba/hatoba/internal/objects"
	"github.com/hatoba/hatoba/internal/secrets"
)

// openObjects opens S3 and its engine.
func (a *App) openObjects(keyring *secrets.Keyring) (err error) {
	a.objects, err = objects.Open(objects.Config{Dir: filepath.Join(a.cfg.DataDir, "objects"), Sealer: sealer{keyring}, Log: a.log})
	if err != nil {
		return err
	}
	a.onClose(a.objects.Close)
	a.s3, err = s3.New(s3.Config{
		Objects: a.objects, Log: a.log, NewRequestID: newRequestID,
		Verifier: a.verifier(), Domains: append([]string{"localhost", "hatoba.internal", "host.hatoba.internal"}, a.cfg.TLSNames...),
	})
	return err
}

// sealer seals the data keys of objects.
type sealer struct{ keyring *secrets.Keyring }

func (s sealer) Seal(_ context.Context, key string, aad, dataKey []byte) ([]byte, error) {
	sealed, err := s.keyring.Seal(aad, dataKey)
	if err != nil {
		return nil, err
	}
	return json.Marshal(sealed)
}

func (s sealer) Open(_ context.Context, key string, aad, raw []byte) ([]byte, error) {
	var sealed secrets.Sealed
	if err := json.Unmarshal(raw, &sealed); err != nil {
		return nil, fmt.Errorf("%w: its data key cannot be read", objects.ErrCorrupt)
	}
	return s.keyring.Open(aad, sealed)
}
