// Package etcd is the store's durable engine: etcd, embedded as a single
// member and reached in process, with every commit flushed to disk.
package etcd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.etcd.io/etcd/server/v3/etcdserver/api/v3client"

	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mvcc"
)

// Config is where the member lives.
type Config struct {
	Dir    string // data, survives restarts
	RunDir string // sockets; a short path, at most 90 characters
	Log    *slog.Logger
}

// Store is a store on an embedded etcd.
type Store struct {
	*mvcc.DB
	member *embed.Etcd
	client *clientv3.Client
	once   sync.Once
	closed error
}

var _ store.Store = (*Store)(nil)

// layout is the version of the data dir's layout.
const layout = 1

// ready bounds how long the member may take to come up.
const ready = 30 * time.Second

// Open starts the member and reads its records.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, err
	}
	if err := checkLayout(filepath.Join(cfg.Dir, "VERSION")); err != nil {
		return nil, err
	}
	ec, err := memberConfig(cfg)
	if err != nil {
		return nil, err
	}
	member, err := embed.StartEtcd(ec)
	if err != nil {
		return nil, fmt.Errorf("start the embedded etcd in %s: %w", cfg.Dir, err)
	}
	select {
	case <-member.Server.ReadyNotify():
	case err := <-member.Err():
		return nil, fmt.Errorf("embedded etcd: %w", err)
	case <-time.After(ready):
		member.Close()
		return nil, fmt.Errorf("embedded etcd in %s is not ready after %s", cfg.Dir, ready)
	case <-ctx.Done():
		member.Close()
		return nil, ctx.Err()
	}
	client := v3client.New(member.Server)
	db, err := mvcc.New(log{client}, func(yield func(string, []byte) error) error { return load(ctx, client, yield) })
	if err != nil {
		_ = client.Close()
		member.Close()
		return nil, err
	}
	return &Store{DB: db, member: member, client: client}, nil
}

// Close stops the member. Records stay.
func (s *Store) Close() error {
	s.once.Do(func() {
		s.closed = s.DB.Close()
		// An in-process client has nothing of its own to close; it answers
		// with the end of its context.
		_ = s.client.Close()
		s.member.Close()
	})
	return s.closed
}

// checkLayout refuses a data dir of a newer Hatoba, and marks a new one.
func checkLayout(path string) error {
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return os.WriteFile(path, []byte(strconv.Itoa(layout)+"\n"), 0o600)
	}
	if err != nil {
		return err
	}
	found, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil {
		return fmt.Errorf("%s does not hold a version: %w", path, err)
	}
	if found > layout {
		return fmt.Errorf("%w: %s has layout %d, this build knows up to %d; run the newer Hatoba again, or another --data-dir", store.ErrNewerData, filepath.Dir(path), found, layout)
	}
	return nil
}

func memberConfig(cfg Config) (*embed.Config, error) {
	ec := embed.NewConfig()
	ec.Name = "hatoba"
	ec.Dir = filepath.Join(cfg.Dir, "member")
	// Alone, a member needs no patience for others.
	ec.TickMs, ec.ElectionMs = 10, 100
	ec.AutoCompactionMode, ec.AutoCompactionRetention = "periodic", "10m"
	ec.QuotaBackendBytes = 8 << 30
	ec.MaxTxnOps = 8192
	ec.MaxRequestBytes = 16 << 20
	ec.SnapshotCount = 10_000
	ec.BackendFreelistType = "map"
	ec.LogLevel = "error"
	ec.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zapTo(cfg.Log))
	// Nobody connects; etcd insists on listening all the same.
	client, peer := socket(cfg.RunDir, "etcd-client"), socket(cfg.RunDir, "etcd-peer")
	ec.ListenClientUrls, ec.AdvertiseClientUrls = []url.URL{client}, []url.URL{client}
	ec.ListenPeerUrls, ec.AdvertisePeerUrls = []url.URL{peer}, []url.URL{peer}
	ec.InitialCluster = ec.InitialClusterFromName(ec.Name)
	return ec, ec.Validate()
}

func socket(dir, name string) url.URL {
	return url.URL{Scheme: "unix", Path: filepath.Join(dir, name)}
}

const page = 1000

func load(ctx context.Context, client *clientv3.Client, yield func(string, []byte) error) error {
	from, end := "/v1/", clientv3.GetPrefixRangeEnd("/v1/")
	for {
		got, err := client.Get(ctx, from, clientv3.WithRange(end), clientv3.WithLimit(page))
		if err != nil {
			return err
		}
		for _, kv := range got.Kvs {
			if err := yield(string(kv.Key), kv.Value); err != nil {
				return err
			}
			from = string(kv.Key) + "\x00"
		}
		if !got.More {
			return nil
		}
	}
}

// log commits batches. This process is the only writer, so that writing a
// batch again after an unclear answer changes nothing.
type log struct{ client *clientv3.Client }

const attempts = 3

// Append implements mvcc.Log.
func (l log) Append(ctx context.Context, ops []mvcc.Op) error {
	var then []clientv3.Op
	for _, op := range ops {
		if op.Value == nil {
			then = append(then, clientv3.OpDelete(op.Path))
		} else {
			then = append(then, clientv3.OpPut(op.Path, string(op.Value)))
		}
	}
	var err error
	for range attempts {
		callCtx, cancel := context.WithTimeout(ctx, 10*time.Second)
		_, err = l.client.Txn(callCtx).Then(then...).Commit()
		cancel()
		if err == nil {
			return nil
		}
	}
	return err
}
