package metrics

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"sync"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/tsdb/wlog"
	"github.com/prometheus/prometheus/util/compression"
)

// journal is the log in front of the tiers. It makes a Put one: what a call
// puts is one record, with a checksum, and there after a crash or not, while
// the tiers write logs of their own each. A Put returns when its record is
// synced; callers share a sync. Records are replayed into the tiers at the
// times they were given, so doing that again changes nothing.
//
// Only the engine's lock guards write; wait may be called by many.
type journal struct {
	wl    *wlog.WL
	epoch uint64 // of the segment: a column is defined once in each
	size  int    // of the segment

	syncing sync.Mutex // held during a sync
	mu      sync.Mutex // guards the rest
	newest  uint64     // record written
	synced  uint64
	broken  error
	scratch []byte
}

const (
	journalVersion     = 1
	journalSegment     = 16 << 20
	journalSegmentRoom = 128 << 20 // wlog begins a segment by itself there, without waiting for the last one's sync
)

// openJournal begins a new segment after those that are there.
func openJournal(dir string, log *slog.Logger) (*journal, error) {
	wl, err := wlog.NewSize(log, nil, dir, journalSegmentRoom, compression.None)
	if err != nil {
		return nil, err
	}
	if err := syncFile(dir); err != nil {
		return nil, errors.Join(err, wl.Close())
	}
	return &journal{wl: wl, epoch: 1}, nil
}

// sample is a number for a column.
type sample struct {
	column *column
	t      int64 // milliseconds
	v      float64
}

// write appends the record of a Put and returns its number, for wait. full
// tells that it is time for a checkpoint.
func (j *journal) write(samples []sample) (record uint64, full bool, err error) {
	j.mu.Lock()
	err = j.broken
	j.mu.Unlock()
	if err != nil {
		return 0, false, err
	}
	b := append(j.scratch[:0], journalVersion)
	for i := range samples {
		if c := samples[i].column; c.epoch != j.epoch {
			c.epoch = j.epoch
			b = appendDefinition(b, c)
		}
	}
	b = append(b, 0)
	b = appendSamples(b, samples)
	if j.scratch = b; cap(b) > 4<<20 {
		j.scratch = nil
	}
	if err := j.wl.Log(b); err != nil {
		j.fail(err)
		return 0, false, fmt.Errorf("journal: %w", err)
	}
	j.size += len(b)
	j.mu.Lock()
	defer j.mu.Unlock()
	j.newest++
	return j.newest, j.size >= journalSegment, nil
}

// appendSamples appends numbers, each with its column's id and its time after the
// one before.
func appendSamples(b []byte, samples []sample) []byte {
	last := int64(0)
	for i := range samples {
		s := &samples[i]
		b = binary.AppendUvarint(b, s.column.id)
		b = binary.AppendVarint(b, s.t-last)
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(s.v))
		last = s.t
	}
	return b
}

// appendDefinition appends a column: its id, tier and labels. 0 is no id, and
// ends the list.
func appendDefinition(b []byte, c *column) []byte {
	b = binary.AppendUvarint(b, c.id)
	b = append(b, byte(c.tier))
	b = binary.AppendUvarint(b, uint64(c.labels.Len()))
	c.labels.Range(func(l labels.Label) {
		b = append(binary.AppendUvarint(b, uint64(len(l.Name))), l.Name...)
		b = append(binary.AppendUvarint(b, uint64(len(l.Value))), l.Value...)
	})
	return b
}

// wait returns when a record is on disk.
func (j *journal) wait(record uint64) error {
	j.syncing.Lock()
	defer j.syncing.Unlock()
	j.mu.Lock()
	newest, synced, broken := j.newest, j.synced, j.broken
	j.mu.Unlock()
	if synced >= record {
		return nil
	}
	if broken != nil {
		return broken
	}
	if err := j.wl.Sync(); err != nil {
		j.fail(err)
		return fmt.Errorf("journal: %w", err)
	}
	j.mu.Lock()
	j.synced = newest
	j.mu.Unlock()
	return nil
}

