package metrics

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/prometheus/prometheus/tsdb"
)

// How long each resolution is kept, and how late and early data may come.
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/cloudwatch_concepts.html#metrics-retention
const (
	keepFine    = 3 * time.Hour
	keepMinutes = 15 * 24 * time.Hour
	keepFives   = 63 * 24 * time.Hour
	keepHours   = 455 * 24 * time.Hour

	// MaxAge is how old a datum may be when it comes, MaxAhead how far in the future.
	// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricData.html
	MaxAge   = 14 * 24 * time.Hour
	MaxAhead = 2 * time.Hour
)

// resolution names a tier: what is kept at one resolution, a database of its own.
type resolution uint8

const (
	seconds resolution = iota
	minutes
	fives
	hours
	resolutions
)

// tierShape is how a tier is kept on disk. The smaller a block, the less is in
// memory and the sooner a part of it can be deleted.
type tierShape struct {
	name         string
	bucket       time.Duration // of which the samples are told apart by their milliseconds
	keep         time.Duration
	block, merge time.Duration
	stripes      int
}

var shapes = [resolutions]tierShape{
	seconds: {"seconds", time.Second, keepFine, time.Hour, time.Hour, 1 << 10},
	minutes: {"minutes", time.Minute, keepMinutes, 4 * time.Hour, 48 * time.Hour, 1 << 12},
	fives:   {"fives", 5 * time.Minute, keepFives, 24 * time.Hour, 10 * 24 * time.Hour, 1 << 8},
	hours:   {"hours", time.Hour, keepHours, 10 * 24 * time.Hour, 100 * 24 * time.Hour, 1 << 8},
}

// tier is an open tier.
type tier struct {
	tierShape
	dir string
	db  *tsdb.DB
}

// openTier opens one. before tells until when its blocks may be deleted.
func openTier(dir string, r resolution, log *slog.Logger, before func(*tier) time.Time) (*tier, error) {
	t := &tier{tierShape: shapes[r], dir: filepath.Join(dir, shapes[r].name)}
	opts := tsdb.DefaultOptions()
	opts.NoLockfile = true // the data directory is claimed as a whole
	opts.MinBlockDuration, opts.MaxBlockDuration = t.block.Milliseconds(), t.merge.Milliseconds()
	opts.RetentionDuration = 0
	opts.StripeSize = t.stripes
	opts.WALSegmentSize = 32 << 20
	// Data may come MaxAge late beside others that come MaxAhead early.
	opts.OutOfOrderTimeWindow = (MaxAge + MaxAhead + 24*time.Hour).Milliseconds()
	opts.BlocksToDelete = func(blocks []*tsdb.Block) map[ulid.ULID]struct{} {
		gone := map[ulid.ULID]struct{}{}
		for _, b := range blocks {
			meta := b.Meta()
			if meta.Compaction.Deletable || meta.MaxTime <= before(t).UnixMilli() {
				gone[meta.ULID] = struct{}{}
			}
		}
		return gone
	}
	var err error
	t.db, err = tsdb.Open(t.dir, log, nil, opts, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.name, err)
	}
	return t, nil
}

// sync makes durable what was committed: tsdb writes its logs, and leaves it to
// the system when they reach the disk.
func (t *tier) sync() error {
	var errs []error
	for _, name := range []string{"wal", "wbl", "chunks_head", "."} {
		errs = append(errs, syncFiles(filepath.Join(t.dir, name)))
	}
	return errors.Join(errs...)
}

// syncFiles syncs a directory and the files in it. What is deleted meanwhile
// was replaced by something synced.
func syncFiles(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.Type().IsRegular() {
			continue
		}
		if err := syncFile(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return syncFile(dir)
}

func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
