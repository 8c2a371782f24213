package objects

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	bolt "go.etcd.io/bbolt"

	"github.com/hatoba/hatoba/internal/disk"
)

// format is the layout of the directory and of the database.
const format = "1\n"

// Sealer seals the data keys of objects. key is the ARN of a KMS key, "" for
// Hatoba's own. An error that is the key's fault wraps ErrKeyUnusable.
type Sealer interface {
	Seal(ctx context.Context, key string, aad, dataKey []byte) ([]byte, error)
	Open(ctx context.Context, key string, aad, sealed []byte) ([]byte, error)
}

// Config is what an Engine works with.
type Config struct {
	Dir    string
	Sealer Sealer
	Now    func() time.Time // nil: time.Now
	Log    *slog.Logger     // nil: slog.Default()
}

// Engine keeps objects. Its methods may be called concurrently.
type Engine struct {
	dir    string
	sealer Sealer
	now    func() time.Time
	log    *slog.Logger
	db     *bolt.DB
	leases leases
	wake   chan struct{} // a lifecycle changed
}

// The database's top level.
var (
	bucketsTable = []byte("buckets") // name -> Bucket
	objectsTable = []byte("objects") // name -> {key 00 ^sequence -> Version}
	uploadsTable = []byte("uploads") // name -> {key 00 id -> Upload}
	partsTable   = []byte("parts")   // id number -> Part
	blobsTable   = []byte("blobs")   // blob -> nothing: the blobs in use
)

// Open opens the objects below cfg.Dir, and makes the directory when there is
// none. Blobs that no record uses, left by uploads that never ended, are
// removed.
func Open(cfg Config) (*Engine, error) {
	e := &Engine{dir: cfg.Dir, sealer: cfg.Sealer, now: cfg.Now, log: cfg.Log, wake: make(chan struct{}, 1)}
	if e.now == nil {
		e.now = time.Now
	}
	if e.log == nil {
		e.log = slog.Default()
	}
	for _, dir := range []string{e.dir, e.blobDir(), e.tmpDir()} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return nil, fmt.Errorf("objects: %w", err)
		}
	}
	if err := checkFormat(filepath.Join(e.dir, "VERSION")); err != nil {
		return nil, fmt.Errorf("objects: %w", err)
	}
	db, err := bolt.Open(filepath.Join(e.dir, "meta.db"), 0o600, &bolt.Options{Timeout: 2 * time.Second, FreelistType: bolt.FreelistMapType})
	if err != nil {
		return nil, fmt.Errorf("objects: %w", err)
	}
	e.db = db
	if err := e.begin(); err != nil {
		return nil, fmt.Errorf("objects: %w", errors.Join(err, db.Close()))
	}
	return e, nil
}

// Close releases the database.
func (e *Engine) Close() error { return e.db.Close() }

func (e *Engine) blobDir() string { return filepath.Join(e.dir, "blobs") }
func (e *Engine) tmpDir() string  { return filepath.Join(e.dir, "tmp") }

func checkFormat(path string) error {
	b, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist):
		return disk.Write(path, []byte(format), 0o600)
	case err != nil:
		return err
	case string(b) != format:
		return fmt.Errorf("%w: layout %.20q, this build knows %q", ErrNewerData, strings.TrimSpace(string(b)), strings.TrimSpace(format))
	}
	return nil
}

// begin makes the tables and sweeps what a crash has left.
func (e *Engine) begin() error {
	err := e.db.Update(func(tx *bolt.Tx) error {
		for _, name := range [][]byte{bucketsTable, objectsTable, uploadsTable, partsTable, blobsTable} {
			if _, err := tx.CreateBucketIfNotExists(name); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return e.sweep()
}

// get reads a JSON record.
func get[T any](b *bolt.Bucket, key []byte) (out T, ok bool, err error) {
	raw := b.Get(key)
	if raw == nil {
		return out, false, nil
	}
	err = json.Unmarshal(raw, &out)
	return out, true, err
}

// put writes a JSON record.
func put(b *bolt.Bucket, key []byte, record any) error {
	raw, err := json.Marshal(record)
	if err != nil {
		return err
	}
	return b.Put(key, raw)
}
