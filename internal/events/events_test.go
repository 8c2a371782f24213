package events

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"github.com/hatoba/hatoba/internal/events/pattern"
	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
	"github.com/hatoba/hatoba/internal/store/mem"
)

var update = flag.Bool("update", false, "write the golden events")

var (
	scope = state.Scope{Account: "111122223333", Region: "us-west-2"}
	now   = time.Date(2026, 1, 23, 17, 57, 58, 103e6, time.UTC)
)

func at(second int) *time.Time {
	t := now.Add(time.Duration(second)*time.Second + 100*time.Millisecond)
	return &t
}

// sample is a task that has stopped, as the sample of AWS's guide.
func sample() (state.Task, state.TaskDefinition) {
	const id = "c13b4cb40f1f4fe4a2971f76ae5a47ad"
	t := state.Task{
		ID: id, ARN: scope.TaskARN("FargateCluster", id), ClusterName: "FargateCluster", ClusterARN: scope.ClusterARN("FargateCluster"), CreatedAt: now.Add(-time.Minute), Version: 6,
		Spec: state.TaskSpec{
			TaskDefinitionARN: scope.TaskDefinitionARN("sample-fargate", 1), Family: "sample-fargate", Revision: 1, CPU: "256", Memory: "512", Group: "family:sample-fargate",
			StartedBy: "ecs-svc/1", LaunchType: "FARGATE", PlatformVersion: "1.4.0", AttachmentID: "1789bcae-ddfb-4d10-8ebe-8ac87ddba5b8", EphemeralStorageGiB: 20,
			ContainerARNs: map[string]string{"FargateApp": scope.ContainerARN("FargateCluster", id, "cf159fd6-3e3f-4a9e-84f9-66cbe726af01")},
			Overrides:     &ecstypes.TaskOverride{ContainerOverrides: []ecstypes.ContainerOverride{{Name: aws.String("FargateApp"), Environment: []ecstypes.KeyValuePair{{Name: aws.String("A"), Value: aws.String("1")}}}}},
		},
		Desired:   state.Desired{Status: state.TaskStopped, StopCode: "UserInitiated", StoppedReason: "Task stopped by user", At: *at(1)},
		Placement: state.Placement{Node: "n", AvailabilityZone: "us-west-2c"},
		Observed: state.Observed{
			Status: state.TaskStopped, Health: "HEALTHY", Connectivity: "DISCONNECTED", ConnectivityAt: at(-9), PullStartedAt: at(-8), PullStoppedAt: at(-7), StartedAt: at(-6),
			StoppingAt: at(1), ExecutionStoppedAt: at(2), StoppedAt: at(3),
			ENI:        state.ENI{Status: "DELETED", ID: "eni-0fedcba9876543210", MAC: "0a:98:eb:a7:29:ba", PrivateIPv4: "192.0.2.120", PrivateDNS: "ip-192-0-2-120.us-west-2.compute.internal", SubnetID: "subnet-abcd1234"},
			Containers: []state.ContainerObserved{{Name: "FargateApp", Status: state.ContainerStopped, RuntimeID: "c13b-1", ImageDigest: "sha256:74b2c688c700ec95a93e478cdb959737c148df3fbf5ea706abe0318726e885e6", ExitCode: aws.Int32(143), Health: "HEALTHY"}},
		},
	}
	def := state.TaskDefinition{Definition: ecstypes.TaskDefinition{
		NetworkMode:          ecstypes.NetworkModeAwsvpc,
		ContainerDefinitions: []ecstypes.ContainerDefinition{{Name: aws.String("FargateApp"), Image: aws.String("111122223333.dkr.ecr.us-west-2.amazonaws.com/hello-world:latest"), Memory: aws.Int32(256)}},
	}}
	return t, def
}

// tell runs fn in a store with a rule of the pattern, and returns the events.
func tell(t *testing.T, rule string, fn func(w store.Writer) error) (out []state.Envelope) {
	t.Helper()
	db := mem.New()
	err := db.Update(t.Context(), func(w store.Writer) error {
		if rule != "" {
			p, err := pattern.Compile(rule)
			if err != nil {
				return err
			}
			r := state.EventRule{State: types.RuleStateEnabled, Pattern: rule, Heard: state.Heard{Sources: p.Sources, DetailTypes: p.DetailTypes}}
			if err := store.EventRules.Put(w, scope.Key("default/r"), r); err != nil {
				return err
			}
		}
		_, def := sample()
		if err := store.TaskDefinitions.Put(w, scope.Key(state.TaskDefinitionID("sample-fargate", 1)), def); err != nil {
			return err
		}
		if err := store.Nodes.Put(w, nodes.Key("n"), state.Node{ID: "n", Arch: "x86_64"}); err != nil {
			return err
		}
		return fn(w)
	})
	if err != nil {
		t.Fatal(err)
	}
	_ = db.View(t.Context(), func(r store.Reader) error {
		for _, e := range store.Events.List(r, scope, "") {
			out = append(out, e.Envelope)
		}
		return nil
	})
	if err := db.Close(); err != nil {
		t.Error(err)
	}
	return out
}

