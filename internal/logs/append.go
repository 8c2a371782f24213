package logs

import (
	"context"
	"fmt"
	"slices"

	"github.com/hatoba/hatoba/internal/state"
)

// Batch is events for one stream.
type Batch struct {
	Events []InputEvent // stored in order of time; equal times keep their order
	// Producer names who sends, for repeat detection; "" for none. A batch
	// whose Offset is not above the producer's last stored one in this stream
	// is taken for a repeat and dropped. Offsets are stored with the events,
	// wholly or not at all. Events that have an Offset of their own are repeats,
	// and dropped, one by one.
	Producer string
	Offset   int64
}

// Rejected tells which events were not stored: those before TooOld and before
// Expired, and those from TooNew on. Each is nil when there are none.
// https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_RejectedLogEventsInfo.html
type Rejected struct {
	TooNew  *int // first index
	TooOld  *int // index after the last
	Expired *int // index after the last
}

// What PutLogEvents takes, in milliseconds from now.
const (
	maxFuture = 2 * 60 * 60 * 1000
	maxPast   = 14 * day
	day       = 24 * 60 * 60 * 1000
)

// maxBatch bounds a batch's messages, far above AWS's 1 MiB.
const maxBatch = 32 << 20

// Append stores a batch and returns when it is durable. Events more than two
// hours in the future, older than fourteen days or than the group's retention
// are left out and told of. When memory is full it waits for Run.
func (e *Engine) Append(ctx context.Context, scope state.Scope, groupName, streamName string, batch Batch) (Rejected, error) {
	size := 0
	for i := range batch.Events {
		size += len(batch.Events[i].Message) + 16
	}
	if size > maxBatch {
		return Rejected{}, fmt.Errorf("%d bytes: %w", size, ErrTooLarge)
	}
	if err := e.waitForRoom(ctx); err != nil {
		return Rejected{}, err
	}
	var rejected Rejected
	var into *group // nil: nothing stored
	var stored, again []InputEvent
	var until int64 // the offset of those that come again
	err := e.change(func(t *tables) ([]byte, uint64, error) {
		g, err := t.find(scope, groupName)
		if err != nil {
			return nil, 0, err
		}
		s, err := g.stream(streamName)
		if err != nil {
			return nil, 0, err
		}
		events, now := batch.Events, e.now()
		if last, ok := s.producers[batch.Producer]; ok {
			until = min(last, batch.Offset)
			if batch.Offset > last {
				events = behind(events, last)
			} else {
				events = nil
			}
			again, _ = admit(batch.Events[:len(batch.Events)-len(events)], now, g.RetentionDays)
			if batch.Offset <= last {
				return nil, 0, nil
			}
		}
		events, rejected = admit(events, now, g.RetentionDays)
		if len(events) == 0 {
			return s.skip(g, batch), 0, nil
		}
		a := &appended{
			group: g.id, stream: s.id, producer: batch.Producer, offset: batch.Offset,
			events: &chunk{seq0: t.seq + 1, ingest0: now},
		}
		record := encodeAppend(a, events)
		t.append(a)
		into, stored = g, events
		return record, t.seq, nil
	})
	if err != nil {
		return Rejected{}, err
	}
	if len(again) > 0 && e.cfg.Stored != nil {
		e.cfg.Stored(ctx, scope, groupName, streamName, Batch{Events: again, Producer: batch.Producer, Offset: until})
	}
	if into != nil {
		e.announce(into)
		if e.cfg.Stored != nil {
			e.cfg.Stored(ctx, scope, groupName, streamName, Batch{Events: stored, Producer: batch.Producer, Offset: batch.Offset})
		}
		e.takenEvents.Add(int64(len(stored)))
		for i := range stored {
			e.takenBytes.Add(int64(len(stored[i].Message)))
		}
	}
	return rejected, nil
}

// Taken counts the events that were stored, and the bytes of their messages,
// since the store was opened.
func (e *Engine) Taken() (events, bytes int64) { return e.takenEvents.Load(), e.takenBytes.Load() }

// behind are the events that are not repeats. They are in order of offset.
func behind(events []InputEvent, last int64) []InputEvent {
	for i := range events {
		if events[i].Offset == 0 || events[i].Offset > last {
			return events[i:]
		}
	}
	return nil
}

// skip returns the record of a batch of which nothing is stored: the offset,
// if there is one.
func (s *stream) skip(g *group, batch Batch) []byte {
	if batch.Producer == "" {
		return nil
	}
	s.remember(batch.Producer, batch.Offset)
	return encodeStream(g.id, s)
}

// announce wakes the followers of a group.
func (e *Engine) announce(g *group) {
	e.mu.Lock()
	defer e.mu.Unlock()
	g.notify()
}

// waitForRoom waits while memory holds twice what starts a flush.
func (e *Engine) waitForRoom(ctx context.Context) error {
	for {
		e.mu.RLock()
		crowded, room := e.tables.memory.active.bytes >= 2*e.cfg.FlushBytes, e.room
		e.mu.RUnlock()
		if !crowded {
			return ctx.Err()
		}
		token(e.full)
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-e.wal.failed:
			return e.wal.failure()
		case <-room:
		}
	}
}

// admit leaves out what is too new, too old or expired, and orders the rest.
func admit(events []InputEvent, now int64, retentionDays int32) ([]InputEvent, Rejected) {
	var r Rejected
	oldest := now - maxPast
	cutoff := expiry(now, retentionDays)
	kept := make([]InputEvent, 0, len(events))
	for i := range events {
		at := events[i].Time
		switch {
		case at > now+maxFuture:
			if r.TooNew == nil {
				r.TooNew = new(i)
			}
		case at < cutoff:
			r.Expired = new(i + 1)
		case at < oldest:
			r.TooOld = new(i + 1)
		default:
			kept = append(kept, events[i])
		}
	}
	byTime := func(a, b InputEvent) int {
		switch {
		case a.Time < b.Time:
			return -1
		case a.Time > b.Time:
			return 1
		}
		return 0
	}
	if !slices.IsSortedFunc(kept, byTime) {
		slices.SortStableFunc(kept, byTime)
	}
	return kept, r
}

// expiry is the time before which events of a group have expired.
func expiry(now int64, retentionDays int32) int64 {
	if retentionDays == 0 {
		return minTime
	}
	return now - int64(retentionDays)*day
}
