package connect

import (
	"context"
	"io"
	"sync"
)

// inflight counts the requests that are under way at an endpoint, through all
// proxies of the node.
type inflight struct {
	mu    sync.Mutex
	n     int
	quiet chan struct{} // closed when there are none; nil while nobody waits
}

func (f *inflight) add() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.n++
}

func (f *inflight) done() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.n--; f.n == 0 && f.quiet != nil {
		close(f.quiet)
		f.quiet = nil
	}
}

// wait returns a channel that is closed once there are none.
func (f *inflight) wait() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.n == 0 {
		none := make(chan struct{})
		close(none)
		return none
	}
	if f.quiet == nil {
		f.quiet = make(chan struct{})
	}
	return f.quiet
}

// Drain waits until no request is under way at the endpoints that have left the
// table and whose ids fit, or until ctx ends. Connections of TCP, and what is
// spoken after an upgrade, are not waited for.
func (t *Table) Drain(ctx context.Context, fits func(id string) bool) {
	t.mu.Lock()
	var all []<-chan struct{}
	for id, f := range t.leaving {
		if fits(id) {
			all = append(all, f.wait())
			delete(t.leaving, id)
		}
	}
	t.mu.Unlock()
	for _, quiet := range all {
		select {
		case <-quiet:
		case <-ctx.Done():
			return
		}
	}
}

// leave remembers the endpoints of a list that another one has not, as long as
// requests are under way there; t.mu is held.
func (t *Table) leave(before, after []endpoint) {
	stay := map[*inflight]bool{}
	for _, e := range after {
		stay[e.busy] = true
	}
	for id, f := range t.leaving {
		if f.idle() {
			delete(t.leaving, id)
		}
	}
	for _, e := range before {
		if !stay[e.busy] && !e.busy.idle() {
			t.leaving[e.id] = e.busy
		}
	}
}

func (f *inflight) idle() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.n == 0
}

// begin counts a request at the host; false when the host has left the table
// meanwhile, and the request has to go elsewhere.
func (h *host) begin() bool {
	h.busy.add()
	if h.ctx.Err() != nil {
		h.busy.done()
		return false
	}
	return true
}

// answer is an answer's body: its end is the request's.
type answer struct {
	io.ReadCloser
	once sync.Once
	end  func()
}

// Close ends the request.
func (a *answer) Close() error {
	defer a.once.Do(a.end)
	return a.ReadCloser.Close()
}
