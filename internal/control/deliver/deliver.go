// Package deliver makes the HTTP requests that deliveries ask for: each until
// it is taken, or given up by its retry policy. The loop rebuilds from the
// store, so a request may be made twice when Hatoba ends between an answer and
// its note; it is never forgotten.
package deliver

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hatoba/hatoba/internal/notify"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// Bounds of the work at one time, and of what waits for one receiver: beyond
// that the oldest are given up, and counted.
const (
	maxAtOnce   = 64
	maxPerCause = 8
	maxWaiting  = 10_000
	letterPause = time.Minute // until a dead letter is tried again
)

// Verdict is what became of an attempt.
type Verdict int

// The verdicts.
const (
	Taken    Verdict = iota
	Again            // it failed, and may succeed later
	Refused          // it failed for good
	Unwanted         // there is nobody any more to have it
)

// Result is what became of an attempt, and why.
type Result struct {
	Verdict Verdict
	Reason  string // without anything secret
}

// Loop delivers.
type Loop struct {
	Store store.Store
	Log   *slog.Logger
	// Send makes one attempt.
	Send func(ctx context.Context, scope state.Scope, d state.Delivery) Result
	// Letter writes what was given up to the log group of an ARN.
	Letter func(ctx context.Context, scope state.Scope, group string, d state.Delivery, reason string) error

	taken, again, givenUp atomic.Uint64
}

// Counts are what was done since the start.
type Counts struct {
	Taken, Again, GivenUp uint64
}

// Counts tells what was done since the start.
func (l *Loop) Counts() Counts {
	return Counts{l.taken.Load(), l.again.Load(), l.givenUp.Load()}
}

// Run works until ctx ends.
func (l *Loop) Run(ctx context.Context) error {
	changes := make(chan []change)
	var group sync.WaitGroup
	defer group.Wait()
	group.Go(func() { l.follow(ctx, changes) })
	q := newQueue()
	attempts, notes := make(chan attempt), make(chan []attempt)
	var finished []attempt
	noting := false
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		for _, a := range q.ready(time.Now()) {
			group.Go(func() { l.attempt(ctx, a, attempts) })
		}
		if len(finished) > 0 && !noting {
			noting = true
			batch := finished
			finished = nil
			group.Go(func() { l.note(ctx, batch, notes) })
		}
		if next, ok := q.next(); ok {
			timer.Reset(max(0, time.Until(next)))
		}
		select {
		case <-ctx.Done():
			return nil
		case list := <-changes:
			for _, c := range list {
				q.change(c)
			}
		case a := <-attempts:
			q.done(a.d.Cause)
			finished = append(finished, a)
		case <-notes:
			noting = false
		case <-timer.C:
		}
	}
}

// change is a delivery as it is now; nil when it is gone.
type change struct {
	key  state.Key
	now  *state.Delivery
	full bool // the first of a snapshot: what was known before counts no more
}

// attempt is a delivery with what became of it.
type attempt struct {
	key    state.Key
	d      state.Delivery
	over   bool // more wait for its receiver than may
	unsent bool // it is given up without another request
	result Result
}

func (l *Loop) attempt(ctx context.Context, a attempt, out chan<- attempt) {
	switch {
	case a.d.Attempts > a.d.Retry.Retries: // only its letter is to be written
		a.result = Result{Verdict: Refused, Reason: a.d.LastError}
	case a.over:
		a.unsent = true
		a.result = Result{Verdict: Refused, Reason: "too many deliveries wait for the same receiver"}
	case a.d.Request != nil && a.d.Retry.MaxAge > 0 && time.Since(a.d.CreatedAt) > a.d.Retry.MaxAge: // it waited while Hatoba did not run
		a.unsent, a.result = true, Result{Verdict: Refused, Reason: fmt.Sprintf("the event is older than the %d seconds of MaximumEventAgeInSeconds", int(a.d.Retry.MaxAge.Seconds()))}
	default:
		a.result = l.Send(ctx, a.key.Scope(), a.d)
	}
	a.d.Attempts++
	a = l.judge(a, time.Now(), rand.Float64())
	if a.result.Verdict == Refused && a.d.DeadLetter != "" {
		a.d.Attempts = max(a.d.Attempts, a.d.Retry.Retries+1) // none is left, should the letter fail
		if err := l.Letter(ctx, a.key.Scope(), a.d.DeadLetter, a.d, a.result.Reason); err != nil {
			l.Log.Warn("a dead letter cannot be written", "group", a.d.DeadLetter, "cause", a.d.Cause, "error", err)
			a.result.Verdict, a.d.NextAt = Again, time.Now().UTC().Add(letterPause)
		}
	}
	select {
	case out <- a:
	case <-ctx.Done():
	}
}

// judge decides what an attempt's failure means for the delivery.
func (l *Loop) judge(a attempt, now time.Time, jitter float64) attempt {
	a.d.LastError = a.result.Reason
	switch a.result.Verdict {
	case Taken:
		l.taken.Add(1)
	case Again:
		l.again.Add(1)
		pause, more := notify.Pause(a.d.Retry, a.d.Attempts, now.Sub(a.d.CreatedAt), jitter)
		if !more {
			a.result.Verdict = Refused
			break
		}
		a.d.NextAt = now.UTC().Add(pause)
	}
	if a.result.Verdict == Refused && a.d.Attempts <= a.d.Retry.Retries+1 {
		a.d.Requests = a.d.Attempts
		if a.unsent {
			a.d.Requests--
		}
		l.givenUp.Add(1)
		l.Log.Warn("a notification is given up", "cause", a.d.Cause, "attempts", a.d.Requests, "reason", a.result.Reason)
	}
	return a
}

// note writes down what became of attempts, until it is written.
func (l *Loop) note(ctx context.Context, batch []attempt, out chan<- []attempt) {
	for {
		err := l.Store.Update(ctx, func(w store.Writer) error {
			for _, a := range batch {
				if _, ok := store.Deliveries.Get(w, a.key); !ok {
					continue // deleted meanwhile
				}
				if a.result.Verdict != Again {
					store.Deliveries.Delete(w, a.key)
				} else if err := store.Deliveries.Put(w, a.key, a.d); err != nil {
					return err
				}
			}
			return nil
		})
		if err == nil || ctx.Err() != nil {
			break
		}
		l.Log.Warn("deliveries cannot be noted", "error", err)
		select {
		case <-ctx.Done():
		case <-time.After(time.Second):
		}
	}
	select {
	case out <- batch:
	case <-ctx.Done():
	}
}

// follow hands on what there is to deliver.
func (l *Loop) follow(ctx context.Context, out chan<- []change) {
	send := func(list []change) error {
		if len(list) == 0 {
			return nil
		}
		select {
		case out <- list:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	store.FollowOn(ctx, l.Store, l.Log, func(r store.Reader) error {
		list := []change{{full: true}}
		for k, d := range store.Deliveries.List(r, state.Scope{}, "") {
			list = append(list, change{key: k, now: &d})
		}
		return send(list)
	}, func(changes []store.Change) error {
		var list []change
		for _, c := range changes {
			_, _, d, has := store.Deliveries.Of(c)
			one := change{key: c.Key}
			if has {
				one.now = &d
			}
			list = append(list, one)
		}
		return send(list)
	}, store.Deliveries.Name)
}
