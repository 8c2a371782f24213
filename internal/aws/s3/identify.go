package s3

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/aws/smithy-go"

	"github.com/hatoba/hatoba/internal/wire"
)

// identify tells who sends a request, and puts a check before its body.
// Unsigned requests are nobody's: no bucket here is public.
func (s *Service) identify(r *http.Request) (wire.Caller, error) {
	query := r.URL.Query()
	if query.Has("AWSAccessKeyId") {
		return s.identifyOld(r, query)
	}
	sender, err := s.verifier.VerifyObject(r)
	if err != nil {
		return wire.Caller{}, bodyFailure(err)
	}
	if sender.AccessKey == "" {
		return wire.Caller{}, errAccessDenied
	}
	if !sender.Verified && query.Has("X-Amz-Expires") {
		// A link's time is kept even where signatures are not verified.
		signed, err := time.Parse("20060102T150405Z", query.Get("X-Amz-Date"))
		seconds, err2 := strconv.ParseInt(query.Get("X-Amz-Expires"), 10, 32)
		if err != nil || err2 != nil || seconds < 1 || seconds > 604800 {
			return wire.Caller{}, fail(400, "AuthorizationQueryParametersError", "X-Amz-Expires must be between 1 and 604800 seconds")
		}
		if s.now().After(signed.Add(time.Duration(seconds) * time.Second)) {
			return wire.Caller{}, errExpired
		}
	}
	return wire.Caller{Scope: sender.Scope, AccessKey: sender.AccessKey, Identity: sender.Identity}, nil
}

var (
	errExpired      = fail(403, "AccessDenied", "Request has expired")
	errOldSignature = fail(400, "InvalidRequest", "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")
)

// identifyOld takes links signed the way before SigV4, which boto3 still makes
// by default, where signatures are not verified. A key that is known is
// never taken without a proof.
func (s *Service) identifyOld(r *http.Request, query url.Values) (wire.Caller, error) {
	key := query.Get("AWSAccessKeyId")
	if s.verifier.Auth == wire.AuthSigV4 {
		return wire.Caller{}, errOldSignature
	}
	if s.verifier.Identities != nil {
		if _, err := s.verifier.Identities.Key(r.Context(), key, query.Get("x-amz-security-token")); !errors.Is(err, wire.ErrUnknownKey) {
			return wire.Caller{}, errOldSignature
		}
	}
	expires, err := strconv.ParseInt(query.Get("Expires"), 10, 64)
	if err != nil {
		return wire.Caller{}, fail(403, "AccessDenied", "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters")
	}
	if s.now().Unix() > expires {
		return wire.Caller{}, errExpired
	}
	scope := s.verifier.Default
	if len(key) == 12 {
		if _, err := strconv.ParseUint(key, 10, 64); err == nil {
			scope.Account = key
		}
	}
	caller := wire.Caller{Scope: scope, AccessKey: key, Identity: wire.Root(scope.Account)}
	if guest, ok := wire.Guest(r.Context()); ok { // whose listener it is stays who they are
		caller.Identity, caller.Scope.Account = guest, guest.Account
	}
	return caller, nil
}

// bodyFailure puts a refusal of the verifier into S3's words.
func bodyFailure(err error) error {
	if refused, ok := wire.ObjectBodyError(err); ok {
		code, message, status := refused.Object()
		return fail(status, code, "%s", message)
	}
	return err
}

// denied puts a refusal of the authorizer into S3's words.
func denied(err error) error {
	var known smithy.APIError
	if errors.As(err, &known) {
		return fail(403, "AccessDenied", "%s", known.ErrorMessage())
	}
	return err
}
