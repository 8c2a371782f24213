package wire

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire/sigv4"
)

// Auth is what a front door asks of its callers.
type Auth string

// The modes.
const (
	// AuthNone is a laptop's: who is unknown acts as the account's root. A key
	// that is known is verified all the same, and its holder is who calls.
	AuthNone Auth = "none"
	// AuthSigV4 demands a good signature of a known key.
	AuthSigV4 Auth = "sigv4"
)

// Clock skews that are forgiven, as AWS does.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html (RequestTimeTooSkewed)
const (
	skew       = 5 * time.Minute
	objectSkew = 15 * time.Minute
)

// Verifier tells who sent a request. The AWS APIs, S3 and whatever else has
// callers use the same.
type Verifier struct {
	Identities Identities  // nil: no key is known
	Auth       Auth        // "": AuthNone
	Default    state.Scope // where a request acts that does not say
	Now        func() time.Time
}

// Sender is who sent a request.
type Sender struct {
	Identity  Identity
	AccessKey string      // "" when unsigned
	Scope     state.Scope // the identity's account, the region that was signed for
	Verified  bool        // the signature was checked and is good
}

// Verify checks a request to a service, named as in the credential scope,
// whose body was read. Errors are *AuthError, or what the Identities failed
// with.
func (v *Verifier) Verify(r *http.Request, service string, body []byte) (Sender, error) {
	return v.verify(r, service, skew, func(s *sigv4.Signature, secret string) error {
		hash := sigv4.Hash(body)
		if s.Payload != "" && s.Payload != hash {
			return &sigv4.Error{Problem: sigv4.PayloadLies, Text: sigv4.MismatchText}
		}
		return s.Check(r, secret, hash)
	})
}

// VerifyObject checks a request to S3, whose body is still to be read. The
// body is put behind a check: reading it fails with a *sigv4.Error (see
// ObjectBodyError) where AWS would refuse it, and the chunks of the STREAMING
// modes are taken apart, so that whoever serves r sees a plain body. Nothing
// may become visible before the body was read to its end.
func (v *Verifier) VerifyObject(r *http.Request) (Sender, error) {
	sender, err := v.verify(r, "s3", objectSkew, func(s *sigv4.Signature, secret string) error {
		hash := s.PayloadHash()
		if err := s.Check(r, secret, hash); err != nil {
			return err
		}
		return s.Open(r, secret)
	})
	if err == nil && !sender.Verified {
		return sender, authError(sigv4.OpenUnverified(r))
	}
	return sender, err
}

func (v *Verifier) verify(r *http.Request, service string, skew time.Duration, check func(*sigv4.Signature, string) error) (Sender, error) {
	credential, err := sigv4.ReadCredential(r)
	if err != nil {
		return Sender{}, authError(err)
	}
	sender := Sender{AccessKey: credential.AccessKey, Scope: scopeOf(credential, v.Default)}
	if credential.AccessKey == "" {
		return v.unknown(r.Context(), sender, problemMissing)
	}
	key, err := v.key(r.Context(), credential.AccessKey, sigv4.ReadToken(r))
	switch {
	case errors.Is(err, ErrUnknownKey):
		return v.unknown(r.Context(), sender, problemUnknownKey)
	case errors.Is(err, ErrBadToken):
		return Sender{}, &AuthError{problem: problemBadToken}
	case errors.Is(err, ErrExpiredToken):
		return Sender{}, &AuthError{problem: problemExpiredToken}
	case err != nil:
		return Sender{}, fmt.Errorf("look up access key: %w", err)
	}
	if err := v.checkKnown(r, service, skew, key, check); err != nil {
		return Sender{}, authError(err)
	}
	sender.Identity, sender.Scope.Account, sender.Verified = key.Identity, key.Identity.Account, true
	return sender, nil
}

func (v *Verifier) checkKnown(r *http.Request, service string, skew time.Duration, key Key, check func(*sigv4.Signature, string) error) error {
	signature, err := sigv4.Read(r)
	if err != nil {
		return err
	}
	now := v.now()
	switch {
	case signature == nil:
		return &AuthError{problem: problemMissing}
	case signature.Algorithm != sigv4.AlgorithmV4:
		return &sigv4.Error{Problem: sigv4.Incomplete, Text: "Hatoba does not verify " + sigv4.AlgorithmV4a + " yet: sign with " + sigv4.AlgorithmV4 + "."}
	case signature.Service != service:
		return &sigv4.Error{Problem: sigv4.Mismatch, Text: fmt.Sprintf("Credential should be scoped to correct service: '%s'. ", service)}
	case !key.Identity.Expires.IsZero() && !now.Before(key.Identity.Expires):
		return &AuthError{problem: problemExpiredToken}
	}
	if err := signature.Timely(now, skew); err != nil {
		return err
	}
	return check(signature, key.Secret)
}

// unknown is a sender nobody vouches for: the listener's guest, or the root of
// the account it names, or of ours, where that is enough.
func (v *Verifier) unknown(ctx context.Context, s Sender, p problem) (Sender, error) {
	if v.Auth == AuthSigV4 {
		return Sender{}, &AuthError{problem: p}
	}
	guest, ok := Guest(ctx)
	if !ok {
		guest = Root(s.Scope.Account)
	}
	s.Identity, s.Scope.Account = guest, guest.Account
	return s, nil
}

func (v *Verifier) key(ctx context.Context, accessKey, token string) (Key, error) {
	if v.Identities == nil {
		return Key{}, ErrUnknownKey
	}
	return v.Identities.Key(ctx, accessKey, token)
}

func (v *Verifier) now() time.Time {
	if v.Now == nil {
		return time.Now()
	}
	return v.Now()
}
