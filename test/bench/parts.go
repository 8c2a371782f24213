package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"
)

// launches measures one start at a time.
func (b *bench) launches(ctx context.Context) error {
	without := *b.raw
	without.seccomp, without.name = false, "raw client without seccomp"
	subjects := []subject{b.hatoba, b.hatoba.wide(), b.raw, &without, &bare{raw: b.raw, name: "runc alone"}, &bare{raw: &without, name: "runc alone without seccomp"}}
	if b.docker != nil {
		subjects = append(subjects, b.docker)
	}
	running, first := newTable(len(subjects)), newTable(len(subjects))
	parts := make([]phaseTable, len(subjects))
	for range b.rounds {
		err := shuffled(len(subjects), func(i int) error {
			if err := b.settle(ctx); err != nil {
				return err
			}
			var run, exec []time.Duration
			for range b.starts {
				s, err := subjects[i].launch(ctx)
				if err != nil {
					return fmt.Errorf("%s: %w", subjects[i].title(), err)
				}
				run, exec = append(run, s.running), append(exec, s.exec)
				parts[i].add(s.phases)
			}
			running.add(i, run)
			first.add(i, exec)
			return nil
		})
		if err != nil {
			return err
		}
	}
	titles := titlesOf(subjects)
	fmt.Printf("\nOne start at a time, image present: p50 of %d starts per round\n", b.starts)
	first.print("until the container's own first instruction", titles)
	running.print("until the caller is told that it runs (RUNNING; the command's return)", titles)
	fmt.Println("\nWhere the milliseconds go, medians over all starts")
	for i := range subjects {
		parts[i].print(titles[i])
	}
	return nil
}

// bursts measures many starts at once.
func (b *bench) bursts(ctx context.Context) error {
	subjects := []burster{b.hatoba, b.raw}
	titles := []string{"hatoba, RunTask count 10", "raw containerd client, 8-way"}
	if b.docker != nil {
		subjects, titles = append(subjects, b.docker), append(titles, "docker run -d, 8-way")
	}
	t := newTable(len(subjects))
	for range b.rounds {
		err := shuffled(len(subjects), func(i int) error {
			if err := b.settle(ctx); err != nil {
				return err
			}
			took, err := subjects[i].burst(ctx, b.burst)
			if err != nil {
				return fmt.Errorf("%s: %w", subjects[i].title(), err)
			}
			t.add(i, []time.Duration{took})
			return nil
		})
		if err != nil {
			return err
		}
	}
	fmt.Printf("\n%d at once\n", b.burst)
	t.print("until all run", titles)
	for i, title := range titles {
		fmt.Printf("  %-32s %6.1f /s\n", title, float64(b.burst)/t.median(i).Seconds())
	}
	return nil
}

// memory measures what idle processes keep. It leaves a fleet of tasks running.
func (b *bench) memory(ctx context.Context) error {
	if err := b.hatoba.down(); err != nil {
		return err
	}
	if _, err := b.hatoba.up(ctx); err != nil {
		return err
	}
	time.Sleep(3 * time.Second)
	empty, err := memoryOf(b.hatoba.process.Process.Pid)
	if err != nil {
		return err
	}
	if _, _, err := b.hatoba.fill(ctx, b.fleet); err != nil {
		return err
	}
	time.Sleep(3 * time.Second)
	full, err := memoryOf(b.hatoba.process.Process.Pid)
	if err != nil {
		return err
	}
	pids, err := b.hatoba.shims()
	if err != nil {
		return err
	}
	shim, err := memoryOfAll(pids)
	if err != nil {
		return fmt.Errorf("hatoba's shims: %w", err)
	}
	fmt.Printf("\nIdle memory, MiB\n")
	printMemory("hatoba, no task", empty)
	printMemory(fmt.Sprintf("hatoba, %d tasks", b.fleet), full)
	printMemory(fmt.Sprintf("hatoba's shim, each of %d", len(pids)), shim)
	if b.docker == nil {
		return nil
	}
	return b.dockerMemory(ctx, empty, full, shim)
}

