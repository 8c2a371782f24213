package dev

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// deployTask runs a task and, when it is up, stops those before it. Where both
// cannot be at once, because they publish the same port of the machine, the
// earlier ones are stopped first.
func (l *loop) deployTask(ctx context.Context, p *Project, def *ecstypes.TaskDefinition) error {
	earlier := l.tasks
	if exclusive(def) {
		if err := l.stop(ctx, earlier); err != nil {
			return err
		}
	}
	in := &ecs.RunTaskInput{
		Cluster: l.cluster, TaskDefinition: def.TaskDefinitionArn, NetworkConfiguration: p.Network, StartedBy: aws.String("hatoba-dev"),
		EnableExecuteCommand: def.TaskRoleArn != nil, // for hatoba exec
	}
	if slices.Contains(def.RequiresCompatibilities, ecstypes.CompatibilityFargate) {
		in.LaunchType = ecstypes.LaunchTypeFargate
	}
	out, err := l.ECS.RunTask(ctx, in)
	if err != nil {
		return err
	}
	if len(out.Failures) > 0 {
		return fmt.Errorf("run-task: %s %s", aws.ToString(out.Failures[0].Reason), aws.ToString(out.Failures[0].Detail))
	}
	arn := aws.ToString(out.Tasks[0].TaskArn)
	l.tasks = append(l.tasks, arn)
	task, err := l.up(ctx, arn, def)
	if err != nil {
		return err
	}
	if at := l.listens(ctx, task, def); at != "" {
		l.say("task %s is at %s", ID(arn), at)
	} else {
		l.say("task %s runs", ID(arn))
	}
	return l.stop(ctx, slices.DeleteFunc(slices.Clone(l.tasks), func(t string) bool { return t == arn }))
}

// exclusive tells whether two tasks of a definition need the same port.
func exclusive(def *ecstypes.TaskDefinition) bool {
	if def.NetworkMode == ecstypes.NetworkModeAwsvpc {
		return false
	}
	for _, c := range def.ContainerDefinitions {
		for _, m := range c.PortMappings {
			if def.NetworkMode == ecstypes.NetworkModeHost || aws.ToInt32(m.HostPort) != 0 {
				return true
			}
		}
	}
	return false
}

// up waits until a task is RUNNING and, if anything checks it, HEALTHY.
func (l *loop) up(ctx context.Context, arn string, def *ecstypes.TaskDefinition) (task ecstypes.Task, err error) {
	checked := slices.ContainsFunc(def.ContainerDefinitions, func(c ecstypes.ContainerDefinition) bool { return c.HealthCheck != nil })
	for shown := ""; ; {
		if task, err = l.task(ctx, arn); err != nil {
			return task, err
		}
		status := aws.ToString(task.LastStatus)
		if status != shown {
			shown = status
			if status != "RUNNING" {
				l.say("task %s %s", ID(arn), status)
			}
		}
		switch {
		case status == "STOPPED" || status == "DEPROVISIONING":
			l.tasks = slices.DeleteFunc(l.tasks, func(t string) bool { return t == arn })
			return task, errors.New(obituary(task))
		case status == "RUNNING" && (!checked || task.HealthStatus == ecstypes.HealthStatusHealthy):
			return task, nil
		case task.HealthStatus == ecstypes.HealthStatusUnhealthy:
			return task, fmt.Errorf("task %s is UNHEALTHY: its health check fails; it goes on, and so does the one before it", ID(arn))
		}
		if err := pause(ctx, glance); err != nil {
			return task, err
		}
	}
}

func (l *loop) task(ctx context.Context, arn string) (ecstypes.Task, error) {
	out, err := l.ECS.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: l.cluster, Tasks: []string{arn}})
	if err != nil {
		return ecstypes.Task{}, err
	}
	if len(out.Tasks) == 0 {
		return ecstypes.Task{}, fmt.Errorf("task %s is gone", ID(arn))
	}
	return out.Tasks[0], nil
}

