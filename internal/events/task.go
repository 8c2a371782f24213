package events

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

// TaskStateChange is the detail type of a task's events.
const TaskStateChange = "ECS Task State Change"

// nodes are the scope of node records: they belong to no account.
var nodes = state.Scope{Account: "-", Region: "-"}

// TaskChanged tells of a task that was made or changed, when it did so in
// something that AWS tells: health and tags are not among it. before is the
// zero task for one that is new.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_task_events.html
func TaskChanged(w store.Writer, scope state.Scope, before, after state.Task, now time.Time) error {
	if reflect.DeepEqual(told(before), told(after)) || !IsHeard(w, scope, Default, "aws.ecs", TaskStateChange) {
		return nil
	}
	detail, err := json.Marshal(taskDetail(w, scope, after, now))
	if err != nil {
		return err
	}
	id := ID("task", after.ARN, strconv.FormatInt(after.Version, 10))
	return Emit(w, scope, Default, envelope(scope, id, "aws.ecs", TaskStateChange, now, []string{after.ARN}, detail))
}

// told is what of a task its events tell.
func told(t state.Task) state.Task {
	out := state.Task{ID: t.ID, Desired: t.Desired, Observed: t.Observed}
	out.Observed.Health, out.Observed.Containers = "", nil
	for _, c := range t.Observed.Containers {
		c.Health, c.Restarts = "", 0
		out.Observed.Containers = append(out.Observed.Containers, c)
	}
	return out
}

type (
	task struct {
		Attachments          []attachment      `json:"attachments"`
		Attributes           []attribute       `json:"attributes"`
		AvailabilityZone     string            `json:"availabilityZone,omitempty"`
		CapacityProviderName string            `json:"capacityProviderName,omitempty"`
		ClusterARN           string            `json:"clusterArn"`
		Connectivity         string            `json:"connectivity,omitempty"`
		ConnectivityAt       string            `json:"connectivityAt,omitempty"`
		ContainerInstance    string            `json:"containerInstanceArn,omitempty"`
		Containers           []container       `json:"containers"`
		CPU                  string            `json:"cpu,omitempty"`
		CreatedAt            string            `json:"createdAt"`
		DesiredStatus        string            `json:"desiredStatus"`
		Exec                 bool              `json:"enableExecuteCommand"`
		EphemeralStorage     *ephemeralStorage `json:"ephemeralStorage,omitempty"`
		ExecutionStoppedAt   string            `json:"executionStoppedAt,omitempty"`
		Group                string            `json:"group,omitempty"`
		LaunchType           string            `json:"launchType,omitempty"`
		LastStatus           string            `json:"lastStatus"`
		Memory               string            `json:"memory,omitempty"`
		Overrides            json.RawMessage   `json:"overrides"`
		PlatformVersion      string            `json:"platformVersion,omitempty"`
		PullStartedAt        string            `json:"pullStartedAt,omitempty"`
		PullStoppedAt        string            `json:"pullStoppedAt,omitempty"`
		StartedAt            string            `json:"startedAt,omitempty"`
		StartedBy            string            `json:"startedBy,omitempty"`
		StopCode             string            `json:"stopCode,omitempty"`
		StoppedAt            string            `json:"stoppedAt,omitempty"`
		StoppedReason        string            `json:"stoppedReason,omitempty"`
		StoppingAt           string            `json:"stoppingAt,omitempty"`
		TaskARN              string            `json:"taskArn"`
		TaskDefinitionARN    string            `json:"taskDefinitionArn"`
		UpdatedAt            string            `json:"updatedAt"`
		Version              int64             `json:"version"`
	}
	attachment struct {
		ID      string  `json:"id"`
		Type    string  `json:"type"`
		Status  string  `json:"status"`
		Details []named `json:"details"`
	}
	named struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	attribute struct {
		Name  string `json:"name"`
		Value string `json:"value,omitempty"`
	}
	ephemeralStorage struct {
		SizeInGiB int32 `json:"sizeInGiB"`
	}
)

