package wire

import (
	"context"
	"errors"
	"time"
)

// Identity is who an access key belongs to.
type Identity struct {
	Account string // twelve digits
	ARN     string // arn:aws:iam::ACCOUNT:user/NAME, arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION or …:root
	UserID  string // as GetCallerIdentity shows it: AIDA…, AROA…:SESSION, or the account

	// Role is the ARN of the role a session has assumed, "" for a user.
	Role string
	// Task is the ARN of the task whose credentials these are, "" for others.
	Task string

	Expires time.Time // of a session; zero: never

	Session *Session // what else a session was given, nil for nothing
}

// Session is what AssumeRole may give a session beyond its role.
type Session struct {
	Policies       []string          `json:",omitempty"` // documents that limit it
	PolicyARNs     []string          `json:",omitempty"` // managed policies that limit it
	Tags           map[string]string `json:",omitempty"`
	TransitiveKeys []string          `json:",omitempty"` // tags that pass on to further sessions
	SourceIdentity string            `json:",omitempty"`
}

// Key is what verifies a signature.
type Key struct {
	Identity Identity
	Secret   string // signs; never leaves memory, never reaches a log or error
}

// String keeps the secret out of logs.
func (k Key) String() string { return k.Identity.ARN }

// Identities knows access keys.
type Identities interface {
	// Key returns what the access key belongs to. token is the request's
	// session token, "" without one. Errors: ErrUnknownKey, ErrBadToken,
	// ErrExpiredToken.
	Key(ctx context.Context, accessKey, token string) (Key, error)
}

// Errors of Identities; test with errors.Is.
var (
	ErrUnknownKey   = errors.New("unknown access key")
	ErrBadToken     = errors.New("the session token does not belong to the access key")
	ErrExpiredToken = errors.New("the session has expired")
)
