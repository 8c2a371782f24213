package spool

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// Options are a spool's bounds.
type Options struct {
	MaxBytes    int64 // 0: DefaultMaxBytes
	NonBlocking bool  // full: drop and count, instead of waiting for room
}

// Writer writes a spool. Its streams may be copied concurrently.
type Writer struct {
	dir     string
	options Options
	room    *watcher // tells when the reader deletes segments

	mu      sync.Mutex
	file    *os.File
	segment int64
	offset  int64
	dropped int64
	buffer  []byte
	open    int // streams still being copied
	err     error
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
	have, err := segments(dir)
	if err != nil {
		return nil, err
	}
	w := &Writer{dir: dir, options: options, dropped: Dropped(dir)}
	if len(have) > 0 {
		w.segment = have[len(have)-1]
	}
	return w, w.roll()
}

// roll closes the segment and opens the next one.
func (w *Writer) roll() error {
	if w.file != nil {
		if err := w.file.Close(); err != nil {
			return err
		}
	}
	w.segment++
	f, err := os.OpenFile(segmentPath(w.dir, w.segment), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	w.file, w.offset = f, 0
	return err
}

// Copy copies a stream until it ends. Every stream's Copy must have been
// announced by Add.
func (w *Writer) Copy(stream Stream, r io.Reader) error {
	defer w.done()
	buf := make([]byte, 64<<10)
	var rest []byte // of a line whose end has not been read
	for {
		n, err := r.Read(buf)
		now := time.Now()
		data := buf[:n]
		if len(rest) > 0 {
			data = append(rest, data...)
		}
		rest = append([]byte(nil), w.lines(now, stream, data)...)
		if err != nil {
			if len(rest) > 0 {
				w.write(Frame{Time: now, Stream: stream, Data: rest})
			}
			if err == io.EOF {
				return nil
			}
			return err
		}
	}
}

// lines writes the whole lines of data, and pieces of one that is too long. It
// returns what is left.
func (w *Writer) lines(now time.Time, stream Stream, data []byte) []byte {
	for len(data) > 0 {
		end := bytes.IndexByte(data, '\n')
		switch {
		case end >= 0 && end <= MaxPiece:
			w.write(Frame{Time: now, Stream: stream, Data: data[:end]})
			data = data[end+1:]
		case end < 0 && len(data) <= MaxPiece:
			return data
		default:
			w.write(Frame{Time: now, Stream: stream, Partial: true, Data: data[:MaxPiece]})
			data = data[MaxPiece:]
		}
	}
	return nil
}

func (w *Writer) write(f Frame) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.put(f, false)
}

// put appends a frame; w.mu is held. A disk that refuses counts as full for
// good: the container must not die of it, and the loss is counted.
func (w *Writer) put(f Frame, end bool) {
	w.buffer = appendFrame(w.buffer[:0], f, end)
	if !end && !w.fits(int64(len(w.buffer))) {
		w.drop(len(f.Data))
		return
	}
	if w.offset > 0 && w.offset+int64(len(w.buffer)) > segmentBytes {
		if err := w.roll(); err != nil {
			w.drop(len(f.Data))
			return
		}
	}
	n, err := w.file.Write(w.buffer)
	w.offset += int64(n)
	if err != nil {
		w.drop(len(f.Data))
		_ = w.roll() // what was torn stays behind
	}
}

func (w *Writer) drop(n int) {
	w.dropped += int64(n)
	_ = os.WriteFile(droppedPath(w.dir), []byte(strconv.FormatInt(w.dropped, 10)), 0o600)
}

// fits tells whether there is room, and waits for it in blocking mode.
func (w *Writer) fits(n int64) bool {
	for w.size()+n > w.options.MaxBytes {
		if w.options.NonBlocking {
			return false
		}
		if w.room == nil {
			var err error
			if w.room, err = watch(w.dir, unix.IN_DELETE); err != nil {
				return false
			}
			continue // a segment may have gone before the watch stood
		}
		w.mu.Unlock()
		err := w.room.wait()
		w.mu.Lock()
		if err != nil {
			return false
		}
	}
	return true
}

// size is what the spool's segments take.
func (w *Writer) size() int64 {
	have, err := segments(w.dir)
	if err != nil || len(have) == 0 {
		return 0
	}
	return int64(len(have)-1)*segmentBytes + w.offset
}

// Add announces a stream.
func (w *Writer) Add() {
	w.mu.Lock()
	w.open++
	w.mu.Unlock()
}

// done writes the end after the last stream.
func (w *Writer) done() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.open--; w.open > 0 {
		return
	}
	w.put(Frame{Time: time.Now(), Stream: Stdout}, true)
	w.err = w.file.Sync()
	w.file.Close()
	if w.room != nil {
		w.room.close()
	}
}

// String names the spool.
func (w *Writer) String() string { return fmt.Sprintf("spool %s", w.dir) }
