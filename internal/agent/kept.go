package agent

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"

	"github.com/hatoba/hatoba/internal/agent/meter"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/underway"
)

// files keep what was measured and is not handed up, each for one who writes it.
// The batches are written first: meters and what was carried name the batch they
// will be in, so that it is known when they are in it already.
type files struct {
	unsent  *underway.File[unsent]
	meters  *underway.File[meters]
	carried *underway.File[carried]
}

// meters are what was read of tasks for a batch.
type meters struct {
	For         int64 // the batch's Seq
	Minute      time.Time
	Since, Last time.Time
	Meters      []metered
}

type metered struct {
	Key   state.Key
	Meter *meter.Meter
}

// carried is what Service Connect carried for a batch.
type carried struct {
	For    int64 // the batch's Seq
	Minute time.Time
	By     []protocol.ConnectMeasures
}

func newFiles(p *underway.Place) files {
	return files{
		unsent: underway.Keep[unsent](p, "measures"), meters: underway.Keep[meters](p, "meters"), carried: underway.Keep[carried](p, "connect"),
	}
}

// load goes on from where the process before was.
func (w *watcher) load() {
	w.kept = w.files.unsent.Load()
	m, c := w.files.meters.Load(), w.files.carried.Load()
	if w.kept.Run == "" {
		w.kept = unsent{Run: uuid.NewString()}
	}
	next := w.kept.Seq + 1
	w.since, w.last = m.Since, m.Last
	for _, one := range m.Meters {
		if m.For < next {
			one.Meter.Take() // it is in that batch
		}
		w.meters[one.Key] = one.Meter
	}
	w.minute = m.Minute
	if c.For >= next {
		w.carried, w.minute = c.By, c.Minute
	}
}

func (w *watcher) saveMeters() {
	if len(w.meters) == 0 {
		w.files.meters.Clear()
		return
	}
	out := meters{For: w.number(), Minute: w.minute, Since: w.since, Last: w.last}
	for key, m := range w.meters {
		out.Meters = append(out.Meters, metered{key, m})
	}
	w.files.meters.Save(out)
}

func (w *watcher) saveCarried() {
	if len(w.carried) == 0 {
		w.files.carried.Clear()
		return
	}
	w.files.carried.Save(carried{For: w.number(), Minute: w.minute, By: w.carried})
}

// number is that of the next batch.
func (w *watcher) number() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.kept.Seq + 1
}

// carry takes what Service Connect carried since the last time.
func (w *watcher) carry() {
	if w.a.cfg.Proxies == nil {
		return
	}
	now := w.a.cfg.Proxies.Measure()
	for i := range w.carried {
		w.carried[i].Active = 0 // a gauge
	}
	for _, m := range now {
		i := slices.IndexFunc(w.carried, func(c protocol.ConnectMeasures) bool { return c.Task == m.Task && c.Service == m.Service })
		if i < 0 {
			w.carried = append(w.carried, m)
			continue
		}
		w.carried[i] = addConnect(w.carried[i], m)
	}
	if len(now) > 0 {
		w.saveCarried()
	}
}

// addConnect adds what came later.
func addConnect(sum, m protocol.ConnectMeasures) protocol.ConnectMeasures {
	sum.Targets = m.Targets
	sum.Requests += m.Requests
	sum.GRPC += m.GRPC
	for i, n := range m.Status {
		sum.Status[i] += n
	}
	sum.ToTarget += m.ToTarget
	sum.FromTarget += m.FromTarget
	sum.NewConnections += m.NewConnections
	sum.Active += m.Active
	sum.ResponseTime += m.ResponseTime
	for _, t := range m.Times {
		i, ok := slices.BinarySearchFunc(sum.Times, t.About, func(a protocol.ResponseTimes, about time.Duration) int { return int(a.About - about) })
		if ok {
			sum.Times[i].Count += t.Count
		} else {
			sum.Times = slices.Insert(sum.Times, i, t)
		}
	}
	return sum
}

// handOver hands up what is left when the agent ends in order, so that nothing
// is under way then. What is not taken in time stays in the files.
func (w *watcher) handOver(session protocol.Session) {
	<-w.ended
	w.carry()
	w.close()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(w.a.ctx), lastWords)
	defer cancel()
	for {
		batch, ok := w.next()
		if !ok {
			break
		}
		batch.Dropped = w.a.DroppedMeasures()
		err := session.Measure(ctx, batch)
		var refused *protocol.Refusal
		if err != nil && !errors.As(err, &refused) {
			w.a.cfg.Log.Warn("the last measures of tasks are not taken, and kept for the next start", "error", err)
			return
		}
		w.sent(batch, err)
	}
	w.files.unsent.Clear()
	w.files.meters.Clear()
	w.files.carried.Clear()
}

// lastWords is how long that may take.
const lastWords = 2 * time.Second