// fail takes no more: after a sync that failed nobody knows what is on disk.
func (j *journal) fail(err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken == nil {
		j.broken = fmt.Errorf("the metrics' journal can not be written, start Hatoba again: %w", err)
	}
}

// turn begins a new segment and returns its number: all records before it are
// on disk.
func (j *journal) turn() (segment int, err error) {
	j.syncing.Lock()
	defer j.syncing.Unlock()
	if segment, err = j.wl.NextSegmentSync(); err == nil {
		err = syncFile(j.wl.Dir())
	}
	if err != nil {
		j.fail(err)
		return 0, err
	}
	j.mu.Lock()
	j.synced = j.newest
	j.mu.Unlock()
	j.epoch++
	j.size = 0
	return segment, nil
}

// errJournal is a record that is not what write writes.
var errJournal = errors.New("a record of the journal is not well formed")

// replay gives the records of the segments before last, the oldest first. A
// record that was cut short ends its segment: nobody was told it is there.
func replay(dir string, last int, log *slog.Logger, apply func(samples []sample) error) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		var n int
		if _, err := fmt.Sscanf(e.Name(), "%08d", &n); err != nil || n >= last {
			continue
		}
		if err := replaySegment(filepath.Join(dir, e.Name()), log, apply); err != nil {
			return err
		}
	}
	return nil
}

func replaySegment(path string, log *slog.Logger, apply func(samples []sample) error) error {
	segment, err := wlog.OpenReadSegment(path)
	if err != nil {
		return err
	}
	in := wlog.NewSegmentBufReader(segment)
	defer in.Close()
	records, columns := wlog.NewReader(in), map[uint64]*column{}
	for records.Next() {
		samples, err := decodeRecord(records.Record(), columns)
		if err == nil {
			err = apply(samples)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
	}
	if err := records.Err(); err != nil {
		log.Warn("the metrics' journal ends with a record that was cut short", "file", path, "error", err)
	}
	return nil
}

// decodeRecord reads what write wrote; columns are those the segment defined.
func decodeRecord(b []byte, columns map[uint64]*column) ([]sample, error) {
	r := reader{b: b}
	if v := r.byte(); v != journalVersion {
		return nil, fmt.Errorf("%w: version %d", errJournal, v)
	}
	for {
		id := r.uvarint()
		if id == 0 {
			break
		}
		c := &column{id: id, tier: resolution(r.byte())}
		builder := labels.NewScratchBuilder(8)
		for n := r.uvarint(); n > 0 && !r.bad; n-- {
			name := r.text()
			builder.Add(name, r.text())
		}
		builder.Sort()
		c.labels = builder.Labels()
		if c.tier > minutes {
			r.bad = true
		}
		columns[id] = c
	}
	var samples []sample
	last := int64(0)
	for len(r.b) > 0 && !r.bad {
		c := columns[r.uvarint()]
		last += r.varint()
		v := r.float()
		if c == nil {
			r.bad = true
			break
		}
		samples = append(samples, sample{column: c, t: last, v: v})
	}
	if r.bad {
		return nil, errJournal
	}
	return samples, nil
}

// reader reads a record; what is missing makes it bad.
type reader struct {
	b   []byte
	bad bool
}

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b) {
		r.bad, r.b = true, nil
		return make([]byte, min(max(n, 0), 8))
	}
	head := r.b[:n]
	r.b = r.b[n:]
	return head
}

func (r *reader) byte() byte { return r.take(1)[0] }

func (r *reader) uvarint() uint64 {
	v, n := binary.Uvarint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) varint() int64 {
	v, n := binary.Varint(r.b)
	if n <= 0 {
		r.bad, r.b = true, nil
		return 0
	}
	r.b = r.b[n:]
	return v
}

func (r *reader) float() float64 { return math.Float64frombits(binary.LittleEndian.Uint64(r.take(8))) }

func (r *reader) text() string {
	n := r.uvarint()
	if n > uint64(len(r.b)) {
		r.bad, r.b = true, nil
		return ""
	}
	return string(r.take(int(n)))
}
