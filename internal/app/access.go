package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/net/netutil"

	"github.com/hatoba/hatoba/internal/pki"
	"github.com/hatoba/hatoba/internal/wire"
)

// Bounds of the front listener. A connection that says nothing, or half a
// header, does not hold its place for long; bodies have their own bounds, where
// they are read.
const (
	maxConnections = 4096
	maxHeader      = 64 << 10
	headerTime     = 10 * time.Second
	idleTime       = 2 * time.Minute
)

// CredentialsFile is where the root user's access key is, below the data dir,
// in the format of AWS's shared credentials.
const CredentialsFile = "credentials"

// AuthorityDir is the folder of our own certificate authority, below the data
// dir.
const AuthorityDir = "tls"

func (a *App) auth() wire.Auth { return wire.Auth(a.cfg.Auth) }

// openTLS reads certificates, and makes the listener speak TLS.
func (a *App) openTLS() (err error) {
	if !a.cfg.TLS {
		return nil
	}
	if a.authority, err = pki.Open(filepath.Join(a.cfg.DataDir, AuthorityDir), time.Now); err != nil {
		return err
	}
	var given *pki.Given
	if a.cfg.TLSCert != "" {
		if given, err = pki.OpenGiven(a.cfg.TLSCert, a.cfg.TLSKey); err != nil {
			return fmt.Errorf("setting tls-cert: %w", err)
		}
		if left := time.Until(given.Leaf().NotAfter); left < 0 {
			return fmt.Errorf("setting tls-cert: the certificate has expired on %s", given.Leaf().NotAfter.Format(time.RFC3339))
		}
	}
	names := append([]string{"hatoba.internal", "host.hatoba.internal"}, a.cfg.TLSNames...)
	if host, err := os.Hostname(); err == nil {
		names = append(names, host)
	}
	a.tls = pki.Config(given, &pki.Leaves{Authority: a.authority, Names: names})
	return nil
}

// openRootKey makes the first administrator's access key, and writes it where
// he finds it.
func (a *App) openRootKey(ctx context.Context) error {
	if a.auth() != wire.AuthSigV4 {
		return nil
	}
	key, err := a.identities.RootKey(ctx, a.cfg.AccountID)
	if err != nil {
		return err
	}
	path := filepath.Join(a.cfg.DataDir, CredentialsFile)
	content := fmt.Sprintf("[default]\naws_access_key_id = %s\naws_secret_access_key = %s\n", key.AccessKey, key.Secret)
	if kept, err := os.ReadFile(path); err == nil && string(kept) == content {
		return os.Chmod(path, 0o600)
	}
	temporary := path + ".new"
	if err := os.Remove(temporary); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(temporary, []byte(content), 0o600); err != nil {
		return err
	}
	return os.Rename(temporary, path)
}

// server is the front listener's, with bounds on what strangers can hold.
func (a *App) server(ctx context.Context) *http.Server {
	handler := front(a.joined.hold(a.handler), a.registry, a.known(tail{a.logs, a.scope}), a.known(http.HandlerFunc(profile)), a.known(taskPages{a.store, a.history}), lookPages{a}, a.known(servicePages{a.store, a.scope}), a.known(usagePage{a.store, a.agent.Usage}), a.sessions, http.HandlerFunc(a.notifications.certificate), a.s3, &a.isReady, a.healthFor)
	handler = a.withMetrics(handler)
	if a.auth() != wire.AuthSigV4 {
		handler = guard(handler)
	}
	return &http.Server{
		Handler:           a.balancers.first(handler),
		ReadHeaderTimeout: headerTime,
		IdleTimeout:       idleTime,
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
		BaseContext:       func(net.Listener) context.Context { return ctx },
		TLSConfig:         a.tls,
	}
}

// healthFor tells strangers no more than whether all is well.
func (a *App) healthFor(r *http.Request) Health {
	h := a.health()
	if _, err := a.verifier().Verify(r, pageService, nil); err != nil {
		h = Health{Status: h.Status, Started: h.Started}
	}
	return h
}

func (a *App) verifier() *wire.Verifier {
	return &wire.Verifier{Identities: a.identities, Auth: a.auth(), Default: a.scope}
}

// serve answers on a listener until the server is closed.
func serve(server *http.Server, listener net.Listener, certificates *tls.Config) (err error) {
	listener = netutil.LimitListener(listener, maxConnections)
	if certificates != nil {
		err = server.ServeTLS(listener, "", "")
	} else {
		err = server.Serve(listener)
	}
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// known lets only those through who may speak to the APIs.
func (a *App) known(next http.Handler) http.Handler {
	verifier := a.verifier()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, err := verifier.Verify(r, pageService, nil)
		var refused *wire.AuthError
		switch {
		case errors.As(err, &refused):
			code, message, status := refused.Answer(pageService, wire.RestJSON)
			http.Error(w, code+": "+message, status)
		case err != nil:
			a.log.Error("a caller could not be looked up", "error", err)
			http.Error(w, "the caller could not be looked up", http.StatusInternalServerError)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// pageService is what requests for our own pages are signed for.
const pageService = "hatoba"
