package agent

import (
	"context"
	"log/slog"
	"sync"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// reporter hands up what workers observe. It keeps the newest observation of
// each task only and re-sends until the control plane has it durably.
type reporter struct {
	link *link
	log  *slog.Logger

	mu      sync.Mutex
	pending map[state.Key]state.Observed
	waiting map[state.Key][]chan struct{} // told when all that was pending is durable
	wake    chan struct{}
}

func newReporter(link *link, log *slog.Logger) *reporter {
	return &reporter{
		link: link, log: log,
		pending: map[state.Key]state.Observed{},
		waiting: map[state.Key][]chan struct{}{},
		wake:    make(chan struct{}, 1),
	}
}

// put queues an observation and returns a channel that is closed once it, or
// a later one of the same task, is durable.
func (r *reporter) put(key state.Key, observed state.Observed) <-chan struct{} {
	done := make(chan struct{})
	r.mu.Lock()
	r.pending[key] = observed
	r.waiting[key] = append(r.waiting[key], done)
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
	return done
}

func (r *reporter) run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		}
		r.mu.Lock()
		pending, waiting := r.pending, r.waiting
		r.pending = map[state.Key]state.Observed{}
		r.waiting = map[state.Key][]chan struct{}{}
		r.mu.Unlock()
		if len(pending) == 0 {
			continue
		}
		reports := make([]protocol.TaskReport, 0, len(pending))
		for key, observed := range pending {
			reports = append(reports, protocol.TaskReport{Key: key, Observed: observed})
		}
		err := r.link.call(ctx, func(s protocol.Session) error { return s.Report(ctx, reports) })
		if err != nil {
			if ctx.Err() == nil {
				r.log.Error("report refused", "error", err)
			}
			continue
		}
		for _, done := range waiting {
			for _, d := range done {
				close(d)
			}
		}
	}
}
