package app

import (
	"crypto/x509"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/aws/ecr"
	"github.com/hatoba/hatoba/internal/image/origin"
	"github.com/hatoba/hatoba/internal/image/source"
	"github.com/hatoba/hatoba/internal/image/transport"
	"github.com/hatoba/hatoba/internal/registry"
	"github.com/hatoba/hatoba/internal/secrets/taskref"
	"github.com/hatoba/hatoba/internal/wire"
)

// pullLife is how long a task may take to pull from the built-in registry.
const pullLife = time.Hour

// imageSources builds what tells where tasks' images are pulled from.
func (a *App) imageSources(resolver taskref.Resolver) (*source.Sources, error) {
	mirrors, err := source.Mirrors(a.cfg.RegistryMirrors)
	if err != nil {
		return nil, fmt.Errorf("setting registry-mirror: %w", err)
	}
	cas, err := authorities(a.cfg.RegistryCAs)
	if err != nil {
		return nil, fmt.Errorf("setting registry-ca: %w", err)
	}
	cfg := source.Config{
		Listen: a.cfg.Listen, Mirrors: mirrors, CAs: cas, Here: a.registry, Given: resolver,
		Logins: []source.Logins{source.Saved{Secrets: a.secrets, Region: a.cfg.Region}},
	}
	if a.authority != nil {
		cfg.OwnCA = a.authority.PEM()
	}
	if a.auth() == wire.AuthSigV4 {
		cfg.Own = func() source.Login {
			return source.Login{Username: registry.TokenUser, Password: a.registry.Token(registry.Node, time.Now().Add(pullLife))}
		}
	}
	if a.cfg.DockerConfig != "" {
		docker := source.Docker{Path: a.cfg.DockerConfig}
		if err := docker.Check(); err != nil {
			return nil, fmt.Errorf("setting docker-config: %w", err)
		}
		cfg.Logins = append(cfg.Logins, docker)
	}
	if a.cfg.ECRUpstream != "" {
		cfg.Upstream = &source.ECR{Profile: a.cfg.ECRUpstream, Listen: a.cfg.Listen}
		cfg.Lookup = net.DefaultResolver.LookupHost
	}
	return source.New(cfg), nil
}

// newOrigins builds what pull through cache rules are asked with. Where images
// are pulled from is known later, before anybody is served.
func (a *App) newOrigins() *origin.Origins {
	return &origin.Origins{Rules: ecr.Catalog{Store: a.store}, Transports: &transport.Set{}, Listen: a.cfg.Listen}
}

// authorities reads HOST=FILE settings.
func authorities(settings []string) (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, text := range settings {
		host, path, ok := strings.Cut(text, "=")
		if !ok || host == "" || path == "" {
			return nil, fmt.Errorf("%q is not HOST=FILE, such as registry.example.com=/etc/ssl/example-ca.pem", text)
		}
		pem, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if !x509.NewCertPool().AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no PEM certificate", path)
		}
		out[host] = append(out[host], pem...)
	}
	return out, nil
}