func (b *bench) dockerMemory(ctx context.Context, empty, full, shim memory) error {
	if err := b.docker.down(); err != nil {
		return err
	}
	if _, err := b.docker.up(ctx); err != nil {
		return err
	}
	time.Sleep(3 * time.Second)
	none, err := b.dockerDaemons()
	if err != nil {
		return err
	}
	names, _, err := b.docker.fill(ctx, b.fleet)
	if err != nil {
		return err
	}
	time.Sleep(3 * time.Second)
	some, err := b.dockerDaemons()
	if err != nil {
		return err
	}
	pids, err := processes("containerd-shim-runc-v2", filepath.Join(b.docker.dir, "exec"))
	if err != nil {
		return err
	}
	theirs, err := memoryOfAll(pids)
	if err != nil {
		return fmt.Errorf("docker's shims: %w", err)
	}
	printMemory("dockerd and containerd, none", none)
	printMemory(fmt.Sprintf("dockerd and containerd, %d", b.fleet), some)
	printMemory(fmt.Sprintf("docker's shim, each of %d", len(pids)), theirs)
	n := int64(b.fleet)
	each, other := shim.pss+(full.pss-empty.pss)/n, theirs.pss+(some.pss-none.pss)/n
	fmt.Printf("  PSS, idle: hatoba / docker's daemons            %.2f\n", float64(empty.pss)/float64(none.pss))
	fmt.Printf("  PSS per task (shim and the daemon's growth)     %.2f\n", float64(each)/float64(other))
	return b.docker.remove(ctx, names...)
}

func (b *bench) dockerDaemons() (sum memory, err error) {
	for _, name := range []string{"dockerd", "containerd"} {
		pids, err := processes(name, b.docker.dir)
		if err != nil {
			return sum, err
		}
		for _, pid := range pids {
			m, err := memoryOf(pid)
			if err != nil {
				return sum, err
			}
			sum.rss += m.rss
			sum.pss += m.pss
		}
	}
	return sum, nil
}

// startUps measures from exec to the first good answer: with the fleet that
// memory left, on a new data directory, on a kept one, and docker's engine.
func (b *bench) startUps(ctx context.Context) error {
	empty, err := newHatoba(b.options.hatoba, filepath.Join(b.work, "empty"))
	if err != nil {
		return err
	}
	titles := []string{"hatoba, no task", fmt.Sprintf("hatoba, %d running tasks", b.fleet), "hatoba, new data directory"}
	type daemon interface {
		up(context.Context) (time.Duration, error)
		down() error
	}
	daemons := []func(round int) (daemon, error){
		func(int) (daemon, error) { return empty, nil },
		func(int) (daemon, error) { return b.hatoba, nil },
		func(n int) (daemon, error) {
			return newHatoba(b.options.hatoba, filepath.Join(b.work, fmt.Sprintf("new%d", n)))
		},
	}
	if b.docker != nil {
		titles = append(titles, "dockerd, no container")
		daemons = append(daemons, func(int) (daemon, error) { return b.docker, b.docker.down() })
	}
	if err := b.hatoba.down(); err != nil {
		return err
	}
	if _, err := empty.up(ctx); err != nil {
		return err
	}
	if err := empty.down(); err != nil {
		return err
	}
	defer func() { _ = empty.end() }()
	t := newTable(len(daemons))
	for round := range b.rounds {
		err := shuffled(len(daemons), func(i int) error {
			d, err := daemons[i](round)
			if err != nil {
				return err
			}
			if err := b.settle(ctx); err != nil {
				return err
			}
			took, err := d.up(ctx)
			if err != nil {
				return err
			}
			t.add(i, []time.Duration{took})
			if fresh, ok := d.(*hatoba); ok && fresh != empty && fresh != b.hatoba {
				return fresh.end()
			}
			return d.down()
		})
		if err != nil {
			return err
		}
	}
	fmt.Printf("\nStart-up, exec to healthy\n")
	t.print("until the first good answer", titles)
	return nil
}

func titlesOf(subjects []subject) (out []string) {
	for _, s := range subjects {
		out = append(out, s.title())
	}
	return out
}

func printMemory(what string, m memory) {
	fmt.Printf("  %-32s RSS %6.1f   PSS %6.1f\n", what, float64(m.rss)/(1<<20), float64(m.pss)/(1<<20))
}
