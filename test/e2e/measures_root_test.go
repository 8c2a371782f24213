package e2e

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	logtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/ecs"
	"github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/test/harness"
)

// TestMeasuresAreWhatTheKernelSays: a service that is busy for a part of a CPU
// has the utilization that its cgroup tells, from its start to the minute's end.
func TestMeasuresAreWhatTheKernelSays(t *testing.T) {
	w := harness.Start(t)
	w.Image()
	ctx := t.Context()
	_, err := w.ECS.UpdateClusterSettings(ctx, &ecs.UpdateClusterSettingsInput{
		Cluster: aws.String("default"), Settings: []types.ClusterSetting{{Name: types.ClusterSettingNameContainerInsights, Value: aws.String("enabled")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.Register("spin", nil, w.Container("app", "spin", "20"))
	if left := time.Until(time.Now().Truncate(time.Minute).Add(time.Minute)); left < 20*time.Second {
		time.Sleep(left) // a minute is measured, and enough of it
	}
	_, err = w.ECS.CreateService(ctx, &ecs.CreateServiceInput{
		ServiceName: aws.String("web"), TaskDefinition: aws.String("spin"), DesiredCount: aws.Int32(1), LaunchType: types.LaunchTypeFargate,
		NetworkConfiguration: &types.NetworkConfiguration{AwsvpcConfiguration: &types.AwsVpcConfiguration{Subnets: []string{"subnet-0a1b2c3d4e5f60718"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	var task types.Task
	w.Eventually("the service's task runs", func() bool {
		list, err := w.ECS.ListTasks(ctx, &ecs.ListTasksInput{ServiceName: aws.String("web"), DesiredStatus: types.DesiredStatusRunning})
		if err != nil || len(list.TaskArns) != 1 {
			return false
		}
		task = w.Task(list.TaskArns[0])
		return aws.ToString(task.LastStatus) == "RUNNING"
	})
	id := aws.ToString(task.TaskArn)[strings.LastIndexByte(aws.ToString(task.TaskArn), '/')+1:]
	begin := time.Now()
	spent := cpuOf(t, w.Instance(), id)
	minute := begin.Truncate(time.Minute)
	time.Sleep(time.Until(minute.Add(time.Minute)))
	truth := 100 * float64(cpuOf(t, w.Instance(), id)-spent) / float64(time.Since(begin)) * 1024 / 256

	metrics := cloudwatch.NewFromConfig(aws.Config{
		Region: harness.Region, BaseEndpoint: aws.String("http://" + w.Listen), Credentials: credentials.NewStaticCredentialsProvider(harness.Account, "x", ""),
	})
	read := func(namespace, name string, dimensions ...string) (out []cwtypes.Datapoint) {
		in := &cloudwatch.GetMetricStatisticsInput{
			Namespace: &namespace, MetricName: &name, StartTime: aws.Time(minute), EndTime: aws.Time(minute.Add(time.Minute)), Period: aws.Int32(60),
			Statistics: []cwtypes.Statistic{cwtypes.StatisticAverage, cwtypes.StatisticSampleCount},
		}
		for i := 0; i < len(dimensions); i += 2 {
			in.Dimensions = append(in.Dimensions, cwtypes.Dimension{Name: &dimensions[i], Value: &dimensions[i+1]})
		}
		got, err := metrics.GetMetricStatistics(ctx, in)
		if err != nil {
			t.Fatal(err)
		}
		return got.Datapoints
	}
	var points []cwtypes.Datapoint
	w.Eventually("the minute's utilization is there", func() bool {
		points = read("AWS/ECS", "CPUUtilization", "ClusterName", "default", "ServiceName", "web")
		return len(points) > 0
	})
	if got := aws.ToFloat64(points[0].Average); len(points) != 1 || math.Abs(got-truth) > 5 || truth < 20 || aws.ToFloat64(points[0].SampleCount) != 1 {
		t.Errorf("CPUUtilization is %.1f %%, and the cgroup says %.1f %%: %+v", got, truth, points)
	}
	if p := read("ECS/ContainerInsights", "CpuReserved", "ClusterName", "default"); len(p) != 1 || aws.ToFloat64(p[0].Average) != 256 {
		t.Errorf("CpuReserved: %+v", p)
	}
	if p := read("AWS/ECS", "CPUUtilization", "ClusterName", "default"); len(p) != 0 {
		t.Errorf("a cluster without container instances has a utilization: %+v", p)
	}
	events, err := w.Logs.FilterLogEvents(ctx, &cloudwatchlogs.FilterLogEventsInput{
		LogGroupName: aws.String("/aws/ecs/containerinsights/default/performance"), FilterPattern: aws.String(`{ $.Type = "Task" }`),
	})
	if err != nil {
		t.Fatal(err)
	}
	same := slices.ContainsFunc(events.Events, func(e logtypes.FilteredLogEvent) bool {
		var told struct {
			TaskID      string  `json:"TaskId"`
			CPUUtilized float64 `json:"CpuUtilized"`
		}
		return json.Unmarshal([]byte(aws.ToString(e.Message)), &told) == nil && told.TaskID == id && math.Abs(100*told.CPUUtilized/256-truth) < 5
	})
	if !same {
		t.Errorf("no performance log event tells the same: %+v", events.Events)
	}
}

// cpuOf is what a task's cgroup has spent.
func cpuOf(t *testing.T, instance, task string) time.Duration {
	t.Helper()
	dir := filepath.Join("hatoba-"+instance, task)
	if text, err := os.ReadFile(filepath.Join("/sys/fs/cgroup/cpuacct", dir, "cpuacct.usage")); err == nil {
		ns, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		return time.Duration(ns)
	}
	text, err := os.ReadFile(filepath.Join("/sys/fs/cgroup", dir, "cpu.stat"))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(text)) // usage_usec N …
	us, _ := strconv.ParseInt(fields[1], 10, 64)
	return time.Duration(us) * time.Microsecond
}
