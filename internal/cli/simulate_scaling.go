package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/hatoba/hatoba/internal/scaling/simulate"
)

func simulateScalingCommand() *cobra.Command {
	var policies []string
	var load, target, svg string
	m := simulate.Service{}
	cmd := &cobra.Command{
		Use:   "scaling --policy FILE --load trace.csv",
		Short: "Replay a load curve through scaling policies and scheduled actions",
		Long: `Replay a load curve through scaling policies and scheduled actions, in virtual
time, by the code that scales services.

--policy takes the JSON of put-scaling-policy (or a policy's configuration alone),
register-scalable-target, put-scheduled-action, and put-metric-alarm, which a step
scaling policy needs; each file may have a list of them, and several may be given.

--load takes CSV: a time (seconds, 5m, 15:04 or RFC 3339) and a load, in whatever
--per-task counts in. Further columns are metrics of their own, named by the header.`,
		Example: `  hatoba simulate scaling --policy policy.json --target 1-10 --load trace.csv --per-task 50 --svg out.svg`,
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := scenario(policies, target)
			if err != nil {
				return err
			}
			file, err := os.Open(load)
			if err != nil {
				return err
			}
			defer file.Close()
			trace, err := simulate.ReadTrace(file)
			if err != nil {
				return fmt.Errorf("%s: %w", load, err)
			}
			if m.PerTask <= 0 || m.Start < 0 {
				return errors.New("--per-task must be greater than 0, and --task-start not negative")
			}
			result, err := simulate.Run(s, trace, m)
			if err != nil {
				return err
			}
			if svg != "" {
				if err := writeDrawing(svg, result); err != nil {
					return err
				}
			}
			return result.WriteText(cmd.OutOrStdout())
		},
	}
	set := cmd.Flags()
	set.StringArrayVar(&policies, "policy", nil, "file of policies, targets, scheduled actions or alarms; may be given several times")
	set.StringVar(&load, "load", "", "CSV file of the load curve")
	set.StringVar(&target, "target", "", "bounds of the desired count, such as 1-10, or a file of what register-scalable-target takes")
	set.StringVar(&svg, "svg", "", "file to draw into")
	set.Float64Var(&m.PerTask, "per-task", 100, "load that takes all of a task's CPU")
	set.DurationVar(&m.Start, "task-start", 30*time.Second, "time from the decision until a task takes load")
	set.Float64Var(&m.Memory, "memory", 30, "percent of its memory that a task takes without load")
	set.Float64Var(&m.PerLoad, "memory-load", 30, "percent that it takes besides at full load")
	set.Int32Var(&m.Desired, "desired", 0, "desired count at the begin (default: the minimum)")
	_ = cmd.MarkFlagRequired("policy")
	_ = cmd.MarkFlagRequired("load")
	return cmd
}

// scenario reads what scales the service.
func scenario(policies []string, target string) (s simulate.Scenario, err error) {
	low, high, bounds := strings.Cut(target, "-")
	least, err1 := strconv.ParseInt(low, 10, 32)
	most, err2 := strconv.ParseInt(high, 10, 32)
	files := policies
	switch {
	case bounds && err1 == nil && err2 == nil:
		if err := s.Bound(int32(least), int32(most)); err != nil {
			return s, fmt.Errorf("--target: %w", err)
		}
	case target != "":
		files = append([]string{target}, policies...)
	}
	for _, name := range files {
		file, err := os.Open(name)
		if err != nil {
			return s, err
		}
		err = s.Add(strings.TrimSuffix(filepath.Base(name), filepath.Ext(name)), file)
		if err = errors.Join(err, file.Close()); err != nil {
			return s, fmt.Errorf("%s: %w", name, err)
		}
	}
	return s, s.Check()
}

func writeDrawing(path string, r simulate.Result) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(r.WriteSVG(file), file.Close())
}
