package identity

import (
	"context"
	"fmt"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// RootKey is the first administrator's access key: that of the account's root
// user, made when there is none. It is the same from then on.
func (d *Directory) RootKey(ctx context.Context, account string) (Credentials, error) {
	made := Credentials{AccessKey: NewAccessKey("AKIA", account), Secret: NewSecret()}
	key := state.AccessKeyScope().Key(made.AccessKey)
	sealed, err := d.Keyring.Seal(AccessKeyAAD(key), []byte(made.Secret))
	if err != nil {
		return Credentials{}, fmt.Errorf("seal the root user's access key: %w", err)
	}
	var found *state.AccessKey
	err = d.Store.Update(ctx, func(w store.Writer) error {
		for _, k := range store.AccessKeys.List(w, state.AccessKeyScope(), "") {
			if k.Account == account && k.User == "" {
				found = &k
				return nil
			}
		}
		return store.AccessKeys.Put(w, key, state.AccessKey{ID: made.AccessKey, Account: account, Active: true, CreatedAt: d.now().UTC(), Secret: sealed})
	})
	if err != nil {
		return Credentials{}, fmt.Errorf("keep the root user's access key: %w", err)
	}
	if found == nil {
		return made, nil
	}
	secret, err := d.Keyring.Open(AccessKeyAAD(state.AccessKeyScope().Key(found.ID)), found.Secret)
	if err != nil {
		return Credentials{}, fmt.Errorf("open access key %s: %w", found.ID, err)
	}
	return Credentials{AccessKey: found.ID, Secret: string(secret)}, nil
}
