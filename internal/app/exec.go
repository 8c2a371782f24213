package app

import (
	"context"

	"github.com/hatoba/hatoba/internal/dispatch"
	"github.com/hatoba/hatoba/internal/protocol"
)

// nodes is the dispatcher as the sessions of ECS Exec want it. The front doors
// need the sessions, and the dispatcher the front doors, so it comes last.
type nodes struct{ app *App }

func (n nodes) Exec(ctx context.Context, node string, start protocol.ExecStart) (protocol.ExecPeer, error) {
	if n.app.dispatcher == nil {
		return nil, dispatch.ErrNotConnected
	}
	return n.app.dispatcher.Exec(ctx, node, start)
}
