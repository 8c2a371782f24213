package clients

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/test/harness"
)

func (f *tf) cluster() {
	out, err := f.w.ECS.CreateCluster(f.t.Context(), &ecs.CreateClusterInput{
		ClusterName: aws.String("tf"), Tags: []ecstypes.Tag{{Key: aws.String("Name"), Value: aws.String("tf")}},
		Settings: []ecstypes.ClusterSetting{{Name: "containerInsights", Value: aws.String("disabled")}},
	})
	f.must("aws_ecs_cluster", err)
	f.state["cluster"] = aws.ToString(out.Cluster.ClusterArn)
	f.readCluster()
}

func (f *tf) readCluster() {
	out, err := f.w.ECS.DescribeClusters(f.t.Context(), &ecs.DescribeClustersInput{
		Clusters: []string{f.state["cluster"]}, Include: []ecstypes.ClusterField{"TAGS", "CONFIGURATIONS", "SETTINGS"},
	})
	f.must("read aws_ecs_cluster", err)
	c := out.Clusters[0]
	f.same("status", aws.ToString(c.Status), "ACTIVE")
	f.same("setting", c.Settings, []ecstypes.ClusterSetting{{Name: "containerInsights", Value: aws.String("disabled")}})
	if c.Configuration != nil && c.Configuration.ExecuteCommandConfiguration != nil {
		f.t.Errorf("configuration %+v", c.Configuration)
	}
	f.same("tags", len(c.Tags), 1)
}

// containers is container_definitions: jsonencode as it is written, with what is
// left out.
func (f *tf) containers(word string) []ecstypes.ContainerDefinition {
	return []ecstypes.ContainerDefinition{{
		Name: aws.String("app"), Image: &f.image, Essential: aws.Bool(true), Command: []string{"serve", "8080"},
		Environment:  []ecstypes.KeyValuePair{{Name: aws.String("WORD"), Value: &word}},
		PortMappings: []ecstypes.PortMapping{{ContainerPort: aws.Int32(8080)}},
		LogConfiguration: &ecstypes.LogConfiguration{LogDriver: "awslogs", Options: map[string]string{
			"awslogs-group": "/ecs/tf", "awslogs-region": harness.Region, "awslogs-stream-prefix": "web",
		}},
	}}
}

func (f *tf) taskDefinition(word string) {
	out, err := f.w.ECS.RegisterTaskDefinition(f.t.Context(), &ecs.RegisterTaskDefinitionInput{
		Family: aws.String(service), ContainerDefinitions: f.containers(word), Cpu: aws.String("256"), Memory: aws.String("512"),
		NetworkMode: "awsvpc", RequiresCompatibilities: []ecstypes.Compatibility{"FARGATE"}, ExecutionRoleArn: aws.String(f.state["role"]),
		Tags: []ecstypes.Tag{{Key: aws.String("Name"), Value: aws.String("tf")}},
	})
	f.must("aws_ecs_task_definition", err)
	f.state["definition"], f.state["word"] = aws.ToString(out.TaskDefinition.TaskDefinitionArn), word
	f.readTaskDefinition()
}

func (f *tf) readTaskDefinition() {
	out, err := f.w.ECS.DescribeTaskDefinition(f.t.Context(), &ecs.DescribeTaskDefinitionInput{
		TaskDefinition: aws.String(f.state["definition"]), Include: []ecstypes.TaskDefinitionField{"TAGS"},
	})
	f.must("read aws_ecs_task_definition", err)
	d := out.TaskDefinition
	f.same("status", string(d.Status), "ACTIVE")
	f.same("cpu", aws.ToString(d.Cpu), "256")
	f.same("task_role_arn", aws.ToString(d.TaskRoleArn), "")
	f.same("execution_role_arn", aws.ToString(d.ExecutionRoleArn), f.state["role"])
	f.same("network_mode", string(d.NetworkMode), "awsvpc")
	f.same("ipc_mode, pid_mode", string(d.IpcMode)+string(d.PidMode), "")
	f.same("requires_compatibilities", d.RequiresCompatibilities, []ecstypes.Compatibility{"FARGATE"})
	f.same("volume", len(d.Volumes)+len(d.PlacementConstraints), 0)
	if d.ProxyConfiguration != nil || d.EphemeralStorage != nil || d.RuntimePlatform != nil {
		f.t.Errorf("proxy_configuration %v, ephemeral_storage %v, runtime_platform %v", d.ProxyConfiguration, d.EphemeralStorage, d.RuntimePlatform)
	}
	f.same("tags", len(out.Tags), 1)
	f.same("container_definitions", normal(d.ContainerDefinitions), normal(f.containers(f.state["word"])))
}

