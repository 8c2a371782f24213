package metrics_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/state"
)

var (
	here = state.Scope{Account: "111122223333", Region: "eu-central-1"}
	noon = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
)

// clock stands still until it is set.
type clock struct{ now time.Time }

func open(t *testing.T, dir string, c *clock) *metrics.Engine {
	t.Helper()
	e, err := metrics.Open(t.Context(), metrics.Config{Dir: dir, Now: func() time.Time { return c.now }, Log: slog.New(slog.NewTextHandler(t.Output(), nil))})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func series(name string, dims ...string) metrics.Series {
	s := metrics.Series{Namespace: "App", Name: name}
	for i := 0; i < len(dims); i += 2 {
		s.Dimensions = append(s.Dimensions, metrics.Dimension{Name: dims[i], Value: dims[i+1]})
	}
	return s
}

func put(t *testing.T, e *metrics.Engine, data ...metrics.Datum) {
	t.Helper()
	if err := e.Put(t.Context(), here, data); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, e *metrics.Engine, s metrics.Series, statistic string, period time.Duration, from, to time.Time) []metrics.Point {
	t.Helper()
	points, err := e.Read(t.Context(), here, metrics.Query{Series: s, Statistic: statistic, Period: period, From: from, To: to})
	if err != nil {
		t.Fatal(err)
	}
	return points
}

func TestPutAndRead(t *testing.T) {
	c := &clock{noon.Add(3 * time.Minute)}
	dir := t.TempDir()
	e := open(t, dir, c)
	lat := series("Latency", "Service", "web")
	for _, v := range []float64{5, 1, 3, 2, 4} {
		put(t, e, metrics.Datum{Series: lat, Time: noon, Statistics: metrics.One(v)})
	}
	put(t, e, metrics.Datum{Series: lat, Time: noon.Add(time.Minute), Statistics: metrics.Statistics{Values: []float64{10, 20}, Counts: []float64{3, 1}}})
	put(t, e, metrics.Datum{Series: lat, Time: noon.Add(2 * time.Minute), Statistics: metrics.Statistics{Count: 4, Sum: 10, Min: 1, Max: 7}})
	check := func() {
		t.Helper()
		for _, want := range []struct {
			statistic string
			period    time.Duration
			values    []float64
		}{
			{"Sum", time.Minute, []float64{15, 50, 10}},
			{"SampleCount", time.Minute, []float64{5, 4, 4}},
			{"p50", time.Minute, []float64{3, 10}},
			{"p100", time.Minute, []float64{5, 20}},
			{"Maximum", 5 * time.Minute, []float64{20}},
			{"Minimum", 5 * time.Minute, []float64{1}},
			{"Average", 5 * time.Minute, []float64{75.0 / 13}},
		} {
			got := read(t, e, lat, want.statistic, want.period, noon, noon.Add(5*time.Minute))
			if len(got) != len(want.values) {
				t.Fatalf("%s: got %v, want %v", want.statistic, got, want.values)
			}
			for i := range got {
				if got[i].Value != want.values[i] {
					t.Errorf("%s: got %v, want %v", want.statistic, got, want.values)
				}
			}
		}
		if got := read(t, e, series("Latency"), "Sum", time.Minute, noon, noon.Add(time.Hour)); len(got) > 0 {
			t.Errorf("without its dimension there is %v", got)
		}
	}
	check()
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	e = open(t, dir, c)
	check()
	put(t, e, metrics.Datum{Series: lat, Time: noon.Add(30 * time.Second), Statistics: metrics.One(9)}) // beside those from before
	if got := read(t, e, lat, "SampleCount", time.Minute, noon, noon.Add(time.Minute)); len(got) != 1 || got[0].Value != 6 {
		t.Errorf("after a restart: %v", got)
	}
	if l := e.List(here, nil); len(l) != 1 || l[0].Name != "Latency" || !l[0].Last.Equal(noon.Add(2*time.Minute)) {
		t.Errorf("listed: %+v", l)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
}
