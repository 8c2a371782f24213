package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// idleFleet is how many running tasks an idle Hatoba is watched with.
const idleFleet = 50

// idle measures the CPU and memory that running tasks cost while nothing
// happens: Hatoba's and its shims', by the scheduler's own account.
func (b *bench) idle(ctx context.Context) error {
	h, err := newHatoba(b.options.hatoba, filepath.Join(b.work, "idle"))
	if err != nil {
		return err
	}
	if _, err := h.up(ctx); err != nil {
		return err
	}
	defer func() { _ = h.end() }()
	if err := h.prepare(ctx, b.archive); err != nil {
		return err
	}
	time.Sleep(3 * time.Second)
	empty, err := memoryOf(h.process.Process.Pid)
	if err != nil {
		return err
	}
	if _, _, err := h.fill(ctx, idleFleet); err != nil {
		return err
	}
	time.Sleep(20 * time.Second)
	shims, err := h.shims()
	if err != nil {
		return err
	}
	pids := append([]int{h.process.Process.Pid}, shims...)
	if err := b.settle(ctx); err != nil {
		return err
	}
	before, begin := busy(pids), time.Now()
	time.Sleep(60 * time.Second)
	after, span := busy(pids), time.Since(begin)
	full, err := memoryOf(pids[0])
	if err != nil {
		return err
	}
	each, err := memoryOfAll(shims)
	if err != nil {
		return err
	}
	share := func(from, to []time.Duration) float64 {
		var sum time.Duration
		for i := range to {
			sum += to[i] - from[i]
		}
		return 100 * float64(sum) / float64(span)
	}
	fmt.Printf("\nIdle with %d running tasks, over %s\n", idleFleet, span.Round(time.Second))
	fmt.Printf("    %-34s %6.2f %% of a CPU\n", "hatoba", share(before[:1], after[:1]))
	fmt.Printf("    %-34s %6.2f %% of a CPU\n", "all shims", share(before[1:], after[1:]))
	fmt.Printf("    %-34s %6.2f MiB (shim %.2f, growth of hatoba %.2f)\n", "PSS per task", float64(each.pss+(full.pss-empty.pss)/idleFleet)/(1<<20),
		float64(each.pss)/(1<<20), float64((full.pss-empty.pss)/idleFleet)/(1<<20))
	return nil
}

// busy is the time each process has run, all its threads together.
func busy(pids []int) (out []time.Duration) {
	for _, pid := range pids {
		var sum time.Duration
		threads, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", pid))
		for _, file := range threads {
			text, err := os.ReadFile(file)
			if err != nil {
				continue // the thread has ended
			}
			first, _, _ := strings.Cut(string(text), " ")
			ns, _ := strconv.ParseInt(first, 10, 64)
			sum += time.Duration(ns)
		}
		out = append(out, sum)
	}
	return out
}
