package logdriver

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"regexp"
	"time"

	"github.com/hatoba/hatoba/internal/agent/logdriver/spool"
	"github.com/hatoba/hatoba/internal/protocol"
)

// Pump moves one container's output. Run it once per container life.
type Pump struct {
	Dir      string // of the spool
	Stream   protocol.LogStream
	Producer string
	Pattern  *regexp.Regexp                                 // of the first line of an event; nil: each line is one
	Ship     func(context.Context, protocol.LogBatch) error // retries by itself; an error other than ctx's means: give these events up
	Dropped  func(spool.Drops)                              // is told what a full spool has lost; may be nil
	Log      *slog.Logger
}

// Run ships until the spool ends, or ctx does. What was shipped is
// acknowledged, so that a later Run goes on where this one ended: nothing is
// missing then, and what is shipped twice has the same offset.
func (p *Pump) Run(ctx context.Context, reader *spool.Reader) error {
	a := &assembler{pattern: p.Pattern, before: reader.Position(), cuts: map[int64]bool{}}
	if p.Pattern != nil {
		a.cuts = readCuts(p.Dir)
	}
	for {
		batch, err := p.collect(ctx, reader, a)
		if len(batch) > 0 {
			if serr := p.ship(ctx, reader, batch, a); serr != nil {
				return serr
			}
		}
		if serr := p.tellLost(ctx); serr != nil {
			return serr
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (p *Pump) ship(ctx context.Context, reader *spool.Reader, events []protocol.LogEvent, a *assembler) error {
	at := a.done()
	// Events may lie behind at, when a line of the other stream is still open.
	last := max(at.Count(), events[len(events)-1].Offset)
	batch := protocol.LogBatch{Stream: p.Stream, Producer: p.Producer, Offset: last, Events: events}
	err := p.Ship(ctx, batch)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		p.Log.Error("log events were refused and are lost", "group", p.Stream.Group, "stream", p.Stream.Stream, "events", len(events), "error", err)
	}
	if err := reader.Ack(at); err != nil {
		return err
	}
	if len(a.cuts) > 0 && at == a.before {
		clear(a.cuts)
		return dropCuts(p.Dir)
	}
	return nil
}

// collect gathers a batch: the first event is waited for, those that follow
// closely come along.
func (p *Pump) collect(ctx context.Context, reader *spool.Reader, a *assembler) (events []protocol.LogEvent, err error) {
	bytes := 0
	var until time.Time // when the batch goes; zero: it has no event yet
	for bytes < maxBatchBytes && len(events) < maxBatchEvents {
		if len(events) > 0 && until.IsZero() {
			until = time.Now().Add(linger)
		}
		frame, position, err := next(ctx, reader, until, a.due())
		switch {
		case errors.Is(err, io.EOF):
			return append(events, a.finish(position)...), err
		case err != nil && ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded):
			if due := a.due(); !due.IsZero() && !time.Now().Before(due) {
				e := a.end()
				if err := addCut(p.Dir, e[0].Offset); err != nil {
					return events, err
				}
				a.cuts[e[0].Offset] = true
				events = append(events, e...)
			}
			if len(events) > 0 {
				return events, nil
			}
			continue
		case err != nil:
			return events, err
		}
		for _, e := range a.add(frame, position) {
			bytes += len(e.Message)
			events = append(events, e)
		}
	}
	return events, nil
}

// next reads a frame, and waits for one until the earlier of two times; the
// zero time is never.
func next(ctx context.Context, reader *spool.Reader, a, b time.Time) (spool.Frame, spool.Position, error) {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		a = b
	}
	if a.IsZero() || reader.Ready() {
		return reader.Next(ctx)
	}
	ctx, cancel := context.WithDeadline(ctx, a)
	defer cancel()
	return reader.Next(ctx)
}

// tellLost tells of what a full spool has dropped since it was last told: by an
// event at about the place where it is missing, and in our own log.
func (p *Pump) tellLost(ctx context.Context) error {
	now, told := spool.Dropped(p.Dir), spool.Told(p.Dir)
	if now.Bytes <= told.Bytes {
		return nil
	}
	lost := spool.Drops{Bytes: now.Bytes - told.Bytes, Lines: now.Lines - told.Lines}
	event := protocol.LogEvent{Time: time.Now(), Message: fmt.Sprintf(
		"[hatoba] %d bytes in %d lines were dropped here: the buffer of log mode non-blocking was full; raise max-buffer-size, or use mode blocking", lost.Bytes, lost.Lines)}
	// It is in no frame, so it has no offset, and no producer.
	err := p.Ship(ctx, protocol.LogBatch{Stream: p.Stream, Events: []protocol.LogEvent{event}})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	p.Log.Warn("log output was dropped: the container writes faster than it is taken, and its log mode is non-blocking",
		"group", p.Stream.Group, "stream", p.Stream.Stream, "bytes", lost.Bytes, "lines", lost.Lines, "error", err)
	if p.Dropped != nil {
		p.Dropped(lost)
	}
	return spool.Tell(p.Dir, now)
}
