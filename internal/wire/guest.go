package wire

import (
	"context"
	"errors"
	"net/http"

	"github.com/hatoba/hatoba/internal/state"
)

// guestKey is the context key of WithGuest.
type guestKey struct{}

// WithGuest says whose requests come with ctx: those of a listener that only
// one caller can reach. What such a request does not prove otherwise, because
// it is unsigned or signed with a key that nobody knows, it does as the guest.
func WithGuest(ctx context.Context, guest Identity) context.Context {
	return context.WithValue(ctx, guestKey{}, guest)
}

// Guest returns what WithGuest said.
func Guest(ctx context.Context) (Identity, bool) {
	guest, ok := ctx.Value(guestKey{}).(Identity)
	return guest, ok
}

// Authorize decides whether a caller may do an operation. in is the decoded
// input. A nil error lets the request through; others are answered like those
// of the operation itself.
type Authorize func(ctx context.Context, caller Caller, service, operation string, in any) error

// Root is the identity of a caller who proved nothing, on a listener that
// asks for no proof: the root of the account it acts in.
func Root(account string) Identity {
	return Identity{Account: account, ARN: "arn:aws:iam::" + account + ":root", UserID: account}
}

// securityToken is the session token a request came with.
func securityToken(r *http.Request) string {
	if token := r.Header.Get("X-Amz-Security-Token"); token != "" {
		return token
	}
	return r.URL.Query().Get("X-Amz-Security-Token")
}

// identify tells who asks, and the scope that goes with it: a key that is
// known decides the account.
func (h *handler) identify(req *request) (Identity, state.Scope, *failure) {
	ctx := req.http.Context()
	scope := req.credential.scope(h.cfg.DefaultScope)
	if h.cfg.Identities != nil && req.credential.accessKey != "" {
		key, err := h.cfg.Identities.Key(ctx, req.credential.accessKey, securityToken(req.http))
		switch {
		case err == nil:
			scope.Account = key.Identity.Account
			return key.Identity, scope, nil
		case errors.Is(err, ErrUnknownKey):
		case errors.Is(err, ErrExpiredToken):
			return Identity{}, scope, &failure{code: "ExpiredTokenException", message: "The security token included in the request is expired", status: http.StatusForbidden}
		case errors.Is(err, ErrBadToken):
			return Identity{}, scope, &failure{code: "UnrecognizedClientException", message: "The security token included in the request is invalid.", status: http.StatusForbidden}
		default:
			return Identity{}, scope, internalFailure(err)
		}
	}
	if guest, ok := Guest(ctx); ok {
		scope.Account = guest.Account
		return guest, scope, nil
	}
	return Root(scope.Account), scope, nil
}
