// Package kmskey encrypts and decrypts under KMS keys. Their material is in
// the store, sealed by the keyring; what they encrypt is bound to its
// encryption context, and opens with no other.
//
// KMS's front door and whoever encrypts under a customer's key use it inside
// their own transactions.
package kmskey

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/google/uuid"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// A ciphertext is: version (1), the key's UUID (16), the number of the
// material (2, big endian), nonce, AES-256-GCM.
const (
	version   = 1
	headerLen = 1 + 16 + 2
)

// Ring encrypts under KMS keys. It may be used concurrently.
type Ring struct {
	Keyring *secrets.Keyring
	// Ask decides whether a key may be used; nil: it may.
	Ask func(use Use, key state.KMSKey, context map[string]string) error
}

// Use is what a key is used for.
type Use int

// The uses.
const (
	Seals Use = iota
	Opens
)

func (g Ring) ask(use Use, key state.KMSKey, context map[string]string) error {
	if g.Ask == nil {
		return nil
	}
	return g.Ask(use, key, context)
}

// NewMaterial makes a generation of a key's material. number is its place.
func (g Ring) NewMaterial(key state.Key, number int, now time.Time, onDemand bool) (state.KMSMaterial, error) {
	material, id := make([]byte, secrets.KeySize), make([]byte, 32)
	rand.Read(material) // never fails
	rand.Read(id)
	sealed, err := g.Keyring.Seal(materialAAD(key, number), material)
	return state.KMSMaterial{ID: hex.EncodeToString(id), CreatedAt: now, OnDemand: onDemand, Sealed: sealed}, err
}

func materialAAD(key state.Key, number int) []byte {
	key.ID = fmt.Sprintf("%s/%d", key.ID, number)
	return secrets.AAD(store.KMSKeys.Name, key)
}

// Encrypt encrypts under a usable key of the scope.
func (g Ring) Encrypt(scope state.Scope, key state.KMSKey, context map[string]string, plaintext []byte) ([]byte, error) {
	if err := g.ask(Seals, key, context); err != nil {
		return nil, err
	}
	if err := Usable(key); err != nil {
		return nil, err
	}
	number := len(key.Material) - 1
	gcm, err := g.open(scope, key, number)
	if err != nil {
		return nil, err
	}
	id, err := uuid.Parse(key.ID)
	if err != nil {
		return nil, fmt.Errorf("id of a KMS key: %w", err)
	}
	head := append([]byte{version}, id[:]...)
	head = append(head, byte(number>>8), byte(number))
	return gcm.Seal(head, nil, plaintext, contextAAD(scope, head, context)), nil
}

// Decrypt decrypts what a key of the scope has encrypted, and returns the key.
// want is the id of the key it should be, "" for any.
func (g Ring) Decrypt(r store.Reader, scope state.Scope, context map[string]string, ciphertext []byte, want string) ([]byte, state.KMSKey, error) {
	if len(ciphertext) < headerLen || ciphertext[0] != version {
		return nil, state.KMSKey{}, refuse(InvalidCiphertext, "")
	}
	id := uuid.UUID(ciphertext[1:17]).String()
	if want != "" && want != id {
		return nil, state.KMSKey{}, refuse(IncorrectKey, "The key ID in the request does not identify a CMK that can perform this operation.")
	}
	key, ok := store.KMSKeys.Get(r, scope.Key(id))
	if !ok {
		return nil, key, refuse(AccessDenied, "The ciphertext refers to a customer master key that does not exist, does not exist in this region, or you are not allowed to access.")
	}
	if err := g.ask(Opens, key, context); err != nil {
		return nil, key, err
	}
	if err := Usable(key); err != nil {
		return nil, key, err
	}
	number := materialOf(ciphertext)
	if number >= len(key.Material) {
		return nil, key, refuse(InvalidCiphertext, "")
	}
	gcm, err := g.open(scope, key, number)
	if err != nil {
		return nil, key, err
	}
	plaintext, err := gcm.Open(nil, nil, ciphertext[headerLen:], contextAAD(scope, ciphertext[:headerLen], context))
	if err != nil {
		return nil, key, refuse(InvalidCiphertext, "")
	}
	return plaintext, key, nil
}

