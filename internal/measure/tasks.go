package measure

import (
	"cmp"
	"slices"
	"time"

	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// Tasks are the metrics of a minute's tasks, all of one account and region:
// AWS/ECS of services and of container instances' clusters, and Container
// Insights where the cluster has it. Each task is one sample.
func Tasks(minute time.Time, tasks []Task) []metrics.Datum {
	t := newTally(minute)
	for _, task := range tasks {
		plans := state.Effective(task.Task, task.Definition)
		u := task.used(plans)
		t.utilization(task, u)
		switch task.Insights {
		case Enabled:
			t.task(task, u, false)
		case Enhanced:
			t.task(task, u, true)
			for _, c := range task.Containers {
				if p := planOf(plans, c.Name); p != nil {
					t.container(task, u, *p, c)
				}
			}
		}
	}
	t.instances(tasks)
	return t.list()
}

func planOf(plans []state.ContainerPlan, name string) *state.ContainerPlan {
	for i := range plans {
		if plans[i].Name == name {
			return &plans[i]
		}
	}
	return nil
}

// utilization is a service's: what its tasks use of what they asked for. What
// asked for nothing has none.
func (t *tally) utilization(task Task, u used) {
	service := task.Service()
	if service == "" {
		return
	}
	set := dims("ClusterName", task.Task.ClusterName, "ServiceName", service)
	if u.reservedCPU > 0 {
		t.add(NamespaceECS, "CPUUtilization", percent, 100*u.cpu/u.reservedCPU, set)
	}
	if u.reservedMemory > 0 {
		t.add(NamespaceECS, "MemoryUtilization", percent, 100*u.memory/u.reservedMemory, set)
	}
}

// instances is what EC2-type tasks use of the container instances they are on.
func (t *tally) instances(tasks []Task) {
	type place struct{ cluster, instance string }
	type sum struct {
		Instance
		cpu, memory float64
	}
	sums := map[place]*sum{}
	for _, task := range tasks {
		if task.Instance.ID == "" {
			continue
		}
		at := place{task.Task.ClusterName, task.Instance.ID}
		if sums[at] == nil {
			sums[at] = &sum{Instance: task.Instance}
		}
		for _, c := range task.Containers {
			sums[at].cpu += task.units(c)
			sums[at].memory += float64(c.Memory) / mib
		}
	}
	places := make([]place, 0, len(sums))
	for at := range sums {
		places = append(places, at)
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.cluster, b.cluster), cmp.Compare(a.instance, b.instance))
	})
	for _, at := range places {
		s, set := sums[at], dims("ClusterName", at.cluster)
		if s.CPU > 0 {
			t.add(NamespaceECS, "CPUUtilization", percent, 100*s.cpu/float64(s.CPU), set)
		}
		if s.MemoryMiB > 0 {
			t.add(NamespaceECS, "MemoryUtilization", percent, 100*s.memory/float64(s.MemoryMiB), set)
		}
	}
}

// sets are the dimensions of a task's metrics: the cluster, its service and its
// family, and with enhanced observability the task itself. container is added
// to all but the cluster, "" for none.
func (task Task) sets(enhanced bool, container string) [][]metrics.Dimension {
	cluster := task.Task.ClusterName
	out := [][]metrics.Dimension{dims("ClusterName", cluster)}
	for _, owner := range [][2]string{{"ServiceName", task.Service()}, {"TaskDefinitionFamily", task.Task.Spec.Family}} {
		if owner[1] == "" {
			continue
		}
		pairs := []string{"ClusterName", cluster, owner[0], owner[1]}
		if container != "" {
			pairs = append(pairs, "ContainerName", container)
		}
		out = append(out, dims(pairs...))
		if enhanced {
			out = append(out, dims(append(slices.Clip(pairs), "TaskId", task.Task.ID)...))
		}
	}
	return out
}

