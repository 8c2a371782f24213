package ecs

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// defaultEphemeralGiB is a task's storage when nobody says.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/fargate-task-storage.html
const defaultEphemeralGiB = 20

// compose makes the records of the tasks that a request asks for, still
// without a node.
func (s *Service) compose(r store.Reader, scope state.Scope, cluster state.Cluster, def state.TaskDefinition, l launch) ([]state.Task, network, error) {
	kind, byProvider, err := providers(cluster, l.in, len(l.ids), l.held)
	if err != nil {
		return nil, network{}, err
	}
	d := def.Definition
	if !slices.Contains(d.Compatibilities, types.Compatibility(kind)) {
		return nil, network{}, invalid("Task definition does not support launch_type %s.", kind)
	}
	if what := privilege(d); s.cfg.DenyPrivileged && what != "" {
		return nil, network{}, invalid("%s is not allowed: this Hatoba was started with --deny-privileged.", what)
	}
	size, err := checkOverrides(l.in.Overrides, d, kind)
	if err != nil {
		return nil, network{}, err
	}
	net, err := s.networkOf(r, scope, d, l.in.NetworkConfiguration)
	if err != nil {
		return nil, network{}, err
	}
	tags := runTags(cluster, def, l.in)
	if err := checkTags(slices.DeleteFunc(slices.Clone(tags), func(t types.Tag) bool { return reservedTag(aws.ToString(t.Key)) })); err != nil {
		return nil, network{}, err
	}
	zones := maps.Clone(l.zones)
	tasks := make([]state.Task, len(l.ids))
	for i, id := range l.ids {
		place := net.place(l.seed, i)
		if zones != nil {
			place = net.spread(zones, l.seed+uint64(i))
		}
		tasks[i] = state.Task{
			ID: id, ARN: scope.TaskARN(cluster.Name, id), ClusterName: cluster.Name, ClusterARN: cluster.ARN, CreatedAt: l.now,
			Spec:      taskSpec(scope, cluster, d, l, id, size, net.adopted, place, kind, byProvider[i]),
			Desired:   state.Desired{Status: state.TaskRunning},
			Placement: state.Placement{SubnetID: place.subnet.ID, AvailabilityZone: place.subnet.AvailabilityZone},
			Observed:  firstObserved(d, place.subnet.ID),
			Tags:      tags, Version: 1,
		}
		if kind == types.LaunchTypeEc2 {
			tasks[i].Spec.Holds = holds(tasks[i], def)
		}
	}
	return tasks, net, nil
}

func taskSpec(scope state.Scope, cluster state.Cluster, d types.TaskDefinition, l launch, id string, s size, adopted []string, place placeInNetwork, kind types.LaunchType, provider string) state.TaskSpec {
	group := aws.ToString(l.in.Group)
	if group == "" {
		group = "family:" + aws.ToString(d.Family)
	}
	spec := state.TaskSpec{
		TaskDefinitionARN: aws.ToString(d.TaskDefinitionArn), Family: aws.ToString(d.Family), Revision: d.Revision,
		Overrides: l.in.Overrides, CPU: s.cpu, Memory: s.memory, Group: group, StartedBy: aws.ToString(l.in.StartedBy),
		ClientToken: aws.ToString(l.in.ClientToken), RequestHash: l.hash,
		LaunchType: string(kind), CapacityProviderName: provider, ReferenceID: aws.ToString(l.in.ReferenceId), EnableExecuteCommand: l.in.EnableExecuteCommand,
		ContainerARNs: map[string]string{}, AdoptedNetwork: adopted, RequestedSubnet: place.requested,
		AvailabilityZoneOfSubnet: place.subnet.AvailabilityZone, AdoptedRoles: roles(d, l.in.Overrides),
	}
	if kind == types.LaunchTypeFargate {
		spec.PlatformVersion, spec.PlatformFamily = l.platform, "Linux"
		spec.EphemeralStorageGiB = ephemeral(d, l.in.Overrides)
	}
	if networkMode(d) == types.NetworkModeAwsvpc {
		spec.Network, spec.AttachmentID = l.in.NetworkConfiguration.AwsvpcConfiguration, derivedUUID(id, "attachment")
	}
	for _, c := range d.ContainerDefinitions {
		name := aws.ToString(c.Name)
		spec.ContainerARNs[name] = scope.ContainerARN(cluster.Name, id, derivedUUID(id, "container "+name))
	}
	return spec
}

