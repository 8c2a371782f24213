package metrics_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hatoba/hatoba/internal/metrics"
)

// crashDir says that the test's process is the one to be killed.
const crashDir = "HATOBA_METRICS_CRASH_DIR"

// TestCrash kills a process that puts, three times. What it was told is kept is
// there, once; and of a call everything or nothing.
func TestCrash(t *testing.T) {
	if dir := os.Getenv(crashDir); dir != "" {
		putUntilKilled(t, dir)
	}
	dir := t.TempDir()
	told := map[int]bool{}
	next := 0
	for range 3 {
		next = runAndKill(t, dir, next, told)
	}
	c := &clock{noon}
	e := open(t, dir, c)
	defer e.Close()
	count := func(name string) map[int]float64 {
		out := map[int]float64{}
		points, err := e.Buckets(t.Context(), here, metrics.Query{Series: series(name), Period: time.Minute, From: noon.Add(-time.Minute), To: noon.Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range points {
			for _, w := range b.Values {
				out[int(w.Value)] += w.Times
			}
		}
		return out
	}
	a, b, set := count("a"), count("b"), 0.0
	for _, p := range read(t, e, series("set"), "SampleCount", time.Hour, noon.Add(-time.Minute), noon.Add(time.Hour)) {
		set += p.Value
	}
	for n := range told {
		if a[n] != 1 || b[n] != 1 {
			t.Errorf("%d was put and is there %v and %v times", n, a[n], b[n])
		}
	}
	for n, times := range a {
		if times != 1 || b[n] != times {
			t.Errorf("%d is there %v and %v times", n, times, b[n])
		}
	}
	if len(a) != len(b) || set != float64(2*len(a)) {
		t.Errorf("of %d calls there are %d, %d and %v", len(told), len(a), len(b), set/2)
	}
	t.Logf("%d calls were acknowledged, %d are there", len(told), len(a))
}

// putUntilKilled puts numbers, all of a call the same, and tells which are kept.
func putUntilKilled(t *testing.T, dir string) {
	e := open(t, dir, &clock{noon})
	from, err := strconv.Atoi(os.Getenv("HATOBA_METRICS_CRASH_FROM"))
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	for worker := range 4 {
		go func() {
			for n := from + worker; ; n += 4 {
				at := noon.Add(time.Duration(n%50-10) * time.Second) // some late
				err := e.Put(t.Context(), here, []metrics.Datum{
					{Series: series("a"), Time: at, Statistics: metrics.One(float64(n)), Fine: true},
					{Series: series("b"), Time: at, Statistics: metrics.One(float64(n))},
					{Series: series("set"), Time: at, Statistics: metrics.Statistics{Count: 2, Sum: 3, Min: 1, Max: 2}},
				})
				if err != nil {
					fmt.Println("failed", err)
					return
				}
				mu.Lock()
				fmt.Println("kept", n)
				mu.Unlock()
				if n%97 == 0 {
					_ = e.Checkpoint()
				}
			}
		}()
	}
	select {}
}

// runAndKill lets a process put for a while and kills it.
func runAndKill(t *testing.T, dir string, from int, told map[int]bool) (next int) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCrash$")
	cmd.Env = append(os.Environ(), crashDir+"="+dir, "HATOBA_METRICS_CRASH_FROM="+strconv.Itoa(from))
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	heard := 0
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if strings.HasPrefix(lines.Text(), "failed") {
			t.Error(lines.Text())
		}
		var n int
		if _, err := fmt.Sscanf(lines.Text(), "kept %d", &n); err != nil {
			continue
		}
		told[n] = true
		next = max(next, n)
		if heard++; heard == 300 {
			_ = cmd.Process.Kill()
		}
	}
	_ = cmd.Wait()
	if heard < 300 {
		t.Fatalf("the process ended after %d calls", heard)
	}
	return next + 1000 // what was under way is not used again
}

// Of a machine that loses power, what the tiers wrote may be lost: the journal
// alone has it all, and a record that was cut short at its end is no harm.
func TestPowerLoss(t *testing.T) {
	c := &clock{noon}
	dir, after := t.TempDir(), t.TempDir()
	e := open(t, dir, c)
	for n := range 50 {
		put(t, e, metrics.Datum{Series: series("a", "N", strconv.Itoa(n%7)), Time: noon.Add(-time.Duration(n) * time.Hour), Statistics: metrics.One(float64(n))})
	}
	if err := os.CopyFS(after, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, tier := range []string{"seconds", "minutes", "fives", "hours"} {
		if err := os.RemoveAll(filepath.Join(after, tier)); err != nil {
			t.Fatal(err)
		}
	}
	segments, err := filepath.Glob(filepath.Join(after, "journal", "*"))
	if err != nil || len(segments) == 0 {
		t.Fatal(segments, err)
	}
	f, err := os.OpenFile(segments[len(segments)-1], os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Write([]byte{1, 0, 200, 1, 2, 3, 4, 5, 6})
	if err != nil || f.Close() != nil {
		t.Fatal(err)
	}
	again := open(t, after, c)
	defer again.Close()
	sum := 0.0
	for n := range 7 {
		for _, p := range read(t, again, series("a", "N", strconv.Itoa(n)), "Sum", time.Hour, noon.Add(-100*time.Hour), noon.Add(time.Minute)) {
			sum += p.Value
		}
	}
	if sum != 49*50/2 {
		t.Errorf("the sum is %v", sum)
	}
}
