package connection

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
)

var scope = state.Scope{Account: "123456789012", Region: "us-east-1"}

func connector(t *testing.T, p Parameters) (*Connector, string) {
	t.Helper()
	c := &Connector{Store: mem.New(), Keyring: secrets.NewKeyring()}
	arn := scope.ARN("events", "connection/c/1")
	sealed, err := Seal(c.Keyring, scope.Key("c"), p)
	if err != nil {
		t.Fatal(err)
	}
	err = c.Store.Update(t.Context(), func(w store.Writer) error {
		return store.EventConnections.Put(w, scope.Key("c"), state.EventConnection{Name: "c", ARN: arn, Secret: sealed})
	})
	if err != nil {
		t.Fatal(err)
	}
	return c, arn
}

func TestWhatConnectionsAdd(t *testing.T) {
	c, arn := connector(t, Parameters{
		BasicAuthParameters: &types.CreateConnectionBasicAuthRequestParameters{Username: aws.String("me"), Password: aws.String("pw")},
		InvocationHttpParameters: &types.ConnectionHttpParameters{
			HeaderParameters:      []types.ConnectionHeaderParameter{{Key: aws.String("X-A"), Value: aws.String("1")}},
			QueryStringParameters: []types.ConnectionQueryStringParameter{{Key: aws.String("q"), Value: aws.String("a b")}},
			BodyParameters:        []types.ConnectionBodyParameter{{Key: aws.String("k"), Value: aws.String("v")}},
		},
	})
	r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://example.com/p?z=1", strings.NewReader(`{"n":1.50}`))
	if err := c.Connect(t.Context(), scope, arn, r); err != nil {
		t.Fatal(err)
	}
	body, _ := io.ReadAll(r.Body)
	user, password, _ := r.BasicAuth()
	if user != "me" || password != "pw" || r.Header.Get("X-A") != "1" || r.URL.Query().Get("q") != "a b" || string(body) != `{"k":"v","n":1.50}` || r.ContentLength != int64(len(body)) {
		t.Errorf("%v %s %s", r.Header, r.URL, body)
	}
	r, _ = http.NewRequestWithContext(t.Context(), http.MethodPost, "https://example.com/p", strings.NewReader(`"text"`))
	if err := c.Connect(t.Context(), scope, arn, r); err == nil {
		t.Error("parameters were added to a body that is no object")
	}
	if err := c.Connect(t.Context(), scope, arn+"x", r); !errors.Is(err, ErrGone) {
		t.Error(err)
	}
}

// A token is fetched once while it holds, and no error tells a secret.
func TestTokens(t *testing.T) {
	fetched, status := 0, http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fetched++
		id, secret, _ := r.BasicAuth()
		if id != "id" || secret != "shh" || r.FormValue("grant_type") != "client_credentials" || r.FormValue("audience") != "us" {
			t.Errorf("%s %s %v", id, secret, r.Form)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"access_token":"T","token_type":"bearer","expires_in":3600}`)
	}))
	defer server.Close()
	c, arn := connector(t, Parameters{OAuthParameters: &types.CreateConnectionOAuthRequestParameters{
		AuthorizationEndpoint: &server.URL, HttpMethod: types.ConnectionOAuthHttpMethodPost,
		ClientParameters:    &types.CreateConnectionOAuthClientRequestParameters{ClientID: aws.String("id"), ClientSecret: aws.String("shh")},
		OAuthHttpParameters: &types.ConnectionHttpParameters{BodyParameters: []types.ConnectionBodyParameter{{Key: aws.String("audience"), Value: aws.String("us")}}},
	}})
	now := time.Now()
	c.Now = func() time.Time { return now }
	call := func(ctx context.Context) (string, error) {
		r, _ := http.NewRequestWithContext(ctx, http.MethodPost, "https://example.com", nil)
		err := c.Connect(ctx, scope, arn, r)
		return r.Header.Get("Authorization"), err
	}
	for range 3 {
		if got, err := call(t.Context()); got != "Bearer T" || err != nil {
			t.Errorf("%q %v", got, err)
		}
	}
	if fetched != 1 {
		t.Errorf("%d tokens were fetched", fetched)
	}
	now = now.Add(time.Hour)
	_, _ = call(t.Context())
	c.Rejected(arn)
	status = http.StatusForbidden
	_, err := call(t.Context())
	if fetched != 3 || err == nil || strings.Contains(err.Error(), "shh") {
		t.Errorf("%d tokens, %v", fetched, err)
	}
}
