package measure

import (
	"math"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hatoba/hatoba/internal/lb"
)

func TestApplicationBalancer(t *testing.T) {
	r := lb.Reading{
		Requests: 10, BytesIn: 100, BytesOut: 900, NewConnections: 2, OwnStatus: [6]uint64{4: 1, 5: 2}, Own503: 2, TargetStatus: [6]uint64{2: 6, 5: 1},
		ClientTLSErrors: 3, Redirects: 1,
	}
	group := lb.Reading{Requests: 7, NewConnections: 4, ConnectionErrors: 1, TargetStatus: [6]uint64{2: 6, 5: 1}, ResponseTime: 700 * time.Millisecond, ResponseCount: 7}
	group.Buckets[34] = 7 // around 100 ms
	got := byKey(t, Balancers(noon, []Balancer{{
		Name: "app/web/1", Zones: []string{"a"}, Reading: r, Active: []float64{1, 2, 3},
		Groups: []Group{{
			Name: "targetgroup/web/2", Reading: group, Active: []float64{4, 4, 4}, Zones: map[string]Target{"a": {group}},
			Health: []Health{
				{Registered: 2, Healthy: map[string]int{"a": 2}},
				{Registered: 2, Healthy: map[string]int{"a": 1}, Unhealthy: map[string]int{"a": 1}},
			},
		}},
	}}))
	const ns, b, g = "AWS/ApplicationELB/", "{LoadBalancer=app/web/1}", "{LoadBalancer=app/web/1,TargetGroup=targetgroup/web/2}"
	for k, want := range map[string][2]float64{ // sum, count
		ns + "RequestCount" + b: {10, 10}, ns + "RequestCount{AvailabilityZone=a,LoadBalancer=app/web/1}": {10, 10},
		ns + "RequestCount" + g: {7, 7},
		ns + "RequestCount{AvailabilityZone=a,LoadBalancer=app/web/1,TargetGroup=targetgroup/web/2}": {7, 7},
		ns + "ActiveConnectionCount" + b:                            {6, 1},
		ns + "NewConnectionCount" + b:                               {6, 1},
		ns + "ProcessedBytes" + b:                                   {1000, 1},
		ns + "ClientTLSNegotiationErrorCount" + b:                   {3, 1},
		ns + "TargetConnectionErrorCount" + b:                       {1, 1},
		ns + "TargetConnectionErrorCount" + g:                       {1, 1},
		ns + "HTTPCode_ELB_4XX_Count" + b:                           {1, 1},
		ns + "HTTPCode_ELB_5XX_Count" + b:                           {2, 2},
		ns + "HTTPCode_ELB_503_Count" + b:                           {2, 2},
		ns + "HTTP_Redirect_Count" + b:                              {1, 1},
		ns + "HTTPCode_Target_2XX_Count" + b:                        {6, 6},
		ns + "HTTPCode_Target_5XX_Count" + g:                        {1, 1},
		ns + "TargetResponseTime" + b:                               {0.7, 7},
		ns + "TargetResponseTime" + g:                               {0.7, 7},
		ns + "RequestCountPerTarget{TargetGroup=targetgroup/web/2}": {7.0 / 1.5, 1},
		ns + "RequestCountPerTarget" + g:                            {7.0 / 1.5, 1},
		ns + "HealthyHostCount" + g:                                 {3, 2},
		ns + "UnHealthyHostCount" + g:                               {1, 2},
	} {
		if d, ok := got[k]; !ok || math.Abs(d.Sum-want[0]) > 1e-9 || d.Count != want[1] {
			t.Errorf("%s: %+v, want %v", k, d, want)
		}
	}
	if d := got[ns+"TargetResponseTime"+b]; d.Unit != "Seconds" || math.Abs(d.Values[0]-0.1) > 1e-9 {
		t.Errorf("what is all alike is known exactly: %+v", d)
	}
	for _, absent := range []string{"HTTPCode_ELB_3XX", "HTTPCode_ELB_502", "HTTPCode_Target_3XX", "HTTP_Fixed", "Rejected", "ConsumedLCUs"} {
		for k := range got {
			if strings.Contains(k, absent) {
				t.Errorf("%s is there, and nothing of it was counted", k)
			}
		}
	}
}

func TestABalancerWithoutTrafficHasHealthOnly(t *testing.T) {
	health := []Health{{Registered: 1, Healthy: map[string]int{}, Unhealthy: map[string]int{"a": 1}}}
	got := byKey(t, Balancers(noon, []Balancer{{Name: "app/web/1", Active: []float64{0}, Groups: []Group{{Name: "targetgroup/web/2", Health: health}, {Name: "targetgroup/none/2", Health: []Health{{}}}}}}))
	for k := range got {
		if !strings.Contains(k, "HealthyHostCount") && !strings.Contains(k, "UnHealthyHostCount") || strings.Contains(k, "none") {
			t.Errorf("%s", k)
		}
	}
	if d, ok := got["AWS/ApplicationELB/HealthyHostCount{LoadBalancer=app/web/1,TargetGroup=targetgroup/web/2}"]; !ok || d.Sum != 0 {
		t.Errorf("none is healthy: %+v", d)
	}
}

