package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/test/harness"
)

// served is a port that a service of the test serves in its namespace.
func served(port string, number int32) types.ServiceConnectService {
	return types.ServiceConnectService{
		PortName: &port, ClientAliases: []types.ServiceConnectClientAlias{{DnsName: &port, Port: &number}},
	}
}

// backends registers a revision of the service that is called.
func (s services) backends(text string) {
	s.t.Helper()
	app := s.Container("app", "backend", text)
	app.HealthCheck = &types.HealthCheck{Command: []string{"CMD", "/app", "healthy"}, Interval: aws.Int32(5)}
	app.PortMappings = []types.PortMapping{
		{Name: aws.String("api"), ContainerPort: aws.Int32(8080), AppProtocol: types.ApplicationProtocolHttp},
		{Name: aws.String("api-grpc"), ContainerPort: aws.Int32(8081), AppProtocol: types.ApplicationProtocolGrpc},
		{Name: aws.String("api-tcp"), ContainerPort: aws.Int32(8082)},
	}
	s.Register("web", nil, app)
}

// create makes a service in the namespace of the test.
func (s services) create(name, definition string, count int32, services ...types.ServiceConnectService) {
	s.t.Helper()
	_, err := s.ECS.CreateService(s.t.Context(), &ecs.CreateServiceInput{
		ServiceName: &name, TaskDefinition: &definition, DesiredCount: &count, LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration:        &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-0a1b2c3d4e5f60718"}}},
		ServiceConnectConfiguration: &types.ServiceConnectConfiguration{Enabled: true, Namespace: aws.String("shop"), Services: services},
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// only is the one running task of a service.
func (s services) only(name string) (task types.Task) {
	s.t.Helper()
	s.Eventually("a task of "+name+" runs", func() bool {
		list, err := s.ECS.ListTasks(s.t.Context(), &ecs.ListTasksInput{ServiceName: &name})
		if err != nil || len(list.TaskArns) == 0 {
			return false
		}
		task = s.Task(list.TaskArns[0])
		return aws.ToString(task.LastStatus) == "RUNNING"
	})
	return task
}

type tally struct {
	Served int
	Failed []string
	Said   map[string]int
}

// calls is what the caller has to tell.
func (s services) calls(address string) (out map[string]tally) {
	s.t.Helper()
	s.Eventually("the caller tells", func() bool {
		text, err := harness.Get("http://" + address + ":9000/")
		return err == nil && json.Unmarshal([]byte(text), &out) == nil && len(out) == 4
	})
	return out
}

// more waits until every kind of call was made a hundred times more, with the
// last text where one is told.
func (s services) more(address, text string) {
	s.t.Helper()
	before := s.calls(address)
	s.Eventually("calls go on, answered by "+text, func() bool {
		for kind, now := range s.calls(address) {
			said := now.Said[text] - before[kind].Said[text]
			if now.Served-before[kind].Served < 100 || kind != "grpc" && said < 50 {
				return false
			}
		}
		return true
	})
}

// A service that others call by its aliases, over HTTP, gRPC and TCP, rolls
// over to a new revision, scales out and in, and has a task stopped: no call
// fails. Killed, a task costs no call that may be repeated.
func TestServiceConnectLosesNoCall(t *testing.T) {
	s := services{harness.Start(t), t}
	s.Image()
	_, err := s.ECS.UpdateCluster(t.Context(), &ecs.UpdateClusterInput{
		Cluster: aws.String("default"), ServiceConnectDefaults: &types.ClusterServiceConnectDefaultsRequest{Namespace: aws.String("shop")},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.backends("revision-one")
	s.create("web", "web", 3, served("api", 8080), served("api-grpc", 8081), served("api-tcp", 8082))
	s.stable()
	s.Register("caller", nil, s.Container("app", "caller", "9000"))
	s.create("caller", "caller", 1)
	at := harness.Address(s.only("caller"))
	s.more(at, "revision-one")

	s.backends("revision-two")
	s.update(func(in *ecs.UpdateServiceInput) { in.TaskDefinition = aws.String("web") })
	s.stable()
	s.more(at, "revision-two")
	for _, count := range []int32{5, 2} {
		s.update(func(in *ecs.UpdateServiceInput) { in.DesiredCount = &count })
		s.stable()
		s.more(at, "revision-two")
	}
	tasks, _ := s.tasks()
	s.Stop(aws.ToString(tasks[0].TaskArn))
	s.stable()
	s.more(at, "revision-two")
	for kind, c := range s.calls(at) {
		if len(c.Failed) > 0 {
			t.Errorf("%s: %d of %d calls failed: %s", kind, len(c.Failed), c.Served+len(c.Failed), strings.Join(c.Failed[:min(len(c.Failed), 5)], "; "))
		}
	}
	before := s.calls(at)
	if err := syscall.Kill(harness.Pids("revision-two")[0], syscall.SIGKILL); err != nil {
		t.Error(err)
	}
	s.more(at, "revision-two")
	s.stable()
	after := s.calls(at)
	if n := len(after["get"].Failed) - len(before["get"].Failed); n > 0 {
		t.Errorf("a task was killed: %d GETs failed: %v", n, after["get"].Failed)
	}
	t.Logf("calls: get %d, post %d, grpc %d, tcp %d; lost by the kill: post %d, grpc %d, tcp %d", after["get"].Served, after["post"].Served, after["grpc"].Served, after["tcp"].Served,
		len(after["post"].Failed), len(after["grpc"].Failed), len(after["tcp"].Failed))
	s.end("caller")
	s.delete()
}

// Killed and started again, Hatoba opens the proxies again: calls by alias are
// answered, also by tasks that came meanwhile; with bridge networking, too, and
// through an ingress port of its own.
func TestServiceConnectAfterAKill(t *testing.T) {
	s := services{harness.Start(t), t}
	s.Image()
	_, err := s.ECS.UpdateCluster(t.Context(), &ecs.UpdateClusterInput{
		Cluster: aws.String("default"), ServiceConnectDefaults: &types.ClusterServiceConnectDefaultsRequest{Namespace: aws.String("shop")},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.backends("kill-one")
	api := served("api", 8080)
	api.IngressPortOverride = aws.Int32(9090)
	s.create("web", "web", 2, api, served("api-grpc", 8081), served("api-tcp", 8082))
	s.stable()
	s.Register("caller", nil, s.Container("app", "caller", "9000"))
	s.create("caller", "caller", 1)
	at := harness.Address(s.only("caller"))
	s.more(at, "kill-one")
	s.Kill()
	s.Up()
	s.more(at, "kill-one")

	s.Register("bridged", func(in *ecs.RegisterTaskDefinitionInput) {
		in.NetworkMode, in.RequiresCompatibilities = types.NetworkModeBridge, []types.Compatibility{types.CompatibilityEc2}
		in.ContainerDefinitions[0].PortMappings = []types.PortMapping{
			{ContainerPort: aws.Int32(9000)}, {Name: aws.String("tell"), ContainerPort: aws.Int32(9001), AppProtocol: types.ApplicationProtocolHttp},
		}
	}, s.Container("app", "caller", "9000"))
	_, err = s.ECS.CreateService(t.Context(), &ecs.CreateServiceInput{
		ServiceName: aws.String("bridged"), TaskDefinition: aws.String("bridged"), DesiredCount: aws.Int32(1), LaunchType: types.LaunchTypeEc2,
		ServiceConnectConfiguration: &types.ServiceConnectConfiguration{Enabled: true, Namespace: aws.String("shop")},
	})
	if err != nil {
		t.Fatal(err)
	}
	var port int32
	for _, b := range harness.ByName(s.only("bridged"), "app").NetworkBindings {
		if aws.ToInt32(b.ContainerPort) == 9000 {
			port = aws.ToInt32(b.HostPort)
		}
	}
	var out map[string]tally
	s.Eventually("a task with bridge networking calls", func() bool {
		text, err := harness.Get(fmt.Sprintf("http://127.0.0.1:%d/", port))
		return err == nil && json.Unmarshal([]byte(text), &out) == nil && out["get"].Served > 50 && out["grpc"].Served > 50 && out["tcp"].Served > 50
	})
	for kind, c := range out {
		if len(c.Failed) > 0 {
			t.Errorf("%s: %v", kind, c.Failed)
		}
	}
	s.end("bridged")
	s.end("caller")
	s.delete()
}

// end deletes a service.
func (s services) end(name string) {
	s.t.Helper()
	if _, err := s.ECS.DeleteService(context.Background(), &ecs.DeleteServiceInput{Service: &name, Force: aws.Bool(true)}); err != nil {
		s.t.Error(err)
	}
}