// normal takes away what ECS adds to container definitions, as the provider
// does before it compares.
func normal(all []ecstypes.ContainerDefinition) string {
	for i := range all {
		c := &all[i]
		for j := range c.PortMappings {
			m := &c.PortMappings[j]
			if m.Protocol == "tcp" {
				m.Protocol = ""
			}
			if m.HostPort != nil && *m.HostPort == *m.ContainerPort {
				m.HostPort = nil
			}
		}
		c.MountPoints, c.VolumesFrom, c.SystemControls = empty(c.MountPoints), empty(c.VolumesFrom), empty(c.SystemControls)
	}
	text, err := json.Marshal(all)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

func empty[T any](list []T) []T {
	if len(list) == 0 {
		return nil
	}
	return list
}

func (f *tf) service() {
	_, err := f.w.ECS.CreateService(f.t.Context(), &ecs.CreateServiceInput{
		ServiceName: aws.String(service), Cluster: aws.String(f.state["cluster"]), ClientToken: aws.String("terraform-20261121000000000000000001"),
		TaskDefinition: aws.String(f.state["definition"]), DesiredCount: aws.Int32(2), LaunchType: "FARGATE", SchedulingStrategy: "REPLICA",
		DeploymentController:        &ecstypes.DeploymentController{Type: "ECS"},
		DeploymentConfiguration:     &ecstypes.DeploymentConfiguration{MaximumPercent: aws.Int32(200), MinimumHealthyPercent: aws.Int32(100)},
		AvailabilityZoneRebalancing: "DISABLED",
		LoadBalancers:               []ecstypes.LoadBalancer{{TargetGroupArn: aws.String(f.state["target"]), ContainerName: aws.String("app"), ContainerPort: aws.Int32(8080)}},
		NetworkConfiguration: &ecstypes.NetworkConfiguration{AwsvpcConfiguration: &ecstypes.AwsVpcConfiguration{
			Subnets: f.subnets(), SecurityGroups: []string{f.state["group"]}, AssignPublicIp: "DISABLED",
		}},
		Tags: []ecstypes.Tag{{Key: aws.String("Name"), Value: aws.String("tf")}},
	})
	f.must("aws_ecs_service", err)
	f.stable()
	f.readService()
}

// stable is wait_for_steady_state, by the deployment as newer providers do and
// by the counts as older ones do.
func (f *tf) stable() {
	ctx, cancel := context.WithTimeout(f.t.Context(), 2*harness.Patience)
	defer cancel()
	f.must("wait_for_steady_state", ecs.NewServicesStableWaiter(f.w.ECS, func(o *ecs.ServicesStableWaiterOptions) {
		o.MinDelay, o.MaxDelay = 50*time.Millisecond, 500*time.Millisecond
	}).Wait(
		ctx, &ecs.DescribeServicesInput{Cluster: aws.String(f.state["cluster"]), Services: []string{service}}, 2*harness.Patience))
	list, err := f.w.ECS.ListServiceDeployments(ctx, &ecs.ListServiceDeploymentsInput{Cluster: aws.String(f.state["cluster"]), Service: aws.String(service)})
	f.must("ListServiceDeployments", err)
	if len(list.ServiceDeployments) == 0 {
		f.t.Fatal("there is no service deployment")
	}
	f.w.Eventually("the deployment succeeds", func() bool {
		out, err := f.w.ECS.DescribeServiceDeployments(ctx, &ecs.DescribeServiceDeploymentsInput{ServiceDeploymentArns: []string{aws.ToString(list.ServiceDeployments[0].ServiceDeploymentArn)}})
		f.must("DescribeServiceDeployments", err)
		return len(out.ServiceDeployments) == 1 && out.ServiceDeployments[0].Status == "SUCCESSFUL"
	})
}

func (f *tf) readService() {
	out, err := f.w.ECS.DescribeServices(f.t.Context(), &ecs.DescribeServicesInput{
		Cluster: aws.String(f.state["cluster"]), Services: []string{service}, Include: []ecstypes.ServiceField{"TAGS"},
	})
	f.must("read aws_ecs_service", err)
	s := out.Services[0]
	f.same("task_definition", aws.ToString(s.TaskDefinition), f.state["definition"])
	f.same("desired_count", s.DesiredCount, int32(2))
	f.same("launch_type, platform_version, scheduling_strategy", fmt.Sprintf("%s %s %s", s.LaunchType, aws.ToString(s.PlatformVersion), s.SchedulingStrategy), "FARGATE LATEST REPLICA")
	f.same("capacity_provider_strategy", len(s.CapacityProviderStrategy), 0)
	f.same("enable_*", []bool{s.EnableECSManagedTags, s.EnableExecuteCommand}, []bool{false, false})
	f.same("propagate_tags", string(s.PropagateTags) == "NONE" || s.PropagateTags == "", true)
	f.same("deployment_controller", string(s.DeploymentController.Type), "ECS")
	f.same("availability_zone_rebalancing", string(s.AvailabilityZoneRebalancing), "DISABLED")
	c := s.DeploymentConfiguration
	f.same("deployment_*_percent", []int32{aws.ToInt32(c.MaximumPercent), aws.ToInt32(c.MinimumHealthyPercent)}, []int32{200, 100})
	if b := c.DeploymentCircuitBreaker; b == nil || b.Enable || b.Rollback {
		f.t.Errorf("deployment_circuit_breaker %+v", b)
	}
	if len(s.LoadBalancers) != 1 || aws.ToString(s.LoadBalancers[0].TargetGroupArn) != f.state["target"] || aws.ToString(s.LoadBalancers[0].ContainerName) != "app" {
		f.t.Errorf("load_balancer %+v", s.LoadBalancers)
	}
	v := s.NetworkConfiguration.AwsvpcConfiguration
	f.same("network_configuration", fmt.Sprint(slices.Sorted(slices.Values(v.Subnets)), v.SecurityGroups, v.AssignPublicIp), fmt.Sprint(slices.Sorted(slices.Values(f.subnets())), []string{f.state["group"]}, "DISABLED"))
	f.same("health_check_grace_period_seconds", aws.ToInt32(s.HealthCheckGracePeriodSeconds), int32(0))
	f.same("placement, service_registries", len(s.PlacementConstraints)+len(s.PlacementStrategy)+len(s.ServiceRegistries), 0)
	f.same("tags", len(s.Tags), 1)
}
