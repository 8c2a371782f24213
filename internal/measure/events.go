package measure

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// Event is a performance log event of Container Insights.
//
// Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Container-Insights-reference-performance-logs-ECS.html
type Event struct {
	Cluster string
	Stream  string
	Message string // JSON
}

// PerformanceGroup is the log group of a cluster's performance log events.
func PerformanceGroup(cluster string) string {
	return "/aws/ecs/containerinsights/" + cluster + "/performance"
}

// PerformanceDays is how long ECS keeps them in a group that it makes.
const PerformanceDays = 1

// number is a measure in an event: a JSON number of at most four decimals.
type number float64

// MarshalJSON writes the number.
func (n number) MarshalJSON() ([]byte, error) {
	v := math.Round(float64(n)*1e4) / 1e4
	if text := strconv.FormatFloat(v, 'f', -1, 64); strings.Contains(text, ".") {
		return []byte(text), nil
	}
	return []byte(strconv.FormatFloat(v, 'f', 1, 64)), nil
}

// directive tells which members of an event are metrics.
type directive struct {
	Namespace  string
	Metrics    []metricName
	Dimensions [][]string
}

type metricName struct{ Name, Unit string }

// whose is the head of an event of a task or a container.
type whose struct {
	Version                string
	Type                   string
	ContainerName          string `json:",omitempty"`
	TaskID                 string `json:"TaskId"`
	TaskDefinitionFamily   string
	TaskDefinitionRevision string
	ContainerInstanceID    string `json:"ContainerInstanceId,omitempty"`
	EC2InstanceID          string `json:"EC2InstanceId,omitempty"`
	ServiceName            string `json:",omitempty"`
	ClusterName            string
}

// sizes are the measures that tasks and containers share.
type sizes struct {
	Timestamp         int64
	CPUUtilized       number  `json:"CpuUtilized"`
	CPUReserved       number  `json:"CpuReserved"`
	MemoryUtilized    number  `json:"MemoryUtilized"`
	MemoryReserved    number  `json:"MemoryReserved"`
	StorageReadBytes  uint64  `json:"StorageReadBytes"`
	StorageWriteBytes uint64  `json:"StorageWriteBytes"`
	NetworkRxBytes    *number `json:",omitempty"`
	NetworkRxDropped  *uint64 `json:",omitempty"`
	NetworkRxErrors   *uint64 `json:",omitempty"`
	NetworkRxPackets  *uint64 `json:",omitempty"`
	NetworkTxBytes    *number `json:",omitempty"`
	NetworkTxDropped  *uint64 `json:",omitempty"`
	NetworkTxErrors   *uint64 `json:",omitempty"`
	NetworkTxPackets  *uint64 `json:",omitempty"`
}

type containerEvent struct {
	whose
	Image                string
	ContainerKnownStatus string
	sizes
	RestartCount                   *int        `json:",omitempty"`
	UnHealthyContainerHealthStatus *int        `json:",omitempty"`
	ContainerCPUUtilization        *number     `json:"ContainerCpuUtilization,omitempty"`
	ContainerMemoryUtilization     *number     `json:",omitempty"`
	CloudWatchMetrics              []directive `json:",omitempty"`
}

type taskEvent struct {
	whose
	AccountID        string
	Region           string
	AvailabilityZone string `json:",omitempty"`
	KnownStatus      string
	LaunchType       string
	PullStartedAt    int64 `json:",omitempty"`
	PullStoppedAt    int64 `json:",omitempty"`
	CreatedAt        int64
	StartedAt        int64 `json:",omitempty"`
	sizes
	EphemeralStorageReserved        *number `json:",omitempty"`
	EphemeralStorageUtilized        *number `json:",omitempty"`
	RestartCount                    *int    `json:",omitempty"`
	UnHealthyContainerHealthStatus  *int    `json:",omitempty"`
	TaskCPUUtilization              *number `json:"TaskCpuUtilization,omitempty"`
	TaskMemoryUtilization           *number `json:",omitempty"`
	TaskEphemeralStorageUtilization *number `json:",omitempty"`
	CloudWatchMetrics               []directive
}

// TaskEvents are the performance log events of a minute's tasks, of those whose
// clusters have Container Insights. Their time is the minute's begin.
func TaskEvents(scope state.Scope, minute time.Time, tasks []Task) ([]Event, error) {
	var out []Event
	for _, t := range tasks {
		if t.Insights != Enabled && t.Insights != Enhanced {
			continue
		}
		plans := state.Effective(t.Task, t.Definition)
		u := t.used(plans)
		told := []any{t.taskEvent(scope, minute, u)}
		for _, c := range t.Containers {
			if p := planOf(plans, c.Name); p != nil {
				told = append(told, t.containerEvent(minute, u, *p, c))
			}
		}
		for _, e := range told {
			b, err := json.Marshal(e)
			if err != nil {
				return nil, fmt.Errorf("performance log event: %w", err)
			}
			out = append(out, Event{Cluster: t.Task.ClusterName, Stream: t.stream(), Message: string(b)})
		}
	}
	return out, nil
}

// stream is the log stream of what runs in one place.
func (t Task) stream() string {
	if t.Instance.ID != "" {
		return "AgentTelemetry-" + t.Instance.ID
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(t.Task.Placement.Node))
	return fmt.Sprintf("FargateTelemetry-%d", h.Sum32()%10000)
}

