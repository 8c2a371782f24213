package app

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// joinPatience is how long a request waits for the node at the most.
const joinPatience = 10 * time.Second

// join holds API requests back until the node has its session: for the moment
// between Hatoba's start and then, tasks would be refused for want of an agent,
// which no client of Fargate is prepared for.
type join struct {
	once sync.Once
	done chan struct{}
}

func newJoin() *join { return &join{done: make(chan struct{})} }

// opens tells of the first session.
func (j *join) opens(open func(context.Context, state.Node) (protocol.Session, error)) func(context.Context, state.Node) (protocol.Session, error) {
	return func(ctx context.Context, node state.Node) (protocol.Session, error) {
		session, err := open(ctx, node)
		if err == nil {
			j.once.Do(func() { close(j.done) })
		}
		return session, err
	}
}

// hold answers once the node is there, or its patience is at an end.
func (j *join) hold(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-j.done:
		default:
			timer := time.NewTimer(joinPatience)
			defer timer.Stop()
			select {
			case <-j.done:
			case <-timer.C:
			case <-r.Context().Done():
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}
