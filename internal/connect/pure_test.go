package connect

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// A host is put out by five failures in a row and nothing else, for between 30
// and 300 seconds, and comes back by itself.
func TestRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var (
			r   record
			now = noon
			row []time.Time // failures in a row, while it was in
		)
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 40_000).Draw(t, "ms")) * time.Millisecond / time.Duration(rapid.SampledFrom([]int{1, 100}).Draw(t, "pace")))
			ok, was := rapid.Bool().Draw(t, "ok") && rapid.Bool().Draw(t, "well"), r
			r = r.after(ok, now)
			switch {
			case ok:
				row = nil
			case !was.out(now):
				if n := len(row); n > 0 && now.Sub(row[n-1]) > failureWindow {
					row = nil
				}
				row = append(row, now)
			}
			ejected := r.until != was.until
			if want := !ok && !was.out(now) && len(row) == failuresToEject; ejected != want {
				t.Fatalf("after %d failures in a row: put out %v", len(row), ejected)
			}
			if !ejected {
				continue
			}
			row = nil
			if d := r.until.Sub(now); d < ejectionBase || d > ejectionMost || d%ejectionBase != 0 {
				t.Fatalf("put out for %s", d)
			}
			if r.out(r.until) {
				t.Fatal("it does not come back")
			}
		}
	})
}

func TestEjectionsGrowAndAreForgiven(t *testing.T) {
	var r record
	now := noon
	eject := func() time.Duration {
		for range failuresToEject {
			r = r.after(false, now)
		}
		return r.until.Sub(now)
	}
	for i, want := range []time.Duration{30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300} {
		if got := eject(); got != want*time.Second {
			t.Fatalf("the %dth time it is out for %s", i+1, got)
		}
		now = r.until
	}
	now = now.Add(10 * ejectionBase)
	if got := eject(); got != 2*ejectionBase {
		t.Errorf("after five minutes of good health it is out for %s", got)
	}
}

// The host that is chosen is in and not tried, if there is one; all of those
// have their turn, and as often as the others.
func TestChoose(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(0, 12).Draw(t, "hosts")
		out := rapid.SliceOfN(rapid.Bool(), n, n).Draw(t, "out")
		tried := rapid.SliceOfN(rapid.Bool(), n, n).Draw(t, "tried")
		good, fresh, taken := 0, 0, map[int]int{}
		for i := range n {
			if !tried[i] {
				fresh++
				if !out[i] {
					good++
				}
			}
		}
		for turn := range n {
			i := choose(n, uint64(turn), func(i int) bool { return out[i] }, func(i int) bool { return tried[i] })
			taken[i]++
			switch {
			case i < 0 || i >= n:
				t.Fatalf("%d of %d hosts", i, n)
			case good > 0 && (out[i] || tried[i]), fresh > 0 && tried[i]:
				t.Fatalf("host %d was chosen: out %v, tried %v", i, out[i], tried[i])
			}
		}
		if good == n && len(taken) != n {
			t.Fatalf("not everybody has his turn: %v", taken)
		}
		if n == 0 && choose(0, 7, nil, nil) != -1 {
			t.Fatal("one of none")
		}
	})
}
