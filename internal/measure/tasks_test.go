package measure

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// of is a task of family api in cluster c that used a share of a CPU and so many
// MiB for a minute.
func of(id, service, insights string, cpu float64, memory uint64) Task {
	t := Task{
		TaskMeasures: protocol.TaskMeasures{
			Over: time.Minute, Network: &protocol.Carried{RxBytes: 6000, TxBytes: 60, RxPackets: 6},
			Containers: []protocol.ContainerMeasures{{Name: "app", CPU: time.Duration(cpu * float64(time.Minute)), Memory: memory * mib, ReadBytes: 4096}},
		},
		Task: state.Task{ID: id, ClusterName: "c", CreatedAt: noon, Spec: state.TaskSpec{Family: "api", Revision: 3, CPU: "256", Memory: "512", LaunchType: "FARGATE"}},
		Definition: state.TaskDefinition{Definition: ecstypes.TaskDefinition{ContainerDefinitions: []ecstypes.ContainerDefinition{
			{Name: aws.String("app"), Image: aws.String("app:1"), Cpu: 64, MemoryReservation: aws.Int32(128)},
		}}},
		Insights: insights,
	}
	if service != "" {
		t.Task.Spec.Service.Service = "c/" + service
	}
	return t
}

// key names a series as "Namespace/Name{A=1,B=2}".
func key(s metrics.Series) string {
	var set []string
	for _, d := range s.Dimensions {
		set = append(set, d.Name+"="+d.Value)
	}
	return s.Namespace + "/" + s.Name + "{" + strings.Join(set, ",") + "}"
}

func byKey(t interface{ Fatalf(string, ...any) }, data []metrics.Datum) map[string]metrics.Datum {
	out := map[string]metrics.Datum{}
	for _, d := range data {
		k := key(d.Series)
		if _, twice := out[k]; twice {
			t.Fatalf("%s is there twice", k)
		}
		if !slices.IsSortedFunc(d.Dimensions, func(a, b metrics.Dimension) int { return strings.Compare(a.Name, b.Name) }) {
			t.Fatalf("%s: dimensions are not in order", k)
		}
		out[k] = d
	}
	return out
}

func TestUtilizationOfAService(t *testing.T) {
	got := byKey(t, Tasks(noon, []Task{of("1", "web", Disabled, 0.125, 256), of("2", "web", Disabled, 0.25, 512), of("3", "", Disabled, 1, 1)}))
	want := map[string]metrics.Statistics{
		"AWS/ECS/CPUUtilization{ClusterName=c,ServiceName=web}":    {Count: 2, Sum: 150, Min: 50, Max: 100, Values: []float64{50, 100}},
		"AWS/ECS/MemoryUtilization{ClusterName=c,ServiceName=web}": {Count: 2, Sum: 150, Min: 50, Max: 100, Values: []float64{50, 100}},
	}
	for k, s := range want {
		if diff := cmp.Diff(s, got[k].Statistics); diff != "" || got[k].Unit != "Percent" || !got[k].Time.Equal(noon) {
			t.Errorf("%s: %s %+v", k, diff, got[k])
		}
	}
	if len(got) != len(want) {
		t.Errorf("a task of no service, and a cluster without Insights, have no more: %v", got)
	}
}

func TestReserves(t *testing.T) {
	sized := state.Task{Spec: state.TaskSpec{CPU: "256", Memory: "512"}}
	for _, c := range []struct {
		name        string
		task        state.Task
		plans       []state.ContainerPlan
		cpu, memory float64
	}{
		{"the task's", sized, []state.ContainerPlan{{CPU: 10, MemoryMiB: 20}}, 256, 512},
		{"its containers'", state.Task{}, []state.ContainerPlan{{CPU: 10, MemoryMiB: 20}, {CPU: 20, MemoryMiB: 30}}, 30, 50},
		{"a reservation comes before a limit", state.Task{}, []state.ContainerPlan{{CPU: 10, MemoryMiB: 20, ReservationMiB: 15}}, 10, 15},
		{"no CPU is two units", state.Task{}, []state.ContainerPlan{{MemoryMiB: 20}}, 2, 20},
	} {
		if cpu, memory := ReservedCPU(c.task, c.plans), ReservedMemory(c.task, c.plans); cpu != c.cpu || memory != c.memory {
			t.Errorf("%s: %v units, %v MiB", c.name, cpu, memory)
		}
	}
}

