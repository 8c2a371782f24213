package connection

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/state"
)

// token is an Authorization header's value, while it holds.
type token struct {
	header  string
	expires time.Time
	of      string // what was asked for it, by the connection
}

// token is the connection's, fetched when there is none that holds.
func (c *Connector) token(ctx context.Context, key state.Key, con state.EventConnection, o *types.CreateConnectionOAuthRequestParameters) (string, error) {
	c.mu.Lock()
	have, ok := c.tokens[con.ARN]
	c.mu.Unlock()
	if ok && have.of == con.Asked && c.now().Before(have.expires) {
		return have.header, nil
	}
	fetched, _, err := c.ask(ctx, key, con, o, 1)
	return fetched.header, err
}

// keep holds a token for later requests.
func (c *Connector) keep(arn string, t token) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.tokens == nil {
		c.tokens = map[string]token{}
	}
	c.tokens[arn] = t
}

// codes are the errors of OAuth, which tell no secret whoever says them.
//
// Source: https://www.rfc-editor.org/rfc/rfc6749#section-5.2
var codes = []string{"invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope"}

// unreached words an error without an answer. Only one of dialling is told:
// others may have the URL, or what was sent.
func unreached(host string, err error) *NoToken {
	if dial := (*net.OpError)(nil); errors.As(err, &dial) && dial.Op == "dial" && dial.Err != nil {
		return &NoToken{fmt.Sprintf("The authorization endpoint %s cannot be reached: %v.", host, dial.Err), true}
	}
	return &NoToken{fmt.Sprintf("The authorization endpoint %s does not answer.", host), true}
}

// fetch asks for a token with the client's credentials. Errors carry nothing of
// what was sent or answered.
//
// Source: https://www.rfc-editor.org/rfc/rfc6749#section-4.4
func (c *Connector) fetch(ctx context.Context, o *types.CreateConnectionOAuthRequestParameters) (token, error) {
	form := url.Values{"grant_type": {"client_credentials"}, "client_id": {aws.ToString(o.ClientParameters.ClientID)}, "client_secret": {aws.ToString(o.ClientParameters.ClientSecret)}}
	if p := o.OAuthHttpParameters; p != nil {
		for _, b := range p.BodyParameters {
			form.Set(aws.ToString(b.Key), aws.ToString(b.Value))
		}
	}
	var body io.Reader
	address := aws.ToString(o.AuthorizationEndpoint)
	if o.HttpMethod != types.ConnectionOAuthHttpMethodGet {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(ctx, string(o.HttpMethod), address, body)
	if err != nil {
		return token{}, errors.New("the connection's authorization endpoint is no URL")
	}
	if body == nil {
		q := r.URL.Query()
		for k, v := range form {
			q[k] = v
		}
		r.URL.RawQuery = q.Encode()
	} else {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	r.SetBasicAuth(aws.ToString(o.ClientParameters.ClientID), aws.ToString(o.ClientParameters.ClientSecret))
	r.Header.Set("Accept", "application/json")
	if p := o.OAuthHttpParameters; p != nil {
		if err := add(r, &types.ConnectionHttpParameters{HeaderParameters: p.HeaderParameters, QueryStringParameters: p.QueryStringParameters}); err != nil {
			return token{}, err
		}
	}
	client := c.Client
	if client == nil {
		client = http.DefaultClient
	}
	answer, err := client.Do(r)
	if err != nil {
		return token{}, unreached(r.URL.Host, err)
	}
	defer answer.Body.Close()
	var said struct {
		AccessToken string  `json:"access_token"`
		TokenType   string  `json:"token_type"`
		ExpiresIn   float64 `json:"expires_in"`
		Error       string  `json:"error"`
	}
	err = json.NewDecoder(io.LimitReader(answer.Body, 1<<20)).Decode(&said)
	if answer.StatusCode/100 != 2 || err != nil || said.AccessToken == "" {
		code := ""
		if slices.Contains(codes, said.Error) {
			code = ", " + said.Error
		}
		return token{}, &NoToken{
			fmt.Sprintf("The authorization endpoint %s gave no token: it answered with status %d%s.", r.URL.Host, answer.StatusCode, code),
			answer.StatusCode >= 500 || answer.StatusCode == http.StatusTooManyRequests,
		}
	}
	if said.TokenType == "" || strings.EqualFold(said.TokenType, "bearer") {
		said.TokenType = "Bearer"
	}
	hold := min(max(time.Duration(said.ExpiresIn)*time.Second-time.Minute, 0), 24*time.Hour)
	if said.ExpiresIn == 0 {
		hold = time.Hour
	}
	return token{header: said.TokenType + " " + said.AccessToken, expires: c.now().Add(hold)}, nil
}
