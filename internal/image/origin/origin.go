// Package origin asks the registries that repositories of the built-in one are
// caches of.
package origin

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	remotetransport "github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/hatoba/hatoba/internal/image"
	"github.com/hatoba/hatoba/internal/image/transport"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/registry"
	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
)

// Rules knows which repositories are caches.
type Rules interface {
	Rule(ctx context.Context, scope state.Scope, repository string) (rule state.PullThroughRule, upstream string, ok bool, err error)
}

// Sources tells where images of other registries are pulled from.
type Sources interface {
	Source(ctx context.Context, scope state.Scope, ref, credentials string) (protocol.ImageSource, error)
}

// Secrets resolves a rule's credentials.
type Secrets interface {
	ResolveRegistryLogin(ctx context.Context, scope state.Scope, parameter string) (secrets.Value, error)
}

// Origins implements registry.Origins.
type Origins struct {
	Rules      Rules
	Sources    Sources
	Secrets    Secrets
	Transports *transport.Set
	Listen     string // our own front address, which is nobody's upstream
}

var _ registry.Origins = (*Origins)(nil)

// Origin implements registry.Origins.
func (o *Origins) Origin(ctx context.Context, scope state.Scope, repository string) (registry.Origin, bool, error) {
	rule, upstream, ok, err := o.Rules.Rule(ctx, scope, repository)
	if err != nil || !ok {
		return nil, false, err
	}
	return &repo{o, scope, rule, upstream}, true, nil
}

// repo is one repository of an upstream.
type repo struct {
	*Origins
	scope state.Scope
	rule  state.PullThroughRule
	name  string
}

// place is where the repository is asked for.
type place struct {
	repository name.Repository
	options    []remote.Option
}

