package measure

import (
	"context"
	"strings"

	"github.com/hatoba/hatoba/internal/measure"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// connected finds whose tasks called whom through Service Connect. A service
// whose name is gone from Cloud Map is left out.
func (l *Loop) connected(ctx context.Context, node string, batch protocol.Measures) (map[state.Scope][]measure.Connect, error) {
	out := map[state.Scope][]measure.Connect{}
	if len(batch.Connect) == 0 {
		return out, nil
	}
	err := l.cfg.Store.View(ctx, func(r store.Reader) error {
		clear(out)
		for _, m := range batch.Connect {
			scope := m.Task.Scope()
			task, ok := store.Tasks.Get(r, m.Task)
			if !ok || task.Placement.Node != node {
				continue
			}
			target, ok := store.DiscoveryServices.Get(r, scope.Key(m.Service))
			if !ok {
				continue
			}
			c := measure.Connect{ConnectMeasures: m, Discovery: target.Name}
			c.CallerCluster, c.Caller, _ = strings.Cut(task.Spec.Service.Service, "/")
			// What Amazon ECS makes for a service has the service's ARN as its request.
			if owner, ok := strings.CutPrefix(target.Request, scope.ARN("ecs", "service/")); ok {
				c.ServerCluster, c.Server, _ = strings.Cut(owner, "/")
			}
			out[scope] = append(out[scope], c)
		}
		return nil
	})
	return out, err
}
