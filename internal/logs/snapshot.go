package logs

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Snapshot makes dir, which must not be there and be on the store's file
// system, a store as this one stands: all that was acknowledged before the
// call is in it. Files that never change are linked, so that it costs little.
func (e *Engine) Snapshot(ctx context.Context, dir string) error {
	if err := e.Flush(ctx); err != nil { // so that little is in the log
		return err
	}
	e.flushing.Lock() // neither flush nor merge
	defer e.flushing.Unlock()
	for _, d := range []string{dir, filepath.Join(dir, "wal"), filepath.Join(dir, "seg")} {
		if err := os.Mkdir(d, 0o700); err != nil {
			return err
		}
	}
	if err := e.linkSegments(dir); err != nil {
		return fmt.Errorf("snapshot of the log store: %w", err)
	}
	// What is in the log by now is read behind what it tells of, as after a kill.
	numbers, err := e.numbered(filepath.Join(e.cfg.Dir, "wal"), ".log")
	for _, n := range numbers {
		err = errors.Join(err, copyFile(filepath.Join(dir, "wal", filepath.Base(e.walPath(n))), e.walPath(n)))
	}
	return err
}

func (e *Engine) linkSegments(dir string) error {
	e.mu.RLock() // nothing is deleted
	defer e.mu.RUnlock()
	if err := os.Link(e.catalogPath(), filepath.Join(dir, "catalog")); err != nil {
		return err
	}
	root := filepath.Join(e.cfg.Dir, "seg")
	return filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		if errors.Is(err, os.ErrNotExist) {
			return nil // deleted before, removed just now
		}
		if err != nil || path == root {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, "seg", rel)
		if d.IsDir() {
			return os.Mkdir(to, 0o700)
		}
		if err := os.Link(path, to); !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	})
}

func copyFile(to, from string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Close())
}
