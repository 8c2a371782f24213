package metrics

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/prometheus/storage"
	"golang.org/x/sync/errgroup"

	"github.com/hatoba/hatoba/internal/disk"
)

// Config is what an engine works with.
type Config struct {
	Dir string // made if missing; one engine at a time
	Log *slog.Logger
	Now func() time.Time // nil: time.Now

	Ready func() error // refuses data while there is no room for them; nil: never

	MaxSeries int // that had data in the last two weeks; 0: 1,000,000
}

// Engine keeps metrics as CloudWatch does, in Prometheus' tsdb. What is
// acknowledged survives the end of the process and of the machine. Its methods
// may be called concurrently, and while Run runs.
//
// A datum goes to the journal and, as the values it is made of, to the tiers
// seconds (if it is fine) and minutes. Two weeks later, when nothing can come
// for that time any more, each hour is rolled up once into the tiers fives and
// hours; what is read is always what all data that came say, and nothing can
// count twice.
type Engine struct {
	cfg   Config
	tiers [resolutions]*tier

	mu      sync.Mutex // guards what follows, and writes to the tiers
	journal *journal
	entries map[string]*entry // by identity and unit; changed under known as well, so that it can be read under either
	marks   map[string]*mark  // by producer
	lastID  uint64
	high    [2]int64 // milliseconds: the newest sample when the engine was opened
	samples []sample // of the Put under way
	wide    []*slots // that remember more than they may between calls
	key     []byte

	known sync.RWMutex // taken after mu

	rolled     atomic.Int64 // milliseconds: what is before has been rolled up
	checkpoint chan struct{}
	counters   counters
}

// counters count since the engine was opened.
type counters struct {
	taken, refused, samples atomic.Int64
}

// Stats are numbers of an engine.
type Stats struct {
	Taken   int64 // data, since the engine was opened
	Refused int64 // data that were not taken, for whatever reason
	Samples int64 // numbers they were stored as
	Series  int   // that had data in the last two weeks
}

// Stats tells how the engine does.
func (e *Engine) Stats() Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	return Stats{Taken: e.counters.taken.Load(), Refused: e.counters.refused.Load(), Samples: e.counters.samples.Load(), Series: len(e.entries)}
}

// Ready tells why data are not taken; nil: they are.
func (e *Engine) Ready() error {
	if e.cfg.Ready != nil {
		if err := e.cfg.Ready(); err != nil {
			return err
		}
	}
	e.journal.mu.Lock()
	defer e.journal.mu.Unlock()
	return e.journal.broken
}

const (
	formatFile    = "FORMAT"
	formatVersion = "1\n"
	rolledFile    = "rolled"
	journalDir    = "journal"
)

