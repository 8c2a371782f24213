package spool

import (
	"context"
	"errors"
	"io"
	"os"
	"sync/atomic"
)

// readBytes is how much is read at once; it holds more than one whole frame.
const readBytes = 64 << 10

// Reader reads a spool from where it was last acknowledged, and waits for more
// at its end. A spool has one reader at a time. It is for one goroutine;
// Finish may be called from others.
type Reader struct {
	dir      string
	at       Position
	file     *os.File
	chunk    []byte // backs buffer
	buffer   []byte // read and not yet returned
	acks     *os.File
	data     *bell
	room     *bell
	ended    bool // at lies behind the end of a writer
	finished atomic.Bool
}

// Open opens a spool for reading, also one whose writer is yet to come.
func Open(dir string) (*Reader, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	a := readAcked(dir)
	r := &Reader{dir: dir, at: a.Position, ended: a.end}
	have, err := segments(dir)
	if err != nil {
		return nil, err
	}
	if len(have) > 0 && r.at.Segment < have[0] {
		r.at = Position{Segment: have[0]}
	}
	r.at.Segment = max(r.at.Segment, 1)
	if r.data, err = openBell(dir, dataBell); err != nil {
		return nil, err
	}
	if r.room, err = openBell(dir, roomBell); err != nil {
		r.data.close()
		return nil, err
	}
	return r, nil
}

// Close ends the reader.
func (r *Reader) Close() {
	r.data.close()
	r.room.close()
	for _, f := range []*os.File{r.file, r.acks} {
		if f != nil {
			f.Close()
		}
	}
}

// Position is where the next frame is read, or behind the last one.
func (r *Reader) Position() Position { return r.at }

// Finish tells the reader that nobody writes any more: what is there is all.
// An agent calls it when the container's exit is known, because an exit is
// told only after the last bytes are in the spool.
func (r *Reader) Finish() {
	r.finished.Store(true)
	r.data.ring()
}

// Next returns the next frame and the position behind it. It blocks until
// there is one, ctx ends, or the spool ends: then io.EOF. The frame's data is
// valid until the next call.
func (r *Reader) Next(ctx context.Context) (Frame, Position, error) {
	for {
		finished := r.finished.Load() // before looking: what is there now is all
		f, err := r.frame()
		if err == nil {
			return f, r.at, nil
		}
		if !errors.Is(err, errNone) {
			return Frame{}, r.at, err
		}
		moved, err := r.advance()
		if err != nil {
			return Frame{}, r.at, err
		}
		if moved {
			continue
		}
		if finished || r.ended {
			return Frame{}, r.at, io.EOF
		}
		if err := r.data.wait(ctx); err != nil {
			return Frame{}, r.at, err
		}
	}
}

// Ready tells whether Next would return at once.
func (r *Reader) Ready() bool {
	_, _, _, err := decodeFrame(r.buffer)
	return err == nil
}

// errNone means that the current segment has no further frame, so far.
var errNone = errors.New("no frame")

// frame takes a frame from the current segment.
func (r *Reader) frame() (Frame, error) {
	f, end, size, err := decodeFrame(r.buffer)
	if errors.Is(err, errShort) {
		if err := r.fill(); err != nil {
			return f, err
		}
		f, end, size, err = decodeFrame(r.buffer)
	}
	if err != nil {
		return f, errNone
	}
	r.buffer = r.buffer[size:]
	r.at.Offset += int64(size)
	r.ended = end
	if end {
		return f, errNone
	}
	return f, nil
}

// fill reads the current segment from the next frame on. What was read of a
// frame that is not whole is read again: a writer may have taken it back.
func (r *Reader) fill() error {
	if r.file == nil {
		f, err := os.Open(segmentPath(r.dir, r.at.Segment))
		if errors.Is(err, os.ErrNotExist) {
			return errNone
		}
		if err != nil {
			return err
		}
		r.file = f
	}
	if r.chunk == nil {
		r.chunk = make([]byte, readBytes)
	}
	n, err := r.file.ReadAt(r.chunk, r.at.Offset)
	r.buffer = r.chunk[:n]
	if err != nil && err != io.EOF {
		return err
	}
	return nil
}

// advance moves to the next segment, if there is one: then the current one is
// complete, and what is left of it was torn.
func (r *Reader) advance() (bool, error) {
	_, err := os.Stat(segmentPath(r.dir, r.at.Segment+1))
	if errors.Is(err, os.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	// The writer may have added to the current segment since our last look.
	if err := r.fill(); err != nil && !errors.Is(err, errNone) {
		return false, err
	}
	if _, _, _, err := decodeFrame(r.buffer); err == nil {
		return true, nil
	}
	if r.file != nil {
		r.file.Close()
		r.file = nil
	}
	r.at, r.buffer, r.ended = Position{Segment: r.at.Segment + 1}, nil, false
	return true, nil
}

// Ack tells that everything before the position is done with: it will not be
// read again, also by a later reader, and its segments are deleted.
func (r *Reader) Ack(p Position) error {
	if r.acks == nil {
		f, err := os.OpenFile(ackPath(r.dir), os.O_CREATE|os.O_WRONLY, 0o600)
		if err != nil {
			return err
		}
		r.acks = f
	}
	// In place: a rename would make the file system flush, every time.
	if _, err := r.acks.WriteAt(acked{Position: p, end: r.ended && p == r.at}.encode(), 0); err != nil {
		return err
	}
	for n := p.Segment - 1; n > 0; n-- {
		err := os.Remove(segmentPath(r.dir, n))
		if errors.Is(err, os.ErrNotExist) {
			break
		}
		if err != nil {
			return err
		}
	}
	r.room.ring()
	return nil
}
