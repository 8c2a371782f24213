package ecs

import (
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/sched"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// LaunchForService makes tasks of a service's revision the way RunTask makes
// its, inside the caller's transaction, and writes those that have a place. An
// error is about what the service asks for; nothing was written then.
func (s *Service) LaunchForService(w store.Writer, l state.ServiceLaunch) (sched.Launched, error) {
	scope := l.Scope
	out := sched.Launched{}
	cluster, err := activeCluster(w, scope, &l.Service.ClusterName)
	if err != nil {
		return out, err
	}
	ref, err := parseDefinition(scope, &l.Revision.TaskDefinitionARN)
	if err != nil {
		return out, err
	}
	// A definition that was deregistered or deleted still serves those that
	// have it.
	def, ok := store.TaskDefinitions.Get(w, scope.Key(state.TaskDefinitionID(ref.family, ref.revision)))
	if !ok {
		return out, client("TaskDefinition not found.")
	}
	if err := s.checkVolumes(def.Definition); err != nil {
		return out, err
	}
	request := s.serviceRequest(l, ref)
	tasks, _, err := s.compose(w, scope, cluster, def, request)
	if err != nil {
		return out, err
	}
	if err := s.checkRoles(w, scope, tasks[0].Spec.AdoptedRoles); err != nil {
		return out, err
	}
	for i := range tasks {
		t := &tasks[i]
		t.Spec.DefaultLogMode, t.Spec.Images = l.Service.LogMode, l.Revision.Images
		t.Spec.Service = state.TaskService{Service: l.Service.ID(), Revision: l.Revision.Number, Ports: balancedPorts(l.Revision, def.Definition)}
		t.Spec.Service.Connect = connectPorts(l.Revision, def.Definition)
		t.Spec.Service.Checked = len(t.Spec.Service.Connect) > 0 && len(checkedContainers(def.Definition)) > 0
		t.Spec.Service.Registries = append(taskRegistries(l.Revision, def.Definition), connectRegistries(l.Revision, def.Definition)...)
	}
	var done placed
	err = s.place(w, scope, cluster, def, tasks, request, &done)
	if errors.Is(err, errNoInstances) { // the service asks for nothing wrong: it waits for one, as for room
		for range tasks {
			done.failures = append(done.failures, failure("", noInstances, ""))
		}
	} else if err != nil {
		return out, err
	}
	out.Instances = tasks[0].Spec.LaunchType == string(types.LaunchTypeEc2)
	for _, t := range done.tasks {
		out.Tasks = append(out.Tasks, taskIDOf(t))
	}
	for _, f := range done.failures {
		out.Refused = append(out.Refused, sched.Refused{Reason: aws.ToString(f.Reason), Detail: aws.ToString(f.Detail)})
		if arn := aws.ToString(f.Arn); arn != "" && out.Closest == "" {
			out.Closest = arn[len(arn)-32:]
		}
	}
	return out, nil
}

// serviceRequest is what RunTask would have been asked for.
func (s *Service) serviceRequest(l state.ServiceLaunch, ref definitionRef) launch {
	rev, svc := l.Revision, l.Service
	in := &ecs.RunTaskInput{
		TaskDefinition: &rev.TaskDefinitionARN, Cluster: &svc.ClusterName,
		Group: aws.String("service:" + svc.Name), StartedBy: aws.String(state.RolloutID(rev.Number)),
		NetworkConfiguration: rev.Network, LaunchType: types.LaunchType(rev.LaunchType), CapacityProviderStrategy: rev.Providers,
		PlacementConstraints: svc.Constraints, PlacementStrategy: svc.Placement,
		EnableECSManagedTags: svc.ManagedTags, EnableExecuteCommand: svc.Exec, PropagateTags: types.PropagateTags(svc.PropagateTags),
	}
	if svc.PropagateTags == string(types.PropagateTagsService) {
		in.Tags = svc.Tags
	}
	if svc.ManagedTags {
		in.Tags = mergeTags(in.Tags, []types.Tag{{Key: aws.String("aws:ecs:serviceName"), Value: &svc.Name}})
	}
	return launch{in: in, ref: ref, platform: rev.PlatformResolved, ids: l.IDs, seed: seedOf(l.IDs[0]), now: l.Now, instances: l.Instances, held: l.Providers, zones: l.Zones}
}

// balancedPorts is where balancers reach a task of the revision: with awsvpc at
// its own address, with host networking at the machine's very port, with bridge
// at a port of the machine that the node may choose.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_LoadBalancer.html
func balancedPorts(rev state.ServiceRevision, def types.TaskDefinition) []state.BalancedPort {
	var out []state.BalancedPort
	for _, lb := range rev.LoadBalancers {
		group := state.TargetGroupID(aws.ToString(lb.TargetGroupArn))
		if group == "" {
			continue
		}
		p := state.BalancedPort{Group: group, Container: aws.ToString(lb.ContainerName), Port: aws.ToInt32(lb.ContainerPort)}
		if mode := networkMode(def); mode != types.NetworkModeAwsvpc {
			p.ByInstance = true
			if mode == types.NetworkModeHost {
				p.HostPort = p.Port
			}
		}
		out = append(out, p)
	}
	return out
}

func taskIDOf(t types.Task) string {
	arn := aws.ToString(t.TaskArn)
	return arn[len(arn)-32:]
}

// assignMore tells each of count further tasks its provider, when some are
// there already. A provider that has more than its share gets none.
func assignMore(strategy []types.CapacityProviderStrategyItem, count int, held map[string]int) []string {
	total, left := count, map[string]int{}
	for _, item := range strategy {
		name := aws.ToString(item.CapacityProvider)
		left[name] = held[name]
		total += held[name]
	}
	var out []string
	for _, p := range assign(strategy, total) {
		if left[p] > 0 {
			left[p]--
		} else if len(out) < count {
			out = append(out, p)
		}
	}
	return out
}
