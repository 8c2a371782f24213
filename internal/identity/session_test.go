package identity_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/identity"
	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/store/mem"
	"github.com/hatoba/hatoba/internal/wire"
)

func session(d *identity.Directory, t testing.TB) identity.Credentials {
	t.Helper()
	c, err := d.Issue(wire.Identity{Account: "000123456789", ARN: "arn:aws:sts::000123456789:assumed-role/a/b", Role: "r", Task: "t", Expires: time.Now().Add(time.Hour),
		Session: &wire.Session{Tags: map[string]string{"k": "v"}}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// A token opens with its own key only, in any process that has the master key,
// and what a log would show of credentials is no secret.
func TestTokensAreSessions(t *testing.T) {
	d := &identity.Directory{Store: mem.New(), Keyring: secrets.NewKeyring()}
	c := session(d, t)
	key, err := (&identity.Directory{Store: mem.New(), Keyring: d.Keyring}).Key(t.Context(), c.AccessKey, c.Token)
	if err != nil || key.Secret != c.Secret || key.Identity.Task != "t" || key.Identity.Session.Tags["k"] != "v" {
		t.Errorf("%+v %v", key.Identity, err)
	}
	if identity.AccountOf(c.AccessKey) != "000123456789" {
		t.Errorf("%s holds %s", c.AccessKey, identity.AccountOf(c.AccessKey))
	}
	if shown := fmt.Sprintf("%v %+v %#v", c, c, c); strings.Contains(shown, c.Secret) || strings.Contains(shown, c.Token) {
		t.Errorf("shown: %s", shown)
	}
	for what, err := range map[string]error{
		"another key":        lookup(d, t, session(d, t).AccessKey, c.Token),
		"another master key": lookup(&identity.Directory{Store: mem.New(), Keyring: secrets.NewKeyring()}, t, c.AccessKey, c.Token),
		"a changed token":    lookup(d, t, c.AccessKey, c.Token[:len(c.Token)-8]+"AAAAAAAA"),
		"half a token":       lookup(d, t, c.AccessKey, c.Token[:len(c.Token)/2]),
	} {
		if !errors.Is(err, wire.ErrBadToken) {
			t.Errorf("%s: %v", what, err)
		}
	}
	// Another issuer's is nobody's, not a broken one of ours.
	if err := lookup(d, t, "ASIAIOSFODNN7EXAMPLE", "IQoJb3JpZ2luX2VjEXAMPLE"); !errors.Is(err, wire.ErrUnknownKey) {
		t.Error(err)
	}
	later := &identity.Directory{Store: mem.New(), Keyring: d.Keyring, Now: func() time.Time { return time.Now().Add(2 * time.Hour) }}
	if err := lookup(later, t, c.AccessKey, c.Token); !errors.Is(err, wire.ErrExpiredToken) {
		t.Error(err)
	}
}

func lookup(d *identity.Directory, t testing.TB, key, token string) error {
	_, err := d.Key(t.Context(), key, token)
	return err
}

func FuzzToken(f *testing.F) {
	d := &identity.Directory{Store: mem.New(), Keyring: secrets.NewKeyring()}
	c := session(d, f)
	f.Add(c.AccessKey, c.Token)
	f.Add("AKIA", "HatobaSession1e30=")
	f.Fuzz(func(t *testing.T, key, token string) {
		_, err := d.Key(t.Context(), key, token)
		if err == nil && (key != c.AccessKey || strings.TrimSpace(token) != c.Token) && token != c.Token {
			t.Errorf("%q %q opens", key, token)
		}
		if err != nil && !errors.Is(err, wire.ErrBadToken) && !errors.Is(err, wire.ErrUnknownKey) && !errors.Is(err, wire.ErrExpiredToken) {
			t.Error(err)
		}
		identity.AccountOf(key)
	})
}