func TestWhatAsksForNothingHasNoUtilization(t *testing.T) {
	task := of("1", "web", Enhanced, 0.5, 10)
	task.Task.Spec.CPU, task.Task.Spec.Memory = "", ""
	task.Definition.Definition.ContainerDefinitions[0].MemoryReservation = nil
	for k, d := range byKey(t, Tasks(noon, []Task{task})) {
		if strings.Contains(k, "MemoryUtilization") || math.IsNaN(d.Sum) || math.IsInf(d.Sum, 0) {
			t.Errorf("%s: %v", k, d)
		}
	}
}

func TestInsights(t *testing.T) {
	got := byKey(t, Tasks(noon, []Task{of("1", "web", Enabled, 0.125, 256), of("2", "", Enabled, 0.25, 128)}))
	const ns = "ECS/ContainerInsights/"
	for k, want := range map[string]struct {
		unit string
		sum  float64
		n    float64
	}{
		ns + "CpuUtilized{ClusterName=c}":                                       {"None", 384, 2},
		ns + "CpuUtilized{ClusterName=c,ServiceName=web}":                       {"None", 128, 1},
		ns + "CpuReserved{ClusterName=c,TaskDefinitionFamily=api}":              {"None", 512, 2},
		ns + "MemoryUtilized{ClusterName=c,TaskDefinitionFamily=api}":           {"Megabytes", 384, 2},
		ns + "MemoryReserved{ClusterName=c}":                                    {"Megabytes", 1024, 2},
		ns + "NetworkRxBytes{ClusterName=c,ServiceName=web}":                    {"Bytes/Second", 100, 1},
		ns + "NetworkTxBytes{ClusterName=c}":                                    {"Bytes/Second", 2, 2},
		ns + "StorageReadBytes{ClusterName=c}":                                  {"Bytes", 8192, 2},
		ns + "EphemeralStorageReserved{ClusterName=c,TaskDefinitionFamily=api}": {"Gigabytes", 2 * 21.47483648, 2},
		"AWS/ECS/CPUUtilization{ClusterName=c,ServiceName=web}":                 {"Percent", 50, 1},
	} {
		if d := got[k]; d.Unit != want.unit || d.Sum != want.sum || d.Count != want.n {
			t.Errorf("%s: %+v, want %+v", k, d, want)
		}
	}
	for k := range got {
		if strings.Contains(k, "TaskId") || strings.Contains(k, "Container") && strings.Contains(k, "ContainerName") || strings.Contains(k, "EphemeralStorageUtilized") || strings.Contains(k, "RestartCount") {
			t.Errorf("%s is not of the plain set, or was not measured", k)
		}
	}
}

func TestEnhanced(t *testing.T) {
	task := of("1", "web", Enhanced, 0.125, 64)
	disk, restarts := int64(2<<30), 2
	task.Disk = &disk
	task.Containers[0].Restarts, task.Containers[0].Health = &restarts, "UNHEALTHY"
	got := byKey(t, Tasks(noon, []Task{task}))
	const ns = "ECS/ContainerInsights/"
	for k, want := range map[string]float64{
		ns + "TaskCpuUtilization{ClusterName=c,ServiceName=web,TaskId=1}":                                        50,
		ns + "TaskMemoryUtilization{ClusterName=c,TaskDefinitionFamily=api,TaskId=1}":                            12.5,
		ns + "TaskEphemeralStorageUtilization{ClusterName=c}":                                                    10,
		ns + "EphemeralStorageUtilized{ClusterName=c,ServiceName=web,TaskId=1}":                                  2.147483648,
		ns + "ContainerCpuUtilized{ClusterName=c}":                                                               128,
		ns + "ContainerCpuUtilization{ClusterName=c,ContainerName=app,ServiceName=web}":                          200,
		ns + "ContainerMemoryUtilization{ClusterName=c,ContainerName=app,TaskDefinitionFamily=api,TaskId=1}":     50,
		ns + "ContainerNetworkRxBytes{ClusterName=c,ContainerName=app,ServiceName=web,TaskId=1}":                 100,
		ns + "RestartCount{ClusterName=c}":                                                                       2,
		ns + "RestartCount{ClusterName=c,ContainerName=app,ServiceName=web,TaskId=1}":                            2,
		ns + "UnHealthyContainerHealthStatus{ClusterName=c,ServiceName=web}":                                     1,
		ns + "UnHealthyContainerHealthStatus{ClusterName=c,ContainerName=app,TaskDefinitionFamily=api,TaskId=1}": 1,
	} {
		if d, ok := got[k]; !ok || math.Abs(d.Sum-want) > 1e-9 || d.Count != 1 {
			t.Errorf("%s: %+v, want %v once", k, d, want)
		}
	}
}