// obituary says why a task stopped.
func obituary(task ecstypes.Task) string {
	text := fmt.Sprintf("task %s stopped: %s", ID(aws.ToString(task.TaskArn)), aws.ToString(task.StoppedReason))
	for _, c := range task.Containers {
		if c.ExitCode != nil {
			text += fmt.Sprintf("; %s exited with %d", aws.ToString(c.Name), *c.ExitCode)
		}
		if c.Reason != nil {
			text += "; " + aws.ToString(c.Name) + ": " + *c.Reason
		}
	}
	return text
}

// listens waits a little for a task's first TCP port, and returns its URL. A
// program that opens it later, or that this machine does not reach, is no error.
func (l *loop) listens(ctx context.Context, task ecstypes.Task, def *ecstypes.TaskDefinition) string {
	at := address(task, def)
	if at == "" {
		return ""
	}
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	for {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", at)
		if err == nil {
			c.Close()
			return "http://" + at + "/"
		}
		if pause(ctx, glance) != nil {
			return "http://" + at + "/ (nothing listens there yet)"
		}
	}
}

// address is where a task's first published TCP port is, "" without one.
func address(task ecstypes.Task, def *ecstypes.TaskDefinition) string {
	for _, c := range task.Containers {
		for _, b := range c.NetworkBindings {
			if b.HostPort != nil && b.Protocol != ecstypes.TransportProtocolUdp {
				return net.JoinHostPort("localhost", strconv.Itoa(int(*b.HostPort)))
			}
		}
		i := slices.IndexFunc(def.ContainerDefinitions, func(d ecstypes.ContainerDefinition) bool { return aws.ToString(d.Name) == aws.ToString(c.Name) })
		if i < 0 || len(c.NetworkInterfaces) == 0 {
			continue
		}
		for _, m := range def.ContainerDefinitions[i].PortMappings {
			if m.ContainerPort != nil && m.Protocol != ecstypes.TransportProtocolUdp {
				return net.JoinHostPort(aws.ToString(c.NetworkInterfaces[0].PrivateIpv4Address), strconv.Itoa(int(*m.ContainerPort)))
			}
		}
	}
	return ""
}

// stop stops tasks and waits for their end, so that their last words are seen.
func (l *loop) stop(ctx context.Context, tasks []string) error {
	var errs []error
	for _, arn := range tasks {
		_, err := l.ECS.StopTask(ctx, &ecs.StopTaskInput{Cluster: l.cluster, Task: &arn, Reason: aws.String("hatoba dev")})
		errs = append(errs, err)
	}
	for _, arn := range tasks {
		for {
			task, err := l.task(ctx, arn)
			if err != nil {
				errs = append(errs, err)
				break
			}
			if aws.ToString(task.LastStatus) == "STOPPED" {
				l.say("task %s is stopped", ID(arn))
				break
			}
			if err := pause(ctx, glance); err != nil {
				return errors.Join(append(errs, err)...)
			}
		}
	}
	l.tasks = slices.DeleteFunc(slices.Clone(l.tasks), func(t string) bool { return slices.Contains(tasks, t) })
	return errors.Join(errs...)
}

// lost tells of tasks that ended by themselves.
func (l *loop) lost(ctx context.Context) {
	for _, arn := range l.tasks {
		task, err := l.task(ctx, arn)
		if err != nil {
			if ctx.Err() == nil {
				l.once(arn, err)
			}
			continue
		}
		if aws.ToString(task.LastStatus) == "STOPPED" {
			l.fail(errors.New(obituary(task)))
			l.tasks = slices.DeleteFunc(slices.Clone(l.tasks), func(t string) bool { return t == arn })
			l.print = "" // the next save starts it, whatever it holds
		}
	}
}

// ID is the last part of an ARN, shortened for people.
func ID(arn string) string {
	id := arn[strings.LastIndex(arn, "/")+1:]
	return id[:min(12, len(id))]
}

func pause(ctx context.Context, d time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(d):
		return nil
	}
}
