package meter

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/agent/network"
	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/protocol"
)

var start = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func reading(at, begun time.Duration, cpu time.Duration, memory uint64, rx uint64) Reading {
	return Reading{
		At: start.Add(at), Network: &network.Counters{RxBytes: rx},
		Containers: []Container{{Name: "app", StartedAt: start.Add(begun), Usage: runtime.Usage{CPU: cpu, Memory: memory}}},
	}
}

func TestMeter(t *testing.T) {
	measures := func(over, cpu time.Duration, memory, rx uint64) *protocol.TaskMeasures {
		return &protocol.TaskMeasures{
			Over: over, Network: &protocol.Carried{RxBytes: rx},
			Containers: []protocol.ContainerMeasures{{Name: "app", CPU: cpu, Memory: memory}},
		}
	}
	for _, c := range []struct {
		name     string
		since    time.Duration
		readings []Reading
		want     *protocol.TaskMeasures
	}{
		{"one that was started while we watch counts from its start", 0, []Reading{reading(20*time.Second, 10*time.Second, 5*time.Second, 100, 7)}, measures(10*time.Second, 5*time.Second, 100, 7)},
		{"one that ran before counts from the first reading", 5 * time.Second, []Reading{reading(20*time.Second, 0, 5*time.Second, 100, 7)}, nil},
		{"and then by what was added", 5 * time.Second, []Reading{reading(20*time.Second, 0, 5*time.Second, 100, 7), reading(40*time.Second, 0, 9*time.Second, 200, 17)}, measures(20*time.Second, 4*time.Second, 200, 10)},
		{"memory is the mean", 0, []Reading{reading(20*time.Second, 0, 0, 100, 0), reading(40*time.Second, 0, 0, 300, 0)}, measures(40*time.Second, 0, 200, 0)},
		{"a counter that fell began anew", 0, []Reading{reading(20*time.Second, 0, 5*time.Second, 100, 9), reading(40*time.Second, 0, 2*time.Second, 100, 9)}, measures(40*time.Second, 7*time.Second, 100, 9)},
		{"a clock that stood still", 0, []Reading{reading(0, 0, time.Second, 100, 9)}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			var m Meter
			for _, r := range c.readings {
				m.Add(r, start.Add(c.since))
			}
			got, ok := m.Take()
			if !ok && c.want == nil {
				return
			}
			if c.want == nil {
				t.Fatalf("got %+v, want nothing", got)
			}
			if diff := cmp.Diff(*c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMeterWithAContainerThatJoins(t *testing.T) {
	var m Meter
	m.Add(reading(20*time.Second, 0, time.Second, 10, 0), start)
	m.Take()
	next := reading(40*time.Second, 0, 2*time.Second, 10, 0)
	next.Containers = append(next.Containers, Container{Name: "late", StartedAt: start.Add(30 * time.Second), Usage: runtime.Usage{CPU: 3 * time.Second}})
	m.Add(next, start)
	got, _ := m.Take()
	if len(got.Containers) != 2 || got.Containers[0].CPU != time.Second || got.Containers[1].CPU != 3*time.Second {
		t.Errorf("%+v", got)
	}
}

// TestMeterLosesNothing: however readings are spread over minutes, what is
// taken adds up to what was spent, and to the time it was spent in.
func TestMeterLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var (
			m          Meter
			at, cpu    time.Duration
			rx         uint64
			over, used time.Duration
			carried    uint64
		)
		take := func() {
			if got, ok := m.Take(); ok {
				over += got.Over
				used += got.Containers[0].CPU
				carried += got.Network.RxBytes
			}
		}
		spent, sent := time.Duration(0), uint64(0)
		for range rapid.IntRange(1, 20).Draw(t, "readings") {
			at += time.Duration(rapid.IntRange(1, 40).Draw(t, "seconds")) * time.Second
			if rapid.Bool().Draw(t, "restarted") {
				cpu, rx = 0, 0
			}
			more, bytes := time.Duration(rapid.IntRange(0, 1000).Draw(t, "cpu")), uint64(rapid.IntRange(0, 1000).Draw(t, "rx"))
			cpu, rx, spent, sent = cpu+more, rx+bytes, spent+more, sent+bytes
			m.Add(reading(at, 0, cpu, 1, rx), start)
			if rapid.Bool().Draw(t, "killed") { // and another process goes on
				text, err := json.Marshal(&m)
				if err != nil {
					t.Fatal(err)
				}
				m = Meter{}
				if err := json.Unmarshal(text, &m); err != nil {
					t.Fatal(err)
				}
			}
			if rapid.Bool().Draw(t, "taken") {
				take()
			}
		}
		take()
		if over != at {
			t.Fatalf("%s were watched, of %s", over, at)
		}
		// A counter that began anew and has passed where it was hides that it did.
		if used > spent || carried > sent {
			t.Fatalf("%s and %d bytes were counted, of %s and %d", used, carried, spent, sent)
		}
	})
}
