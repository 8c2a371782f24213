package dispatch

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/protocol"
)

// ErrNotConnected means that the node has no session, or does not answer.
var ErrNotConnected = errors.New("the node is not connected")

// openPatience is how long a node may take to open what it was asked for.
const openPatience = 10 * time.Second

// Exec asks a node for a command and returns its streams once the node has
// opened them.
func (d *Dispatcher) Exec(ctx context.Context, node string, start protocol.ExecStart) (protocol.ExecPeer, error) {
	d.mu.Lock()
	s := d.current[node]
	d.mu.Unlock()
	if s == nil {
		return nil, fmt.Errorf("%w: %s", ErrNotConnected, node)
	}
	return s.exec(ctx, start)
}

func (s *session) exec(ctx context.Context, start protocol.ExecStart) (protocol.ExecPeer, error) {
	e := &execution{
		in: make(chan protocol.ExecInput), out: make(chan protocol.ExecOutput),
		opened: make(chan struct{}), ended: make(chan struct{}),
	}
	s.mu.Lock()
	s.execs[start.ID] = e
	s.pending.Exec = append(s.pending.Exec, start)
	s.signal()
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	select {
	case <-e.opened:
		return peer{e}, nil
	case <-ctx.Done():
		s.mu.Lock()
		delete(s.execs, start.ID)
		s.mu.Unlock()
		e.Close()
		return nil, fmt.Errorf("%w: it did not open the command: %w", ErrNotConnected, ctx.Err())
	}
}

// OpenExec implements protocol.Session.
func (s *session) OpenExec(_ context.Context, id string) (protocol.ExecStream, error) {
	s.mu.Lock()
	e := s.execs[id]
	delete(s.execs, id)
	s.mu.Unlock()
	if e == nil {
		return nil, fmt.Errorf("command %s: %w", id, protocol.ErrExecEnded)
	}
	close(e.opened)
	return e, nil
}

// execution is the streams of one command, seen from the node.
type execution struct {
	in     chan protocol.ExecInput
	out    chan protocol.ExecOutput
	opened chan struct{}
	ended  chan struct{}
	end    sync.Once
}

// Receive implements protocol.ExecStream.
func (e *execution) Receive(ctx context.Context) (protocol.ExecInput, error) {
	return receive(ctx, e.in, e.ended)
}

// Send implements protocol.ExecStream.
func (e *execution) Send(ctx context.Context, out protocol.ExecOutput) error {
	return send(ctx, e.out, out, e.ended)
}

// Close implements protocol.ExecStream.
func (e *execution) Close() { e.end.Do(func() { close(e.ended) }) }

// peer is the same, seen from the control plane.
type peer struct{ *execution }

// Receive implements protocol.ExecPeer.
func (p peer) Receive(ctx context.Context) (protocol.ExecOutput, error) {
	return receive(ctx, p.out, p.ended)
}

// Send implements protocol.ExecPeer.
func (p peer) Send(ctx context.Context, in protocol.ExecInput) error {
	return send(ctx, p.in, in, p.ended)
}

func receive[T any](ctx context.Context, from <-chan T, ended <-chan struct{}) (v T, err error) {
	select {
	case v = <-from:
		return v, nil
	case <-ended:
		return v, protocol.ErrExecEnded
	case <-ctx.Done():
		return v, ctx.Err()
	}
}

func send[T any](ctx context.Context, to chan<- T, v T, ended <-chan struct{}) error {
	select {
	case to <- v:
		return nil
	case <-ended:
		return protocol.ErrExecEnded
	case <-ctx.Done():
		return ctx.Err()
	}
}