func golden(t *testing.T, name string, events []state.Envelope) {
	t.Helper()
	if len(events) != 1 {
		t.Fatalf("%d events", len(events))
	}
	b, err := json.Marshal(events[0])
	if err != nil {
		t.Fatal(err)
	}
	var pretty bytes.Buffer
	if err := json.Indent(&pretty, b, "", "  "); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join("testdata", name+".json")
	if *update {
		if err := os.WriteFile(path, append(pretty.Bytes(), '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(bytes.TrimSpace(want), pretty.Bytes()) {
		t.Errorf("%s is\n%s", name, pretty.Bytes())
	}
}

func TestTaskStateChange(t *testing.T) {
	golden(t, "task-stopped", tell(t, `{"source":["aws.ecs"]}`, func(w store.Writer) error {
		task, _ := sample()
		return TaskChanged(w, scope, state.Task{}, task, now)
	}))
}

func TestInstanceStateChange(t *testing.T) {
	inst := ecstypes.ContainerInstance{
		ContainerInstanceArn: aws.String(scope.ContainerInstanceARN("default", "1dc5c17a422b4dc4b493371970c6c4d6")), Ec2InstanceId: aws.String("i-f3a8506b"), Status: aws.String("ACTIVE"),
		AgentConnected: true, Version: 14801, VersionInfo: &ecstypes.VersionInfo{DockerVersion: aws.String("containerd 2")},
		Attributes:          []ecstypes.Attribute{{Name: aws.String("com.amazonaws.ecs.capability.ecr-auth")}, {Name: aws.String("ecs.os-type"), Value: aws.String("linux")}},
		RegisteredResources: []ecstypes.Resource{{Name: aws.String("CPU"), Type: aws.String("INTEGER"), IntegerValue: 2048}, {Name: aws.String("PORTS"), Type: aws.String("STRINGSET"), StringSetValue: []string{"22"}}},
		RemainingResources:  []ecstypes.Resource{{Name: aws.String("CPU"), Type: aws.String("INTEGER"), IntegerValue: 1988}, {Name: aws.String("PORTS"), Type: aws.String("STRINGSET"), StringSetValue: []string{}}},
	}
	golden(t, "instance", tell(t, `{"detail-type":["ECS Container Instance State Change"]}`, func(w store.Writer) error {
		return InstanceChanged(w, scope, scope.ClusterARN("default"), inst, now)
	}))
}

func TestImageAction(t *testing.T) {
	golden(t, "image", tell(t, `{"source":["aws.ecr"]}`, func(w store.Writer) error {
		return ImageChanged(w, scope, ImageAction{Result: "SUCCESS", Repository: "my-repository", Digest: "sha256:7f5b2640fe6fb4f46592dfd3410c4a79dac4f89e4782432e0378abcd1234", Action: "PUSH", Tag: "latest"}, now)
	}))
}

func TestServiceEvents(t *testing.T) {
	service := state.Service{ARN: scope.ServiceARN("default", "web"), ClusterARN: scope.ClusterARN("default")}
	for name, e := range map[string]state.ServiceEvent{
		"service-action": {ID: "af3c496d-f4a8-65d1-70f4-a69d52e9b584", At: now, Name: "SERVICE_TASK_PLACEMENT_FAILURE", Type: "ERROR", Reason: "RESOURCE:CPU"},
		"deployment":     {ID: "ddca6449-b258-46c0-8653-e0e3aEXAMPLE", At: now, Name: "SERVICE_DEPLOYMENT_IN_PROGRESS", Type: "INFO", Reason: "ECS deployment deploymentId in progress.", Deployment: "ecs-svc/123"},
	} {
		envelope, ok := e.Envelope(scope, service)
		if !ok {
			t.Fatal(name)
		}
		golden(t, name, []state.Envelope{envelope})
	}
}

// Nothing is written for what nobody can hear, and nothing for what is not
// told.
func TestWhatIsNotTold(t *testing.T) {
	task, _ := sample()
	healthy := task
	healthy.Observed.Health, healthy.Version = "UNHEALTHY", task.Version+1
	for name, c := range map[string]struct {
		rule          string
		before, after state.Task
	}{
		"no rule":        {"", state.Task{}, task},
		"another kind":   {`{"detail-type":["ECS Service Action"]}`, state.Task{}, task},
		"another source": {`{"source":["aws.ecr"]}`, state.Task{}, task},
		"health":         {`{"source":["aws.ecs"]}`, task, healthy},
	} {
		if got := tell(t, c.rule, func(w store.Writer) error { return TaskChanged(w, scope, c.before, c.after, now) }); len(got) != 0 {
			t.Errorf("%s: %d events", name, len(got))
		}
	}
}
