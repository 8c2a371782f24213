package containerd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/remotes"
	"github.com/containerd/containerd/v2/core/remotes/docker"
	"github.com/containerd/errdefs"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/protocol"
)

// singleFlight lets one pull of a reference go at a time; the others find its
// result.
type singleFlight struct {
	mu    sync.Mutex
	locks map[string]*sync.Mutex
}

func (s *singleFlight) lock(ref string) func() {
	s.mu.Lock()
	if s.locks == nil {
		s.locks = map[string]*sync.Mutex{}
	}
	l, ok := s.locks[ref]
	if !ok {
		l = &sync.Mutex{}
		s.locks[ref] = l
	}
	s.mu.Unlock()
	l.Lock()
	return l.Unlock
}

// Pull implements runtime.Engine.
func (e *Engine) Pull(ctx context.Context, source protocol.ImageSource) (runtime.Image, error) {
	ctx = e.context(ctx)
	defer e.pulls.lock(source.Ref)()
	resolver := resolverFor(source)
	_, target, err := resolver.Resolve(ctx, source.Ref)
	if err != nil {
		return runtime.Image{}, classify(err)
	}
	image, err := e.client.GetImage(ctx, source.Ref)
	if err == nil && image.Target().Digest == target.Digest {
		if unpacked, err := image.IsUnpacked(ctx, e.snapshotter); err == nil && unpacked {
			return e.describe(ctx, image)
		}
	}
	image, err = e.client.Pull(ctx, source.Ref,
		containerd.WithResolver(resolver), containerd.WithPullUnpack, containerd.WithPullSnapshotter(e.snapshotter))
	if err != nil {
		return runtime.Image{}, classify(err)
	}
	return e.describe(ctx, image)
}

func (e *Engine) describe(ctx context.Context, image containerd.Image) (runtime.Image, error) {
	spec, err := image.Spec(ctx)
	if err != nil {
		return runtime.Image{}, fmt.Errorf("image %s: %w", image.Name(), err)
	}
	return runtime.Image{
		Ref: image.Name(), Digest: image.Target().Digest.String(),
		StopSignal: spec.Config.StopSignal, User: spec.Config.User, Env: spec.Config.Env,
	}, nil
}

func resolverFor(source protocol.ImageSource) remotes.Resolver {
	authorizer := docker.NewDockerAuthorizer(docker.WithAuthCreds(func(string) (string, string, error) {
		return source.Username, source.Password, nil
	}))
	return docker.NewResolver(docker.ResolverOptions{Hosts: docker.ConfigureDefaultRegistries(
		docker.WithAuthorizer(authorizer),
		docker.WithPlainHTTP(func(string) (bool, error) { return source.PlainHTTP, nil }),
	)})
}

// classify puts a failed pull into one of the engine's classes.
func classify(err error) error {
	text := err.Error()
	var netErr net.Error
	switch {
	case errdefs.IsNotFound(err):
		return fmt.Errorf("%w: %w", runtime.ErrImageNotFound, err)
	case errors.Is(err, docker.ErrInvalidAuthorization), errdefs.IsUnauthorized(err), errdefs.IsPermissionDenied(err),
		strings.Contains(text, "401 Unauthorized"), strings.Contains(text, "403 Forbidden"):
		return fmt.Errorf("%w: %w", runtime.ErrImageDenied, err)
	case errors.As(err, &netErr):
		return fmt.Errorf("%w: %w", runtime.ErrImageUnreachable, err)
	}
	return err
}
