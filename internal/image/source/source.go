// Package source tells where a task's image is pulled from, with which
// credentials, and what is trusted there. It is the control plane's side of a
// pull: nodes hold no logins.
package source

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/image"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
)

// Login is a user name and a password. With no user name the password is an
// identity token.
type Login struct{ Username, Password string }

// String keeps a login out of logs.
func (Login) String() string { return "[login]" }

// GoString keeps a login out of logs.
func (Login) GoString() string { return "[login]" }

// Logins knows credentials by registry host.
type Logins interface {
	// Login returns a scope's credentials for a host; none is no error.
	Login(ctx context.Context, scope state.Scope, host string) (login Login, ok bool, err error)
}

// Given resolves the secret a repositoryCredentials.credentialsParameter names.
// An error's text is AWS's and becomes the task's stoppedReason.
type Given interface {
	ResolveRegistryLogin(ctx context.Context, scope state.Scope, parameter string) (secrets.Value, error)
}

// Holder tells what the built-in registry can answer for itself: images it
// holds, and those its pull-through cache fetches.
type Holder interface {
	Serves(ctx context.Context, scope state.Scope, repository, reference string) (bool, error)
}

// Upstream is a registry behind the built-in one: the real ECR.
type Upstream interface {
	// Login returns credentials for the registry of an account and region, and
	// where it is reached.
	Login(ctx context.Context, of state.Scope) (login Login, endpoint string, err error)
}

// Config is what Sources works with.
type Config struct {
	Listen   string              // our own front address
	Own      func() Login        // for the built-in registry; nil: none is needed
	OwnCA    []byte              // PEM of who has signed the front address's certificate; nil: it speaks no TLS
	Mirrors  map[string][]string // URLs by registry host, in order
	CAs      map[string][]byte   // PEM by registry host
	Logins   []Logins            // the first that knows a host counts
	Given    Given               // secrets that task definitions name
	Here     Holder              // nil: not asked
	Upstream Upstream            // nil: none
	// Lookup finds the addresses of an upstream's name, to notice one that was
	// made to mean this machine. nil: nobody did that.
	Lookup func(ctx context.Context, host string) ([]string, error)
}

// Sources answers for images.
type Sources struct{ cfg Config }

// New returns Sources.
func New(cfg Config) *Sources { return &Sources{cfg} }

// Source tells where a task of the scope pulls a reference from. credentials
// names the secret of the definition's repositoryCredentials, which goes before
// any other login; "" is none. A refusal's text is the task's stoppedReason.
func (s *Sources) Source(ctx context.Context, scope state.Scope, ref, credentials string) (protocol.ImageSource, error) {
	parsed, err := image.ParseRef(ref)
	if err != nil {
		return protocol.ImageSource{}, refuse("%s", err)
	}
	if of, ok := parsed.ECR(); ok && s.cfg.Upstream != nil {
		here, err := s.here(ctx, of, scope, parsed)
		if err != nil {
			return protocol.ImageSource{}, err
		}
		if !here {
			return s.upstream(ctx, of, parsed)
		}
	}
	source, own, err := image.Resolve(ref, scope, s.cfg.Listen)
	if err != nil {
		return source, refuse("%s", err)
	}
	if own {
		if s.cfg.Own != nil {
			login := s.cfg.Own()
			source.Username, source.Password = login.Username, login.Password
		}
		source.CA, source.PlainHTTP = s.cfg.OwnCA, s.cfg.OwnCA == nil
		return source, nil
	}
	if source.CA = s.cfg.CAs[parsed.Host]; source.CA != nil {
		source.PlainHTTP = false
	}
	login, err := s.given(ctx, scope, credentials)
	if err == nil && credentials == "" {
		login, err = s.login(ctx, scope, parsed.Host)
	}
	if err != nil {
		return source, err
	}
	source.Username, source.Password = login.Username, login.Password
	source.Mirrors, err = s.mirrors(ctx, scope, parsed.Host)
	return source, err
}

