package logs

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/hatoba/hatoba/internal/state"
)

// CreateStream makes a stream of a group. A stream of that name is ErrExists.
func (e *Engine) CreateStream(_ context.Context, scope state.Scope, group, name string) error {
	return e.change(func(t *tables) ([]byte, uint64, error) {
		g, err := t.find(scope, group)
		if err != nil {
			return nil, 0, err
		}
		if _, err := g.stream(name); err == nil {
			return nil, 0, fmt.Errorf("log stream %q: %w", name, ErrExists)
		}
		return t.newStream(g, name, e.now()), 0, nil
	})
}

func (t *tables) newStream(g *group, name string, now int64) []byte {
	s := &stream{id: t.newID(), Stream: Stream{Name: name, Created: now}}
	t.putStream(g.id, s)
	return encodeStream(g.id, s)
}

// OpenStream makes sure that a stream exists, and with createGroup its group
// too. Without it a missing group is ErrNoGroup.
func (e *Engine) OpenStream(ctx context.Context, scope state.Scope, group, name string, createGroup bool) error {
	for {
		err := e.CreateStream(ctx, scope, group, name)
		switch {
		case errors.Is(err, ErrExists):
			return nil
		case !errors.Is(err, ErrNoGroup) || !createGroup:
			return err
		}
		err = e.CreateGroup(ctx, scope, Group{Name: group, Class: "STANDARD"})
		if err != nil && !errors.Is(err, ErrExists) {
			return err
		}
	}
}

// DeleteStream removes a stream with its events. Their space is freed by Run.
func (e *Engine) DeleteStream(_ context.Context, scope state.Scope, group, name string) error {
	defer token(e.sweep)
	return e.change(func(t *tables) ([]byte, uint64, error) {
		g, err := t.find(scope, group)
		if err != nil {
			return nil, 0, err
		}
		s, err := g.stream(name)
		if err != nil {
			return nil, 0, err
		}
		t.deleteStream(g.id, s.id)
		return encodeDeleteStream(g.id, s.id), 0, nil
	})
}

// GetStream returns a stream.
func (e *Engine) GetStream(_ context.Context, scope state.Scope, group, name string) (Stream, error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	g, err := e.tables.find(scope, group)
	if err != nil {
		return Stream{}, err
	}
	s, err := g.stream(name)
	if err != nil {
		return Stream{}, err
	}
	return s.Stream, nil
}

// StreamQuery asks for streams of a group.
type StreamQuery struct {
	Prefix      string
	ByLastEvent bool    // order: by the time of the last event and then the name, else by name
	Descending  bool    // order
	After       *Stream // continue after this one, which Name and LastEvent tell; nil: begin
	Limit       int     // at most so many; 0: no bound
}

// ListStreams returns streams in order. more tells that the limit left some
// out. A stream without events orders as if its last event were at 0.
func (e *Engine) ListStreams(_ context.Context, scope state.Scope, group string, q StreamQuery) (out []Stream, more bool, err error) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	g, err := e.tables.find(scope, group)
	if err != nil {
		return nil, false, err
	}
	take := func(_ string, s *stream) bool {
		if !strings.HasPrefix(s.Name, q.Prefix) {
			return q.Descending && s.Name > q.Prefix // descending comes from above the prefix
		}
		if q.After != nil && s.Name == q.After.Name {
			return true
		}
		out = append(out, s.Stream)
		return q.Limit == 0 || len(out) <= q.Limit
	}
	switch {
	case q.ByLastEvent:
		out = g.byLastEvent(q)
	case q.Descending && q.After != nil:
		g.streams.Descend(q.After.Name, take)
	case q.Descending:
		g.streams.Descend(q.Prefix+"\U0010ffff", take)
	case q.After != nil:
		g.streams.Ascend(q.After.Name, take)
	default:
		g.streams.Ascend(q.Prefix, take)
	}
	if q.Limit > 0 && len(out) > q.Limit {
		return out[:q.Limit], true, nil
	}
	return out, false, nil
}

func (g *group) byLastEvent(q StreamQuery) (out []Stream) {
	order := func(a, b Stream) int {
		c := cmp.Or(cmp.Compare(a.LastEvent, b.LastEvent), strings.Compare(a.Name, b.Name))
		if q.Descending {
			return -c
		}
		return c
	}
	g.streams.Scan(func(_ string, s *stream) bool {
		if strings.HasPrefix(s.Name, q.Prefix) && (q.After == nil || order(*q.After, s.Stream) < 0) {
			out = append(out, s.Stream)
		}
		return true
	})
	slices.SortFunc(out, order)
	return out
}