func taskDetail(r store.Reader, scope state.Scope, t state.Task, now time.Time) task {
	o := t.Observed
	def, _ := store.TaskDefinitions.Get(r, scope.Key(state.TaskDefinitionID(t.Spec.Family, t.Spec.Revision)))
	out := task{
		Attachments: attachments(t), Attributes: []attribute{}, AvailabilityZone: t.Placement.AvailabilityZone, CapacityProviderName: t.Spec.CapacityProviderName,
		ClusterARN: t.ClusterARN, Connectivity: o.Connectivity, ConnectivityAt: moment(o.ConnectivityAt), ContainerInstance: t.Placement.ContainerInstance,
		Containers: containers(t, def), CPU: t.Spec.CPU, CreatedAt: state.EventMoment(t.CreatedAt), DesiredStatus: t.Desired.Status.String(), Exec: t.Spec.EnableExecuteCommand,
		ExecutionStoppedAt: moment(o.ExecutionStoppedAt), Group: t.Spec.Group, LaunchType: t.Spec.LaunchType, LastStatus: o.Status.String(), Memory: t.Spec.Memory,
		Overrides: overrides(t, def), PlatformVersion: t.Spec.PlatformVersion, PullStartedAt: moment(o.PullStartedAt), PullStoppedAt: moment(o.PullStoppedAt),
		StartedAt: moment(o.StartedAt), StartedBy: t.Spec.StartedBy, StopCode: t.Desired.StopCode, StoppedReason: t.Desired.StoppedReason,
		StoppedAt: moment(o.StoppedAt), StoppingAt: moment(o.StoppingAt), TaskARN: t.ARN, TaskDefinitionARN: t.Spec.TaskDefinitionARN,
		UpdatedAt: state.EventMoment(now), Version: t.Version,
	}
	if out.StopCode == "" {
		out.StopCode, out.StoppedReason = o.StopCode, o.StoppedReason
	}
	if n, ok := store.Nodes.Get(r, nodes.Key(t.Placement.Node)); ok && n.Arch != "" {
		out.Attributes = append(out.Attributes, attribute{"ecs.cpu-architecture", n.Arch})
	}
	if gib := t.Spec.EphemeralStorageGiB; gib > 0 {
		out.EphemeralStorage = &ephemeralStorage{gib}
	}
	if t.Desired.Status == state.TaskStopped {
		if out.StoppingAt == "" && !t.Desired.At.IsZero() {
			out.StoppingAt = state.EventMoment(t.Desired.At)
		}
		if o.Status == state.TaskRunning && len(t.Spec.Service.Ports) > 0 {
			out.LastStatus = state.TaskDeactivating.String() // it runs on until no balancer sends to it
		}
	}
	return out
}

func attachments(t state.Task) []attachment {
	if t.Spec.AttachmentID == "" {
		return []attachment{}
	}
	eni := t.Observed.ENI
	out := attachment{ID: t.Spec.AttachmentID, Type: "eni", Status: eni.Status, Details: []named{}}
	subnet := t.Spec.RequestedSubnet
	if subnet == "" {
		subnet = eni.SubnetID
	}
	for _, d := range []named{
		{"subnetId", subnet}, {"networkInterfaceId", eni.ID}, {"macAddress", eni.MAC}, {"privateDnsName", eni.PrivateDNS}, {"privateIPv4Address", eni.PrivateIPv4},
	} {
		if d.Value != "" {
			out.Details = append(out.Details, d)
		}
	}
	return []attachment{out}
}

func moment(t *time.Time) string {
	if t == nil {
		return ""
	}
	return state.EventMoment(*t)
}

// overrides are what the task was started with; without any, each container is
// named.
func overrides(t state.Task, def state.TaskDefinition) json.RawMessage {
	if t.Spec.Overrides != nil {
		if b, err := json.Marshal(t.Spec.Overrides); err == nil {
			return lowered(b)
		}
	}
	var out struct {
		Containers []struct {
			Name string `json:"name"`
		} `json:"containerOverrides"`
	}
	for _, c := range def.Definition.ContainerDefinitions {
		if c.Name != nil {
			out.Containers = append(out.Containers, struct {
				Name string `json:"name"`
			}{*c.Name})
		}
	}
	b, _ := json.Marshal(out)
	return b
}

// lowered writes an SDK type's members as the service names them, those that
// are there.
func lowered(b []byte) json.RawMessage {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return json.RawMessage("{}")
	}
	out, _ := json.Marshal(lower(v))
	return out
}

func lower(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, member := range v {
			if member != nil && member != "" {
				out[strings.ToLower(k[:1])+k[1:]] = lower(member)
			}
		}
		return out
	case []any:
		for i := range v {
			v[i] = lower(v[i])
		}
	}
	return v
}
