package events

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// InstanceStateChange is the detail type of a container instance's events.
const InstanceStateChange = "ECS Container Instance State Change"

// InstanceChanged tells of a container instance as it is described now. Its
// version tells its events apart.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_container_instance_events.html
func InstanceChanged(w store.Writer, scope state.Scope, cluster string, inst types.ContainerInstance, now time.Time) error {
	if !IsHeard(w, scope, Default, "aws.ecs", InstanceStateChange) {
		return nil
	}
	type versions struct {
		AgentHash     string `json:"agentHash,omitempty"`
		AgentVersion  string `json:"agentVersion,omitempty"`
		DockerVersion string `json:"dockerVersion,omitempty"`
	}
	arn := aws.ToString(inst.ContainerInstanceArn)
	out := struct {
		AgentConnected bool        `json:"agentConnected"`
		Attributes     []attribute `json:"attributes"`
		ClusterARN     string      `json:"clusterArn"`
		ARN            string      `json:"containerInstanceArn"`
		EC2InstanceID  string      `json:"ec2InstanceId,omitempty"`
		Registered     []resource  `json:"registeredResources"`
		Remaining      []resource  `json:"remainingResources"`
		Status         string      `json:"status"`
		Version        int64       `json:"version"`
		VersionInfo    versions    `json:"versionInfo"`
		UpdatedAt      string      `json:"updatedAt"`
	}{
		AgentConnected: inst.AgentConnected, Attributes: []attribute{}, ClusterARN: cluster, ARN: arn, EC2InstanceID: aws.ToString(inst.Ec2InstanceId),
		Registered: resources(inst.RegisteredResources), Remaining: resources(inst.RemainingResources), Status: aws.ToString(inst.Status),
		Version: inst.Version, UpdatedAt: state.EventMoment(now),
	}
	if v := inst.VersionInfo; v != nil {
		out.VersionInfo = versions{aws.ToString(v.AgentHash), aws.ToString(v.AgentVersion), aws.ToString(v.DockerVersion)}
	}
	for _, a := range inst.Attributes {
		out.Attributes = append(out.Attributes, attribute{aws.ToString(a.Name), aws.ToString(a.Value)})
	}
	detail, err := json.Marshal(out)
	if err != nil {
		return err
	}
	id := ID("instance", arn, strconv.FormatInt(inst.Version, 10), state.EventMoment(now))
	return Emit(w, scope, Default, envelope(scope, id, "aws.ecs", InstanceStateChange, now, []string{arn}, detail))
}

type resource struct {
	Name    string    `json:"name"`
	Type    string    `json:"type"`
	Integer *int32    `json:"integerValue,omitempty"`
	Set     *[]string `json:"stringSetValue,omitempty"`
}

func resources(list []types.Resource) []resource {
	out := []resource{}
	for _, r := range list {
		one := resource{Name: aws.ToString(r.Name), Type: aws.ToString(r.Type)}
		if one.Type == "STRINGSET" {
			one.Set = &r.StringSetValue
		} else {
			one.Integer = &r.IntegerValue
		}
		out = append(out, one)
	}
	return out
}
