package connection

import (
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

const oauth = types.ConnectionAuthorizationTypeOauthClientCredentials

// What an answer means hangs on what the connection was, and how often its
// endpoint was asked.
func TestJudge(t *testing.T) {
	now := time.Date(2026, 5, 5, 10, 0, 0, 0, time.UTC)
	before := now.Add(-time.Hour)
	fresh := state.EventConnection{Type: oauth, Asked: "2", Answer: &state.AuthorizationAnswer{Asked: "1", Token: true, AuthorizedAt: before}}
	authorized := state.EventConnection{Type: oauth, Asked: "2", Answer: &state.AuthorizationAnswer{Asked: "2", Token: true, AuthorizedAt: before}}
	failed := state.EventConnection{Type: oauth, Asked: "2", Answer: &state.AuthorizationAnswer{Asked: "2", Reason: "no", AuthorizedAt: before}}
	no, busy := &NoToken{"no", false}, &NoToken{"busy", true}
	for name, c := range map[string]struct {
		of    state.EventConnection
		none  *NoToken
		n     int
		want  state.AuthorizationAnswer
		again time.Duration
	}{
		"a token":                    {fresh, nil, 1, state.AuthorizationAnswer{Asked: "2", Token: true, AuthorizedAt: now}, 0},
		"another one":                {authorized, nil, 1, *authorized.Answer, 0},
		"a token at last":            {failed, nil, 1, state.AuthorizationAnswer{Asked: "2", Token: true, AuthorizedAt: now}, 0},
		"a refusal":                  {fresh, no, 1, state.AuthorizationAnswer{Asked: "2", Reason: "no", AuthorizedAt: before}, 0},
		"a refusal later":            {authorized, no, 1, state.AuthorizationAnswer{Asked: "2", Reason: "no", AuthorizedAt: before}, 0},
		"busy at first":              {fresh, busy, 1, state.AuthorizationAnswer{Asked: "2", AuthorizedAt: before}, time.Second},
		"busy again":                 {fresh, busy, 2, state.AuthorizationAnswer{Asked: "2", AuthorizedAt: before}, 4 * time.Second},
		"busy for good":              {fresh, busy, 3, state.AuthorizationAnswer{Asked: "2", Reason: "busy", AuthorizedAt: before}, 0},
		"busy when a request needed": {authorized, busy, 1, state.AuthorizationAnswer{Asked: "2", Reason: "busy", AuthorizedAt: before}, 0},
		"nothing new":                {failed, no, 1, *failed.Answer, 0},
	} {
		if got, again := judge(c.of, c.none, c.n, now); got != c.want || again != c.again {
			t.Errorf("%s: %+v, again after %s", name, got, again)
		}
	}
}

// A connection is what its endpoint answered last, whoever asked; what was asked
// for in another way meanwhile is not touched.
func TestAuthorize(t *testing.T) {
	status, said, asked := http.StatusUnauthorized, `{"error":"invalid_client","error_description":"shh is wrong"}`, 0
	meanwhile := func() {}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked++
		meanwhile()
		w.WriteHeader(status)
		_, _ = io.WriteString(w, said)
	}))
	defer server.Close()
	c, arn := connector(t, Parameters{OAuthParameters: &types.CreateConnectionOAuthRequestParameters{
		AuthorizationEndpoint: aws.String(server.URL + "/?key=shh"), HttpMethod: types.ConnectionOAuthHttpMethodPost,
		ClientParameters: &types.CreateConnectionOAuthClientRequestParameters{ClientID: aws.String("id"), ClientSecret: aws.String("shh")},
	}})
	key := scope.Key("c")
	ask := func(id string) {
		err := c.Store.Update(t.Context(), func(w store.Writer) error {
			con, _ := store.EventConnections.Get(w, key)
			con.Type, con.Asked = oauth, id
			return store.EventConnections.Put(w, key, con)
		})
		if err != nil {
			t.Error(err)
		}
	}
	want := func(is types.ConnectionState, why string) {
		t.Helper()
		_ = c.Store.View(t.Context(), func(r store.Reader) error {
			con, _ := store.EventConnections.Get(r, key)
			if got, reason := con.Authorization(); got != is || !strings.HasSuffix(reason, why) || strings.Contains(reason, "shh") || is == types.ConnectionStateAuthorized && con.LastAuthorized().IsZero() {
				t.Errorf("it is %s because of %q, at %s, not %s", got, reason, con.LastAuthorized(), is)
			}
			return nil
		})
	}
	authorize := func(n int, pause time.Duration) {
		t.Helper()
		if again, err := c.Authorize(t.Context(), key, n); again != pause || err != nil {
			t.Errorf("again after %s, %v", again, err)
		}
	}
	request := func() error {
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://example.com", nil)
		return c.Connect(t.Context(), scope, arn, r)
	}
	ask("1")
	want(types.ConnectionStateAuthorizing, "")
	authorize(1, 0)
	want(types.ConnectionStateDeauthorized, "gave no token: it answered with status 401, invalid_client.")
	authorize(1, 0) // it is not AUTHORIZING any more
	if asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	var none *NoToken
	if err := request(); !errors.As(err, &none) {
		t.Errorf("a request without a token: %v", err)
	}
	status, said = http.StatusOK, `{"access_token":"T","expires_in":3600}`
	if err := request(); err != nil {
		t.Error(err)
	}
	want(types.ConnectionStateAuthorized, "")

	status = http.StatusServiceUnavailable
	ask("2")
	authorize(1, time.Second)
	want(types.ConnectionStateAuthorizing, "")
	authorize(3, 0)
	want(types.ConnectionStateDeauthorized, "status 503.")

	status = http.StatusOK
	ask("3")
	meanwhile = func() { ask("4") }
	authorize(1, 0)
	want(types.ConnectionStateAuthorizing, "")
	meanwhile = func() {}
	asked = 0
	authorize(1, 0)
	want(types.ConnectionStateAuthorized, "")
	if err := request(); err != nil || asked != 1 {
		t.Errorf("the token was not kept: asked %d times, %v", asked, err)
	}
	server.Close()
	ask("5")
	authorize(3, 0)
	want(types.ConnectionStateDeauthorized, "cannot be reached: connect: connection refused.")
}

// What answers, but not in HTTP, may say what it was sent.
func TestAnEndpointThatEchoes(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			echo, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = io.CopyN(echo, echo, 100)
			_ = echo.Close()
		}
	}()
	c := &Connector{}
	_, err = c.fetch(t.Context(), &types.CreateConnectionOAuthRequestParameters{
		AuthorizationEndpoint: aws.String("http://" + listener.Addr().String() + "/?key=shh"), HttpMethod: types.ConnectionOAuthHttpMethodPost,
		ClientParameters: &types.CreateConnectionOAuthClientRequestParameters{ClientID: aws.String("id"), ClientSecret: aws.String("shh")},
	})
	if err == nil || !strings.HasSuffix(err.Error(), "does not answer.") {
		t.Error(err)
	}
}
