package drills

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/review"
)

// spareTask is a task that may be stopped: one of its own, or one of the live
// service where that leaves enough of them.
func (s *stage) spareTask(ctx context.Context) (types.Task, error) {
	if !s.live {
		task, err := s.copyTask(ctx)
		if err == nil {
			s.saw(task)
		}
		return task, err
	}
	tasks, err := s.running(ctx, s.target.name())
	if err != nil {
		return types.Task{}, err
	}
	if floor := s.target.floor(); len(tasks)-1 < floor {
		return types.Task{}, cannot(
			review.Say("the live service has %d healthy tasks, and %d must stay: its minimumHealthyPercent spares none", "稼働中のサービスの正常なタスクは %d 個で、minimumHealthyPercent により %d 個を下回れない", len(tasks), floor),
			review.Say("leave out --live, or give the service a task to spare", "--live を外すか、タスクを 1 つ増やしてください"))
	}
	s.saw(tasks[0])
	return tasks[0], nil
}

// anyTask is a task that is only looked at or asked.
func (s *stage) anyTask(ctx context.Context) (types.Task, error) {
	if !s.live {
		if s.idle == nil {
			task, err := s.copyTask(ctx)
			if err != nil {
				return task, err
			}
			s.idle = &task
		}
		s.saw(*s.idle)
		return *s.idle, nil
	}
	tasks, err := s.running(ctx, s.target.name())
	if err == nil && len(tasks) == 0 {
		err = errors.New("no task of the service runs")
	}
	if err != nil {
		return types.Task{}, err
	}
	s.saw(tasks[0])
	return tasks[0], nil
}

// running lists the healthy tasks of a service.
func (s *stage) running(ctx context.Context, service string) (out []types.Task, err error) {
	in := &ecs.ListTasksInput{Cluster: &s.target.cluster, ServiceName: &service, DesiredStatus: types.DesiredStatusRunning}
	for pages := ecs.NewListTasksPaginator(s.ecs, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		if len(page.TaskArns) == 0 {
			continue
		}
		found, err := s.ecs.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &s.target.cluster, Tasks: page.TaskArns})
		if err != nil {
			return nil, err
		}
		for _, t := range found.Tasks {
			if s.well(t) {
				out = append(out, t)
			}
		}
	}
	return out, nil
}

// well tells whether a task runs and its health checks, if it has any, pass.
func (s *stage) well(t types.Task) bool {
	checked := false
	for _, c := range s.target.definition.ContainerDefinitions {
		checked = checked || c.HealthCheck != nil && (c.Essential == nil || *c.Essential)
	}
	return aws.ToString(t.LastStatus) == "RUNNING" && (!checked || t.HealthStatus == types.HealthStatusHealthy)
}

func (s *stage) task(ctx context.Context, arn string) (types.Task, error) {
	out, err := s.ecs.DescribeTasks(ctx, &ecs.DescribeTasksInput{Cluster: &s.target.cluster, Tasks: []string{arn}})
	if err == nil && len(out.Tasks) == 0 {
		err = fmt.Errorf("task %s is gone", last(arn))
	}
	if err != nil {
		return types.Task{}, err
	}
	return out.Tasks[0], nil
}

// ready waits until a task runs, is healthy and listens.
func (s *stage) ready(ctx context.Context, arn string) (task types.Task, err error) {
	began := time.Now()
	err = until(ctx, func() (bool, error) {
		if task, err = s.task(ctx, arn); err == nil && aws.ToString(task.LastStatus) == "STOPPED" {
			err = fmt.Errorf("the copy stopped before it was ready: %s", aws.ToString(task.StoppedReason))
		}
		return err == nil && s.well(task), err
	})
	if err != nil {
		return task, err
	}
	if s.target.port > 0 {
		listening, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		_ = until(listening, func() (bool, error) { return s.reachable(listening, task), nil }) // who asks it tells that it does not
	}
	s.say("it runs after %.1f s", "%.1f 秒後に稼働", time.Since(began).Seconds())
	return task, nil
}

// address is where a task listens; "" if it has none that is known.
func (s *stage) address(t types.Task) string {
	for _, a := range t.Attachments {
		for _, d := range a.Details {
			if aws.ToString(d.Name) == "privateIPv4Address" && s.target.port > 0 {
				return net.JoinHostPort(aws.ToString(d.Value), strconv.Itoa(s.target.port))
			}
		}
	}
	return ""
}

// reachable tells whether a task takes connections from here.
func (s *stage) reachable(ctx context.Context, t types.Task) bool {
	at := s.address(t)
	if at == "" {
		return false
	}
	c, err := (&net.Dialer{Timeout: time.Second}).DialContext(ctx, "tcp", at)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// stop asks ECS to stop a task, and waits until it is STOPPED.
func (s *stage) stop(ctx context.Context, t types.Task, drill string) (stopped types.Task, err error) {
	if _, err := s.ecs.StopTask(ctx, &ecs.StopTaskInput{Cluster: &s.target.cluster, Task: t.TaskArn, Reason: aws.String("drill " + drill)}); err != nil {
		return t, err
	}
	err = until(ctx, func() (bool, error) {
		stopped, err = s.task(ctx, aws.ToString(t.TaskArn))
		return err == nil && aws.ToString(stopped.LastStatus) == "STOPPED", err
	})
	return stopped, err
}

// settle waits, on the live service, until it has all its tasks again: the
// next drill must not find it weak.
func (s *stage) settle(ctx context.Context) error {
	if !s.live {
		return nil
	}
	return until(ctx, func() (bool, error) {
		tasks, err := s.running(ctx, s.target.name())
		return len(tasks) >= int(s.target.service.DesiredCount), err
	})
}
