package containerd

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/containerd/containerd/v2/core/remotes"
	"github.com/containerd/containerd/v2/core/remotes/docker"

	"github.com/hatoba/hatoba/internal/protocol"
)

// resolverFor makes the resolver of one pull: it asks the mirrors in their
// order, then the registry itself. The connections outlive it, because they
// belong to the transports, which all pulls share.
func (e *Engine) resolverFor(source protocol.ImageSource) (remotes.Resolver, error) {
	var hosts []docker.RegistryHost
	for _, m := range source.Mirrors {
		u, err := url.Parse(m.URL)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("mirror %q is no URL", m.URL)
		}
		host, err := e.registryHost(u.Scheme, u.Host, u.Path, m.Username, m.Password, m.CA)
		if err != nil {
			return nil, err
		}
		hosts = append(hosts, host)
	}
	own := func(name string) (docker.RegistryHost, error) {
		scheme := "https"
		if source.PlainHTTP {
			scheme = "http"
		}
		at, err := docker.DefaultHost(name)
		if err != nil {
			return docker.RegistryHost{}, err
		}
		return e.registryHost(scheme, at, "", source.Username, source.Password, source.CA)
	}
	return docker.NewResolver(docker.ResolverOptions{Hosts: func(name string) ([]docker.RegistryHost, error) {
		last, err := own(name)
		return append(hosts[:len(hosts):len(hosts)], last), err
	}}), nil
}

func (e *Engine) registryHost(scheme, host, path, username, password string, ca []byte) (docker.RegistryHost, error) {
	transport, err := e.transports.For(host, ca)
	if err != nil {
		return docker.RegistryHost{}, err
	}
	client := &http.Client{Transport: transport}
	return docker.RegistryHost{
		Client: client, Scheme: scheme, Host: host, Path: strings.TrimSuffix(path, "/") + "/v2",
		Capabilities: docker.HostCapabilityPull | docker.HostCapabilityResolve,
		Authorizer: docker.NewDockerAuthorizer(docker.WithAuthClient(client), docker.WithAuthCreds(func(string) (string, string, error) {
			return username, password, nil
		})),
	}, nil
}
