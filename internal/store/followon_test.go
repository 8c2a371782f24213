package store_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hatoba/hatoba/internal/store"
)

// follows is a Store that only follows.
type follows struct {
	store.Store
	follow func(begin func(store.Reader) error) error
}

func (f follows) Follow(_ context.Context, begin func(store.Reader) error, _ func([]store.Change) error, _ ...string) error {
	return f.follow(begin)
}

func TestFollowOnBeginsAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := slog.New(slog.DiscardHandler)
		ends := []error{store.ErrBehind, errors.New("begin failed"), store.ErrBehind, store.ErrClosed}
		var at []time.Duration
		start := time.Now()
		store.FollowOn(t.Context(), follows{follow: func(begin func(store.Reader) error) error {
			_ = begin(nil)
			return ends[len(at)-1]
		}}, log, func(store.Reader) error {
			at = append(at, time.Since(start))
			return nil
		}, nil)
		if len(at) != 4 || at[1] != 0 || at[2] < time.Second || at[3] != at[2] {
			t.Errorf("it began at %v", at)
		}

		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		n := 0
		store.FollowOn(ctx, follows{follow: func(func(store.Reader) error) error { n++; return errors.New("no") }}, log, nil, nil)
		if n > 61 || ctx.Err() == nil {
			t.Errorf("a follower that fails begins %d times in a minute", n)
		}
	})
}
