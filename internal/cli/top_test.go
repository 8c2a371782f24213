package cli

import (
	"strings"
	"testing"
	"time"
)

func TestTop(t *testing.T) {
	at := time.Unix(100, 0)
	number := func(n uint64) *uint64 { return &n }
	note := func(task, service string, after time.Duration, rx uint64, containers ...containerUsage) usageNote {
		return usageNote{Task: task, Service: service, Family: "f", At: at.Add(after), CPU: 256, Memory: 512, Rx: number(rx), Tx: number(0), Containers: containers}
	}
	container := func(name string, cpu time.Duration, mib uint64) containerUsage {
		return containerUsage{Name: name, CPU: int64(cpu), Memory: mib << 20}
	}
	before := []usageNote{
		note("calm", "web", 0, 0, container("app", time.Second, 1)),
		note("busy", "web", 0, 0, container("app", 0, 1), container("side", 0, 1)),
	}
	now := []usageNote{
		note("calm", "web", 2*time.Second, 4096, container("app", time.Second, 1)),
		note("busy", "web", 2*time.Second, 0, container("app", time.Second, 64), container("side", 500*time.Millisecond, 64)),
		note("new", "web", 2*time.Second, 0, container("app", time.Second, 1)),
	}
	rows := topRows(before, now, func(usageNote) bool { return true })
	var got strings.Builder
	writeTop(&got, rows)
	want := []string{
		"TASK  SERVICE CONTAINER CPU CPU% MEMORY MEM% RX/s TX/s READ/s WRITE/s DISK HEALTH",
		"busy web * 768 300.0 128.0MiB 25.0 0B 0B 0B 0B - -",
		"app 512 200.0 64.0MiB 12.5 - - 0B 0B - -",
		"side 256 100.0 64.0MiB 12.5 - - 0B 0B - -",
		"calm web app 0 0.0 1.0MiB 0.2 2.0KiB 0B 0B 0B - -",
	}
	lines := strings.Split(strings.TrimSpace(got.String()), "\n")
	if len(lines) != len(want) {
		t.Fatalf("%d lines:\n%s", len(lines), got.String())
	}
	for i := range want {
		if a, b := strings.Fields(lines[i]), strings.Fields(want[i]); strings.Join(a, " ") != strings.Join(b, " ") {
			t.Errorf("line %d is %q, want %q", i, a, b)
		}
	}
	if rows := topRows(before, now, func(n usageNote) bool { return n.Service == "other" }); len(rows) != 0 {
		t.Errorf("%+v", rows)
	}
}
