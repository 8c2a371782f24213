package app

import (
	"context"
	"time"

	"github.com/hatoba/hatoba/internal/agent/reclaim"
)

// imageAge is how long an image stays after its last use, whatever the disk
// says: the next task may be about to start.
const imageAge = 5 * time.Minute

func (a *App) newReclaim() *reclaim.Loop {
	return reclaim.New(reclaim.Config{
		Policy: reclaim.Policy{High: a.cfg.ImageGCHigh, Low: a.cfg.ImageGCLow, MinAge: imageAge},
		Images: a.engine, Keep: a.agent.Pinned, Usage: a.disk.Usage, Log: a.log,
		Others: []func(context.Context) error{a.registry.CollectDeleted},
	})
}

// room refuses a task for which the disk has no room, after having freed what
// nobody needs.
func (a *App) room(ctx context.Context) error {
	if a.disk.Room() == nil {
		return nil
	}
	if err := a.reclaim.Free(ctx, true); err != nil && ctx.Err() == nil {
		a.log.Error("disk space could not be freed", "error", err)
	}
	return a.disk.Room()
}
