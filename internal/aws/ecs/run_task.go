package ecs

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/sched"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

// runTask makes tasks and places them, in one transaction. Those that fit
// nowhere are in failures; nothing waits for a node.
func (s *Service) runTask(ctx context.Context, caller wire.Caller, in *ecs.RunTaskInput) (*ecs.RunTaskOutput, error) {
	l, err := s.checkRunTask(caller.Scope, in)
	if err != nil {
		return nil, err
	}
	var (
		out     *ecs.RunTaskOutput
		adopted []string
	)
	err = s.update(ctx, func(w store.Writer) error {
		out, adopted = &ecs.RunTaskOutput{Tasks: []types.Task{}, Failures: []types.Failure{}}, nil
		cluster, err := activeCluster(w, caller.Scope, in.Cluster)
		if err != nil {
			return err
		}
		if earlier, err := s.replay(w, caller.Scope, cluster, l); err != nil || earlier != nil {
			out.Tasks = earlier
			return err
		}
		def, err := s.startable(w, caller.Scope, l.ref)
		if err != nil {
			return err
		}
		tasks, net, err := s.compose(w, caller.Scope, cluster, def, l)
		if err != nil {
			return err
		}
		adopted = net.adopted
		return s.place(w, caller.Scope, def, tasks, l, out)
	})
	if err != nil {
		return nil, err
	}
	if len(adopted) > 0 && len(out.Tasks) > 0 {
		s.cfg.Log.Info("network ids nobody made are taken as the default vpc", "ids", adopted, "task_definition", l.ref.String())
	}
	return out, nil
}

// startable reads the definition that tasks start from.
func (s *Service) startable(r store.Reader, scope state.Scope, ref definitionRef) (state.TaskDefinition, error) {
	def, ok := s.definition(r, scope, ref)
	switch {
	case !ok:
		return def, client("TaskDefinition not found.")
	case def.Definition.Status != types.TaskDefinitionStatusActive:
		return def, client("TaskDefinition is inactive")
	}
	return def, nil
}

// place writes the tasks that a node can take.
func (s *Service) place(w store.Writer, scope state.Scope, def state.TaskDefinition, tasks []state.Task, l launch, out *ecs.RunTaskOutput) error {
	snapshot := sched.Snapshot{Overcommit: s.cfg.Overcommit}
	for _, n := range store.Nodes.List(w, state.Scope{}, "") {
		snapshot.Nodes = append(snapshot.Nodes, n)
	}
	for _, t := range store.Tasks.List(w, state.Scope{}, "") {
		if t.Observed.Status < state.TaskStopped {
			snapshot.Reserved = append(snapshot.Reserved, sched.Reserve(t))
		}
	}
	pending := make([]sched.Request, len(tasks))
	for i, t := range tasks {
		held := sched.Reserve(t)
		pending[i] = sched.Request{ID: t.ID, CPU: held.CPU, MemoryMiB: held.MemoryMiB, Arch: architecture(def.Definition)}
	}
	plan := sched.Place(snapshot, pending, l.seed)
	for _, p := range plan.Placed {
		i := slices.IndexFunc(tasks, func(t state.Task) bool { return t.ID == p.ID })
		task := tasks[i]
		task.Placement.Node = p.Node
		if err := store.Tasks.Put(w, scope.Key(task.ID), task); err != nil {
			return err
		}
		out.Tasks = append(out.Tasks, taskShape(w, task, def, true))
	}
	for _, r := range plan.Refused {
		out.Failures = append(out.Failures, types.Failure{Reason: aws.String(r.Reason), Detail: aws.String(r.Detail)})
	}
	return nil
}

// architecture is what a definition asks of a node, in the node's words; ""
// when it does not say.
func architecture(def types.TaskDefinition) string {
	if def.RuntimePlatform == nil {
		return ""
	}
	switch def.RuntimePlatform.CpuArchitecture {
	case types.CPUArchitectureX8664:
		return "x86_64"
	case types.CPUArchitectureArm64:
		return "arm64"
	}
	return ""
}
