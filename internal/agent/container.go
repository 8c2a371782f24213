package agent

import (
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/hatoba/hatoba/internal/agent/health"
	"github.com/hatoba/hatoba/internal/agent/network"
	"github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// containerID is the id the engine knows a container by, and the runtimeId the
// API shows: the task's id and ten digits, as on Fargate. It is derived, so
// that it is the same after a restart.
func containerID(taskID, name string) string {
	h := fnv.New64a()
	h.Write([]byte(name))
	return fmt.Sprintf("%s-%010d", taskID, h.Sum64()%1e10)
}

// startContainer creates and starts one container, and then watches it.
func (w *worker) startContainer(ctx context.Context, i int) func() {
	plan, began := w.plans[i], time.Now()
	id := containerID(w.key.ID, plan.Name)
	engine := w.a.cfg.Engine
	giveBack, ok := w.a.starts.take(ctx, w.withdrawn)
	if ctx.Err() != nil {
		return nil
	}
	if !ok {
		return func() { w.fail(i, "") } // never to run: the task ends
	}
	defer giveBack()
	created := now()
	spec, err := w.spec(plan)
	if err == nil && w.resumed {
		// What an interrupted start left behind is not to be trusted.
		err = engine.Delete(ctx, id)
	}
	if err == nil {
		if err = engine.Create(ctx, spec); err != nil {
			err = fmt.Errorf("CannotCreateContainerError: %w", err)
		}
	}
	if err == nil {
		if err = engine.Start(ctx, id); errors.Is(err, runtime.ErrTimeout) {
			err = fmt.Errorf("ContainerRuntimeTimeoutError: Could not transition to running; %w", err)
		} else if err != nil {
			err = fmt.Errorf("CannotStartContainerError: %w", err)
		}
	}
	if ctx.Err() != nil {
		return nil
	}
	startedAt := time.Now()
	return func() {
		w.rec.Containers[plan.Name].CreatedAt = created
		if err != nil {
			w.fail(i, err.Error())
			return
		}
		took := startedAt.Sub(began).Round(time.Millisecond).String()
		w.noteAt(startedAt, state.EventStarted, plan.Name, "started in "+took, "took", took, "runtimeId", id)
		w.started(ctx, i, startedAt)
	}
}

// started takes up a running container: its end, health and log are watched.
func (w *worker) started(ctx context.Context, i int, at time.Time) {
	v := &w.views[i]
	v.phase, v.started, v.startedAt = running, true, at
	rec := w.rec.Containers[v.plan.Name]
	rec.Started, rec.StartedAt = true, at
	w.dirty = true
	w.pumpLogs(i)
	watch, cancel := context.WithCancel(ctx)
	w.spawn(func() func() {
		defer cancel()
		exit, err := w.a.cfg.Engine.Wait(ctx, containerID(w.key.ID, v.plan.Name))
		if ctx.Err() != nil {
			return nil
		}
		return func() { w.exited(i, exit, err) }
	})
	if v.plan.HealthCheck != nil {
		w.spawn(func() func() { w.checkHealth(watch, i, at); return nil })
	}
}

// exited records how a container ended. An engine that cannot tell is not
// answered with an invented exit code.
func (w *worker) exited(i int, exit runtime.Exit, err error) {
	v := &w.views[i]
	v.phase, v.endedAt = ended, exit.At
	rec := w.rec.Containers[v.plan.Name]
	rec.Ended, rec.EndedAt = true, exit.At
	w.dirty = true
	switch {
	case err != nil && w.rec.hostGone():
		rec.Failure = lostWithHost
		w.finishLogs(i)
	case err != nil:
		w.log.Error("the container's end cannot be told", "container", v.plan.Name, "error", err)
		rec.Failure = "ContainerRuntimeError: the exit code is lost: " + err.Error()
		w.finishLogs(i)
	case exit.OOMKilled:
		v.exitCode = &exit.Code
		rec.Failure = "OutOfMemoryError: Container killed due to memory usage"
	default:
		v.exitCode = &exit.Code
	}
	v.failure, rec.ExitCode = rec.Failure, v.exitCode
	w.noteExit(v)
}

func (w *worker) checkHealth(ctx context.Context, i int, since time.Time) {
	plan := w.plans[i]
	check := health.Check{
		Command: plan.HealthCheck.Command, Interval: plan.HealthCheck.Interval, Timeout: plan.HealthCheck.Timeout,
		Retries: plan.HealthCheck.Retries, StartPeriod: plan.HealthCheck.StartPeriod,
	}
	id := containerID(w.key.ID, plan.Name)
	probe := func(ctx context.Context) bool {
		result, err := w.a.cfg.Engine.Exec(ctx, id, runtime.Exec{Args: check.Command})
		if err != nil && ctx.Err() == nil && !errors.Is(err, runtime.ErrNotFound) {
			w.log.Debug("health check could not run", "container", plan.Name, "error", err)
		}
		return err == nil && result.Code == 0
	}
	health.Run(ctx, check, since, probe, func(status string) {
		w.post(func() {
			w.note(state.EventHealth, plan.Name, fmt.Sprintf("health is %s, it was %s", status, w.views[i].health), "health", status)
			w.views[i].health = status
		})
	})
}

// spec is a container as the engine takes it.
func (w *worker) spec(plan state.ContainerPlan) (runtime.Spec, error) {
	task := w.rec.Assignment.Task
	mounts, err := w.mounts(plan)
	if err != nil {
		return runtime.Spec{}, err
	}
	spec := runtime.Spec{
		ID: containerID(w.key.ID, plan.Name), TaskID: w.key.ID, Name: plan.Name, Image: w.images[plan.Image].Ref,
		EntryPoint: plan.EntryPoint, Command: plan.Command, Env: w.environment(plan), SecretEnv: secretEnvironment(w.material, plan),
		User: plan.User, WorkingDir: plan.WorkingDirectory, Hostname: w.hostname(plan), ReadOnly: plan.ReadOnly,
		NetNS: w.netns(plan.Name), Mounts: mounts, Machine: machine(plan),
		TaskCPU: state.Units(task.Spec.CPU), TaskMemoryMiB: state.Units(task.Spec.Memory),
		CPU: plan.CPU, MemoryMiB: plan.MemoryMiB, ReservationMiB: plan.ReservationMiB,
		CapAdd: plan.CapAdd, CapDrop: plan.CapDrop, InitProcess: plan.InitProcess,
		Sysctls: plan.Sysctls, Terminal: plan.Terminal, Stdin: plan.Interactive, Labels: labels(task, plan), Spool: w.spool(plan),
	}
	w.allowLowPorts(&spec)
	if w.hasDisk() {
		spec.Layer = filepath.Join(w.diskDir(), "layers", plan.Name)
	}
	if spec.Machine.TaskIPC {
		spec.Machine.ShmMiB = sharedMemory(w.plans)
	}
	for _, u := range plan.Ulimits {
		spec.Ulimits = append(spec.Ulimits, runtime.Ulimit{Name: u.Name, Soft: u.Soft, Hard: u.Hard})
	}
	return spec, nil
}

// labels are the definition's and those ECS gives every container.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-metadata-endpoint-v4-fargate-response.html
func labels(task state.Task, plan state.ContainerPlan) map[string]string {
	out := maps.Clone(plan.DockerLabels)
	if out == nil {
		out = map[string]string{}
	}
	maps.Copy(out, map[string]string{
		"com.amazonaws.ecs.cluster":                 task.ClusterARN,
		"com.amazonaws.ecs.task-arn":                task.ARN,
		"com.amazonaws.ecs.container-name":          plan.Name,
		"com.amazonaws.ecs.task-definition-family":  task.Spec.Family,
		"com.amazonaws.ecs.task-definition-version": fmt.Sprint(task.Spec.Revision),
	})
	return out
}

// secretEnvironment is what secrets give. A secret wins over a plain variable
// of its name.
func secretEnvironment(material protocol.Material, plan state.ContainerPlan) (out []string) {
	for name, value := range material.Environment[plan.Name] {
		out = append(out, name+"="+value)
	}
	slices.Sort(out)
	return out
}

// mounts are the task's own files and the volumes the container names.
func (w *worker) mounts(plan state.ContainerPlan) ([]runtime.Mount, error) {
	var out []runtime.Mount
	for _, file := range []string{"resolv.conf", "hosts", "hostname"} {
		source := filepath.Join(w.fileDir(plan.Name), file)
		if file == "resolv.conf" && w.mode() == modeAwsvpc && len(plan.DNSServers)+len(plan.DNSSearchDomains) > 0 {
			source = filepath.Join(w.dir, "resolv.conf."+plan.Name)
			if err := os.WriteFile(source, network.ResolvConfWith(w.key.Region, plan.DNSServers, plan.DNSSearchDomains), 0o644); err != nil {
				return nil, err
			}
		}
		out = append(out, runtime.Mount{Type: "bind", Source: source, Destination: "/etc/" + file})
	}
	for _, m := range plan.MountPoints {
		source, err := w.volume(m)
		if err != nil {
			return nil, err
		}
		out = append(out, runtime.Mount{Type: "bind", Source: source, Destination: m.Path, ReadOnly: m.ReadOnly})
	}
	for _, t := range plan.Tmpfs {
		out = append(out, runtime.Mount{Type: "tmpfs", Destination: t.Path, Options: append([]string{fmt.Sprintf("size=%dm", t.SizeMiB)}, t.Options...)})
	}
	return w.addImageVolumes(plan, out)
}
