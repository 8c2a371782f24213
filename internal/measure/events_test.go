package measure

import (
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hatoba/hatoba/internal/state"
)

var update = flag.Bool("update", false, "write golden files")

var scope = state.Scope{Account: "123456789012", Region: "us-east-1"}

func TestPerformanceLogEvents(t *testing.T) {
	plain := of("plain", "web", Enabled, 0.125, 64)
	at := noon.Add(-time.Hour)
	plain.Task.Observed.StartedAt, plain.Task.Observed.PullStartedAt, plain.Task.Observed.PullStoppedAt = &at, &at, &at
	plain.Task.Placement.AvailabilityZone, plain.Task.Placement.Node = "us-east-1a", "n"
	enhanced := of("enhanced", "", Enhanced, 0.1, 3)
	disk, restarts := int64(1<<30), 1
	enhanced.Disk, enhanced.Containers[0].Restarts, enhanced.Containers[0].Health = &disk, &restarts, "HEALTHY"
	enhanced.Task.Spec.LaunchType, enhanced.Task.Placement.ContainerInstance, enhanced.Instance = "EC2", "arn", Instance{ID: "0d76", EC2ID: "i-0c47"}
	events, err := TaskEvents(scope, noon, []Task{plain, enhanced, of("none", "web", Disabled, 1, 1)})
	if err != nil {
		t.Fatal(err)
	}
	counts, err := CountEvents(noon, []Cluster{{Name: "c", Insights: Enabled, Tasks: 2, Services: []ServiceCount{{Name: "web", Desired: 1, Running: 1, Deployments: 1}}}, {Name: "off"}})
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, e := range append(events, counts...) {
		var told map[string]any
		if err := json.Unmarshal([]byte(e.Message), &told); err != nil {
			t.Fatalf("%s: %v", e.Message, err)
		}
		list, _ := told["CloudWatchMetrics"].([]any)
		for _, d := range list {
			for _, m := range d.(map[string]any)["Metrics"].([]any) {
				if name := m.(map[string]any)["Name"].(string); told[name] == nil {
					t.Errorf("%s: %s is named as a metric and not there", told["Type"], name)
				}
			}
		}
		got.WriteString(PerformanceGroup(e.Cluster) + " " + e.Stream + "\n" + e.Message + "\n")
	}
	const file = "testdata/events.txt"
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Error(diff)
	}
}
