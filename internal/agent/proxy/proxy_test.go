package proxy

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/hatoba/hatoba/internal/connect"
	"github.com/hatoba/hatoba/internal/protocol"
	"github.com/hatoba/hatoba/internal/state"
)

// Names have addresses of their own, ports of one name share it.
func TestRoutesAndHosts(t *testing.T) {
	plan := &state.ConnectPlan{Reaches: []state.ConnectAlias{
		{Service: "srv-1", DNSName: "api", Port: 80, Protocol: "http", Idle: 300, PerRequest: 15},
		{Service: "srv-2", DNSName: "api", Port: 81, Protocol: "grpc"},
		{Service: "srv-3", DNSName: "db.shop", Port: 5432, Idle: 3600},
	}}
	if got, want := string(Hosts(plan)), "127.255.0.1 api\n127.255.0.2 db.shop\n"; got != want {
		t.Errorf("hosts:\n%s", got)
	}
	var got []string
	for _, r := range Routes(plan) {
		got = append(got, r.Alias.String()+" "+r.Service)
	}
	if diff := cmp.Diff([]string{"127.255.0.1:80 srv-1", "127.255.0.1:81 srv-2", "127.255.0.2:5432 srv-3"}, got); diff != "" {
		t.Error(diff)
	}
	if r := Routes(plan); r[0].Protocol != connect.HTTP || r[1].Protocol != connect.GRPC || r[2].Protocol != connect.TCP || r[0].PerRequest != 15*time.Second || r[2].Idle != time.Hour {
		t.Errorf("%+v", r)
	}
}

// What was counted is told once; what did not move is not told.
func TestMeasuresAreDifferences(t *testing.T) {
	r := &running{told: map[string]connect.Reading{}}
	now := connect.Reading{Service: "srv-1", Hosts: 2, Requests: 3, ToTarget: 10, FromTarget: 20, Active: 1, ResponseTime: time.Second, ResponseCount: 3}
	now.Status[2], now.Buckets[0], now.Buckets[4] = 3, 1, 2
	want := []protocol.ConnectMeasures{{
		Service: "srv-1", Targets: 2, Requests: 3, ToTarget: 10, FromTarget: 20, Active: 1, ResponseTime: time.Second, Status: [6]uint64{2: 3},
		Times: []protocol.ResponseTimes{{About: 500 * time.Nanosecond, Count: 1}, {About: 3500 * time.Nanosecond, Count: 2}},
	}}
	if diff := cmp.Diff(want, r.since([]connect.Reading{now, {Service: "srv-2"}})); diff != "" {
		t.Error(diff)
	}
	now.Active = 0
	if got := r.since([]connect.Reading{now}); len(got) != 0 {
		t.Errorf("told again: %+v", got)
	}
	now.Requests++
	if got := r.since([]connect.Reading{now}); len(got) != 1 || got[0].Requests != 1 || got[0].Times != nil {
		t.Errorf("%+v", got)
	}
}
