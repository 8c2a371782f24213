package emf

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/state"
)

// kept takes data from after 1970 on.
type kept struct {
	sums  map[string]float64
	marks map[string]int64
}

func (k kept) PutOnce(ctx context.Context, scope state.Scope, once metrics.Once, data []metrics.Datum) error {
	if last, ok := k.marks[once.Producer]; ok && once.Number <= last {
		return nil
	}
	err := k.Put(ctx, scope, data)
	if err == nil {
		k.marks[once.Producer] = once.Number
	}
	return err
}

func (k kept) Put(_ context.Context, _ state.Scope, data []metrics.Datum) error {
	for _, d := range data {
		if d.Time.Before(time.Unix(1, 0)) {
			return fmt.Errorf("%w: it is old", metrics.ErrInvalid)
		}
	}
	for _, d := range data {
		k.sums[d.Namespace+"/"+d.Name] += d.Sum
	}
	return nil
}

func TestSink(t *testing.T) {
	k := kept{map[string]float64{}, map[string]int64{}}
	event := func(ms int, metric string) string {
		return fmt.Sprintf(`{"_aws": {"Timestamp": %d, "CloudWatchMetrics": [{"Namespace": "n", "Dimensions": [[]], "Metrics": [{"Name": %q}]}]}, "m": 2}`, ms, metric)
	}
	s := Sink{Metrics: k, Log: slog.New(slog.DiscardHandler), Now: time.Now}
	events := []string{"hello", event(2000, "m"), event(2000, "m"), event(2000, "missing"), event(0, "m"), `{"_aws"`}
	s.Take(t.Context(), state.Scope{}, "g", metrics.Once{}, events)
	want := map[string]float64{"n/m": 4, "AWS/Logs/EMFParsingErrors": 1, "AWS/Logs/EMFValidationErrors": 2}
	if fmt.Sprint(k.sums) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", k.sums, want)
	}
	for range 2 { // they come again
		s.Take(t.Context(), state.Scope{}, "g", metrics.Once{Producer: "p", Number: 1}, events)
	}
	want = map[string]float64{"n/m": 8, "AWS/Logs/EMFParsingErrors": 2, "AWS/Logs/EMFValidationErrors": 4}
	if fmt.Sprint(k.sums) != fmt.Sprint(want) {
		t.Errorf("with those that come twice: %v, want %v", k.sums, want)
	}
}
