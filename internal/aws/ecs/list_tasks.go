package ecs

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/wire"
)

func (s *Service) listTasks(ctx context.Context, caller wire.Caller, in *ecs.ListTasksInput) (*ecs.ListTasksOutput, error) {
	const kind = "ecs/tasks"
	size, after, err := page(kind, in.MaxResults, in.NextToken, maxPage)
	if err != nil {
		return nil, err
	}
	if err := checkListTasks(in); err != nil {
		return nil, err
	}
	out := &ecs.ListTasksOutput{TaskArns: []string{}}
	err = s.view(ctx, func(r store.Reader) error {
		cluster, err := activeCluster(r, caller.Scope, in.Cluster)
		if err != nil {
			return err
		}
		instance := ""
		if given := aws.ToString(in.ContainerInstance); given != "" {
			id, err := instanceID(caller.Scope, cluster.Name, given)
			if err != nil {
				return err
			}
			instance = caller.Scope.ContainerInstanceARN(cluster.Name, id)
		}
		service, err := listedOf(r, caller.Scope, cluster, in)
		if err != nil {
			return err
		}
		last := ""
		for key, t := range store.Tasks.After(r, caller.Scope, "", after) {
			if t.ClusterName != cluster.Name || !matches(in, t) || service != "" && t.Spec.Service.Service != service || instance != "" && t.Placement.ContainerInstance != instance {
				continue
			}
			if len(out.TaskArns) == size {
				out.NextToken = nextToken(kind, last, true)
				return nil
			}
			out.TaskArns = append(out.TaskArns, t.ARN)
			last = key.ID
		}
		return nil
	})
	return out, err
}

// checkListTasks refuses filters that cannot be, and those on what is not
// there.
func checkListTasks(in *ecs.ListTasksInput) error {
	startedBy := aws.ToString(in.StartedBy) != ""
	switch {
	case in.DesiredStatus != "" && !slices.Contains(in.DesiredStatus.Values(), in.DesiredStatus):
		return invalid("desiredStatus should be one of %v.", in.DesiredStatus.Values())
	case in.LaunchType != "" && !slices.Contains(in.LaunchType.Values(), in.LaunchType):
		return client("launch type should be one of %v", in.LaunchType.Values())
	case startedBy && aws.ToString(in.Family)+aws.ToString(in.ServiceName)+aws.ToString(in.ContainerInstance) != "":
		return invalid("startedBy cannot be combined with family, serviceName or containerInstance.")
	case aws.ToString(in.DaemonName) != "":
		return invalid("daemonName is not supported by Hatoba yet: remove it.")
	}
	return nil
}

// listedOf is the store id of the service a request asks for, "" for none.
func listedOf(r store.Reader, scope state.Scope, cluster state.Cluster, in *ecs.ListTasksInput) (string, error) {
	if aws.ToString(in.ServiceName) == "" {
		return "", nil
	}
	name, err := serviceName(scope, cluster.Name, *in.ServiceName)
	if err != nil {
		return "", err
	}
	id := state.ServiceID(cluster.Name, name)
	if _, ok := store.Services.Get(r, scope.Key(id)); !ok {
		return "", serviceNotFound()
	}
	return id, nil
}

// matches applies the filters. Without a desired status it is RUNNING.
func matches(in *ecs.ListTasksInput, t state.Task) bool {
	desired := string(in.DesiredStatus)
	if desired == "" {
		desired = string(types.DesiredStatusRunning)
	}
	return t.Desired.Status.String() == desired &&
		(aws.ToString(in.Family) == "" || t.Spec.Family == *in.Family) &&
		(aws.ToString(in.StartedBy) == "" || t.Spec.StartedBy == *in.StartedBy) &&
		(in.LaunchType == "" || t.Spec.LaunchType == string(in.LaunchType))
}
