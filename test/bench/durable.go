package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"path/filepath"
	"slices"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3client"
	"go.uber.org/zap"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/etcd"
)

// stores opens a store of ours and an etcd of its own beside it, both in this
// process and with fsync.
func (b *bench) stores(ctx context.Context, name string) (ours *etcd.Store, raw *clientv3.Client, end func() error, err error) {
	ours, err = etcd.Open(ctx, etcd.Config{Dir: filepath.Join(b.work, name, "store"), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return nil, nil, nil, err
	}
	ec := embed.NewConfig()
	ec.Dir = filepath.Join(b.work, name, "etcd")
	ec.ListenClientUrls, ec.ListenPeerUrls = []url.URL{}, []url.URL{}
	ec.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	server, err := embed.StartEtcd(ec)
	if err != nil {
		return nil, nil, nil, errors.Join(err, ours.Close())
	}
	<-server.Server.ReadyNotify()
	raw = v3client.New(server.Server)
	return ours, raw, func() error {
		_ = raw.Close() // of a client in process: it tells that its context has ended
		server.Close()
		return ours.Close()
	}, nil
}

// durable measures one mutation of the store against one put of as many bytes
// into an etcd of its own, both in this process and with fsync.
func (b *bench) durable(ctx context.Context) (err error) {
	ours, client, end, err := b.stores(ctx, "durable")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	scope := state.Scope{Account: "123456789012", Region: "us-east-1"}
	value := string(bytes.Repeat([]byte("x"), 256))
	kinds := []func(n int) error{
		func(n int) error {
			return ours.Update(ctx, func(w store.Writer) error {
				name := fmt.Sprintf("c%d", n)
				return store.Clusters.Put(w, scope.Key(name), state.Cluster{Name: name})
			})
		},
		func(n int) error {
			_, err := client.Put(ctx, fmt.Sprintf("/v1/clusters/123456789012/us-east-1/c%d", n), value)
			return err
		},
	}
	const puts = 500
	t := newTable(len(kinds))
	for round := range b.rounds {
		err := shuffled(len(kinds), func(i int) error {
			if err := b.settle(ctx); err != nil {
				return err
			}
			var all []time.Duration
			for n := range puts {
				begin := time.Now()
				if err := kinds[i](round*puts + n); err != nil {
					return err
				}
				all = append(all, time.Since(begin))
			}
			t.add(i, all)
			return nil
		})
		if err != nil {
			return err
		}
	}
	fmt.Printf("\nOne durable mutation: p50 of %d per round\n", puts)
	t.print("one writer", []string{"store.Update of one record", "etcd put, in process"})
	return nil
}

// middle is the median of a part of results.
func middle[T any](all []T, of func(T) float64) float64 {
	var values []float64
	for _, r := range all {
		values = append(values, of(r))
	}
	slices.Sort(values)
	return values[len(values)/2]
}

// spread is a median with the least and the greatest.
func spread(values []float64) string {
	slices.Sort(values)
	return fmt.Sprintf("%.2f× [%.2f..%.2f]", values[len(values)/2], values[0], values[len(values)-1])
}
