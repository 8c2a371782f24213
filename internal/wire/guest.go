package wire

import (
	"context"
)

// guestKey is the context key of WithGuest.
type guestKey struct{}

// WithGuest says whose requests come with ctx: those of a listener that only
// one caller can reach. What such a request does not prove otherwise, because
// it is unsigned or signed with a key that nobody knows, it does as the guest. A
// guest is no way around AuthSigV4, which demands a proof of everybody.
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

// KeyUse is what a service does with a KMS key for who called it.
type KeyUse struct {
	Service string            // "secretsmanager"
	Action  string            // "kms:Decrypt"
	Key     string            // ARN
	Context map[string]string // encryption context
}

// AuthorizeKey decides whether a caller may have a service use a KMS key. It
// may be called inside of a store's transaction.
type AuthorizeKey func(ctx context.Context, caller Caller, use KeyUse) error

// Root is the identity of a caller who proved nothing, on a listener that
// asks for no proof: the root of the account it acts in.
func Root(account string) Identity {
	return Identity{Account: account, ARN: "arn:aws:iam::" + account + ":root", UserID: account}
}