// Open opens the metrics in cfg.Dir, replaying what a crash left. Close ends
// it. Run should run beside: it rolls up and deletes.
func Open(ctx context.Context, cfg Config) (_ *Engine, err error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.MaxSeries == 0 {
		cfg.MaxSeries = 1_000_000
	}
	e := &Engine{cfg: cfg, entries: map[string]*entry{}, marks: map[string]*mark{}, checkpoint: make(chan struct{}, 1)}
	if err := checkFormat(cfg.Dir); err != nil {
		return nil, err
	}
	if err := e.readRolled(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, e.Close())
		}
	}()
	quiet := slog.New(quiet{cfg.Log.Handler()})
	group, _ := errgroup.WithContext(ctx)
	for r := range resolutions {
		group.Go(func() (err error) {
			e.tiers[r], err = openTier(cfg.Dir, r, quiet, e.deletable)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	journal, err := openJournal(filepath.Join(cfg.Dir, journalDir), quiet)
	if err != nil {
		return nil, fmt.Errorf("journal: %w", err)
	}
	e.journal = journal
	if err := e.recover(ctx); err != nil {
		return nil, err
	}
	return e, nil
}

func checkFormat(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	path := filepath.Join(dir, formatFile)
	text, err := os.ReadFile(path)
	switch {
	case os.IsNotExist(err):
		return disk.Write(path, []byte(formatVersion), 0o600)
	case err != nil:
		return err
	case string(text) != formatVersion:
		return fmt.Errorf("the metrics in %s have format %.20q, which this Hatoba does not know: it may be older than the one that wrote them", dir, text)
	}
	return nil
}

// recover brings the tiers to where the journal is. Assumed is that a record
// names its times: applied again it changes nothing, since a number that is
// there already at a time is the same number. What the tiers have of records
// that never became durable in the journal was not acknowledged to anybody.
func (e *Engine) recover(ctx context.Context) error {
	last, _, err := e.journal.wl.LastSegmentAndOffset()
	if err != nil {
		return err
	}
	old := 0
	err = replay(e.journal.wl.Dir(), last, e.cfg.Log, func(samples []sample) error {
		apps, n, err := e.append(ctx, samples, true)
		if old += n; err != nil {
			return err
		}
		return apps.commit()
	})
	if err != nil {
		return err
	}
	if old > 0 { // the tier has had newer data since, and these before
		e.cfg.Log.Warn("the metrics' journal holds numbers that are too old to be written again", "numbers", old)
	}
	for r, t := range e.tiers[:2] {
		e.high[r] = t.db.Head().MaxTime()
		for _, b := range t.db.Blocks() {
			e.high[r] = max(e.high[r], b.MaxTime()-1)
		}
	}
	if err := e.loadEntries(); err != nil {
		return fmt.Errorf("series: %w", err)
	}
	if err := e.loadMarks(ctx); err != nil {
		return fmt.Errorf("producers: %w", err)
	}
	return e.trim(last)
}

// trim forgets the journal before a segment, once the tiers have it on disk.
func (e *Engine) trim(segment int) error {
	for _, t := range e.tiers[:2] {
		if err := t.sync(); err != nil {
			return fmt.Errorf("%s: %w", t.name, err)
		}
	}
	return e.journal.wl.Truncate(segment)
}

// Checkpoint makes the tiers durable and the journal empty.
func (e *Engine) Checkpoint() error {
	e.mu.Lock()
	if e.journal.size == 0 {
		e.mu.Unlock()
		return nil
	}
	segment, err := e.journal.turn()
	e.mu.Unlock()
	if err != nil {
		return err
	}
	return e.trim(segment)
}

// Run makes checkpoints, rolls up and deletes what is over age, until ctx ends.
func (e *Engine) Run(ctx context.Context) error {
	const every = 10 * time.Minute
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		if err := e.RollUp(ctx); err != nil && ctx.Err() == nil {
			e.cfg.Log.Error("metrics can not be rolled up", "error", err)
		}
		e.forget()
		if err := e.Checkpoint(); err != nil {
			e.cfg.Log.Error("the metrics' journal can not be emptied", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-e.checkpoint:
		case <-tick.C:
		}
	}
}

// Close closes the engine; nobody may use it any more.
func (e *Engine) Close() error {
	var errs []error
	if e.journal != nil {
		errs = append(errs, e.Checkpoint())
		errs = append(errs, e.journal.wl.Close())
	}
	for _, t := range e.tiers {
		if t != nil {
			errs = append(errs, t.db.Close())
		}
	}
	return errors.Join(errs...)
}

// appenders write to the tiers.
type appenders [resolutions]storage.AppenderV2

func (a *appenders) to(ctx context.Context, e *Engine, r resolution) storage.AppenderV2 {
	if a[r] == nil {
		a[r] = e.tiers[r].db.AppenderV2(ctx)
	}
	return a[r]
}

func (a *appenders) commit() error {
	var errs []error
	for _, app := range a {
		if app != nil {
			errs = append(errs, app.Commit())
		}
	}
	return errors.Join(errs...)
}

func (a *appenders) rollback() {
	for _, app := range a {
		if app != nil {
			_ = app.Rollback()
		}
	}
}

// append prepares samples for a commit. On an error nothing is to be committed.
// Those that are too old are an error, or passed over and counted.
func (e *Engine) append(ctx context.Context, samples []sample, pass bool) (a appenders, old int, err error) {
	ctx = context.WithoutCancel(ctx)
	for i := range samples {
		s := &samples[i]
		c := s.column
		ref, err := a.to(ctx, e, c.tier).Append(c.ref, c.labels, 0, s.t, s.v, nil, nil, storage.AppendV2Options{})
		switch {
		case pass && (errors.Is(err, storage.ErrTooOldSample) || errors.Is(err, storage.ErrOutOfBounds)):
			old++
		case err != nil:
			a.rollback()
			return a, old, fmt.Errorf("%s: %w", e.tiers[c.tier].name, err)
		default:
			c.ref = ref
		}
	}
	return a, old, nil
}

// quiet lets warnings of tsdb through, and not how it does. That blocks overlap
// is no news: late data make such.
type quiet struct{ slog.Handler }

func (q quiet) Enabled(ctx context.Context, l slog.Level) bool {
	return l >= slog.LevelWarn && q.Handler.Enabled(ctx, l)
}

func (q quiet) Handle(ctx context.Context, r slog.Record) error {
	if strings.HasPrefix(r.Message, "Overlapping blocks") {
		return nil
	}
	return q.Handler.Handle(ctx, r)
}

func (q quiet) WithAttrs(attrs []slog.Attr) slog.Handler { return quiet{q.Handler.WithAttrs(attrs)} }

func (q quiet) WithGroup(name string) slog.Handler { return quiet{q.Handler.WithGroup(name)} }
