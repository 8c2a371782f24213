package metadata

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	ecstypes "github.com/aws/aws-sdk-go-v2/service/ecs/types"
	"github.com/google/go-cmp/cmp"

	engine "github.com/hatoba/hatoba/internal/agent/runtime"
	"github.com/hatoba/hatoba/internal/state"
)

const containerID = "cd189a933e5849daa93386466019ab50-2495160603"

var at = time.Date(2020, 10, 8, 20, 9, 11, 445271860, time.UTC)

// sample is the task of AWS's example.
func sample() View {
	started := at
	return View{
		Task: state.Task{
			ARN: "arn:aws:ecs:us-west-2:111122223333:task/default/cd189a933e5849daa93386466019ab50", ClusterARN: "arn:aws:ecs:us-west-2:111122223333:cluster/default",
			Spec: state.TaskSpec{
				Family: "curltest", Revision: 3, CPU: "256", Memory: "512", LaunchType: "FARGATE",
				ContainerARNs: map[string]string{"curl": "arn:aws:ecs:us-west-2:111122223333:container/abb51bdd"},
			},
			Placement: state.Placement{AvailabilityZone: "us-west-2a"},
			Tags:      []ecstypes.Tag{{Key: aws.String("team"), Value: aws.String("a")}},
		},
		Observed: state.Observed{
			Status: state.TaskRunning, PullStartedAt: &started, PullStoppedAt: &started,
			ENI: state.ENI{PrivateIPv4: "192.0.2.3", MAC: "0a:de:f6:10:51:e5", PrivateDNS: "ip-192-0-2-3.us-west-2.compute.internal"},
		},
		Domain: "us-west-2.compute.internal", Gateway: netip.MustParseAddr("192.0.2.1"), Subnet: netip.MustParsePrefix("192.0.2.0/24"),
		Resolver: netip.MustParseAddr("169.254.170.2"),
		Containers: []Container{{
			Plan: state.ContainerPlan{Name: "curl", Image: "curltest:latest", CPU: 10, MemoryMiB: 128, LogDriver: "awslogs"},
			ID:   containerID, ImageDigest: "sha256:25f3", Known: "RUNNING", Labels: map[string]string{"com.amazonaws.ecs.container-name": "curl"},
			LogOptions: map[string]string{"awslogs-group": "/ecs/containerlogs"}, CreatedAt: &started, StartedAt: &started,
		}},
	}
}

const wantContainer = `{"DockerId":"cd189a933e5849daa93386466019ab50-2495160603","Name":"curl","DockerName":"curl","Image":"curltest:latest","ImageID":"sha256:25f3",
 "Labels":{"com.amazonaws.ecs.container-name":"curl"},"DesiredStatus":"RUNNING","KnownStatus":"RUNNING","Limits":{"CPU":10,"Memory":128},
 "CreatedAt":"2020-10-08T20:09:11.44527186Z","StartedAt":"2020-10-08T20:09:11.44527186Z","Type":"NORMAL",
 "LogDriver":"awslogs","LogOptions":{"awslogs-group":"/ecs/containerlogs"},"ContainerARN":"arn:aws:ecs:us-west-2:111122223333:container/abb51bdd",
 "Networks":[{"NetworkMode":"awsvpc","IPv4Addresses":["192.0.2.3"],"AttachmentIndex":0,"MACAddress":"0a:de:f6:10:51:e5","IPv4SubnetCIDRBlock":"192.0.2.0/24",
  "DomainNameServers":["169.254.170.2"],"DomainNameSearchList":["us-west-2.compute.internal"],"PrivateDNSName":"ip-192-0-2-3.us-west-2.compute.internal",
  "SubnetGatewayIpv4Address":"192.0.2.1/24"}],"Snapshotter":"overlayfs"}`

