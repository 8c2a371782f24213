// Package etcd is the store's durable engine: etcd, embedded as a single
// member and reached in process, with every commit flushed to disk. It listens
// nowhere, so that nobody else can reach it and any number of instances run
// side by side.
//
// The process that has the data dir open is the only writer: the dir is locked
// while a Store is open.
package etcd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
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
	Dir string // data, survives restarts; of any length
	Log *slog.Logger
	// Ready refuses writes while there is no room for them, because etcd ends
	// the process when its disk is full. nil: never.
	Ready func() error
}

// Store is a store on an embedded etcd.
type Store struct {
	*mvcc.DB
	member *embed.Etcd
	client *clientv3.Client
	lock   *os.File
	once   sync.Once
	closed error
}

var _ store.Store = (*Store)(nil)

// ready bounds how long the member may take to come up.
const ready = 30 * time.Second

// Open starts the member and reads its records. It fails with ErrInUse when
// another process has the dir open and with store.ErrNewerData when a newer
// Hatoba wrote it.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return nil, err
	}
	lock, err := lockDir(cfg.Dir)
	if err != nil {
		return nil, err
	}
	s := &Store{lock: lock}
	if err := s.open(ctx, cfg); err != nil {
		return nil, errors.Join(err, s.stop())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, cfg Config) error {
	if err := checkLayout(filepath.Join(cfg.Dir, "VERSION")); err != nil {
		return err
	}
	ec, err := memberConfig(cfg)
	if err != nil {
		return err
	}
	if s.member, err = embed.StartEtcd(ec); err != nil {
		s.member = nil
		return fmt.Errorf("start the embedded etcd in %s: %w", cfg.Dir, err)
	}
	select {
	case <-s.member.Server.ReadyNotify():
	case err := <-s.member.Err():
		return fmt.Errorf("embedded etcd: %w", err)
	case <-time.After(ready):
		return fmt.Errorf("embedded etcd in %s is not ready after %s", cfg.Dir, ready)
	case <-ctx.Done():
		return ctx.Err()
	}
	s.client = v3client.New(s.member.Server)
	s.DB, err = mvcc.New(&log{client: s.client, ready: cfg.Ready}, func(yield func(string, []byte) error) error { return load(ctx, s.client, yield) })
	return err
}

// Close stops the member. Records stay.
func (s *Store) Close() error {
	s.once.Do(func() { s.closed = errors.Join(s.DB.Close(), s.stop()) })
	return s.closed
}

// stop undoes open but for the DB.
func (s *Store) stop() error {
	if s.client != nil {
		// An in-process client has nothing of its own to close; it answers
		// with the end of its context.
		_ = s.client.Close()
	}
	if s.member != nil {
		s.member.Close()
	}
	return s.lock.Close()
}
