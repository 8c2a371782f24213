package containerd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	containerd "github.com/containerd/containerd/v2/client"
	"github.com/containerd/containerd/v2/core/remotes"
	"github.com/containerd/containerd/v2/core/remotes/docker"
	remoteerrors "github.com/containerd/containerd/v2/core/remotes/errors"
	"github.com/containerd/containerd/v2/pkg/reference"
	"github.com/containerd/errdefs"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/protocol"
)

// Pull implements runtime.Engine. The image is kept under its digest: a tag
// that moves between a task's pull and its start does not move the task.
func (e *Engine) Pull(ctx context.Context, source protocol.ImageSource) (runtime.Image, error) {
	ctx = e.context(ctx)
	resolver := e.resolverFor(source)
	_, target, err := resolver.Resolve(ctx, source.Ref)
	if err != nil {
		return runtime.Image{}, classify(ctx, err)
	}
	spec, err := reference.Parse(source.Ref)
	if err != nil {
		return runtime.Image{}, err
	}
	pinned := spec.Locator + "@" + target.Digest.String()
	unlock, err := e.pulls.Lock(ctx, pinned) // others find its result
	if err != nil {
		return runtime.Image{}, err
	}
	defer unlock()
	image, err := e.client.GetImage(ctx, pinned)
	if err == nil {
		if unpacked, err := image.IsUnpacked(ctx, e.snapshotter); err == nil && unpacked {
			return e.describe(ctx, image)
		}
	}
	image, err = e.client.Pull(ctx, pinned, containerd.WithResolver(resolved{resolver, target}),
		containerd.WithPullUnpack, containerd.WithPullSnapshotter(e.snapshotter))
	if err != nil {
		return runtime.Image{}, classify(ctx, err)
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

// resolved is a resolver that has done its work.
type resolved struct {
	remotes.Resolver
	target ocispec.Descriptor
}

// Resolve implements remotes.Resolver.
func (r resolved) Resolve(_ context.Context, ref string) (string, ocispec.Descriptor, error) {
	return ref, r.target, nil
}

// resolverFor makes a resolver. Connections are shared over all pulls: each
// would keep its own for a while otherwise.
func (e *Engine) resolverFor(source protocol.ImageSource) remotes.Resolver {
	authorizer := docker.NewDockerAuthorizer(docker.WithAuthCreds(func(string) (string, string, error) {
		return source.Username, source.Password, nil
	}))
	return docker.NewResolver(docker.ResolverOptions{Hosts: docker.ConfigureDefaultRegistries(
		docker.WithAuthorizer(authorizer),
		docker.WithClient(&e.http),
		docker.WithPlainHTTP(func(string) (bool, error) { return source.PlainHTTP, nil }),
	)})
}

// classify puts a failed pull into one of the engine's classes.
func classify(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), err)
	}
	var status remoteerrors.ErrUnexpectedStatus
	var netErr net.Error
	class := error(nil)
	switch {
	case errors.As(err, &status):
		class = statusClass(status.StatusCode)
	case errdefs.IsNotFound(err):
		class = runtime.ErrImageNotFound
	case errors.Is(err, docker.ErrInvalidAuthorization), errdefs.IsUnauthorized(err), errdefs.IsPermissionDenied(err):
		class = runtime.ErrImageDenied
	case errors.As(err, &netErr):
		class = runtime.ErrImageUnreachable
	}
	if class == nil {
		return err
	}
	return fmt.Errorf("%w: %w", class, err)
}

func statusClass(code int) error {
	switch {
	case code == http.StatusNotFound:
		return runtime.ErrImageNotFound
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return runtime.ErrImageDenied
	case code == http.StatusTooManyRequests, code >= 500:
		return runtime.ErrImageUnreachable
	}
	return nil
}
