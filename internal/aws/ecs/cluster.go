package ecs

import (
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/state"
	"github.com/hatoba/hatoba/internal/store"
)

const (
	active   = "ACTIVE"
	inactive = "INACTIVE"
)

// newDefaultCluster has the Fargate capacity providers, as the one AWS's
// console makes.
func newDefaultCluster(scope state.Scope, now time.Time) state.Cluster {
	return state.Cluster{
		Name: defaultCluster, ARN: scope.ClusterARN(defaultCluster), Status: active, CreatedAt: now,
		Settings: mergeSettings("", nil, nil), CapacityProviders: []string{fargate, fargateSpot},
	}
}

// activeCluster reads the cluster a request names by name or ARN.
func activeCluster(r store.Reader, scope state.Scope, id *string) (state.Cluster, error) {
	name, err := clusterName(scope, aws.ToString(id))
	if err != nil {
		return state.Cluster{}, err
	}
	c, ok := store.Clusters.Get(r, scope.Key(name))
	if !ok {
		return c, clusterNotFound()
	}
	if c.Status != active {
		return c, &types.ClusterNotFoundException{Message: aws.String("The referenced cluster was inactive.")}
	}
	return c, nil
}

// taskCounts are the tasks of one cluster that have not stopped, and what else
// it has.
type taskCounts struct {
	running, pending, open int32
	runningEC2, pendingEC2 int32 // those of running and pending that are EC2-type
	instances              int32 // container instances
	services               serviceCounts
}

// serviceCounts are the services of one cluster.
type serviceCounts struct{ active, activeEC2, draining, drainingEC2 int32 }

// countServices adds the services of every cluster of the scope.
func countServices(r store.Reader, scope state.Scope, out map[string]taskCounts) {
	for _, svc := range store.Services.List(r, scope, "") {
		c, ec2 := out[svc.ClusterName], int32(0)
		if p := svc.Primary(); p != nil {
			if rev, _ := revisionOf(r, scope, svc, p.Revision); rev.LaunchType == string(types.LaunchTypeEc2) {
				ec2 = 1
			}
		}
		switch svc.Status {
		case state.ServiceActive:
			c.services.active++
			c.services.activeEC2 += ec2
		case state.ServiceDraining:
			c.services.draining++
			c.services.drainingEC2 += ec2
		}
		out[svc.ClusterName] = c
	}
}

// countTasks counts the tasks of every cluster of the scope in one pass.
func countTasks(r store.Reader, scope state.Scope) map[string]taskCounts {
	out := map[string]taskCounts{}
	for _, t := range store.Tasks.List(r, scope, "") {
		if t.Observed.Status >= state.TaskStopped {
			continue
		}
		c := out[t.ClusterName]
		c.open++
		ec2 := int32(0)
		if t.Spec.LaunchType == string(types.LaunchTypeEc2) {
			ec2 = 1
		}
		switch {
		case t.Observed.Status < state.TaskRunning:
			c.pending++
			c.pendingEC2 += ec2
		case t.Observed.Status == state.TaskRunning:
			c.running++
			c.runningEC2 += ec2
		}
		out[t.ClusterName] = c
	}
	countServices(r, scope, out)
	for _, inst := range store.ContainerInstances.List(r, scope, "") {
		if inst.Status != inactive {
			c := out[inst.ClusterName]
			c.instances++
			out[inst.ClusterName] = c
		}
	}
	return out
}

// include is which parts of a cluster an answer shows.
type include struct{ tags, settings, configurations, statistics, attachments bool }

// everything is what the operations that change a cluster answer with.
var everything = include{tags: true, settings: true, configurations: true}

func clusterShape(c state.Cluster, n taskCounts, show include) *types.Cluster {
	out := &types.Cluster{
		ClusterArn: aws.String(c.ARN), ClusterName: aws.String(c.Name), Status: aws.String(c.Status),
		RegisteredContainerInstancesCount: n.instances,
		ActiveServicesCount:               n.services.active,
		RunningTasksCount:                 n.running, PendingTasksCount: n.pending,
		CapacityProviders: listed(c.CapacityProviders), DefaultCapacityProviderStrategy: listed(c.DefaultCapacityProviderStrategy),
		ServiceConnectDefaults: c.ServiceConnectDefaults,
		Settings:               []types.ClusterSetting{}, Statistics: []types.KeyValuePair{}, Tags: []types.Tag{},
	}
	if show.settings {
		out.Settings = listed(c.Settings)
	}
	if show.tags {
		out.Tags = listed(c.Tags)
	}
	if show.configurations {
		out.Configuration = c.Configuration
	}
	if show.attachments {
		out.Attachments = []types.Attachment{}
	}
	if show.statistics {
		out.Statistics = statistics(n)
	}
	return out
}

// statistics are the counts by launch type.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_Cluster.html
func statistics(n taskCounts) []types.KeyValuePair {
	pair := func(name string, v int32) types.KeyValuePair {
		return types.KeyValuePair{Name: aws.String(name), Value: aws.String(strconv.Itoa(int(v)))}
	}
	return []types.KeyValuePair{
		pair("runningEC2TasksCount", n.runningEC2), pair("runningFargateTasksCount", n.running-n.runningEC2), pair("runningExternalTasksCount", 0),
		pair("pendingEC2TasksCount", n.pendingEC2), pair("pendingFargateTasksCount", n.pending-n.pendingEC2), pair("pendingExternalTasksCount", 0),
		pair("activeEC2ServiceCount", n.services.activeEC2), pair("activeFargateServiceCount", n.services.active-n.services.activeEC2), pair("activeExternalServiceCount", 0),
		pair("drainingEC2ServiceCount", n.services.drainingEC2), pair("drainingFargateServiceCount", n.services.draining-n.services.drainingEC2), pair("drainingExternalServiceCount", 0),
	}
}

// checkSettings takes containerInsights with the values AWS has.
func checkSettings(settings []types.ClusterSetting) error {
	for _, s := range settings {
		if s.Name != types.ClusterSettingNameContainerInsights {
			return invalid("The setting name should be one of %v.", s.Name.Values())
		}
		switch aws.ToString(s.Value) {
		case "enabled", "disabled", "enhanced":
		default:
			return invalid("The value of the setting containerInsights should be one of [enabled disabled enhanced].")
		}
	}
	return nil
}

// mergeSettings returns have with more over it, and under both what the
// account has when nobody says.
func mergeSettings(otherwise string, have, more []types.ClusterSetting) []types.ClusterSetting {
	value := map[string]string{"on": "enabled", "off": "disabled", "": "disabled"}[otherwise]
	if value == "" {
		value = otherwise
	}
	for _, list := range [][]types.ClusterSetting{have, more} {
		for _, s := range list {
			value = aws.ToString(s.Value)
		}
	}
	return []types.ClusterSetting{{Name: types.ClusterSettingNameContainerInsights, Value: &value}}
}
