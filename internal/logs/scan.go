package logs

import (
	"bytes"
	"context"

	"github.com/hatoba/hatoba/internal/state"
)

// ScanRequest asks for all of a group's events in a time range, in no order,
// as fast as they can be read: it is made for queries.
type ScanRequest struct {
	Group   string
	Streams []string // only these; nil: all
	Start   int64    // first time, inclusive
	End     int64    // exclusive; 0: no end
	// Needles, when given, let pieces be passed over in which none of them
	// occurs, and events that hold none.
	Needles []string
}

// Scanned is events given to a scan's function, valid until it returns.
// Message and Stream are not copied.
type Scanned struct {
	Stream    string
	Time      int64
	Ingestion int64
	Seq       uint64
	Message   []byte
}

// ScanStats tells what a scan looked at.
type ScanStats struct {
	Bytes  int64 // of messages
	Events int64
}

// Scan calls fn with the events asked for. Blocks are decompressed into one
// buffer and pass the cache by. It is single-threaded: a caller that wants
// more asks for parts of the time in parallel.
func (e *Engine) Scan(ctx context.Context, scope state.Scope, r ScanRequest, fn func(*Scanned) error) (ScanStats, error) {
	var stats ScanStats
	v, err := e.view(scope, r.Group, r.Streams, nil)
	if err != nil {
		return stats, err
	}
	defer v.close()
	s := scanner{view: v, fn: fn, window: window{start: max(r.Start, v.cutoff), end: endOf(r.End)}}
	for _, n := range r.Needles {
		s.needles = append(s.needles, []byte(n))
	}
	pieces := v.units(s.window, false)
	for {
		u, ok, err := v.next(pieces, s.window, func(int64, int64) bool { return false })
		if err != nil || !ok {
			return stats, err
		}
		if err := ctx.Err(); err != nil {
			return stats, err
		}
		c := u.chunk
		if c == nil {
			if c, err = u.segment.loadBlock(u.index, &s.buf); err != nil {
				return stats, err
			}
		}
		stats.Bytes += int64(len(c.data))
		stats.Events += int64(c.len())
		if err := s.chunk(c); err != nil {
			return stats, err
		}
	}
}

type scanner struct {
	view    *view
	window  window
	needles [][]byte
	fn      func(*Scanned) error
	buf     blockBuffer
	event   Scanned
}

func (s *scanner) chunk(c *chunk) error {
	if len(s.needles) > 0 && !holdsAny(c.data, s.needles) {
		return nil
	}
	for _, r := range c.runs {
		name := s.view.name(r.stream)
		if name == "" || !s.window.overlaps(r.minTime, r.maxTime) {
			continue
		}
		s.event.Stream = name
		var err error
		give := func(i int) {
			if err == nil && c.times[i] >= s.window.start && c.times[i] < s.window.end && c.seq(i) <= s.view.visible {
				s.event.Time, s.event.Ingestion, s.event.Seq, s.event.Message = c.times[i], c.ingest(i), c.seq(i), c.message(i)
				err = s.fn(&s.event)
			}
		}
		if len(s.needles) > 0 {
			eachHit(c, s.needles, r.from, r.to, give)
		} else {
			for i := r.from; i < r.to && err == nil; i++ {
				give(i)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func holdsAny(b []byte, needles [][]byte) bool {
	for _, n := range needles {
		if bytes.Contains(b, n) {
			return true
		}
	}
	return false
}
