// Package archive keeps the events of archives, in groups of the log store that
// no API lists: one for each archive, because each has a retention of its own.
package archive

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/hatoba/hatoba/internal/logs"
	"github.com/hatoba/hatoba/internal/state"
)

// scope is where archives are: no caller has this account.
var scope = state.Scope{Account: "-", Region: "-"}

const stream = "events"

// Archive keeps events. Its methods may be called concurrently.
type Archive struct{ Logs *logs.Engine }

func group(of string) string { return "event-archive/" + of }

// Append returns once the events are durable.
func (a *Archive) Append(ctx context.Context, of state.EventArchive, events []state.Envelope, now time.Time) error {
	batch := logs.Batch{}
	for _, e := range events {
		b, err := json.Marshal(e)
		if err != nil {
			return err
		}
		batch.Events = append(batch.Events, logs.InputEvent{Time: now.UnixMilli(), Message: string(b)})
	}
	_, err := a.Logs.Append(ctx, scope, group(of.Stream), stream, batch)
	if errors.Is(err, logs.ErrNoGroup) || errors.Is(err, logs.ErrNoStream) {
		if err := a.Logs.OpenStream(ctx, scope, group(of.Stream), stream, true); err != nil {
			return err
		}
		if err := a.Retain(ctx, of); err != nil {
			return err
		}
		_, err = a.Logs.Append(ctx, scope, group(of.Stream), stream, batch)
	}
	return err
}

// Retain keeps an archive's events as long as it says.
func (a *Archive) Retain(ctx context.Context, of state.EventArchive) error {
	g, err := a.Logs.GetGroup(ctx, scope, group(of.Stream))
	if err == nil && g.RetentionDays != of.RetentionDays {
		err = a.Logs.UpdateGroup(ctx, scope, g.Name, func(g *logs.Group) error { g.RetentionDays = of.RetentionDays; return nil })
	}
	if errors.Is(err, logs.ErrNoGroup) {
		return nil
	}
	return err
}

// Kept tells how many events an archive was given, and their size.
func (a *Archive) Kept(ctx context.Context, _ state.Scope, of state.EventArchive) (events, size int64, err error) {
	g, err := a.Logs.GetGroup(ctx, scope, group(of.Stream))
	if errors.Is(err, logs.ErrNoGroup) {
		return 0, 0, nil
	}
	if err != nil {
		return 0, 0, err
	}
	s, err := a.Logs.GetStream(ctx, scope, g.Name, stream)
	if errors.Is(err, logs.ErrNoStream) {
		return 0, 0, nil
	}
	return s.Events, g.StoredBytes, err
}

// Forget removes an archive's events.
func (a *Archive) Forget(ctx context.Context, _ state.Scope, of state.EventArchive) error {
	err := a.Logs.DeleteGroup(ctx, scope, group(of.Stream))
	if errors.Is(err, logs.ErrNoGroup) {
		return nil
	}
	return err
}

// Place is where an archive is read on.
type Place struct {
	At  int64 // milliseconds
	Seq uint64
}

// Read returns what an archive was given up to a moment, from a place on: at
// most limit events, and where to go on. None: there are no more.
func (a *Archive) Read(ctx context.Context, of string, from Place, until time.Time, limit int) ([]state.Envelope, Place, error) {
	page, err := a.Logs.Read(ctx, scope, logs.ReadRequest{
		Group: group(of), Stream: stream, End: until.UnixMilli() + 1, Limit: limit, From: &logs.Position{Time: from.At, Seq: from.Seq},
	})
	if errors.Is(err, logs.ErrNoGroup) || errors.Is(err, logs.ErrNoStream) {
		return nil, from, nil
	}
	if err != nil {
		return nil, from, err
	}
	var out []state.Envelope
	for _, raw := range page.Events {
		var e state.Envelope
		if json.Unmarshal([]byte(raw.Message), &e) == nil {
			out = append(out, e)
		}
	}
	return out, Place{At: page.Next.Time, Seq: page.Next.Seq}, nil
}
