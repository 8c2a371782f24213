package logs

import (
	"context"

	"github.com/hatoba/hatoba/internal/state"
)

// TailRequest asks for events as they arrive.
type TailRequest struct {
	Group   string
	Streams []string // only these, which must exist; nil: all, also later ones
	Prefix  string   // only streams whose names begin so
	Start   int64    // times from here on, inclusive
	Match   Matcher  // nil: all
}

// Tail calls fn with the events since Start and then with events as they
// become durable, until ctx ends, fn fails or the group is deleted. Each event
// is given once; those of one call are in order of time. A slow fn costs no
// memory and loses nothing: it is given what has arrived meanwhile.
func (e *Engine) Tail(ctx context.Context, scope state.Scope, r TailRequest, fn func([]Event) error) error {
	after := uint64(0)
	for {
		wake, err := e.wake(scope, r.Group)
		if err != nil {
			return err
		}
		if after, err = e.pass(ctx, scope, r, after, fn); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-wake:
		}
	}
}

// pass gives the events after the sequence number given and up to the one it
// returns.
func (e *Engine) pass(ctx context.Context, scope state.Scope, r TailRequest, after uint64, fn func([]Event) error) (uint64, error) {
	q := FilterRequest{
		Group: r.Group, Streams: r.Streams, Prefix: r.Prefix, Start: r.Start, Match: r.Match, after: after,
	}
	visible := e.wal.visible.Load()
	for {
		found, err := e.filterUpTo(ctx, scope, q, visible)
		if err != nil {
			return after, err
		}
		if len(found.Events) > 0 {
			if err := fn(found.Events); err != nil {
				return after, err
			}
		}
		if found.Next == nil {
			return visible, nil
		}
		q.From = found.Next
	}
}

// wake returns a channel that closes when the group changes next.
func (e *Engine) wake(scope state.Scope, name string) (<-chan struct{}, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	g, err := e.tables.find(scope, name)
	if err != nil {
		return nil, err
	}
	return g.waiter(), nil
}