const wantTask = `{"Cluster":"arn:aws:ecs:us-west-2:111122223333:cluster/default","TaskARN":"arn:aws:ecs:us-west-2:111122223333:task/default/cd189a933e5849daa93386466019ab50",
 "Family":"curltest","Revision":"3","DesiredStatus":"RUNNING","KnownStatus":"RUNNING","Limits":{"CPU":0.25,"Memory":512},
 "PullStartedAt":"2020-10-08T20:09:11.44527186Z","PullStoppedAt":"2020-10-08T20:09:11.44527186Z","AvailabilityZone":"us-west-2a","LaunchType":"FARGATE",
 "Containers":[` + wantContainer + `],"TaskTags":{"team":"a"},
 "ClockDrift":{"ClockErrorBound":0.5,"ReferenceTimestamp":"2020-10-08T20:09:11.44527186Z","ClockSynchronizationStatus":"SYNCHRONIZED"},"FaultInjectionEnabled":false}`

func serve(s *Server, path string) *httptest.ResponseRecorder {
	mux := http.NewServeMux()
	s.Register(mux)
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

func server() *Server {
	return &Server{
		View: sample, Now: func() time.Time { return at },
		Clock: func() (time.Duration, bool, bool) { return 500 * time.Microsecond, true, true },
	}
}

func decode(t *testing.T, text string) (out any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &out); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return out
}

func TestShapesOfFargate(t *testing.T) {
	for path, want := range map[string]string{"/v4/" + containerID: wantContainer, "/v4/" + containerID + "/": wantContainer, "/v4/" + containerID + "/taskWithTags": wantTask} {
		w := serve(server(), path)
		if diff := cmp.Diff(decode(t, want), decode(t, w.Body.String())); diff != "" || w.Code != http.StatusOK {
			t.Errorf("%s: %d (-want +got)\n%s", path, w.Code, diff)
		}
	}
	old := decode(t, serve(server(), "/v3/"+containerID).Body.String()).(map[string]any)
	network := old["Networks"].([]any)[0].(map[string]any)
	if old["ContainerARN"] != nil || old["LogDriver"] != nil || len(network) != 2 {
		t.Errorf("version 3 tells what it did not have: %v", old)
	}
	w := serve(server(), "/v4/other/task")
	if w.Code != http.StatusNotFound || w.Body.String() != `"V4 task metadata handler: unable to get container ID from request: unable to get docker ID from v3 endpoint ID: other"`+"\n" {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// The first question waits for a second sample; later ones compare with it.
func TestStatsCompareTwoSamples(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		taken := 0
		s := &Server{View: sample, Sample: func(context.Context, string) (Sample, error) {
			taken++
			n := time.Duration(taken)
			return Sample{Stats: engine.Stats{At: time.Now(), CPU: n * time.Second, Memory: 1 << 20}, System: n * 10 * time.Second, Net: Interface{RxBytes: uint64(taken) * 1000}}, nil
		}}
		began := time.Now()
		get := func() map[string]any {
			return decode(t, serve(s, "/v4/"+containerID+"/stats").Body.String()).(map[string]any)
		}
		first := get()
		if waited := time.Since(began); waited != time.Second || taken != 2 {
			t.Errorf("waited %s for %d samples", waited, taken)
		}
		rate := first["network_rate_stats"].(map[string]any)["rx_bytes_per_sec"]
		total := first["cpu_stats"].(map[string]any)["cpu_usage"].(map[string]any)["total_usage"]
		before := first["precpu_stats"].(map[string]any)["system_cpu_usage"]
		if rate != 1000.0 || total != 2e9 || before != 10e9 || first["memory_stats"].(map[string]any)["limit"] != float64(128<<20) || first["name"] != "curl" {
			t.Errorf("%v", first)
		}
		time.Sleep(2 * time.Second)
		began = time.Now()
		if second := get(); time.Since(began) != 0 || taken != 3 || second["network_rate_stats"].(map[string]any)["rx_bytes_per_sec"] != 500.0 {
			t.Errorf("%v", second)
		}
	})
}

func TestSystemCPU(t *testing.T) {
	if got := parseSystemCPU("cpu  1 2 3 4 5 6 7 8 9 10\n"); got != 280*time.Millisecond {
		t.Error(got)
	}
	if got := parseSystemCPU("cpu0 1"); got != 0 {
		t.Error(got)
	}
}
