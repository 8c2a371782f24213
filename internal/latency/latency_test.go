package latency

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What is counted lies between the bounds of its bucket.
func TestBuckets(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(-1, int64(12*time.Hour)).Draw(t, "took"))
		i := Bucket(d)
		if d > 0 && (d >= Bound(i) || i > 0 && d < Bound(i-1)) {
			t.Fatalf("%s is in bucket %d, below %s", d, i, Bound(i))
		}
		if m := Middle(i); m >= Bound(i) || i > 0 && m < Bound(i-1) {
			t.Fatalf("the middle of bucket %d is %s", i, m)
		}
	})
}

func TestCounter(t *testing.T) {
	var c Counter
	for range 3 {
		c.Took(5 * time.Millisecond)
	}
	if sum, n, counts := c.Read(); sum != 15*time.Millisecond || n != 3 || counts[Bucket(5*time.Millisecond)] != 3 {
		t.Errorf("%s %d %v", sum, n, counts)
	}
}
