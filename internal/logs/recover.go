package logs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// recover brings the engine to what the directory holds: the catalog, then
// the log after it. What it assumes of a crash is in the package's comment.
func (e *Engine) recover(ctx context.Context) error {
	if err := os.MkdirAll(e.cfg.Dir, 0o700); err != nil {
		return fmt.Errorf("log store: %w", err)
	}
	if err := syncDir(filepath.Dir(e.cfg.Dir)); err != nil {
		return fmt.Errorf("log store: %w", err)
	}
	for _, name := range []string{"wal", "seg"} {
		if err := makeDir(filepath.Join(e.cfg.Dir, name)); err != nil {
			return fmt.Errorf("log store: %w", err)
		}
	}
	e.tables = newTables()
	from, err := e.loadCatalog()
	if err != nil {
		return fmt.Errorf("log store: catalog: %w", err)
	}
	number, bytes, err := e.replay(ctx, from)
	if err != nil {
		return fmt.Errorf("log store: %w", err)
	}
	e.tables.trash = nil // the leftovers are found by removeLeftovers
	for _, g := range e.tables.byID {
		for _, s := range g.segments {
			s.path = e.segmentPath(s.group, s.id)
		}
	}
	if err := e.removeLeftovers(from); err != nil {
		return fmt.Errorf("log store: %w", err)
	}
	file, err := e.createWAL(number)
	if err != nil {
		return fmt.Errorf("log store: %w", err)
	}
	e.wal = newWAL(file, number, e.tables.seq)
	e.wal.bytes.Store(bytes)
	if e.flushDue() {
		token(e.full)
	}
	return nil
}

// replay applies the log files from number from on and returns the number for
// the next one, and their bytes.
func (e *Engine) replay(ctx context.Context, from uint64) (next uint64, bytes int64, err error) {
	numbers, err := e.numbered(filepath.Join(e.cfg.Dir, "wal"), ".log")
	if err != nil {
		return 0, 0, err
	}
	numbers = slices.DeleteFunc(numbers, func(n uint64) bool { return n < from })
	next = from
	for i, n := range numbers {
		if err := ctx.Err(); err != nil {
			return 0, 0, err
		}
		size, err := e.replayFile(n, i == len(numbers)-1)
		if err != nil {
			return 0, 0, fmt.Errorf("log file %s: %w", e.walPath(n), err)
		}
		next, bytes = n+1, bytes+int64(size)
	}
	return next, bytes, nil
}

// replayFile applies one file. A broken end of the newest file is what a
// crash leaves: nobody was told that it is stored. It is cut off, so that the
// file stays readable when it is not the newest any more.
func (e *Engine) replayFile(n uint64, newest bool) (size int, err error) {
	content, err := os.ReadFile(e.walPath(n))
	if err != nil {
		return 0, err
	}
	rest := content
	for len(rest) > 0 {
		payload, after, ok := nextFrame(rest)
		if !ok {
			if !newest {
				return 0, fmt.Errorf("at byte %d: %w", size, errCorrupt)
			}
			return size, e.cut(n, size, len(rest))
		}
		if err := e.tables.apply(payload); err != nil {
			return 0, fmt.Errorf("at byte %d: %w", size, err)
		}
		rest = after
		size = len(content) - len(rest)
	}
	return size, nil
}

func (e *Engine) cut(n uint64, size, dropped int) error {
	e.cfg.Log.Warn("log store: cut off an unfinished write", "file", e.walPath(n), "bytes", dropped)
	f, err := os.OpenFile(e.walPath(n), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Truncate(int64(size)), f.Sync(), f.Close())
}

// createWAL makes a new log file whose name is durable.
func (e *Engine) createWAL(number uint64) (*os.File, error) {
	f, err := os.OpenFile(e.walPath(number), os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syncDir(filepath.Join(e.cfg.Dir, "wal")); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

func (e *Engine) numbered(dir, suffix string) ([]uint64, error) {
	entries, err := os.ReadDir(dir) // in order of names, so of numbers
	if err != nil {
		return nil, err
	}
	var out []uint64
	for _, entry := range entries {
		if n, ok := numbered(entry.Name(), suffix); ok {
			out = append(out, n)
		}
	}
	return out, nil
}

// removeLeftovers removes log files that the catalog contains and segments
// that nothing names.
func (e *Engine) removeLeftovers(from uint64) error {
	numbers, err := e.numbered(filepath.Join(e.cfg.Dir, "wal"), ".log")
	if err != nil {
		return err
	}
	for _, n := range numbers {
		if n < from {
			if err := os.Remove(e.walPath(n)); err != nil {
				return err
			}
		}
	}
	groups, err := e.numbered(filepath.Join(e.cfg.Dir, "seg"), "")
	if err != nil {
		return err
	}
	for _, id := range groups {
		g := e.tables.byID[id]
		if g == nil {
			if err := os.RemoveAll(e.groupDir(id)); err != nil {
				return err
			}
			continue
		}
		if err := e.removeUnnamed(g); err != nil {
			return err
		}
	}
	return nil
}

func (e *Engine) removeUnnamed(g *group) error {
	named := make(map[string]bool, len(g.segments))
	for _, s := range g.segments {
		named[filepath.Base(s.path)] = true
	}
	entries, err := os.ReadDir(e.groupDir(g.id))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	for _, entry := range entries {
		if !named[entry.Name()] {
			if err := os.Remove(filepath.Join(e.groupDir(g.id), entry.Name())); err != nil {
				return err
			}
		}
		delete(named, entry.Name())
	}
	for name := range named {
		return fmt.Errorf("segment %s of log group %q is missing", name, g.Name)
	}
	return nil
}
