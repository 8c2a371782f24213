package secretsmanager

import (
	"context"
	"fmt"
	"time"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// purgeEvery is how often Run looks. Windows are days; AWS promises no moment.
const purgeEvery = time.Hour

// Purge deletes the secrets of all accounts and regions whose recovery window
// ended at or before now, and returns how many.
func (s *Service) Purge(ctx context.Context, now time.Time) (int, error) {
	var due []state.Key
	err := s.store.View(ctx, func(r store.Reader) error {
		for key, secret := range store.Secrets.List(r, state.Scope{}, "") {
			if windowEnded(secret, now) {
				due = append(due, key)
			}
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("look for secrets to purge: %w", err)
	}
	purged := 0
	for _, key := range due {
		gone := false
		err := s.store.Update(ctx, func(w store.Writer) error {
			secret, ok := store.Secrets.Get(w, key)
			gone = ok && windowEnded(secret, now) // it may have been restored since
			if gone {
				erase(w, key.Scope(), secret)
			}
			return nil
		})
		if err != nil {
			return purged, fmt.Errorf("purge secret %s: %w", key.ID, err)
		}
		if gone {
			purged++
		}
	}
	return purged, nil
}

// Run purges once an hour until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	tick := time.NewTicker(purgeEvery)
	defer tick.Stop()
	for {
		if _, err := s.Purge(ctx, s.now()); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

func windowEnded(secret state.Secret, now time.Time) bool {
	return secret.PurgeAt != nil && !now.Before(*secret.PurgeAt)
}
