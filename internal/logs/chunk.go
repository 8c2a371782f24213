package logs

import "sort"

// chunk is events in columns: a batch in memory or a block of a segment. The
// messages lie one after the other in data, so that one search runs over all.
type chunk struct {
	runs  []run
	times []int64
	ends  []uint32 // of the messages in data
	data  []byte

	seqs    []uint64 // nil: seq0, seq0+1, …
	seq0    uint64
	ingests []int64 // nil: all ingest0
	ingest0 int64
}

// run is a stretch of events of one stream, ordered by time and sequence.
type run struct {
	stream           uint64
	from, to         int // events
	minTime, maxTime int64
}

func (c *chunk) len() int { return len(c.times) }

func (c *chunk) seq(i int) uint64 {
	if c.seqs == nil {
		return c.seq0 + uint64(i)
	}
	return c.seqs[i]
}

func (c *chunk) ingest(i int) int64 {
	if c.ingests == nil {
		return c.ingest0
	}
	return c.ingests[i]
}

func (c *chunk) start(i int) int {
	if i == 0 {
		return 0
	}
	return int(c.ends[i-1])
}

func (c *chunk) message(i int) []byte { return c.data[c.start(i):c.ends[i]] }

// at returns the event that holds byte offset of data, from event i on.
func (c *chunk) at(offset, i, end int) int {
	return i + sort.Search(end-i, func(k int) bool { return int(c.ends[i+k]) > offset })
}

// oneRun makes the whole chunk a run of stream.
func (c *chunk) oneRun(stream uint64) {
	n := len(c.times)
	c.runs = []run{{stream: stream, to: n, minTime: c.times[0], maxTime: c.times[n-1]}}
}

// memory is what the chunk takes, near enough for a bound.
func (c *chunk) memory() int { return len(c.data) + 12*len(c.times) + 200 }
