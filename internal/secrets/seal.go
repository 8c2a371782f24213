package secrets

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/hatoba/hatoba/internal/state"
)

// Sealed is an encrypted value, safe to encode as JSON.
type Sealed = state.Sealed

// ErrUnknownKey is returned by Open for a value sealed under a master key that
// the keyring does not hold.
var ErrUnknownKey = errors.New("sealed under another master key")

// ErrTampered is returned by Open when the ciphertext was changed, or moved
// from another record.
var ErrTampered = errors.New("sealed value does not open: changed, or of another record")

// Seal encrypts plaintext under a fresh data key, bound to aad.
func (k *Keyring) Seal(aad, plaintext []byte) (Sealed, error) {
	dataKey := make([]byte, KeySize)
	rand.Read(dataKey) // never fails
	wrapped, err := encrypt(k.master, wrapAAD(aad), dataKey)
	if err != nil {
		return Sealed{}, fmt.Errorf("wrap data key: %w", err)
	}
	data, err := encrypt(dataKey, aad, plaintext)
	if err != nil {
		return Sealed{}, fmt.Errorf("seal: %w", err)
	}
	return Sealed{KeyID: k.id, DataKey: wrapped, Data: data}, nil
}

// Open decrypts what Seal made with the same aad.
func (k *Keyring) Open(aad []byte, s Sealed) ([]byte, error) {
	if s.KeyID != k.id {
		return nil, fmt.Errorf("%w: %q, have %q", ErrUnknownKey, s.KeyID, k.id)
	}
	dataKey, err := decrypt(k.master, wrapAAD(aad), s.DataKey)
	if err != nil {
		return nil, err
	}
	return decrypt(dataKey, aad, s.Data)
}

// AAD binds a sealed value to the record that holds it. The parts are length
// prefixed, so that no two records share one.
func AAD(table string, key state.Key) []byte {
	var out []byte
	for _, part := range []string{"hatoba/v1", table, key.Account, key.Region, key.ID} {
		out = fmt.Appendf(out, "%d:%s,", len(part), part)
	}
	return out
}

// wrapAAD keeps a wrapped key from passing for data and the reverse.
func wrapAAD(aad []byte) []byte { return append([]byte("key,"), aad...) }

func encrypt(key, aad, plaintext []byte) ([]byte, error) {
	gcm, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	return gcm.Seal(nil, nil, plaintext, aad), nil
}

func decrypt(key, aad, ciphertext []byte) ([]byte, error) {
	gcm, err := newGCM(key)
	if err != nil {
		return nil, err
	}
	// Not wrapped: the library's error says nothing more.
	plaintext, err := gcm.Open(nil, nil, ciphertext, aad)
	if err != nil {
		return nil, ErrTampered
	}
	return plaintext, nil
}

// newGCM returns AES-GCM that draws a random nonce and puts it in front.
func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}
