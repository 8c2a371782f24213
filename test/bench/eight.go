package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/containerd/containerd/v2/pkg/namespaces"
)

// eighters start n containers, eight callers at a time, each of which waits
// until its own runs.
type eighter interface {
	spender
	title() string
	eight(ctx context.Context, n int) (time.Duration, spent, error)
}

// patientPoll is how often eight callers ask, so that asking is not what the
// machine is busy with: each waits half of it too long.
const patientPoll = 25 * time.Millisecond

func (h *hatoba) eight(ctx context.Context, n int) (time.Duration, spent, error) {
	arns := make([]string, n)
	begin, cost := time.Now(), account(h)
	err := eightWay(n, func(i int) error {
		one, err := h.runTasks(ctx, 1)
		if err != nil {
			return err
		}
		arns[i] = one[0]
		_, err = h.await(ctx, one, "RUNNING", patientPoll)
		return err
	})
	took, paid := time.Since(begin), cost()
	if err != nil {
		return took, paid, err
	}
	return took, paid, h.stop(ctx, arns)
}

func (r *raw) eight(ctx context.Context, n int) (time.Duration, spent, error) {
	cost := account(r)
	all, took, err := r.fill(ctx, n)
	paid := cost()
	return took, paid, errors.Join(err, r.clear(ctx, all))
}

func (d *docker) eight(ctx context.Context, n int) (time.Duration, spent, error) {
	cost := account(d)
	names, took, err := d.fill(ctx, n)
	paid := cost()
	if err != nil {
		return took, paid, err
	}
	return took, paid, d.remove(ctx, names...)
}

// eights measures the rate of starts with eight under way.
func (b *bench) eights(ctx context.Context) error {
	subjects := []eighter{b.hatoba, b.raw}
	if b.docker != nil {
		subjects = append(subjects, b.docker)
	}
	var titles []string
	for _, s := range subjects {
		titles = append(titles, s.title())
	}
	t := newTable(len(subjects))
	costs := make([]spent, len(subjects))
	for range b.rounds {
		err := shuffled(len(subjects), func(i int) error {
			if err := b.settle(ctx); err != nil {
				return err
			}
			took, paid, err := subjects[i].eight(ctx, b.burst)
			if err != nil {
				return fmt.Errorf("%s: %w", titles[i], err)
			}
			costs[i] = spent{costs[i].client + paid.client, costs[i].daemons + paid.daemons, costs[i].helpers + paid.helpers}
			t.add(i, []time.Duration{took})
			return nil
		})
		if err != nil {
			return err
		}
	}
	fmt.Printf("\n%d starts, eight callers at a time, each waiting until its own runs\n", b.burst)
	t.print("until all run", titles)
	for i, title := range titles {
		fmt.Printf("  %-32s %6.1f /s\n", title, float64(b.burst)/t.median(i).Seconds())
	}
	fmt.Println("  CPU time of a start, ms")
	for i, title := range titles {
		costs[i].print(title, b.burst*b.rounds)
	}
	return nil
}

// stopper starts one container and returns how long its end took: from the
// call until nothing of it is left, for one that ends on SIGTERM.
type stopper interface {
	title() string
	stopped(ctx context.Context) (time.Duration, error)
}

func (h *hatoba) stopped(ctx context.Context) (time.Duration, error) {
	arns, err := h.runTasks(ctx, 1)
	if err != nil {
		return 0, err
	}
	if _, err := h.await(ctx, arns, "RUNNING", pollEvery); err != nil {
		return 0, err
	}
	if _, err := h.stamp(ctx, arns[0], time.Now()); err != nil { // it hears SIGTERM by now
		return 0, err
	}
	begin := time.Now()
	if err := h.stopNow(ctx, arns[0]); err != nil {
		return 0, err
	}
	_, err = h.await(ctx, arns, "STOPPED", 5*pollEvery)
	return time.Since(begin), err
}

func (r *raw) stopped(ctx context.Context) (time.Duration, error) {
	ctx = namespaces.WithNamespace(ctx, "bench")
	s, _, err := r.start(ctx)
	if err != nil {
		return 0, err
	}
	if _, err := stampIn(ctx, s.log, time.Now()); err != nil {
		return 0, err
	}
	begin := time.Now()
	err = r.shared.terminate(ctx, s.container)
	return time.Since(begin), err
}

func (d *docker) stopped(ctx context.Context) (time.Duration, error) {
	name, err := d.run(ctx)
	for stamp := ""; stamp == "" && err == nil; {
		stamp, err = d.cli(ctx, "logs", name)
	}
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	if _, err := d.cli(ctx, "stop", name); err != nil {
		return 0, err
	}
	return time.Since(begin), d.remove(ctx, name)
}

// stops measures the end of a process that ends when it is asked to.
func (b *bench) stops(ctx context.Context) error {
	subjects := []stopper{b.hatoba, b.raw, &bare{raw: b.raw, name: "runc delete -f"}}
	if b.docker != nil {
		subjects = append(subjects, b.docker)
	}
	var titles []string
	for _, s := range subjects {
		titles = append(titles, s.title())
	}
	t := newTable(len(subjects))
	for range b.rounds {
		err := shuffled(len(subjects), func(i int) error {
			if err := b.settle(ctx); err != nil {
				return err
			}
			var all []time.Duration
			for range b.starts {
				took, err := subjects[i].stopped(ctx)
				if err != nil {
					return fmt.Errorf("%s: %w", titles[i], err)
				}
				all = append(all, took)
			}
			t.add(i, all)
			return nil
		})
		if err != nil {
			return err
		}
	}
	fmt.Printf("\nThe end of a process that ends on SIGTERM (docker: docker stop; runc: SIGKILL): p50 of %d per round\n", b.starts)
	t.print("until the caller is told that nothing runs", titles)
	return nil
}
