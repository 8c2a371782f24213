package datachannel

import (
	"context"
	"encoding/json"
	"errors"
	"strconv"
	"sync"
	"time"
)

// Bounds of a stream.
const (
	// PayloadBytes is the most data one message carries: a page of a terminal.
	// AWS's agent sends 1 KiB; its clients take any size, and fewer are faster.
	PayloadBytes = 4096

	window    = 1000    // messages sent and not acknowledged
	maxQueued = 1 << 20 // bytes received and not yet taken
	maxEarly  = 1000    // messages received before one that is missing
	maxAcks   = 4096    // acknowledgements not yet written
)

// Errors of a Stream; test with errors.Is.
var (
	// ErrClosed means that the channel was closed, from either side.
	ErrClosed = errors.New("the data channel is closed")
)

// Conn is one connection of a channel. Read and Write may run at the same
// time.
type Conn interface {
	Read(ctx context.Context) (text bool, data []byte, err error)
	Write(ctx context.Context, text bool, data []byte) error
	Close() error
}

// Stream is one end of a channel: messages in order, each of them once, both
// ways, over connections that may come and go. What is sent and not
// acknowledged is sent again, also on the next connection.
//
// A receiver that does not keep up holds the sender back: what there is no room
// for is not acknowledged.
type Stream struct {
	sends, takes string // message types

	mu       sync.Mutex
	changed  chan struct{} // closed at the next change
	sequence int64         // of the next message sent
	unacked  []*sent       // in order of sequence
	written  int64         // what is below was written to this connection
	paused   bool          // the other side asked for silence
	closed   bool
	bye      []byte // what tells the other side that we closed, to be written last
	output   string // what the other side said when it closed

	expected int64 // sequence of the next message taken
	queue    []Message
	queued   int // bytes in queue
	early    map[int64]Message
	holding  bool     // we asked for silence
	control  [][]byte // acknowledgements and the like, to be written
	rtt      roundTrip
}

// sent is a message that waits for its acknowledgement.
type sent struct {
	sequence int64
	bytes    []byte
	at       time.Time // when it was written last; zero: not on this connection
	again    bool      // written more than once: its round trip is not known
}

// NewAgent returns the end a container is at.
func NewAgent() *Stream { return newStream(Output, Input) }

// NewClient returns the end a person is at.
func NewClient() *Stream { return newStream(Input, Output) }

func newStream(sends, takes string) *Stream {
	return &Stream{sends: sends, takes: takes, changed: make(chan struct{}), early: map[int64]Message{}, rtt: newRoundTrip()}
}

// change tells everybody who waits; s.mu is held.
func (s *Stream) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// wait waits for the next change; s.mu is held, and let go meanwhile.
func (s *Stream) wait(ctx context.Context) error {
	changed := s.changed
	s.mu.Unlock()
	defer s.mu.Lock()
	select {
	case <-changed:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Send sends one message. It waits while too many are on their way; a nil
// error does not mean that it has arrived: see Drain.
func (s *Stream) Send(ctx context.Context, kind PayloadType, flags uint64, payload []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.closed && (s.paused || len(s.unacked) >= window) {
		if err := s.wait(ctx); err != nil {
			return err
		}
	}
	if s.closed {
		return ErrClosed
	}
	m := Message{Type: s.sends, Schema: 1, Created: time.Now(), Sequence: s.sequence, Flags: flags, ID: newID(), Kind: kind, Payload: payload}
	s.unacked = append(s.unacked, &sent{sequence: s.sequence, bytes: m.Encode()})
	s.sequence++
	s.change()
	return nil
}

// SendJSON sends a payload as JSON.
func (s *Stream) SendJSON(ctx context.Context, kind PayloadType, payload any) error {
	b, err := json.Marshal(payload)
	if err != nil {
		return err
	}
	return s.Send(ctx, kind, 0, b)
}

// Receive returns the next message. After the channel was closed it returns
// what arrived before, then ErrClosed.
func (s *Stream) Receive(ctx context.Context) (Message, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.queue) == 0 {
		if s.closed {
			return Message{}, ErrClosed
		}
		if err := s.wait(ctx); err != nil {
			return Message{}, err
		}
	}
	m := s.queue[0]
	s.queue = s.queue[1:]
	s.queued -= len(m.Payload)
	if s.holding && s.queued < maxQueued/2 {
		s.holding = false
		s.control = append(s.control, plain(StartPublication, nil))
		s.change()
	}
	return m, nil
}

// Drain waits until everything sent was acknowledged. It gives up when nothing
// was for the time given.
func (s *Stream) Drain(ctx context.Context, patience time.Duration) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.unacked) > 0 && !s.closed {
		left := len(s.unacked)
		limit, cancel := context.WithTimeout(ctx, patience)
		var err error
		for err == nil && len(s.unacked) >= left && !s.closed {
			err = s.wait(limit)
		}
		cancel()
		if err != nil {
			return err
		}
	}
	return nil
}

// Close tells the other side, if it is there, that the channel is closed, and
// why: an empty output means that the session has ended as it should.
func (s *Stream) Close(session, output string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.closed = true
	id := newID()
	b, _ := json.Marshal(closing{
		MessageID: id.String(), CreatedDate: strconv.FormatInt(time.Now().UnixMilli(), 10), SessionID: session,
		MessageType: ChannelClosed, SchemaVersion: 1, Output: output,
	})
	s.bye = plain(ChannelClosed, b)
	s.change()
}

// Closed tells whether the channel is closed, and what the other side said if
// it was the one that closed it.
func (s *Stream) Closed() (output string, closed bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.output, s.closed
}

// plain is a message outside the numbered streams.
func plain(kind string, payload []byte) []byte {
	return Message{Type: kind, Schema: 1, Created: time.Now(), Flags: FlagSYN | FlagFIN, ID: newID(), Payload: payload}.Encode()
}
