// Package connection keeps what API destinations are called with, sealed, and
// puts it into their requests.
//
// Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-target-connection.html
package connection

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// Parameters are all that a connection says, with its secrets.
type Parameters = types.CreateConnectionAuthRequestParameters

// Seal encrypts the parameters of the connection of a name.
func Seal(ring *secrets.Keyring, key state.Key, p Parameters) (state.Sealed, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return state.Sealed{}, err
	}
	return ring.Seal(secrets.AAD(store.EventConnections.Name, key), b)
}

// Open decrypts them.
func Open(ring *secrets.Keyring, key state.Key, s state.Sealed) (p Parameters, err error) {
	b, err := ring.Open(secrets.AAD(store.EventConnections.Name, key), s)
	if err == nil {
		err = json.Unmarshal(b, &p)
	}
	return p, err
}

// Name is the name in a connection's ARN, "" when it is none's.
func Name(arn string) string {
	_, rest, ok := strings.Cut(arn, ":connection/")
	name, _, _ := strings.Cut(rest, "/")
	if !ok {
		return ""
	}
	return name
}

// Errors of a connection that cannot be used. None of them tells a secret.
var (
	ErrGone         = errors.New("the connection does not exist")
	ErrDeauthorized = errors.New("the connection is not authorized")
)

// Connector puts connections into requests. It may be used concurrently.
type Connector struct {
	Store   store.Store
	Keyring *secrets.Keyring
	Client  *http.Client     // fetches tokens
	Now     func() time.Time // nil: time.Now

	mu     sync.Mutex
	tokens map[string]token // by ARN
}

// Connect adds to a request what the connection of an ARN says: who calls, and
// headers, parameters of the query and of the body. With OAuth it may first
// fetch a token, which is kept in memory while it holds; what its endpoint
// answers is the connection's state, and where it gives none the error is a
// NoToken.
func (c *Connector) Connect(ctx context.Context, scope state.Scope, arn string, r *http.Request) error {
	var con state.EventConnection
	found := false
	key := scope.Key(Name(arn))
	err := c.Store.View(ctx, func(rd store.Reader) error {
		con, found = store.EventConnections.Get(rd, key)
		return nil
	})
	switch {
	case err != nil:
		return err
	case !found || con.ARN != arn:
		return ErrGone
	case con.Deauthorized: // there is nothing to ask with
		return ErrDeauthorized
	}
	p, err := Open(c.Keyring, key, con.Secret)
	if err != nil {
		return err
	}
	if err := add(r, p.InvocationHttpParameters); err != nil {
		return err
	}
	switch {
	case p.BasicAuthParameters != nil:
		r.SetBasicAuth(*p.BasicAuthParameters.Username, *p.BasicAuthParameters.Password)
	case p.ApiKeyAuthParameters != nil:
		r.Header.Set(*p.ApiKeyAuthParameters.ApiKeyName, *p.ApiKeyAuthParameters.ApiKeyValue)
	case p.OAuthParameters != nil:
		t, err := c.token(ctx, key, con, p.OAuthParameters)
		if err != nil {
			return err
		}
		r.Header.Set("Authorization", t)
	}
	return nil
}

// Rejected is told of a request that was answered with 401: the next one has a
// new token.
func (c *Connector) Rejected(arn string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.tokens, arn)
}

func (c *Connector) now() time.Time {
	if c.Now == nil {
		return time.Now()
	}
	return c.Now()
}
