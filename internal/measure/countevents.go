package measure

import (
	"encoding/json"
	"time"
)

type clusterEvent struct {
	Version                string
	Type                   string
	ClusterName            string
	Timestamp              int64
	TaskCount              int
	ContainerInstanceCount int
	ServiceCount           int
	CloudWatchMetrics      []directive
}

type serviceEvent struct {
	Version           string
	Type              string
	ServiceName       string
	ClusterName       string
	Timestamp         int64
	DesiredTaskCount  int
	RunningTaskCount  int
	PendingTaskCount  int
	DeploymentCount   int
	TaskSetCount      int
	CloudWatchMetrics []directive
}

// CountEvents are the performance log events of clusters and their services.
func CountEvents(minute time.Time, clusters []Cluster) ([]Event, error) {
	var out []Event
	put := func(cluster, stream string, event any) error {
		b, err := json.Marshal(event)
		out = append(out, Event{Cluster: cluster, Stream: stream, Message: string(b)})
		return err
	}
	named := func(dimensions []string, names ...string) []directive {
		d := directive{Namespace: NamespaceInsights, Dimensions: [][]string{dimensions}}
		for _, n := range names {
			d.Metrics = append(d.Metrics, metricName{n, count})
		}
		return []directive{d}
	}
	for _, c := range clusters {
		if c.Insights != Enabled && c.Insights != Enhanced {
			continue
		}
		if err := put(c.Name, "ClusterTelemetry-"+c.Name, clusterEvent{
			"0", "Cluster", c.Name, stamp(minute), c.Tasks, c.Instances, len(c.Services),
			named([]string{"ClusterName"}, "TaskCount", "ContainerInstanceCount", "ServiceCount"),
		}); err != nil {
			return nil, err
		}
		for _, s := range c.Services {
			if err := put(c.Name, "ServiceTelemetry-"+s.Name, serviceEvent{
				"0", "Service", s.Name, c.Name, stamp(minute), s.Desired, s.Running, s.Pending, s.Deployments, s.TS,
				named([]string{"ServiceName", "ClusterName"}, "DesiredTaskCount", "RunningTaskCount", "PendingTaskCount", "DeploymentCount", "TaskSetCount"),
			}); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