// places are the mirrors and the registry itself, in order.
func (r *repo) places(ctx context.Context) ([]place, error) {
	host := r.rule.Host
	if host == "registry-1.docker.io" {
		host = "docker.io"
	}
	if _, own, err := image.Resolve(host+"/"+r.name+":latest", r.scope, r.Listen); err != nil || own {
		return nil, &registry.Refusal{Status: http.StatusNotFound, Code: registry.CodeNameUnknown, Message: fmt.Sprintf("the pull through cache rule '%s' leads to no other registry", r.rule.Prefix)}
	}
	source, err := r.Sources.Source(ctx, r.scope, host+"/"+r.name+":latest", "")
	if err != nil {
		return nil, err
	}
	if r.rule.CredentialARN != "" {
		if source.Username, source.Password, err = r.login(ctx); err != nil {
			return nil, err
		}
	}
	var out []place
	for _, m := range source.Mirrors {
		u, err := url.Parse(m.URL)
		if err != nil {
			return nil, err
		}
		p, err := r.place(ctx, u.Scheme == "http", u.Host, m.Username, m.Password, m.CA)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	p, err := r.place(ctx, source.PlainHTTP, host, source.Username, source.Password, source.CA)
	return append(out, p), err
}

func (r *repo) place(ctx context.Context, plain bool, host, user, password string, ca []byte) (place, error) {
	named := []name.Option{}
	if plain {
		named = append(named, name.Insecure)
	}
	repository, err := name.NewRepository(host+"/"+r.name, named...)
	if err != nil {
		return place{}, &registry.Refusal{Status: http.StatusNotFound, Code: registry.CodeNameUnknown, Message: err.Error()}
	}
	t, err := r.Transports.For(repository.RegistryStr(), ca)
	if err != nil {
		return place{}, err
	}
	options := []remote.Option{remote.WithContext(ctx), remote.WithTransport(t)}
	switch {
	case user != "":
		options = append(options, remote.WithAuth(&authn.Basic{Username: user, Password: password}))
	case password != "":
		options = append(options, remote.WithAuth(authn.FromConfig(authn.AuthConfig{IdentityToken: password})))
	}
	return place{repository, options}, nil
}

// login reads the rule's secret: {"username": …, "accessToken": …}.
// Source: https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-creating-secret.html
func (r *repo) login(ctx context.Context) (user, token string, err error) {
	value, err := r.Secrets.ResolveRegistryLogin(ctx, r.scope, r.rule.CredentialARN)
	if err != nil {
		return "", "", denied(fmt.Sprintf("the secret of the pull through cache rule '%s' cannot be read: %s", r.rule.Prefix, err))
	}
	var said struct{ Username, AccessToken string }
	// The decoder's error is not told: it shows a piece of the secret.
	if json.Unmarshal([]byte(value.Reveal()), &said) != nil || said.Username == "" || said.AccessToken == "" {
		return "", "", denied(fmt.Sprintf(`the secret of the pull through cache rule '%s' is not a JSON object with "username" and "accessToken"`, r.rule.Prefix))
	}
	return said.Username, said.AccessToken, nil
}

func denied(message string) error {
	return &registry.Refusal{Status: http.StatusForbidden, Code: "DENIED", Message: message}
}

// each asks one place after the other until one answers. What the last one
// says counts.
func (r *repo) each(ctx context.Context, ask func(p place) error) error {
	places, err := r.places(ctx)
	if err != nil {
		return err
	}
	for _, p := range places {
		if err = ask(p); err == nil || ctx.Err() != nil {
			break
		}
	}
	return r.refusal(err)
}

// Manifest implements registry.Origin.
func (r *repo) Manifest(ctx context.Context, ref string) (content []byte, mediaType string, err error) {
	err = r.each(ctx, func(p place) error {
		got, err := remote.Get(p.ref(ref), p.options...)
		if err == nil {
			content, mediaType = got.Manifest, string(got.MediaType)
		}
		return err
	})
	return content, mediaType, err
}

// Digest implements registry.Origin.
func (r *repo) Digest(ctx context.Context, tag string) (digest string, err error) {
	err = r.each(ctx, func(p place) error {
		got, err := remote.Head(p.ref(tag), p.options...)
		if err == nil {
			digest = got.Digest.String()
		}
		return err
	})
	return digest, err
}

// Blob implements registry.Origin.
func (r *repo) Blob(ctx context.Context, digest string) (blob io.ReadCloser, err error) {
	err = r.each(ctx, func(p place) error {
		layer, err := remote.Layer(p.repository.Digest(digest), p.options...)
		if err == nil {
			blob, err = layer.Compressed()
		}
		return err
	})
	return blob, err
}

func (p place) ref(ref string) name.Reference {
	if len(ref) > 7 && ref[:7] == "sha256:" {
		return p.repository.Digest(ref)
	}
	return p.repository.Tag(ref)
}

// refusal words what an upstream answers for the client of the built-in
// registry.
func (r *repo) refusal(err error) error {
	var (
		refused *remotetransport.Error
		limited *transport.RateLimited
		own     *registry.Refusal
	)
	where := r.rule.Host + "/" + r.name
	switch {
	case err == nil || errors.As(err, &own):
		return err
	case errors.As(err, &limited):
		return &registry.Refusal{Status: http.StatusTooManyRequests, Code: "TOOMANYREQUESTS", Message: limited.Error()}
	case errors.As(err, &refused) && refused.StatusCode == http.StatusNotFound:
		return &registry.Refusal{Status: http.StatusNotFound, Code: "MANIFEST_UNKNOWN", Message: "the upstream registry does not have it in " + where}
	case errors.As(err, &refused) && (refused.StatusCode == http.StatusUnauthorized || refused.StatusCode == http.StatusForbidden):
		return denied("the upstream registry refuses " + where)
	}
	return &registry.Refusal{Status: http.StatusBadGateway, Code: "UNAVAILABLE", Message: fmt.Sprintf("the upstream registry does not answer for %s: %s", where, err)}
}
