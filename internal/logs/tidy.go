package logs

import (
	"context"
	"errors"
	"math/bits"
	"slices"
)

// Segments are merged when there are mergeCount of about one size, up to
// mergeBytes of messages, so that an event is rewritten a few times at most.
const (
	mergeCount = 8
	mergeBytes = 32 << 20
)

// wasteShare is the part of a segment, one in so many, that may be deleted or
// expired before it is rewritten.
const wasteShare = 4

// tidy frees the space of what is deleted or expired and merges segments.
func (e *Engine) tidy(ctx context.Context) error {
	var all error
	for _, id := range e.groupIDs() {
		if err := ctx.Err(); err != nil {
			return err
		}
		all = errors.Join(all, e.tidyGroup(ctx, id))
	}
	return all
}

func (e *Engine) groupIDs() (ids []uint64) {
	e.mu.RLock()
	defer e.mu.RUnlock()
	for id, g := range e.tables.byID {
		if len(g.segments) > 0 {
			ids = append(ids, id)
		}
	}
	return ids
}

func (e *Engine) tidyGroup(ctx context.Context, id uint64) (err error) {
	e.flushing.Lock()
	defer e.flushing.Unlock()
	segments, cutoff, sweep := e.takeSweep(id)
	defer func() {
		if err != nil && sweep {
			e.sweepAgain(id)
		}
	}()
	kept := segments[:0:0]
	for _, s := range segments {
		waste, err := e.waste(s, cutoff, sweep)
		if err != nil {
			return err
		}
		if waste == 0 || waste*wasteShare < s.raw {
			kept = append(kept, s)
			continue
		}
		if err := e.rewrite(ctx, id, []*segment{s}, cutoff); err != nil {
			return err
		}
	}
	if few := mergeable(kept); few != nil {
		return e.rewrite(ctx, id, few, cutoff)
	}
	return nil
}

// takeSweep returns a group's segments and whether they may hold events of
// deleted streams. The note of that is taken away now, so that a deletion
// from here on makes a new one.
func (e *Engine) takeSweep(id uint64) (segments []*segment, cutoff int64, sweep bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	g := e.tables.byID[id]
	if g == nil {
		return nil, 0, false
	}
	sweep, g.sweep = g.sweep, false
	return g.segments, expiry(e.now(), g.RetentionDays), sweep
}

func (e *Engine) sweepAgain(id uint64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if g := e.tables.byID[id]; g != nil {
		g.sweep = true
	}
}

// waste is how many bytes of a segment's messages are expired or, when sweep
// tells that there may be some, of deleted streams.
func (e *Engine) waste(s *segment, cutoff int64, sweep bool) (uint64, error) {
	if s.maxTime < cutoff {
		return s.raw, nil
	}
	if s.minTime >= cutoff && !sweep {
		return 0, nil
	}
	index, err := e.cache.index(s)
	if err != nil {
		return 0, err
	}
	alive := e.alive(s.group)
	waste := uint64(0)
	for i := range index {
		for j, r := range index[i].runs {
			if r.maxTime < cutoff || !alive(r.stream) {
				waste += uint64(index[i].runBytes[j])
			}
		}
	}
	return waste, nil
}

// alive returns a test for a group's streams.
func (e *Engine) alive(group uint64) func(stream uint64) bool {
	return func(stream uint64) bool {
		e.mu.RLock()
		defer e.mu.RUnlock()
		g := e.tables.byID[group]
		return g != nil && g.byID[stream] != nil
	}
}

// mergeable picks mergeCount segments of about one size, the oldest first, nil
// when there are none.
func mergeable(segments []*segment) []*segment {
	var bySize [65][]*segment
	for _, s := range segments {
		if s.raw > mergeBytes/2 {
			continue
		}
		size := (bits.Len64(s.raw) + 2) / 3 // eightfold steps
		bySize[size] = append(bySize[size], s)
		few := bySize[size]
		if len(few) < mergeCount {
			continue
		}
		sum := uint64(0)
		for i, f := range few {
			if sum += f.raw; sum > mergeBytes {
				return few[:max(i, 2)]
			}
		}
		return few
	}
	return nil
}

// rewrite puts one segment in place of several, without what is expired or
// deleted. It holds their messages in memory.
func (e *Engine) rewrite(ctx context.Context, group uint64, old []*segment, cutoff int64) error {
	streams, err := e.gather(ctx, old, cutoff, e.alive(group))
	if err != nil {
		return err
	}
	r := segmentsRecord{group: group}
	for _, s := range old {
		r.remove = append(r.remove, s.id)
	}
	if len(streams) > 0 {
		seg, err := e.newSegment(group)
		if err != nil {
			return err
		}
		if err := writeSegment(seg, streams); err != nil {
			return err
		}
		if err := syncDir(e.groupDir(group)); err != nil {
			seg.remove()
			return err
		}
		r.add = []*segment{seg}
	}
	return e.change(func(t *tables) ([]byte, uint64, error) {
		if g := t.byID[group]; g == nil || !slices.Contains(g.segments, old[0]) { // deleted meanwhile
			t.trash = append(t.trash, r.add...)
			return nil, 0, nil
		}
		record := encodeSegments(r)
		t.putSegments(r)
		return record, 0, nil
	})
}

// gather reads the events of segments that are neither expired nor deleted.
func (e *Engine) gather(ctx context.Context, segments []*segment, cutoff int64, alive func(uint64) bool) ([]streamRows, error) {
	at := map[uint64]int{}
	var out []streamRows
	for _, s := range segments {
		if s.maxTime < cutoff {
			continue
		}
		index, err := s.loadIndex()
		if err != nil {
			return nil, err
		}
		for i := range index {
			if err := ctx.Err(); err != nil {
				return nil, err
			}
			c, err := s.loadBlock(&index[i], nil)
			if err != nil {
				return nil, err
			}
			for _, r := range c.runs {
				for r.from < r.to && c.times[r.from] < cutoff {
					r.from++
				}
				if r.from == r.to || !alive(r.stream) {
					continue
				}
				n, ok := at[r.stream]
				if !ok {
					n = len(out)
					at[r.stream] = n
					out = append(out, streamRows{stream: r.stream})
				}
				out[n].rows = appendRows(out[n].rows, c, r)
			}
		}
	}
	return out, nil
}
