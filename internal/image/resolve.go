// Package image knows image references, and makes and imports images.
package image

import (
	"fmt"
	"regexp"

	"github.com/distribution/reference"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

var ecrHost = regexp.MustCompile(`^([0-9]{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?$`)

// Resolve tells where a task definition's reference is pulled from. listen is
// our own front address; an ECR host name of our account, and our address
// under any of its names, mean the built-in registry. It is pure.
func Resolve(ref string, scope state.Scope, listen string) (protocol.ImageSource, error) {
	named, err := reference.ParseDockerRef(ref)
	if err != nil {
		return protocol.ImageSource{}, fmt.Errorf("image reference %q: %w", ref, err)
	}
	host, path := reference.Domain(named), reference.Path(named)
	if m := ecrHost.FindStringSubmatch(host); m != nil && m[1] == scope.Account && m[2] == scope.Region || local(host, listen) {
		return protocol.ImageSource{Ref: listen + "/" + path + suffix(named), PlainHTTP: true}, nil
	}
	return protocol.ImageSource{Ref: named.String(), PlainHTTP: loopback(host)}, nil
}

// suffix is the reference's tag or digest with its separator.
func suffix(named reference.Named) string {
	switch r := named.(type) {
	case reference.Canonical:
		return "@" + r.Digest().String()
	case reference.Tagged:
		return ":" + r.Tag()
	}
	return ""
}

var (
	port     = regexp.MustCompile(`:[0-9]+$`)
	loopName = regexp.MustCompile(`^(localhost|127\.[0-9.]+|\[::1\])(:[0-9]+)?$`)
)

func loopback(host string) bool { return loopName.MatchString(host) }

// local tells whether a host is our front address by any of loopback's names.
func local(host, listen string) bool {
	return loopback(host) && port.FindString(host) == port.FindString(listen)
}
