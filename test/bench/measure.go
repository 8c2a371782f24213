package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// table keeps the p50 of every round for every subject. The first subject is
// Hatoba; all others are references.
type table struct{ rounds [][]time.Duration }

func newTable(subjects int) *table { return &table{make([][]time.Duration, subjects)} }

func (t *table) add(subject int, values []time.Duration) {
	t.rounds[subject] = append(t.rounds[subject], median(values))
}

func (t *table) median(subject int) time.Duration { return median(t.rounds[subject]) }

// print shows medians, and the first subject's ratio to each other one: the
// median over rounds, and the least and the greatest of a round.
func (t *table) print(what string, titles []string) {
	fmt.Printf("  %s\n", what)
	for i, title := range titles {
		fmt.Printf("    %-32s %8.1f ms", title, milliseconds(t.median(i)))
		if i > 0 {
			var ratios []float64
			for r := range t.rounds[i] {
				ratios = append(ratios, float64(t.rounds[0][r])/float64(t.rounds[i][r]))
			}
			slices.Sort(ratios)
			fmt.Printf("   %s is %.2f× of it [%.2f..%.2f]", titles[0], ratios[len(ratios)/2], ratios[0], ratios[len(ratios)-1])
		}
		fmt.Println()
	}
}

// phase is a named part of one start.
type phase struct {
	name string
	took time.Duration
}

// phases cuts time into parts that follow one another.
type phases struct {
	last time.Time
	all  []phase
}

func newPhases() *phases { return &phases{last: time.Now()} }

func (p *phases) end(name string) {
	now := time.Now()
	p.all = append(p.all, phase{name, now.Sub(p.last)})
	p.last = now
}

// phaseTable keeps all values of each phase, in the order of the phases.
type phaseTable struct {
	names  []string
	values map[string][]time.Duration
}

func (t *phaseTable) add(all []phase) {
	if t.values == nil {
		t.values = map[string][]time.Duration{}
	}
	for _, p := range all {
		if t.values[p.name] == nil {
			t.names = append(t.names, p.name)
		}
		t.values[p.name] = append(t.values[p.name], p.took)
	}
}

func (t *phaseTable) print(title string) {
	if len(t.names) == 0 {
		return
	}
	fmt.Printf("  %s\n", title)
	for _, n := range t.names {
		fmt.Printf("    %-42s %8.1f ms\n", n, milliseconds(median(t.values[n])))
	}
}

func median(values []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// eightWay calls f for 0..n-1 from eight workers.
func eightWay(n int, f func(i int) error) error {
	var group errgroup.Group
	group.SetLimit(8)
	for i := range n {
		group.Go(func() error { return f(i) })
	}
	return group.Wait()
}

// startUp starts a daemon and returns how long it took until url answered well.
func startUp(ctx context.Context, daemon *exec.Cmd, client *http.Client, url string) (time.Duration, error) {
	begin := time.Now()
	if err := daemon.Start(); err != nil {
		return 0, err
	}
	for end := begin.Add(30 * time.Second); time.Now().Before(end) && ctx.Err() == nil; time.Sleep(time.Millisecond) {
		if healthy(ctx, client, url) {
			return time.Since(begin), nil
		}
	}
	_ = daemon.Process.Kill()
	return 0, errors.Join(errors.New("no good answer in 30 s"), daemon.Wait())
}

func healthy(ctx context.Context, client *http.Client, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		return false
	}
	var health struct{ Status string }
	return json.Unmarshal(body, &health) != nil || health.Status == "ok" // docker's answer is no JSON
}

func lastLines(text []byte, n int) string {
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}
