package source

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/hatoba/hatoba/internal/state"
)

// ECR is Amazon ECR, asked with the credentials of a profile of the AWS
// configuration files. It has been tried against a stand-in only.
type ECR struct {
	Profile string
	Listen  string // our own front address, which is never asked

	mu     sync.Mutex
	tokens map[state.Scope]ecrToken
}

type ecrToken struct {
	login    Login
	endpoint string
	until    time.Time
}

var _ Upstream = (*ECR)(nil)

// renewBefore is how long before its end a token is not used any more.
const renewBefore = 15 * time.Minute

// Login implements Upstream. A token is kept for as long as it is valid.
// Source: https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
func (e *ECR) Login(ctx context.Context, of state.Scope) (Login, string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if t, ok := e.tokens[of]; ok && time.Now().Add(renewBefore).Before(t.until) {
		return t.login, t.endpoint, nil
	}
	t, err := e.ask(ctx, of)
	if err != nil {
		return Login{}, "", err
	}
	if e.tokens == nil {
		e.tokens = map[state.Scope]ecrToken{}
	}
	e.tokens[of] = t
	return t.login, t.endpoint, nil
}

func (e *ECR) ask(ctx context.Context, of state.Scope) (ecrToken, error) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	cfg, err := config.LoadDefaultConfig(ctx, config.WithSharedConfigProfile(e.Profile), config.WithRegion(of.Region))
	if err != nil {
		return ecrToken{}, fmt.Errorf("profile %s: %w", e.Profile, err)
	}
	client := ecr.NewFromConfig(cfg, func(o *ecr.Options) {
		if u, err := url.Parse(aws.ToString(o.BaseEndpoint)); err == nil && u.Host == e.Listen {
			o.BaseEndpoint = nil // AWS_ENDPOINT_URL of `hatoba env`: we would ask ourselves
		}
	})
	// The field is deprecated, and is the one that names another account's endpoint.
	out, err := client.GetAuthorizationToken(ctx, &ecr.GetAuthorizationTokenInput{RegistryIds: []string{of.Account}}) //nolint:staticcheck
	if err != nil {
		return ecrToken{}, err
	}
	if len(out.AuthorizationData) == 0 {
		return ecrToken{}, errors.New("the answer holds no token")
	}
	data := out.AuthorizationData[0]
	raw, err := base64.StdEncoding.DecodeString(aws.ToString(data.AuthorizationToken))
	user, password, ok := strings.Cut(string(raw), ":")
	if err != nil || !ok {
		return ecrToken{}, errors.New("the answer's token is not user:password in base64")
	}
	return ecrToken{Login{user, password}, aws.ToString(data.ProxyEndpoint), aws.ToTime(data.ExpiresAt)}, nil
}