func TestNetworkBalancer(t *testing.T) {
	b := Balancer{Name: "net/tcp/1", Network: true, Kinds: map[string]bool{"TCP": true}, Reading: lb.Reading{NewConnections: 5, BytesIn: 10, BytesOut: 20}, Active: []float64{1, 3}}
	got := byKey(t, Balancers(noon, []Balancer{b}))
	for k, want := range map[string]float64{
		"ActiveFlowCount": 4, "NewFlowCount": 5, "ProcessedBytes": 30, "ActiveFlowCount_TCP": 4, "NewFlowCount_TCP": 5, "ProcessedBytes_TCP": 30,
	} {
		if d := got["AWS/NetworkELB/"+k+"{LoadBalancer=net/tcp/1}"]; d.Sum != want {
			t.Errorf("%s: %+v", k, d)
		}
	}
	b.Kinds["TLS"] = true
	if got := byKey(t, Balancers(noon, []Balancer{b})); len(got) != 3 {
		t.Errorf("of two protocols nobody knows which: %v", got)
	}
	idle := byKey(t, Balancers(noon, []Balancer{{Name: "net/tcp/1", Network: true, Kinds: map[string]bool{"TCP": true}, Active: []float64{0, 0}}}))
	if len(idle) != 1 {
		t.Errorf("an idle one tells that it has no flows, and no more: %v", idle)
	}
}

// TestSinceLosesNothing: over any run of readings, with restarts of the plane in
// between, what is told adds up to what was counted, up to the last reading
// before each restart.
func TestSinceLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var before, now lb.Reading
		var told, counted uint64
		for range rapid.IntRange(1, 30).Draw(t, "readings") {
			if rapid.IntRange(0, 5).Draw(t, "restart") == 0 {
				before, now = lb.Reading{}, lb.Reading{} // a start of Hatoba forgets both
			}
			n := rapid.Uint64Range(0, 1000).Draw(t, "requests")
			now.Requests += n
			now.TargetStatus[2] += n
			counted += n
			d := Since(before, now)
			if d.Requests != n || d.TargetStatus[2] != n {
				t.Fatalf("%d were told of %d", d.Requests, n)
			}
			told += d.Requests
			before = now
		}
		if told != counted {
			t.Fatalf("%d were told of %d", told, counted)
		}
	})
}

func TestSinceOfARecordThatCameBack(t *testing.T) {
	d := Since(lb.Reading{Requests: 10, BytesIn: 5}, lb.Reading{Requests: 3, BytesIn: 50})
	if d.Requests != 3 || d.BytesIn != 50 {
		t.Errorf("%+v", d)
	}
}

// TestTimes: percentiles are within half of what was measured, and the sum is
// exact.
func TestTimes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r lb.Reading
		for i := range r.Buckets {
			r.Buckets[i] = rapid.Uint64Range(0, 3).Draw(t, "n")
			r.ResponseCount += r.Buckets[i]
			r.ResponseTime += time.Duration(r.Buckets[i]) * time.Millisecond
		}
		s, ok := times(r)
		if ok != (r.ResponseCount > 0) {
			t.Fatal("told without answers, or not with some")
		}
		if ok && (s.Count != float64(r.ResponseCount) || s.Sum != r.ResponseTime.Seconds() || s.Min > s.Max || len(s.Values) != len(s.Counts)) {
			t.Fatalf("%+v", s)
		}
	})
}

// TestRequestsPerTargetOfAYoungGroup: a minute in which the first targets came
// does not tell more requests per target than each of them got.
func TestRequestsPerTargetOfAYoungGroup(t *testing.T) {
	got := byKey(t, Balancers(noon, []Balancer{{
		Name: "app/web/1", Reading: lb.Reading{Requests: 70, NewConnections: 70},
		Groups: []Group{{
			Name: "targetgroup/web/2", Reading: lb.Reading{Requests: 70},
			Health: []Health{{}, {Registered: 2}, {Registered: 2, Healthy: map[string]int{"a": 2}}},
		}},
	}}))
	if d := got["AWS/ApplicationELB/RequestCountPerTarget{TargetGroup=targetgroup/web/2}"]; d.Sum != 35 {
		t.Errorf("70 requests to 2 targets are %+v per target", d)
	}
}
