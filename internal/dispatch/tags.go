package dispatch

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
)

// Tags implements protocol.Session. They change without a message to the node:
// it asks when somebody wants to know.
func (s *session) Tags(ctx context.Context, key state.Key) ([]types.Tag, error) {
	task, _, err := s.task(ctx, key)
	return task.Tags, err
}
