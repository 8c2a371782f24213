package dispatch

import (
	"context"
	"fmt"

	"github.com/hatoba/hatoba/internal/protocol"
)

// Look asks a node what a task's containers are, and waits for its answer.
func (d *Dispatcher) Look(ctx context.Context, node string, look protocol.Look) (protocol.Sight, error) {
	d.mu.Lock()
	s := d.current[node]
	d.mu.Unlock()
	if s == nil {
		return protocol.Sight{}, fmt.Errorf("%w: %s", ErrNotConnected, node)
	}
	answer := make(chan protocol.Sight, 1)
	s.mu.Lock()
	s.looks[look.ID] = answer
	s.pending.Looks = append(s.pending.Looks, look)
	s.signal()
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, openPatience)
	defer cancel()
	select {
	case seen := <-answer:
		return seen, nil
	case <-ctx.Done():
		s.mu.Lock()
		delete(s.looks, look.ID)
		s.mu.Unlock()
		return protocol.Sight{}, fmt.Errorf("%w: it did not answer: %w", ErrNotConnected, ctx.Err())
	}
}

// Looked implements protocol.Session.
func (s *session) Looked(_ context.Context, id string, seen protocol.Sight) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if answer, ok := s.looks[id]; ok {
		delete(s.looks, id)
		answer <- seen
	}
	return nil
}