// task is Container Insights of a task.
func (t *tally) task(task Task, u used, enhanced bool) {
	sets := task.sets(enhanced, "")
	add := func(name, unit string, v float64) { t.add(NamespaceInsights, name, unit, v, sets...) }
	add("CpuUtilized", none, u.cpu)
	add("CpuReserved", none, u.reservedCPU)
	add("MemoryUtilized", megabytes, u.memory)
	add("MemoryReserved", megabytes, u.reservedMemory)
	if u.carried != nil {
		add("NetworkRxBytes", bytesPerSecond, u.rx)
		add("NetworkTxBytes", bytesPerSecond, u.tx)
	}
	add("StorageReadBytes", bytesUnit, u.readBytes)
	add("StorageWriteBytes", bytesUnit, u.writeBytes)
	if u.onFargate {
		add("EphemeralStorageReserved", gigabytes, u.diskReserved)
		if u.hasDisk {
			add("EphemeralStorageUtilized", gigabytes, u.disk)
		}
	}
	if u.restarts != nil {
		add("RestartCount", count, float64(*u.restarts))
	}
	if !enhanced {
		return
	}
	if u.reservedCPU > 0 {
		add("TaskCpuUtilization", percent, 100*u.cpu/u.reservedCPU)
	}
	if u.reservedMemory > 0 {
		add("TaskMemoryUtilization", percent, 100*u.memory/u.reservedMemory)
	}
	if u.onFargate && u.hasDisk {
		add("TaskEphemeralStorageUtilization", percent, 100*u.disk/u.diskReserved)
	}
	if u.unhealthy != nil {
		add("UnHealthyContainerHealthStatus", count, truth(*u.unhealthy))
	}
}

// container is what enhanced observability tells of a container. One without a
// size of its own is measured against its task's.
func (t *tally) container(task Task, u used, p state.ContainerPlan, c protocol.ContainerMeasures) {
	sets := task.sets(true, p.Name)
	add := func(name, unit string, v float64) { t.add(NamespaceInsights, name, unit, v, sets...) }
	cpu, memory := task.units(c), float64(c.Memory)/mib
	cpuOf, memoryFrom := float64(p.CPU), float64(memoryOf(p))
	add("ContainerCpuUtilized", none, cpu)
	add("ContainerCpuReserved", none, cpuOf)
	add("ContainerMemoryUtilized", megabytes, memory)
	add("ContainerMemoryReserved", megabytes, memoryFrom)
	if cpuOf == 0 {
		cpuOf = u.reservedCPU
	}
	if memoryFrom == 0 {
		memoryFrom = u.reservedMemory
	}
	if cpuOf > 0 {
		add("ContainerCpuUtilization", percent, 100*cpu/cpuOf)
	}
	if memoryFrom > 0 {
		add("ContainerMemoryUtilization", percent, 100*memory/memoryFrom)
	}
	if n := task.carriedBy(c); n != nil && task.Over > 0 {
		add("ContainerNetworkRxBytes", bytesPerSecond, float64(n.RxBytes)/task.Over.Seconds())
		add("ContainerNetworkTxBytes", bytesPerSecond, float64(n.TxBytes)/task.Over.Seconds())
	}
	add("ContainerStorageReadBytes", bytesUnit, float64(c.ReadBytes))
	add("ContainerStorageWriteBytes", bytesUnit, float64(c.WriteBytes))
	own := sets[1:] // the cluster's is the task's
	if c.Restarts != nil {
		t.add(NamespaceInsights, "RestartCount", count, float64(*c.Restarts), own...)
	}
	if c.Health == "HEALTHY" || c.Health == "UNHEALTHY" {
		t.add(NamespaceInsights, "UnHealthyContainerHealthStatus", count, truth(c.Health == "UNHEALTHY"), own...)
	}
}

// carriedBy is what a container's interface carried: its own, or that of a task
// it is alone in. Of one that several share nobody can tell.
func (task Task) carriedBy(c protocol.ContainerMeasures) *protocol.Carried {
	if c.Network == nil && len(task.Definition.Definition.ContainerDefinitions) == 1 {
		return task.Network
	}
	return c.Network
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
