// Package image knows image references, and makes and imports images.
package image

import (
	"fmt"
	"net"
	"regexp"

	"github.com/distribution/reference"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// Ref is a reference taken apart, with what it leaves out filled in as docker
// does: nginx is docker.io/library/nginx:latest.
type Ref struct {
	Host       string // with its port, if it says one
	Repository string // team/app
	Tag        string // "" when there is a digest
	Digest     string // "" when there is a tag
}

// ParseRef reads a reference. One with both tag and digest means the digest.
func ParseRef(ref string) (Ref, error) {
	named, err := reference.ParseDockerRef(ref)
	if err != nil {
		return Ref{}, fmt.Errorf("image reference %q: %w", ref, err)
	}
	out := Ref{Host: reference.Domain(named), Repository: reference.Path(named)}
	switch r := named.(type) {
	case reference.Canonical:
		out.Digest = r.Digest().String()
	case reference.Tagged:
		out.Tag = r.Tag()
	}
	return out, nil
}

// String is the whole reference.
func (r Ref) String() string {
	if r.Digest != "" {
		return r.Host + "/" + r.Repository + "@" + r.Digest
	}
	return r.Host + "/" + r.Repository + ":" + r.Tag
}

// ECR tells whether the host is an ECR registry, and whose.
func (r Ref) ECR() (state.Scope, bool) {
	m := ecrHost.FindStringSubmatch(r.Host)
	if m == nil {
		return state.Scope{}, false
	}
	return state.Scope{Account: m[1], Region: m[2]}, true
}

var ecrHost = regexp.MustCompile(`^([0-9]{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$`)

// Resolve tells where a task definition's reference is pulled from. listen is
// our own front address; an ECR host name of the task's own account and
// region, and our address under any of its names, mean the built-in registry:
// then own is true. It is pure.
//
// What an ECR host name says of account and region is kept in the name,
// because the front address says it not: the registry reads
// ACCOUNT/REGION/app. localhost:4566/app means the default account and region,
// whoever's task it is.
func Resolve(ref string, scope state.Scope, listen string) (source protocol.ImageSource, own bool, err error) {
	r, err := ParseRef(ref)
	if err != nil {
		return protocol.ImageSource{}, false, err
	}
	if of, ok := r.ECR(); ok && of == scope {
		r.Host, r.Repository = dial(listen), scope.Account+"/"+scope.Region+"/"+r.Repository
		return protocol.ImageSource{Ref: r.String(), PlainHTTP: true}, true, nil
	}
	if local(r.Host, listen) {
		r.Host = dial(listen)
		return protocol.ImageSource{Ref: r.String(), PlainHTTP: true}, true, nil
	}
	return protocol.ImageSource{Ref: r.String(), PlainHTTP: loopback(r.Host)}, false, nil
}

var (
	port     = regexp.MustCompile(`:[0-9]+$`)
	loopName = regexp.MustCompile(`^(localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?$`)
)

func loopback(host string) bool { return loopName.MatchString(host) }

// local tells whether a host is our front address by any of loopback's names.
func local(host, listen string) bool {
	return loopback(host) && port.FindString(host) == port.FindString(listen) || host == listen
}

// dial is the address a listener is reached at from its own machine.
func dial(listen string) string {
	host, p, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	switch host {
	case "", "0.0.0.0":
		host = "127.0.0.1"
	case "::":
		host = "::1"
	}
	return net.JoinHostPort(host, p)
}