// firstObserved is a task nobody has seen yet.
func firstObserved(d types.TaskDefinition, subnet string) state.Observed {
	out := state.Observed{Status: state.TaskProvisioning, Health: string(types.HealthStatusUnknown)}
	if networkMode(d) == types.NetworkModeAwsvpc {
		out.ENI = state.ENI{Status: "PRECREATED", SubnetID: subnet}
	}
	for _, c := range d.ContainerDefinitions {
		out.Containers = append(out.Containers, state.ContainerObserved{
			Name: aws.ToString(c.Name), Status: state.ContainerPending, Health: string(types.HealthStatusUnknown),
		})
	}
	return out
}

func ephemeral(d types.TaskDefinition, o *types.TaskOverride) int32 {
	switch {
	case o != nil && o.EphemeralStorage != nil:
		return o.EphemeralStorage.SizeInGiB
	case d.EphemeralStorage != nil:
		return d.EphemeralStorage.SizeInGiB
	}
	return defaultEphemeralGiB
}

// roles are the ARNs of the task's roles, which are taken unseen.
func roles(d types.TaskDefinition, o *types.TaskOverride) (out []string) {
	task, execution := aws.ToString(d.TaskRoleArn), aws.ToString(d.ExecutionRoleArn)
	if o != nil {
		if v := aws.ToString(o.TaskRoleArn); v != "" {
			task = v
		}
		if v := aws.ToString(o.ExecutionRoleArn); v != "" {
			execution = v
		}
	}
	for _, role := range []string{task, execution} {
		if role != "" && !slices.Contains(out, role) {
			out = append(out, role)
		}
	}
	return out
}

// runTags are the tags of a new task: AWS's own, the definition's when they
// are propagated, the request's.
func runTags(cluster state.Cluster, def state.TaskDefinition, in *ecs.RunTaskInput) []types.Tag {
	var tags []types.Tag
	if in.PropagateTags == types.PropagateTagsTaskDefinition {
		tags = mergeTags(tags, def.Tags)
	}
	tags = mergeTags(tags, in.Tags)
	if in.EnableECSManagedTags {
		tags = mergeTags(tags, []types.Tag{{Key: aws.String("aws:ecs:clusterName"), Value: aws.String(cluster.Name)}})
	}
	return tags
}

// derivedUUID is an id that follows from a task's.
func derivedUUID(taskID, what string) string {
	sum := sha256.Sum256([]byte(taskID + " " + what))
	return uuidOf(hex.EncodeToString(sum[:16]))
}

// tokenLife is how long a client token is remembered at most.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/ECS_Idempotency.html
const tokenLife = 24 * time.Hour

// replay returns the tasks of an earlier request with the same client token.
func (s *Service) replay(r store.Reader, scope state.Scope, cluster state.Cluster, l launch) ([]types.Task, error) {
	if l.in.ClientToken == nil {
		return nil, nil
	}
	var out []types.Task
	for _, id := range store.TasksByToken.Of(r).Of(scope, *l.in.ClientToken) {
		t, ok := store.Tasks.Get(r, scope.Key(id))
		if !ok || t.ClusterName != cluster.Name || l.now.Sub(t.CreatedAt) >= tokenLife {
			continue
		}
		if t.Spec.RequestHash != l.hash {
			return nil, &types.ConflictException{
				Message:     aws.String("The RunTask request with this clientToken was made with other parameters."),
				ResourceIds: []string{t.ARN},
			}
		}
		if t.Observed.Status == state.TaskStopped {
			out = append(out, types.Task{
				TaskArn: aws.String(t.ARN), LastStatus: aws.String(t.Observed.Status.String()), DesiredStatus: aws.String(t.Desired.Status.String()),
			})
			continue
		}
		def, _ := store.TaskDefinitions.Get(r, scope.Key(state.TaskDefinitionID(t.Spec.Family, t.Spec.Revision)))
		out = append(out, taskShape(r, t, def, true))
	}
	return out, nil
}
