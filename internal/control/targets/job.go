package targets

import (
	"context"
	"time"

	"github.com/hatoba/hatoba/internal/state"
)

// finding is what a job has to tell of its target.
type finding struct {
	key     state.Key
	plan    plan
	drained bool
	health  state.TargetHealth
}

// job is the goroutine of a target.
type job struct {
	plan plan
	stop context.CancelFunc
}

// The questions before the first regular one, after the start.
const (
	firstEarly = 100 * time.Millisecond
	lastEarly  = 2 * time.Second
)

// begin starts the job of a target; was is its health until now. One that was
// known already is first asked after a while.
func (l *Loop) begin(ctx context.Context, key state.Key, p plan, was state.TargetHealth, later time.Duration) {
	ctx, stop := context.WithCancel(ctx)
	l.jobs[key] = &job{plan: p, stop: stop}
	l.work.Go(func() {
		tell := func(f finding) {
			f.key, f.plan = key, p
			select {
			case l.found <- f:
			case <-ctx.Done():
			}
		}
		switch {
		case p.Drained != 0:
			if wait(ctx, min(time.Until(time.Unix(0, p.Drained)), p.Drain)) {
				tell(finding{drained: true})
			}
		case p.Check == (Question{}):
			if was.State != unused && was.State != "" {
				tell(finding{health: notInUse(now())})
			}
		case was.State == healthy && !wait(ctx, later):
		default:
			check(ctx, p, was, l.cfg.Ask, func(h state.TargetHealth) { tell(finding{health: h}) })
		}
	})
}

// check asks a target until ctx ends, and tells of each change of its health
// and of why it is not well.
func check(ctx context.Context, p plan, was state.TargetHealth, ask func(context.Context, Question) Answer, tell func(state.TargetHealth)) {
	c := counts{state: was.State}
	told := was
	say := func(h state.TargetHealth) {
		if h.State != told.State || h.Reason != told.Reason {
			told = h
			tell(h)
		}
	}
	if c.state != healthy && c.state != unhealthy {
		c.state = initial
		say(health(c, Answer{}, now()))
	}
	regular := time.Now().Add(p.Interval)
	pause, bad := firstEarly, Answer{Reason: was.Reason, Description: was.Description} // the last one that was not good
	for early := true; ; {
		a := ask(ctx, p.Check)
		if ctx.Err() != nil {
			return
		}
		if !a.Good {
			bad = a
		}
		c = next(c, p.Count, a.Good, early)
		say(health(c, bad, now()))
		if early && c.state == initial && time.Until(regular) > pause {
			if !wait(ctx, pause) {
				return
			}
			pause = min(2*pause, lastEarly)
			continue
		}
		if !wait(ctx, time.Until(regular)) {
			return
		}
		early = false
		for !regular.After(time.Now()) { // a slow answer does not lead to a burst
			regular = regular.Add(p.Interval)
		}
	}
}

// now is the time as it is stored.
func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }

// wait is false when ctx has ended.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
