package ecs

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
)

func TestTranscript(t *testing.T) {
	logging := state.ContainerPlan{LogDriver: "awslogs", LogOptions: map[string]string{"awslogs-group": "/app", "awslogs-region": "eu-west-1"}}
	scope := state.Scope{Account: "1", Region: "us-east-1"}
	configured := func(e types.ExecuteCommandConfiguration) state.Cluster {
		return state.Cluster{Configuration: &types.ClusterConfiguration{ExecuteCommandConfiguration: &e}}
	}
	override := configured(types.ExecuteCommandConfiguration{
		Logging: types.ExecuteCommandLoggingOverride, LogConfiguration: &types.ExecuteCommandLogConfiguration{CloudWatchLogGroupName: aws.String("/audit")},
	})
	for name, c := range map[string]struct {
		cluster       state.Cluster
		plan          state.ContainerPlan
		group, region string
	}{
		"unconfigured":           {state.Cluster{}, logging, "/app", "eu-west-1"},
		"default":                {configured(types.ExecuteCommandConfiguration{}), logging, "/app", "eu-west-1"},
		"default without driver": {state.Cluster{}, state.ContainerPlan{}, "", "us-east-1"},
		"none":                   {configured(types.ExecuteCommandConfiguration{Logging: types.ExecuteCommandLoggingNone}), logging, "", "us-east-1"},
		"override":               {override, logging, "/audit", "us-east-1"},
	} {
		if group, where := transcript(c.cluster, c.plan, scope); group != c.group || where.Region != c.region {
			t.Errorf("%s: %q in %s", name, group, where.Region)
		}
	}
}

func TestExecConfiguration(t *testing.T) {
	logs := &types.ExecuteCommandLogConfiguration{CloudWatchLogGroupName: aws.String("g")}
	for name, c := range map[string]struct {
		e    types.ExecuteCommandConfiguration
		good bool
	}{
		"nothing":               {types.ExecuteCommandConfiguration{}, true},
		"override":              {types.ExecuteCommandConfiguration{Logging: "OVERRIDE", LogConfiguration: logs}, true},
		"override without logs": {types.ExecuteCommandConfiguration{Logging: "OVERRIDE"}, false},
		"logs without override": {types.ExecuteCommandConfiguration{LogConfiguration: logs}, false},
		"another":               {types.ExecuteCommandConfiguration{Logging: "SOME"}, false},
	} {
		if err := checkExecConfiguration(&types.ClusterConfiguration{ExecuteCommandConfiguration: &c.e}); (err == nil) != c.good {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestStreamURL(t *testing.T) {
	for endpoint, want := range map[string]string{
		"http://127.0.0.1:4566":               "ws://127.0.0.1:4566/v1/data-channel/x?role=publish_subscribe",
		"https://ecs.us-east-1.amazonaws.com": "wss://ecs.us-east-1.amazonaws.com/v1/data-channel/x?role=publish_subscribe",
	} {
		if got := streamURL(endpoint, "x"); got != want {
			t.Error(got)
		}
	}
}

// Tools that run commands ask where ECS is: it is where they asked.
func TestDiscoverPollEndpoint(t *testing.T) {
	b := newBench(t)
	here := wire.Caller{Scope: scope, Endpoint: "http://127.0.0.1:4566"}
	out, err := b.discoverPollEndpoint(t.Context(), here, &ecs.DiscoverPollEndpointInput{})
	if err != nil || aws.ToString(out.Endpoint) != "http://127.0.0.1:4566/" {
		t.Errorf("got %v %v", out, err)
	}
	var missing *types.ClusterNotFoundException
	if _, err := b.discoverPollEndpoint(t.Context(), here, &ecs.DiscoverPollEndpointInput{Cluster: aws.String("nobody")}); !errors.As(err, &missing) {
		t.Errorf("got %v", err)
	}
}
