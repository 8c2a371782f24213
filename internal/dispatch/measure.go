package dispatch

import (
	"context"

	"github.com/hatoba/hatoba/internal/protocol"
)

// Measures takes what tasks of a node used. It returns nil once it is durable;
// a batch that comes again counts once.
type Measures interface {
	Take(ctx context.Context, node string, batch protocol.Measures) error
}

// Measure implements protocol.Session.
func (s *session) Measure(ctx context.Context, batch protocol.Measures) error {
	if s.cfg.Measures == nil {
		return nil
	}
	return s.cfg.Measures.Take(ctx, s.node, batch)
}
