package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"golang.org/x/sync/errgroup"
)

// watched is how long watching is looked at: as long as it takes to come round.
// Whenever it begins there are three readings in it, sixty looks at what was
// counted, and the end of a minute, at which all is summed up and stored.
const watched = time.Minute

// watcher is a Hatoba with a fleet of its own.
type watcher struct {
	*hatoba
	pids  []int     // its own, and its shims'
	share []float64 // percent of a CPU, in each round
}

// watching measures what it costs to measure tasks that do nothing: the CPU time
// of a Hatoba that does with its shims, less that of one that does not. They run
// beside each other and are looked at in the same minute, so that each round
// compares what had the same machine.
func (b *bench) watching(ctx context.Context) (err error) {
	if err := b.pack(); err != nil {
		return err
	}
	without, err := b.newWatcher("without", "--measure=false")
	if err != nil {
		return err
	}
	with, err := b.newWatcher("with")
	if err != nil {
		return err
	}
	enhanced, err := b.newWatcher("enhanced")
	if err != nil {
		return err
	}
	all := []*watcher{without, with, enhanced}
	defer func() {
		var ends errgroup.Group
		for _, w := range all {
			ends.Go(w.end)
		}
		err = errors.Join(err, ends.Wait())
	}()
	begin := time.Now()
	group, gctx := errgroup.WithContext(ctx)
	for _, w := range all {
		group.Go(func() error { return w.start(gctx, b.archive, w == enhanced) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := sleep(ctx, 5*time.Second); err != nil { // what a start leaves to be done
		return err
	}
	ready := time.Since(begin)
	for range b.rounds {
		if err := b.settle(ctx); err != nil {
			return err
		}
		if err := spend(ctx, all); err != nil {
			return err
		}
	}
	if err := enhanced.wasWatched(ctx); err != nil {
		return err
	}
	fmt.Printf("\nWatching %d running tasks, %d rounds of %s, ready in %s\n", idleFleet, b.rounds, watched, ready.Round(time.Second))
	row := func(title string, shares []float64) {
		shares = slices.Sorted(slices.Values(shares))
		fmt.Printf("    %-34s %6.2f %% of a CPU (%.2f to %.2f)\n", title, (shares[(len(shares)-1)/2]+shares[len(shares)/2])/2, shares[0], shares[len(shares)-1])
	}
	row("hatoba and shims, not watching", without.share)
	row("watching costs", without.less(with))
	row("with enhanced Container Insights", without.less(enhanced))
	return nil
}

func (b *bench) newWatcher(name string, flags ...string) (*watcher, error) {
	h, err := newHatoba(b.options.hatoba, filepath.Join(b.work, "watching-"+name))
	if err != nil {
		return nil, err
	}
	h.flags = flags
	return &watcher{hatoba: h}, nil
}

// start brings up Hatoba with its fleet.
func (w *watcher) start(ctx context.Context, archive string, enhanced bool) error {
	if _, err := w.up(ctx); err != nil {
		return err
	}
	if err := w.prepare(ctx, archive); err != nil {
		return err
	}
	if enhanced {
		_, err := w.ecs.UpdateClusterSettings(ctx, &ecs.UpdateClusterSettingsInput{
			Cluster: aws.String("default"), Settings: []types.ClusterSetting{{Name: types.ClusterSettingNameContainerInsights, Value: aws.String("enhanced")}},
		})
		if err != nil {
			return err
		}
	}
	if _, _, err := w.fill(ctx, idleFleet); err != nil {
		return err
	}
	shims, err := w.shims()
	w.pids = append([]int{w.process.Process.Pid}, shims...)
	return err
}

// spend notes what each spends in the same time.
func spend(ctx context.Context, all []*watcher) error {
	before, begin := make([]time.Duration, len(all)), make([]time.Time, len(all))
	for i, w := range all {
		before[i], begin[i] = w.spent(), time.Now()
	}
	if err := sleep(ctx, watched); err != nil {
		return err
	}
	for i, w := range all {
		w.share = append(w.share, 100*float64(w.spent()-before[i])/float64(time.Since(begin[i])))
	}
	return nil
}

func (w *watcher) spent() (sum time.Duration) {
	for _, d := range busy(w.pids) {
		sum += d
	}
	return sum
}

// less is what another one spends more, round by round.
func (w *watcher) less(other *watcher) (out []float64) {
	for i, share := range other.share {
		out = append(out, share-w.share[i])
	}
	return out
}

// wasWatched fails when nothing tells of the tasks.
func (w *watcher) wasWatched(ctx context.Context) error {
	events, err := w.logs.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: aws.String("/aws/ecs/containerinsights/default/performance"), FilterPattern: aws.String(`{ $.Type = "Task" }`),
	})
	if err != nil {
		return err
	}
	if len(events.Events) < idleFleet {
		return fmt.Errorf("the tasks were not watched: %d events tell of them", len(events.Events))
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
