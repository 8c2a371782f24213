package logs

import (
	"bytes"
	"context"
	"sort"
)

// Matcher decides which messages a search returns.
type Matcher interface {
	// Match tells whether a message is wanted. It must not keep or change it.
	Match(message []byte) bool
	// Needles are strings of which every wanted message holds at least one;
	// none means that nothing is known. They let whole blocks be passed over.
	Needles() []string
}

// search is one look for events in a view.
type search struct {
	view    *view
	window  window
	from    *Position // a gap: only events after it, or before it when going backward
	match   Matcher   // nil: all
	needles [][]byte
	out     *selection
	budget  int // bytes of messages to look at, 0: no bound; may be exceeded by a block
	scanned int
}

// run fills out. When the budget ends the search, out is cut where the search
// is known to be complete, and out.bound tells where to go on.
func (s *search) run(ctx context.Context) error {
	if s.match != nil {
		for _, n := range s.match.Needles() {
			s.needles = append(s.needles, []byte(n))
		}
	}
	s.window.start = max(s.window.start, s.view.cutoff)
	if s.from != nil {
		s.narrow()
	}
	pieces := s.view.units(s.window, s.out.backward)
	for {
		u, ok, err := s.view.next(pieces, s.window, s.out.done)
		if err != nil || !ok {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if s.spent(u) {
			return nil
		}
		c, err := s.view.load(u)
		if err != nil {
			return err
		}
		s.scanned += len(c.data)
		s.chunk(c)
	}
}

// narrow takes the start of the search into the window.
func (s *search) narrow() {
	if !s.out.backward {
		s.window.start = max(s.window.start, s.from.Time)
	} else if s.from.Time < maxTime {
		s.window.end = min(s.window.end, s.from.Time+1)
	}
}

// spent ends the search before u when the budget is used up and the search
// has come further than where it began.
func (s *search) spent(u unit) bool {
	if s.budget == 0 || s.scanned < s.budget {
		return false
	}
	at := Position{Time: u.minTime}
	if s.out.backward {
		at.Time = u.maxTime + 1
	}
	if s.from != nil && !s.out.before(*s.from, at) || at.Time <= s.window.start || at.Time >= s.window.end {
		return false
	}
	s.out.cut(at)
	return true
}

// chunk offers the wanted events of a chunk.
func (s *search) chunk(c *chunk) {
	for _, r := range c.runs {
		if !s.window.overlaps(r.minTime, r.maxTime) || s.out.done(r.minTime, r.maxTime) {
			continue
		}
		name := s.view.name(r.stream)
		if name == "" {
			continue
		}
		from, to := r.from, r.to
		if r.minTime < s.window.start {
			from += sort.Search(to-from, func(i int) bool { return c.times[from+i] >= s.window.start })
		}
		if r.maxTime >= s.window.end {
			to = from + sort.Search(to-from, func(i int) bool { return c.times[from+i] >= s.window.end })
		}
		if len(s.needles) > 0 {
			s.hits(c, name, from, to)
		} else {
			s.all(c, name, from, to)
		}
	}
}

// all looks at every event from from to to, in the direction of the search:
// once one is too far, so are the rest.
func (s *search) all(c *chunk, name string, from, to int) {
	if s.out.backward {
		for i := to - 1; i >= from; i-- {
			if !s.event(c, name, i) {
				return
			}
		}
		return
	}
	for i := from; i < to; i++ {
		if !s.event(c, name, i) {
			return
		}
	}
}

// hits looks at the events that hold a needle.
func (s *search) hits(c *chunk, name string, from, to int) {
	if from == to {
		return
	}
	eachHit(c, s.needles, from, to, func(i int) { s.event(c, name, i) })
}

// eachHit calls fn with each event from from to to that holds one of the
// needles, or in which one begins.
func eachHit(c *chunk, needles [][]byte, from, to int, fn func(i int)) {
	end := int(c.ends[to-1])
	next := make([]int, len(needles)) // where each is found next, end when nowhere
	for k := range next {
		next[k] = -1
	}
	at := c.start(from)
	for i := from; at < end; {
		nearest := end
		for k, needle := range needles {
			if next[k] < at {
				next[k] = end
				if j := bytes.Index(c.data[at:end], needle); j >= 0 {
					next[k] = at + j
				}
			}
			nearest = min(nearest, next[k])
		}
		if nearest == end {
			return
		}
		i = c.at(nearest, i, to)
		fn(i)
		at = int(c.ends[i])
		i++
	}
}

// event offers one event; false tells that it is beyond what is wanted.
func (s *search) event(c *chunk, name string, i int) bool {
	p := Position{c.times[i], c.seq(i)}
	if !s.out.wants(p) {
		return false
	}
	if p.Seq <= s.window.after || p.Seq > s.view.visible {
		return true
	}
	if s.from != nil && (p.Compare(*s.from) < 0) != s.out.backward {
		return true
	}
	m := c.message(i)
	if s.match != nil && !s.match.Match(m) {
		return true
	}
	s.out.offer(Event{Stream: name, Time: p.Time, Ingestion: c.ingest(i), Seq: p.Seq, Message: string(m)})
	return true
}
