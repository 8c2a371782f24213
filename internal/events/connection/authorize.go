package connection

import (
	"context"
	"errors"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// NoToken is why an authorization endpoint gave no token. It tells no secret.
type NoToken struct {
	Reason  string
	Passing bool // it may be otherwise in a moment
}

func (e *NoToken) Error() string { return e.Reason }

// pauses are between the first times that an endpoint is asked, while what is
// in the way may pass.
var pauses = [...]time.Duration{time.Second, 4 * time.Second}

// longestReason is how long AWS's reasons are at most.
const longestReason = 512

// judge decides what it means that a connection's endpoint was asked for the
// n-th time, from 1 on: what is noted, or, while nothing is, after how long it
// is asked again. none is nil where it gave a token.
func judge(c state.EventConnection, none *NoToken, n int, now time.Time) (answer state.AuthorizationAnswer, again time.Duration) {
	answer.Asked = c.Asked
	if c.Answer != nil {
		answer.AuthorizedAt = c.Answer.AuthorizedAt
	}
	is, _ := c.Authorization()
	switch {
	case none == nil && is == types.ConnectionStateAuthorized:
		answer.Token = true
	case none == nil:
		answer.Token, answer.AuthorizedAt = true, now.UTC()
	case none.Passing && is == types.ConnectionStateAuthorizing && n <= len(pauses):
		return answer, pauses[n-1]
	default:
		answer.Reason = none.Reason[:min(len(none.Reason), longestReason)]
	}
	return answer, 0
}

// Authorize asks the endpoint of a connection that is AUTHORIZING, for the n-th
// time, and notes what it answers. again is after how long it is to be asked
// once more; zero when there is nothing more to ask. The token is kept for the
// first request.
func (c *Connector) Authorize(ctx context.Context, key state.Key, n int) (again time.Duration, err error) {
	var con state.EventConnection
	err = c.Store.View(ctx, func(r store.Reader) error {
		con, _ = store.EventConnections.Get(r, key)
		return nil
	})
	if is, _ := con.Authorization(); err != nil || is != types.ConnectionStateAuthorizing {
		return 0, err
	}
	p, err := Open(c.Keyring, key, con.Secret)
	if err != nil || p.OAuthParameters == nil {
		return 0, errors.Join(errors.New("the connection's secrets cannot be opened"), err)
	}
	_, again, err = c.ask(ctx, key, con, p.OAuthParameters, n)
	if none := (*NoToken)(nil); errors.As(err, &none) {
		err = nil // it is noted
	}
	return again, err
}

// ask fetches a token, keeps it, and notes what the answer means.
func (c *Connector) ask(ctx context.Context, key state.Key, con state.EventConnection, o *types.CreateConnectionOAuthRequestParameters, n int) (token, time.Duration, error) {
	fetched, err := c.fetch(ctx, o)
	if ctx.Err() != nil {
		return token{}, 0, ctx.Err() // nobody has answered
	}
	var none *NoToken
	if err != nil && !errors.As(err, &none) {
		none = &NoToken{Reason: err.Error()}
	}
	if err == nil {
		fetched.of = con.Asked
		c.keep(con.ARN, fetched)
	}
	answer, again := judge(con, none, n, c.now())
	if again == 0 {
		if noted := c.note(ctx, key, con, answer); noted != nil {
			return token{}, 0, noted
		}
	}
	if none != nil {
		return token{}, again, none
	}
	return fetched, 0, nil
}

// note writes an answer, where it says something new and what was asked for is
// still what is wanted.
func (c *Connector) note(ctx context.Context, key state.Key, asked state.EventConnection, answer state.AuthorizationAnswer) error {
	if asked.Answer != nil && *asked.Answer == answer {
		return nil
	}
	return c.Store.Update(ctx, func(w store.Writer) error {
		con, ok := store.EventConnections.Get(w, key)
		if !ok || con.ARN != asked.ARN || con.Asked != answer.Asked || con.Deauthorized {
			return nil
		}
		con.Answer = &answer
		return store.EventConnections.Put(w, key, con)
	})
}
