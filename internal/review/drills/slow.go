package drills

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"sync"
	"time"

	"github.com/hatoba/hatoba/internal/review"
)

// flight is one slow request, in times before (negative) and after the stop was
// asked for.
type flight struct {
	Began, Ended time.Duration
	Connected    bool
	Status       int    // 0: no whole answer
	Err          string // if so: why
}

// held is how long a request must have been with the service to count as work
// it had taken on: what is cut sooner fell into the closing of the door.
const held = 200 * time.Millisecond

// answered tells whether it got what it asked for.
func (f flight) answered() bool { return f.Status > 0 && f.Status < 500 }

// under tells whether it was under way when the stop was asked for. One that is
// answered at once says nothing of work in flight, though it fell on that moment.
func (f flight) under() bool {
	return f.Began < 0 && f.Ended > 0 && (!f.answered() || f.Ended-f.Began >= held)
}

// lost tells whether work that had been taken on was dropped.
func (f flight) lost() bool {
	return f.Connected && !f.answered() && (f.under() || f.Ended-f.Began >= held)
}

// flights are slow requests, begun one after the other until the task takes no
// more of them.
type flights struct {
	mu     sync.Mutex
	list   []flightAt
	cancel context.CancelFunc
	ended  sync.WaitGroup
}

type flightAt struct {
	began, ended time.Time
	flight
}

const (
	between     = 250 * time.Millisecond // two of them
	mostFlights = 400
	most        = 40 // at once
)

// fly sends slow requests to an address.
func fly(ctx context.Context, address string, set review.DrillSettings, probe string) *flights {
	f := &flights{}
	ctx, f.cancel = context.WithCancel(ctx)
	client := &http.Client{Timeout: set.Takes + time.Minute, Transport: &http.Transport{DisableKeepAlives: true,
		DialContext: (&net.Dialer{Timeout: 2 * time.Second}).DialContext}}
	room := make(chan struct{}, most)
	f.ended.Go(func() {
		tick := time.NewTicker(between)
		defer tick.Stop()
		refused := make(chan struct{}, mostFlights)
		for range mostFlights {
			select {
			case room <- struct{}{}:
			case <-ctx.Done():
				return
			}
			f.ended.Go(func() {
				defer func() { <-room }()
				at := one(context.WithoutCancel(ctx), client, address, set, probe)
				if !at.Connected {
					refused <- struct{}{}
				}
				f.mu.Lock()
				f.list = append(f.list, at)
				f.mu.Unlock()
			})
			select {
			case <-tick.C:
			case <-refused:
				return
			case <-ctx.Done():
				return
			}
		}
	})
	return f
}

// stop waits for the requests under way and returns all, in times around the
// stop.
func (f *flights) stop(asked time.Time) (out []flight) {
	f.cancel()
	f.ended.Wait()
	for _, at := range f.list {
		at.Began, at.Ended = at.began.Sub(asked), at.ended.Sub(asked)
		out = append(out, at.flight)
	}
	return out
}

// one sends one slow request: to the path that is known to be slow, else with a
// body that takes its time.
func one(ctx context.Context, client *http.Client, address string, set review.DrillSettings, probe string) (f flightAt) {
	f.began = time.Now()
	defer func() { f.ended = time.Now() }()
	method, path, body := set.Method, set.Slow, io.Reader(nil)
	if path == "" {
		method, path, body = http.MethodPost, probe, &trickle{left: trickled, pause: set.Takes / trickled}
	}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { f.Connected = true }})
	r, err := http.NewRequestWithContext(ctx, method, "http://"+address+path, body)
	if err != nil {
		f.Err = err.Error()
		return f
	}
	if body != nil {
		r.ContentLength = trickled
	}
	r.Header.Set("User-Agent", "hatoba-drill")
	answer, err := client.Do(r)
	if err != nil {
		f.Err = innermost(err)
		return f
	}
	defer answer.Body.Close()
	if _, err = io.Copy(io.Discard, answer.Body); err != nil {
		f.Err = innermost(err)
		return f
	}
	f.Status = answer.StatusCode
	return f
}

// trickle is a body that arrives a byte at a time.
type trickle struct {
	left  int
	pause time.Duration
}

const trickled = 30 // bytes

func (t *trickle) Read(b []byte) (int, error) {
	if t.left == 0 {
		return 0, io.EOF
	}
	time.Sleep(t.pause)
	t.left--
	b[0] = '.'
	return 1, nil
}

// innermost is the error without what stands around it: addresses and URLs are
// told once already.
func innermost(err error) string {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return strings.TrimSpace(err.Error())
}
