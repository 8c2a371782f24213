package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
)

// rolled is how many tasks the rolling update replaces.
const rolled = 10

// checked registers a definition whose container is HEALTHY as soon as a
// command in it ends well: the stamp's own.
func (h *hatoba) checked(ctx context.Context, family string) (*hatoba, error) {
	c := *h
	c.family = family
	_, err := h.ecs.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{
		Family: &family, NetworkMode: types.NetworkModeAwsvpc, Cpu: aws.String("256"), Memory: aws.String("512"),
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		ExecutionRoleArn:        aws.String("arn:aws:iam::123456789012:role/bench"),
		ContainerDefinitions: []types.ContainerDefinition{{
			Name: aws.String("stamp"), Image: aws.String("123456789012.dkr.ecr.us-east-1.amazonaws.com/" + imageName),
			HealthCheck: &types.HealthCheck{Command: []string{"CMD", "/stamp", "well"}, Interval: aws.Int32(5)},
		}},
	})
	return &c, err
}

// serve makes a service and waits until it stands.
func (h *hatoba) serve(ctx context.Context, name string, tasks int) error {
	_, err := h.ecs.CreateService(ctx, &ecs.CreateServiceInput{
		ServiceName: &name, TaskDefinition: &h.family, DesiredCount: aws.Int32(int32(tasks)), LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{
			Subnets: []string{"subnet-0a1b2c3d4e5f60718"}, SecurityGroups: []string{"sg-0123456789abcdef0"},
		}},
	})
	if err != nil {
		return err
	}
	return h.settled(ctx, name)
}

// settled waits until the service's one deployment is complete.
func (h *hatoba) settled(ctx context.Context, name string) error {
	for {
		out, err := h.ecs.DescribeServices(ctx, &ecs.DescribeServicesInput{Services: []string{name}})
		if err != nil {
			return err
		}
		if len(out.Services) != 1 {
			return fmt.Errorf("service %s is not there", name)
		}
		if d := out.Services[0].Deployments; len(d) == 1 && d[0].RolloutState == types.DeploymentRolloutStateCompleted {
			return nil
		}
		time.Sleep(5 * pollEvery)
	}
}

// tasksOf lists the service's tasks that are to run.
func (h *hatoba) tasksOf(ctx context.Context, name string) ([]string, error) {
	out, err := h.ecs.ListTasks(ctx, &ecs.ListTasksInput{ServiceName: &name})
	if err != nil {
		return nil, err
	}
	return out.TaskArns, nil
}

// dismiss deletes the service and waits for its tasks to be gone.
func (h *hatoba) dismiss(ctx context.Context, name string) error {
	arns, err := h.tasksOf(ctx, name)
	if err != nil {
		return err
	}
	if _, err := h.ecs.DeleteService(ctx, &ecs.DeleteServiceInput{Service: &name, Force: aws.Bool(true)}); err != nil {
		return err
	}
	_, err = h.await(ctx, arns, "STOPPED", 10*pollEvery)
	return err
}

// replaced kills the service's one container and returns how long it takes
// until another task runs in its place.
func (h *hatoba) replaced(ctx context.Context, name string) (time.Duration, error) {
	arns, err := h.tasksOf(ctx, name)
	if err != nil || len(arns) != 1 {
		return 0, fmt.Errorf("one task was to run, there are %d: %w", len(arns), err)
	}
	killed := arns[0]
	pid, err := stampOf(killed[strings.LastIndex(killed, "/")+1:])
	if err != nil {
		return 0, err
	}
	begin := time.Now()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		return 0, err
	}
	for {
		arns, err := h.tasksOf(ctx, name)
		if err != nil {
			return 0, err
		}
		if len(arns) == 1 && arns[0] != killed {
			_, err := h.await(ctx, arns, "RUNNING", pollEvery)
			return time.Since(begin), err
		}
		time.Sleep(pollEvery)
	}
}

// stampOf finds the process that a task's container runs.
func stampOf(task string) (int, error) {
	groups, err := filepath.Glob("/proc/[0-9]*/cgroup")
	if err != nil {
		return 0, err
	}
	for _, file := range groups {
		text, err := os.ReadFile(file)
		if err != nil || !bytes.Contains(text, []byte(task)) {
			continue
		}
		dir := filepath.Dir(file)
		if name, _ := os.ReadFile(filepath.Join(dir, "comm")); strings.TrimSpace(string(name)) == "stamp" {
			return strconv.Atoi(filepath.Base(dir))
		}
	}
	return 0, fmt.Errorf("task %s has no process", task)
}

// replacements measures how soon a killed container has its successor, against
// one bare start.
func (b *bench) replacements(ctx context.Context) (err error) {
	const name = "replaced"
	if err := b.hatoba.serve(ctx, name, 1); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.hatoba.dismiss(ctx, name)) }()
	titles := []string{"killed → its replacement RUNNING", "a start: RunTask → RUNNING", "raw containerd client, a start"}
	measures := []func() (time.Duration, error){
		func() (time.Duration, error) { return b.hatoba.replaced(ctx, name) },
		func() (time.Duration, error) { s, err := b.hatoba.launch(ctx); return s.running, err },
		func() (time.Duration, error) { s, err := b.raw.launch(ctx); return s.running, err },
	}
	t := newTable(len(titles))
	for range b.rounds {
		err := shuffled(len(titles), func(i int) error {
			if err := b.settle(ctx); err != nil {
				return err
			}
			var all []time.Duration
			for range b.starts {
				took, err := measures[i]()
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
	fmt.Printf("\nA service's container is killed: p50 of %d per round\n", b.starts)
	t.print("until the caller is told that a task runs", titles)
	return nil
}

// rollouts measures a rolling update, against the time its containers need by
// themselves: as many tasks started, healthy, and as many stopped.
func (b *bench) rollouts(ctx context.Context) (err error) {
	const name = "rolled"
	h, err := b.hatoba.checked(ctx, "bench-checked")
	if err != nil {
		return err
	}
	if err := h.serve(ctx, name, rolled); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.dismiss(ctx, name)) }()
	update := func() (time.Duration, error) {
		begin := time.Now()
		if _, err := h.ecs.UpdateService(ctx, &ecs.UpdateServiceInput{Service: aws.String(name), ForceNewDeployment: true}); err != nil {
			return 0, err
		}
		err := h.settled(ctx, name)
		return time.Since(begin), err
	}
	containers := func() (time.Duration, error) {
		begin := time.Now()
		arns, err := h.runTasks(ctx, rolled)
		if err != nil {
			return 0, err
		}
		for healthy := 0; healthy < rolled; {
			tasks, err := h.await(ctx, arns, "RUNNING", 5*pollEvery)
			if err != nil {
				return 0, err
			}
			healthy = 0
			for _, t := range tasks {
				if t.HealthStatus == types.HealthStatusHealthy {
					healthy++
				}
			}
			time.Sleep(5 * pollEvery)
		}
		err = h.stop(ctx, arns)
		return time.Since(begin), err
	}
	titles := []string{"rolling update", "the containers by themselves"}
	t := newTable(len(titles))
	for range b.rounds {
		err := shuffled(len(titles), func(i int) error {
			if err := b.settle(ctx); err != nil {
				return err
			}
			took, err := []func() (time.Duration, error){update, containers}[i]()
			t.add(i, []time.Duration{took})
			return err
		})
		if err != nil {
			return err
		}
	}
	fmt.Printf("\nA rolling update of %d tasks with a health check each; by themselves: %d started, healthy, and stopped\n", rolled, rolled)
	t.print("until the deployment is COMPLETED, or all are STOPPED", titles)
	return nil
}