// here tells whether an ECR reference is for the built-in registry.
func (s *Sources) here(ctx context.Context, of, scope state.Scope, ref image.Ref) (bool, error) {
	if of != scope || s.cfg.Here == nil {
		return of == scope, nil
	}
	reference := ref.Tag
	if ref.Digest != "" {
		reference = ref.Digest
	}
	return s.cfg.Here.Serves(ctx, scope, ref.Repository, reference)
}

// upstream is the source of an image that the real ECR has.
func (s *Sources) upstream(ctx context.Context, of state.Scope, ref image.Ref) (protocol.ImageSource, error) {
	login, endpoint, err := s.cfg.Upstream.Login(ctx, of)
	if err != nil {
		return protocol.ImageSource{}, refuse("The task can’t pull the image. The image is not in the built-in registry, and Amazon ECR gave no authorization token for %s: %s", ref.Host, err)
	}
	at, err := url.Parse(endpoint)
	if err != nil || at.Host == "" {
		return protocol.ImageSource{}, refuse("Amazon ECR names no registry endpoint for %s", ref.Host)
	}
	if s.ourselves(ctx, at.Hostname()) {
		return protocol.ImageSource{}, refuse("the built-in registry does not have %s, and it cannot be pulled from Amazon ECR: %s means this machine since `hatoba trust install`; take it away with `hatoba trust remove`", ref.String(), at.Hostname())
	}
	out := protocol.ImageSource{Username: login.Username, Password: login.Password, PlainHTTP: at.Scheme == "http", CA: s.cfg.CAs[at.Host]}
	ref.Host = at.Host
	out.Ref = ref.String()
	return out, nil
}

// ourselves tells whether a registry's name leads back to this machine.
func (s *Sources) ourselves(ctx context.Context, host string) bool {
	if s.cfg.Lookup == nil {
		return false
	}
	addresses, err := s.cfg.Lookup(ctx, host)
	return err == nil && slices.ContainsFunc(addresses, func(a string) bool {
		addr, err := netip.ParseAddr(a)
		return err == nil && addr.IsLoopback()
	})
}

func (s *Sources) mirrors(ctx context.Context, scope state.Scope, host string) (out []protocol.Mirror, err error) {
	for _, text := range s.cfg.Mirrors[host] {
		u, err := url.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("mirror of %s: %w", host, err)
		}
		login, err := s.login(ctx, scope, u.Host)
		if err != nil {
			return nil, err
		}
		out = append(out, protocol.Mirror{URL: text, Username: login.Username, Password: login.Password, CA: s.cfg.CAs[u.Host]})
	}
	return out, nil
}

// given is the login a task definition names.
func (s *Sources) given(ctx context.Context, scope state.Scope, credentials string) (Login, error) {
	if credentials == "" {
		return Login{}, nil
	}
	value, err := s.cfg.Given.ResolveRegistryLogin(ctx, scope, credentials)
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return Login{}, err
	}
	if err != nil {
		return Login{}, protocol.Refuse("%s", err)
	}
	login, err := ParseLogin(value)
	if err != nil {
		return Login{}, protocol.Refuse("ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: %s: %s", credentials, err)
	}
	return login, nil
}

func (s *Sources) login(ctx context.Context, scope state.Scope, host string) (Login, error) {
	for _, l := range s.cfg.Logins {
		login, ok, err := l.Login(ctx, scope, host)
		if err != nil {
			return Login{}, refuse("the login for registry %s cannot be had: %s", host, err)
		}
		if ok {
			return login, nil
		}
	}
	return Login{}, nil
}

func refuse(format string, args ...any) error {
	return protocol.Refuse("CannotPullContainerError: "+format, args...)
}

// Mirrors reads HOST=URL settings; a host may be named several times.
func Mirrors(settings []string) (map[string][]string, error) {
	out := map[string][]string{}
	for _, text := range settings {
		host, at, ok := strings.Cut(text, "=")
		u, err := url.Parse(at)
		if !ok || host == "" || err != nil || u.Host == "" || !slices.Contains([]string{"http", "https"}, u.Scheme) || u.User != nil || u.RawQuery != "" {
			return nil, fmt.Errorf("%q is not HOST=URL, such as docker.io=https://mirror.example.com", text)
		}
		out[host] = append(out[host], at)
	}
	return out, nil
}
