package metrics

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/hatoba/hatoba/internal/disk"
)

// Snapshot writes to dir, which is made, what an engine can be opened on: all
// that was acknowledged before the call. Puts wait until it is done.
func (e *Engine) Snapshot(ctx context.Context, dir string) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	for _, t := range e.tiers {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := t.snapshot(ctx, filepath.Join(dir, t.name)); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	if err := disk.Write(filepath.Join(dir, rolledFile), []byte(time.UnixMilli(e.rolled.Load()).UTC().Format(time.RFC3339)+"\n"), 0o600); err != nil {
		return err
	}
	return disk.Write(filepath.Join(dir, formatFile), []byte(formatVersion), 0o600)
}

// snapshot links the blocks and writes what is in memory as one more; late
// data become blocks first.
func (t *tier) snapshot(ctx context.Context, dir string) error {
	if err := t.db.CompactOOOHead(ctx); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	return t.db.Snapshot(dir, t.db.Head().NumSeries() > 0)
}