func (t Task) whose(kind string) whose {
	return whose{
		Version: "0", Type: kind, TaskID: t.Task.ID, TaskDefinitionFamily: t.Task.Spec.Family,
		TaskDefinitionRevision: strconv.Itoa(int(t.Task.Spec.Revision)), ContainerInstanceID: t.Instance.ID, EC2InstanceID: t.Instance.EC2ID,
		ServiceName: t.Service(), ClusterName: t.Task.ClusterName,
	}
}

// carry fills in what an interface carried in a time.
func (s *sizes) carry(c *protocol.Carried, over time.Duration) {
	if c == nil || over <= 0 {
		return
	}
	rx, tx := number(float64(c.RxBytes)/over.Seconds()), number(float64(c.TxBytes)/over.Seconds())
	s.NetworkRxBytes, s.NetworkRxDropped, s.NetworkRxErrors, s.NetworkRxPackets = &rx, &c.RxDropped, &c.RxErrors, &c.RxPackets
	s.NetworkTxBytes, s.NetworkTxDropped, s.NetworkTxErrors, s.NetworkTxPackets = &tx, &c.TxDropped, &c.TxErrors, &c.TxPackets
}

// stamp is the time of an event, and of the metrics it is about: the minute's begin.
func stamp(minute time.Time) int64 { return minute.UnixMilli() }

func (t Task) taskEvent(scope state.Scope, minute time.Time, u used) taskEvent {
	at := func(moment *time.Time) int64 {
		if moment == nil {
			return 0
		}
		return moment.UnixMilli()
	}
	o := t.Task.Observed
	out := taskEvent{
		whose: t.whose("Task"), AccountID: scope.Account, Region: scope.Region, AvailabilityZone: t.Task.Placement.AvailabilityZone,
		KnownStatus: state.TaskRunning.String(), LaunchType: t.Task.Spec.LaunchType,
		PullStartedAt: at(o.PullStartedAt), PullStoppedAt: at(o.PullStoppedAt), CreatedAt: t.Task.CreatedAt.UnixMilli(), StartedAt: at(o.StartedAt),
		sizes: sizes{
			Timestamp: stamp(minute), CPUUtilized: number(u.cpu), CPUReserved: number(u.reservedCPU),
			MemoryUtilized: number(u.memory), MemoryReserved: number(u.reservedMemory),
			StorageReadBytes: uint64(u.readBytes), StorageWriteBytes: uint64(u.writeBytes),
		},
		RestartCount: u.restarts,
	}
	out.carry(u.carried, t.Over)
	if u.onFargate {
		out.LaunchType = "FARGATE"
		out.EphemeralStorageReserved = new(number(u.diskReserved))
		if u.hasDisk {
			out.EphemeralStorageUtilized = new(number(u.disk))
		}
	}
	if t.Insights == Enhanced {
		out.TaskCPUUtilization, out.TaskMemoryUtilization = share(u.cpu, u.reservedCPU), share(u.memory, u.reservedMemory)
		if u.onFargate && u.hasDisk {
			out.TaskEphemeralStorageUtilization = share(u.disk, u.diskReserved)
		}
		if u.unhealthy != nil {
			out.UnHealthyContainerHealthStatus = aws.Int(int(truth(*u.unhealthy)))
		}
	}
	names := newTally(minute)
	names.task(t, u, t.Insights == Enhanced)
	out.CloudWatchMetrics = names.directives()
	return out
}

func share(part, of float64) *number {
	if of <= 0 {
		return nil
	}
	return new(number(100 * part / of))
}

func (t Task) containerEvent(minute time.Time, u used, p state.ContainerPlan, c protocol.ContainerMeasures) containerEvent {
	out := containerEvent{
		whose: t.whose("Container"), Image: p.Image, ContainerKnownStatus: "RUNNING",
		sizes: sizes{
			Timestamp: stamp(minute), CPUUtilized: number(t.units(c)), CPUReserved: number(p.CPU),
			MemoryUtilized: number(float64(c.Memory) / mib), MemoryReserved: number(memoryOf(p)),
			StorageReadBytes: c.ReadBytes, StorageWriteBytes: c.WriteBytes,
		},
		RestartCount: c.Restarts,
	}
	out.ContainerName = p.Name
	out.carry(t.carriedBy(c), t.Over)
	if t.Insights != Enhanced {
		return out
	}
	cpuOf, memoryFrom := float64(p.CPU), float64(memoryOf(p))
	if cpuOf == 0 {
		cpuOf = u.reservedCPU
	}
	if memoryFrom == 0 {
		memoryFrom = u.reservedMemory
	}
	out.ContainerCPUUtilization, out.ContainerMemoryUtilization = share(t.units(c), cpuOf), share(float64(c.Memory)/mib, memoryFrom)
	if c.Health == "HEALTHY" || c.Health == "UNHEALTHY" {
		out.UnHealthyContainerHealthStatus = aws.Int(int(truth(c.Health == "UNHEALTHY")))
	}
	return out
}

// directives name the tally's data: members of an event are called as the
// metrics are.
func (t *tally) directives() []directive {
	var (
		out  directive
		seen = map[string]bool{}
		sets = map[string]bool{}
	)
	for _, d := range t.list() {
		if !seen[d.Name] {
			seen[d.Name] = true
			out.Namespace = d.Namespace
			out.Metrics = append(out.Metrics, metricName{d.Name, d.Unit})
		}
		names := dimensionNames(d.Dimensions)
		if key := strings.Join(names, ","); !sets[key] {
			sets[key] = true
			out.Dimensions = append(out.Dimensions, names)
		}
	}
	return []directive{out}
}

func dimensionNames(list []metrics.Dimension) (out []string) {
	for _, d := range list {
		out = append(out, d.Name)
	}
	return out
}
