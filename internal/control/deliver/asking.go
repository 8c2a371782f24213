package deliver

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/control/due"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

const (
	maxAsking = 8           // endpoints that are asked at one time
	askPause  = time.Minute // until one is asked again whose answer could not be had or noted
)

// Asking has the endpoints of connections that are AUTHORIZING asked for tokens.
//
// What is to be asked is in the store, and so is the answer: an endpoint may be
// asked once more when Hatoba ends between the two, and is never forgotten.
type Asking struct {
	Store store.Store
	Log   *slog.Logger
	// Authorize asks the endpoint of a connection for the n-th time and notes
	// its answer; again is after how long it is to be asked once more, zero for
	// not.
	Authorize func(ctx context.Context, connection state.Key, n int) (again time.Duration, err error)
}

// ask is one time that a connection's endpoint is asked.
type ask struct {
	key state.Key
	id  string // the connection's Asked
	n   int
}

// Run works until ctx ends.
func (a *Asking) Run(ctx context.Context) error {
	queue := due.New[ask]()
	var group sync.WaitGroup
	defer group.Wait()
	group.Go(func() { a.follow(ctx, queue) })
	places := make(chan struct{}, maxAsking)
	for {
		asks := queue.Wait(ctx)
		if asks == nil {
			return nil
		}
		for _, one := range asks {
			select {
			case places <- struct{}{}:
			case <-ctx.Done():
				return nil
			}
			group.Go(func() {
				defer func() { <-places }()
				a.ask(ctx, queue, one)
			})
		}
	}
}

func (a *Asking) ask(ctx context.Context, queue *due.Queue[ask], one ask) {
	again, err := a.Authorize(ctx, one.key, one.n)
	if err != nil && ctx.Err() == nil {
		a.Log.Warn("a connection cannot be authorized", "connection", one.key.ID, "error", err)
		again = askPause
	}
	one.n++
	queue.After(one, again)
}

// follow has those asked that are to be.
func (a *Asking) follow(ctx context.Context, queue *due.Queue[ask]) {
	look := func(k state.Key, c state.EventConnection) {
		if is, _ := c.Authorization(); is == types.ConnectionStateAuthorizing {
			queue.Now(ask{k, c.Asked, 1})
		}
	}
	store.FollowOn(ctx, a.Store, a.Log, func(r store.Reader) error {
		for k, c := range store.EventConnections.List(r, state.Scope{}, "") {
			look(k, c)
		}
		return nil
	}, func(changes []store.Change) error {
		for _, change := range changes {
			if _, _, c, has := store.EventConnections.Of(change); has {
				look(change.Key, c)
			}
		}
		return nil
	}, store.EventConnections.Name)
}
