package app

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/hatoba/hatoba/internal/accesslog"
	"github.com/hatoba/hatoba/internal/aws/acm"
	"github.com/hatoba/hatoba/internal/aws/ecs"
	"github.com/hatoba/hatoba/internal/aws/elbv2"
	"github.com/hatoba/hatoba/internal/control/targets"
	"github.com/hatoba/hatoba/internal/disk"
	"github.com/hatoba/hatoba/internal/dns"
	"github.com/hatoba/hatoba/internal/lb"
	"github.com/hatoba/hatoba/internal/pki"
	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
)

// balancers are what carries the traffic of load balancers, and what feeds it.
type balancers struct {
	plane *lb.Plane
	loop  *targets.Loop
	logs  *accesslog.Sink
	names *dns.Table // that tasks resolve
}

// openBalancing builds the APIs of load balancers and their certificates, and
// what stands behind them.
func (a *App) openBalancing(tasks *ecs.Service, keyring *secrets.Keyring) (*elbv2.Service, error) {
	a.certificates = acm.New(acm.Config{Store: a.store, Keyring: keyring, NewID: newRequestID, Authority: sync.OnceValues(a.ownAuthority)})
	key, err := cookieKey(filepath.Join(a.cfg.DataDir, "keys", "balancers.key"))
	if err != nil {
		return nil, fmt.Errorf("key of load balancers' cookies: %w", err)
	}
	b := &balancers{names: &dns.Table{}}
	b.loop = targets.New(targets.Config{
		Store: a.store, Log: a.log, Apply: func(c lb.Change) { b.plane.Apply(c) },
		Certificate: func(key state.Key, c state.Certificate) (*tls.Certificate, error) {
			return acm.KeyPair(keyring, key, c)
		},
		Addresses: a.network.SetBalancers, Names: b.names.Set, Ingress: a.cfg.Ingress,
		Instance: a.machine,
	})
	b.logs = accesslog.New(accesslog.Config{Log: a.log, Find: a.accessLogPlace, Put: a.putAccessLog})
	b.plane = lb.New(lb.Options{Log: a.log, Key: key, Bound: b.loop.Bound, AccessLog: b.logs})
	a.balancers = b
	return elbv2.New(elbv2.Config{Store: a.store, Open: once(tasks.Bootstrap), StrictNetwork: a.cfg.StrictNetwork, HasBucket: a.hasBucket}), nil
}

func (b *balancers) run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return b.plane.Run(ctx) })
	group.Go(func() error { return b.loop.Run(ctx) })
	group.Go(func() error { return b.logs.Run(ctx) })
	return group.Wait()
}

// first gives requests to the balancer that their host names. Balancers are
// public by nature: what the APIs ask of callers is not asked.
func (b *balancers) first(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !b.plane.ServeFront(w, r) {
			next.ServeHTTP(w, r)
		}
	})
}

// cookieKey reads the key that cookies are sealed with, and makes it when there
// is none: sticky clients find their targets after a restart.
func cookieKey(path string) (key [32]byte, err error) {
	text, err := os.ReadFile(path)
	switch {
	case err == nil && len(text) == len(key):
		return [32]byte(text), nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return key, err
	}
	_, _ = rand.Read(key[:]) // never fails
	return key, disk.Write(path, key[:], 0o600)
}

// ownAuthority is the certificate authority, also where the listener speaks no
// TLS.
func (a *App) ownAuthority() (*pki.Authority, error) {
	if a.authority != nil {
		return a.authority, nil
	}
	return pki.Open(filepath.Join(a.cfg.DataDir, AuthorityDir), time.Now)
}

// hasBucket tells whether an account has a bucket in S3.
func (a *App) hasBucket(_ context.Context, scope state.Scope, name string) bool {
	b, err := a.objects.Bucket(name)
	return err == nil && b.Account == scope.Account
}

// once does something for a scope until it has succeeded.
func once(do func(context.Context, state.Scope) error) func(context.Context, state.Scope) error {
	var done sync.Map
	return func(ctx context.Context, scope state.Scope) error {
		if _, ok := done.Load(scope); ok {
			return nil
		}
		if err := do(ctx, scope); err != nil {
			return err
		}
		done.Store(scope, true)
		return nil
	}
}
