package soak

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/smithy-go"

	"github.com/hatoba/hatoba/test/harness"
)

// patience bounds how long anything may take while Hatoba is killed over and
// over.
const patience = 3 * time.Minute

// insist asks until it is answered: while Hatoba is down nobody answers. A
// request that was cut off is sent again, so it must be one that may be.
func insist[T any](ctx context.Context, ask func(context.Context) (T, error)) (T, error) {
	for {
		answer, err := ask(ctx)
		var said smithy.APIError
		if err == nil || errors.As(err, &said) && said.ErrorFault() == smithy.FaultClient || ctx.Err() != nil {
			return answer, err
		}
		select {
		case <-ctx.Done():
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// run runs a task of a family, once, also when the answer is lost.
func (s *soak) run(ctx context.Context, n int, family string, command ...string) (string, error) {
	in := &ecs.RunTaskInput{
		TaskDefinition: &family, LaunchType: types.LaunchTypeFargate, ClientToken: aws.String(fmt.Sprintf("soak-%d-%d", s.seed, n)),
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-0a1b2c3d4e5f60718"}}},
	}
	if len(command) > 0 {
		in.Overrides = &types.TaskOverride{ContainerOverrides: []types.ContainerOverride{{Name: aws.String("app"), Command: command}}}
	}
	out, err := insist(ctx, func(ctx context.Context) (*ecs.RunTaskOutput, error) { return s.w.ECS.RunTask(ctx, in) })
	if err != nil {
		return "", err
	}
	if len(out.Tasks) != 1 {
		why := ""
		for _, f := range out.Failures {
			why += aws.ToString(f.Reason) + " " + aws.ToString(f.Detail)
		}
		return "", fmt.Errorf("run-task placed %d tasks: %s", len(out.Tasks), why)
	}
	arn := aws.ToString(out.Tasks[0].TaskArn)
	s.acknowledged.Store(arn, family)
	return arn, nil
}

func (s *soak) task(ctx context.Context, arn string) (types.Task, error) {
	out, err := insist(ctx, func(ctx context.Context) (*ecs.DescribeTasksOutput, error) {
		return s.w.ECS.DescribeTasks(ctx, &ecs.DescribeTasksInput{Tasks: []string{arn}})
	})
	if err != nil {
		return types.Task{}, err
	}
	if len(out.Tasks) != 1 {
		return types.Task{}, fmt.Errorf("an acknowledged task is not there: %v", out.Failures)
	}
	return out.Tasks[0], nil
}

// until waits until a task is as wanted.
func (s *soak) until(ctx context.Context, arn, what string, holds func(types.Task) bool) (types.Task, error) {
	rank := map[string]int{"PROVISIONING": 1, "PENDING": 2, "ACTIVATING": 3, "RUNNING": 4, "DEACTIVATING": 5, "STOPPING": 6, "DEPROVISIONING": 7, "STOPPED": 8}
	reached := ""
	for {
		task, err := s.task(ctx, arn)
		if err != nil {
			return task, fmt.Errorf("waiting for %s: %w; last %s", what, err, reached)
		}
		status := aws.ToString(task.LastStatus)
		if rank[status] < rank[reached] {
			return task, fmt.Errorf("went back from %s to %s", reached, status)
		}
		reached = status
		if holds(task) {
			return task, nil
		}
		if status == "STOPPED" {
			return task, fmt.Errorf("stopped while waiting for %s: %s", what, describe(task))
		}
		select {
		case <-ctx.Done():
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (s *soak) stopped(ctx context.Context, arn string) (types.Task, error) {
	return s.until(ctx, arn, "STOPPED", func(t types.Task) bool { return aws.ToString(t.LastStatus) == "STOPPED" })
}

func (s *soak) running(ctx context.Context, arn string) (types.Task, error) {
	return s.until(ctx, arn, "RUNNING", func(t types.Task) bool { return aws.ToString(t.LastStatus) == "RUNNING" })
}

// stop asks for a task's end and waits for it.
func (s *soak) stop(ctx context.Context, arn string) (types.Task, error) {
	_, err := insist(ctx, func(ctx context.Context) (*ecs.StopTaskOutput, error) {
		return s.w.ECS.StopTask(ctx, &ecs.StopTaskInput{Task: &arn, Reason: aws.String("soaked")})
	})
	if err != nil {
		return types.Task{}, err
	}
	return s.stopped(ctx, arn)
}

// lines reads the whole log of a container.
func (s *soak) lines(ctx context.Context, arn, container string) (out []string, err error) {
	var token *string
	for {
		page, err := insist(ctx, func(ctx context.Context) (*cloudwatchlogs.GetLogEventsOutput, error) {
			return s.w.Logs.GetLogEvents(ctx, &cloudwatchlogs.GetLogEventsInput{
				LogGroupName: aws.String("/e2e"), LogStreamName: aws.String("t/" + container + "/" + arn[strings.LastIndex(arn, "/")+1:]),
				StartFromHead: aws.Bool(true), NextToken: token,
			})
		})
		if err != nil {
			return nil, err
		}
		for _, e := range page.Events {
			out = append(out, aws.ToString(e.Message))
		}
		if aws.ToString(page.NextForwardToken) == aws.ToString(token) {
			return out, nil
		}
		token = page.NextForwardToken
	}
}

// said waits until a container has written a line.
func (s *soak) said(ctx context.Context, arn, container, line string) error {
	for {
		lines, err := s.lines(ctx, arn, container)
		if err != nil && ctx.Err() != nil {
			return err
		}
		for _, l := range lines {
			if l == line {
				return nil
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("it never said %q, only %q", line, lines)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func describe(t types.Task) string {
	out := fmt.Sprintf("%s %s %q", aws.ToString(t.LastStatus), t.StopCode, aws.ToString(t.StoppedReason))
	for _, c := range t.Containers {
		code := "none"
		if c.ExitCode != nil {
			code = fmt.Sprint(*c.ExitCode)
		}
		out += fmt.Sprintf("; %s %s exit %s %q", aws.ToString(c.Name), aws.ToString(c.LastStatus), code, aws.ToString(c.Reason))
	}
	return out
}

// want says how a task must have ended.
type want struct {
	stop      types.TaskStopCode
	reason    string // is part of the task's
	code      int32  // of container app; none: it has no exit code
	container string // is part of the container's reason
	lines     []string
}

const none = -1

func (s *soak) check(ctx context.Context, task types.Task, w want) error {
	c := harness.ByName(task, "app")
	code := int32(none)
	if c.ExitCode != nil {
		code = *c.ExitCode
	}
	switch {
	case task.StopCode != w.stop, !strings.Contains(aws.ToString(task.StoppedReason), w.reason), code != w.code, !strings.Contains(aws.ToString(c.Reason), w.container):
		return fmt.Errorf("ended as %s, not as %+v", describe(task), w)
	case task.StoppedAt == nil || task.StoppingAt == nil || aws.ToString(task.DesiredStatus) != "STOPPED":
		return fmt.Errorf("stopped at %v, stopping at %v, wanted %s", task.StoppedAt, task.StoppingAt, aws.ToString(task.DesiredStatus))
	case w.lines == nil:
		return nil
	}
	lines, err := s.lines(ctx, aws.ToString(task.TaskArn), "app")
	if err == nil && strings.Join(lines, "\n") != strings.Join(w.lines, "\n") {
		at := 0
		for at < min(len(lines), len(w.lines)) && lines[at] == w.lines[at] {
			at++
		}
		err = fmt.Errorf("its log has %d lines, not %d, and differs from line %d on: %.200q", len(lines), len(w.lines), at, lines[at:])
	}
	return err
}
