package sessions

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/protocol"
)

// Bounds of what a transcript keeps back.
const (
	transcriptEvery = time.Second
	transcriptBytes = 64 << 10
	transcriptLine  = 16 << 10
)

// transcript keeps what a session shows in a log stream, line by line. The nil
// transcript keeps nothing.
type transcript struct {
	s      *session
	stream protocol.LogStream
	ended  chan struct{}
	done   sync.WaitGroup

	mu     sync.Mutex
	line   []byte
	events []protocol.LogEvent
	bytes  int
}

// openTranscript opens the log stream. A session that is to be logged and
// cannot be does not begin.
func (s *session) openTranscript(ctx context.Context) (*transcript, error) {
	if s.target.Transcript == "" {
		return nil, nil
	}
	t := &transcript{
		s: s, ended: make(chan struct{}),
		stream: protocol.LogStream{Scope: s.target.TranscriptScope, Group: s.target.Transcript, Stream: s.id},
	}
	if err := s.m.cfg.Logs.OpenStream(ctx, t.stream, false); err != nil {
		var refused *protocol.Refusal
		if errors.As(err, &refused) {
			return nil, ending("We couldn't start the session because the log group " + s.target.Transcript + ", in which its output is kept, does not exist.")
		}
		return nil, err
	}
	t.done.Go(func() {
		ticker := time.NewTicker(transcriptEvery)
		defer ticker.Stop()
		for {
			select {
			case <-t.ended:
				return
			case <-ticker.C:
				t.mu.Lock()
				t.ship()
				t.mu.Unlock()
			}
		}
	})
	return t, nil
}

// write takes output.
func (t *transcript) write(b []byte) {
	if t == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(b) > 0 {
		end := bytes.IndexByte(b, '\n')
		if end < 0 {
			t.line = append(t.line, b...)
			b = nil
		} else {
			t.line = append(t.line, b[:end]...)
			b = b[end+1:]
		}
		if end >= 0 || len(t.line) >= transcriptLine {
			t.event()
		}
	}
	if t.bytes >= transcriptBytes {
		t.ship()
	}
}

// event makes the line one; t.mu is held.
func (t *transcript) event() {
	line := bytes.TrimSuffix(t.line, []byte("\r"))
	if len(line) > 0 {
		t.events = append(t.events, protocol.LogEvent{Time: time.Now(), Message: string(line)})
		t.bytes += len(line)
	}
	t.line = t.line[:0]
}

// ship hands the events to the log store; t.mu is held, so that whoever writes
// waits for it.
func (t *transcript) ship() {
	if len(t.events) == 0 {
		return
	}
	err := t.s.m.cfg.Logs.Ship(context.WithoutCancel(t.s.m.ctx), protocol.LogBatch{Stream: t.stream, Events: t.events})
	if err != nil {
		t.s.log.Error("a part of a session's transcript is lost", "group", t.stream.Group, "stream", t.stream.Stream, "events", len(t.events), "error", err)
	}
	t.events, t.bytes = nil, 0
}

func (t *transcript) close() {
	if t == nil {
		return
	}
	close(t.ended)
	t.done.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.event()
	t.ship()
}
