// Package spool keeps what a container writes to stdout and stderr until the
// log store has it. It is written by the shim, which outlives Hatoba, and read
// by the agent.
//
// A spool is a directory of segments named 0000000001.seg and so on, without
// gaps. A segment is a run of frames:
//
//	length  uint32  of what follows the crc, big endian
//	crc     uint32  IEEE, of what follows
//	time    int64   nanoseconds since 1970, when the bytes were read
//	stream  uint8   1 stdout, 2 stderr
//	flags   uint8   1: partial, the line has not ended with this frame
//	                2: the end; no frame of this writer follows
//	bytes           at most 16 KiB; a line end is not among them
//
// The bytes of a stream are its frames' bytes in order, with a newline after
// every frame that is not partial: a last line without newline is partial.
// Frames keep the order in which bytes were read, over both streams. A frame
// torn by a crash of the writer is not read.
//
// Beside the segments are:
//
//	acked       how far the reader is done; segments before are deleted
//	dropped     how many bytes and lines a full non-blocking spool refused, in decimal
//	told        how much of that the log's readers were told
//	cuts        where events of several lines were ended by time (package logdriver)
//	data.bell   FIFO the writer rings when there is more to read
//	room.bell   FIFO the reader rings when it has acknowledged
//
// The bound of a spool counts the bytes of its frames that are not
// acknowledged. Once the process has ended the bound is lifted, for the little
// that is left in its pipes: an exit is never held up by a full spool.
package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"
)

// MaxPiece is the most bytes of a line one frame takes.
const MaxPiece = 16 << 10

// DefaultMaxBytes bounds a spool whose size nobody set.
const DefaultMaxBytes = 64 << 20

// Stream tells stdout from stderr.
type Stream uint8

// The streams.
const (
	Stdout Stream = 1
	Stderr Stream = 2
)

// Frame is one line, or a piece of one.
type Frame struct {
	Time    time.Time
	Stream  Stream
	Partial bool // the line goes on
	Data    []byte
}

const (
	flagPartial = 1
	flagEnd     = 2

	frameHead = 8
	frameMeta = 10
)

// Position is a place between two frames.
type Position struct {
	Segment int64
	Offset  int64
}

// After tells whether p lies behind q.
func (p Position) After(q Position) bool {
	return p.Segment > q.Segment || p.Segment == q.Segment && p.Offset > q.Offset
}

// Count is the position as one growing number, for repeat detection.
func (p Position) Count() int64 { return p.Segment<<32 | p.Offset }

func appendFrame(b []byte, f Frame, end bool) []byte {
	var flags byte
	if f.Partial {
		flags |= flagPartial
	}
	if end {
		flags |= flagEnd
	}
	start := len(b)
	b = append(b, make([]byte, frameHead)...)
	b = binary.BigEndian.AppendUint64(b, uint64(f.Time.UnixNano()))
	b = append(b, byte(f.Stream), flags)
	b = append(b, f.Data...)
	body := b[start+frameHead:]
	binary.BigEndian.PutUint32(b[start:], uint32(len(body)))
	binary.BigEndian.PutUint32(b[start+4:], crc32.ChecksumIEEE(body))
	return b
}

// errShort means that a frame is not whole (yet).
var errShort = errors.New("frame is not whole")

// errCorrupt means that bytes are not what was written.
var errCorrupt = errors.New("frame is corrupt")

// decodeFrame reads the frame at the head of b and tells its size.
func decodeFrame(b []byte) (f Frame, end bool, size int, err error) {
	if len(b) < frameHead {
		return f, false, 0, errShort
	}
	n := int(binary.BigEndian.Uint32(b))
	if n < frameMeta || n > frameMeta+MaxPiece {
		return f, false, 0, errCorrupt
	}
	if len(b) < frameHead+n {
		return f, false, 0, errShort
	}
	body := b[frameHead : frameHead+n]
	if crc32.ChecksumIEEE(body) != binary.BigEndian.Uint32(b[4:]) {
		return f, false, 0, errCorrupt
	}
	f.Time = time.Unix(0, int64(binary.BigEndian.Uint64(body)))
	f.Stream = Stream(body[8])
	f.Partial = body[9]&flagPartial != 0
	f.Data = body[frameMeta:]
	return f, body[9]&flagEnd != 0, frameHead + n, nil
}

func segmentPath(dir string, n int64) string {
	return filepath.Join(dir, fmt.Sprintf("%010d.seg", n))
}

// segments lists the numbers of the segments that are there, in order.
func segments(dir string) ([]int64, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var out []int64
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".seg"); ok {
			if n, err := strconv.ParseInt(name, 10, 64); err == nil {
				out = append(out, n)
			}
		}
	}
	sort.Slice(out, func(i, j int) bool { return out[i] < out[j] })
	return out, nil
}

func droppedPath(dir string) string { return filepath.Join(dir, "dropped") }

// Drops is what a full spool has lost.
type Drops struct{ Bytes, Lines int64 }

// Dropped is what was dropped so far because the spool was full, or its disk.
func Dropped(dir string) Drops { return readDrops(droppedPath(dir)) }

// Told is how much of that was told to whoever reads the log.
func Told(dir string) Drops { return readDrops(toldPath(dir)) }

// Tell notes that it was told.
func Tell(dir string, d Drops) error { return writeDrops(toldPath(dir), d) }

func readDrops(path string) (d Drops) {
	b, err := os.ReadFile(path)
	if err != nil {
		return d
	}
	fields := strings.Fields(string(b)) // one, of an earlier shim, or both
	if len(fields) > 0 {
		d.Bytes, _ = strconv.ParseInt(fields[0], 10, 64)
	}
	if len(fields) > 1 {
		d.Lines, _ = strconv.ParseInt(fields[1], 10, 64)
	}
	return d
}

func writeDrops(path string, d Drops) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	// Always the same width, so that a reader never sees half a number.
	_, err = f.WriteAt(fmt.Appendf(nil, "%020d %020d\n", d.Bytes, d.Lines), 0)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	return err
}

func toldPath(dir string) string { return filepath.Join(dir, "told") }

func ackPath(dir string) string { return filepath.Join(dir, "acked") }

// acked is what the file of that name holds: segment and offset as int64, one
// byte that is 1 behind the end of a writer, and the crc of these as uint32.
type acked struct {
	Position
	end bool
}

const ackedBytes = 8 + 8 + 1 + 4

func (a acked) encode() []byte {
	b := binary.BigEndian.AppendUint64(nil, uint64(a.Segment))
	b = binary.BigEndian.AppendUint64(b, uint64(a.Offset))
	var end byte
	if a.end {
		end = 1
	}
	b = append(b, end)
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

// readAcked tells how far the reader is done. A file that is missing or torn
// means: with nothing that is still there.
func readAcked(dir string) acked {
	b, err := os.ReadFile(ackPath(dir))
	if err != nil || len(b) != ackedBytes || crc32.ChecksumIEEE(b[:17]) != binary.BigEndian.Uint32(b[17:]) {
		return acked{}
	}
	return acked{
		Position: Position{Segment: int64(binary.BigEndian.Uint64(b)), Offset: int64(binary.BigEndian.Uint64(b[8:]))},
		end:      b[16] == 1,
	}
}
