package metrics_test

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/state"
)

// TestPutOnce: what comes again counts once, also after the engine was opened
// anew, and for each producer by itself.
func TestPutOnce(t *testing.T) {
	c := &clock{noon}
	dir := t.TempDir()
	e := open(t, dir, c)
	requests := series("Requests")
	once := func(producer string, number int64, v float64) {
		t.Helper()
		data := []metrics.Datum{{Series: requests, Time: noon, Statistics: metrics.One(v)}}
		if err := e.PutOnce(t.Context(), here, metrics.Once{Producer: producer, Number: number}, data); err != nil {
			t.Fatal(err)
		}
	}
	want := func(sum float64) {
		t.Helper()
		if got := read(t, e, requests, "Sum", time.Minute, noon, noon.Add(time.Minute)); len(got) != 1 || got[0].Value != sum {
			t.Errorf("got %v, want %v", got, sum)
		}
		if found := e.List(state.Scope{}, nil); len(found) != 1 {
			t.Errorf("what is noted of producers is no metric: %v", found)
		}
	}
	once("a", 1, 1)
	once("a", 1, 100)
	once("a", 3, 10)
	once("a", 2, 100)
	once("b", 1, 1000)
	want(1011)
	for i := range 3 {
		if i == 1 { // as a crash leaves it
			copied := filepath.Join(t.TempDir(), "copied")
			if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
				t.Fatal(err)
			}
			if err := e.Close(); err != nil {
				t.Fatal(err)
			}
			dir = copied
		} else if err := e.Close(); err != nil {
			t.Fatal(err)
		}
		c.now = c.now.Add(-time.Second) // a clock that was set back
		e = open(t, dir, c)
		once("a", 3, 100)
		once("b", 1, 100)
		want(1011)
	}
	once("a", 4, 5)
	want(1016)
	c.now = noon.Add(20 * 24 * time.Hour)
	if err := e.RollUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := read(t, e, requests, "Sum", time.Hour, noon, noon.Add(time.Hour)); len(got) != 1 || got[0].Value != 1016 {
		t.Errorf("rolled up: %v", got)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}
