// Package keystore opens the master key that a store's sealed values need.
package keystore

import (
	"context"
	"fmt"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// key is where the id of the master key is kept.
var key = state.Key{Account: "-", Region: "-", ID: "master"}

// Open reads the master key from path, and makes it when the store has never
// had one. The store remembers the key's id, so that a lost or exchanged file
// is secrets.ErrKeyLost and never a new key that opens nothing.
func Open(ctx context.Context, s store.Store, path string) (*secrets.Keyring, error) {
	var known state.Keyring
	err := s.View(ctx, func(r store.Reader) error {
		known, _ = store.Keyrings.Get(r, key)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("look up the master key's id: %w", err)
	}
	keyring, err := secrets.OpenKeyring(path, known.KeyID)
	if err != nil || known.KeyID != "" {
		return keyring, err
	}
	// The file comes first: a crash in between leaves a key that the next start
	// takes, where the reverse would leave an id without a key.
	err = s.Update(ctx, func(w store.Writer) error {
		return store.Keyrings.Put(w, key, state.Keyring{KeyID: keyring.ID()})
	})
	if err != nil {
		return nil, fmt.Errorf("remember the master key's id: %w", err)
	}
	return keyring, nil
}
