package measure

import (
	"time"

	"github.com/hatoba/hatoba/internal/metrics"
)

// Cluster is what is counted of a cluster.
type Cluster struct {
	Name      string
	Insights  string
	Tasks     int // that run
	Instances int // container instances
	Services  []ServiceCount

	// What its running EC2-type tasks reserve of what its container instances
	// have; zero without any.
	ReservedCPU, RegisteredCPU       int64
	ReservedMemory, RegisteredMemory int64
	RunningEC2                       int
}

// ServiceCount is what is counted of an active service.
type ServiceCount struct {
	Name                                       string
	Desired, Pending, Running, Deployments, TS int
}

// Counts are the metrics of what clusters have, at a time. A cluster without
// running tasks on container instances has no reservation.
func Counts(minute time.Time, clusters []Cluster) []metrics.Datum {
	t := newTally(minute)
	for _, c := range clusters {
		set := dims("ClusterName", c.Name)
		if c.RunningEC2 > 0 && c.RegisteredCPU > 0 && c.RegisteredMemory > 0 {
			t.add(NamespaceECS, "CPUReservation", percent, 100*float64(c.ReservedCPU)/float64(c.RegisteredCPU), set)
			t.add(NamespaceECS, "MemoryReservation", percent, 100*float64(c.ReservedMemory)/float64(c.RegisteredMemory), set)
		}
		if c.Insights != Enabled && c.Insights != Enhanced {
			continue
		}
		add := func(name string, v int, set []metrics.Dimension) {
			t.add(NamespaceInsights, name, count, float64(v), set)
		}
		add("TaskCount", c.Tasks, set)
		add("ServiceCount", len(c.Services), set)
		add("ContainerInstanceCount", c.Instances, set)
		for _, s := range c.Services {
			set := dims("ClusterName", c.Name, "ServiceName", s.Name)
			add("DesiredTaskCount", s.Desired, set)
			add("PendingTaskCount", s.Pending, set)
			add("RunningTaskCount", s.Running, set)
			add("DeploymentCount", s.Deployments, set)
			add("TaskSetCount", s.TS, set)
		}
	}
	return t.list()
}
