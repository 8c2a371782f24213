package ecs

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// tagged is the resource an ARN names, with its tags and a way to write new
// ones.
type tagged struct {
	tags []types.Tag
	put  func(w store.Writer, tags []types.Tag) error
}

// findTagged reads what an ARN names.
func (s *Service) findTagged(r store.Reader, scope state.Scope, arn *string) (tagged, error) {
	if !strings.HasPrefix(aws.ToString(arn), "arn:") {
		return tagged{}, invalid("Invalid resourceArn: specify the ARN of a cluster, container instance, service, task or task definition.")
	}
	parts := strings.SplitN(*arn, ":", 6)
	kind, _, _ := strings.Cut(parts[len(parts)-1], "/")
	rest, _, err := resource(scope, kind, *arn)
	if err != nil {
		return tagged{}, err
	}
	switch kind {
	case "cluster":
		return taggedCluster(r, scope, rest)
	case "task":
		return taggedTask(r, scope, rest)
	case "container-instance":
		return taggedInstance(r, scope, rest)
	case "service":
		return taggedService(r, scope, rest)
	case "task-definition":
		return s.taggedDefinition(r, scope, arn)
	}
	return tagged{}, invalid("Tags on a %s are not supported by Hatoba yet.", kind)
}

func taggedCluster(r store.Reader, scope state.Scope, name string) (tagged, error) {
	c, ok := store.Clusters.Get(r, scope.Key(name))
	if !ok {
		return tagged{}, clusterNotFound()
	}
	if c.Status != active {
		return tagged{}, invalid("The specified cluster is inactive. Specify an active cluster and try again.")
	}
	return tagged{c.Tags, func(w store.Writer, tags []types.Tag) error {
		c.Tags = tags
		return store.Clusters.Put(w, scope.Key(name), c)
	}}, nil
}

func taggedTask(r store.Reader, scope state.Scope, rest string) (tagged, error) {
	cluster, id, long := strings.Cut(rest, "/")
	if !long {
		return tagged{}, invalid("Long arn format must be used for tagging operations")
	}
	t, ok := store.Tasks.Get(r, scope.Key(id))
	if !ok || t.ClusterName != cluster {
		return tagged{}, invalid("The specified task was not found.")
	}
	if t.Observed.Status == state.TaskStopped {
		return tagged{}, invalid("The specified task is stopped. Specify a running task and try again.")
	}
	return tagged{t.Tags, func(w store.Writer, tags []types.Tag) error {
		t.Tags = tags
		return store.Tasks.Put(w, scope.Key(id), t)
	}}, nil
}

func taggedService(r store.Reader, scope state.Scope, rest string) (tagged, error) {
	if !strings.Contains(rest, "/") {
		return tagged{}, invalid("Long arn format must be used for tagging operations")
	}
	svc, ok := store.Services.Get(r, scope.Key(rest))
	if !ok || svc.Status == state.ServiceInactive {
		return tagged{}, invalid("The specified service was not found.")
	}
	return tagged{svc.Tags, func(w store.Writer, tags []types.Tag) error {
		svc.Tags = tags
		return store.Services.Put(w, scope.Key(rest), svc)
	}}, nil
}

func taggedInstance(r store.Reader, scope state.Scope, rest string) (tagged, error) {
	cluster, id, long := strings.Cut(rest, "/")
	if !long {
		return tagged{}, invalid("Long arn format must be used for tagging operations")
	}
	key := scope.Key(state.ContainerInstanceKey(cluster, id))
	inst, ok := store.ContainerInstances.Get(r, key)
	if !ok || inst.Status == inactive {
		return tagged{}, invalid("The specified container instance was not found.")
	}
	return tagged{inst.Tags, func(w store.Writer, tags []types.Tag) error {
		inst.Tags = tags
		return store.ContainerInstances.Put(w, key, inst)
	}}, nil
}

func (s *Service) taggedDefinition(r store.Reader, scope state.Scope, arn *string) (tagged, error) {
	ref, err := parseDefinition(scope, arn)
	if err != nil {
		return tagged{}, err
	}
	def, ok := s.definition(r, scope, ref)
	if !ok || ref.revision == 0 {
		return tagged{}, invalid("The specified task definition does not exist. Specify a valid account, family, revision and try again.")
	}
	return tagged{def.Tags, func(w store.Writer, tags []types.Tag) error {
		def.Tags = tags
		return store.TaskDefinitions.Put(w, scope.Key(state.TaskDefinitionID(ref.family, ref.revision)), def)
	}}, nil
}