func TestInstances(t *testing.T) {
	task := of("1", "", Disabled, 0.5, 1024)
	task.Task.Placement.ContainerInstance, task.Instance = "arn", Instance{ID: "i", CPU: 2048, MemoryMiB: 4096}
	got := byKey(t, Tasks(noon, []Task{task, task, of("2", "", Disabled, 1, 1)}))
	if d := got["AWS/ECS/CPUUtilization{ClusterName=c}"]; d.Sum != 50 || d.Count != 1 {
		t.Errorf("CPU: %+v", d)
	}
	if d := got["AWS/ECS/MemoryUtilization{ClusterName=c}"]; d.Sum != 50 || d.Count != 1 {
		t.Errorf("memory: %+v", d)
	}
}

func TestCounts(t *testing.T) {
	got := byKey(t, Counts(noon, []Cluster{
		{Name: "c", Insights: Enhanced, Tasks: 3, Instances: 1, Services: []ServiceCount{{Name: "web", Desired: 4, Running: 3, Pending: 1, Deployments: 2}}},
		{Name: "ec2", RunningEC2: 1, ReservedCPU: 512, RegisteredCPU: 2048, ReservedMemory: 1024, RegisteredMemory: 2048},
		{Name: "empty", RegisteredCPU: 2048, RegisteredMemory: 2048},
	}))
	want := map[string]float64{
		"ECS/ContainerInsights/TaskCount{ClusterName=c}": 3, "ECS/ContainerInsights/ServiceCount{ClusterName=c}": 1, "ECS/ContainerInsights/ContainerInstanceCount{ClusterName=c}": 1,
		"ECS/ContainerInsights/DesiredTaskCount{ClusterName=c,ServiceName=web}": 4, "ECS/ContainerInsights/PendingTaskCount{ClusterName=c,ServiceName=web}": 1,
		"ECS/ContainerInsights/RunningTaskCount{ClusterName=c,ServiceName=web}": 3, "ECS/ContainerInsights/DeploymentCount{ClusterName=c,ServiceName=web}": 2,
		"ECS/ContainerInsights/TaskSetCount{ClusterName=c,ServiceName=web}": 0,
		"AWS/ECS/CPUReservation{ClusterName=ec2}":                           25, "AWS/ECS/MemoryReservation{ClusterName=ec2}": 50,
	}
	for k, v := range want {
		if d, ok := got[k]; !ok || d.Sum != v || d.Count != 1 {
			t.Errorf("%s: %+v, want %v", k, d, v)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d metrics, want %d", len(got), len(want))
	}
}

// TestStatisticsAgree: whatever tasks used, a datum's statistics are those of
// its values, and a service's average lies between its tasks'.
func TestStatisticsAgree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var tasks []Task
		for i := range rapid.IntRange(1, 20).Draw(t, "tasks") {
			tasks = append(tasks, of(string(rune('a'+i)), rapid.SampledFrom([]string{"", "web", "api"}).Draw(t, "service"),
				rapid.SampledFrom([]string{Disabled, Enabled, Enhanced}).Draw(t, "insights"), rapid.Float64Range(0, 4).Draw(t, "cpu"), rapid.Uint64Range(0, 1000).Draw(t, "memory")))
		}
		for k, d := range byKey(t, Tasks(noon, tasks)) {
			sum := 0.0
			for _, v := range d.Values {
				sum += v
			}
			if int(d.Count) != len(d.Values) || d.Min != slices.Min(d.Values) || d.Max != slices.Max(d.Values) || math.Abs(sum-d.Sum) > 1e-6*(1+math.Abs(sum)) {
				t.Fatalf("%s: %+v", k, d)
			}
			if d.Sum < d.Count*d.Min-1e-6 || d.Sum > d.Count*d.Max+1e-6 {
				t.Fatalf("%s: the average is not between least and greatest: %+v", k, d)
			}
		}
	})
}
