package identity_test

import (
	"errors"
	"path/filepath"
	"testing"

	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/secrets/keystore"
	"github.com/hatoba/hatoba/internal/store/mem"
	"github.com/hatoba/hatoba/internal/wire"
)

func TestRootKeyIsMadeOnce(t *testing.T) {
	s := mem.New()
	keyring, err := keystore.Open(t.Context(), s, filepath.Join(t.TempDir(), "key"))
	if err != nil {
		t.Fatal(err)
	}
	d := &identity.Directory{Store: s, Keyring: keyring}
	first, err := d.RootKey(t.Context(), "123456789012")
	if err != nil {
		t.Fatal(err)
	}
	again, err := d.RootKey(t.Context(), "123456789012")
	if err != nil || again != first {
		t.Errorf("another key: %v", err)
	}
	other, err := d.RootKey(t.Context(), "210987654321")
	if err != nil || other.AccessKey == first.AccessKey {
		t.Errorf("another account's key: %v", err)
	}
	key, err := d.Key(t.Context(), first.AccessKey, "")
	if err != nil || key.Secret != first.Secret || key.Identity != wire.Root("123456789012") {
		t.Errorf("%v, %v", key, err)
	}
	if _, err := d.Key(t.Context(), "AKIANOBODY", ""); !errors.Is(err, wire.ErrUnknownKey) {
		t.Error(err)
	}
}
