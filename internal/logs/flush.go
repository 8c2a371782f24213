package logs

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// frozen is the state at the start of a log file: what is to be written so
// that the files before it are needed no more.
type frozen struct {
	number  uint64 // of the log file
	catalog []byte
	events  map[uint64]map[uint64][]*chunk // by group and stream
}

// Flush writes the events in memory as segments, replaces the catalog and
// removes the log before it.
func (e *Engine) Flush(ctx context.Context) error {
	e.flushing.Lock()
	defer e.flushing.Unlock()
	f, err := e.freeze()
	if err != nil {
		return err
	}
	segments, err := e.writeFrozen(ctx, f.events)
	if err != nil {
		for _, s := range segments {
			s.discard()
		}
		e.unfreeze()
		return err
	}
	if err := replaceFile(e.catalogPath(), endCatalog(f.catalog, segments)); err != nil {
		// The new catalog may be in place all the same: its segments stay, as
		// leftovers or not.
		e.unfreeze()
		return err
	}
	e.adopt(segments)
	return errors.Join(e.emptyTrash(), e.removeLogs(f.number))
}

// freeze starts a new log file and sets the events before it apart.
func (e *Engine) freeze() (*frozen, error) {
	if err := e.wal.failure(); err != nil {
		return nil, err
	}
	number := e.wal.number + 1
	next, err := e.createWAL(number)
	if errors.Is(err, fs.ErrExist) { // of a flush that failed
		next, err = os.OpenFile(e.walPath(number), os.O_WRONLY|os.O_TRUNC|os.O_APPEND, 0o600)
	}
	if err != nil {
		return nil, err
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if err := e.wal.rotate(next, number); err != nil {
		next.Close()
		return nil, err
	}
	return &frozen{number: number, catalog: encodeCatalog(e.tables, number), events: e.tables.memory.freeze()}, nil
}

// writeFrozen writes a segment per group. On error the segments it returns
// are to be removed.
func (e *Engine) writeFrozen(ctx context.Context, frozen map[uint64]map[uint64][]*chunk) (map[uint64]*segment, error) {
	segments := map[uint64]*segment{}
	for id, streams := range frozen {
		if err := ctx.Err(); err != nil {
			return segments, err
		}
		var all []streamRows
		for stream, chunks := range streams {
			rows := streamRows{stream: stream}
			for _, c := range chunks {
				rows.rows = appendRows(rows.rows, c, c.runs[0])
			}
			all = append(all, rows)
		}
		if len(all) == 0 {
			continue
		}
		seg, err := e.newSegment(id)
		if err != nil {
			return segments, err
		}
		if err := writeSegment(seg, all); err != nil {
			return segments, err
		}
		segments[id] = seg
	}
	for id := range segments {
		if err := syncDir(e.groupDir(id)); err != nil {
			return segments, err
		}
	}
	return segments, nil
}

// newSegment names a segment of a group and makes sure of its directory.
func (e *Engine) newSegment(group uint64) (*segment, error) {
	e.mu.Lock()
	id := e.tables.newID()
	e.mu.Unlock()
	if err := makeDir(e.groupDir(group)); err != nil {
		return nil, err
	}
	return &segment{group: group, id: id, path: e.segmentPath(group, id)}, nil
}

// adopt gives the groups their new segments in place of the frozen events.
func (e *Engine) adopt(segments map[uint64]*segment) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for id, s := range segments {
		if e.tables.byID[id] == nil { // deleted meanwhile, as the log tells
			e.tables.trash = append(e.tables.trash, s)
			continue
		}
		e.tables.putSegments(segmentsRecord{group: id, add: []*segment{s}})
	}
	e.tables.memory.thaw()
	close(e.room)
	e.room = make(chan struct{})
}

// emptyTrash removes what is thrown away when its deletion is durable.
func (e *Engine) emptyTrash() error {
	return e.commit(func(*tables) ([]byte, uint64, error) { return nil, 0, nil })
}

// unfreeze takes the frozen events back into the active part, after a flush
// that failed: the log still holds them.
func (e *Engine) unfreeze() {
	e.mu.Lock()
	defer e.mu.Unlock()
	m := e.tables.memory
	late := m.active
	m.active = m.frozen
	m.thaw()
	for id, g := range late.groups {
		for stream, chunks := range g.streams {
			for _, c := range chunks {
				m.add(id, stream, c)
			}
		}
	}
}

// removeLogs removes the log files before number.
func (e *Engine) removeLogs(number uint64) error {
	numbers, err := e.numbered(filepath.Join(e.cfg.Dir, "wal"), ".log")
	if err != nil {
		return err
	}
	for _, n := range numbers {
		if n < number {
			err = errors.Join(err, os.Remove(e.walPath(n)))
		}
	}
	return err
}
