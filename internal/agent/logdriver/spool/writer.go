package spool

import (
	"bytes"
	"context"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"
)

// segmentBytes is the size at which a segment is closed.
const segmentBytes = 1 << 20

// Options are a spool's bounds.
type Options struct {
	MaxBytes    int64 // of frames not acknowledged; 0: DefaultMaxBytes
	NonBlocking bool  // full: drop and count, instead of waiting for room
}

// Writer writes a spool. A spool has one writer at a time; its streams may be
// copied concurrently.
type Writer struct {
	dir        string
	options    Options
	data, room *bell
	lifted     atomic.Bool

	mu      sync.Mutex // also held while waiting for room: streams keep their order
	file    *os.File
	segment int64
	size    int64           // of the segment, incl. pending
	starts  map[int64]int64 // of the segments there may be, in the run of all bytes
	total   int64           // of all bytes
	done    int64           // of those acknowledged, when last looked
	pending []byte          // frames not yet in the file
	dropped Drops
	open    int // streams still being copied
}

// Create makes a spool for writing. One that is there already, because its
// writer died, goes on in a new segment.
func Create(dir string, options Options) (*Writer, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if options.MaxBytes <= 0 {
		options.MaxBytes = DefaultMaxBytes
	}
	w := &Writer{
		dir: dir, options: options,
		dropped: Dropped(dir), starts: map[int64]int64{}, segment: readAcked(dir).Segment,
	}
	have, err := segments(dir)
	if err != nil {
		return nil, err
	}
	for _, n := range have {
		info, err := os.Stat(segmentPath(dir, n))
		if err != nil {
			return nil, err
		}
		w.starts[n] = w.total
		w.total += info.Size()
		w.segment = n
	}
	if w.data, err = openBell(dir, dataBell); err != nil {
		return nil, err
	}
	if w.room, err = openBell(dir, roomBell); err != nil {
		w.data.close()
		return nil, err
	}
	if err := w.roll(); err != nil {
		w.close()
		return nil, err
	}
	return w, nil
}

// Add announces a stream. The end is written after the last announced one.
func (w *Writer) Add() {
	w.mu.Lock()
	w.open++
	w.mu.Unlock()
}

// Copy copies an announced stream until it ends.
func (w *Writer) Copy(stream Stream, r io.Reader) error {
	buf := make([]byte, MaxPiece+32<<10)
	rest := 0 // bytes at the head of buf, of a line whose end has not been read
	for {
		n, err := r.Read(buf[rest:])
		now := time.Now()
		w.mu.Lock()
		left := w.lines(now, stream, buf[:rest+n])
		rest = copy(buf, left)
		if err != nil {
			if rest > 0 {
				w.put(Frame{Time: now, Stream: stream, Partial: true, Data: buf[:rest]}, false)
			}
			w.leave()
		}
		w.flush()
		w.mu.Unlock()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Lift lifts the bound for what is still to come, because the process that
// writes has ended.
func (w *Writer) Lift() {
	w.lifted.Store(true)
	w.room.ring()
}

// lines puts the whole lines of data, and pieces of one that is too long. It
// returns what is left.
func (w *Writer) lines(now time.Time, stream Stream, data []byte) []byte {
	for len(data) > 0 {
		end := bytes.IndexByte(data, '\n')
		switch {
		case end >= 0 && end <= MaxPiece:
			w.put(Frame{Time: now, Stream: stream, Data: data[:end]}, false)
			data = data[end+1:]
		case end < 0 && len(data) <= MaxPiece:
			return data
		default:
			w.put(Frame{Time: now, Stream: stream, Partial: true, Data: data[:MaxPiece]}, false)
			data = data[MaxPiece:]
		}
	}
	return nil
}

// put takes a frame into pending when there is room; w.mu is held.
func (w *Writer) put(f Frame, end bool) {
	n := int64(frameHead + frameMeta + len(f.Data))
	if !end && !w.fits(n) {
		w.drop(len(f.Data), ends(f))
		return
	}
	if w.size > 0 && w.size+n > segmentBytes {
		w.flush()
		if err := w.roll(); err != nil {
			w.drop(len(f.Data), ends(f))
			return
		}
	}
	w.pending = appendFrame(w.pending, f, end)
	w.size += n
	w.total += n
}

// fits tells whether there is room for n bytes, and waits for it in blocking
// mode.
func (w *Writer) fits(n int64) bool {
	full := func() bool { return w.total > w.done && w.total-w.done+n > w.options.MaxBytes }
	if !full() {
		return true
	}
	w.look()
	for full() {
		if w.options.NonBlocking {
			return false
		}
		if w.lifted.Load() {
			return true
		}
		w.flush() // what the reader has not seen it cannot acknowledge
		if err := w.room.wait(context.Background()); err != nil {
			return false
		}
		w.look()
	}
	return true
}

// look learns how far the reader is.
func (w *Writer) look() {
	a := readAcked(w.dir)
	start, ok := w.starts[a.Segment]
	if !ok {
		return
	}
	w.done = start + a.Offset
	for n := range w.starts {
		if n < a.Segment {
			delete(w.starts, n)
		}
	}
}

// flush writes what is pending and tells the reader. A disk that refuses must
// not end the container: what is lost is counted.
func (w *Writer) flush() {
	if len(w.pending) == 0 {
		return
	}
	pending := w.pending
	w.pending = w.pending[:0]
	n, err := w.file.Write(pending)
	if err != nil {
		kept, lost, lines := divide(pending, n)
		w.size -= int64(len(pending) - kept)
		w.total -= int64(len(pending) - kept)
		w.drop(lost, lines)
		// The torn frame goes; if it cannot, it stays behind at a segment's end.
		if err := w.file.Truncate(w.size); err != nil {
			_ = w.roll()
		}
	}
	w.data.ring()
}

// divide tells how much of the first n bytes of b is whole frames, and how
// many bytes and ends of lines are in the frames after those.
func divide(b []byte, n int) (kept, lost, lines int) {
	for at := 0; at < len(b); {
		f, _, size, err := decodeFrame(b[at:])
		if err != nil {
			break
		}
		at += size
		if at <= n {
			kept = at
		} else {
			lost += len(f.Data)
			lines += ends(f)
		}
	}
	return kept, lost, lines
}

// ends is 1 for a frame with which a line ends.
func ends(f Frame) int {
	if f.Partial {
		return 0
	}
	return 1
}

// roll closes the segment and opens the next one.
func (w *Writer) roll() error {
	f, err := os.OpenFile(segmentPath(w.dir, w.segment+1), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return err
	}
	if w.file != nil {
		w.file.Close()
	}
	w.segment++
	w.file, w.size = f, 0
	w.starts[w.segment] = w.total
	return nil
}

// drop counts lost bytes and lines, at once where it is read.
func (w *Writer) drop(n, lines int) {
	w.dropped.Bytes += int64(n)
	w.dropped.Lines += int64(lines)
	_ = writeDrops(droppedPath(w.dir), w.dropped)
	w.data.ring()
}

// leave ends a stream; the last one writes the end.
func (w *Writer) leave() {
	if w.open--; w.open > 0 {
		return
	}
	w.put(Frame{Time: time.Now(), Stream: Stdout}, true)
	w.flush()
	_ = w.file.Sync()
	w.close()
}

func (w *Writer) close() {
	if w.file != nil {
		w.file.Close()
	}
	w.data.close()
	w.room.close()
}
