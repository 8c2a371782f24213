// Package latency counts how long things took, in buckets: two for each power
// of two of microseconds.
package latency

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// Buckets is how many there are. The last one counts all that took longer.
const Buckets = 72

// Counts are how many things fell into each bucket: bucket i counts what took
// less than Bound(i), and not less than the bound before it.
type Counts [Buckets]uint64

// Bound is the upper bound of a bucket.
func Bound(i int) time.Duration {
	base := time.Microsecond << (i / 2)
	if i%2 == 1 {
		base += base / 2
	}
	return base
}

// Middle stands for what fell into a bucket.
func Middle(i int) time.Duration {
	low := time.Duration(0)
	if i > 0 {
		low = Bound(i - 1)
	}
	return (low + Bound(i)) / 2
}

// Bucket is where something that took so long falls.
func Bucket(d time.Duration) int {
	i := 2 * bits.Len64(uint64(max(d, 0)/time.Microsecond))
	if i > 0 && d < Bound(i-1) {
		i--
	}
	return min(i, Buckets-1)
}

// Counter counts. It may be used concurrently.
type Counter struct {
	sum, count atomic.Uint64
	buckets    [Buckets]atomic.Uint64
}

// Took counts something that took d.
func (c *Counter) Took(d time.Duration) {
	c.sum.Add(uint64(max(d, 0)))
	c.count.Add(1)
	c.buckets[Bucket(d)].Add(1)
}

// Read tells what was counted: all that things took together, how many there
// were, and in which buckets.
func (c *Counter) Read() (sum time.Duration, count uint64, counts Counts) {
	for i := range c.buckets {
		counts[i] = c.buckets[i].Load()
	}
	return time.Duration(c.sum.Load()), c.count.Load(), counts
}
