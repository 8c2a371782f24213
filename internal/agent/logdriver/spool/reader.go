package spool

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Reader reads a spool from where it was last acknowledged, and waits for more
// at its end. It is for one goroutine; Finish may be called from others.
type Reader struct {
	dir      string
	at       Position
	file     *os.File
	buffer   []byte // read and not yet returned
	watcher  *watcher
	finished atomic.Bool
	woken    chan error
	waiting  bool
}

func ackPath(dir string) string { return filepath.Join(dir, "acked") }

// Open opens a spool for reading.
func Open(dir string) (*Reader, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	r := &Reader{dir: dir, at: Position{Segment: 1}, woken: make(chan error, 1)}
	b, err := os.ReadFile(ackPath(dir))
	if err == nil {
		err = json.Unmarshal(b, &r.at)
	}
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	r.watcher, err = watch(dir, unix.IN_MODIFY|unix.IN_CREATE|unix.IN_CLOSE_WRITE|unix.IN_MOVED_TO)
	return r, err
}

// Close ends the reader.
func (r *Reader) Close() {
	r.watcher.close()
	if r.waiting {
		<-r.woken
	}
	if r.file != nil {
		r.file.Close()
	}
}

// Finish tells the reader that the writer is dead: what is there is all.
func (r *Reader) Finish() {
	r.finished.Store(true)
	// Touching the directory wakes a waiting reader.
	mark := filepath.Join(r.dir, "finished")
	_ = os.WriteFile(mark, nil, 0o600)
}

// Next returns the next frame and the position behind it. It blocks until
// there is one, ctx ends, or the spool ends: then io.EOF. The frame's data is
// valid until the next call.
func (r *Reader) Next(ctx context.Context) (Frame, Position, error) {
	for {
		finished := r.finished.Load() // before looking: what is there now is all
		f, end, err := r.frame()
		switch {
		case err == nil && end:
			return Frame{}, r.at, io.EOF
		case err == nil:
			return f, r.at, nil
		case !errors.Is(err, errShort) && !errors.Is(err, errCorrupt):
			return Frame{}, r.at, err
		}
		moved, merr := r.advance()
		if merr != nil {
			return Frame{}, r.at, merr
		}
		if moved {
			continue
		}
		if finished {
			return Frame{}, r.at, io.EOF
		}
		if err := r.wait(ctx); err != nil {
			return Frame{}, r.at, err
		}
	}
}

// Ready tells whether Next would return at once.
func (r *Reader) Ready() bool {
	_, _, _, err := decodeFrame(r.buffer)
	return err == nil
}

// frame takes a frame from the current segment.
func (r *Reader) frame() (Frame, bool, error) {
	f, end, size, err := decodeFrame(r.buffer)
	if errors.Is(err, errShort) {
		if err := r.fill(); err != nil {
			return f, false, err
		}
		f, end, size, err = decodeFrame(r.buffer)
	}
	if err != nil {
		return f, false, err
	}
	r.buffer = r.buffer[size:]
	r.at.Offset += int64(size)
	return f, end, nil
}

// fill reads more of the current segment.
func (r *Reader) fill() error {
	if r.file == nil {
		f, err := os.Open(segmentPath(r.dir, r.at.Segment))
		if errors.Is(err, os.ErrNotExist) {
			return errShort
		}
		if err != nil {
			return err
		}
		r.file = f
	}
	chunk := make([]byte, len(r.buffer)+256<<10)
	n := copy(chunk, r.buffer)
	got, err := r.file.ReadAt(chunk[n:], r.at.Offset+int64(n))
	r.buffer = chunk[:n+got]
	if err != nil && err != io.EOF {
		return err
	}
	return nil
}

// advance moves to the next segment, if there is one: then the current one is
// complete, and what is left of it was torn.
func (r *Reader) advance() (bool, error) {
	have, err := segments(r.dir)
	if err != nil {
		return false, err
	}
	for _, n := range have {
		if n <= r.at.Segment {
			continue
		}
		// The writer may have finished the segment after our last read.
		before := len(r.buffer)
		if err := r.fill(); err == nil && len(r.buffer) > before {
			if _, _, _, err := decodeFrame(r.buffer); err == nil {
				return true, nil
			}
		}
		if r.file != nil {
			r.file.Close()
			r.file = nil
		}
		r.at, r.buffer = Position{Segment: n}, nil
		return true, nil
	}
	return false, nil
}

// wait blocks until the directory changes or ctx ends.
func (r *Reader) wait(ctx context.Context) error {
	if !r.waiting {
		r.waiting = true
		go func() { r.woken <- r.watcher.wait() }()
	}
	select {
	case <-ctx.Done():
		return ctx.Err()
	case err := <-r.woken:
		r.waiting = false
		return err
	}
}

// Ack tells that everything before the position is done with: it will not be
// read again, and its segments are deleted.
func (r *Reader) Ack(p Position) error {
	b, err := json.Marshal(p)
	if err != nil {
		return err
	}
	tmp := ackPath(r.dir) + ".new"
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		return err
	}
	if err := os.Rename(tmp, ackPath(r.dir)); err != nil {
		return err
	}
	have, err := segments(r.dir)
	if err != nil {
		return err
	}
	for _, n := range have {
		if n < p.Segment {
			if err := os.Remove(segmentPath(r.dir, n)); err != nil {
				return err
			}
		}
	}
	return nil
}
