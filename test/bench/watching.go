package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// watched is how long each kind of watching is looked at: whole minutes, since
// each is summed up at its end.
const watched = 2 * time.Minute

// watching measures what it costs to measure tasks that do nothing: the CPU time
// of Hatoba with its shims, less that of the same one that does not look.
func (b *bench) watching(ctx context.Context) error {
	h, err := newHatoba(b.options.hatoba, filepath.Join(b.work, "watching"))
	if err != nil {
		return err
	}
	h.flags = []string{"--measure=false"}
	if _, err := h.up(ctx); err != nil {
		return err
	}
	defer func() { _ = h.end() }()
	if err := h.prepare(ctx, b.archive); err != nil {
		return err
	}
	if _, _, err := h.fill(ctx, idleFleet); err != nil {
		return err
	}
	shims, err := h.shims()
	if err != nil {
		return err
	}
	spend := func() (float64, error) {
		pids := append([]int{h.process.Process.Pid}, shims...)
		time.Sleep(20 * time.Second) // what a start leaves to be done
		before, begin := busy(pids), time.Now()
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-time.After(watched):
		}
		sum := time.Duration(0)
		for i, after := range busy(pids) {
			sum += after - before[i]
		}
		return 100 * float64(sum) / float64(time.Since(begin)), nil
	}
	without, err := spend()
	if err != nil {
		return err
	}
	if err := h.down(); err != nil {
		return err
	}
	h.flags = nil
	if _, err := h.up(ctx); err != nil {
		return err
	}
	with, err := spend()
	if err != nil {
		return err
	}
	_, err = h.ecs.UpdateClusterSettings(ctx, &ecs.UpdateClusterSettingsInput{
		Cluster: aws.String("default"), Settings: []types.ClusterSetting{{Name: types.ClusterSettingNameContainerInsights, Value: aws.String("enhanced")}},
	})
	if err != nil {
		return err
	}
	enhanced, err := spend()
	if err != nil {
		return err
	}
	events, err := h.logs.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: aws.String("/aws/ecs/containerinsights/default/performance"), FilterPattern: aws.String(`{ $.Type = "Task" }`),
	})
	if err != nil {
		return err
	}
	if len(events.Events) < idleFleet {
		return fmt.Errorf("the tasks were not watched: %d events tell of them", len(events.Events))
	}
	fmt.Printf("\nWatching %d running tasks, over %s each\n", idleFleet, watched)
	fmt.Printf("    %-34s %6.2f %% of a CPU\n", "hatoba and shims, not watching", without)
	fmt.Printf("    %-34s %6.2f %% of a CPU\n", "watching costs", with-without)
	fmt.Printf("    %-34s %6.2f %% of a CPU\n", "with enhanced Container Insights", enhanced-without)
	return nil
}
