package logs

import (
	"bufio"
	"cmp"
	"encoding/binary"
	"errors"
	"os"
	"slices"
)

// row is an event on its way into a segment.
type row struct {
	time, ingest int64
	seq          uint64
	message      []byte
}

// streamRows is the events of one stream.
type streamRows struct {
	stream uint64
	rows   []row
}

func sortRows(rows []row) {
	order := func(a, b row) int {
		if c := cmp.Compare(a.time, b.time); c != 0 {
			return c
		}
		return cmp.Compare(a.seq, b.seq)
	}
	if !slices.IsSortedFunc(rows, order) {
		slices.SortFunc(rows, order)
	}
}

// appendRows adds the events of a run.
func appendRows(rows []row, c *chunk, r run) []row {
	rows = slices.Grow(rows, r.to-r.from)
	for i := r.from; i < r.to; i++ {
		rows = append(rows, row{time: c.times[i], ingest: c.ingest(i), seq: c.seq(i), message: c.message(i)})
	}
	return rows
}

// segmentWriter writes a segment: streams in order of their ids, the events of
// each in order.
type segmentWriter struct {
	file   *os.File
	out    *bufio.Writer
	seg    *segment
	offset int64
	blocks []blockIndex

	rows          []row // of the block being gathered
	runs          []run
	runBytes      []int
	bytes         int
	data, columns []byte
	compressed    []byte
}

func newSegmentWriter(seg *segment) (*segmentWriter, error) {
	f, err := os.OpenFile(seg.path, os.O_CREATE|os.O_TRUNC|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	w := &segmentWriter{file: f, out: bufio.NewWriterSize(f, 256<<10), seg: seg, offset: int64(len(segmentMagic))}
	_, err = w.out.WriteString(segmentMagic)
	if err != nil {
		w.abort()
	}
	return w, err
}

// add writes the events of one stream, in order.
func (w *segmentWriter) add(stream uint64, rows []row) error {
	for len(rows) > 0 {
		n, bytes := 0, 0
		for n < len(rows) && (w.bytes+bytes < blockBytes || n == 0) {
			bytes += len(rows[n].message)
			n++
		}
		from := len(w.rows)
		w.rows = append(w.rows, rows[:n]...)
		w.runs = append(w.runs, run{stream: stream, from: from, to: from + n, minTime: rows[0].time, maxTime: rows[n-1].time})
		w.runBytes = append(w.runBytes, bytes)
		w.bytes += bytes
		rows = rows[n:]
		if w.bytes >= blockBytes {
			if err := w.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush writes the gathered block.
func (w *segmentWriter) flush() error {
	if len(w.rows) == 0 {
		return nil
	}
	w.data = w.data[:0]
	for i := range w.rows {
		w.data = append(w.data, w.rows[i].message...)
	}
	w.columns = appendColumns(w.columns[:0], w.rows)
	w.compressed = zstdEncoder().EncodeAll(w.columns, w.compressed[:0])
	columns := len(w.compressed)
	w.compressed = zstdEncoder().EncodeAll(w.data, w.compressed)
	if _, err := w.out.Write(w.compressed); err != nil {
		return err
	}
	k := blockIndex{
		offset: w.offset, columns: columns, data: len(w.compressed) - columns, rawData: len(w.data),
		checksum: checksum(w.compressed), events: len(w.rows), runs: w.runs, runBytes: w.runBytes,
	}
	w.offset += int64(len(w.compressed))
	w.blocks = append(w.blocks, k)
	w.count()
	w.rows, w.runs, w.runBytes, w.bytes = w.rows[:0], nil, nil, 0
	return nil
}

// count brings the segment's summary up to the gathered block.
func (w *segmentWriter) count() {
	s := w.seg
	for i := range w.rows {
		r := &w.rows[i]
		if s.events == 0 {
			s.minTime, s.maxTime, s.minSeq, s.maxSeq = r.time, r.time, r.seq, r.seq
		}
		s.minTime, s.maxTime = min(s.minTime, r.time), max(s.maxTime, r.time)
		s.minSeq, s.maxSeq = min(s.minSeq, r.seq), max(s.maxSeq, r.seq)
		s.events++
		s.raw += uint64(len(r.message))
	}
}

// finish makes the file durable, but for its name.
func (w *segmentWriter) finish() error {
	if err := w.flush(); err != nil {
		return err
	}
	index := appendIndex(nil, w.blocks)
	footer := binary.LittleEndian.AppendUint64(nil, uint64(w.offset))
	footer = binary.LittleEndian.AppendUint32(footer, uint32(len(index)))
	footer = binary.LittleEndian.AppendUint32(footer, checksum(index))
	footer = append(footer, segmentMagic...)
	_, err := w.out.Write(append(index, footer...))
	if err == nil {
		err = w.out.Flush()
	}
	if err == nil {
		err = syncData(w.file)
	}
	w.seg.size = uint64(w.offset) + uint64(len(index)+len(footer))
	return errors.Join(err, w.file.Close())
}

// abort removes the unfinished file.
func (w *segmentWriter) abort() {
	w.file.Close()
	w.seg.remove()
}

// writeSegment writes a segment with the streams given, whose rows it sorts.
func writeSegment(seg *segment, streams []streamRows) error {
	w, err := newSegmentWriter(seg)
	if err != nil {
		return err
	}
	slices.SortFunc(streams, func(a, b streamRows) int { return cmp.Compare(a.stream, b.stream) })
	for _, s := range streams {
		sortRows(s.rows)
		if err := w.add(s.stream, s.rows); err != nil {
			w.abort()
			return err
		}
	}
	if err := w.finish(); err != nil {
		seg.remove()
		return err
	}
	return nil
}
