package measure

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hatoba/hatoba/internal/protocol"
)

func TestConnects(t *testing.T) {
	minute := time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	one := Connect{Discovery: "api", Server: "web", ServerCluster: "c", Caller: "front", CallerCluster: "d"}
	one.ConnectMeasures = protocol.ConnectMeasures{
		Targets: 2, Requests: 10, Status: [6]uint64{2: 8, 5: 2}, ToTarget: 100, FromTarget: 1000, NewConnections: 2, Active: 2,
		ResponseTime: 30 * time.Millisecond, Times: []protocol.ResponseTimes{{About: 2 * time.Millisecond, Count: 8}, {About: 7 * time.Millisecond, Count: 2}},
	}
	other := one
	other.Requests, other.GRPC, other.Caller = 4, 4, "batch"
	var got []string
	for _, d := range Connects(minute, []Connect{one, other}) {
		var names []string
		for _, dim := range d.Dimensions {
			names = append(names, dim.Name+"="+dim.Value)
		}
		got = append(got, fmt.Sprintf("%s{%s} %g of %g, %g to %g %s", d.Name, strings.Join(names, ","), d.Sum, d.Count, d.Min, d.Max, d.Unit))
	}
	want := []string{
		"ActiveConnectionCount{ClusterName=c,DiscoveryName=api,ServiceName=web} 4 of 2, 2 to 2 Count",
		"ActiveConnectionCount{DiscoveryName=api} 4 of 2, 2 to 2 Count",
		"GrpcRequestCount{ClusterName=c,DiscoveryName=api,ServiceName=web} 4 of 1, 4 to 4 Count",
		"GrpcRequestCount{DiscoveryName=api} 4 of 1, 4 to 4 Count",
		"HTTPCode_Target_2XX_Count{ClusterName=d,ServiceName=batch,TargetDiscoveryName=api} 8 of 1, 8 to 8 Count",
		"HTTPCode_Target_2XX_Count{ClusterName=d,ServiceName=front,TargetDiscoveryName=api} 8 of 1, 8 to 8 Count",
		"HTTPCode_Target_2XX_Count{TargetDiscoveryName=api} 16 of 2, 8 to 8 Count",
		"HTTPCode_Target_5XX_Count{ClusterName=d,ServiceName=batch,TargetDiscoveryName=api} 2 of 1, 2 to 2 Count",
		"HTTPCode_Target_5XX_Count{ClusterName=d,ServiceName=front,TargetDiscoveryName=api} 2 of 1, 2 to 2 Count",
		"HTTPCode_Target_5XX_Count{TargetDiscoveryName=api} 4 of 2, 2 to 2 Count",
		"NewConnectionCount{ClusterName=c,DiscoveryName=api,ServiceName=web} 4 of 2, 2 to 2 Count",
		"NewConnectionCount{DiscoveryName=api} 4 of 2, 2 to 2 Count",
		"ProcessedBytes{ClusterName=c,DiscoveryName=api,ServiceName=web} 200 of 2, 100 to 100 Bytes",
		"ProcessedBytes{DiscoveryName=api} 200 of 2, 100 to 100 Bytes",
		"RequestCount{ClusterName=c,DiscoveryName=api,ServiceName=web} 14 of 2, 4 to 10 Count",
		"RequestCount{DiscoveryName=api} 14 of 2, 4 to 10 Count",
		"RequestCountPerTarget{ClusterName=d,ServiceName=batch,TargetDiscoveryName=api} 2 of 1, 2 to 2 Count",
		"RequestCountPerTarget{ClusterName=d,ServiceName=front,TargetDiscoveryName=api} 5 of 1, 5 to 5 Count",
		"RequestCountPerTarget{TargetDiscoveryName=api} 7 of 2, 2 to 5 Count",
		"TargetProcessedBytes{ClusterName=d,ServiceName=batch,TargetDiscoveryName=api} 1100 of 1, 1100 to 1100 Bytes",
		"TargetProcessedBytes{ClusterName=d,ServiceName=front,TargetDiscoveryName=api} 1100 of 1, 1100 to 1100 Bytes",
		"TargetProcessedBytes{TargetDiscoveryName=api} 2200 of 2, 1100 to 1100 Bytes",
		"TargetResponseTime{ClusterName=d,ServiceName=batch,TargetDiscoveryName=api} 30 of 10, 2 to 7 Milliseconds",
		"TargetResponseTime{ClusterName=d,ServiceName=front,TargetDiscoveryName=api} 30 of 10, 2 to 7 Milliseconds",
		"TargetResponseTime{TargetDiscoveryName=api} 60 of 20, 2 to 7 Milliseconds",
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
