package measure

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"

	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// The values of the setting containerInsights.
const (
	Disabled = "disabled"
	Enabled  = "enabled"
	Enhanced = "enhanced"
)

// Insights is how much a cluster is told of.
func Insights(c state.Cluster) string {
	for _, s := range c.Settings {
		if s.Name == ecstypes.ClusterSettingNameContainerInsights {
			return aws.ToString(s.Value)
		}
	}
	return Disabled
}

// Task is what a task used in a minute, and what it belongs to.
type Task struct {
	protocol.TaskMeasures
	Task       state.Task
	Definition state.TaskDefinition
	Insights   string // of its cluster
	Instance   Instance
}

// Instance is the container instance an EC2-type task is on; zero for Fargate.
type Instance struct {
	ID        string
	EC2ID     string
	CPU       int64 // units that are registered
	MemoryMiB int64
}

// Service is the name of the service the task is of, "" for none.
func (t Task) Service() string {
	_, name, _ := strings.Cut(t.Task.Spec.Service.Service, "/")
	return name
}

// unsetCPU is what a container counts for that asks for no CPU, as the ECS
// agent does.
// Source: https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html, cpu
const unsetCPU = 2

// ReservedCPU are the CPU units a task asked for: its own, else those of its
// containers.
func ReservedCPU(task state.Task, plans []state.ContainerPlan) float64 {
	if n, ok := state.ParseCPU(task.Spec.CPU); ok && n > 0 {
		return float64(n)
	}
	sum := int64(0)
	for _, p := range plans {
		sum += max(p.CPU, unsetCPU)
	}
	return float64(sum)
}

// ReservedMemory is the memory in MiB a task asked for: its own, else of each
// container the reservation or, without, the limit.
func ReservedMemory(task state.Task, plans []state.ContainerPlan) float64 {
	if n, ok := state.ParseMemory(task.Spec.Memory); ok && n > 0 {
		return float64(n)
	}
	sum := int64(0)
	for _, p := range plans {
		sum += memoryOf(p)
	}
	return float64(sum)
}

func memoryOf(p state.ContainerPlan) int64 {
	if p.ReservationMiB > 0 {
		return p.ReservationMiB
	}
	return p.MemoryMiB
}

// units are CPU units: 1024 are one CPU all the time.
func (t Task) units(c protocol.ContainerMeasures) float64 {
	if t.Over <= 0 {
		return 0
	}
	return 1024 * c.CPU.Seconds() / t.Over.Seconds()
}

const mib = 1 << 20

// used is what all of a task used.
type used struct {
	cpu, memory           float64 // units, MiB
	reservedCPU           float64
	reservedMemory        float64
	readBytes, writeBytes float64
	rx, tx                float64 // bytes per second
	carried               *protocol.Carried
	disk, diskReserved    float64 // GB
	hasDisk, onFargate    bool
	restarts              *int
	unhealthy             *bool
}

// gigabyte is CloudWatch's.
const gigabyte = 1e9

// included is the storage in GiB of a Fargate task that asks for none.
const included = 20

func (t Task) used(plans []state.ContainerPlan) used {
	out := used{reservedCPU: ReservedCPU(t.Task, plans), reservedMemory: ReservedMemory(t.Task, plans), onFargate: t.Task.Placement.ContainerInstance == ""}
	sum := protocol.Carried{}
	for _, c := range t.Containers {
		out.cpu += t.units(c)
		out.memory += float64(c.Memory) / mib
		out.readBytes += float64(c.ReadBytes)
		out.writeBytes += float64(c.WriteBytes)
		if c.Restarts != nil {
			n := *c.Restarts
			if out.restarts != nil {
				n += *out.restarts
			}
			out.restarts = &n
		}
		if c.Health == "HEALTHY" || c.Health == "UNHEALTHY" {
			ill := c.Health == "UNHEALTHY" || out.unhealthy != nil && *out.unhealthy
			out.unhealthy = &ill
		}
		if c.Network != nil {
			addCarried(&sum, *c.Network)
			out.carried = &sum
		}
	}
	if t.Network != nil {
		out.carried = t.Network
	}
	if out.carried != nil && t.Over > 0 {
		out.rx, out.tx = float64(out.carried.RxBytes)/t.Over.Seconds(), float64(out.carried.TxBytes)/t.Over.Seconds()
	}
	out.diskReserved = float64(max(included, t.Task.Spec.EphemeralStorageGiB)) * (1 << 30) / gigabyte
	if t.Disk != nil {
		out.disk, out.hasDisk = float64(*t.Disk)/gigabyte, true
	}
	return out
}

func addCarried(sum *protocol.Carried, c protocol.Carried) {
	sum.RxBytes += c.RxBytes
	sum.RxPackets += c.RxPackets
	sum.RxErrors += c.RxErrors
	sum.RxDropped += c.RxDropped
	sum.TxBytes += c.TxBytes
	sum.TxPackets += c.TxPackets
	sum.TxErrors += c.TxErrors
	sum.TxDropped += c.TxDropped
}
