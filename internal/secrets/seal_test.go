package secrets

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/state"
)

func TestSealOpens(t *testing.T) {
	k := NewKeyring()
	rapid.Check(t, func(t *rapid.T) {
		aad := rapid.SliceOf(rapid.Byte()).Draw(t, "aad")
		plain := rapid.SliceOf(rapid.Byte()).Draw(t, "plain")
		sealed, err := k.Seal(aad, plain)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(sealed)
		if err != nil {
			t.Fatal(err)
		}
		var back Sealed
		if err := json.Unmarshal(raw, &back); err != nil {
			t.Fatal(err)
		}
		got, err := k.Open(aad, back)
		if err != nil || !bytes.Equal(got, plain) {
			t.Fatalf("%v", err)
		}
		if len(plain) > 8 && (bytes.Contains(raw, plain) || bytes.Contains(raw, []byte(base64.StdEncoding.EncodeToString(plain)))) {
			t.Fatal("plaintext in the encoding")
		}
	})
}

func TestSealedDoesNotOpenElsewhere(t *testing.T) {
	k := NewKeyring()
	key := state.Key{Account: "111111111111", Region: "us-east-1", ID: "a:b"}
	aad := AAD("secret-versions", key)
	sealed, err := k.Seal(aad, []byte("secret"))
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []state.Key{
		{Account: "111111111112", Region: "us-east-1", ID: "a:b"},
		{Account: "111111111111", Region: "us-east-2", ID: "a:b"},
		{Account: "111111111111", Region: "us-east-1", ID: "a:c"},
	} {
		if _, err := k.Open(AAD("secret-versions", other), sealed); !errors.Is(err, ErrTampered) {
			t.Errorf("%v: %v", other, err)
		}
	}
	if _, err := k.Open(AAD("parameter-versions", key), sealed); !errors.Is(err, ErrTampered) {
		t.Error(err)
	}
	if _, err := NewKeyring().Open(aad, sealed); !errors.Is(err, ErrUnknownKey) {
		t.Error(err)
	}
	swapped := Sealed{KeyID: sealed.KeyID, DataKey: sealed.Data, Data: sealed.DataKey}
	if _, err := k.Open(aad, swapped); !errors.Is(err, ErrTampered) {
		t.Error(err)
	}
	for _, part := range [][]byte{sealed.DataKey, sealed.Data} {
		part[len(part)/2] ^= 1
		if _, err := k.Open(aad, sealed); !errors.Is(err, ErrTampered) {
			t.Error(err)
		}
		part[len(part)/2] ^= 1
	}
	if _, err := k.Open(aad, Sealed{KeyID: k.ID()}); !errors.Is(err, ErrTampered) {
		t.Error(err)
	}
}
