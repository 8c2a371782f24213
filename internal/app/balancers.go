package app

import (
	"context"
	"path/filepath"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/aws/acm"
	"github.com/hatoba/hatoba/internal/aws/ecs"
	"github.com/hatoba/hatoba/internal/aws/elbv2"
	"github.com/hatoba/hatoba/internal/pki"
	"github.com/hatoba/hatoba/internal/secrets"
	"github.com/hatoba/hatoba/internal/state"
)

// openBalancing builds the APIs of load balancers and their certificates.
func (a *App) openBalancing(tasks *ecs.Service, keyring *secrets.Keyring) *elbv2.Service {
	a.certificates = acm.New(acm.Config{Store: a.store, Keyring: keyring, NewID: newRequestID, Authority: sync.OnceValues(a.ownAuthority)})
	return elbv2.New(elbv2.Config{Store: a.store, Open: once(tasks.Bootstrap), StrictNetwork: a.cfg.StrictNetwork, HasBucket: a.hasBucket})
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
