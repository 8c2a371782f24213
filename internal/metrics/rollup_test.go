package metrics_test

import (
	"math"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/metrics"
)

// What is two weeks old is known by its five minutes and hours; counted once,
// however often rolling it up is begun; its percentiles nearly.
func TestRollUp(t *testing.T) {
	c := &clock{noon}
	dir := t.TempDir()
	e := open(t, dir, c)
	lat := series("Latency")
	for i := range 180 {
		put(t, e, metrics.Datum{Series: lat, Time: noon.Add(time.Duration(i-180) * time.Minute), Unit: "Milliseconds", Statistics: metrics.One(float64(i + 1))})
	}
	put(t, e, metrics.Datum{Series: series("Set"), Time: noon.Add(-time.Hour), Statistics: metrics.Statistics{Count: 3, Sum: 9, Min: 1, Max: 6}})
	c.now = noon.Add(16 * 24 * time.Hour)
	for range 3 {
		if err := e.RollUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		e = open(t, dir, c)
	}
	if got := read(t, e, lat, "Sum", time.Minute, noon.Add(-3*time.Hour), noon); len(got) != 0 {
		t.Errorf("single minutes are kept: %v", got)
	}
	if got := read(t, e, lat, "SampleCount", 5*time.Minute, noon.Add(-3*time.Hour), noon); len(got) != 36 || got[3].Value != 5 {
		t.Errorf("five minutes: %v", got)
	}
	if got := read(t, e, lat, "Sum", time.Hour, noon.Add(-3*time.Hour), noon); len(got) != 3 || got[0].Value != 1830 {
		t.Errorf("hours: %v", got)
	}
	got := read(t, e, lat, "p50", time.Hour, noon.Add(-3*time.Hour), noon)
	if len(got) != 3 || math.Abs(got[2].Value/150.5-1) > 0.003 {
		t.Errorf("median: %v", got)
	}
	if got := read(t, e, series("Set"), "p50", time.Hour, noon.Add(-3*time.Hour), noon); len(got) != 0 {
		t.Errorf("a set has a median: %v", got)
	}
	c.now = noon.Add(70 * 24 * time.Hour)
	if err := e.RollUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := read(t, e, lat, "Sum", 5*time.Minute, noon.Add(-3*time.Hour), noon); len(got) != 0 {
		t.Errorf("five minutes are kept: %v", got)
	}
	if got := read(t, e, lat, "Maximum", time.Hour, noon.Add(-3*time.Hour), noon); len(got) != 3 || got[2].Value != 180 {
		t.Errorf("hours: %v", got)
	}
	c.now = noon.Add(460 * 24 * time.Hour)
	if got := read(t, e, lat, "Maximum", time.Hour, noon.Add(-3*time.Hour), noon); len(got) != 0 {
		t.Errorf("hours are kept: %v", got)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}
