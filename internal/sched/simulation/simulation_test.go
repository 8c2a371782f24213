package simulation

import (
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/sched"
)

func untimed(work func()) time.Duration {
	work()
	return 0
}

func TestStrategiesCostWhatTheyPromise(t *testing.T) {
	fleet := Fleet{Instances: 60, Zones: 3, CPU: 4096, MemoryMiB: 8192}
	at := func(fill float64, strategies ...sched.Strategy) Step {
		t.Helper()
		steps, err := Fill(fleet, Task{CPU: 512, MemoryMiB: 1024, Strategies: strategies}, 7, untimed)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range steps {
			if s.Fill >= fill {
				return s
			}
		}
		t.Fatalf("never %v full: %+v", fill, steps)
		return Step{}
	}
	zone := sched.Strategy{Type: sched.Spread, Field: sched.ByZone}
	if s := at(0.5, sched.Strategy{Type: sched.Binpack, Field: sched.ByMemory}); s.InUse != 30 {
		t.Errorf("packed, half of the tasks are on %d of 60 instances", s.InUse)
	}
	if s := at(0.5, zone, sched.Strategy{Type: sched.Spread, Field: sched.ByInstance}); s.InUse != 60 || s.Uneven > 1 {
		t.Errorf("spread, half of the tasks are on %d of 60 instances, and a zone has %d more", s.InUse, s.Uneven)
	}
	if s := at(0.5, zone, sched.Strategy{Type: sched.Binpack, Field: sched.ByCPU}); s.InUse > 30 || s.Uneven > 1 {
		t.Errorf("packed in zones, half of the tasks are on %d of 60 instances, and a zone has %d more", s.InUse, s.Uneven)
	}
	if s := at(1, sched.Strategy{Type: sched.Random}); s.Tasks != 480 || s.InUse != 60 {
		t.Errorf("full with %+v", s)
	}
	if _, err := Fill(fleet, Task{CPU: 8192}, 1, untimed); err == nil {
		t.Error("a task that fits nowhere is placed")
	}
}
