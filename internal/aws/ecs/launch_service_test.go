package ecs

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
)

func TestAssignMoreKeepsTheStrategy(t *testing.T) {
	strategy := []types.CapacityProviderStrategyItem{
		{CapacityProvider: aws.String("FARGATE"), Base: 2, Weight: 1}, {CapacityProvider: aws.String("FARGATE_SPOT"), Weight: 1},
	}
	held := map[string]int{}
	for range 6 { // one by one as all at once
		got := assignMore(strategy, 1, held)
		if len(got) != 1 {
			t.Fatalf("assigned %v", got)
		}
		held[got[0]]++
	}
	if held["FARGATE"] != 4 || held["FARGATE_SPOT"] != 2 {
		t.Errorf("one by one: %v", held)
	}
	if got := assignMore(strategy, 2, map[string]int{"FARGATE_SPOT": 6}); !slices.Equal(got, []string{"FARGATE", "FARGATE"}) {
		t.Errorf("what has more than its share got more: %v", got)
	}
}

func TestWhereBalancersReachATask(t *testing.T) {
	const arn = "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/web/0123456789abcdef"
	rev := state.ServiceRevision{LoadBalancers: []types.LoadBalancer{{TargetGroupArn: aws.String(arn), ContainerName: aws.String("app"), ContainerPort: aws.Int32(80)}}}
	instance := state.EC2InstanceID("node-1")
	for mode, want := range map[types.NetworkMode]string{
		types.NetworkModeAwsvpc: "web/0123456789abcdef/172.31.0.9:80", types.NetworkModeHost: "web/0123456789abcdef/" + instance + ":80",
		types.NetworkModeBridge: "web/0123456789abcdef/" + instance + ":32768",
	} {
		task := state.Task{Placement: state.Placement{Node: "node-1"}}
		task.Spec.Service.Ports = balancedPorts(rev, types.TaskDefinition{NetworkMode: mode})
		if got := task.Targets(); mode != types.NetworkModeHost && len(got) != 0 {
			t.Errorf("%s: before its addresses are known it is at %v", mode, got)
		}
		if mode == types.NetworkModeAwsvpc {
			task.Observed.ENI.PrivateIPv4 = "172.31.0.9"
		}
		task.Observed.Containers = []state.ContainerObserved{{Name: "app", NetworkBindings: []state.NetworkBinding{{ContainerPort: 80, HostPort: 32768, Protocol: "tcp"}}}}
		if got := task.Targets(); len(got) != 1 || got[0].ID() != want {
			t.Errorf("%s: it is at %v, want %s", mode, got, want)
		}
	}
	if !strings.HasPrefix(instance, "i-0") {
		t.Error(instance)
	}
}