// OfCiphertext returns the id of the key that a ciphertext names; "" when it is
// none.
func OfCiphertext(ciphertext []byte) string {
	if len(ciphertext) < headerLen || ciphertext[0] != version {
		return ""
	}
	return uuid.UUID(ciphertext[1:17]).String()
}

// MaterialID returns the id of the generation of key that a ciphertext of it
// was made with.
func MaterialID(key state.KMSKey, ciphertext []byte) string {
	if len(ciphertext) < headerLen || materialOf(ciphertext) >= len(key.Material) {
		return ""
	}
	return key.Material[materialOf(ciphertext)].ID
}

func materialOf(ciphertext []byte) int { return int(ciphertext[17])<<8 | int(ciphertext[18]) }

// open unseals a generation.
func (g Ring) open(scope state.Scope, key state.KMSKey, number int) (cipher.AEAD, error) {
	material, err := g.Keyring.Open(materialAAD(scope.Key(key.ID), number), key.Material[number].Sealed)
	if err != nil {
		return nil, fmt.Errorf("open KMS key %s: %w", key.ID, err)
	}
	block, err := aes.NewCipher(material)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCMWithRandomNonce(block)
}

// contextAAD is what a ciphertext is bound to: where its key is, and the
// encryption context, each part with its length.
func contextAAD(scope state.Scope, head []byte, context map[string]string) []byte {
	var b bytes.Buffer
	part := func(s string) { fmt.Fprintf(&b, "%d:%s,", len(s), s) }
	for _, s := range []string{"hatoba/kms/v1", scope.Account, scope.Region, string(head)} {
		part(s)
	}
	for _, k := range slices.Sorted(maps.Keys(context)) {
		part(k)
		part(context[k])
	}
	return b.Bytes()
}

// Usable tells why a key cannot encrypt or decrypt; nil when it can.
func Usable(key state.KMSKey) error {
	switch key.State {
	case kmstypes.KeyStateEnabled:
		return nil
	case kmstypes.KeyStateDisabled:
		return refuse(Disabled, "%s is disabled.", key.ARN)
	case kmstypes.KeyStatePendingDeletion:
		return refuse(InvalidState, "%s is pending deletion.", key.ARN)
	}
	return refuse(InvalidState, "%s is in the state %s.", key.ARN, key.State)
}

var keyID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

// Find returns the key that ref means: an id, an alias, or the ARN of one, of
// the scope.
func Find(r store.Reader, scope state.Scope, ref string) (state.KMSKey, error) {
	rest := ref
	if strings.HasPrefix(ref, "arn:") {
		parts := strings.SplitN(ref, ":", 6)
		if len(parts) != 6 || parts[2] != "kms" {
			return state.KMSKey{}, refuse(NotFound, "Invalid arn %s", ref)
		}
		if parts[3] != scope.Region {
			return state.KMSKey{}, refuse(NotFound, "Invalid arn %s", parts[3])
		}
		if parts[4] != scope.Account {
			return state.KMSKey{}, refuse(AccessDenied, "The key %s belongs to another account.", ref)
		}
		rest = parts[5]
		if id, ok := strings.CutPrefix(rest, "key/"); ok {
			rest = id
		} else if !strings.HasPrefix(rest, "alias/") {
			return state.KMSKey{}, refuse(NotFound, "Invalid arn %s", ref)
		}
	}
	if strings.HasPrefix(rest, "alias/") {
		alias, ok := store.KMSAliases.Get(r, scope.Key(rest))
		if !ok {
			return state.KMSKey{}, refuse(NotFound, "Alias %s is not found.", scope.ARN("kms", rest))
		}
		rest = alias.KeyID
	}
	if !keyID.MatchString(rest) && !strings.HasPrefix(rest, "mrk-") {
		return state.KMSKey{}, refuse(NotFound, "Invalid keyId '%s'", rest)
	}
	key, ok := store.KMSKeys.Get(r, scope.Key(rest))
	if !ok {
		return key, refuse(NotFound, "Key '%s' does not exist", scope.KMSKeyARN(rest))
	}
	return key, nil
}
