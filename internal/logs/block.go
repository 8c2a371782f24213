package logs

import (
	"os"
	"sync"

	"github.com/klauspost/compress/zstd"
)

// blockBuffer is space for reading blocks one after the other.
type blockBuffer struct {
	file, columns, data []byte
	chunk               chunk
}

// The codecs may be used by many at once. Blocks carry a checksum of their
// own.
var (
	zstdEncoder = sync.OnceValue(func() *zstd.Encoder {
		e, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
			zstd.WithEncoderCRC(false), zstd.WithWindowSize(blockBytes))
		if err != nil {
			panic(err) // constant options
		}
		return e
	})
	zstdDecoder = sync.OnceValue(func() *zstd.Decoder {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(0), zstd.WithDecoderMaxMemory(maxRecord))
		if err != nil {
			panic(err) // constant options
		}
		return d
	})
)

// readBlock reads a block of an open file. With a buffer the chunk is the
// buffer's and lives until its next use.
func readBlock(f *os.File, k *blockIndex, buf *blockBuffer) (*chunk, error) {
	own := blockBuffer{}
	if buf == nil {
		buf = &own
	}
	n := k.columns + k.data
	if cap(buf.file) < n {
		buf.file = make([]byte, n)
	}
	buf.file = buf.file[:n]
	if _, err := f.ReadAt(buf.file, k.offset); err != nil {
		return nil, err
	}
	if checksum(buf.file) != k.checksum {
		return nil, errCorrupt
	}
	var err error
	if buf.columns, err = zstdDecoder().DecodeAll(buf.file[:k.columns], buf.columns[:0]); err != nil {
		return nil, err
	}
	if cap(buf.data) < k.rawData {
		buf.data = make([]byte, 0, k.rawData)
	}
	if buf.data, err = zstdDecoder().DecodeAll(buf.file[k.columns:], buf.data[:0]); err != nil {
		return nil, err
	}
	c := &buf.chunk
	c.data, c.runs = buf.data, k.runs
	if err := c.parseColumns(buf.columns, k.events); err != nil {
		return nil, err
	}
	if buf == &own { // let the rest of the buffer go
		out := own.chunk
		return &out, nil
	}
	return c, nil
}

// appendColumns writes all but the messages, a column after the other.
func appendColumns(b []byte, rows []row) []byte {
	time, seq, ingest := int64(0), uint64(0), int64(0)
	for i := range rows {
		b = appendInt(b, rows[i].time-time)
		time = rows[i].time
	}
	for i := range rows {
		b = appendUint(b, uint64(len(rows[i].message)))
	}
	for i := range rows {
		b = appendInt(b, int64(rows[i].seq-seq))
		seq = rows[i].seq
	}
	for i := range rows {
		b = appendInt(b, rows[i].ingest-ingest)
		ingest = rows[i].ingest
	}
	return b
}

// parseColumns reads what appendColumns wrote into c.
func (c *chunk) parseColumns(b []byte, n int) error {
	if n > len(b) {
		return errCorrupt
	}
	c.times, c.ingests, c.seqs, c.ends = grow(c.times, n), grow(c.ingests, n), grow(c.seqs, n), grow(c.ends, n)
	d := newDecoder(b)
	time, end, seq, ingest := int64(0), uint64(0), uint64(0), int64(0)
	for i := range n {
		time += d.int()
		c.times[i] = time
	}
	for i := range n {
		end += d.uint()
		c.ends[i] = uint32(end)
	}
	for i := range n {
		seq += uint64(d.int())
		c.seqs[i] = seq
	}
	for i := range n {
		ingest += d.int()
		c.ingests[i] = ingest
	}
	if !d.ok || end != uint64(len(c.data)) {
		return errCorrupt
	}
	return nil
}

func grow[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
