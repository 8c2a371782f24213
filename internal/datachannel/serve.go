package datachannel

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sort"
	"time"
)

// Serve carries the channel over a connection until that ends, the channel is
// closed, or ctx ends. A channel has one connection at a time; what the last
// one lost is sent again. Serve closes the connection.
func (s *Stream) Serve(ctx context.Context, conn Conn) error {
	ctx, cancel := context.WithCancelCause(ctx)
	s.attach()
	written := make(chan struct{})
	go func() {
		defer close(written)
		err := s.write(ctx, conn)
		if errors.Is(err, ErrClosed) {
			_ = conn.Close() // says goodbye, before reading is cut off
		}
		cancel(err)
		_ = conn.Close()
	}()
	cancel(s.read(ctx, conn))
	<-written
	return context.Cause(ctx)
}

// attach prepares for a new connection: nothing has been written to it.
func (s *Stream) attach() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.unacked {
		m.again = m.again || !m.at.IsZero()
	}
	s.written = 0
}

// read takes what arrives. It never writes: the other side may be busy writing
// to us, and each would wait for the other.
func (s *Stream) read(ctx context.Context, conn Conn) error {
	for {
		text, data, err := conn.Read(ctx)
		if err != nil {
			return err
		}
		if text {
			continue // an Open that came late
		}
		m, err := Decode(data)
		if err != nil {
			return err
		}
		if err := s.take(m); err != nil {
			return err
		}
	}
}

// take takes one message.
func (s *Stream) take(m Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer s.change()
	switch m.Type {
	case s.takes:
		s.arrived(m)
	case Acknowledge:
		var a acknowledgement
		if err := json.Unmarshal(m.Payload, &a); err != nil {
			return fmt.Errorf("%w: acknowledgement: %w", ErrMalformed, err)
		}
		s.acknowledged(a.Sequence)
	case PausePublication:
		s.paused = true
	case StartPublication:
		s.paused = false
	case ChannelClosed:
		var c closing
		if err := json.Unmarshal(m.Payload, &c); err != nil {
			return fmt.Errorf("%w: closing: %w", ErrMalformed, err)
		}
		s.closed, s.output = true, c.Output
	}
	return nil // a type we do not know is of a later version
}

// arrived queues what is next, and keeps what comes early. What there is no
// room for is not acknowledged, and so comes again.
func (s *Stream) arrived(m Message) {
	if len(s.control) >= maxAcks {
		return
	}
	switch {
	case m.Sequence < s.expected: // its acknowledgement was lost
	case m.Sequence > s.expected:
		if len(s.early) >= maxEarly || m.Sequence > s.expected+maxEarly {
			return
		}
		s.early[m.Sequence] = m
	case s.queued+len(m.Payload) > maxQueued:
		if !s.holding {
			s.holding = true
			s.control = append(s.control, plain(PausePublication, nil))
		}
		return
	default:
		s.enqueue(m)
		for next, ok := s.early[s.expected]; ok; next, ok = s.early[s.expected] {
			delete(s.early, s.expected)
			s.enqueue(next)
		}
	}
	b, _ := json.Marshal(acknowledgement{MessageType: m.Type, MessageID: m.ID.String(), Sequence: m.Sequence, IsSequential: true})
	s.control = append(s.control, plain(Acknowledge, b))
}

func (s *Stream) enqueue(m Message) {
	s.queue = append(s.queue, m)
	s.queued += len(m.Payload)
	s.expected++
}

// acknowledged forgets a message that has arrived.
func (s *Stream) acknowledged(sequence int64) {
	for i, m := range s.unacked {
		if m.sequence != sequence {
			continue
		}
		if !m.at.IsZero() && !m.again {
			s.rtt.learn(time.Since(m.at))
		}
		s.unacked = append(s.unacked[:i:i], s.unacked[i+1:]...)
		return
	}
}

// write writes what is to be written until the channel is closed and the other
// side knows.
func (s *Stream) write(ctx context.Context, conn Conn) error {
	for {
		b, wait, done := s.next()
		switch {
		case b != nil:
			if err := conn.Write(ctx, false, b); err != nil {
				return err
			}
		case done:
			return ErrClosed
		default:
			limit, cancel := context.WithTimeout(ctx, wait)
			s.mu.Lock()
			err := s.waitUnlessReady(limit)
			s.mu.Unlock()
			cancel()
			if err != nil && !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
				return context.Cause(ctx)
			}
		}
	}
}

// waitUnlessReady waits for a change, unless there is something to write by
// now; s.mu is held.
func (s *Stream) waitUnlessReady(ctx context.Context) error {
	if len(s.control) > 0 || s.closed || s.unwritten() != nil {
		return nil
	}
	return s.wait(ctx)
}

// unwritten is the first message this connection has not seen; s.mu is held.
func (s *Stream) unwritten() *sent {
	i := sort.Search(len(s.unacked), func(i int) bool { return s.unacked[i].sequence >= s.written })
	if i == len(s.unacked) {
		return nil
	}
	return s.unacked[i]
}

// next is what to write now: acknowledgements, then new messages, then the
// oldest one again when its acknowledgement is overdue. Otherwise it tells how
// long to wait for one, or that all is done.
func (s *Stream) next() (b []byte, wait time.Duration, done bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.control) > 0 {
		b, s.control = s.control[0], s.control[1:]
		return b, 0, false
	}
	if s.closed && s.bye == nil {
		return nil, 0, true
	}
	if m := s.unwritten(); m != nil {
		m.at, s.written = time.Now(), m.sequence+1
		return m.bytes, 0, false
	}
	if s.closed {
		b, s.bye = s.bye, nil
		return b, 0, false
	}
	if len(s.unacked) == 0 {
		return nil, time.Hour, false
	}
	first := s.unacked[0]
	overdue := s.rtt.timeout() - time.Since(first.at)
	if overdue > 0 {
		return nil, overdue, false
	}
	first.at, first.again = time.Now(), true
	return first.bytes, 0, false
}
