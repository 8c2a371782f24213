// Package logdriver moves what containers write from their spools to the log
// store.
package logdriver

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/hatoba/hatoba/internal/agent/logdriver/spool"
	"github.com/hatoba/hatoba/internal/protocol"
)

// Bounds of one event and one batch.
// Source: https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutLogEvents.html
const (
	maxEvent       = 256<<10 - 26
	maxBatchBytes  = 512 << 10
	maxBatchEvents = 2000
	linger         = 20 * time.Millisecond // how long a batch waits for company
)

// Options are the awslogs options of a container that are understood.
type Options struct {
	Group       string
	Prefix      string
	CreateGroup bool
	NonBlocking bool
	MaxBuffer   int64 // bytes, 0: unset
}

// ParseOptions reads a container's log options. They were checked when the
// task definition was registered.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LogConfiguration.html
func ParseOptions(options map[string]string) Options {
	return Options{
		Group: options["awslogs-group"], Prefix: options["awslogs-stream-prefix"],
		CreateGroup: options["awslogs-create-group"] == "true",
		NonBlocking: options["mode"] != "blocking",
		MaxBuffer:   size(options["max-buffer-size"]),
	}
}

// size reads "10m", "64k", "1g" or bytes.
func size(s string) int64 {
	s = strings.ToLower(strings.TrimSuffix(strings.TrimSuffix(s, "B"), "b"))
	unit := int64(1)
	switch {
	case strings.HasSuffix(s, "k"):
		unit = 1 << 10
	case strings.HasSuffix(s, "m"):
		unit = 1 << 20
	case strings.HasSuffix(s, "g"):
		unit = 1 << 30
	}
	n, err := strconv.ParseInt(strings.TrimRight(s, "kmg"), 10, 64)
	if err != nil || n < 0 {
		return 0
	}
	return n * unit
}

// StreamName is the stream of a container: prefix/container/task.
func (o Options) StreamName(container, taskID string) string {
	return o.Prefix + "/" + container + "/" + taskID
}

// Pump moves one container's output. Run it once per container life.
type Pump struct {
	Dir      string // of the spool
	Stream   protocol.LogStream
	Producer string
	Ship     func(context.Context, protocol.LogBatch) error // retries by itself; an error other than ctx's means: give these events up
	Log      *slog.Logger
}

// Run ships until the spool ends, or ctx does. What was shipped is
// acknowledged, so that a later Run goes on where this one ended.
func (p *Pump) Run(ctx context.Context, reader *spool.Reader) error {
	a := assembler{}
	for {
		batch, at, err := p.collect(ctx, reader, &a)
		if len(batch) > 0 {
			if serr := p.ship(ctx, reader, batch, at); serr != nil {
				return serr
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (p *Pump) ship(ctx context.Context, reader *spool.Reader, events []protocol.LogEvent, at spool.Position) error {
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
	if at == (spool.Position{}) { // inside of a line longer than an event: no place to go on from
		return nil
	}
	return reader.Ack(at)
}

// collect gathers a batch: the first event is waited for, those that follow
// closely come along. at lies behind the last whole event.
func (p *Pump) collect(ctx context.Context, reader *spool.Reader, a *assembler) (events []protocol.LogEvent, at spool.Position, err error) {
	bytes := 0
	var deadline context.Context
	for bytes < maxBatchBytes && len(events) < maxBatchEvents {
		wait := ctx
		if len(events) > 0 {
			if deadline == nil {
				var cancel context.CancelFunc
				deadline, cancel = context.WithTimeout(ctx, linger)
				defer cancel()
			}
			wait = deadline
		}
		frame, position, err := reader.Next(wait)
		if errors.Is(err, io.EOF) {
			for _, e := range a.flush() {
				e.Offset = position.Count() + 1 // behind what was cut from the line before, ahead of any frame
				events = append(events, e)
			}
			return events, position, err
		}
		if err != nil {
			if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
				return events, at, nil
			}
			return events, at, err
		}
		for _, e := range a.add(frame) {
			bytes += len(e.Message)
			e.Offset = position.Count()
			events = append(events, e)
		}
		if a.empty() {
			at = position
		}
	}
	return events, at, nil
}

// assembler joins the pieces of lines, per stream, and splits what is longer
// than one event may be.
type assembler struct {
	open [3]*protocol.LogEvent
}

func (a *assembler) empty() bool { return a.open[spool.Stdout] == nil && a.open[spool.Stderr] == nil }

func (a *assembler) add(f spool.Frame) (out []protocol.LogEvent) {
	e := a.open[f.Stream]
	if e == nil {
		e = &protocol.LogEvent{Time: f.Time}
	}
	a.open[f.Stream] = nil
	e.Message += string(f.Data)
	for len(e.Message) > maxEvent {
		cut := maxEvent
		for cut > maxEvent-utf8.UTFMax && !utf8.RuneStart(e.Message[cut]) {
			cut--
		}
		out = append(out, protocol.LogEvent{Time: e.Time, Message: e.Message[:cut]})
		e.Message = e.Message[cut:]
	}
	if f.Partial {
		a.open[f.Stream] = e
		return out
	}
	if e.Message == "" {
		return out // an empty line is no event, as with Docker's driver
	}
	return append(out, *e)
}

func (a *assembler) flush() (out []protocol.LogEvent) {
	for i, e := range a.open {
		if e != nil && e.Message != "" {
			out = append(out, *e)
		}
		a.open[i] = nil
	}
	return out
}
