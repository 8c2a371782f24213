package objects

import (
	"errors"
	"os"
	"path/filepath"

	bolt "go.etcd.io/bbolt"
)

// Snapshot makes dir, which must not be there and be on the engine's file
// system, a copy of the objects as they stand. Blobs never change and are
// linked once the records are copied; until then none is removed, so that what
// the records name is there.
func (e *Engine) Snapshot(dir string) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "VERSION"), []byte(format), 0o600); err != nil {
		return err
	}
	e.leases.hold()
	defer func() { e.unlink(e.leases.release()) }()
	err := e.db.View(func(tx *bolt.Tx) error { return tx.CopyFile(filepath.Join(dir, "meta.db"), 0o600) })
	return errors.Join(err, e.linkBlobs(dir))
}

func (e *Engine) linkBlobs(dir string) error {
	return filepath.WalkDir(e.blobDir(), func(path string, d os.DirEntry, err error) error {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(e.dir, path)
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.MkdirAll(filepath.Join(dir, rel), 0o700)
		}
		if err := os.Link(path, filepath.Join(dir, rel)); !errors.Is(err, os.ErrNotExist) && !errors.Is(err, os.ErrExist) {
			return err
		}
		return nil
	})
}
