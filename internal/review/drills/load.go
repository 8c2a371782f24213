package drills

import (
	"context"
	"io"
	"net/http"
	"slices"
	"sync"
	"time"
)

// reply is what became of one request.
type reply struct {
	began  time.Time
	took   time.Duration
	status int    // 0: no whole answer
	err    string // if so: why
}

// lost tells whether a user would have seen an error of ours.
func (r reply) lost() bool { return r.status == 0 || r.status >= 500 }

func (f *front) ask(ctx context.Context) (r reply, err error) {
	r.began = time.Now()
	defer func() {
		if r.took = time.Since(r.began); err != nil {
			r.err = innermost(err)
		}
	}()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, f.url, nil)
	if err != nil {
		return r, err
	}
	request.Header.Set("User-Agent", "hatoba-drill")
	answer, err := f.client.Do(request)
	if err != nil {
		return r, err
	}
	defer answer.Body.Close()
	if _, err = io.Copy(io.Discard, io.LimitReader(answer.Body, 16<<20)); err == nil {
		r.status = answer.StatusCode
	}
	return r, err
}

// load is a steady stream of requests, each of them counted.
type load struct {
	mu      sync.Mutex
	replies []reply
	cancel  context.CancelFunc
	ended   sync.WaitGroup
	front   *front
}

// mostAtOnce bounds the requests under way: what answers slower than that is
// asked less often.
const mostAtOnce = 32

// drive asks rate times a second until stop. over, if set, is told the shares
// lost so far.
func drive(ctx context.Context, f *front, rate int, over func(sent, lost int)) *load {
	l := &load{front: f}
	ctx, l.cancel = context.WithCancel(ctx)
	room := make(chan struct{}, mostAtOnce)
	l.ended.Go(func() {
		tick := time.NewTicker(time.Second / time.Duration(rate))
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			select {
			case room <- struct{}{}:
			case <-ctx.Done():
				return
			}
			l.ended.Go(func() {
				defer func() { <-room }()
				// What has begun is let finish: cutting it would be our loss.
				r, _ := f.ask(context.WithoutCancel(ctx))
				l.mu.Lock()
				l.replies = append(l.replies, r)
				sent, lost := len(l.replies), count(l.replies, reply.lost)
				l.mu.Unlock()
				if over != nil {
					over(sent, lost)
				}
			})
		}
	})
	return l
}

// stop ends the stream, waits for what is under way, and returns all replies
// in the order in which they were asked for.
func (l *load) stop() []reply {
	l.cancel()
	l.ended.Wait()
	l.front.client.CloseIdleConnections()
	slices.SortFunc(l.replies, func(a, b reply) int { return a.began.Compare(b.began) })
	return l.replies
}

func count(list []reply, is func(reply) bool) (n int) {
	for _, r := range list {
		if is(r) {
			n++
		}
	}
	return n
}

// p95 is the 95th percentile of what took answers; 0 without any.
func p95(list []reply) time.Duration {
	var took []time.Duration
	for _, r := range list {
		if !r.lost() {
			took = append(took, r.took)
		}
	}
	if len(took) == 0 {
		return 0
	}
	slices.Sort(took)
	return took[(len(took)-1)*95/100]
}

// firstLost says what became of the first request that was lost.
func firstLost(list []reply) string {
	for _, r := range list {
		if r.lost() {
			if r.err != "" {
				return r.err
			}
			return http.StatusText(r.status)
		}
	}
	return ""
}
