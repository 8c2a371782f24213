package ecs

import (
	"context"
	"slices"

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
	out, err := s.start(ctx, caller, in.Cluster, l)
	if err != nil {
		return nil, err
	}
	return &ecs.RunTaskOutput{Tasks: out.tasks, Failures: out.failures}, nil
}

// start is what RunTask and StartTask have in common, in one transaction.
func (s *Service) start(ctx context.Context, caller wire.Caller, clusterID *string, l launch) (placed, error) {
	var (
		out     placed
		adopted []string
	)
	err := s.update(ctx, func(w store.Writer) (err error) {
		out, adopted, err = s.launch(w, caller, clusterID, l)
		return err
	})
	if err != nil {
		return placed{}, err
	}
	if len(adopted) > 0 && len(out.tasks) > 0 {
		s.cfg.Log.Info("network ids nobody made are taken as the default vpc", "ids", adopted, "task_definition", l.ref.String())
	}
	return out, nil
}

// launch makes and places the tasks inside a transaction. After an error
// nothing was written.
func (s *Service) launch(w store.Writer, caller wire.Caller, clusterID *string, l launch) (out placed, adopted []string, err error) {
	out = placed{tasks: []types.Task{}, failures: []types.Failure{}}
	cluster, err := activeCluster(w, caller.Scope, clusterID)
	if err != nil {
		return out, nil, err
	}
	if earlier, err := s.replay(w, caller.Scope, cluster, l); err != nil || earlier != nil {
		out.tasks = earlier
		return out, nil, err
	}
	def, err := s.startable(w, caller.Scope, l.ref)
	if err != nil {
		return out, nil, err
	}
	tasks, net, err := s.compose(w, caller.Scope, cluster, def, l)
	if err != nil {
		return out, nil, err
	}
	if err := s.checkRoles(w, caller.Scope, tasks[0].Spec.AdoptedRoles); err != nil {
		return out, nil, err
	}
	mode := setting(w, caller, types.SettingNameDefaultLogDriverMode)
	for i := range tasks {
		tasks[i].Spec.DefaultLogMode = mode
	}
	return out, net.adopted, s.place(w, caller.Scope, cluster, def, tasks, l, &out)
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
	return def, s.checkVolumes(def.Definition)
}

// placed is what became of a request's tasks.
type placed struct {
	tasks    []types.Task
	failures []types.Failure
}

// place writes the tasks that a node can take.
func (s *Service) place(w store.Writer, scope state.Scope, cluster state.Cluster, def state.TaskDefinition, tasks []state.Task, l launch, out *placed) error {
	switch {
	case len(l.instances) > 0:
		return s.placeNamed(w, scope, cluster, def, tasks, l, out)
	case tasks[0].Spec.LaunchType == string(types.LaunchTypeEc2):
		return s.placeEC2(w, scope, cluster, def, tasks, l, out)
	}
	pending := make([]sched.Request, len(tasks))
	for i, t := range tasks {
		held := sched.Reserve(t)
		pending[i] = sched.Request{ID: t.ID, CPU: held.CPU, MemoryMiB: held.MemoryMiB, Arch: architecture(def.Definition)}
	}
	nodes := store.Placement.Of(w).Nodes()
	return s.carryOut(w, scope, def, tasks, s.ranks.Place(s.snapshot(nodes), pending, l.seed), nodes, out)
}

// carryOut writes what a plan decided.
func (s *Service) carryOut(w store.Writer, scope state.Scope, def state.TaskDefinition, tasks []state.Task, plan sched.Plan, pool sched.Pool, out *placed) error {
	for _, p := range plan.Placed {
		i := slices.IndexFunc(tasks, func(t state.Task) bool { return t.ID == p.ID })
		task := tasks[i]
		task.Placement.Node = p.Node
		if p.Instance != nil {
			task.Placement.ContainerInstance = p.Instance.ARN
		}
		if err := s.putTask(w, scope, state.Task{}, task); err != nil {
			return err
		}
		out.tasks = append(out.tasks, taskShape(w, task, def, true))
	}
	for _, r := range plan.Refused {
		arn := ""
		if c, ok := pool.First(); ok && c.Instance != nil {
			arn = c.Instance.ARN
		}
		out.failures = append(out.failures, failure(arn, r.Reason, r.Detail))
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
