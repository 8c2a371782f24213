package event

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/events/archive"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// replays puts the next events of every replay that is under way on its bus,
// with the place where it goes on, in one transaction: none is left out and
// none is replayed twice.
func (l *Loop) replays(ctx context.Context) (did bool, err error) {
	type running struct {
		key    state.Key
		replay state.EventReplay
	}
	var all []running
	err = l.Store.View(ctx, func(r store.Reader) error {
		all = nil
		for k, replay := range store.EventReplays.List(r, state.Scope{}, "") {
			if replay.EndedAt == nil {
				all = append(all, running{k, replay})
			}
		}
		return nil
	})
	for _, one := range all {
		if err == nil {
			err = l.replay(ctx, one.key, one.replay)
		}
	}
	return len(all) > 0, err
}

func (l *Loop) replay(ctx context.Context, key state.Key, known state.EventReplay) error {
	from := archive.Place{At: known.At, Seq: known.AtSeq}
	if from == (archive.Place{}) {
		// What says it happened then was taken then, or later; clocks differ.
		from.At = known.From.Add(-2 * time.Hour).UnixMilli()
	}
	found, next, err := l.Archive.Read(ctx, known.Stream, from, known.StartedAt, batch)
	if err != nil {
		return err
	}
	return l.Store.Update(ctx, func(w store.Writer) error {
		replay, ok := store.EventReplays.Get(w, key)
		if !ok || replay.EndedAt != nil || replay.At != known.At || replay.AtSeq != known.AtSeq {
			return nil
		}
		now := time.Now().UTC()
		replay.State, replay.At, replay.AtSeq = types.ReplayStateRunning, next.At, next.Seq
		if len(found) == 0 {
			replay.State, replay.EndedAt = types.ReplayStateCompleted, &now
		}
		for _, e := range found {
			at, err := time.Parse(time.RFC3339, e.Time)
			if err != nil || at.Before(replay.From) || !at.Before(replay.To) {
				continue
			}
			e.ReplayName = replay.Name
			id := replay.Bus + "/" + e.Time + "/" + e.ID + "/" + replay.Name
			if err := store.Events.Put(w, key.Scope().Key(id), state.Event{Bus: replay.Bus, Envelope: e, TakenAt: now, Replay: replay.Name, Rules: replay.Rules}); err != nil {
				return err
			}
			replay.LastEvent = &at
		}
		return store.EventReplays.Put(w, key, replay)
	})
}
