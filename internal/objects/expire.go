package objects

import (
	"context"
	"errors"
	"time"
)

const (
	expireEvery = time.Hour
	expireBatch = 500 // targets of one transaction
)

// Run acts on lifecycles until ctx ends: at once, whenever a bucket's settings
// change, and every hour.
func (e *Engine) Run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-e.wake:
		case <-timer.C:
		}
		if err := e.Expire(ctx); err != nil && ctx.Err() == nil {
			e.log.Error("lifecycles could not be acted on; tried again in an hour", "error", err)
		}
		timer.Reset(expireEvery)
	}
}

// Expire acts on every bucket's lifecycle once.
func (e *Engine) Expire(ctx context.Context) error {
	buckets, err := e.Buckets("")
	if err != nil {
		return err
	}
	var errs []error
	for _, b := range buckets {
		if len(b.Rules) == 0 || ctx.Err() != nil {
			continue
		}
		if err := errors.Join(e.expireVersions(ctx, b), e.expireUploads(ctx, b)); err != nil && !errors.Is(err, ErrNoBucket) {
			errs = append(errs, err)
		}
	}
	return errors.Join(append(errs, ctx.Err())...)
}

func (e *Engine) expireVersions(ctx context.Context, b Bucket) error {
	req := ListRequest{Max: 1000}
	var group []Version // of one key
	var targets []Target
	flush := func() error {
		if len(targets) == 0 {
			return nil
		}
		if _, err := e.Delete(b.Name, targets...); err != nil {
			return err
		}
		e.log.Info("objects expired by lifecycle", "bucket", b.Name, "count", len(targets))
		targets = nil
		return nil
	}
	decide := func() {
		targets = append(targets, expired(b.Rules, group, e.now())...)
		group = group[:0]
	}
	for ctx.Err() == nil {
		page, err := e.ListVersions(b.Name, req)
		if err != nil {
			return err
		}
		for _, v := range page.Versions {
			if len(group) > 0 && group[0].Key != v.Key {
				decide()
			}
			group = append(group, v)
		}
		if len(targets) >= expireBatch {
			if err := flush(); err != nil {
				return err
			}
		}
		if !page.More {
			break
		}
		req.After, req.AfterID = page.Next, page.NextID
	}
	decide()
	return flush()
}

func (e *Engine) expireUploads(ctx context.Context, b Bucket) error {
	req := ListRequest{Max: 1000}
	for ctx.Err() == nil {
		uploads, page, err := e.Uploads(b.Name, req)
		if err != nil {
			return err
		}
		for _, u := range uploads {
			if !abandoned(b.Rules, u, e.now()) {
				continue
			}
			if err := e.Abort(b.Name, u.Key, u.ID); err != nil && !errors.Is(err, ErrNoUpload) {
				return err
			}
			e.log.Info("upload aborted by lifecycle", "bucket", b.Name)
		}
		if !page.More {
			return nil
		}
		req.After, req.AfterID = page.Next, page.NextID
	}
	return ctx.Err()
}
