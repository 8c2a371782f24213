package reclaim

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/disk"
)

// Images is the engine's store of images.
type Images interface {
	// Images tells what is stored and what of it is in use.
	Images(ctx context.Context) ([]runtime.StoredImage, error)
	// RemoveImage deletes an image and what only it needs; one that came into
	// use since is kept, which is no error.
	RemoveImage(ctx context.Context, image runtime.StoredImage) error
}

// Config is what a Loop works with.
type Config struct {
	Policy Policy
	Images Images
	Keep   func() map[string]bool // images that tasks are about to use
	Usage  func() (disk.Usage, error)
	// Others free what else is kept for nobody, such as the blobs of deleted
	// images. They are asked first.
	Others []func(ctx context.Context) error
	Log    *slog.Logger
}

// Loop looks after the disk.
type Loop struct {
	cfg  Config
	turn chan struct{} // holds the right to free
}

// every is how often the marks are looked at.
const every = time.Minute

// New returns a Loop.
func New(cfg Config) *Loop {
	return &Loop{cfg: cfg, turn: make(chan struct{}, 1)}
}

// Run looks at the marks until ctx ends.
func (l *Loop) Run(ctx context.Context) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if err := l.Free(ctx, false); err != nil && ctx.Err() == nil {
			l.cfg.Log.Error("disk space could not be freed", "error", err)
		}
	}
}

// Free deletes what the policy says. pressed means that work is being refused
// for want of room: then images go down to the low mark, or all of them, also
// when the high mark is not reached.
func (l *Loop) Free(ctx context.Context, pressed bool) error {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	p := l.cfg.Policy
	usage, err := l.cfg.Usage()
	if err != nil {
		return err
	}
	if !pressed && p.High.Percent > 0 && Excess(p, usage, 0) == 0 {
		return nil // without asking the engine
	}
	var errs []error
	for _, free := range l.cfg.Others {
		errs = append(errs, free(ctx))
	}
	images, err := l.cfg.Images.Images(ctx)
	if err != nil {
		return errors.Join(append(errs, err)...)
	}
	if l.cfg.Keep != nil {
		keep := l.cfg.Keep()
		for i := range images {
			images[i].InUse = images[i].InUse || keep[images[i].Ref]
		}
	}
	if usage, err = l.cfg.Usage(); err != nil {
		return errors.Join(append(errs, err)...)
	}
	excess := Excess(p, usage, total(images))
	if pressed && excess == 0 {
		excess = usage.Total
	}
	freed := 0
	for _, image := range Choose(time.Now(), p, excess, images) {
		if err := l.cfg.Images.RemoveImage(ctx, image); err != nil {
			errs = append(errs, err)
			continue
		}
		freed++
		l.cfg.Log.Info("an image nobody uses is deleted", "image", image.Ref, "bytes", image.Bytes, "last_used", image.LastUsed)
	}
	if after, err := l.cfg.Usage(); err == nil && freed > 0 {
		l.cfg.Log.Info("disk space freed", "images", freed, "bytes", after.Free-usage.Free, "free", after.Free)
	}
	return errors.Join(errs...)
}

func total(images []runtime.StoredImage) (sum int64) {
	for _, i := range images {
		sum += i.Bytes
	}
	return sum
}
