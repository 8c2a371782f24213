package measure

import (
	"fmt"
	"slices"
	"time"

	"github.com/hatoba/hatoba/internal/metrics"
	"github.com/hatoba/hatoba/internal/protocol"
)

// Connect is what a task's proxy of Service Connect carried in a minute to a
// service, and whose tasks both are.
type Connect struct {
	protocol.ConnectMeasures
	Discovery             string // name of the Cloud Map service
	Server, ServerCluster string // the ECS service that answers, "" when it is gone
	Caller, CallerCluster string // the ECS service of the task
}

// milliseconds is CloudWatch's unit of TargetResponseTime of Service Connect.
const milliseconds = "Milliseconds"

// Connects are the metrics of Service Connect: DiscoveryName is told of who
// answers, TargetDiscoveryName of who calls. Each task that calls is a sample.
// What did not happen has no point.
//
// Source: https://docs.aws.amazon.com/AmazonECS/latest/developerguide/available-metrics.html
func Connects(minute time.Time, list []Connect) []metrics.Datum {
	t := newTally(minute)
	times := map[string]*responses{}
	var order []string
	for _, c := range list {
		server := [][]metrics.Dimension{dims("DiscoveryName", c.Discovery)}
		if c.Server != "" {
			server = append(server, dims("DiscoveryName", c.Discovery, "ServiceName", c.Server, "ClusterName", c.ServerCluster))
		}
		caller := [][]metrics.Dimension{dims("TargetDiscoveryName", c.Discovery)}
		if c.Caller != "" {
			caller = append(caller, dims("TargetDiscoveryName", c.Discovery, "ServiceName", c.Caller, "ClusterName", c.CallerCluster))
		}
		add := func(name, unit string, v float64, sets [][]metrics.Dimension) {
			if v > 0 {
				t.add(NamespaceECS, name, unit, v, sets...)
			}
		}
		add("ActiveConnectionCount", count, float64(c.Active), server)
		add("NewConnectionCount", count, float64(c.NewConnections), server)
		add("ProcessedBytes", bytesUnit, float64(c.ToTarget), server)
		add("RequestCount", count, float64(c.Requests), server)
		add("GrpcRequestCount", count, float64(c.GRPC), server)
		for class := 2; class < len(c.Status); class++ {
			add(fmt.Sprintf("HTTPCode_Target_%dXX_Count", class), count, float64(c.Status[class]), caller)
		}
		if c.Targets > 0 {
			add("RequestCountPerTarget", count, float64(c.Requests)/float64(c.Targets), caller)
		}
		add("TargetProcessedBytes", bytesUnit, float64(c.ToTarget+c.FromTarget), caller)
		for _, set := range caller {
			key := fmt.Sprint(set)
			if times[key] == nil {
				times[key] = &responses{set: set, about: map[time.Duration]uint64{}}
				order = append(order, key)
			}
			times[key].take(c.ConnectMeasures)
		}
	}
	for _, key := range order {
		if s, ok := times[key].statistics(); ok {
			t.put(NamespaceECS, "TargetResponseTime", milliseconds, s, times[key].set)
		}
	}
	return t.list()
}

// responses gathers how long answers took.
type responses struct {
	set   []metrics.Dimension
	sum   time.Duration
	about map[time.Duration]uint64
}

func (r *responses) take(c protocol.ConnectMeasures) {
	r.sum += c.ResponseTime
	for _, t := range c.Times {
		r.about[t.About] += t.Count
	}
}

func (r *responses) statistics() (metrics.Statistics, bool) {
	if len(r.about) == 0 {
		return metrics.Statistics{}, false
	}
	var at []time.Duration
	for about := range r.about {
		at = append(at, about)
	}
	slices.Sort(at)
	out := metrics.Statistics{Sum: inMilliseconds(r.sum)}
	for _, about := range at {
		n := float64(r.about[about])
		out.Count += n
		out.Values, out.Counts = append(out.Values, inMilliseconds(about)), append(out.Counts, n)
	}
	if len(out.Values) == 1 { // all alike: their mean is known
		out.Values[0] = out.Sum / out.Count
	}
	out.Min, out.Max = out.Values[0], out.Values[len(out.Values)-1]
	return out, true
}

func inMilliseconds(d time.Duration) float64 { return d.Seconds() * 1000 }
