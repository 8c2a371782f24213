package logs

import (
	"encoding/json"
	"fmt"

	"github.com/hatoba/hatoba/internal/state"
)

// formatVersion is the version of the catalog and the log. A newer one is
// refused.
const formatVersion = 1

// The kinds of record, in the log and in the catalog. Numbers are for ever.
const (
	kindHeader       = 1 // catalog: begins it
	kindEnd          = 2 // catalog: ends it
	kindGroup        = 3 // a group as it is now
	kindDeleteGroup  = 4
	kindStream       = 5 // a stream as it is now
	kindDeleteStream = 6
	kindAppend       = 7
	kindSegments     = 8 // segments of a group, replacing others
)

// header begins a catalog.
type header struct {
	Version int
	WAL     uint64 // the first log file not contained in the catalog
	NextID  uint64
	LastSeq uint64
}

// groupRecord is a group on disk: JSON, because groups are few and their
// fields grow.
type groupRecord struct {
	ID    uint64
	Scope state.Scope
	Sweep bool // deleted streams may still have events in segments
	Group
}

func encodeJSON(kind byte, v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // plain structs of ours
	}
	return append([]byte{kind}, b...)
}

func decodeJSON(b []byte, v any) error {
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("%w: %w", errCorrupt, err)
	}
	return nil
}

func encodeDeleteGroup(id uint64) []byte {
	return appendUint([]byte{kindDeleteGroup}, id)
}

func encodeDeleteStream(group, id uint64) []byte {
	return appendUint(appendUint([]byte{kindDeleteStream}, group), id)
}

// encodeStream writes a stream. It begins with a version: readers take what
// they know of a longer record.
func encodeStream(group uint64, s *stream) []byte {
	b := append(make([]byte, 0, 64+len(s.Name)), kindStream, 1)
	b = appendUint(appendUint(b, group), s.id)
	b = appendString(b, s.Name)
	for _, v := range [...]int64{s.Created, s.Events, s.FirstEvent, s.LastEvent, s.LastIngestion} {
		b = appendInt(b, v)
	}
	b = appendUint(b, uint64(len(s.producers)))
	for producer, offset := range s.producers {
		b = appendInt(appendString(b, producer), offset)
	}
	return b
}

func decodeStream(b []byte) (group uint64, s *stream, err error) {
	d := newDecoder(b)
	d.uint() // version
	group = d.uint()
	s = &stream{id: d.uint()}
	s.Name = d.string()
	for _, v := range [...]*int64{&s.Created, &s.Events, &s.FirstEvent, &s.LastEvent, &s.LastIngestion} {
		*v = d.int()
	}
	if n := d.count(); n > 0 {
		s.producers = make(map[string]int64, n)
		for range n {
			producer := d.string()
			s.producers[producer] = d.int()
		}
	}
	return group, s, d.err()
}

// appended is a batch on its way into the log.
type appended struct {
	group, stream uint64
	producer      string
	offset        int64
	events        *chunk
}

// encodeAppend writes a batch; the messages end up as one run of bytes at the
// end, which the chunk then shares.
func encodeAppend(a *appended, events []InputEvent) []byte {
	size := 96 + len(a.producer) + 6*len(events)
	for i := range events {
		size += len(events[i].Message)
	}
	b := append(make([]byte, 0, size), kindAppend, 1)
	b = appendUint(appendUint(b, a.group), a.stream)
	b = appendInt(appendString(b, a.producer), a.offset)
	c := a.events
	b = appendInt(appendUint(b, c.seq0), c.ingest0)
	b = appendUint(b, uint64(len(events)))
	last := int64(0)
	for i := range events {
		b = appendInt(b, events[i].Time-last)
		last = events[i].Time
		b = appendUint(b, uint64(len(events[i].Message)))
	}
	start := len(b)
	for i := range events {
		b = append(b, events[i].Message...)
		c.times = append(c.times, events[i].Time)
		c.ends = append(c.ends, uint32(len(b)-start))
	}
	c.data = b[start:]
	c.oneRun(a.stream)
	return b
}

func decodeAppend(b []byte) (*appended, error) {
	d := newDecoder(b)
	d.uint() // version
	a := &appended{group: d.uint(), stream: d.uint(), producer: d.string(), offset: d.int()}
	c := &chunk{seq0: d.uint(), ingest0: d.int()}
	n := d.count()
	c.times, c.ends = make([]int64, n), make([]uint32, n)
	last, end := int64(0), uint64(0)
	for i := range n {
		last += d.int()
		end += d.uint()
		c.times[i], c.ends[i] = last, uint32(end)
	}
	if !d.ok || n == 0 || end != uint64(len(d.b)) {
		return nil, errCorrupt
	}
	c.data = d.b
	c.oneRun(a.stream)
	a.events = c
	return a, nil
}

// segmentsRecord adds and removes segments of a group.
type segmentsRecord struct {
	group  uint64
	remove []uint64
	add    []*segment
}

func encodeSegments(r segmentsRecord) []byte {
	b := appendUint([]byte{kindSegments, 1}, r.group)
	b = appendUint(b, uint64(len(r.remove)))
	for _, id := range r.remove {
		b = appendUint(b, id)
	}
	b = appendUint(b, uint64(len(r.add)))
	for _, s := range r.add {
		b = appendInt(appendInt(appendUint(b, s.id), s.minTime), s.maxTime)
		for _, v := range [...]uint64{s.minSeq, s.maxSeq, s.events, s.raw, s.size} {
			b = appendUint(b, v)
		}
	}
	return b
}

func decodeSegments(b []byte) (r segmentsRecord, err error) {
	d := newDecoder(b)
	d.uint() // version
	r.group = d.uint()
	for range d.count() {
		r.remove = append(r.remove, d.uint())
	}
	for range d.count() {
		s := &segment{group: r.group, id: d.uint(), minTime: d.int(), maxTime: d.int()}
		for _, v := range [...]*uint64{&s.minSeq, &s.maxSeq, &s.events, &s.raw, &s.size} {
			*v = d.uint()
		}
		r.add = append(r.add, s)
	}
	return r, d.err()
}
