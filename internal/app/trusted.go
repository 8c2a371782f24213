package app

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/pki"
	"github.com/hatoba/hatoba/internal/trust"
)

// trusted answers, until ctx ends, to the names of ECR registries that `hatoba
// trust install` made mean us: the registry and nothing else, on port 443 of an
// address of loopback. It looks at what is installed when it starts and when
// trustPage is asked.
func (a *App) trusted(ctx context.Context) error {
	at, end := "", func() {}
	defer func() { end() }()
	for {
		record, ok, err := trust.Load(a.cfg.DataDir)
		switch {
		case err != nil:
			a.log.Error("what `hatoba trust install` did cannot be read", "error", err)
		case !ok:
			end()
			at, end = "", func() {}
		case at != record.Address:
			end()
			at, end = "", func() {}
			stop, err := a.openTrusted(ctx, record.Address)
			if err != nil {
				a.log.Error("the names of ECR registries are not answered to", "address", record.Address, "error", err)
				break
			}
			at, end = record.Address, stop
		}
		select {
		case <-ctx.Done():
			return nil
		case <-a.trustAsked:
		}
	}
}

// openTrusted opens the listener; stop closes it and waits.
func (a *App) openTrusted(ctx context.Context, address string) (stop func(), err error) {
	authority, err := pki.Open(filepath.Join(a.cfg.DataDir, AuthorityDir), time.Now)
	if err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", net.JoinHostPort(address, trust.Port))
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/v2/", a.registry)
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "here is Hatoba's registry only; the APIs are at "+a.cfg.Listen, http.StatusNotFound)
	})
	certificates := pki.Config(nil, &pki.Leaves{Authority: authority})
	server := &http.Server{
		Handler: guard(mux), ReadHeaderTimeout: headerTime, IdleTimeout: idleTime, MaxHeaderBytes: maxHeader,
		ErrorLog:    slog.NewLogLogger(a.log.Handler(), slog.LevelDebug),
		BaseContext: func(net.Listener) context.Context { return ctx },
		TLSConfig:   certificates,
	}
	var ended sync.WaitGroup
	ended.Go(func() {
		if err := serve(server, listener, certificates); err != nil {
			a.log.Error("the listener of ECR names ended", "error", err)
		}
	})
	return func() { server.Close(); ended.Wait() }, nil
}

// trustPage has trusted look again at what is installed, and hands on all other
// requests. Anybody may ask: it does what is done already.
func (a *App) trustPage(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/_hatoba/trust" {
			next.ServeHTTP(w, r)
			return
		}
		select {
		case a.trustAsked <- struct{}{}:
		default:
		}
		w.WriteHeader(http.StatusNoContent)
	})
}
