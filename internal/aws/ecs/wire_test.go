package ecs

import (
	"errors"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/wire"
)

// A task's life through AWS's own client, in a region and account that were
// never used before.
func TestThroughTheSDK(t *testing.T) {
	b := newBench(t)
	h, err := wire.NewHandler(wire.HandlerConfig{Services: []wire.Service{b.Describe()}, DefaultScope: scope})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(h)
	defer server.Close()
	ctx, c := t.Context(), ecs.New(ecs.Options{
		BaseEndpoint: aws.String(server.URL), Region: "ap-northeast-1",
		Credentials: credentials.NewStaticCredentialsProvider("999999999999", "secret", ""),
	})

	registered, err := c.RegisterTaskDefinition(ctx, &ecs.RegisterTaskDefinitionInput{
		Family: aws.String("web"), NetworkMode: types.NetworkModeAwsvpc, Cpu: aws.String(".25 vCPU"), Memory: aws.String("0.5 GB"),
		RequiresCompatibilities: []types.Compatibility{types.CompatibilityFargate},
		ContainerDefinitions:    []types.ContainerDefinition{{Name: aws.String("app"), Image: aws.String("app:1"), PortMappings: []types.PortMapping{{ContainerPort: aws.Int32(80)}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	def := registered.TaskDefinition
	if *def.TaskDefinitionArn != "arn:aws:ecs:ap-northeast-1:999999999999:task-definition/web:1" || *def.Cpu != "256" || *def.ContainerDefinitions[0].PortMappings[0].HostPort != 80 {
		t.Errorf("registered %+v", def)
	}
	ran, err := c.RunTask(ctx, b.runInput("web"))
	if err != nil || len(ran.Tasks) != 1 {
		t.Fatalf("ran %+v, %v", ran, err)
	}
	described, err := c.DescribeTasks(ctx, &ecs.DescribeTasksInput{Tasks: []string{*ran.Tasks[0].TaskArn}})
	if err != nil || len(described.Tasks) != 1 || *described.Tasks[0].AvailabilityZone == "" || !described.Tasks[0].CreatedAt.Equal(noon) {
		t.Fatalf("described %+v, %v", described, err)
	}
	stopped, err := c.StopTask(ctx, &ecs.StopTaskInput{Task: ran.Tasks[0].TaskArn})
	if err != nil || stopped.Task.StopCode != types.TaskStopCodeUserInitiated {
		t.Fatalf("stopped %+v, %v", stopped, err)
	}
	other := state.Scope{Account: "999999999999", Region: "ap-northeast-1"}
	if *stopped.Task.ClusterArn != other.ClusterARN("default") {
		t.Errorf("in cluster %s", *stopped.Task.ClusterArn)
	}

	_, err = c.DescribeTaskDefinition(ctx, &ecs.DescribeTaskDefinitionInput{TaskDefinition: aws.String("nope")})
	var unable *types.ClientException
	if !errors.As(err, &unable) || unable.ErrorMessage() != "Unable to describe task definition." {
		t.Errorf("got %v", err)
	}
}
