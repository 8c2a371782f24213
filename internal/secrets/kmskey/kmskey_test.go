package kmskey_test

import (
	"bytes"
	"context"
	"testing"
	"time"

	kmstypes "github.com/aws/aws-sdk-go-v2/service/kms/types"
	"github.com/google/uuid"
	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/secrets/kmskey"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
)

var scope = state.Scope{Account: "123456789012", Region: "us-east-1"}

func setUp(t testing.TB) (kmskey.Ring, store.Store, state.KMSKey) {
	t.Helper()
	ring, s := kmskey.Ring{Keyring: secrets.NewKeyring()}, mem.New()
	id := uuid.NewString()
	material, err := ring.NewMaterial(scope.Key(id), 0, time.Now(), false)
	if err != nil {
		t.Fatal(err)
	}
	key := state.KMSKey{ID: id, ARN: scope.KMSKeyARN(id), State: kmstypes.KeyStateEnabled, Material: []state.KMSMaterial{material}}
	if err := s.Update(t.Context(), func(w store.Writer) error { return store.KMSKeys.Put(w, scope.Key(id), key) }); err != nil {
		t.Fatal(err)
	}
	return ring, s, key
}

func decrypt(s store.Store, ring kmskey.Ring, at state.Scope, with map[string]string, blob []byte, want string) (plain []byte, err error) {
	err = s.View(context.Background(), func(r store.Reader) error {
		plain, _, err = ring.Decrypt(r, at, with, blob, want)
		return err
	})
	return plain, err
}

func problem(err error) kmskey.Problem {
	if p, ok := kmskey.Of(err); ok {
		return p.Problem
	}
	return ""
}

func TestContextBinds(t *testing.T) {
	ring, s, key := setUp(t)
	rapid.Check(t, func(t *rapid.T) {
		with := rapid.MapOfN(rapid.String(), rapid.String(), 0, 3).Draw(t, "context")
		other := rapid.MapOfN(rapid.String(), rapid.String(), 0, 3).Draw(t, "other")
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		blob, err := ring.Encrypt(scope, key, with, plain)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decrypt(s, ring, scope, with, blob, ""); err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%q, %v", got, err)
		}
		same := len(with) == len(other)
		for k, v := range with {
			same = same && other[k] == v
		}
		if _, err := decrypt(s, ring, scope, other, blob, ""); !same && problem(err) != kmskey.InvalidCiphertext {
			t.Fatalf("opened with another context: %v", err)
		}
	})
}

func TestDecryptRefuses(t *testing.T) {
	ring, s, key := setUp(t)
	blob, err := ring.Encrypt(scope, key, nil, []byte("x"))
	if err != nil {
		t.Fatal(err)
	}
	changed := bytes.Clone(blob)
	changed[len(changed)-1] ^= 1
	generation := bytes.Clone(blob)
	generation[18] = 1
	foreign := bytes.Clone(blob)
	foreign[5] ^= 1
	for name, c := range map[string]struct {
		at   state.Scope
		blob []byte
		want string
		is   kmskey.Problem
	}{
		"changed":            {scope, changed, "", kmskey.InvalidCiphertext},
		"another generation": {scope, generation, "", kmskey.InvalidCiphertext},
		"short":              {scope, blob[:10], "", kmskey.InvalidCiphertext},
		"nothing":            {scope, nil, "", kmskey.InvalidCiphertext},
		"another key":        {scope, blob, "other", kmskey.IncorrectKey},
		"no such key":        {scope, foreign, "", kmskey.AccessDenied},
		"another region":     {state.Scope{Account: scope.Account, Region: "eu-west-1"}, blob, "", kmskey.AccessDenied},
	} {
		if _, err := decrypt(s, ring, c.at, nil, c.blob, c.want); problem(err) != c.is {
			t.Errorf("%s: %v, want %s", name, err, c.is)
		}
	}
}

// FuzzDecrypt holds that no ciphertext breaks the decoder.
func FuzzDecrypt(f *testing.F) {
	ring, s, key := setUp(f)
	blob, err := ring.Encrypt(scope, key, map[string]string{"a": "b"}, []byte("x"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(blob)
	f.Add(blob[:19])
	f.Fuzz(func(t *testing.T, blob []byte) {
		_, _ = decrypt(s, ring, scope, map[string]string{"a": "b"}, blob, "")
	})
}
