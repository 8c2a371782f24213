package metrics_test

import (
	"fmt"
	"math"
	"os"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/metrics"
)

// model keeps data as they came, and sums them up by looking at each.
type model struct{ data []metrics.Datum }

const day = 24 * time.Hour

// bucket is what a period should hold. Old data are known by their hours or five
// minutes, wherever a period begins.
func (m *model) bucket(q metrics.Query, begin, end, now time.Time) (d metrics.Distribution, rough bool) {
	for _, x := range m.data {
		if x.Name != q.Name {
			continue
		}
		at := x.Time.Truncate(time.Minute)
		switch age := now.Sub(at); {
		case q.Period < time.Minute:
			if at = x.Time.Truncate(time.Second); !x.Fine || at.Before(now.Add(-3*time.Hour)) {
				continue
			}
		case age <= 15*day:
		case q.Period%(5*time.Minute) != 0:
			continue
		case at.Before(now.Add(-15 * day).Truncate(time.Hour)):
			rough = rough || !at.Before(begin) && at.Before(end)
		}
		if at.Before(begin) || !at.Before(end) {
			continue
		}
		switch {
		case x.Values == nil && x.Min < x.Max:
			d.AddSet(x.Count, x.Sum, x.Min, x.Max)
		case x.Values == nil:
			d.Add(x.Min, x.Count)
		}
		for i, v := range x.Values {
			times := 1.0
			if x.Counts != nil {
				times = x.Counts[i]
			}
			d.Add(v, times)
		}
	}
	return d, rough
}

func genDatum(t *rapid.T, now time.Time) metrics.Datum {
	d := metrics.Datum{Series: series(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "series")), Fine: rapid.Bool().Draw(t, "fine")}
	// Many fall together, some anywhere in the two weeks.
	back := rapid.OneOf(rapid.Int64Range(-7200, 14*86400-1), rapid.Int64Range(0, 300), rapid.SampledFrom([]int64{60, 3600, 86400})).Draw(t, "seconds back")
	d.Time = now.Add(-time.Duration(back) * time.Second)
	value := rapid.OneOf(rapid.Float64Range(-10, 1000), rapid.SampledFrom([]float64{0, 1, 2, -1, 1e-9, 1e9}))
	switch rapid.IntRange(0, 2).Draw(t, "kind") {
	case 0:
		d.Statistics = metrics.One(value.Draw(t, "value"))
	case 1:
		d.Values = rapid.SliceOfN(value, 1, 5).Draw(t, "values")
		if rapid.Bool().Draw(t, "counted") {
			for range d.Values {
				d.Counts = append(d.Counts, float64(rapid.IntRange(0, 3).Draw(t, "count")))
			}
		}
	case 2:
		a, b := value.Draw(t, "a"), value.Draw(t, "b")
		d.Statistics = metrics.Statistics{Count: 2, Sum: a + b, Min: min(a, b), Max: max(a, b)}
	}
	return d
}

func close9(a, b float64) bool { return math.Abs(a-b) <= 1e-9*max(1, math.Abs(a), math.Abs(b)) }

// TestModel: whatever is put in whatever order, and however often the engine is
// opened again, rolls up, and forgets, what it reads is what a model says that
// keeps everything.
func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		memory := "/dev/shm" // where it is, syncs cost nothing
		if _, err := os.Stat(memory); err != nil {
			memory = ""
		}
		dir, err := os.MkdirTemp(memory, "metrics")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(dir)
		now := noon
		open := func() *metrics.Engine {
			e, err := metrics.Open(t.Context(), metrics.Config{Dir: dir, Now: func() time.Time { return now }})
			if err != nil {
				t.Fatal(err)
			}
			return e
		}
		e, m := open(), &model{}
		defer func() { _ = e.Close() }()
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			switch rapid.SampledFrom([]string{"put", "put", "put", "reopen", "later", "checkpoint"}).Draw(t, "step") {
			case "put":
				var data []metrics.Datum
				for range rapid.IntRange(1, 6).Draw(t, "data") {
					data = append(data, genDatum(t, now))
				}
				if err := e.Put(t.Context(), here, data); err != nil {
					t.Fatal(err)
				}
				m.data = append(m.data, data...)
			case "reopen":
				if err := e.Close(); err != nil {
					t.Fatal(err)
				}
				e = open()
			case "later":
				now = now.Add(time.Duration(rapid.SampledFrom([]int{5, 60, 4 * 3600, 86400, 8 * 86400}).Draw(t, "seconds")) * time.Second)
				if rapid.Bool().Draw(t, "late") { // a Hatoba that was off
					continue
				}
				if err := e.RollUp(t.Context()); err != nil {
					t.Fatal(err)
				}
			case "checkpoint":
				if err := e.Checkpoint(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if err := e.RollUp(t.Context()); err != nil {
			t.Fatal(err)
		}
		compare(t, e, m, now)
	})
}

func compare(t *rapid.T, e *metrics.Engine, m *model, now time.Time) {
	for _, period := range []time.Duration{time.Second, 10 * time.Second, time.Minute, 2 * time.Minute, 5 * time.Minute, time.Hour, day} {
		q := metrics.Query{Series: series(rapid.SampledFrom([]string{"a", "b"}).Draw(t, "series")), Period: period, To: now.Add(3 * time.Hour)}
		q.From = now.Add(-40 * day).Truncate(max(period, time.Hour))
		if period < time.Minute {
			q.From = now.Add(-4 * time.Hour).Truncate(time.Hour)
		}
		got, err := e.Buckets(t.Context(), here, q)
		if err != nil {
			t.Fatal(err)
		}
		if period == time.Hour || period == day { // known beyond what the finer ones know
			q.From = q.From.Truncate(day)
		}
		byTime := map[int64]metrics.Bucket{}
		for _, b := range got {
			byTime[b.Time.Unix()] = b
		}
		begins := map[int64]bool{}
		for _, x := range m.data {
			if n := x.Time.Truncate(min(period, time.Minute)).Sub(q.From); n >= 0 {
				begins[q.From.Add(n/period*period).Unix()] = true
			}
		}
		for b := range byTime {
			begins[b] = true
		}
		for _, b := range slices.Sorted(func(yield func(int64) bool) {
			for b := range begins {
				if !yield(b) {
					return
				}
			}
		}) {
			begin := time.Unix(b, 0)
			want, rough := m.bucket(q, begin, begin.Add(period), now)
			have := byTime[b]
			if !close9(have.Count, want.Count) || !close9(have.Sum, want.Sum) || want.Count > 0 && (have.Min != want.Min || have.Max != want.Max) {
				t.Fatalf("%s by %s at %s (now %s):\n have %+v\n want %+v", q.Name, period, begin.UTC(), now, have.Distribution, want)
			}
			for _, name := range []string{"p50", "p99", "tm(10%:90%)", "PR(1:100)"} {
				s, err := metrics.ParseStatistic(name)
				if err != nil {
					t.Fatal(err)
				}
				w, known := want.Statistic(s)
				h, ok := have.Statistic(s)
				if rough {
					continue
				}
				if known != ok || known && !close9(w, h) {
					t.Fatalf("%s of %s by %s: have %v %v, want %v %v", name, fmt.Sprint(begin.UTC()), period, h, ok, w, known)
				}
			}
		}
	}
}
