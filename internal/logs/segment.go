package logs

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync/atomic"
)

// A segment file is
//
//	magic, blocks, index, footer
//	block:  zstd(columns) zstd(messages)
//	footer: offset and length of the index, its checksum, magic
//
// A block holds about 1 MiB of messages. Events are ordered by stream, time
// and sequence; the index tells which streams a block holds, how many events
// of each, and between which times.
const (
	segmentMagic  = "HTBLOG01"
	segmentFooter = 8 + 4 + 4 + 8
	blockBytes    = 1 << 20
)

// segment is an immutable file of one group's events.
type segment struct {
	group, id        uint64
	path             string
	minTime, maxTime int64
	minSeq, maxSeq   uint64
	events           uint64
	raw              uint64 // bytes of messages
	size             uint64 // bytes of the file

	refs atomic.Int32 // readers; the group's own reference is not counted
	dead atomic.Bool
}

// acquire keeps the file. The caller holds the engine's lock and has the
// segment from its group.
func (s *segment) acquire() { s.refs.Add(1) }

// release ends an acquire. The last one of a dead segment removes the file.
func (s *segment) release() {
	if s.refs.Add(-1) == 0 && s.dead.Load() {
		s.remove()
	}
}

// discard removes the file when its last reader is done. No group has the
// segment any more.
func (s *segment) discard() {
	s.acquire()
	s.dead.Store(true)
	s.release()
}

func (s *segment) remove() {
	// A file that stays is found and removed at the next start.
	_ = os.Remove(s.path)
}

// blockIndex is what the index tells about a block.
type blockIndex struct {
	offset           int64
	columns, data    int // compressed
	rawData          int
	checksum         uint32
	events           int
	minTime, maxTime int64
	runs             []run
	runBytes         []int // messages of each run
}

func appendIndex(b []byte, blocks []blockIndex) []byte {
	b = appendUint(appendUint(b, 1), uint64(len(blocks)))
	for i := range blocks {
		k := &blocks[i]
		for _, v := range [...]uint64{uint64(k.offset), uint64(k.columns), uint64(k.data), uint64(k.rawData), uint64(k.checksum), uint64(k.events)} {
			b = appendUint(b, v)
		}
		b = appendUint(b, uint64(len(k.runs)))
		for j, r := range k.runs {
			b = appendUint(appendUint(b, r.stream), uint64(r.to-r.from))
			b = appendUint(b, uint64(k.runBytes[j]))
			b = appendUint(appendInt(b, r.minTime), uint64(r.maxTime-r.minTime))
		}
	}
	return b
}

func parseIndex(b []byte) ([]blockIndex, error) {
	d := newDecoder(b)
	d.uint() // version
	blocks := make([]blockIndex, d.count())
	for i := range blocks {
		k := &blocks[i]
		k.offset = int64(d.uint())
		k.columns, k.data, k.rawData = int(d.uint()), int(d.uint()), int(d.uint())
		k.checksum, k.events = uint32(d.uint()), int(d.uint())
		k.runs = make([]run, d.count())
		k.runBytes = make([]int, len(k.runs))
		at := 0
		for j := range k.runs {
			r := run{stream: d.uint(), from: at}
			at += int(d.uint())
			r.to = at
			k.runBytes[j] = int(d.uint())
			r.minTime = d.int()
			r.maxTime = r.minTime + int64(d.uint())
			k.runs[j] = r
			if j == 0 || r.minTime < k.minTime {
				k.minTime = r.minTime
			}
			if j == 0 || r.maxTime > k.maxTime {
				k.maxTime = r.maxTime
			}
		}
		if at != k.events || k.rawData > maxRecord || k.columns > maxRecord || k.data > maxRecord {
			d.fail()
		}
	}
	return blocks, d.err()
}

// loadIndex reads the index of a segment's file.
func (s *segment) loadIndex() ([]blockIndex, error) {
	f, err := os.Open(s.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var footer [segmentFooter]byte
	if _, err := f.ReadAt(footer[:], int64(s.size)-segmentFooter); err != nil {
		return nil, s.harmed(err)
	}
	offset := binary.LittleEndian.Uint64(footer[:])
	length := binary.LittleEndian.Uint32(footer[8:])
	if string(footer[16:]) != segmentMagic || offset+uint64(length)+segmentFooter != s.size {
		return nil, s.harmed(errCorrupt)
	}
	b := make([]byte, length)
	if _, err := f.ReadAt(b, int64(offset)); err != nil {
		return nil, s.harmed(err)
	}
	if checksum(b) != binary.LittleEndian.Uint32(footer[12:]) {
		return nil, s.harmed(errCorrupt)
	}
	blocks, err := parseIndex(b)
	if err != nil {
		return nil, s.harmed(err)
	}
	return blocks, nil
}

// loadBlock reads and decompresses a block. buf may hold space to reuse.
func (s *segment) loadBlock(k *blockIndex, buf *blockBuffer) (*chunk, error) {
	f, err := os.Open(s.path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	c, err := readBlock(f, k, buf)
	if err != nil {
		return nil, s.harmed(err)
	}
	return c, nil
}

func (s *segment) harmed(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return fmt.Errorf("segment %s: %w", s.path, err)
}
