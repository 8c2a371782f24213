package store

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// again is how long after a Follow that failed the next one begins.
const again = time.Second

// FollowOn follows until ctx ends or the store is closed. A follower that fell
// behind, or that begin or change ended, begins again with the whole set; that
// is logged.
func FollowOn(ctx context.Context, s Store, log *slog.Logger, begin func(Reader) error, change func([]Change) error, tables ...string) {
	for {
		err := s.Follow(ctx, begin, change, tables...)
		if ctx.Err() != nil || errors.Is(err, ErrClosed) {
			return
		}
		log.Warn("a follower begins again", "tables", tables, "error", err)
		if errors.Is(err, ErrBehind) {
			continue
		}
		select { // what failed may fail again
		case <-ctx.Done():
			return
		case <-time.After(again):
		}
	}
}
