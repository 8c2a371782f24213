// Package history keeps what happened to each task, apart from the store that
// holds where it stands: in streams of the log store that no API lists. A
// history outlives its task for a week.
package history

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"sort"
	"time"

	"github.com/hatoba/hatoba/internal/logs"
	"github.com/hatoba/hatoba/internal/state"
)

// scope and group are where histories are: no caller has this account.
var scope = state.Scope{Account: "-", Region: "-"}

const group = "task-history"

const (
	keep  = 7 * 24 * time.Hour // after the last event
	sweep = time.Hour          // how often what is older is removed
	most  = 20_000             // tasks whose history is kept
)

// Store keeps histories. Its methods may be called concurrently.
type Store struct {
	Logs *logs.Engine
	Log  *slog.Logger
	Now  func() time.Time
}

// ErrNone means that there is no history of a task.
var ErrNone = errors.New("nothing is known of the task: it never ran here, or ended more than a week ago")

// Append adds to a task's history. It returns nil once it is durable. Events
// may be given again: a reader sees each once.
func (s *Store) Append(ctx context.Context, task string, events []state.TaskEvent) error {
	batch := logs.Batch{}
	for _, e := range events {
		b, err := json.Marshal(e)
		if err != nil {
			return err
		}
		batch.Events = append(batch.Events, logs.InputEvent{Time: e.At.UnixMilli(), Message: string(b)})
	}
	sort.SliceStable(batch.Events, func(i, j int) bool { return batch.Events[i].Time < batch.Events[j].Time })
	_, err := s.Logs.Append(ctx, scope, group, task, batch)
	if errors.Is(err, logs.ErrNoGroup) || errors.Is(err, logs.ErrNoStream) {
		if err := s.Logs.OpenStream(ctx, scope, group, task, true); err != nil {
			return err
		}
		_, err = s.Logs.Append(ctx, scope, group, task, batch)
	}
	return err
}

// Find returns the one task whose id begins so.
func (s *Store) Find(ctx context.Context, prefix string) (string, error) {
	streams, _, err := s.Logs.ListStreams(ctx, scope, group, logs.StreamQuery{Prefix: prefix, Limit: 2})
	switch {
	case errors.Is(err, logs.ErrNoGroup), err == nil && len(streams) == 0:
		return "", ErrNone
	case err != nil:
		return "", err
	case len(streams) > 1:
		return "", fmt.Errorf("more than one task's id begins with %q", prefix)
	}
	return streams[0].Name, nil
}

// Read returns a task's history in its order.
func (s *Store) Read(ctx context.Context, task string) (out []state.TaskEvent, err error) {
	seen := map[int64]bool{}
	request := logs.ReadRequest{Group: group, Stream: task}
	for {
		page, err := s.Logs.Read(ctx, scope, request)
		if errors.Is(err, logs.ErrNoGroup) || errors.Is(err, logs.ErrNoStream) {
			return nil, ErrNone
		}
		if err != nil || len(page.Events) == 0 {
			return out, err
		}
		out = append(out, decode(page.Events, seen)...)
		request.From = &page.Next
	}
}

// Last returns the latest event of a task; false without any.
func (s *Store) Last(ctx context.Context, task string) (state.TaskEvent, bool) {
	page, err := s.Logs.Read(ctx, scope, logs.ReadRequest{Group: group, Stream: task, Backward: true, Limit: 1})
	if err != nil || len(page.Events) == 0 {
		return state.TaskEvent{}, false
	}
	events := decode(page.Events, map[int64]bool{})
	if len(events) == 0 {
		return state.TaskEvent{}, false
	}
	return events[0], true
}

// errEnded ends a Follow from inside.
var errEnded = errors.New("the task has ended")

// Follow gives a task's history to fn, and goes on as it happens until the task
// is STOPPED, ctx ends or fn fails.
func (s *Store) Follow(ctx context.Context, task string, fn func(state.TaskEvent) error) error {
	seen := map[int64]bool{}
	err := s.Logs.Tail(ctx, scope, logs.TailRequest{Group: group, Streams: []string{task}}, func(events []logs.Event) error {
		for _, e := range decode(events, seen) {
			if err := fn(e); err != nil {
				return err
			}
			if e.Type == state.EventStatus && e.Data["status"] == state.TaskStopped.String() {
				return errEnded
			}
		}
		return nil
	})
	switch {
	case errors.Is(err, errEnded):
		return nil
	case errors.Is(err, logs.ErrNoGroup), errors.Is(err, logs.ErrNoStream):
		return ErrNone
	}
	return err
}

// decode reads events, each once. What cannot be read, as of a newer version,
// is passed over.
func decode(events []logs.Event, seen map[int64]bool) (out []state.TaskEvent) {
	for _, raw := range events {
		var e state.TaskEvent
		if err := json.Unmarshal([]byte(raw.Message), &e); err != nil || seen[e.Seq] {
			continue
		}
		seen[e.Seq] = true
		out = append(out, e)
	}
	return out
}

// Run removes old histories until ctx ends.
func (s *Store) Run(ctx context.Context) error {
	tick := time.NewTicker(sweep)
	defer tick.Stop()
	for {
		if err := s.Sweep(ctx); err != nil && ctx.Err() == nil {
			s.Log.Warn("old task histories could not be removed", "error", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Sweep removes the histories whose last event is too old, and the oldest of
// too many.
func (s *Store) Sweep(ctx context.Context) error {
	streams, _, err := s.Logs.ListStreams(ctx, scope, group, logs.StreamQuery{ByLastEvent: true})
	if errors.Is(err, logs.ErrNoGroup) {
		return nil
	}
	if err != nil {
		return err
	}
	old := s.Now().Add(-keep).UnixMilli()
	for i, stream := range streams {
		if max(stream.LastEvent, stream.Created) > old && len(streams)-i <= most {
			continue
		}
		if err := s.Logs.DeleteStream(ctx, scope, group, stream.Name); err != nil && !errors.Is(err, logs.ErrNoStream) {
			return err
		}
	}
	return nil
}
