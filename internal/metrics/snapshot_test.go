package metrics_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/metrics"
)

// A snapshot has what was put before, late data, too, and goes on by itself.
func TestSnapshot(t *testing.T) {
	c := &clock{noon}
	e := open(t, t.TempDir(), c)
	defer e.Close()
	empty := filepath.Join(t.TempDir(), "empty")
	if err := e.Snapshot(t.Context(), empty); err != nil {
		t.Fatal(err)
	}
	if err := open(t, empty, c).Close(); err != nil {
		t.Fatal(err)
	}
	put(t, e, metrics.Datum{Series: series("a"), Time: noon, Fine: true, Statistics: metrics.One(1)})
	put(t, e, metrics.Datum{Series: series("a"), Time: noon.Add(-30 * time.Hour), Statistics: metrics.One(2)})
	put(t, e, metrics.Datum{Series: series("a"), Time: noon.Add(-time.Second), Fine: true, Statistics: metrics.One(3)})
	dir := filepath.Join(t.TempDir(), "snapshot")
	if err := e.Snapshot(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	put(t, e, metrics.Datum{Series: series("a"), Time: noon, Statistics: metrics.One(4)})
	copied := open(t, dir, c)
	put(t, copied, metrics.Datum{Series: series("a"), Time: noon, Statistics: metrics.One(5)})
	if err := copied.Close(); err != nil {
		t.Fatal(err)
	}
	copied = open(t, dir, c)
	defer copied.Close()
	for _, x := range []struct {
		e    *metrics.Engine
		want float64
	}{{e, 10}, {copied, 11}} {
		sum := 0.0
		for _, p := range read(t, x.e, series("a"), "Sum", time.Hour, noon.Add(-48*time.Hour), noon.Add(time.Hour)) {
			sum += p.Value
		}
		if sum != x.want {
			t.Errorf("the sum is %v, want %v", sum, x.want)
		}
	}
	if got := read(t, copied, series("a"), "Sum", time.Second, noon.Add(-time.Minute), noon.Add(time.Minute)); len(got) != 2 {
		t.Errorf("seconds: %v", got)
	}
}
