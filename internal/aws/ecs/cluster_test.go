package ecs

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	"github.com/hatoba/hatoba/internal/state"
)

func TestClusterLife(t *testing.T) {
	b := newBench(t)
	in := &ecs.CreateClusterInput{ClusterName: aws.String("c"), CapacityProviders: []string{"FARGATE"}, Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String("v")}}}
	made := must(t, b.createCluster, in).Cluster
	if aws.ToString(made.ClusterArn) != "arn:aws:ecs:us-east-1:123456789012:cluster/c" || aws.ToString(made.Status) != "ACTIVE" || len(made.Tags) != 1 {
		t.Errorf("made %+v", made)
	}
	if again := must(t, b.createCluster, in).Cluster; cmp.Diff(*again.ClusterArn, *made.ClusterArn) != "" {
		t.Error("a repeated request makes another cluster")
	}
	fails(t, b.createCluster, &ecs.CreateClusterInput{ClusterName: aws.String("c"), CapacityProviders: []string{"FARGATE_SPOT"}},
		"InvalidParameterException", "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).")

	must(t, b.deleteCluster, &ecs.DeleteClusterInput{Cluster: made.ClusterArn})
	got := must(t, b.describeClusters, &ecs.DescribeClustersInput{Clusters: []string{"c", "nope"}})
	if len(got.Clusters) != 1 || aws.ToString(got.Clusters[0].Status) != "INACTIVE" {
		t.Errorf("a deleted cluster is described as %+v", got.Clusters)
	}
	if len(got.Failures) != 1 || aws.ToString(got.Failures[0].Reason) != "MISSING" || aws.ToString(got.Failures[0].Arn) != scope.ClusterARN("nope") {
		t.Errorf("failures %+v", got.Failures)
	}
	fails(t, b.listTasks, &ecs.ListTasksInput{Cluster: aws.String("c")}, "ClusterNotFoundException", "The referenced cluster was inactive.")
	fails(t, b.listTasks, &ecs.ListTasksInput{Cluster: aws.String("nope")}, "ClusterNotFoundException", "Cluster not found.")
	if must(t, b.createCluster, in).Cluster == nil {
		t.Error("a deleted cluster cannot be made again")
	}
}

func TestClusterIsKeptWhileTasksAreOpen(t *testing.T) {
	b := newBench(t)
	b.register("web")
	task := b.run("web")
	fails(t, b.deleteCluster, &ecs.DeleteClusterInput{Cluster: aws.String("default")},
		"ClusterContainsTasksException", "The Cluster cannot be deleted while Tasks are active.")
	counts := func() string {
		c := must(t, b.describeClusters, &ecs.DescribeClustersInput{}).Clusters[0]
		return fmt.Sprint(c.RunningTasksCount, c.PendingTasksCount)
	}
	if counts() != "0 1" {
		t.Errorf("running and pending are %s", counts())
	}
	b.observe(idOf(task), func(o *state.Observed) { o.Status = state.TaskRunning })
	if counts() != "1 0" {
		t.Errorf("running and pending are %s", counts())
	}
	b.observe(idOf(task), func(o *state.Observed) { o.Status = state.TaskStopped })
	must(t, b.deleteCluster, &ecs.DeleteClusterInput{Cluster: aws.String("default")})
}

func TestClusterErrors(t *testing.T) {
	b := newBench(t)
	const invalid = "InvalidParameterException"
	fails(t, b.createCluster, &ecs.CreateClusterInput{ClusterName: aws.String("a b")}, invalid,
		"Invalid cluster name. Up to 255 letters (uppercase and lowercase), numbers, hyphens, and underscores are allowed.")
	fails(t, b.createCluster, &ecs.CreateClusterInput{CapacityProviders: []string{"mine"}}, invalid,
		"The specified capacity provider 'mine' was not found. Specify a valid name or ARN and try again.")
	fails(t, b.createCluster, &ecs.CreateClusterInput{ServiceConnectDefaults: &types.ClusterServiceConnectDefaultsRequest{Namespace: aws.String("a/b")}}, invalid,
		"The namespace name is invalid. Up to 1024 characters are allowed, and none of <, >, \" and /.")
	fails(t, b.describeClusters, &ecs.DescribeClustersInput{Clusters: []string{"arn:aws:ecs:eu-west-1:123456789012:cluster/c"}}, invalid,
		"Invalid identifier: Identifier is for eu-west-1. Your region is us-east-1")
	fails(t, b.deleteCluster, &ecs.DeleteClusterInput{Cluster: aws.String("nope")}, "ClusterNotFoundException", "Cluster not found.")
	fails(t, b.putClusterCapacityProviders, &ecs.PutClusterCapacityProvidersInput{
		Cluster: aws.String("default"), CapacityProviders: []string{"FARGATE"},
		DefaultCapacityProviderStrategy: []types.CapacityProviderStrategyItem{{CapacityProvider: aws.String("FARGATE")}},
	}, invalid, "At least one capacity provider in a strategy must have a weight greater than 0.")
}

func TestClusterSettingsAreDescribedWhenAsked(t *testing.T) {
	b := newBench(t)
	must(t, b.updateClusterSettings, &ecs.UpdateClusterSettingsInput{
		Cluster: aws.String("default"), Settings: []types.ClusterSetting{{Name: "containerInsights", Value: aws.String("enabled")}},
	})
	plain := must(t, b.describeClusters, &ecs.DescribeClustersInput{}).Clusters[0]
	if len(plain.Settings) != 0 || len(plain.Statistics) != 0 {
		t.Errorf("unasked: %+v", plain)
	}
	full := must(t, b.describeClusters, &ecs.DescribeClustersInput{Include: types.ClusterField("").Values()}).Clusters[0]
	if len(full.Settings) != 1 || aws.ToString(full.Settings[0].Value) != "enabled" || len(full.Statistics) == 0 {
		t.Errorf("asked: %+v", full)
	}
}

func TestListClustersPages(t *testing.T) {
	b := newBench(t)
	want := []string{scope.ClusterARN("default")}
	for i := range 5 {
		name := fmt.Sprint("x", i)
		must(t, b.createCluster, &ecs.CreateClusterInput{ClusterName: &name})
		want = append(want, scope.ClusterARN(name))
	}
	var got []string
	in := &ecs.ListClustersInput{MaxResults: aws.Int32(4)}
	for pages := 1; ; pages++ {
		out := must(t, b.listClusters, in)
		got = append(got, out.ClusterArns...)
		if in.NextToken = out.NextToken; in.NextToken == nil {
			if pages != 2 {
				t.Errorf("%d pages", pages)
			}
			break
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	fails(t, b.listClusters, &ecs.ListClustersInput{NextToken: aws.String("mine")}, "InvalidParameterException", "Invalid token.")
	fails(t, b.listClusters, &ecs.ListClustersInput{MaxResults: aws.Int32(101)}, "InvalidParameterException", "maxResults should be between 1 and 100.")
}

func TestBootstrapKeepsWhatExists(t *testing.T) {
	b := newBench(t)
	must(t, b.deleteCluster, &ecs.DeleteClusterInput{Cluster: aws.String("default")})
	if err := b.Bootstrap(t.Context(), scope); err != nil {
		t.Fatal(err)
	}
	if got := must(t, b.listClusters, &ecs.ListClustersInput{}).ClusterArns; len(got) != 0 {
		t.Errorf("a deleted default cluster came back: %v", got)
	}
}
