package cost

import (
	"strings"
	"testing"

	"github.com/hatoba/hatoba/internal/review"
	"github.com/hatoba/hatoba/internal/review/read"
)

func TestEstimates(t *testing.T) {
	prices, err := Read(nil)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ td, service, region, want string }{
		"a small task":      {`"cpu": "256", "memory": "512"`, ``, "us-east-1", "$9.01"},
		"three of them":     {`"cpu": "256", "memory": "512"`, `{"desiredCount": 3}`, "us-east-1", "$27.03"},
		"scaled to nothing": {`"cpu": "256", "memory": "512"`, `{"desiredCount": 0}`, "us-east-1", "$0.00"},
		"not said":          {`"cpu": "256", "memory": "512"`, `{"serviceName": "web"}`, "us-east-1", "$9.01"},
		"AWS's words":       {`"cpu": ".25 vCPU", "memory": "0.5 GB"`, ``, "us-east-1", "$9.01"},
		"on ARM in Tokyo":   {`"cpu": "1024", "memory": "2048", "runtimePlatform": {"cpuArchitecture": "ARM64"}`, ``, "ap-northeast-1", "$35.98"},
		"with storage":      {`"cpu": "256", "memory": "512", "ephemeralStorage": {"sizeInGiB": 120}`, ``, "us-east-1", "$17.11"},
		"unknown region":    {`"cpu": "256", "memory": "512"`, ``, "mars-1", "!--prices"},
		"no size":           {`"cpu": "256"`, ``, "us-east-1", "!no task-level memory"},
		"nonsense":          {`"cpu": "many", "memory": "512"`, ``, "us-east-1", "!is no size"},
	} {
		td, err := read.TaskDef("t", []byte(`{"containerDefinitions": [{"name": "a"}], `+tc.td+`}`))
		if err != nil {
			t.Fatal(err)
		}
		var service *review.ServiceDef
		if tc.service != "" {
			if service, err = read.Service("s", []byte(tc.service)); err != nil {
				t.Fatal(err)
			}
		}
		e, err := Of(td, service, tc.region, prices)
		if message, bad := strings.CutPrefix(tc.want, "!"); bad {
			if err == nil || !strings.Contains(err.Error(), message) {
				t.Errorf("%s: %v", name, err)
			}
		} else if err != nil || e.Total.Dollars() != tc.want {
			t.Errorf("%s: %s, want %s (%v)", name, e.Total.Dollars(), tc.want, err)
		}
	}
}

func TestTables(t *testing.T) {
	for _, text := range []string{`{}`, `{"date": "x", "regions": {"a": {"x86": {"vcpu": "much"}}}}`, `[]`, `{"date": "x", "regions": {"a": {"x86": {"vcpu": "-1"}}}}`} {
		if _, err := Read([]byte(text)); err == nil {
			t.Errorf("%s is no table", text)
		}
	}
}
