package cli

import (
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/hatoba/hatoba/internal/chart"
	"github.com/hatoba/hatoba/internal/sched"
	"github.com/hatoba/hatoba/internal/sched/simulation"
)

// placementTrial is what `hatoba simulate placement` is asked for.
type placementTrial struct {
	fleet      simulation.Fleet
	task       simulation.Task
	strategies []string
	seed       uint64
	svg        string
}

func simulatePlacementCommand() *cobra.Command {
	var p placementTrial
	cmd := &cobra.Command{
		Use:   "placement",
		Short: "Fill a fleet of container instances by each strategy, and draw what that costs",
		Long: "Fills a fleet of equal container instances with equal tasks, by the very code that places\n" +
			"tasks, and draws how many instances are in use and what a placement takes as it fills.\n\n" +
			"A strategy is written as in a service, type=field, several joined by commas:\n" +
			"  --strategy spread=attribute:ecs.availability-zone,binpack=memory --strategy random",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return p.run(cmd) },
	}
	f := cmd.Flags()
	f.IntVar(&p.fleet.Instances, "instances", 1000, "container instances")
	f.IntVar(&p.fleet.Zones, "zones", 3, "availability zones they stand in")
	f.Int64Var(&p.fleet.CPU, "instance-cpu", 4096, "CPU units of an instance")
	f.Int64Var(&p.fleet.MemoryMiB, "instance-memory", 16384, "MiB of an instance")
	f.Int64Var(&p.task.CPU, "cpu", 1024, "CPU units of a task")
	f.Int64Var(&p.task.MemoryMiB, "memory", 2048, "MiB of a task")
	f.StringArrayVar(&p.strategies, "strategy", []string{
		"spread=attribute:ecs.availability-zone,spread=instanceId", "spread=attribute:ecs.availability-zone,binpack=memory", "binpack=memory", "random",
	}, "a placement strategy; may be given several times, and each is a curve")
	f.Uint64Var(&p.seed, "seed", 1, "what draws between equals")
	f.StringVar(&p.svg, "svg", "", "folder for instances.svg and time.svg")
	return cmd
}

func (p placementTrial) run(cmd *cobra.Command) error {
	if p.fleet.Instances < 1 || p.fleet.Zones < 1 || p.fleet.Zones > 26 {
		return fmt.Errorf("--instances must be at least 1, and --zones between 1 and 26")
	}
	inUse := chart.Chart{Title: fmt.Sprintf("Instances in use, of %d", p.fleet.Instances), X: "filled", Y: "instances", XText: percent}
	took := chart.Chart{Title: fmt.Sprintf("A placement among %d instances", p.fleet.Instances), X: "filled", Y: "microseconds", XText: percent}
	table := tabwriter.NewWriter(cmd.OutOrStdout(), 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "STRATEGY\tTASKS\tIN USE AT 10 %\tAT 50 %\tAT 90 %\tZONES DIFFER BY\tTIME AT 1 %\tAT 90 %")
	for _, text := range p.strategies {
		strategies, err := parseStrategies(text)
		if err != nil {
			return err
		}
		p.task.Strategies = strategies
		steps, err := simulation.Fill(p.fleet, p.task, p.seed, elapsed)
		if err != nil {
			return err
		}
		used, times := chart.Line{Name: text}, chart.Line{Name: text}
		uneven := 0
		for _, s := range steps {
			used.Points = append(used.Points, chart.Point{X: s.Fill, Y: float64(s.InUse)})
			times.Points = append(times.Points, chart.Point{X: s.Fill, Y: float64(s.Took.Nanoseconds()) / 1000})
			uneven = max(uneven, s.Uneven)
		}
		inUse.Lines, took.Lines = append(inUse.Lines, used), append(took.Lines, times)
		at := func(l chart.Line, fill float64) string {
			v, _ := l.At(fill)
			return fmt.Sprintf("%.0f", v)
		}
		fmt.Fprintf(table, "%s\t%d\t%s\t%s\t%s\t%d\t%s µs\t%s µs\n", text, steps[len(steps)-1].Tasks,
			at(used, 0.1), at(used, 0.5), at(used, 0.9), uneven, at(times, steps[0].Fill), at(times, 0.9))
	}
	out := cmd.OutOrStdout()
	fmt.Fprintln(out, inUse.Text(72, 17))
	fmt.Fprintln(out, took.Text(72, 17))
	if err := table.Flush(); err != nil {
		return err
	}
	return p.draw(inUse, took)
}

func (p placementTrial) draw(inUse, took chart.Chart) error {
	if p.svg == "" {
		return nil
	}
	if err := os.MkdirAll(p.svg, 0o755); err != nil {
		return err
	}
	for name, c := range map[string]chart.Chart{"instances.svg": inUse, "time.svg": took} {
		if err := os.WriteFile(p.svg+"/"+name, c.SVG(), 0o644); err != nil {
			return err
		}
	}
	return nil
}

func elapsed(work func()) time.Duration {
	begin := time.Now()
	work()
	return time.Since(begin)
}

func percent(share float64) string { return fmt.Sprintf("%.0f %%", 100*share) }

// parseStrategies reads type=field, several joined by commas.
func parseStrategies(text string) (out []sched.Strategy, err error) {
	for _, part := range strings.Split(text, ",") {
		kind, field, _ := strings.Cut(part, "=")
		ok := false
		switch kind {
		case sched.Random:
			ok = field == ""
		case sched.Binpack:
			ok = field == sched.ByCPU || field == sched.ByMemory
		case sched.Spread:
			ok = field == sched.ByInstance || field == sched.ByZone
		}
		if !ok {
			return nil, fmt.Errorf("--strategy %s: %q is none of random, binpack=cpu, binpack=memory, spread=%s and spread=%s", text, part, sched.ByInstance, sched.ByZone)
		}
		out = append(out, sched.Strategy{Type: kind, Field: field})
	}
	if len(out) > sched.MaxStrategies {
		return nil, fmt.Errorf("--strategy %s: %d strategies, and at most %d can follow each other", text, len(out), sched.MaxStrategies)
	}
	return out, nil
}
