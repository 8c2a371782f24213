package e2e

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/test/harness"
)

// Events of several lines come whole, by either option, also when Hatoba is
// killed while they are written, and the last one does not wait for another.
func TestEventsOfSeveralLines(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	const errs = 300
	var want []string
	for i := range errs {
		want = append(want, fmt.Sprintf("[Nov %02d, 2026 10:00:00] error %d\n\tat one\n\tat two\n", i%28+1, i))
	}
	tasks := map[string]string{}
	for family, option := range map[string][2]string{
		"datetime": {"awslogs-datetime-format", `\[%b %d, %Y %H:%M:%S\]`},
		"pattern":  {"awslogs-multiline-pattern", `^\[`},
	} {
		c := w.Container("app", "stacks", fmt.Sprint(errs))
		c.LogConfiguration.Options[option[0]] = option[1]
		w.Register(family, nil, c)
		tasks[family] = w.Run(family)
	}
	w.Kill()
	w.Up()
	for family, arn := range tasks {
		w.Until(arn, "RUNNING")
		w.Eventually(family+": the last event comes by itself", func() bool { return len(w.Lines(arn, "app")) >= errs })
		if got := w.Lines(arn, "app"); !slices.Equal(got, want) {
			t.Errorf("%s: %d events: %.200q", family, len(got), got)
		}
	}
}

// Modes: blocking loses nothing, whatever the container writes; non-blocking
// with a small buffer may, and then it says how much.
func TestLogModes(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	const lines = 200_000
	modes := map[string]map[string]string{
		"blocking": {"mode": "blocking"}, "dropping": {"mode": "non-blocking", "max-buffer-size": "64k"},
	}
	for family, options := range modes {
		c := w.Container("app", "lines", fmt.Sprint(lines))
		for k, v := range options {
			c.LogConfiguration.Options[k] = v
		}
		w.Register(family, nil, c)
		arn := w.Run(family)
		w.Until(arn, "STOPPED")
		kept, dropped, other := 0, 0, 0
		for _, line := range w.Lines(arn, "app") {
			var bytes, n int
			switch {
			case strings.HasPrefix(line, "line "):
				kept++
			default:
				if _, err := fmt.Sscanf(line, "[hatoba] %d bytes in %d lines were dropped here", &bytes, &n); err != nil {
					other++
				}
				dropped += n
			}
		}
		if kept+dropped != lines || other != 0 || family == "blocking" && dropped != 0 {
			t.Errorf("%s: kept %d, dropped %d, other %d", family, kept, dropped, other)
		}
	}
}

func TestLogOptionsAreChecked(t *testing.T) {
	w := harness.Start(t)
	for name, c := range map[string]struct {
		options map[string]string
		want    string
	}{
		"both":    {map[string]string{"awslogs-datetime-format": "%Y", "awslogs-multiline-pattern": "x"}, "at the same time"},
		"pattern": {map[string]string{"awslogs-multiline-pattern": "("}, "awslogs could not parse multiline pattern"},
		"buffer":  {map[string]string{"mode": "blocking", "max-buffer-size": "1m"}, "only supported with 'mode=non-blocking'"},
	} {
		def := w.Container("app")
		for k, v := range c.options {
			def.LogConfiguration.Options[k] = v
		}
		def.Memory = aws.Int32(64)
		_, err := w.ECS.RegisterTaskDefinition(context.Background(), &ecs.RegisterTaskDefinitionInput{
			Family: aws.String("bad"), ContainerDefinitions: []types.ContainerDefinition{def}, NetworkMode: types.NetworkModeAwsvpc,
		})
		var refused *types.ClientException
		if !errors.As(err, &refused) || !strings.Contains(refused.ErrorMessage(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
