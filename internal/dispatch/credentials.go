package dispatch

import (
	"context"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// Credentials implements protocol.Session. A task that is stopping has them
// still: its last words may need them.
func (s *session) Credentials(ctx context.Context, key state.Key) (protocol.Credentials, error) {
	task, def, err := s.task(ctx, key)
	if err != nil {
		return protocol.Credentials{}, err
	}
	role, _ := state.TaskRoles(task, def)
	if role == "" {
		return protocol.Credentials{}, protocol.Refuse("task %s has no task role", key.ID)
	}
	if task.Observed.Status >= state.TaskStopped {
		return protocol.Credentials{}, protocol.Refuse("task %s has stopped", key.ID)
	}
	return s.cfg.Credentials.TaskCredentials(ctx, task, role)
}
