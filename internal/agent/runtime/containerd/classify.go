package containerd

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"

	"github.com/containerd/containerd/v2/core/remotes/docker"
	remoteerrors "github.com/containerd/containerd/v2/core/remotes/errors"
	"github.com/containerd/errdefs"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/image/transport"
)

// classify puts a failed pull into one of the engine's classes.
func classify(ctx context.Context, stage runtime.Stage, err error) error {
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), err)
	}
	out := &runtime.PullError{Stage: stage, Err: err}
	var limited *transport.RateLimited
	if errors.As(err, &limited) {
		out.After = limited.After
	}
	if class := class(err); class != nil {
		out.Err = fmt.Errorf("%w: %w", class, err)
	}
	return out
}

func class(err error) error {
	var (
		status  remoteerrors.ErrUnexpectedStatus
		limited *transport.RateLimited
		netErr  net.Error
	)
	switch {
	case errors.As(err, &limited):
		return runtime.ErrImageRateLimited
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT), strings.Contains(err.Error(), syscall.ENOSPC.Error()):
		return runtime.ErrDiskFull // containerd's services pass on a text only
	case untrusted(err):
		return runtime.ErrImageUntrusted
	case errors.As(err, &status):
		return statusClass(status.StatusCode)
	case strings.Contains(err.Error(), "no match for platform"):
		return runtime.ErrImagePlatform
	case errdefs.IsNotFound(err):
		return runtime.ErrImageNotFound
	case errors.Is(err, docker.ErrInvalidAuthorization), errdefs.IsUnauthorized(err), errdefs.IsPermissionDenied(err):
		return runtime.ErrImageDenied
	case errors.As(err, &netErr), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return runtime.ErrImageUnreachable
	}
	return nil
}

func untrusted(err error) bool {
	var (
		verify *tls.CertificateVerificationError
		plain  tls.RecordHeaderError
		name   x509.HostnameError
	)
	return errors.As(err, &verify) || errors.As(err, &name) || errors.As(err, &plain) ||
		strings.Contains(err.Error(), "server gave HTTP response to HTTPS client")
}

func statusClass(code int) error {
	switch {
	case code == http.StatusNotFound:
		return runtime.ErrImageNotFound
	case code == http.StatusUnauthorized, code == http.StatusForbidden:
		return runtime.ErrImageDenied
	case code == http.StatusTooManyRequests:
		return runtime.ErrImageRateLimited
	case code == http.StatusRequestTimeout, code >= 500:
		return runtime.ErrImageUnreachable
	}
	return nil
}
